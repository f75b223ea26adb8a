/* test_recorder_quota.c - the disk that logs may take (delivery-admin 6.3) */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "event/alert.h"
#include "master/recorder_quota.h"

#define KB 1024

static struct log_subscription logs[] = { { .name = STR("mail") },
	{ .name = STR("bounces") } };
static struct config config = { .logs = logs, .n_logs = NELEM(logs) };
static char root[64], told[1000];

static void
hear(void *arg, enum event_id id, const void *fields)
{
	const struct event_ALERT *a = fields;
	size_t n = strlen(told);

	(void)arg, (void)id;
	snprintf(told + n, sizeof(told) - n, "%.*s;", STR_ARG(a->id));
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/quota.XXXXXX");
	event_set_sink(&(struct event_sink){ .put = hear });
	return mkdtemp(root) != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	char line[100];

	(void)state;
	event_set_sink(NULL);
	snprintf(line, sizeof(line), "rm -rf %s", root);
	return system(line);
}

static void
put(const char *folder, const char *file, size_t size)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, folder);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/%s", root, folder, file);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1 || ftruncate(fd, (off_t)size) == -1)
		fail_msg("%s", path);
	close(fd);
}

static bool
is_there(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return access(path, F_OK) == 0;
}

static void
look(struct recorder_quota *q)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY);

	told[0] = '\0';
	recorder_quota_look(q, fd, &config);
	close(fd);
}

/* Closed files of subscriptions go, the oldest of all first. */
static void
test_the_oldest_go(void **state)
{
	struct recorder_quota q = { 0 };

	(void)state;
	put("mail", "mail.@20260101T000000.s", 30 * KB);
	put("mail", "mail.@20260103T000000.s", 30 * KB);
	put("mail", "mail.@20260105T000000.current", 10 * KB);
	put("bounces", "bounces.@20260102T000000.s", 30 * KB);
	put("bounces", "bounces.@20260104T000000.s", 30 * KB);
	put("kept", "kept.@20250101T000000.s", 10 * KB);
	put(".state", "alerts.json", 10 * KB);
	config.log_quota = 100 * KB;
	look(&q);
	assert_int_equal(q.quota, 100 * KB);
	assert_int_equal(q.used, 90 * KB);
	assert_string_equal(told, "DISK.QUOTA_NEAR;");
	assert_false(is_there("mail/mail.@20260101T000000.s"));
	assert_false(is_there("bounces/bounces.@20260102T000000.s"));
	assert_true(is_there("mail/mail.@20260103T000000.s"));
	assert_true(is_there("bounces/bounces.@20260104T000000.s"));
	assert_true(is_there("kept/kept.@20250101T000000.s"));
	look(&q);
	assert_string_equal(told, "");
}

/* What is being written, archives and the state never go. */
static void
test_what_stays(void **state)
{
	struct recorder_quota q = { 0 };

	(void)state;
	put("mail", "mail.@20260105T000000.current", 50 * KB);
	put("mail", "notes.txt", 20 * KB);
	put("kept", "kept.@20250101T000000.s", 50 * KB);
	put(".state", "alerts.json", 50 * KB);
	config.log_quota = 100 * KB;
	look(&q);
	assert_string_equal(told, "DISK.FULL;");
	assert_int_equal(q.used, 170 * KB);
	assert_true(is_there("mail/mail.@20260105T000000.current"));
	assert_true(is_there("mail/notes.txt"));
	assert_true(is_there("kept/kept.@20250101T000000.s"));
	look(&q);
	assert_string_equal(told, ""); /* once */
}

static void
test_told_when_it_is_near(void **state)
{
	static const struct {
		size_t size;
		const char *told;
	} v[] = {
		{ 74 * KB, "" },
		{ 75 * KB, "DISK.QUOTA_NEAR;" },
		{ 89 * KB, "" },
		{ 90 * KB, "DISK.QUOTA_NEAR;" },
		{ 50 * KB, "" },
		{ 91 * KB, "DISK.QUOTA_NEAR;" },
		{ 101 * KB, "DISK.FULL;" },
		{ 101 * KB, "" },
	};
	struct recorder_quota q = { 0 };

	(void)state;
	config.log_quota = 100 * KB;
	for (size_t i = 0; i < NELEM(v); i++) {
		put("mail", "mail.@20260105T000000.current", v[i].size);
		look(&q);
		if (strcmp(told, v[i].told) != 0)
			fail_msg("step %zu: %s", i, told);
	}
	config.log_quota = 0; /* a tenth of the disk */
	look(&q);
	assert_true(q.quota > 0 && q.quota < UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_the_oldest_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_what_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_told_when_it_is_near, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

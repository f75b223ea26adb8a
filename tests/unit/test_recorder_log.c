/*
 * test_recorder_log.c - log files: lines, rollover, crashes, full disks
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "master/recorder_turn.h"

#define NOW    INT64_C(1741084808000) /* Tue Mar  4 10:40:08 2025 UTC */
#define SERIAL "5254001A2B3C-0F00AA11"
#define FIRST                                                                  \
	"Tue Mar  4 10:40:08 2025 Info: Begin Logfile\n"                       \
	"Tue Mar  4 10:40:08 2025 Info: Version: " POSTERN_VERSION             \
	" SN: " SERIAL "\n"                                                    \
	"Tue Mar  4 10:40:08 2025 Info: Time offset from UTC: 0 seconds\n"
#define LAST "Tue Mar  4 10:40:08 2025 Info: End Logfile\n"
#define NAME "mail_logs.@20250304T104008"

struct box {
	char path[64];
	int dir;
	struct recorder_log *log;
	struct log_subscription sub;
};

static int
box_setup(void **state)
{
	struct box *b = mem_alloc(sizeof(*b));

	snprintf(b->path, sizeof(b->path), "/tmp/postern-test-XXXXXX");
	assert_non_null(mkdtemp(b->path));
	b->dir = open(b->path, O_RDONLY | O_DIRECTORY);
	b->sub = (struct log_subscription){ .name = STR("mail_logs"),
		.format = LOG_TEXT,
		.level = LEVEL_INFO,
		.max_size = 100000,
		.max_files = 3 };
	b->log = recorder_log_open(b->dir, SERIAL, &b->sub, NOW);
	*state = b;
	return 0;
}

static void
each_file(
    struct box *b, void (*f)(int dir, const char *name, void *), void *arg)
{
	int fd = openat(b->dir, "mail_logs", O_RDONLY | O_DIRECTORY);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			f(dirfd(d), e->d_name, arg);
	if (d != NULL)
		closedir(d);
}

static void
remove_one(int dir, const char *name, void *arg)
{
	(void)arg;
	unlinkat(dir, name, 0);
}

static void
count_one(int dir, const char *name, void *arg)
{
	(void)dir, (void)name;
	++*(size_t *)arg;
}

static int
box_teardown(void **state)
{
	struct box *b = *state;

	recorder_log_close(&b->log, NOW);
	each_file(b, remove_one, NULL);
	unlinkat(b->dir, "mail_logs", AT_REMOVEDIR);
	rmdir(b->path);
	close(b->dir);
	free(b);
	return 0;
}

static size_t
n_files(struct box *b)
{
	size_t n = 0;

	each_file(b, count_one, &n);
	return n;
}

static void
check_file(struct box *b, const char *name, const char *want)
{
	static char text[200000];
	char path[300];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "mail_logs/%s", name);
	fd = openat(b->dir, path, O_RDONLY);
	if (fd == -1)
		fail_msg("there is no %s", path);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, want);
}

static void
say(struct box *b, const char *text)
{
	struct event_NOTICE e = { .text = str_of(text) };

	recorder_log_event(b->log, EVENT_NOTICE, NOW * 1000, &e);
}

static void
test_lines_and_levels(void **state)
{
	struct box *b = *state;
	struct event_START_MID mid = { 8001, 4907113 };
	struct event_ALERT alert = { .text = STR("disk") };

	check_file(b, NAME ".current", FIRST);
	recorder_log_event(b->log, EVENT_START_MID, NOW * 1000 + 999999, &mid);
	recorder_log_event(b->log, EVENT_ALERT, NOW * 1000 + 1000000, &alert);
	recorder_log_flush(b->log, NOW);
	b->sub.level = LEVEL_WARNING;
	recorder_log_change(b->log, &b->sub, NOW);
	recorder_log_event(b->log, EVENT_START_MID, NOW * 1000, &mid);
	recorder_log_flush(b->log, NOW);
	check_file(b, NAME ".current",
	    FIRST "Tue Mar  4 10:40:08 2025 Info: Start MID 8001 ICID "
		  "4907113\n"
		  "Tue Mar  4 10:40:09 2025 Critical: disk\n");
	recorder_log_close(&b->log, NOW);
	check_file(b, NAME ".s",
	    FIRST "Tue Mar  4 10:40:08 2025 Info: Start MID 8001 ICID "
		  "4907113\n"
		  "Tue Mar  4 10:40:09 2025 Critical: disk\n" LAST);
	assert_int_equal(n_files(b), 1);
}

static void
test_rollover_keeps_so_many(void **state)
{
	struct box *b = *state;

	for (int i = 0; i < 6; i++) {
		say(b, "x");
		recorder_log_flush(b->log, NOW);
		recorder_log_roll(b->log, NOW);
	}
	/* Six rollovers in one second: names go on from the time taken. */
	assert_int_equal(n_files(b), 3 + 1);
	check_file(b, "mail_logs.@20250304T104013.s",
	    FIRST "Tue Mar  4 10:40:08 2025 Info: x\n" LAST);
	check_file(b, "mail_logs.@20250304T104014.current", FIRST);
}

static void
test_rollover_by_size(void **state)
{
	struct box *b = *state;
	char line[1001];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 200; i++) {
		say(b, line);
		recorder_log_flush(b->log, NOW);
		assert_true(b->log->size <= b->sub.max_size);
	}
	assert_int_equal(n_files(b), 3); /* 200 KB by 100 KB, and headers */
	assert_int_equal(b->log->lost_total, 0);
}

static void
test_foreign_files_are_left_alone(void **state)
{
	static const char *const names[] = { "mail_logs.s", "mail_logs.@.s",
		"mail_logs.@20250304X104008.s", "other.@20250304T104008.s",
		"mail_logs.@20250304T104008.s.gz", "notes" };
	struct box *b = *state;
	char path[200];

	for (size_t i = 0; i < NELEM(names); i++) {
		snprintf(path, sizeof(path), "mail_logs/%s", names[i]);
		close(openat(b->dir, path, O_WRONLY | O_CREAT, 0600));
	}
	b->sub.max_files = 1;
	recorder_log_change(b->log, &b->sub, NOW);
	for (int i = 0; i < 5; i++)
		recorder_log_roll(b->log, NOW);
	assert_int_equal(n_files(b), NELEM(names) + 1 + 1);
}

/* As after kill -9: the file goes on, the cut line is ended. */
static void
test_crash_continues_the_file(void **state)
{
	struct box *b = *state;
	struct recorder_log *second;

	assert_int_equal(write(b->log->fd, "Tue Mar  4 10:4", 15), 15);
	second = recorder_log_open(b->dir, SERIAL, &b->sub, NOW + 60000);
	assert_string_equal(second->current, NAME ".current");
	recorder_log_close(&second, NOW);
	assert_int_equal(n_files(b), 1);
	check_file(b, NAME ".s",
	    FIRST "Tue Mar  4 10:4\n"
		  "Tue Mar  4 10:41:08 2025 Info: Begin Logfile\n"
		  "Tue Mar  4 10:41:08 2025 Info: Version: " POSTERN_VERSION
		  " SN: " SERIAL "\n"
		  "Tue Mar  4 10:41:08 2025 Info: Time offset from UTC: 0 "
		  "seconds\n" LAST);
	close(b->log->fd);
	b->log->fd = -1;
}

static void
test_symbolic_links_are_not_followed(void **state)
{
	struct box *b = *state;

	recorder_log_close(&b->log, NOW);
	each_file(b, remove_one, NULL);
	assert_int_equal(
	    symlinkat("/dev/null", b->dir, "mail_logs/" NAME ".current"), 0);
	b->log = recorder_log_open(b->dir, SERIAL, &b->sub, NOW);
	assert_string_equal(
	    b->log->current, "mail_logs.@20250304T104009.current");
}

/* The disk is full after some bytes (here: the limit of a file's size). */
static void
test_full_disk_loses_lines_and_says_so(void **state)
{
	struct box *b = *state;
	struct rlimit was, full;
	size_t size = strlen(FIRST);

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	full = (struct rlimit){ size + 40, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	say(b, "one");
	say(b, "two"); /* the first fits, this one is cut */
	recorder_log_flush(b->log, NOW);
	say(b, "three"); /* nothing fits */
	recorder_log_flush(b->log, NOW);
	assert_int_equal(b->log->lost_total, 2);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	say(b, "four");
	recorder_log_flush(b->log, NOW);
	say(b, "five");
	recorder_log_flush(b->log, NOW);
	assert_int_equal(b->log->lost, 0);
	assert_int_equal(b->log->lost_total, 2);
	check_file(b, NAME ".current",
	    FIRST "Tue Mar  4 10:40:08 2025 Info: one\n"
		  "Tue M\n"
		  "Tue Mar  4 10:40:08 2025 Warning: 2 log lines lost\n"
		  "Tue Mar  4 10:40:08 2025 Info: four\n"
		  "Tue Mar  4 10:40:08 2025 Info: five\n");
}

/* The folder cannot be used for a while. */
static void
test_missing_folder_is_tried_again(void **state)
{
	struct box *b = *state;

	recorder_log_close(&b->log, NOW);
	each_file(b, remove_one, NULL);
	unlinkat(b->dir, "mail_logs", AT_REMOVEDIR);
	close(openat(b->dir, "mail_logs", O_WRONLY | O_CREAT, 0600));
	b->log = recorder_log_open(b->dir, SERIAL, &b->sub, NOW);
	say(b, "one");
	recorder_log_flush(b->log, NOW);
	assert_int_equal(b->log->lost, 1);
	unlinkat(b->dir, "mail_logs", 0);
	say(b, "two");
	recorder_log_flush(b->log, NOW);
	check_file(b, NAME ".current",
	    FIRST "Tue Mar  4 10:40:08 2025 Warning: 1 log lines lost\n"
		  "Tue Mar  4 10:40:08 2025 Info: two\n");
}

static void
test_json_lines(void **state)
{
	struct box *b = *state;
	struct event_START_MID mid = { 1, 2 };

	recorder_log_roll(b->log, NOW);
	b->sub.format = LOG_JSON;
	recorder_log_change(b->log, &b->sub, NOW);
	recorder_log_event(b->log, EVENT_START_MID, NOW * 1000, &mid);
	recorder_log_flush(b->log, NOW);
#define J(rest)                                                                \
	"{\"time\":\"2025-03-04T10:40:08.000000Z\",\"level\":\"Info\","        \
	"\"event\":" rest "}\n"
	check_file(b, b->log->current,
	    J("\"NOTICE\",\"text\":\"Begin Logfile\"") J(
		"\"NOTICE\",\"text\":\"Version: " POSTERN_VERSION " SN: " SERIAL
		"\"") J("\"NOTICE\",\"text\":\"Time offset from UTC: 0 "
			"seconds\"") J("\"START_MID\",\"mid\":1,\"icid\":2"));
}

/* --- the events of a turn --- */

static void
add(struct recorder_turn *t, uint64_t mid, int64_t when)
{
	struct event_MID_DONE e = { mid };
	struct err err = ERR_INIT;
	struct buf frame;

	buf_init(&frame, 1000);
	event_encode(EVENT_MID_DONE, when, &e, &frame);
	assert_int_equal(
	    recorder_turn_add(t, buf_str(&frame), NOW * 1000, &err), 0);
	buf_fini(&frame);
}

static void
test_turn_sorts_by_time(void **state)
{
	struct box *b = *state;
	int64_t now = NOW * 1000;
	struct recorder_turn t;

	recorder_turn_init(&t);
	add(&t, 3, now - 10);
	add(&t, 1, now - 30);
	add(&t, 4, now - 10); /* same time: as it came */
	add(&t, 2, now - 20);
	add(&t, 5, INT64_MAX); /* impossible times become now */
	add(&t, 6, INT64_MIN);
	assert_int_equal(t.n, 6);
	recorder_turn_write(&t, &b->log, 1, NULL, INT64_MAX);
	assert_int_equal(t.n, 0);
	recorder_log_flush(b->log, NOW);
#define DONE(n, second)                                                        \
	"Tue Mar  4 10:40:" second " 2025 Info: Message finished MID " n       \
	" done\n"
	check_file(b, NAME ".current",
	    FIRST DONE("1", "07") DONE("2", "07") DONE("3", "07")
		DONE("4", "07") DONE("5", "08") DONE("6", "08"));
	recorder_turn_fini(&t);
}

/* Also those of one time that came before and after a write. */
static void
test_turn_keeps_the_younger_in_order(void **state)
{
	struct box *b = *state;
	int64_t now = NOW * 1000;
	struct recorder_turn t;

	recorder_turn_init(&t);
	add(&t, 2, now - 10);
	add(&t, 1, now - 20);
	add(&t, 3, now - 10);
	recorder_turn_write(&t, &b->log, 1, NULL, now - 15);
	assert_int_equal(t.n, 2);
	add(&t, 5, now - 5);
	add(&t, 4, now - 10);
	recorder_turn_write(&t, &b->log, 1, NULL, now);
	assert_int_equal(t.n, 0);
	recorder_log_flush(b->log, NOW);
	check_file(b, NAME ".current",
	    FIRST DONE("1", "07") DONE("2", "07") DONE("3", "07")
		DONE("4", "07") DONE("5", "07"));
	recorder_turn_fini(&t);
}

/* However many come and go while some always stay. */
static void
test_turn_gives_memory_back(void **state)
{
	struct recorder_turn t;
	int64_t now = NOW * 1000;

	(void)state;
	recorder_turn_init(&t);
	for (int i = 0; i < 100000; i++) {
		add(&t, 1, now - 100000 + i);
		if (i % 100 == 99)
			recorder_turn_write(
			    &t, NULL, 0, NULL, now - 100000 + i - 50);
		assert_true(t.n <= 150);
		assert_false(recorder_turn_full(&t, 1024 * 1024 * 7));
	}
	recorder_turn_fini(&t);
}

static void
test_turn_refuses_malformed_events(void **state)
{
	static const struct str bad[] = { { "", 0 }, { "\0\0", 2 },
		{ "\xff\x7f\0\0", 4 }, { "\x01\0\xff", 3 } };
	struct recorder_turn t;
	struct err err = ERR_INIT;

	(void)state;
	recorder_turn_init(&t);
	for (size_t i = 0; i < NELEM(bad); i++)
		assert_int_equal(
		    recorder_turn_add(&t, bad[i], NOW * 1000, &err), -1);
	assert_int_equal(t.n, 0);
	recorder_turn_fini(&t);
}

static void
test_turn_says_when_it_is_full(void **state)
{
	struct recorder_turn t;
	int n = 0;

	(void)state;
	recorder_turn_init(&t);
	while (!recorder_turn_full(&t, 1000)) {
		add(&t, 1, NOW * 1000);
		n++;
	}
	assert_true(n > 10000);
	recorder_turn_write(&t, NULL, 0, NULL, INT64_MAX);
	assert_false(recorder_turn_full(&t, 1000));
	recorder_turn_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, box_setup, box_teardown)
		T(test_lines_and_levels),
		T(test_rollover_keeps_so_many),
		T(test_rollover_by_size),
		T(test_foreign_files_are_left_alone),
		T(test_crash_continues_the_file),
		T(test_symbolic_links_are_not_followed),
		T(test_full_disk_loses_lines_and_says_so),
		T(test_missing_folder_is_tried_again),
		T(test_json_lines),
		T(test_turn_sorts_by_time),
		T(test_turn_keeps_the_younger_in_order),
		T(test_turn_gives_memory_back),
		T(test_turn_refuses_malformed_events),
		T(test_turn_says_when_it_is_full),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_recorder_mbox.c - mbox logs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "master/recorder_mbox.h"

static struct recorder_mboxes *boxes;
static char folder[64];
static int dir;

static int
set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/mbox.XXXXXX");
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	boxes = recorder_mboxes_new(dir);
	return 0;
}

static int
tear_down(void **state)
{
	char cmd[100];

	(void)state;
	if (boxes != NULL)
		recorder_mboxes_free(&boxes);
	close(dir);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", folder);
	return system(cmd) == 0 ? 0 : -1;
}

static int
append(const char *log, const char *message, struct err *err)
{
	struct archive_msg a = { .log = str_of(log),
		.sender = STR("joe@a.test"),
		.when = 1700000000000 };
	int fd = memfd_create("message", 0), rc;

	assert_int_equal(
	    write(fd, message, strlen(message)), (ssize_t)strlen(message));
	rc = recorder_mbox_append(boxes, &a, fd, err);
	close(fd);
	return rc;
}

/* All files of that log, one after the other, without the "From " lines'
 * dates. */
static const char *
content(const char *log, const char *ending)
{
	static char text[200000];
	char pattern[200];
	size_t n = 0;
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s/%s/%s.@*.%s", folder, log, log,
	    ending);
	text[0] = '\0';
	if (glob(pattern, 0, NULL, &g) != 0)
		return text;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		FILE *f = fopen(g.gl_pathv[i], "r");

		n += fread(text + n, 1, sizeof(text) - n - 1, f);
		text[n] = '\0';
		fclose(f);
	}
	globfree(&g);
	return text;
}

static const struct {
	const char *in, *out;
} forms[] = {
	{ "A: b\r\n\r\nc\r\n", "A: b\n\nc\n\n" },
	{ "A: b\r\n\r\nno end", "A: b\n\nno end\n\n" },
	{ "A: b\r\n\r\nFrom here\r\n", "A: b\n\n>From here\n\n" },
	{ "A: b\r\n\r\n>>From here\r\n", "A: b\n\n>>>From here\n\n" },
	{ "A: b\r\n\r\nFrom", "A: b\n\nFrom\n\n" },
	{ "A: b\r\n\r\n From x\r\nFromage\r\n>\r\n",
	    "A: b\n\n From x\nFromage\n>\n\n" },
	{ "", "\n" },
};

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(forms); i++) {
		struct err err = ERR_INIT;
		const char *got;
		char name[20];

		snprintf(name, sizeof(name), "log%zu", i);
		assert_int_equal(append(name, forms[i].in, &err), 0);
		got = content(name, "current");
		if (strncmp(got, "From joe@a.test ", 16) != 0 ||
		    strcmp(strchr(got, '\n') + 1, forms[i].out) != 0)
			fail_msg("case %zu: %s", i, got);
	}
}

/* Cut at every place: a large message goes through in pieces. */
static void
test_pieces(void **state)
{
	struct err err = ERR_INIT;
	size_t n = 0, size = 150000;
	char *in = mem_alloc(size + 100);
	const char *got;

	(void)state;
	while (n < size)
		n += (size_t)sprintf(in + n, "From %zu\r\n", n);
	assert_int_equal(append("large", in, &err), 0);
	got = strchr(content("large", "current"), '\n') + 1;
	for (const char *p = in; *p != '\0'; p = strchr(p, '\n') + 1) {
		size_t len = (size_t)(strchr(p, '\r') - p);

		assert_int_equal(*got++, '>');
		assert_memory_equal(got, p, len);
		got += len;
		assert_int_equal(*got++, '\n');
	}
	free(in);
}

static void
test_rolled(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(append("a", "x\r\n", &err), 0);
	assert_true(recorder_mbox_roll(boxes, STR("a")));
	assert_false(recorder_mbox_roll(boxes, STR("b")));
	assert_string_equal(content("a", "current"), "");
	assert_non_null(strstr(content("a", "s"), "\nx\n\n"));
	assert_int_equal(append("a", "y\r\n", &err), 0);
	assert_non_null(strstr(content("a", "current"), "\ny\n\n"));
}

static void
test_names(void **state)
{
	static const char *const bad[] = { "", ".", "..", "../x", "a/b",
		".state", "a b", "\xc3\xa9" };
	struct err err = ERR_INIT;
	char name[20];

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++)
		if (append(bad[i], "x\r\n", &err) != -1)
			fail_msg("%s", bad[i]);
	for (int i = 0; i < MBOX_LOGS; i++) {
		snprintf(name, sizeof(name), "log%d", i);
		assert_int_equal(append(name, "x\r\n", &err), 0);
	}
	assert_int_equal(append("more", "x\r\n", &err), -1);
	assert_int_equal(append("log0", "x\r\n", &err), 0);
}

int
main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		FRESH(test_forms),
		FRESH(test_pieces),
		FRESH(test_rolled),
		FRESH(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

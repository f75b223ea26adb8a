/*
 * test_config_workcopy.c - changing the files of the working copy
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/workcopy.h"

#define YAML                                                                   \
	"# 設定\nhostname: mail.example.com # us\n"                          \
	"interfaces: [{name: A, ip: 192.0.2.1}]\n"

static char folder[64];

static int set_up(void **state);
static int tear_down(void **state);
static struct workcopy *open_it(void);
static void put(const char *name, const char *text);
static void expect(const char *name, const char *text); /* NULL: not there */

static void
test_save(void **state)
{
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;
	struct workcopy *w = open_it();
	struct stat st;
	struct str text;
	char path[100];

	(void)state;
	snprintf(path, sizeof(path), "%s/postern.yaml", folder);
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(
	    edit_set_text(w->yaml, "hostname", STR("mx.example.com"), &err), 0);
	workcopy_put(w, "tables/b", STR("b\n"));
	workcopy_put(w, "tables/c", STR("c\n"));
	workcopy_put(w, "tables/b", STR("b2\n"));
	assert_true(workcopy_file(w, "tables/b", &text));
	assert_true(str_is(text, "b2\n"));
	assert_false(workcopy_file(w, "tables/x", &text));
	assert_int_equal(workcopy_save(w, &ps, &err), 0);
	assert_true(str_is(w->config->hostname, "mx.example.com"));
	expect("postern.yaml", "# 設定\nhostname: mx.example.com # us\n"
			       "interfaces: [{name: A, ip: 192.0.2.1}]\n");
	expect("tables/b", "b2\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0604);

	/* and again, with a file that sorts before those there */
	workcopy_put(w, "tables/a", STR("a\n"));
	workcopy_remove(w, "tables/b");
	assert_false(workcopy_file(w, "tables/b", &text));
	assert_int_equal(workcopy_save(w, &ps, &err), 0);
	workcopy_put(w, "tables/a", STR("a2\n"));
	assert_int_equal(workcopy_save(w, &ps, &err), 0);
	expect("tables/a", "a2\n");
	expect("tables/b", NULL);
	expect("tables/c", "c\n");
	assert_int_equal(ps.n, 0);
	workcopy_free(&w);
}

static void
test_errors_change_nothing(void **state)
{
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;
	struct workcopy *w = open_it();

	(void)state;
	assert_int_equal(
	    edit_set(w->yaml, "interfaces[0].ip", STR("x"), &err), 0);
	workcopy_put(w, "tables/b", STR("b\n"));
	assert_int_equal(workcopy_save(w, &ps, &err), -1);
	assert_string_equal(
	    err.text, "this would lead to errors; nothing was written");
	assert_int_equal(ps.n_errors, 1);
	assert_int_equal(ps.v[0].where.line, 3);
	config_problems_free(&ps);
	expect("postern.yaml", YAML);
	expect("tables/b", NULL);
	/* undone: */
	assert_int_equal(workcopy_save(w, &ps, &err), 0);
	assert_true(str_is(edit_text(w->yaml), YAML));
	workcopy_free(&w);
}

static void
test_somebody_else(void **state)
{
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;
	struct workcopy *w = open_it();
	int fd = open(folder, O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(
	    edit_set(w->yaml, "hostname", STR("mx.example.com"), &err), 0);
	assert_int_equal(workcopy_save(w, &ps, &err), -1);
	assert_string_equal(err.text,
	    "somebody else is changing the working copy at this moment; try "
	    "again");
	close(fd);
	put("postern.yaml", YAML "# mine\n");
	assert_int_equal(
	    edit_set(w->yaml, "hostname", STR("mx.example.com"), &err), 0);
	assert_int_equal(workcopy_save(w, &ps, &err), -1);
	assert_string_equal(err.text,
	    "somebody else has changed the working copy meanwhile; nothing "
	    "was written");
	expect("postern.yaml", YAML "# mine\n");
	workcopy_free(&w);
}

static void
test_with_errors_not_opened(void **state)
{
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;
	struct workcopy *w;

	(void)state;
	put("postern.yaml", "hostname: mail.example.com\nhostnam: x\n");
	assert_int_equal(workcopy_open(&w, folder, &ps, &err), -1);
	assert_null(w);
	assert_int_equal(ps.n_errors, 1);
	assert_string_equal(
	    err.text, "the working copy has errors; correct them first");
	config_problems_free(&ps);
	put("postern.yaml", "a: [1\n");
	assert_int_equal(workcopy_open(&w, folder, &ps, &err), -1);
	assert_int_equal(ps.n_errors, 1);
	config_problems_free(&ps);
	assert_int_equal(workcopy_open(&w, "/nonexistent", &ps, &err), -1);
	assert_int_equal(ps.n, 0);
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/workcopy.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	put("postern.yaml", YAML);
	return 0;
}

static int
tear_down(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static struct workcopy *
open_it(void)
{
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;
	struct workcopy *w;

	if (workcopy_open(&w, folder, &ps, &err) == -1)
		fail_msg("%s", err.text);
	return w;
}

static void
put(const char *name, const char *text)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
expect(const char *name, const char *text)
{
	char path[100], have[1000];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	if (text == NULL) {
		assert_null(f);
		return;
	}
	assert_non_null(f);
	n = fread(have, 1, sizeof(have) - 1, f);
	have[n] = '\0';
	fclose(f);
	assert_string_equal(have, text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_save, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_errors_change_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_somebody_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_with_errors_not_opened, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

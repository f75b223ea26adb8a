/*
 * test_config_compiled.c - compiled tables in revisions and in bundles
 */
#include <fcntl.h>
#include <limits.h>
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
#include "config/commit.h"
#include "config/paths.h"
#include "config/revision.h"
#include "config/table.h"

#define YAML                                                                   \
	"hostname: one.example.com\n"                                          \
	"interfaces: [{name: A, ip: 192.0.2.1}]\n"                             \
	"listeners: [{name: L, type: private, masquerade: mask.txt}]\n"        \
	"aliases: aliases.txt\n"

struct place {
	char root[64];
	struct paths paths;
};

static const struct commit_note nobody = { "u", "", false };

static int set_up(void **state);
static int tear_down(void **state);
static void put(const struct place *, const char *name, const char *text);
static uint64_t commit(const struct place *);
static bool stat_of(
    const struct place *, uint64_t revision, const char *name, struct stat *);
static void damage(const struct place *, const char *name, off_t at);
static bool has_alias(const struct config *, const char *key);
static struct config *load(
    const struct place *, uint64_t revision, bool *compiled);

static void
test_a_table_is_compiled_once(void **state)
{
	const struct place *p = *state;
	struct stat one, two, three;

	assert_int_equal(commit(p), 1);
	assert_true(stat_of(p, 1, "tables/aliases.txt.db", &one));
	assert_true(stat_of(p, 1, "tables/mask.txt.db", &two));
	assert_false(stat_of(p, 1, "tables/unused.txt.db", &two));
	assert_true(stat_of(p, 1, "tables/unused.txt", &two));
	/* nothing but tables differs from the working copy: nothing to do */
	assert_int_equal(commit(p), 0);

	put(p, "tables/mask.txt", "joe other@example.com\n");
	assert_int_equal(commit(p), 2);
	assert_true(stat_of(p, 2, "tables/aliases.txt.db", &two));
	assert_int_equal(one.st_ino, two.st_ino);
	assert_true(stat_of(p, 1, "tables/mask.txt.db", &two));
	assert_true(stat_of(p, 2, "tables/mask.txt.db", &three));
	assert_int_not_equal(two.st_ino, three.st_ino);
}

/* DUR-16: a broken line leaves the old table in force. */
static void
test_dur_16_a_broken_line_changes_nothing(void **state)
{
	const struct place *p = *state;
	struct config_problems problems = { 0 };
	struct err err = ERR_INIT;
	struct config *c;
	uint64_t number;
	bool compiled;

	assert_int_equal(commit(p), 1);
	put(p, "tables/aliases.txt", "joe: nobody\n");
	assert_int_equal(commit_all(p->paths.etc, p->paths.state, &nobody,
			     &problems, &number, &err),
	    -1);
	assert_int_equal(problems.n_errors, 1);
	assert_string_equal(problems.v[0].where.file, "tables/aliases.txt");
	config_problems_free(&problems);
	assert_true(revision_current(p->paths.state, &number, &err));
	assert_int_equal(number, 1);
	c = load(p, 1, &compiled);
	assert_true(compiled);
	assert_true(has_alias(c, "joe@"));
	config_unref(&c);
}

/* What programs get has the compiled tables alone, and the configuration
 * outlives descriptor and bundle. */
static void
test_programs_get_compiled_tables(void **state)
{
	const struct place *p = *state;
	struct err err = ERR_INIT;
	struct config *c, *mine;
	struct bundle b;
	struct table_hit hit;
	int fd;

	assert_int_equal(commit(p), 1);
	assert_int_equal(revision_load(p->paths.state, 1, &mine, &fd, &err), 0);
	assert_int_equal(bundle_from_fd(&b, fd, &err), 0);
	close(fd);
	assert_non_null(bundle_find(&b, "postern.yaml"));
	assert_non_null(bundle_find(&b, "tables/aliases.txt.db"));
	assert_null(bundle_find(&b, "tables/aliases.txt"));
	/* no table of the configuration: somebody may know what it is */
	assert_non_null(bundle_find(&b, "tables/unused.txt"));
	c = config_load_simple(&b, 1, &err);
	assert_non_null(c);
	bundle_free(&b);
	assert_true(table_was_compiled(c->aliases));
	assert_true(has_alias(c, "fred@example.com"));
	assert_true(
	    table_get(c->listeners[0].masquerade.table, STR("joe@"), &hit));
	assert_string_equal(hit.where.file, "tables/mask.txt");
	assert_true(has_alias(mine, "fred@example.com"));
	config_unref(&c);
	config_unref(&mine);
}

/* The text is the truth: a compiled form that does not belong to it, or is
 * damaged anywhere, is passed over. */
static void
test_damaged_compiled_tables_are_passed_over(void **state)
{
	static const off_t places[] = { 0, 12, 52, 300, 4096, 4200, 8190 };
	const struct place *p = *state;
	struct config *c;
	bool compiled;

	assert_int_equal(commit(p), 1);
	for (size_t i = 0; i < NELEM(places); i++) {
		damage(p, "revisions/1/tables/aliases.txt.db", places[i]);
		c = load(p, 1, &compiled);
		assert_false(compiled);
		assert_true(has_alias(c, "joe@"));
		config_unref(&c);
		damage(p, "revisions/1/tables/aliases.txt.db", places[i]);
		c = load(p, 1, &compiled);
		assert_true(compiled);
		config_unref(&c);
	}
	/* a commit then writes a sound one */
	damage(p, "revisions/1/tables/aliases.txt.db", 4096);
	put(p, "tables/unused.txt", "x\n");
	assert_int_equal(commit(p), 2);
	c = load(p, 2, &compiled);
	assert_true(compiled);
	config_unref(&c);
}

/* In the working copy the name is nobody's. */
static void
test_compiled_tables_are_not_configuration(void **state)
{
	const struct place *p = *state;
	struct err err = ERR_INIT;
	struct bundle b;
	struct stat st;
	char path[2 * PATH_MAX];

	put(p, "tables/stray.DB", "x");
	assert_int_equal(commit(p), 1);
	assert_false(stat_of(p, 1, "tables/stray.DB", &st));
	assert_int_equal(bundle_read_folder(&b, p->paths.etc, &err), 0);
	assert_null(bundle_find(&b, "tables/stray.DB"));
	bundle_free(&b);
	/* going back leaves it alone, and brings no compiled table */
	assert_int_equal(
	    revision_restore(p->paths.etc, p->paths.state, 1, &err), 0);
	snprintf(path, sizeof(path), "%s/tables/stray.DB", p->paths.etc);
	assert_int_equal(stat(path, &st), 0);
	snprintf(path, sizeof(path), "%s/tables/aliases.txt.db", p->paths.etc);
	assert_int_equal(stat(path, &st), -1);
}

static int
set_up(void **state)
{
	struct place *p = mem_alloc(sizeof(*p));
	char path[2 * PATH_MAX];

	snprintf(p->root, sizeof(p->root), "/tmp/test_compiled.XXXXXX");
	assert_non_null(mkdtemp(p->root));
	assert_int_equal(paths_set(&p->paths, p->root), 0);
	assert_int_equal(mkdir(p->paths.etc, 0755), 0);
	assert_int_equal(mkdir(p->paths.state, 0755), 0);
	snprintf(path, sizeof(path), "%s/tables", p->paths.etc);
	assert_int_equal(mkdir(path, 0755), 0);
	put(p, "postern.yaml", YAML);
	put(p, "tables/aliases.txt",
	    "joe: joseph@example.com\nfred@example.com: joe\n");
	put(p, "tables/mask.txt", "joe joseph@example.com\nALL @example.com\n");
	put(p, "tables/unused.txt", "no table\n");
	*state = p;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;
	char command[200];

	snprintf(command, sizeof(command), "rm -r '%s'", p->root);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

static void
put(const struct place *p, const char *name, const char *text)
{
	char path[2 * PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", p->paths.etc, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static uint64_t
commit(const struct place *p)
{
	struct config_problems problems = { 0 };
	struct err err = ERR_INIT;
	uint64_t number = 0;

	if (commit_all(p->paths.etc, p->paths.state, &nobody, &problems,
		&number, &err) == -1)
		fail_msg("%s", err.text);
	config_problems_free(&problems);
	return number;
}

static bool
stat_of(
    const struct place *p, uint64_t revision, const char *name, struct stat *st)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/revisions/%ju/%s", p->paths.state,
	    (uintmax_t)revision, name);
	return stat(path, st) == 0;
}

/* Done twice, it is undone. */
static void
damage(const struct place *p, const char *name, off_t at)
{
	char path[2 * PATH_MAX], byte;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", p->paths.state, name);
	fd = open(path, O_RDWR);
	assert_int_not_equal(fd, -1);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static bool
has_alias(const struct config *c, const char *key)
{
	struct table_hit hit;

	return table_get(c->aliases, str_of(key), &hit);
}

/* From the folder, with what stands there compiled. */
static struct config *
load(const struct place *p, uint64_t revision, bool *compiled)
{
	struct err err = ERR_INIT;
	struct config *c;
	struct bundle b;

	assert_int_equal(
	    revision_compiled(&b, p->paths.state, revision, &err), 0);
	c = config_load_simple(&b, revision, &err);
	if (c == NULL)
		fail_msg("%s", err.text);
	bundle_free(&b);
	*compiled = table_was_compiled(c->aliases);
	return c;
}

int
main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		IN_PLACE(test_a_table_is_compiled_once),
		IN_PLACE(test_dur_16_a_broken_line_changes_nothing),
		IN_PLACE(test_programs_get_compiled_tables),
		IN_PLACE(test_damaged_compiled_tables_are_passed_over),
		IN_PLACE(test_compiled_tables_are_not_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

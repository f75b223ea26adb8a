/*
 * test_config_revision.c - working copy, revisions, bundles, differences
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/commit.h"
#include "config/diff.h"
#include "config/paths.h"
#include "config/revision.h"
#include "config_place.h"

#define ONE "hostname: one.example.com\n"
#define TWO "hostname: two.example.com\n"

static const struct commit_note somebody = { "admin", "why \"so\"\n", false };
static const struct commit_note nobody = { "u", "", false };

static uint64_t commit(const struct place *);
static uint64_t current(const struct place *);
static void apply(struct str from, const char *diff, struct buf *out);

/* Text pairs and the difference, without its two head lines. */
static const struct {
	const char *why, *from, *to, *diff;
} diffs[] = {
	{ "one line of one", "a\n", "b\n", "@@ -1,1 +1,1 @@\n-a\n+b\n" },
	{ "all new", "", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n" },
	{ "all gone", "a\n", "", "@@ -1,1 +0,0 @@\n-a\n" },
	{ "added at the end", "a\n", "a\nb\n", "@@ -1,1 +1,2 @@\n a\n+b\n" },
	{ "context is three lines", "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
	    "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
	    "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n" },
	{ "near changes share a piece", "1\n2\n3\n4\n5\n6\n7\n8\n",
	    "x\n2\n3\n4\n5\n6\n7\ny\n",
	    "@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n" },
	{ "far ones do not", "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
	    "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
	    "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n"
	    "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n" },
	{ "no newline at the end", "a\nb", "a\nb\n",
	    "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n" },
};

static void
test_commit_and_clear(void **state)
{
	const struct place *p = *state;
	struct revision_info info;
	struct bundle b;
	struct err err = ERR_INIT;

	assert_int_equal(current(p), 0);
	place_put(p, "postern.yaml", ONE);
	place_put(p, "tables/hosts", "192.0.2.1\n");
	place_put(p, "tables/.hidden", "x");
	place_put(p, "tables/hosts~", "x");
	place_put(p, "secrets/key", "x");
	assert_int_equal(commit(p), 1);
	assert_int_equal(current(p), 1);
	assert_int_equal(commit(p), 0); /* nothing to do */
	assert_int_equal(current(p), 1);

	place_put(p, "postern.yaml", TWO);
	place_put(p, "tables/more", "y\n");
	assert_int_equal(commit(p), 2);
	assert_int_equal(revision_bundle(&b, p->paths.state, 2, &err), 0);
	assert_int_equal(b.n, 3); /* no secrets, nothing of an editor */
	assert_true(str_is(bundle_find(&b, "postern.yaml")->text, TWO));
	assert_true(str_is(bundle_find(&b, "tables/more")->text, "y\n"));
	bundle_free(&b);
	assert_int_equal(revision_info(p->paths.state, 2, &info, &err), 0);
	assert_string_equal(info.user, "admin");
	assert_string_equal(info.comment, "why \"so\"\\n");
	assert_true(info.when > 0);

	place_put(p, "postern.yaml", "broken");
	place_put(p, "tables/new", "z\n");
	assert_int_equal(
	    revision_restore(p->paths.etc, p->paths.state, 2, &err), 0);
	place_expect(p, "postern.yaml", TWO);
	place_expect(p, "tables/new", NULL);
	place_expect(p, "tables/more", "y\n");
	place_expect(p, "tables/hosts~", "x");
	place_expect(p, "secrets/key", "x");
}

static void
test_mistakes_change_nothing(void **state)
{
	const struct place *p = *state;
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;
	uint64_t n;

	place_put(p, "postern.yaml", ONE);
	assert_int_equal(commit(p), 1);
	place_put(p, "postern.yaml", "hostname: x y\nlog: []\n");
	assert_int_equal(
	    commit_all(p->paths.etc, p->paths.state, &nobody, &ps, &n, &err),
	    -1);
	assert_int_equal(ps.n_errors, 2);
	assert_string_equal(
	    err.text, "the configuration has 2 mistakes; nothing was changed");
	assert_int_equal(current(p), 1);
	place_expect(p, "../state/revisions/2/postern.yaml", NULL);
	config_problems_free(&ps);
}

static void
test_rollback(void **state)
{
	const struct place *p = *state;
	struct err err = ERR_INIT;

	place_put(p, "postern.yaml", ONE);
	assert_int_equal(commit(p), 1);
	place_put(p, "postern.yaml", TWO);
	assert_int_equal(commit(p), 2);
	assert_int_equal(
	    revision_restore(p->paths.etc, p->paths.state, 1, &err), 0);
	assert_int_equal(current(p), 2);
	place_expect(p, "postern.yaml", ONE);
	assert_int_equal(commit(p), 3);
	assert_int_equal(commit(p), 0);
	assert_int_equal(
	    revision_restore(p->paths.etc, p->paths.state, 9, &err), -1);
	place_expect(p, "postern.yaml", ONE);
}

/* DUR-16: what a kill at any moment of a commit may leave. */
static void
test_dur_16_leftovers(void **state)
{
	const struct place *p = *state;

	place_put(p, "postern.yaml", ONE);
	assert_int_equal(commit(p), 1);
	place_put(p, "../state/revisions/.new/postern.yaml", "half a fi");
	place_put(p, "../state/revisions/.new/tables/x", "");
	place_put(p, "../state/revisions/2/postern.yaml", "whole, not current");
	assert_int_equal(current(p), 1);
	place_put(p, "postern.yaml", TWO);
	assert_int_equal(commit(p), 3);
	assert_int_equal(current(p), 3);
	place_expect(p, "../state/revisions/3/tables/x", NULL);
	/* killed while current was replaced */
	place_put(p, "../state/revisions/.new", "4");
	assert_int_equal(current(p), 3);
	place_put(p, "postern.yaml", ONE);
	assert_int_equal(commit(p), 4);
	place_expect(p, "../state/revisions/current", "4\n");
	place_expect(p, "../state/revisions/.new", NULL);
}

static void
test_one_commit_at_a_time(void **state)
{
	const struct place *p = *state;
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;
	char path[PATH_MAX];
	uint64_t n;
	int fd;

	place_put(p, "postern.yaml", ONE);
	assert_int_equal(commit(p), 1);
	place_path_of(p, "../state/revisions", path);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	place_put(p, "postern.yaml", TWO);
	assert_int_equal(
	    commit_all(p->paths.etc, p->paths.state, &nobody, &ps, &n, &err),
	    -1);
	assert_non_null(strstr(err.text, "somebody else is committing"));
	close(fd);
	assert_int_equal(commit(p), 2);
	config_problems_free(&ps);
}

static void
test_revision_diff(void **state)
{
	const struct place *p = *state;
	struct err err = ERR_INIT;
	struct buf out;

	buf_init(&out, 1 << 20);
	place_put(p, "postern.yaml", ONE);
	place_put(p, "texts/gone", "bye\n");
	commit(p);
	assert_int_equal(
	    revision_diff(p->paths.etc, p->paths.state, 0, &out, &err), 0);
	assert_int_equal(out.len, 0);
	place_put(p, "postern.yaml", TWO);
	place_put(p, "tables/new", "n\n");
	place_put(p, "secrets/key", "never shown");
	place_put(p, "texts/gone", NULL);
	revision_diff(p->paths.etc, p->paths.state, 0, &out, &err);
	assert_string_equal(out.data, "--- postern.yaml\trevision 1\n"
				      "+++ postern.yaml\tworking copy\n"
				      "@@ -1,1 +1,1 @@\n"
				      "-hostname: one.example.com\n"
				      "+hostname: two.example.com\n"
				      "--- tables/new\trevision 1\n"
				      "+++ tables/new\tworking copy\n"
				      "@@ -0,0 +1,1 @@\n"
				      "+n\n"
				      "--- texts/gone\trevision 1\n"
				      "+++ texts/gone\tworking copy\n"
				      "@@ -1,1 +0,0 @@\n"
				      "-bye\n");
	buf_fini(&out);
}

static void
test_adm_08_modes(void **state)
{
	static const char *const names[] = { "postern.yaml", "tables/x",
		"tables", "." };
	const struct place *p = *state;

	place_put(p, "postern.yaml", ONE);
	place_put(p, "tables/x", "");
	for (size_t i = 0; i < NELEM(names); i++) {
		struct config_problems ps = { 0 };
		struct err err = ERR_INIT;
		char path[PATH_MAX];
		struct stat st;
		uint64_t n;

		place_path_of(p, names[i], path);
		assert_int_equal(stat(path, &st), 0);
		chmod(path, st.st_mode | 020);
		assert_int_equal(commit_all(p->paths.etc, p->paths.state,
				     &nobody, &ps, &n, &err),
		    -1);
		if (strstr(err.text, "right would be") == NULL ||
		    (i < 2 && strstr(err.text, names[i]) == NULL))
			fail_msg("%s: %s", names[i], err.text);
		chmod(path, st.st_mode & 07777);
		config_problems_free(&ps);
	}
	assert_int_equal(commit(p), 1);
}

/* ADM-03, ADM-07: nothing outside of the folder gets in. */
static void
test_adm_03_links(void **state)
{
	const struct place *p = *state;
	struct err err = ERR_INIT;
	char path[PATH_MAX];
	struct bundle b;

	place_put(p, "outside/secret", "root:x");
	place_put(p, "postern.yaml", ONE);
	place_put(p, "tables/ok", "");
	place_path_of(p, "tables/link", path);
	assert_int_equal(symlink("../outside/secret", path), 0);
	assert_int_equal(bundle_read_folder(&b, p->paths.etc, &err), -1);
	assert_non_null(strstr(err.text, "link"));
	unlink(path);
	place_path_of(p, "texts", path);
	assert_int_equal(symlink("outside", path), 0);
	assert_int_equal(bundle_read_folder(&b, p->paths.etc, &err), -1);
	unlink(path);
	place_path_of(p, "filters/fifo", path);
	place_put(p, "filters/x", "");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(bundle_read_folder(&b, p->paths.etc, &err), -1);
	assert_non_null(strstr(err.text, "not a plain file"));
	unlink(path);
	assert_int_equal(bundle_read_folder(&b, p->paths.etc, &err), 0);
	assert_int_equal(b.n, 3);
	bundle_free(&b);
}

static void
test_bundle_descriptor(void **state)
{
	struct bundle a, b;
	struct err err = ERR_INIT;
	int fd;

	(void)state;
	bundle_from_text(&a, "postern.yaml", STR(ONE));
	fd = bundle_to_fd(&a, &err);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(bundle_from_fd(&b, fd, &err), 0);
	assert_true(str_is(bundle_find(&b, "postern.yaml")->text, ONE));
	assert_null(bundle_find(&b, "postern"));
	bundle_free(&b);
	close(fd);

	/* Every cut and every flipped byte of the frame: refused or the same
	 * number of bytes read, never past the end. */
	for (size_t n = 0; n <= a.map_len; n++) {
		fd = memfd_create("cut", MFD_CLOEXEC);
		assert_int_equal(write(fd, a.map, n), n);
		assert_int_equal(
		    bundle_from_fd(&b, fd, &err), n == a.map_len ? 0 : -1);
		bundle_free(&b);
		close(fd);
	}
	for (size_t i = 0; i < 16; i++) {
		char *map = mem_dup(a.map, a.map_len);

		map[i] ^= 0x41;
		fd = memfd_create("flip", MFD_CLOEXEC);
		assert_int_equal(write(fd, map, a.map_len), a.map_len);
		assert_int_equal(bundle_from_fd(&b, fd, &err), -1);
		close(fd);
		free(map);
	}
	bundle_free(&a);
}

static void
test_diff(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(diffs); i++) {
		struct buf out;

		buf_init(&out, 1 << 16);
		diff_unified(
		    str_of(diffs[i].from), str_of(diffs[i].to), "a", "b", &out);
		buf_consume(&out, strlen("--- a\n+++ b\n"));
		if (strcmp(out.data, diffs[i].diff) != 0)
			fail_msg("%s:\n%s", diffs[i].why, out.data);
		buf_fini(&out);
	}
}

/* Texts of few kinds of lines, so that much is common: what the difference
 * says, done to the one, gives the other. */
static void
test_diff_applies(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char text[2][128];
		struct buf out, result;

		for (int t = 0; t < 2; t++) {
			size_t n = 0;

			seed = seed * 1103515245 + 12345;
			for (size_t lines = seed >> 16 & 31; lines > 0;
			     lines--) {
				seed = seed * 1103515245 + 12345;
				text[t][n++] = (char)('a' + (seed >> 16) % 3);
				text[t][n++] = '\n';
			}
			text[t][n] = '\0';
		}
		buf_init(&out, 1 << 16);
		buf_init(&result, 1 << 16);
		diff_unified(str_of(text[0]), str_of(text[1]), "a", "b", &out);
		apply(str_of(text[0]), out.data, &result);
		if (!str_is(buf_str(&result), text[1]))
			fail_msg("%s--\n%s--\n%s", text[0], text[1], out.data);
		buf_fini(&out);
		buf_fini(&result);
	}
}

/* Beyond its memory it replaces all, and is still right. */
static void
test_diff_of_strangers(void **state)
{
	struct buf a, b, out, result;

	(void)state;
	buf_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_init(&result, 1 << 20);
	for (int i = 0; i < 3000; i++) {
		buf_printf(&a, "a%d\n", i);
		buf_printf(&b, "b%d\n", i);
	}
	diff_unified(buf_str(&a), buf_str(&b), "a", "b", &out);
	apply(buf_str(&a), out.data, &result);
	assert_true(str_eq(buf_str(&result), buf_str(&b)));
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&out);
	buf_fini(&result);
}

static void
test_paths(void **state)
{
	const struct place *p = *state;
	struct paths paths;
	char want[PATH_MAX], root[PATH_MAX];

	assert_int_equal(paths_set(&paths, NULL), 0);
	assert_string_equal(paths.etc, "/etc/postern");
	assert_string_equal(paths.spool, "/var/spool/postern");
	assert_string_equal(paths.log, "/var/log/postern");
	assert_string_equal(paths.state, "/var/lib/postern");
	assert_string_equal(paths.control, "/run/postern/control");
	assert_string_equal(paths.chroot, "/run/postern/empty");
	assert_int_equal(paths_set(&paths, p->root), 0);
	assert_int_equal(paths.etc[0], '/');
	snprintf(want, sizeof(want), "%s/control", realpath(p->root, root));
	assert_string_equal(paths.control, want);
	assert_int_equal(paths_set(&paths, "/nonexistent/x"), -1);
}

int
main(void)
{
#define IN_PLACE(test)                                                         \
	cmocka_unit_test_setup_teardown(test, place_set_up, place_tear_down)
	const struct CMUnitTest tests[] = {
		IN_PLACE(test_commit_and_clear),
		IN_PLACE(test_mistakes_change_nothing),
		IN_PLACE(test_rollback),
		IN_PLACE(test_dur_16_leftovers),
		IN_PLACE(test_one_commit_at_a_time),
		IN_PLACE(test_revision_diff),
		IN_PLACE(test_adm_08_modes),
		IN_PLACE(test_adm_03_links),
		IN_PLACE(test_paths),
		cmocka_unit_test(test_bundle_descriptor),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_diff_applies),
		cmocka_unit_test(test_diff_of_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static uint64_t
commit(const struct place *p)
{
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;
	uint64_t n = 0;

	if (commit_all(
		p->paths.etc, p->paths.state, &somebody, &ps, &n, &err) == -1)
		fail_msg("%s", err.text);
	config_problems_free(&ps);
	return n;
}

static uint64_t
current(const struct place *p)
{
	struct err err = ERR_INIT;
	uint64_t n;

	if (!revision_current(p->paths.state, &n, &err))
		fail_msg("%s", err.text);
	return n;
}

/* What patch(1) would do, believing the head of each piece. */
static void
apply(struct str from, const char *diff, struct buf *out)
{
	struct str left = str_of(diff), line;
	size_t at = 1;

	while (left.n > 0) {
		line = str_cut(&left, '\n');
		if (str_starts(line, STR("@@"))) {
			size_t first, n;

			assert_int_equal(
			    sscanf(line.p, "@@ -%zu,%zu", &first, &n), 2);
			for (; at < first + (n == 0); at++) {
				buf_add_str(out, str_cut(&from, '\n'));
				buf_putc(out, '\n');
			}
			continue;
		}
		if (str_starts(line, STR("--- ")) ||
		    str_starts(line, STR("+++ ")))
			continue;
		if (line.p[0] != '+') {
			struct str have = str_cut(&from, '\n');

			assert_true(str_eq(have, str_sub(line, 1, line.n)));
			at++;
		}
		if (line.p[0] != '-') {
			buf_add_str(out, str_sub(line, 1, line.n));
			buf_putc(out, '\n');
		}
	}
	buf_add_str(out, from);
}

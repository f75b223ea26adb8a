/*
 * test_config_commit.c - commits: two at a time, what is kept, death
 */
#include "config/commit.h"
#include "config/history.h"
#include "config/merge.h"
#include "config/objects.h"
#include "config/revision.h"
#include "config_place.h"
#include "killed_at.h"

#define TWO_LISTENERS                                                          \
	"hostname: mx.example.com\n"                                           \
	"delivery:\n  idle_timeout: 5\n"                                       \
	"interfaces:\n- { name: Net, ip: 127.0.0.1 }\n"                        \
	"listeners:\n"                                                         \
	"- name: A\n  type: public\n  interface: Net\n  port: 2501\n"          \
	"- name: B\n  type: public\n  interface: Net\n  port: 2502\n"          \
	"routes:\n  example.com: mail.example.com\n"

static const struct commit_note note = { "ops", "because", false };

static uint64_t
commit(const struct place *p, const struct commit_note *n)
{
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;
	uint64_t number;

	if (commit_all(p->paths.etc, p->paths.state, n, &ps, &number, &err) ==
	    -1)
		fail_msg("%s", err.text);
	config_problems_free(&ps);
	return number;
}

static void
begin(struct commit *c, const struct place *p)
{
	struct err err = ERR_INIT;

	if (commit_begin(c, p->paths.etc, p->paths.state, &err) == -1)
		fail_msg("%s", err.text);
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

/* --- which objects, and merging of texts --- */

static const struct {
	const char *from, *to, *names;
} changed[] = {
	{ "hostname: a.test\n", "hostname: b.test\n", "hostname\n" },
	{ "hostname: a.test\n", "# x\nhostname: a.test\n", "postern.yaml\n" },
	{ "hostname: a.test\n", "hostname: [\n", "postern.yaml\n" },
	{ "", "delivery: { idle_timeout: 1 }\n", "delivery.idle_timeout\n" },
	{ "delivery: { idle_timeout: 1, bounce_rate: 1 }\n",
	    "delivery: { bounce_rate: 1, idle_timeout: 1 }\nhostname: a.b\n",
	    "hostname\n" },
	{ "routes: { a.test: x.test }\n",
	    "routes: { a.test: y.test, b.test: x.test }\n",
	    "routes.a.test\nroutes.b.test\n" },
	{ "listeners: [ { name: A, port: 1 }, { name: B, port: 2 } ]\n",
	    "listeners: [ { name: B, port: 2 }, { name: C, port: 1 } ]\n",
	    "listeners[C]\nlisteners[A]\n" },
	{ "listeners: [ { name: A, port: 1 } ]\n",
	    "listeners: [ { name: A, port: 2 } ]\n", "listeners[A]\n" },
	{ "listeners: [ { name: A } ]\n", "listeners: [ 1 ]\n", "listeners\n" },
	{ "destinations: [ { domain: x.test } ]\n", "",
	    "destinations[x.test]\n" },
	{ "a: 1\n", "\"b\\e\": 1\n", "postern.yaml\n" },
};

static void
test_objects(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(changed); i++) {
		struct bundle from, to;
		struct buf out;

		bundle_from_text(
		    &from, "postern.yaml", str_of(changed[i].from));
		bundle_from_text(&to, "postern.yaml", str_of(changed[i].to));
		buf_init(&out, 4096);
		objects_changed(&from, &to, &out);
		if (!str_is(buf_str(&out), changed[i].names))
			fail_msg("%s -> %s: %.*s", changed[i].from,
			    changed[i].to, STR_ARG(buf_str(&out)));
		buf_fini(&out);
		bundle_free(&from);
		bundle_free(&to);
	}
}

static const struct {
	const char *base, *ours, *theirs, *merged; /* NULL: they overlap */
} merges[] = {
	{ "1\n2\n3\n", "1\n2\n3\n", "1\n2\n3\n", "1\n2\n3\n" },
	{ "1\n2\n3\n", "x\n2\n3\n", "1\n2\ny\n", "x\n2\ny\n" },
	{ "1\n2\n3\n", "1\n3\n", "1\n2\n3\n4\n", "1\n3\n4\n" },
	{ "1\n", "1\na\n", "1\nb\n", "1\nb\na\n" },
	{ "1\n2\n", "x\n2\n", "y\n2\n", NULL },
	{ "1\n2\n", "x\n2\n", "x\n2\n", "x\n2\n" },
	{ "1\n2\n3\n", "1\nx\n3\n", "1\n3\n", NULL },
	{ "", "a\n", "b\n", "b\na\n" },
	{ "1\n2\n", "", "1\n2\n", "" },
	{ "1", "1\n2", "0\n1", NULL },
};

static void
test_merge_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(merges); i++) {
		struct buf out;
		size_t line;
		bool ok;

		buf_init(&out, 4096);
		ok = merge_texts(str_of(merges[i].base), str_of(merges[i].ours),
		    str_of(merges[i].theirs), &out, &line);
		if (ok != (merges[i].merged != NULL) ||
		    (ok && !str_is(buf_str(&out), merges[i].merged)))
			fail_msg(
			    "%zu: %d: %.*s", i, ok, STR_ARG(buf_str(&out)));
		buf_fini(&out);
	}
}

/* --- two administrators --- */

/* Somebody else's working copy becomes a revision: that of this place is
 * older then. */
static void
others_commit(const struct place *p, const char *text)
{
	struct place other;
	char command[300];

	snprintf(other.root, sizeof(other.root), "%s", p->root);
	other.paths = p->paths;
	snprintf(command, sizeof(command), "cp -a '%s/etc' '%s/other'", p->root,
	    p->root);
	assert_int_equal(system(command), 0);
	snprintf(other.paths.etc, sizeof(other.paths.etc), "%s/other", p->root);
	place_put(&other, "postern.yaml", text);
	assert_true(commit(&other, &note) > 0);
	snprintf(command, sizeof(command), "rm -r '%s/other'", p->root);
	assert_int_equal(system(command), 0);
}

/* The text with one part of it replaced; the caller's. */
static char *
with(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	struct buf b;
	char *out;

	assert_non_null(at);
	buf_init(&b, 65536);
	buf_add(&b, text, (size_t)(at - text));
	buf_puts(&b, to);
	buf_puts(&b, at + strlen(from));
	out = buf_take(&b);
	buf_fini(&b);
	return out;
}

static void
test_merge(void **state)
{
	const struct place *p = *state;
	char *ours = with(TWO_LISTENERS, "2501", "2601");
	char *theirs = with(TWO_LISTENERS, "2502", "2602");
	char *both = with(ours, "2502", "2602");
	struct err err = ERR_INIT;
	struct commit c;

	place_put(p, "postern.yaml", TWO_LISTENERS);
	assert_int_equal(commit(p, &note), 1);
	others_commit(p, theirs);
	assert_int_equal(current(p), 2);
	begin(&c, p);
	assert_int_equal(c.base, 1);
	assert_true(commit_is_behind(&c));
	commit_end(&c);

	place_put(p, "postern.yaml", ours);
	place_put(p, "tables/mine", "x\n");
	begin(&c, p);
	assert_true(commit_is_behind(&c));
	assert_true(commit_can_merge(&c, &err));
	place_expect(p, "postern.yaml", ours);
	assert_int_equal(commit_merge(&c, &err), 0);
	assert_false(commit_is_behind(&c));
	commit_end(&c);
	place_expect(p, "postern.yaml", both);
	place_expect(p, "tables/mine", "x\n");
	assert_int_equal(commit(p, &note), 3);
	free(ours);
	free(theirs);
	free(both);
}

static void
test_no_merge(void **state)
{
	const struct place *p = *state;
	char *ours = with(TWO_LISTENERS, "2501", "2601");
	char *theirs =
	    with(TWO_LISTENERS, "name: A", "name: A\n  max_concurrency: 5");
	struct err err = ERR_INIT;
	struct commit c;

	place_put(p, "postern.yaml", TWO_LISTENERS);
	commit(p, &note);
	others_commit(p, theirs);
	place_put(p, "postern.yaml", ours);
	begin(&c, p);
	assert_false(commit_can_merge(&c, &err));
	assert_string_equal(err.text, "both sides changed listeners[A]");
	assert_int_equal(commit_merge(&c, &err), -1);
	place_expect(p, "postern.yaml", ours);
	assert_int_equal(commit_clear(&c, &err), 0);
	assert_true(commit_is_empty(&c));
	assert_false(commit_is_behind(&c));
	commit_end(&c);
	place_expect(p, "postern.yaml", theirs);
	free(ours);
	free(theirs);
}

/* Each is fine alone; together they are not. */
static void
test_merge_that_is_wrong(void **state)
{
	const struct place *p = *state;
	char *ours = with(TWO_LISTENERS, "2501", "2600");
	char *theirs = with(TWO_LISTENERS, "2502", "2600");
	struct err err = ERR_INIT;
	struct commit c;

	place_put(p, "postern.yaml", TWO_LISTENERS);
	commit(p, &note);
	others_commit(p, theirs);
	place_put(p, "postern.yaml", ours);
	begin(&c, p);
	assert_false(commit_can_merge(&c, &err));
	assert_non_null(strstr(err.text, "do not go together"));
	assert_non_null(strstr(err.text, "already used"));
	commit_end(&c);
	free(ours);
	free(theirs);
}

static void
test_a_base_that_is_gone(void **state)
{
	const struct place *p = *state;
	struct err err = ERR_INIT;
	struct commit c;
	char text[100];

	place_put(p, "postern.yaml", "hostname: a0.test\n");
	commit(p, &note);
	for (int i = 1; i <= REVISIONS_KEPT; i++) {
		snprintf(text, sizeof(text), "hostname: a%d.test\n", i);
		others_commit(p, text);
	}
	place_put(p, "postern.yaml", "hostname: mine.test\n");
	begin(&c, p);
	assert_true(commit_is_behind(&c));
	assert_false(commit_can_merge(&c, &err));
	assert_string_equal(err.text, "revision 1, which the working copy was "
				      "made from, is not kept any more");
	commit_end(&c);
}

/* --- what is kept --- */

static void
test_ten_are_kept(void **state)
{
	const struct place *p = *state;
	const struct commit_note forget = { "ops", "not worth it", true };
	uint64_t v[50];
	struct buf objects;
	char text[100];

	for (uint64_t i = 1; i <= 15; i++) {
		snprintf(text, sizeof(text), "hostname: a%d.test\n", (int)i);
		place_put(p, "postern.yaml", text);
		assert_int_equal(commit(p, i == 14 ? &forget : &note), i);
	}
	assert_int_equal(revision_list(p->paths.state, v, 50), 10);
	assert_int_equal(v[0], 15);
	assert_int_equal(v[1], 13); /* 14 was not to be kept */
	assert_int_equal(v[9], 5);
	place_expect(p, "../state/revisions/14/postern.yaml", NULL);
	place_expect(p, ".base", "15\n");
	buf_init(&objects, 1000);
	assert_int_equal(
	    revision_objects(p->paths.state, 15, &objects, NULL), 0);
	assert_true(str_is(buf_str(&objects), "hostname\n"));
	buf_fini(&objects);
	assert_true(history_first(p->paths.state) > 0);
}

/* --- death at every call (threats DUR-16) --- */

static const int counted[] = { SYS_openat, SYS_openat2, SYS_write, SYS_fsync,
	SYS_renameat, SYS_unlinkat, SYS_mkdirat, SYS_fchmod, -1 };

static void
child_commits(void *arg)
{
	const struct place *p = arg;
	struct config_problems ps = { 0 };
	uint64_t number;

	if (commit_all(
		p->paths.etc, p->paths.state, &note, &ps, &number, NULL) == -1)
		panic("the commit failed");
}

static void
test_dur_16_killed_at_each_step(void **state)
{
	const struct place *p = *state;
	char text[2][100];
	uint64_t before, after;
	struct err err = ERR_INIT;
	struct bundle b;
	bool killed = true;

	place_put(p, "postern.yaml", "hostname: a0.test\n");
	place_put(p, "tables/t", "x\n");
	commit(p, &note);
	for (int n = 1; killed; n++) {
		before = current(p);
		assert_int_equal(
		    revision_bundle(&b, p->paths.state, before, &err), 0);
		str_copy(text[0], sizeof(text[0]),
		    bundle_find(&b, "postern.yaml")->text);
		bundle_free(&b);
		snprintf(text[1], sizeof(text[1]), "hostname: a%d.test\n", n);
		place_put(p, "postern.yaml", text[1]);
		killed = killed_at(n, counted, child_commits, *state);
		after = current(p);
		if (revision_bundle(&b, p->paths.state, after, &err) == -1)
			fail_msg("call %d: revision %d: %s", n, (int)after,
			    err.text);
		if (b.n != 2 || !str_is(bundle_find(&b, "postern.yaml")->text,
				    text[after != before]))
			fail_msg(
			    "call %d: revision %d is neither", n, (int)after);
		bundle_free(&b);
		/* and it goes on */
		snprintf(text[1], sizeof(text[1]), "hostname: b%d.test\n", n);
		place_put(p, "postern.yaml", text[1]);
		assert_true(commit(p, &note) > after);
		assert_true(n < 500);
	}
	place_expect(p, "../state/revisions/.new/postern.yaml", NULL);
}

int
main(void)
{
#define IN_PLACE(t)                                                            \
	cmocka_unit_test_setup_teardown(t, place_set_up, place_tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_merge_texts),
		IN_PLACE(test_merge),
		IN_PLACE(test_no_merge),
		IN_PLACE(test_merge_that_is_wrong),
		IN_PLACE(test_a_base_that_is_gone),
		IN_PLACE(test_ten_are_kept),
		IN_PLACE(test_dur_16_killed_at_each_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_config_edits.c - who changed the working copy since the last commit */
#include "base/buf.h"
#include "config/edits.h"
#include "tests/unit/config_place.h"

static void expect(const struct place *, const char *why, const char *want);

static void
test_one_line_for_each_user_and_command(void **state)
{
	const struct place *p = *state;

	expect(p, "nobody", "");
	assert_int_equal(
	    edits_add(p->paths.etc, "ann", "bounceconfig", NULL), 0);
	assert_int_equal(
	    edits_add(p->paths.etc, "uid 1000", "loadconfig", NULL), 0);
	assert_int_equal(
	    edits_add(p->paths.etc, "ann", "listenerconfig", NULL), 0);
	assert_int_equal(
	    edits_add(p->paths.etc, "ann", "bounceconfig", NULL), 0);
	expect(p, "the last of each",
	    "uid 1000 loadconfig\nann listenerconfig\nann bounceconfig\n");
	assert_int_equal(edits_forget(p->paths.etc, NULL), 0);
	expect(p, "forgotten", "");
	assert_int_equal(edits_forget(p->paths.etc, NULL), 0);
}

static void
test_damaged_lines_are_none(void **state)
{
	static const char *const bad[] = { "", "\n", "x\tann\tcommit\n",
		"1\tann\n", "1\t\tcommit\n", "1\tann\t\n",
		"99999999999999999999\tann\tcommit\n", "-1\tann\tcommit\n" };
	const struct place *p = *state;
	char text[400];

	for (size_t i = 0; i < NELEM(bad); i++) {
		snprintf(text, sizeof(text),
		    "1\tann\taliasconfig\n%s2\tbob\taliasconfig\n", bad[i]);
		place_put(p, ".edits", text);
		expect(p, bad[i], "ann aliasconfig\nbob aliasconfig\n");
	}
	memset(text, 'a', 300);
	memcpy(text, "1\t", 2);
	strcpy(text + 300, "\tcommit\n");
	place_put(p, ".edits", text);
	expect(p, "a name too long", "");
}

static void
test_the_oldest_go(void **state)
{
	const struct place *p = *state;
	struct edits e;
	char user[16];

	for (int i = 0; i < EDITS_MAX + 3; i++) {
		snprintf(user, sizeof(user), "u%d", i);
		edits_add(p->paths.etc, user, "aliasconfig", NULL);
	}
	edits_read(p->paths.etc, &e);
	assert_int_equal(e.n, EDITS_MAX);
	assert_string_equal(e.v[0].user, "u3");
	assert_string_equal(e.v[e.n - 1].user, user);
	assert_true(e.v[0].at > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_one_line_for_each_user_and_command, place_set_up,
		    place_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_damaged_lines_are_none, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_the_oldest_go, place_set_up, place_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static void
expect(const struct place *p, const char *why, const char *want)
{
	struct edits e;
	struct buf have;

	edits_read(p->paths.etc, &e);
	buf_init(&have, 65536);
	for (size_t i = 0; i < e.n; i++)
		buf_printf(&have, "%s %s\n", e.v[i].user, e.v[i].command);
	if (!str_is(buf_str(&have), want))
		fail_msg(
		    "%s: %.*s, not %s", why, STR_ARG(buf_str(&have)), want);
	buf_fini(&have);
}

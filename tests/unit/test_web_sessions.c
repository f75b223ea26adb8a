/* test_web_sessions.c - who is logged in, and for how long */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "admin/web/sessions.h"
#include "base/mem.h"

static struct sessions all;

static int
fresh(void **state)
{
	(void)state;
	memset(&all, 0, sizeof(all));
	all.timeout = 1000;
	return 0;
}

static void
test_adm_09_ids_are_random_and_whole(void **state)
{
	struct login *a = sessions_new(&all, STR("a"), 1),
		     *b = sessions_new(&all, STR("a"), 1);

	(void)state;
	assert_int_equal(strlen(a->id), SESSION_ID);
	assert_int_equal(strlen(a->token), SESSION_TOKEN);
	assert_string_not_equal(a->id, b->id);
	assert_string_not_equal(a->token, b->token);
	assert_ptr_equal(sessions_find(&all, str_of(a->id), 2, true), a);
	assert_null(
	    sessions_find(&all, str_sub(str_of(a->id), 0, 63), 2, true));
	assert_null(sessions_find(&all, STR(""), 2, true));
}

static void
test_idle_sessions_end(void **state)
{
	struct login *a = sessions_new(&all, STR("a"), 0);
	char id[SESSION_ID + 1];

	(void)state;
	memcpy(id, a->id, sizeof(id));
	assert_ptr_equal(sessions_find(&all, str_of(id), 999, true), a);
	assert_ptr_equal(sessions_find(&all, str_of(id), 1998, true), a);
	/* a page that comes by itself keeps nobody in */
	assert_ptr_equal(sessions_find(&all, str_of(id), 2900, false), a);
	assert_null(sessions_find(&all, str_of(id), 2998, true));
	sessions_expire(&all, 2998, NULL, NULL);
	assert_string_equal(a->id, "");
}

static void
test_log_out(void **state)
{
	struct login *a = sessions_new(&all, STR("a"), 0);
	char id[SESSION_ID + 1];

	(void)state;
	memcpy(id, a->id, sizeof(id));
	sessions_end(a);
	assert_null(sessions_find(&all, str_of(id), 1, true));
}

static void
test_adm_09_sessions_are_bounded(void **state)
{
	struct login *mine[SESSIONS_PER_USER + 1], *first;
	char user[16], id[SESSION_ID + 1];
	size_t n = 0;

	(void)state;
	for (int i = 0; i <= SESSIONS_PER_USER; i++)
		mine[i] = sessions_new(&all, STR("one"), i);
	assert_ptr_equal(mine[SESSIONS_PER_USER], mine[0]);
	first = mine[1];
	memcpy(id, first->id, sizeof(id));
	for (int i = 0; i < 2 * SESSIONS_MAX; i++) {
		snprintf(user, sizeof(user), "user%d", i);
		sessions_new(&all, str_of(user), 20 + i);
	}
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		n += *all.v[i].id != '\0';
	assert_int_equal(n, SESSIONS_MAX);
	assert_null(sessions_find(&all, str_of(id), 300, true));
}

static void
test_adm_09_guessing_is_slow(void **state)
{
	static struct attempts a;
	struct ip one, other;
	unsigned n = 0;

	(void)state;
	ip_parse(&one, STR("192.0.2.1"));
	ip_parse(&other, STR("192.0.2.2"));
	memset(&a, 0, sizeof(a));
	for (int i = 0; i < 1000; i++)
		n += attempts_may(&a, &one, ATTEMPTS_MAX, 5000 + i);
	assert_int_equal(n, ATTEMPTS_MAX);
	assert_true(attempts_may(&a, &other, ATTEMPTS_MAX, 6000));
	assert_true(
	    attempts_may(&a, &one, ATTEMPTS_MAX, 5000 + ATTEMPTS_PERIOD));
	/* the addresses of one network */
	ip_parse(&one, STR("2001:db8::1"));
	n = 0;
	for (int i = 0; i < 1000; i++) {
		one.b[12] = (uint8_t)(i >> 8);
		one.b[15] = (uint8_t)i;
		n += attempts_may(&a, &one, ATTEMPTS_MAX, 100000);
	}
	assert_int_equal(n, ATTEMPTS_MAX);
	/* a crowd of addresses */
	n = 0;
	ip_parse(&one, STR("192.0.2.1"));
	for (int i = 0; i < 10000; i++) {
		one.b[12] = (uint8_t)(i >> 8);
		one.b[15] = (uint8_t)i;
		n += attempts_may(&a, &one, ATTEMPTS_MAX, 200000);
	}
	assert_int_equal(n, ATTEMPTS_KNOWN + ATTEMPTS_ALL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    test_adm_09_ids_are_random_and_whole, fresh),
		cmocka_unit_test_setup(test_idle_sessions_end, fresh),
		cmocka_unit_test_setup(test_log_out, fresh),
		cmocka_unit_test_setup(test_adm_09_sessions_are_bounded, fresh),
		cmocka_unit_test(test_adm_09_guessing_is_slow),
	};

	return cmocka_run_group_tests_name("web_sessions", tests, NULL, NULL);
}

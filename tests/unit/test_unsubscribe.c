/*
 * test_unsubscribe.c - the global unsubscribe list (spec delivery-admin 1.11)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"
#include "config/unsubscribe.h"

#define HEAD                                                                   \
	"hostname: mx.test\n"                                                  \
	"global_unsubscribe:\n"
#define LIST                                                                   \
	"  entries:\n"                                                         \
	"    - Joe@Example.com\n"                                              \
	"    - joe@\n"                                                         \
	"    - \"@example.net\"\n"                                             \
	"    - \"@.example.org\"\n"                                            \
	"    - \"@.a.example.org\"\n"                                          \
	"    - \"@[192.0.2.1]\"\n"                                             \
	"    - 192.0.2.7\n"                                                    \
	"    - 2001:DB8::7\n"                                                  \
	"    - joe@example.com\n"

static struct config *
config_of(const char *yaml)
{
	struct config_problems problems = { .n = 0 };
	struct bundle b;
	struct config *c;

	bundle_from_text(&b, "postern.yaml", str_of(yaml));
	c = config_load(&b, 1, &problems);
	if (c == NULL)
		fail_msg("%s", problems.n > 0 ? problems.v[0].text : "no");
	config_problems_free(&problems);
	bundle_free(&b);
	return c;
}

static const struct {
	const char *addr, *entry; /* NULL: none */
} cases[] = {
	{ "joe@example.com", "Joe@Example.com" },
	{ "JOE@EXAMPLE.COM", "Joe@Example.com" },
	{ "joe@elsewhere.test", "joe@" },
	{ "joey@elsewhere.test", NULL },
	{ "ann@example.com", NULL },
	{ "ann@EXAMPLE.net", "@example.net" },
	{ "joe@example.net", "joe@" },
	{ "ann@sub.example.net", NULL },
	{ "ann@example.org", NULL },
	{ "ann@b.example.org", "@.example.org" },
	{ "ann@b.a.example.org", "@.a.example.org" },
	{ "ann@notexample.org", NULL },
	{ "ann@[192.0.2.1]", "@[192.0.2.1]" },
	{ "ann@[192.0.2.7]", NULL },
	{ "\"a@joe\"@example.net", "@example.net" },
	{ "192.0.2.7", NULL },
	{ "joe", NULL },
	{ "", NULL },
};

static void
test_who_is_on_the_list(void **state)
{
	struct config *c = config_of(HEAD LIST);

	(void)state;
	assert_int_equal(c->n_unsubscribed, 8); /* one of two that are equal */
	for (size_t i = 0; i < NELEM(cases); i++) {
		const struct unsubscribed *u =
		    unsubscribed_addr(c, str_of(cases[i].addr));

		if ((u != NULL) != (cases[i].entry != NULL) ||
		    (u != NULL &&
			!str_is_nocase(u->pattern.text, cases[i].entry)))
			fail_msg("%s: %s", cases[i].addr,
			    u != NULL ? u->pattern.text.p : "none");
	}
	config_unref(&c);
}

static void
test_servers(void **state)
{
	static const struct {
		const char *ip;
		bool on;
	} ips[] = { { "192.0.2.7", true }, { "192.0.2.1", false },
		{ "2001:db8::7", true }, { "2001:db8::8", false } };
	struct config *c = config_of(HEAD LIST);
	struct ip ip;

	(void)state;
	for (size_t i = 0; i < NELEM(ips); i++) {
		assert_true(ip_parse(&ip, str_of(ips[i].ip)));
		if ((unsubscribed_ip(c, &ip) != NULL) != ips[i].on)
			fail_msg("%s", ips[i].ip);
	}
	config_unref(&c);
}

static void
test_switched_off(void **state)
{
	struct config *c = config_of(HEAD "  enabled: no\n" LIST);
	struct ip ip;

	(void)state;
	assert_null(unsubscribed_addr(c, STR("joe@example.com")));
	assert_true(ip_parse(&ip, STR("192.0.2.7")));
	assert_null(unsubscribed_ip(c, &ip));
	config_unref(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_on_the_list),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_switched_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

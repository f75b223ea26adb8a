/*
 * test_pattern.c - patterns of addresses (spec receiving 4.10)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/pattern.h"

static const char *const kinds[] = {
	[PATTERN_ADDR] = "addr",
	[PATTERN_USER] = "user",
	[PATTERN_DOMAIN] = "domain",
	[PATTERN_SUBDOMAIN] = "below",
};

/* want NULL: refused. */
static const struct {
	const char *in, *want;
} parsed[] = {
	{ "joe@example.com", "addr joe@example.com" },
	{ " Joe@Example.COM ", "addr joe@example.com" },
	{ "joe@[192.0.2.1]", "addr joe@[192.0.2.1]" },
	{ "joe@[IPv6:2001:DB8:0::1]", "addr joe@[ipv6:2001:db8::1]" },
	{ "\"joe@home\"@example.com", "addr \"joe@home\"@example.com" },
	{ "joe@", "user joe@" },
	{ "j\xc3\xb6rg@", "user j\xc3\xb6rg@" },
	{ "@example.com", "domain example.com" },
	{ "@[192.0.2.1]", "domain [192.0.2.1]" },
	{ "@.Example.com", "below .example.com" },
	{ "", NULL },
	{ "@", NULL },
	{ "joe", NULL },
	{ "example.com", NULL },
	{ "joe@.example.com", NULL },
	{ "@example..com", NULL },
	{ "@.", NULL },
	{ "@*.example.com", NULL },
	{ "@192.0.2.1", NULL },
	{ "@[192.0.2.256]", NULL },
	{ "joe smith@example.com", NULL },
	{ "<joe@example.com>", NULL },
	{ "joe,fred@example.com", NULL },
	{ "joe\x01@example.com", NULL },
	{ "j\xf6rg@example.com", NULL },
};

static const struct {
	const char *pattern, *addr;
	bool fits;
} matched[] = {
	{ "joe@example.com", "joe@example.com", true },
	{ "joe@example.com", "JOE@EXAMPLE.com", true },
	{ "joe@example.com", "joe@example.org", false },
	{ "joe@example.com", "joey@example.com", false },
	{ "joe@", "joe@example.com", true },
	{ "joe@", "Joe@[192.0.2.1]", true },
	{ "joe@", "joe", true },
	{ "joe@", "joey@example.com", false },
	{ "joe@", "", false },
	{ "@example.com", "joe@Example.com", true },
	{ "@example.com", "joe@a.example.com", false },
	{ "@example.com", "example.com", false },
	{ "@example.com", "\"x@example.com\"@other.org", false },
	{ "@.example.com", "joe@a.b.Example.com", true },
	{ "@.example.com", "joe@example.com", false },
	{ "@.example.com", "joe@.example.com", false },
	{ "@.example.com", "joe@badexample.com", false },
	{ "@[192.0.2.1]", "joe@[192.0.2.1]", true },
	{ "@[192.0.2.1]", "joe@[192.0.2.10]", false },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(parsed); i++) {
		struct addr_pattern p = { .kind = PATTERN_ADDR };
		struct err err = ERR_INIT;
		struct arena mem;
		char got[200] = "";
		bool ok;

		arena_init(&mem, 1 << 20);
		ok = pattern_parse(&p, str_of(parsed[i].in), &mem, &err);
		if (ok)
			snprintf(got, sizeof(got), "%s %.*s", kinds[p.kind],
			    STR_ARG(p.key));
		if (ok != (parsed[i].want != NULL) ||
		    (ok && !str_is(str_of(got), parsed[i].want)) ||
		    ok == (err.text[0] != '\0'))
			fail_msg("\"%s\": \"%s\", err \"%s\"", parsed[i].in,
			    got, err.text);
		arena_free(&mem);
	}
}

static void
test_match(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(matched); i++) {
		struct addr_pattern p = { .kind = PATTERN_ADDR };
		struct addr_list list = { .entries = &p, .n = 1 };
		struct arena mem;
		const struct addr_pattern *found;

		arena_init(&mem, 1 << 20);
		assert_true(
		    pattern_parse(&p, str_of(matched[i].pattern), &mem, NULL));
		found = addr_list_find(&list, str_of(matched[i].addr));
		if ((found == &p) != matched[i].fits)
			fail_msg("\"%s\" and \"%s\"", matched[i].pattern,
			    matched[i].addr);
		arena_free(&mem);
	}
}

static void
test_first_of_a_list(void **state)
{
	static const char *const texts[] = { "@example.com", "joe@", "fred@" };
	struct addr_pattern v[NELEM(texts)];
	struct addr_list list = { .entries = v, .n = NELEM(texts) };
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 20);
	for (size_t i = 0; i < NELEM(texts); i++)
		assert_true(pattern_parse(&v[i], str_of(texts[i]), &mem, NULL));
	assert_ptr_equal(addr_list_find(&list, STR("joe@example.com")), &v[0]);
	assert_ptr_equal(addr_list_find(&list, STR("fred@a.org")), &v[2]);
	assert_null(addr_list_find(&list, STR("jane@a.org")));
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_first_of_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

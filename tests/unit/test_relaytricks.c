/*
 * test_relaytricks.c - the tricks of openrelaycheck, against our own parser
 *
 * What the table says of a trick, whose domain it is if nothing in the local
 * part counts, is what the parser of the listeners finds, strict or loose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "admin/relaytricks.h"
#include "base/mem.h"
#include "mail/addr.h"

static const struct relay_names names = {
	.own = { "own.test", 8 },
	.foreign = { "foreign.test", 12 },
	.host = { "mx.own.test", 11 },
	.ip = { "192.0.2.1", 9 },
};

static const struct addr_rules rules[] = {
	{ .strict = true,
	    .source_route_reject = true,
	    .smtputf8 = true,
	    .reject_chars = { "@%!", 3 } },
	{ .allow_8bit_user = true,
	    .allow_8bit_domain = true,
	    .allow_partial = true,
	    .literal_accept = true,
	    .smtputf8 = true,
	    .reject_chars = { "", 0 } },
};

static bool
is_ours(struct str domain)
{
	return domain.n == 0 || str_eq(domain, names.own) ||
	       str_eq(domain, names.host) || str_is(domain, "[192.0.2.1]");
}

static void
test_whose_domain_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; relay_tricks[i].id != NULL; i++)
		for (size_t k = 0; k < NELEM(rules); k++) {
			const struct relay_trick *t = &relay_tricks[i];
			struct str rest;
			struct arena mem;
			struct addr a;
			struct buf path;

			arena_init(&mem, 1 << 20);
			buf_init(&path, 4096);
			relay_expand(t->rcpt, &names, &path);
			if (addr_parse_path(&a, buf_str(&path), &rules[k],
				false, &rest, &mem, NULL) == ADDR_OK &&
			    str_trim(rest).n == 0 &&
			    is_ours(a.domain) != t->is_own)
				fail_msg("%s, rules %zu: the domain is %.*s",
				    t->what, k, STR_ARG(a.domain));
			buf_fini(&path);
			arena_free(&mem);
		}
}

static void
test_commands_stay_commands(void **state)
{
	(void)state;
	for (size_t i = 0; relay_tricks[i].id != NULL; i++) {
		const struct relay_trick *t = &relay_tricks[i];
		const char *const texts[] = { t->rcpt, t->mail, t->helo,
			t->before, t->auth };
		struct buf out;

		for (size_t k = 0; k < NELEM(texts); k++) {
			if (texts[k] == NULL)
				continue;
			buf_init(&out, 4096);
			relay_expand(texts[k], &names, &out);
			if (str_find(buf_str(&out), '{') != out.len ||
			    str_find(buf_str(&out), '\n') != out.len)
				fail_msg("%s: %s", t->what, out.data);
			buf_fini(&out);
		}
	}
}

static void
test_expand(void **state)
{
	static const char want[] =
	    "<foreign.test!v%own.test@mx.own.test>\0[192.0.2.1]";
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	relay_expand("<{foreign}!v%{own}@{host}>{nul}[{ip}]", &names, &out);
	assert_int_equal(out.len, sizeof(want) - 1);
	assert_memory_equal(out.data, want, out.len);
	buf_fini(&out);
}

static void
test_judge(void **state)
{
	static const struct {
		bool is_own, to_rcpt;
		unsigned code;
		enum relay_result want;
	} cases[] = {
		{ false, true, 250, RELAY_OPEN },
		{ false, true, 251, RELAY_OPEN },
		{ true, true, 250, RELAY_OWN },
		{ false, true, 550, RELAY_REFUSED },
		{ false, false, 554, RELAY_REFUSED },
		{ false, true, 451, RELAY_UNKNOWN },
		{ false, false, 421, RELAY_UNKNOWN },
		{ true, true, 452, RELAY_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		const struct relay_trick t = { .is_own = cases[i].is_own };

		if (relay_judge(&t, cases[i].to_rcpt, cases[i].code) !=
		    cases[i].want)
			fail_msg("case %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose_domain_it_is),
		cmocka_unit_test(test_commands_stay_commands),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_judge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

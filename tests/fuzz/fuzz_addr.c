/*
 * fuzz_addr.c - mail/addr: one form, and the two parsers agree (REL-04)
 *
 * First byte: the listener's rules; then what follows "RCPT TO:".
 */
#include <stdlib.h>

#include "mail/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_form(
    const struct addr *, struct addr_rules, struct arena *mem);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct addr_rules rules;
	struct addr strict, loose, plain;
	enum addr_problem p, q;
	struct str in, rest, rest2;
	struct arena mem;
	struct ip ip;

	if (n == 0 || n > 8192)
		return 0;
	in = (struct str){ (const char *)data + 1, n - 1 };
	rules = (struct addr_rules){ .strict = true,
		.allow_8bit_user = data[0] & 1,
		.allow_8bit_domain = data[0] & 2,
		.allow_partial = data[0] & 4,
		.source_route_reject = data[0] & 8,
		.literal_accept = data[0] & 16,
		.smtputf8 = data[0] & 32,
		.reject_chars = data[0] & 64 ? STR("@%!") : STR("") };
	arena_init(&mem, 1 << 20);
	p = addr_parse_path(
	    &strict, in, &rules, data[0] & 128, &rest, &mem, NULL);
	rules.strict = false;
	q = addr_parse_path(
	    &loose, in, &rules, data[0] & 128, &rest2, &mem, NULL);
	if (p == ADDR_OK && (q != ADDR_OK || !str_eq(strict.text, loose.text) ||
				!str_eq(rest, rest2)))
		abort(); /* strict accepts, loose reads something else */
	if (q == ADDR_OK)
		check_form(&loose, rules, &mem);
	if (addr_parse(&plain, in, &mem, NULL) == ADDR_OK &&
	    !addr_is_clean(plain.text))
		abort();
	addr_is_clean(in);
	addr_domain(in);
	addr_local(in);
	addr_literal(in, &ip);
	if (addr_domain_ok(in, &rest, &mem) &&
	    (!addr_domain_ok(rest, &rest2, &mem) || !str_eq(rest, rest2)))
		abort();
	arena_free(&mem);
	return 0;
}

/* The form is clean, its parts are what they seem, and it parses to itself
 * under the same rules in either mode. */
static void
check_form(const struct addr *a, struct addr_rules rules, struct arena *mem)
{
	struct addr again;
	struct str rest;
	struct str text = str_of(arena_printf(mem, "<%.*s>", STR_ARG(a->text)));

	if (!addr_is_clean(a->text) || a->text.n > ADDR_MAX + LOCALPART_MAX ||
	    !str_eq(addr_domain(a->text), a->domain) ||
	    !str_eq(addr_local(a->text), a->local))
		abort();
	rules.strict = true;
	if (addr_parse_path(&again, text, &rules, true, &rest, mem, NULL) !=
		ADDR_OK ||
	    !str_eq(again.text, a->text) || rest.n > 0)
		abort();
}

/* test_addr.c - mail/addr: what is an address, and its one form */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/addr.h"

enum {
	STRICT = 1,
	LOOSE = 2,
	BOTH = 3,
	NONULL = 4,
	FULL = 8,
	UTF8 = 16,
	EIGHT = 32,
	NOROUTE = 64,
	LITERAL = 128,
	CHARS = 256
};

static struct addr_rules rules_of(unsigned mode, bool strict);
static void expect(const char *why, struct str in, unsigned mode, bool strict,
    enum addr_problem problem, const char *text, const char *rest);
static struct str repeat(struct arena *mem, const char *unit, size_t n);

static struct arena mem;

static const struct {
	const char *why, *in;
	unsigned mode; /* parsers that must agree, and what differs from the
			* shipped rules: routes stripped, partial allowed */
	enum addr_problem problem;
	const char *text, *rest;
} cases[] = {
	{ "plain", "<a@b.test>", BOTH, ADDR_OK, "a@b.test", "" },
	{ "blank after the colon", " <a@b.test>", BOTH, ADDR_OK, "a@b.test",
	    "" },
	{ "parameters", "<a@b.test> SIZE=1 BODY=7BIT", BOTH, ADDR_OK,
	    "a@b.test", "SIZE=1 BODY=7BIT" },
	{ "null sender", "<>", BOTH, ADDR_OK, "", "" },
	{ "null sender, parameter", "<> SIZE=1", BOTH, ADDR_OK, "", "SIZE=1" },
	{ "upper case domain", "<Joe@B.TEST>", BOTH, ADDR_OK, "Joe@b.test",
	    "" },
	{ "underscore", "<a@b_c.test>", BOTH, ADDR_OK, "a@b_c.test", "" },
	{ "dots need no quotes", "<.a..b.@c.test>", BOTH, ADDR_OK,
	    ".a..b.@c.test", "" },
	{ "all of atext", "<!#$%&'*+-/=?^_`{|}~@c.test>", BOTH, ADDR_OK,
	    "!#$%&'*+-/=?^_`{|}~@c.test", "" },
	{ "needless quotes", "<\"joe\"@c.test>", BOTH, ADDR_OK, "joe@c.test",
	    "" },
	{ "needless escape", "<\"j\\oe\"@c.test>", BOTH, ADDR_OK, "joe@c.test",
	    "" },
	{ "quotes that must stay", "<\"a,b\"@c.test>", BOTH, ADDR_OK,
	    "\"a,b\"@c.test", "" },
	{ "quote and backslash", "<\"\\\"\\\\\"@c.test>", BOTH, ADDR_OK,
	    "\"\\\"\\\\\"@c.test", "" },
	{ "empty quotes", "<\"\"@c.test>", BOTH, ADDR_OK, "\"\"@c.test", "" },
	{ "partial", "<joe>", BOTH, ADDR_OK, "joe", "" },
	{ "partial with @", "<joe@>", BOTH, ADDR_OK, "joe", "" },
	{ "one label", "<joe@bar>", BOTH, ADDR_OK, "joe@bar", "" },
	{ "partial, not allowed", "<joe>", BOTH | FULL, ADDR_SYNTAX, NULL,
	    NULL },
	{ "partial with @, not allowed", "<joe@>", BOTH | FULL, ADDR_SYNTAX,
	    NULL, NULL },
	{ "one label, not allowed", "<joe@bar>", BOTH | FULL, ADDR_SYNTAX, NULL,
	    NULL },
	{ "no brackets", "a@b.test SIZE=1", LOOSE, ADDR_OK, "a@b.test",
	    "SIZE=1" },
	{ "no brackets, strict", "a@b.test", STRICT, ADDR_SYNTAX, NULL, NULL },
	{ "open bracket", "<a@b.test", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "empty", "", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "comments", "(x) <(y)a(z)@(v)b.test(w)> (u) SIZE=1", LOOSE, ADDR_OK,
	    "a@b.test", "SIZE=1" },
	{ "comments, strict", "<a(z)@b.test>", STRICT, ADDR_SYNTAX, NULL,
	    NULL },
	{ "escape in a comment", "(\\)) a@b.test", LOOSE, ADDR_OK, "a@b.test",
	    "" },
	{ "comment without end", "(a@b.test", LOOSE, ADDR_SYNTAX, NULL, NULL },
	{ "control in a comment", "(\r\n) a@b.test", LOOSE, ADDR_SYNTAX, NULL,
	    NULL },

	{ "REL-02 percent", "<v%other.test@example.org>", BOTH, ADDR_OK,
	    "v%other.test@example.org", "" },
	{ "REL-02 bang", "<other.test!v@example.org>", BOTH, ADDR_OK,
	    "other.test!v@example.org", "" },
	{ "REL-02 quoted @", "<\"v@other.test\"@example.org>", BOTH, ADDR_OK,
	    "\"v@other.test\"@example.org", "" },
	{ "REL-02 two @", "<v@other.test@example.org>", BOTH, ADDR_SYNTAX, NULL,
	    NULL },
	{ "REL-02 quoted @, no domain", "<\"v@other.test\">", BOTH, ADDR_OK,
	    "\"v@other.test\"", "" },
	{ "REL-02 escaped @", "<v\\@other.test@example.org>", BOTH, ADDR_SYNTAX,
	    NULL, NULL },
	{ "REL-02 percent refused", "<v%other.test@example.org>", BOTH | CHARS,
	    ADDR_CHARS, NULL, NULL },
	{ "REL-02 bang refused", "<other.test!v@example.org>", BOTH | CHARS,
	    ADDR_CHARS, NULL, NULL },
	{ "REL-02 quoted @ refused", "<\"v@other.test\"@example.org>",
	    BOTH | CHARS, ADDR_CHARS, NULL, NULL },
	{ "REL-02 two @, refused", "<v@other.test@example.org>", BOTH | CHARS,
	    ADDR_SYNTAX, NULL, NULL },
	{ "REL-03 strip", "<@example.org:v@other.test>", BOTH, ADDR_OK,
	    "v@other.test", "" },
	{ "REL-03 strip two", "<@a,@example.org:v@other.test>", BOTH, ADDR_OK,
	    "v@other.test", "" },
	{ "REL-03 literal in it", "<@[IPv6:::1]:v@other.test>", BOTH, ADDR_OK,
	    "v@other.test", "" },
	{ "REL-03 refused", "<@a,@example.org:v@other.test>", BOTH | NOROUTE,
	    ADDR_ROUTED, NULL, NULL },
	{ "REL-03 half a route", "<@a,:v@other.test>", BOTH, ADDR_SYNTAX, NULL,
	    NULL },
	{ "REL-03 only a route", "<@a:>", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "REL-04 two paths", "<a@example.org> <v@other.test>", BOTH,
	    ADDR_SYNTAX, NULL, NULL },
	{ "REL-04 nested", "<<v@other.test>>", LOOSE, ADDR_OK, "v@other.test",
	    "" },
	{ "REL-04 nested, strict", "<<v@other.test>>", STRICT, ADDR_SYNTAX,
	    NULL, NULL },
	{ "REL-04 text beside the inner", "<a@example.org<v@other.test>>",
	    LOOSE, ADDR_SYNTAX, NULL, NULL },
	{ "REL-04 missing >", "<<v@other.test>", LOOSE, ADDR_SYNTAX, NULL,
	    NULL },
	{ "REL-04 comment first", "(<a@example.org>) v@other.test", LOOSE,
	    ADDR_OK, "v@other.test", "" },
	{ "REL-04 junk", "<a@example.org>x", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "REL-04 phrase", "Joe <a@example.org>", BOTH, ADDR_SYNTAX, NULL,
	    NULL },
	{ "REL-05 literal", "<v@[127.0.0.1]>", BOTH, ADDR_OK, "v@[127.0.0.1]",
	    "" },
	{ "REL-05 IPv6", "<v@[IPv6:::1]>", BOTH, ADDR_OK, "v@[IPv6:::1]", "" },
	{ "REL-05 IPv6 tag in lower case", "<v@[ipv6:2001:DB8::0:1]>", BOTH,
	    ADDR_OK, "v@[IPv6:2001:db8::1]", "" },
	{ "REL-05 mapped", "<v@[IPv6:::ffff:127.0.0.1]>", BOTH, ADDR_OK,
	    "v@[127.0.0.1]", "" },
	{ "REL-05 hex", "<v@[0x7f.1]>", BOTH | LITERAL, ADDR_SYNTAX, NULL,
	    NULL },
	{ "REL-05 short", "<v@[127.1]>", BOTH | LITERAL, ADDR_SYNTAX, NULL,
	    NULL },
	{ "REL-05 IPv6 without tag", "<v@[::1]>", BOTH | LITERAL, ADDR_SYNTAX,
	    NULL, NULL },
	{ "REL-05 IPv4 behind the tag", "<v@[IPv6:127.0.0.1]>", BOTH | LITERAL,
	    ADDR_SYNTAX, NULL, NULL },
	{ "REL-05 bare", "<v@127.0.0.1>", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "REL-05 bare hex", "<v@0x7f.1>", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "REL-05 unknown", "<v@[X400:abc]>", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "REL-05 unknown, accepted", "<v@[X400:aBc]>", BOTH | LITERAL, ADDR_OK,
	    "v@[x400:abc]", "" },
	{ "REL-05 no end", "<v@[127.0.0.1>", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "REL-05 text after it", "<v@[127.0.0.1]x>", BOTH, ADDR_SYNTAX, NULL,
	    NULL },
	{ "REL-08 trailing dot", "<v@EXAMPLE.ORG.>", BOTH, ADDR_OK,
	    "v@example.org", "" },
	{ "REL-08 two trailing dots", "<v@example.org..>", BOTH, ADDR_SYNTAX,
	    NULL, NULL },
	{ "REL-08 only a dot", "<v@.>", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "REL-08 leading dot", "<v@.example.org>", BOTH, ADDR_SYNTAX, NULL,
	    NULL },
	{ "REL-08 empty label", "<v@example..org>", BOTH, ADDR_SYNTAX, NULL,
	    NULL },
	{ "REL-08 tab", "<v@example.org\t>", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "REL-08 percent", "<v@exampl%65.org>", BOTH, ADDR_SYNTAX, NULL,
	    NULL },
	{ "REL-08 hyphen first", "<v@-a.org>", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "REL-08 hyphen last", "<v@a-.org>", BOTH, ADDR_SYNTAX, NULL, NULL },
	{ "REL-08 full-width", "<v@\xef\xbd\x81.test>", BOTH | UTF8,
	    ADDR_SYNTAX, NULL, NULL },
	{ "REL-08 ideographic stop", "<v@a\xe3\x80\x82test>", BOTH | UTF8,
	    ADDR_SYNTAX, NULL, NULL },
	{ "REL-09 postmaster", "<postmaster>", BOTH | NONULL, ADDR_OK,
	    "postmaster", "" },
	{ "REL-09 null recipient", "<>", BOTH | NONULL, ADDR_SYNTAX, NULL,
	    NULL },
	{ "REL-09 lone @", "<@>", BOTH, ADDR_SYNTAX, NULL, NULL },

	{ "STM-07 8-bit user", "<j\xc3\xb6@b.test>", BOTH, ADDR_8BIT, NULL,
	    NULL },
	{ "STM-07 8-bit domain", "<j@b\xc3\xbc.test>", BOTH, ADDR_8BIT, NULL,
	    NULL },
	{ "STM-07 with the parameter",
	    "<j\xc3\xb6@B\xc3\xbc"
	    "cher.test>",
	    BOTH | UTF8, ADDR_OK, "j\xc3\xb6@xn--bcher-kva.test", "" },
	{ "STM-07 allowed by the listener",
	    "<j\xc3\xb6@b\xc3\xbc"
	    "cher.test>",
	    BOTH | EIGHT, ADDR_OK, "j\xc3\xb6@xn--bcher-kva.test", "" },
	{ "STM-07 not UTF-8", "<j\xf6@b.test>", BOTH | UTF8, ADDR_SYNTAX, NULL,
	    NULL },
	{ "STM-07 not UTF-8 in the domain", "<j@b\xfc.test>", BOTH | UTF8,
	    ADDR_SYNTAX, NULL, NULL },
	{ "STM-07 overlong", "<j\xc0\xaf@b.test>", BOTH | UTF8, ADDR_SYNTAX,
	    NULL, NULL },
	{ "STM-07 surrogate", "<j\xed\xa0\x80@b.test>", BOTH | UTF8,
	    ADDR_SYNTAX, NULL, NULL },
	{ "STM-07 wide @", "<j\xef\xbc\xa0other.test@b.test>", BOTH | UTF8,
	    ADDR_SYNTAX, NULL, NULL },
	{ "STM-07 bidi", "<j\xe2\x80\xae@b.test>", BOTH | UTF8, ADDR_SYNTAX,
	    NULL, NULL },
	{ "STM-07 bidi in the domain", "<j@b\xe2\x80\xae.test>", BOTH | UTF8,
	    ADDR_SYNTAX, NULL, NULL },
};

static void
test_rel_stm_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		for (unsigned m = STRICT; m <= LOOSE; m++) {
			if (cases[i].mode & m)
				expect(cases[i].why, str_of(cases[i].in),
				    cases[i].mode, m == STRICT,
				    cases[i].problem, cases[i].text,
				    cases[i].rest);
		}
	}
}

/* Everywhere, in quotes too, in both modes. */
static void
test_rel_06_bytes_that_are_never_part_of_an_address(void **state)
{
	static const char *const places[] = { "<?a@b.test>", "<a?b@c.test>",
		"<a@b?c.test>", "<a@b.test?>", "<\"a?b\"@c.test>",
		"<\"a\\?b\"@c.test>", "<a@[127.0.?0.1]>", "<a@[x:a?b]>",
		"<@a?b:c@d.test>", "<@[a?b]:c@d.test>" };

	(void)state;
	for (int c = 0; c < 0x80; c++) {
		if (c > ' ' && c != '<' && c != '>' && c != 0x7f)
			continue;
		for (size_t i = 0; i < NELEM(places); i++) {
			char text[40], why[60];
			struct str in = { text, strlen(places[i]) };

			/* these two are brackets there, and right */
			if ((c == '<' && i == 0) || (c == '>' && i == 3))
				continue;
			memcpy(text, places[i], in.n);
			*(char *)memchr(text, '?', in.n) = (char)c;
			snprintf(why, sizeof(why), "%s with %#x", places[i], c);
			expect(why, in, LITERAL, true, ADDR_SYNTAX, NULL, NULL);
			expect(
			    why, in, LITERAL, false, ADDR_SYNTAX, NULL, NULL);
		}
	}
}

static void
test_rel_07_lengths(void **state)
{
	static const struct {
		const char *why;
		size_t local, label, labels; /* label: length of each */
		enum addr_problem problem;
	} table[] = {
		{ "local 64, domain 255", 64, 63, 4, ADDR_OK },
		{ "local 256", 256, 4, 1, ADDR_OK },
		{ "local 257", 257, 4, 1, ADDR_TOO_LONG },
		{ "local 64000", 64000, 4, 1, ADDR_TOO_LONG },
		{ "label 64", 1, 64, 1, ADDR_SYNTAX },
		{ "domain over 256", 1, 63, 5, ADDR_TOO_LONG },
		{ "127 labels", 1, 1, 127, ADDR_OK },
		{ "128 labels", 1, 1, 128, ADDR_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct arena a;
		struct str local, domain = STR("");

		arena_init(&a, 1 << 20);
		local = repeat(&a, "l", table[i].local);
		for (size_t k = 0; k < table[i].labels; k++)
			domain = str_of(arena_printf(&a, "%.*s%s%.*s",
			    STR_ARG(domain), k > 0 ? "." : "",
			    STR_ARG(repeat(&a, "d", table[i].label))));
		domain = str_of(arena_printf(
		    &a, "<%.*s@%.*s>", STR_ARG(local), STR_ARG(domain)));
		expect(table[i].why, domain, 0, true, table[i].problem, NULL,
		    NULL);
		expect(table[i].why, domain, 0, false, table[i].problem, NULL,
		    NULL);
		arena_free(&a);
	}
}

static void
test_rel_04_depth_of_comments(void **state)
{
	static const struct {
		size_t depth;
		enum addr_problem problem;
	} table[] = { { 16, ADDR_OK }, { 17, ADDR_SYNTAX },
		{ 1000, ADDR_SYNTAX } };

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct str open = repeat(&mem, "(", table[i].depth);
		struct str close = repeat(&mem, ")", table[i].depth);
		char *text = arena_printf(
		    &mem, "%.*sx%.*s a@b.test", STR_ARG(open), STR_ARG(close));

		expect("nested comments", str_of(text), 0, false,
		    table[i].problem, NULL, NULL);
	}
}

static void
test_plain_addresses(void **state)
{
	static const struct {
		const char *in, *text; /* NULL: refused */
	} table[] = { { "joe@Example.com", "joe@example.com" },
		{ " joe@example.com ", "joe@example.com" },
		{ "<joe@example.com>", "joe@example.com" }, { "<>", "" },
		{ "root@localhost", "root@localhost" }, { "joe", NULL },
		{ "joe@", NULL }, { "Joe <joe@example.com>", NULL },
		{ "joe@example.com SIZE=1", NULL },
		{ "@a:joe@example.com", NULL } };

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct addr a;
		struct err err = ERR_INIT;
		enum addr_problem p =
		    addr_parse(&a, str_of(table[i].in), &mem, &err);

		if ((p == ADDR_OK) != (table[i].text != NULL) ||
		    (p == ADDR_OK && !str_is(a.text, table[i].text)) ||
		    (p != ADDR_OK && err.text[0] == '\0'))
			fail_msg("%s", table[i].in);
	}
}

static void
test_parts(void **state)
{
	static const struct {
		const char *addr, *local, *domain;
	} table[] = { { "a@b.test", "a", "b.test" }, { "", "", "" },
		{ "a", "a", "" }, { "a@", "a", "" },
		{ "\"x@y\"@b.test", "\"x@y\"", "b.test" },
		{ "\"x@y\"", "\"x@y\"", "" },
		{ "\"x\\\"@y\"@b.test", "\"x\\\"@y\"", "b.test" },
		{ "\"x@y", "\"x@y", "" } };

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct str a = str_of(table[i].addr);

		if (!str_is(addr_local(a), table[i].local) ||
		    !str_is(addr_domain(a), table[i].domain))
			fail_msg("%s", table[i].addr);
	}
}

static void
test_hdr_02_clean(void **state)
{
	static const struct {
		struct str addr;
		bool clean;
	} table[] = { { STR(""), true }, { STR("a@b.test"), true },
		{ STR("postmaster"), true }, { STR("\"a@b\"@c.test"), true },
		{ STR("j\xc3\xb6@b.test"), true },
		{ STR("a@b.test>\r\nRCPT TO:<c@d.test"), false },
		{ STR("a b@c.test"), false }, { STR("a\0@c.test"), false },
		{ STR("a@b@c"), false }, { STR("\"a@b.test"), false },
		{ STR("\"a\"b@c.test"), false }, { STR("a\"@c.test"), false },
		{ STR("a\\@c.test"), false }, { STR("a\x7f@c.test"), false },
		{ STR("j\xf6@b.test"), false },
		{ STR("a\xef\xbc\xa0@c.test"), false } };
	struct str longest = repeat(&mem, "a", ADDR_MAX + 1);

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		if (addr_is_clean(table[i].addr) != table[i].clean)
			fail_msg("%.*s", STR_ARG(table[i].addr));
	}
	assert_false(addr_is_clean(longest));
	assert_true(addr_is_clean(str_sub(longest, 0, ADDR_MAX)));
}

/* Parses; what comes out must parse to itself, and be clean (REL-04). */
static void
expect(const char *why, struct str in, unsigned mode, bool strict,
    enum addr_problem problem, const char *text, const char *rest)
{
	struct addr_rules rules = rules_of(mode, strict);
	struct addr a, b;
	struct str left;
	struct err err = ERR_INIT;
	enum addr_problem got = addr_parse_path(
	    &a, in, &rules, !(mode & NONULL), &left, &mem, &err);

	if (got != problem)
		fail_msg("%s (strict %d): %d instead of %d: %s", why, strict,
		    got, problem, err.text);
	if (got != ADDR_OK) {
		assert_string_not_equal(err.text, "");
		return;
	}
	if (text != NULL && !str_is(a.text, text))
		fail_msg("%s: <%.*s>", why, STR_ARG(a.text));
	if (rest != NULL && !str_is(left, rest))
		fail_msg("%s: rest %.*s", why, STR_ARG(left));
	if (!addr_is_clean(a.text) || !str_eq(addr_local(a.text), a.local) ||
	    !str_eq(addr_domain(a.text), a.domain))
		fail_msg("%s: parts of <%.*s>", why, STR_ARG(a.text));
	in = str_of(arena_printf(&mem, "<%.*s>", STR_ARG(a.text)));
	rules.strict = true;
	if (addr_parse_path(&b, in, &rules, true, &left, &mem, &err) !=
		ADDR_OK ||
	    !str_eq(a.text, b.text))
		fail_msg("%s: no fixed point: %.*s", why, STR_ARG(in));
}

static struct addr_rules
rules_of(unsigned mode, bool strict)
{
	return (struct addr_rules){ .strict = strict,
		.allow_partial = !(mode & FULL),
		.allow_8bit_user = (mode & EIGHT) != 0,
		.allow_8bit_domain = (mode & EIGHT) != 0,
		.smtputf8 = (mode & UTF8) != 0,
		.source_route_reject = (mode & NOROUTE) != 0,
		.literal_accept = (mode & LITERAL) != 0,
		.reject_chars = str_of(mode & CHARS ? "@%!" : NULL) };
}

static struct str
repeat(struct arena *a, const char *unit, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memset(p, unit[0], n);
	return (struct str){ p, n };
}

static int
setup(void **state)
{
	(void)state;
	arena_init(&mem, 8 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&mem);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rel_stm_cases),
		cmocka_unit_test(
		    test_rel_06_bytes_that_are_never_part_of_an_address),
		cmocka_unit_test(test_rel_07_lengths),
		cmocka_unit_test(test_rel_04_depth_of_comments),
		cmocka_unit_test(test_plain_addresses),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_hdr_02_clean),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

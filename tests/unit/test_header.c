/* test_header.c - addresses in header fields: found, replaced, left alone */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "mail/header.h"

/* What is found, joined by blanks; NULL: no list of addresses. */
static const struct {
	const char *why, *in, *want;
} found[] = {
	{ "nothing", "", "" },
	{ "blanks", " \t\r\n", "" },
	{ "one", " joe@example.com\r\n", "joe@example.com" },
	{ "in brackets", " <joe@example.com>", "joe@example.com" },
	{ "with a name", " Joe Blogs <joe@example.com>", "joe@example.com" },
	{ "case of the domain", " Joe@Example.COM", "Joe@example.com" },
	{ "several", " a@x.test, B <b@x.test> ,<c@x.test>",
	    "a@x.test b@x.test c@x.test" },
	{ "empty items", ",, a@x.test,,b@x.test,", "a@x.test b@x.test" },
	{ "folded", " a@x.test,\r\n\tB\r\n <b@x.test>\r\n",
	    "a@x.test b@x.test" },
	{ "folded inside", " a\r\n @\r\n x.test", "a@x.test" },
	{ "comments", "(one) a (two) @ (three (four)) x.test (five, <no@x>)",
	    "a@x.test" },
	{ "escapes in a comment", "a@x.test (\\) b@x.test)", "a@x.test" },
	{ "comment in brackets", "<(c)a(d)@x.test(e)>", "a@x.test" },
	{ "quoted name", " \"Blogs, Joe <x@y.test>\" <a@x.test>", "a@x.test" },
	{ "escapes in quotes", "\"a \\\" b, c\" <a@x.test>", "a@x.test" },
	{ "quoted local part", "\"joe\"@x.test", "joe@x.test" },
	{ "quoted local part that must be", "\"a@b\"@x.test",
	    "\"a@b\"@x.test" },
	{ "blank in a local part: no canonical form",
	    "\"a b\"@x.test, c@x.test", "c@x.test" },
	{ "dots in a name", "J. R. Blogs <a@x.test>", "a@x.test" },
	{ "brackets in a name", "Joe [Acme] <a@x.test>", "a@x.test" },
	{ "a name that is an address", "a@x.test <b@y.test>", "b@y.test" },
	{ "encoded word", "=?utf-8?Q?J=C3=B6rg?= <a@x.test>", "a@x.test" },
	{ "encoded words, folded",
	    "=?iso-2022-jp?B?GyRCO3Y=?=\r\n =?us-ascii?Q?x?= <a@x.test>",
	    "a@x.test" },
	{ "specials in an encoded word", "=?x?Q?a,b<c@d.test>_(e?= <a@x.test>",
	    "a@x.test" },
	{ "an encoded word is no address", "=?x?Q?joe?=, a@x.test",
	    "a@x.test" },
	{ "nor a local part", "=?x?Q?joe?=@x.test, a@x.test", "a@x.test" },
	{ "not quite an encoded word", "=?x?Q?joe@x.test", "=?x?Q?joe@x.test" },
	{ "eight bits in a name", "J\xc3\xb6rg <a@x.test>", "a@x.test" },
	{ "SMTPUTF8 local part", "j\xc3\xb6@x.test", "j\xc3\xb6@x.test" },
	{ "SMTPUTF8 domain", "a@b\xc3\xbc.test", "a@xn--b-eha.test" },
	{ "literal", "a@[192.0.2.1], b@[IPv6:2001:DB8:0::1]",
	    "a@[192.0.2.1] b@[IPv6:2001:db8::1]" },
	{ "group", "Us: a@x.test, B <b@x.test>;, c@x.test",
	    "a@x.test b@x.test c@x.test" },
	{ "empty group", "undisclosed-recipients:;", "" },
	{ "group with comments", "Us (all) : (none) ; (really)", "" },
	{ "two groups", "A:a@x.test;,B:b@x.test;", "a@x.test b@x.test" },
	{ "route", "<@one.test,@two.test:a@x.test>", "a@x.test" },
	{ "null", "<>, a@x.test", "a@x.test" },
	{ "bare", "joe, Anna <anna>", "joe anna" },
	{ "no dot in the domain", "joe@host", "joe@host" },
	{ "bad domain: passed over", "a@-x-, b@x.test, c@x..y", "b@x.test" },
	{ "dot at the end of the domain", "a@x.test.", "a@x.test" },

	{ "two words", "Joe Blogs", NULL },
	{ "two words and a domain", "Joe Blogs@x.test", NULL },
	{ "blanks around the dots", "j . blogs@x.test", NULL },
	{ "bracket without end", "Joe <a@x.test", NULL },
	{ "bracket without beginning", "a@x.test>", NULL },
	{ "two brackets", "<a@x.test> <b@x.test>", NULL },
	{ "text behind the bracket", "<a@x.test> Joe", NULL },
	{ "nothing before the @", "@x.test", NULL },
	{ "nothing behind the @", "a@, b@x.test", NULL },
	{ "two ats", "a@b@x.test", NULL },
	{ "comment without end", "a@x.test (no end", NULL },
	{ "comment without beginning", "a@x.test )", NULL },
	{ "comments too deep", "(((((((((((((((((x))))))))))))))))) a@x.test",
	    NULL },
	{ "quote without end", "\"Joe <a@x.test>", NULL },
	{ "group without end", "Us: a@x.test", NULL },
	{ "group in a group", "Us: Them: a@x.test;;", NULL },
	{ "group without a name", ": a@x.test;", NULL },
	{ "text behind a group", "Us:; a@x.test", NULL },
	{ "semicolons between", "a@x.test; b@x.test", NULL },
	{ "control", "a@x.test\x01", NULL },
	{ "control in quotes", "\"\x1b[1m\" <a@x.test>", NULL },
	{ "route without end", "<@one.test a@x.test>", NULL },
	{ "literal without end", "a@[192.0.2.1", NULL },
};

static void
test_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(found); i++) {
		struct header_addr *v;
		struct arena mem;
		struct buf got;
		size_t n;
		bool ok;

		arena_init(&mem, 1 << 20);
		buf_init(&got, 1 << 16);
		ok = header_addrs(str_of(found[i].in), &v, &n, &mem);
		for (size_t k = 0; ok && k < n; k++) {
			buf_puts(&got, k > 0 ? " " : "");
			buf_add_str(&got, v[k].addr);
		}
		if (ok != (found[i].want != NULL) ||
		    (ok && !str_is(buf_str(&got), found[i].want)))
			fail_msg("%s: %s", found[i].why,
			    ok ? got.data : "no list of addresses");
		buf_fini(&got);
		arena_free(&mem);
	}
}

/* joe@old.test becomes to; everything else stays. */
static const struct {
	const char *why, *in, *to, *want;
} replaced[] = {
	{ "whole", "joe@old.test", "ann@new.test", "ann@new.test" },
	{ "domain only", "\"joe\"@old.test", "joe@new.test",
	    "\"joe\"@new.test" },
	{ "local part only", "joe@OLD.test.", "ann@old.test", "ann@OLD.test." },
	{ "neither", "\"joe\"@Old.Test", "joe@old.test", "\"joe\"@Old.Test" },
	{ "what stands between stays",
	    " \"J, B\" (x) <(a) joe (b)\r\n @ (c) old.test (d)> (e)\r\n",
	    "ann@new.test",
	    " \"J, B\" (x) <(a) ann (b)\r\n @ (c) new.test (d)> (e)\r\n" },
	{ "only it", "a@x.test, joe@old.test,\tb@x.test", "j@new.test",
	    "a@x.test, j@new.test,\tb@x.test" },
	{ "twice", "joe@old.test,joe@old.test", "j@n.test",
	    "j@n.test,j@n.test" },
	{ "in a group", "G:joe@old.test;", "j@n.test", "G:j@n.test;" },
	{ "must be quoted", "joe@old.test", "\"a@b\"@n.test",
	    "\"a@b\"@n.test" },
};

static void
test_replaced(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(replaced); i++) {
		struct str in = str_of(replaced[i].in);
		const char *done = in.p;
		struct header_addr *v;
		struct arena mem;
		struct buf out;
		size_t n;

		arena_init(&mem, 1 << 20);
		buf_init(&out, 1 << 16);
		assert_true(header_addrs(in, &v, &n, &mem));
		for (size_t k = 0; k < n; k++)
			if (str_is(v[k].addr, "joe@old.test"))
				header_replace(
				    &v[k], str_of(replaced[i].to), &done, &out);
		buf_add(&out, done, (size_t)(in.p + in.n - done));
		if (!str_is(buf_str(&out), replaced[i].want))
			fail_msg("%s: %s", replaced[i].why, out.data);
		buf_fini(&out);
		arena_free(&mem);
	}
}

static void
test_bare_is_replaced(void **state)
{
	struct str in = STR("Joe (me) <joe>");
	const char *done = in.p;
	struct header_addr *v;
	struct arena mem;
	struct buf out;
	size_t n;

	(void)state;
	arena_init(&mem, 1 << 20);
	buf_init(&out, 1 << 16);
	assert_true(header_addrs(in, &v, &n, &mem));
	assert_int_equal(n, 1);
	header_replace(&v[0], STR("joe@x.test"), &done, &out);
	buf_add(&out, done, (size_t)(in.p + in.n - done));
	assert_string_equal(out.data, "Joe (me) <joe@x.test>");
	buf_fini(&out);
	arena_free(&mem);
}

/* Names and values, as "name|value|", until no field follows. */
static const struct {
	const char *why, *in, *want, *rest;
} fields[] = {
	{ "nothing", "", "", "" },
	{ "one", "From: a\r\n\r\nbody\r\n", "From| a\r\n|", "\r\nbody\r\n" },
	{ "folded", "To: a,\r\n\tb,\r\n c\r\nCc:d\r\n",
	    "To| a,\r\n\tb,\r\n c\r\n|Cc|d\r\n|", "" },
	{ "blank before the colon", "To \t: a\r\n", "To| a\r\n|", "" },
	{ "no field", "A: 1\r\nnot a field\r\nB: 2\r\n", "A| 1\r\n|",
	    "not a field\r\nB: 2\r\n" },
	{ "no name", ": a\r\n", "", ": a\r\n" },
	{ "continuation of nothing", " a\r\n", "", " a\r\n" },
	{ "no line end", "A: 1", "A| 1|", "" },
	{ "colons in the value", "A: b: c\r\n", "A| b: c\r\n|", "" },
	{ "stuffed dot", "..A: 1\r\n", "..A| 1\r\n|", "" },
	{ "8-bit name", "\xc3\xb6: a\r\n", "", "\xc3\xb6: a\r\n" },
};

static void
test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(fields); i++) {
		struct str rest = str_of(fields[i].in);
		struct header_field f;
		struct buf got;

		buf_init(&got, 1 << 16);
		buf_puts(&got, "");
		while (header_next(&rest, &f))
			buf_printf(&got, "%.*s|%.*s|", STR_ARG(f.name),
			    STR_ARG(f.value));
		if (!str_is(buf_str(&got), fields[i].want) ||
		    !str_is(rest, fields[i].rest))
			fail_msg("%s: %s, then %.*s", fields[i].why, got.data,
			    STR_ARG(rest));
		buf_fini(&got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_bare_is_replaced),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

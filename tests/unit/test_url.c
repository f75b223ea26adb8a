/* test_url.c - links in text (mail/url.h) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mail/url.h"

/* Links with blanks between, each "link|host". */
static void
list(struct str text, struct arena *mem, struct buf *out)
{
	struct url u;
	size_t at = 0;

	buf_puts(out, "");
	while (url_next(text, &at, &u)) {
		buf_puts(out, out->len > 0 ? " " : "");
		buf_add_str(out, u.all);
		buf_putc(out, '|');
		buf_add_str(out, url_host(&u, mem));
	}
}

static void
test_found(void **state)
{
	static const struct {
		const char *text, *links;
	} rows[] = {
		{ "", "" },
		{ "no link: here, ww.example.com nor http:", "" },
		{ "see http://example.com/a?b=c.",
		    "http://example.com/a?b=c|example.com" },
		{ "(http://example.com/a_(b))",
		    "http://example.com/a_(b)|example.com" },
		{ "(http://example.com/a)",
		    "http://example.com/a|example.com" },
		{ "<https://A.Example.COM:8443/>",
		    "https://A.Example.COM:8443/|a.example.com" },
		{ "http://user:pw@example.com@evil.test/x",
		    "http://user:pw@example.com@evil.test/x|evil.test" },
		{ "HTTP:\\\\evil.test\\x", "HTTP:\\\\evil.test\\x|evil.test" },
		{ "http:/evil.test", "http:/evil.test|evil.test" },
		{ "http://ev%69l.test/", "http://ev%69l.test/|evil.test" },
		{ "http://evil.test./", "http://evil.test./|evil.test" },
		{ "http://b\xc3\xbc"
		  "cher.test/",
		    "http://b\xc3\xbc"
		    "cher.test/|xn--bcher-kva.test" },
		{ "http://[2001:db8::1]:80/x",
		    "http://[2001:db8::1]:80/x|[2001:db8::1]" },
		{ "go to www.example.com, or www.example.org!",
		    "www.example.com|www.example.com "
		    "www.example.org|www.example.org" },
		{ "xhttp://a.test ahttps://b.test", "" },
		{ "\"http://a.test/'b'\"", "http://a.test/|a.test" },
		{ "http:// http://@/ http://?x", "" },
		{ "ftp://files.test/x http://a.test",
		    "ftp://files.test/x|files.test http://a.test|a.test" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct arena mem;
		struct buf out;

		arena_init(&mem, 1 << 20);
		buf_init(&out, 10000);
		list(str_of(rows[i].text), &mem, &out);
		if (!str_is(buf_str(&out), rows[i].links))
			fail_msg("%s: %s", rows[i].text, out.data);
		buf_fini(&out);
		arena_free(&mem);
	}
}

static void
test_domains(void **state)
{
	static const struct {
		const char *host, *domain;
		bool in;
	} rows[] = {
		{ "evil.test", "evil.test", true },
		{ "www.evil.test", "evil.test", true },
		{ "devil.test", "evil.test", false },
		{ "evil.test", ".evil.test", false },
		{ "a.evil.test", ".evil.test", true },
		{ "test", "evil.test", false },
		{ "EVIL.test", "evil.test", true },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		if (url_host_in(str_of(rows[i].host), str_of(rows[i].domain)) !=
		    rows[i].in)
			fail_msg("%s in %s", rows[i].host, rows[i].domain);
}

/* A link that hides in entities is found, and where it stands. */
static void
test_html(void **state)
{
	struct str html =
	    STR("<a href=\"&#104;ttp://ev&#x69;l.test/?a=1&amp;b\">"
		"caf&eacute;</a>");
	const size_t *from;
	struct arena mem;
	struct url u;
	struct str text;
	size_t at = 0;

	(void)state;
	arena_init(&mem, 1 << 20);
	text = url_html(html, &from, &mem);
	assert_true(url_next(text, &at, &u));
	assert_true(str_is(u.all, "http://evil.test/?a=1&b"));
	assert_int_equal(from[u.all.p - text.p], 9);
	assert_int_equal(html.p[from[u.all.p - text.p + u.all.n]], '"');
	assert_int_equal(from[text.n], html.n);
	assert_true(str_search(text, STR("caf\xc3\xa9</a>")) < text.n);
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_html),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_web_http.c - requests of HTTP: taken, refused, the same in pieces */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "admin/web/http.h"
#include "base/mem.h"

#define GET  "GET / HTTP/1.1\r\nHost: x\r\n"
#define POST "POST / HTTP/1.1\r\nHost: x\r\n"

/* status 200: whole; 0: more is wanted */
static const struct {
	const char *in;
	unsigned status;
} cases[] = {
	{ "", 0 },
	{ "GET / HTTP/1.1\r\nHost: x\r\n", 0 },
	{ GET "\r\n", 200 },
	{ "HEAD /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", 200 },
	{ "GET / HTTP/1.0\r\n\r\n", 200 },
	{ "GET / HTTP/1.1\r\n\r\n", 400 },
	{ "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505 },
	{ "GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400 },
	{ "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
	{ "GET /\r\nHost: x\r\n\r\n", 400 },
	{ "get / HTTP/1.1\r\nHost: x\r\n\r\n", 501 },
	{ "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
	{ "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
	{ "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", 501 },
	{ "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
	{ "GET /#a HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
	{ "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
	{ "GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
	{ GET "Host: y\r\n\r\n", 400 },
	{ GET "Cookie: a\r\nCookie: b\r\n\r\n", 400 },
	{ GET "Origin: a\r\norigin: b\r\n\r\n", 400 },
	{ GET " folded: a\r\n\r\n", 400 },
	{ GET "A: b\r\n c\r\n\r\n", 400 },
	{ GET "A : b\r\n\r\n", 400 },
	{ GET ": b\r\n\r\n", 400 },
	{ GET "A\r\n\r\n", 400 },
	{ GET "A:\r\n\r\n", 200 }, /* a field without a value */
	{ GET "Content-Length\r\n\r\n", 400 },
	{ GET "A: b\nHost: y\r\n\r\n", 400 },
	{ GET "A: b\rc\r\n\r\n", 400 },
	{ GET "A: \x1b[2J\r\n\r\n", 400 },
	{ GET "A: \xff\t\xc3\r\n\r\n", 200 },
	{ GET "Transfer-Encoding: chunked\r\n\r\n", 501 },
	{ GET "Upgrade: h2c\r\n\r\n", 501 },
	{ GET "Content-Length: 0\r\n\r\n", 200 },
	{ GET "Content-Length: 1\r\n\r\nx", 400 },
	{ POST "\r\n", 400 },
	{ POST "Content-Length: 3\r\n\r\na=", 0 },
	{ POST "Content-Length: 3\r\n\r\na=b", 200 },
	{ POST "Content-Length: +3\r\n\r\na=b", 400 },
	{ POST "Content-Length: 0x3\r\n\r\na=b", 400 },
	{ POST "Content-Length: 3, 3\r\n\r\na=b", 400 },
	{ POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\na=b", 400 },
	{ POST "Content-Length: 65537\r\n\r\n", 413 },
	{ POST "Content-Length: 9223372036854775807\r\n\r\n", 413 },
	{ POST "Content-Length: 99999999999999999999\r\n\r\n", 400 },
	{ POST "Content-Length: 3\r\nTransfer-Encoding: x\r\n\r\na=b", 501 },
	{ "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
	{ "\r\n\r\n", 400 },
	{ "\x16\x03\x01\r\n\r\n", 400 },
};

static unsigned
outcome(struct str in)
{
	struct http_request r;

	switch (http_parse(in, &r)) {
	case HTTP_WHOLE:
		assert_true(r.size <= in.n);
		return 200;
	case HTTP_BAD:
		return r.status;
	default:
		return 0;
	}
}

static void
test_adm_09_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct str in = str_of(cases[i].in);
		unsigned got = outcome(in), first = 0;

		if (got != cases[i].status)
			fail_msg("%s: %u", cases[i].in, got);
		for (size_t n = 0; n <= in.n && first == 0; n++)
			first = outcome(str_sub(in, 0, n));
		if (first != got)
			fail_msg("%s: in pieces %u", cases[i].in, first);
	}
}

static void
test_what_a_request_says(void **state)
{
	struct str in = STR("POST /a/b?c=d&e HTTP/1.1\r\n"
			    "hOST:  gw.test:8443 \r\n"
			    "Cookie: a=b\r\nAuthorization: Basic x\r\n"
			    "Connection: keep-alive, Close\r\n"
			    "Content-Type: text/plain\r\n"
			    "Sec-Fetch-Site: none\r\nOrigin: null\r\n"
			    "Content-Length: 4\r\n\r\nbodyGET / HTTP");
	struct http_request r;

	(void)state;
	assert_int_equal(http_parse(in, &r), HTTP_WHOLE);
	assert_int_equal(r.method, HTTP_POST);
	assert_true(str_is(r.path, "/a/b"));
	assert_true(str_is(r.query, "c=d&e"));
	assert_true(str_is(r.host, "gw.test:8443"));
	assert_true(str_is(r.cookie, "a=b"));
	assert_true(str_is(r.authorization, "Basic x"));
	assert_true(str_is(r.type, "text/plain"));
	assert_true(str_is(r.fetch_site, "none"));
	assert_true(str_is(r.origin, "null"));
	assert_true(str_is(r.body, "body"));
	assert_true(r.close);
	assert_int_equal(r.size, in.n - strlen("GET / HTTP"));
}

static void
test_adm_09_a_head_has_an_end(void **state)
{
	static char text[HTTP_HEAD_MAX + 1];
	size_t n = (size_t)snprintf(text, sizeof(text), GET "A: ");

	(void)state;
	memset(text + n, 'x', sizeof(text) - n);
	assert_int_equal(outcome((struct str){ text, HTTP_HEAD_MAX - 1 }), 0);
	assert_int_equal(outcome((struct str){ text, HTTP_HEAD_MAX }), 431);
	memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(outcome((struct str){ text, HTTP_HEAD_MAX }), 200);
}

static void
test_adm_09_fields_are_counted(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, HTTP_HEAD_MAX);
	buf_puts(&b, GET);
	for (int i = 1; i < HTTP_FIELDS_MAX; i++)
		buf_puts(&b, "a:b\r\n");
	buf_puts(&b, "\r\n");
	assert_int_equal(outcome(buf_str(&b)), 200);
	b.len -= 2;
	buf_puts(&b, "a:b\r\n\r\n");
	assert_int_equal(outcome(buf_str(&b)), 431);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adm_09_requests),
		cmocka_unit_test(test_what_a_request_says),
		cmocka_unit_test(test_adm_09_a_head_has_an_end),
		cmocka_unit_test(test_adm_09_fields_are_counted),
	};

	return cmocka_run_group_tests_name("web_http", tests, NULL, NULL);
}

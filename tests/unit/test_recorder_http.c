/* test_recorder_http.c - what a request for metrics gets */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "master/recorder_http.h"

static void
test_requests(void **state)
{
	static const struct {
		const char *request;
		unsigned status;
	} v[] = {
		{ "", 0 },
		{ "GET /metrics HTTP/1.1\r\n", 0 },
		{ "GET /metrics HTTP/1.1\r\n\r\n", 200 },
		{ "GET /metrics HTTP/1.0\r\nHost: x\r\nAccept: */*\r\n\r\n",
		    200 },
		{ "GET /metrics?x=y HTTP/1.1\r\n\r\n", 200 },
		{ "GET / HTTP/1.1\r\n\r\n", 404 },
		{ "GET /metrics/../etc HTTP/1.1\r\n\r\n", 404 },
		{ "GET //metrics HTTP/1.1\r\n\r\n", 404 },
		{ "POST /metrics HTTP/1.1\r\n\r\n", 405 },
		{ "get /metrics HTTP/1.1\r\n\r\n", 405 },
		{ "GET /metrics HTTP/2.0\r\n\r\n", 400 },
		{ "GET /metrics\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.1\n\n", 0 },
		{ "\r\n\r\n", 400 },
		{ "EHLO x\r\nMAIL FROM:<>\r\n\r\n", 400 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(v); i++)
		if (recorder_http_status(str_of(v[i].request)) != v[i].status)
			fail_msg("%s: %u is not %u", v[i].request,
			    recorder_http_status(str_of(v[i].request)),
			    v[i].status);
}

static void
test_a_request_without_end_is_bad(void **state)
{
	char text[4096];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(
	    recorder_http_status((struct str){ text, sizeof(text) - 1 }), 0);
	assert_int_equal(
	    recorder_http_status((struct str){ text, sizeof(text) }), 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_a_request_without_end_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

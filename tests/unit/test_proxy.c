/* test_proxy.c - PROXY headers: every one whole, and byte by byte */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/mem.h"
#include "smtpd/proxy.h"

#define TEXT(lit)                                                              \
	{                                                                      \
		lit, sizeof(lit) - 1                                           \
	}
#define SIGN "\r\n\r\n\0\r\nQUIT\n"
#define V4   "\xc6\x33\x64\x07\xc0\x00\x02\x0a\x01\x02\x00\x19"
#define V6                                                                     \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                           \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x01\x02\x00\x19"
#define BLANKS10 "          "
#define BLANKS50 BLANKS10 BLANKS10 BLANKS10 BLANKS10 BLANKS10

/* client "": not taken; "local": the socket's addresses hold */
static const struct {
	const char *why;
	struct str in;
	const char *client, *server;
} cases[] = {
	{ "v1", TEXT("PROXY TCP4 198.51.100.7 192.0.2.10 258 25\r\n"),
	    "198.51.100.7:258", "192.0.2.10:25" },
	{ "v1, IPv6", TEXT("PROXY TCP6 2001:db8::1 2001:db8::2 258 25\r\n"),
	    "[2001:db8::1]:258", "[2001:db8::2]:25" },
	{ "v1, REL-10", TEXT("PROXY TCP6 ::ffff:198.51.100.7 ::1 258 25\r\n"),
	    "198.51.100.7:258", "[::1]:25" },
	{ "v1, unknown", TEXT("PROXY UNKNOWN\r\n"), "local", "" },
	{ "v1, unknown and more", TEXT("PROXY UNKNOWN a b c\r\n"), "local",
	    "" },
	{ "v1, the longest",
	    TEXT("PROXY UNKNOWN " BLANKS50 BLANKS10 BLANKS10 BLANKS10 BLANKS10
		 " \r\n"),
	    "local", "" },
	{ "v1, longer",
	    TEXT("PROXY UNKNOWN " BLANKS50 BLANKS10 BLANKS10 BLANKS10 BLANKS10
		 "  \r\n"),
	    "", "" },
	{ "v1, families", TEXT("PROXY TCP4 2001:db8::1 ::1 1 2\r\n"), "", "" },
	{ "v1, families", TEXT("PROXY TCP6 198.51.100.7 ::1 1 2\r\n"), "", "" },
	{ "v1, no family", TEXT("PROXY 198.51.100.7 192.0.2.1 1 2\r\n"), "",
	    "" },
	{ "v1, in lower case", TEXT("proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
	    "", "" },
	{ "v1, two blanks", TEXT("PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"), "",
	    "" },
	{ "v1, blank at the end",
	    TEXT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 "
		 "\r\n"),
	    "", "" },
	{ "v1, a word too many",
	    TEXT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"), "", "" },
	{ "v1, a word too few", TEXT("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"),
	    "", "" },
	{ "v1, port", TEXT("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"), "",
	    "" },
	{ "v1, port", TEXT("PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"), "", "" },
	{ "v1, no address", TEXT("PROXY TCP6 :: ::1 1 2\r\n"), "", "" },
	{ "v1, lone LF", TEXT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"), "", "" },
	{ "v1, unknown, lone LF", TEXT("PROXY UNKNOWN a\nb\r\n"), "", "" },
	{ "v1, lone CR", TEXT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rx"), "",
	    "" },
	{ "v1, NUL", TEXT("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"), "", "" },
	{ "SMTP", TEXT("EHLO a.test\r\n"), "", "" },
	{ "nearly", TEXT("PROXYTCP4 192.0.2.1 192.0.2.2 1 2\r\n"), "", "" },

	{ "v2", TEXT(SIGN "\x21\x11\0\x0c" V4), "198.51.100.7:258",
	    "192.0.2.10:25" },
	{ "v2, IPv6", TEXT(SIGN "\x21\x21\0\x24" V6), "[2001:db8::1]:258",
	    "[2001:db8::2]:25" },
	{ "v2, local", TEXT(SIGN "\x20\x00\0\0"), "local", "" },
	{ "v2, local with addresses", TEXT(SIGN "\x20\x11\0\x0c" V4), "local",
	    "" },
	{ "v2, local with anything",
	    TEXT(SIGN "\x20\xff\0\x03"
		      "abc"),
	    "local", "" },
	{ "v2, not specified", TEXT(SIGN "\x21\x00\0\0"), "local", "" },
	{ "v2, values",
	    TEXT(SIGN "\x21\x11\0\x15" V4 "\x04\0\0\xe0\0\x03"
		      "abc"),
	    "198.51.100.7:258", "192.0.2.10:25" },
	{ "v2, a value too long",
	    TEXT(SIGN "\x21\x11\0\x12" V4 "\xe0\0\x04"
		      "abc"),
	    "", "" },
	{ "v2, half a value", TEXT(SIGN "\x21\x11\0\x0e" V4 "\xe0\0"), "", "" },
	{ "v2, addresses too short",
	    TEXT(SIGN "\x21\x11\0\x04"
		      "abcd"),
	    "", "" },
	{ "v2, datagrams", TEXT(SIGN "\x21\x12\0\x0c" V4), "", "" },
	{ "v2, unknown command", TEXT(SIGN "\x22\x11\0\x0c" V4), "", "" },
	{ "v2, version 3", TEXT(SIGN "\x31\x11\0\x0c" V4), "", "" },
	{ "v2, over the limit", TEXT(SIGN "\x21\x11\x02\x09"), "", "" },
	{ "v2, no address",
	    TEXT(SIGN "\x21\x21\0\x24"
		      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02"
		      "\x01\x02\x00\x19"),
	    "", "" },
	{ "v2, wrong checksum",
	    TEXT(SIGN "\x21\x11\0\x13" V4 "\x03\0\x04"
		      "\0\0\0\0"),
	    "", "" },
};

static void
check(const char *why, enum proxy_end end, const struct proxy_header *h,
    const char *client, const char *server)
{
	char text[IP_TEXT + 8];

	if (client[0] == '\0') {
		if (end != PROXY_BAD)
			fail_msg("%s: taken", why);
		return;
	}
	if (end != PROXY_DONE)
		fail_msg("%s: %s", why, end == PROXY_BAD ? "refused" : "half");
	if (strcmp(client, "local") == 0) {
		assert_true(h->local);
		return;
	}
	assert_false(h->local);
	if (strcmp(endpoint_text(&h->client, text), client) != 0)
		fail_msg("%s: client %s", why, text);
	if (strcmp(endpoint_text(&h->server, text), server) != 0)
		fail_msg("%s: server %s", why, text);
}

static void
test_idt_02_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct proxy_header h;
		enum proxy_end end = PROXY_MORE;
		size_t used, n;

		end = proxy_parse(cases[i].in, &h, &used);
		check(cases[i].why, end, &h, cases[i].client, cases[i].server);
		if (end == PROXY_DONE)
			assert_int_equal(used, cases[i].in.n);
		end = PROXY_MORE;
		for (n = 0; n <= cases[i].in.n && end == PROXY_MORE; n++)
			end =
			    proxy_parse(str_sub(cases[i].in, 0, n), &h, &used);
		check(cases[i].why, end, &h, cases[i].client, cases[i].server);
	}
}

/* What comes behind is not looked at. */
static void
test_idt_02_not_further(void **state)
{
	struct str in = STR("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nEHLO\r\n");
	struct proxy_header h;
	size_t used;

	(void)state;
	assert_int_equal(proxy_parse(in, &h, &used), PROXY_DONE);
	assert_int_equal(used, in.n - 6);
}

static void
test_idt_02_checksum(void **state)
{
	char in[] = SIGN "\x21\x11\0\x13" V4 "\x03\0\x04\0\0\0";
	struct str all = { in, sizeof(in) }; /* with the NUL: the last zero */
	struct proxy_header h;
	uint32_t crc = hash_crc32c(0, all.p, all.n);
	size_t used;

	(void)state;
	for (int i = 0; i < 4; i++)
		in[all.n - 4 + (size_t)i] = (char)(crc >> (24 - 8 * i));
	assert_int_equal(proxy_parse(all, &h, &used), PROXY_DONE);
	in[20] ^= 1;
	assert_int_equal(proxy_parse(all, &h, &used), PROXY_BAD);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idt_02_headers),
		cmocka_unit_test(test_idt_02_not_further),
		cmocka_unit_test(test_idt_02_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

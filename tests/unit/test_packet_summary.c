/*
 * test_packet_summary.c - captured packets as lines of text
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "packet/summary.h"

#define V4(protocol)                                                           \
	"\x45\0\0\x20\0\0\0\0\x40" protocol "\0\0\xc0\0\2\1\xc0\0\2\2"
#define V6(next)                                                               \
	"\x60\0\0\0\0\x0c" next "\x40"                                         \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"                             \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"
#define ETHER(type) "\0\0\0\0\0\0\0\0\0\0\0\0" type
#define PACKET(bytes)                                                          \
	{                                                                      \
		bytes, sizeof(bytes) - 1                                       \
	}

static const struct {
	enum link link;
	struct str packet;
	const char *want;
} cases[] = {
	{ LINK_RAW,
	    PACKET("\x45\0\0\x2a\0\0\0\0\x40\6\0\0\xc0\0\2\1\xc0\0\2\2"
		   "\x12\x67\0\x19\0\0\0\7\0\0\0\1\x50\x18\0\0\0\0\0\0hi"),
	    "IP 192.0.2.1.4711 > 192.0.2.2.25: Flags [P.], seq 7, ack 1, "
	    "length 2" },
	{ LINK_RAW, PACKET(V4("\x11") "\0\x35\x0f\xa0\0\x0c\0\0abcd"),
	    "IP 192.0.2.1.53 > 192.0.2.2.4000: UDP, length 4" },
	{ LINK_RAW, PACKET(V4("\x11") "\0\x35\x0f\xa0\0\3\0\0"),
	    "IP 192.0.2.1.53 > 192.0.2.2.4000: UDP, length 0" },
	{ LINK_RAW, PACKET(V4("\x11") "\0\x35"),
	    "IP 192.0.2.1 > 192.0.2.2: protocol 17, length 2" },
	{ LINK_NULL, PACKET("\2\0\0\0" V4("\1") "\x08\0\0\0"),
	    "IP 192.0.2.1 > 192.0.2.2: ICMP type 8 code 0, length 4" },
	{ LINK_ETHERNET,
	    PACKET(ETHER("\x86\xdd") V6("\x3a") "\x87\0\0\0abcdefgh"),
	    "IP6 2001:db8::1 > 2001:db8::2: ICMP6 type 135 code 0, "
	    "length 12" },
	{ LINK_ETHERNET,
	    PACKET(ETHER("\x81\0") "\0\7\x86\xdd" V6(
		"\x11") "\0\x35\x0f\xa0\0\x0c\0\0abcd"),
	    "IP6 2001:db8::1.53 > 2001:db8::2.4000: UDP, length 4" },
	{ LINK_RAW,
	    PACKET(
		"\x45\0\0\x18\0\0\x20\0\x40\x11\0\0\xc0\0\2\1\xc0\0\2\2abcd"),
	    "IP 192.0.2.1 > 192.0.2.2: fragment, length 24" },
	{ LINK_ETHERNET,
	    PACKET(
		ETHER("\x08\6") "\0\1\x08\0\6\4\0\1\x52\x54\0\1\2\3\xc0\0\2\1"
				"\0\0\0\0\0\0\xc0\0\2\2"),
	    "ARP, Request who-has 192.0.2.2 tell 192.0.2.1" },
	{ LINK_ETHERNET,
	    PACKET(
		ETHER("\x08\6") "\0\1\x08\0\6\4\0\2\x52\x54\0\1\2\3\xc0\0\2\1"
				"\0\0\0\0\0\0\xc0\0\2\2"),
	    "ARP, Reply 192.0.2.1 is-at 52:54:00:01:02:03" },
	{ LINK_ETHERNET, PACKET(ETHER("\x08\6") "\0\1"),
	    "ethertype 0x0806, length 2" },
	{ LINK_ETHERNET, PACKET(ETHER("\x88\xcc") "abc"),
	    "ethertype 0x88cc, length 3" },
	{ LINK_RAW, PACKET("\x10"), "ethertype 0x0000, length 1" },
	{ LINK_ETHERNET, PACKET("abc"), "malformed, length 3" },
	{ LINK_RAW, PACKET("\x45\0\0"), "malformed, length 3" },
	{ LINK_ETHERNET, PACKET(ETHER("\x81\0") "\0"), "malformed, length 15" },
};

static void
test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct buf out;

		buf_init(&out, 1000);
		packet_summary(cases[i].link, cases[i].packet, &out);
		if (!str_is(buf_str(&out), cases[i].want))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&out)));
		buf_fini(&out);
	}
}

/* Cut anywhere: a line, and no byte beyond what is there. */
static void
test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		for (size_t n = 0; n <= cases[i].packet.n; n++) {
			char *copy = mem_alloc(n + 1);
			struct buf out;

			memcpy(copy, cases[i].packet.p, n);
			copy = realloc(copy, n > 0 ? n : 1);
			buf_init(&out, 1000);
			packet_summary(
			    cases[i].link, (struct str){ copy, n }, &out);
			if (out.len == 0)
				fail_msg("case %zu, %zu bytes", i, n);
			buf_fini(&out);
			free(copy);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

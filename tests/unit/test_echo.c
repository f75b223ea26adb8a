/* test_echo.c - the packets and the sums of `ping` */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "admin/echo.h"
#include "base/mem.h"

static struct str
packet_of(const uint8_t *p, size_t n)
{
	return (struct str){ (const char *)p, n };
}

static void
test_request(void **state)
{
	uint8_t p[ECHO_PACKET];
	uint32_t sum = 0;

	(void)state;
	echo_request(false, 0x1234, 7, p);
	assert_int_equal(p[0], 8);
	for (size_t i = 0; i < sizeof(p); i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	sum = (sum >> 16) + (sum & 0xffff);
	assert_int_equal((sum >> 16) + (sum & 0xffff), 0xffff);
	echo_request(true, 0x1234, 7, p);
	assert_int_equal(p[0], 128);
	assert_int_equal(p[2] | p[3], 0);
}

static const struct {
	const char *why;
	bool v6, raw, want;
	uint8_t type;
	uint16_t id;
	size_t before, n;
} answers[] = {
	{ "a reply", false, false, true, 0, 9, 0, 64 },
	{ "of another, to a socket that the kernel sorts", false, false, true,
	    0, 8, 0, 64 },
	{ "raw", false, true, true, 0, 9, 20, 84 },
	{ "raw, with options", false, true, true, 0, 9, 24, 88 },
	{ "raw, of another", false, true, false, 0, 8, 20, 84 },
	{ "the question itself", false, true, false, 8, 9, 20, 84 },
	{ "cut in the header", false, true, false, 0, 9, 20, 27 },
	{ "nothing", false, true, false, 0, 9, 0, 0 },
	{ "IPv6", true, true, true, 129, 9, 0, 64 },
	{ "IPv6, of another", true, true, false, 129, 8, 0, 64 },
	{ "IPv6, cut", true, true, false, 129, 9, 0, 7 },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(answers); i++) {
		uint8_t p[100] = { 0 };
		size_t at = answers[i].before;
		struct echo_answer a;

		echo_request(answers[i].v6, answers[i].id, 3, p + at);
		p[at] = answers[i].type;
		if (at > 0)
			p[0] = (uint8_t)(0x40 | at / 4);
		if (echo_parse(answers[i].v6, answers[i].raw, 9,
			packet_of(p, answers[i].n), &a) != answers[i].want)
			fail_msg("%s", answers[i].why);
		if (answers[i].want) {
			assert_int_equal(a.seq, 3);
			assert_int_equal(a.n, 64);
		}
	}
}

/* The transcript of the specification. */
static void
test_transcript(void **state)
{
	static const char want[] =
	    "64 bytes from 192.0.2.31: icmp_seq=0 ttl=64 time=0.133 ms\n"
	    "64 bytes from 192.0.2.31: icmp_seq=1 ttl=64 time=0.115 ms\n"
	    "\n"
	    "--- other.example.com ping statistics ---\n"
	    "2 packets transmitted, 2 packets received, 0% packet loss\n"
	    "round-trip min/avg/max/stddev = 0.115/0.124/0.133/0.009 ms\n";
	struct echo_sums s = { .sent = 2 };
	struct echo_answer a = { 0, 64 };
	struct echo_line l = { "192.0.2.31", &a, 64, 133, false };
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	echo_text(&l, &out);
	echo_count(&s, l.us);
	a.seq = 1;
	l.us = 115;
	echo_text(&l, &out);
	echo_count(&s, l.us);
	echo_sums_text(&s, "other.example.com", &out);
	assert_string_equal(out.data, want);
	buf_fini(&out);
}

static void
test_sums(void **state)
{
	static const char none[] =
	    "\n--- a ping statistics ---\n"
	    "3 packets transmitted, 0 packets received, 100% packet loss\n";
	static const char some[] =
	    "\n--- a ping statistics ---\n"
	    "3 packets transmitted, 2 packets received, 33% packet loss\n"
	    "round-trip min/avg/max/stddev = 1.000/2000.500/4000.000/1999.500 "
	    "ms\n";
	struct echo_sums s = { .sent = 3 };
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	echo_sums_text(&s, "a", &out);
	assert_string_equal(out.data, none);
	echo_count(&s, 1000);
	echo_count(&s, 4000000);
	buf_reset(&out);
	echo_sums_text(&s, "a", &out);
	assert_string_equal(out.data, some);
	buf_fini(&out);
}

/* Times that differ by little: nothing is lost in their squares. */
static void
test_small_differences(void **state)
{
	static const uint64_t times[] = { 45, 39, 38, 41 };
	struct echo_sums s = { .sent = 4 };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		echo_count(&s, times[i]);
	assert_int_equal(echo_average(&s), 41);
	assert_int_equal(echo_deviation(&s), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_transcript),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_small_differences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

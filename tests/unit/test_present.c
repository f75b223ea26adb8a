/* test_present.c - DNS records as text, and names as questions */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "dns_kit.h"
#include "lookup/present.h"

static const struct {
	const char *type, *data, *want;
} cases[] = {
	{ "A", "192.0.2.1", "192.0.2.1" },
	{ "A", "#c00002", "\\# 3 c00002" },
	{ "AAAA", "2001:db8::1", "2001:db8::1" },
	{ "AAAA", "#00", "\\# 1 00" },
	{ "NS", "ns.test", "ns.test." },
	{ "NS", ".", "." },
	{ "MX", "10 MX.test", "10 mx.test." },
	{ "MX", "0 .", "0 ." },
	{ "MX", "#000a0361", "\\# 4 000a0361" },
	{ "MX", "#000a0001", "\\# 4 000a0001" },
	{ "TXT", "v=spf1 -all", "\"v=spf1 -all\"" },
	{ "TXT", "#0161026263", "\"a\" \"bc\"" },
	{ "TXT", "#0322095c", "\"\\\"\\009\\\\\"" },
	{ "TXT", "#", "\\# 0" },
	{ "TXT", "#0561", "\\# 2 0561" },
	{ "SOA", "60", "ns.test. root.test. 1 1 1 1 60" },
	{ "SRV", "#0001000200190161047465737400", "1 2 25 a.test." },
	{ "DS", "#3039080200ff", "12345 8 2 00ff" },
	{ "DNSKEY", "#0101030d616263", "257 3 13 YWJj" },
	{ "RRSIG", "#00010d020000003c6926f3c06901f3c03039047465737400616263",
	    "A 13 2 60 20251126123408 20251029110016 12345 test. YWJj" },
	{ "NSEC", "#0162047465737400000722000000000380",
	    "b.test. NS SOA RRSIG NSEC DNSKEY" },
	{ "NSEC", "#00000100", ". " },
	{ "NSEC", "#000021", "\\# 3 000021" },
	{ "TLSA", "#030101abcd", "3 1 1 abcd" },
	{ "TLSA", "#030101", "\\# 3 030101" },
	{ "OPENPGPKEY", "#", "\\# 0" },
	{ "TLSA", "#0301", "\\# 2 0301" },
	{ "CAA", "#000569737375656c652e6f7267", "0 issue \"le.org\"" },
	{ "CAA", "#0002206100", "\\# 5 0002206100" },
	{ "TYPE65280", "#0102", "\\# 2 0102" },
	{ "NS", "a\\046b\\010.test", "a\\.b\\010.test." },
};

static void
test_data(void **state)
{
	struct buf packet, out;

	(void)state;
	buf_init(&packet, 65536);
	buf_init(&out, 65536);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct dnsmsg m;
		struct dnsmsg_name name;
		struct dnsmsg_record rec;
		unsigned type;
		char line[600];

		buf_reset(&packet);
		buf_reset(&out);
		snprintf(line, sizeof(line), "x.test %s 9 %s", cases[i].type,
		    cases[i].data);
		kit_message(&packet, 1, STR("x.test"), 1, 0, line);
		m = (struct dnsmsg){ (const uint8_t *)packet.data, packet.len,
			DNSMSG_HEADER };
		assert_true(dnsmsg_question(&m, &name, &type));
		assert_true(dnsmsg_record(&m, &rec));
		present_data(&m, &rec, &out);
		if (!str_is(buf_str(&out), cases[i].want))
			fail_msg("%s %s:\n got  %s\n want %s", cases[i].type,
			    cases[i].data, out.data, cases[i].want);
	}
	buf_fini(&packet);
	buf_fini(&out);
}

static void
test_types(void **state)
{
	static const struct {
		const char *text;
		int type;
	} types[] = { { "A", 1 }, { "mx", 15 }, { "Tlsa", 52 }, { "TYPE1", 1 },
		{ "type65535", 65535 }, { "TYPE65536", -1 }, { "TYPE", -1 },
		{ "TYPE1x", -1 }, { "", -1 }, { "host", -1 } };
	char text[PRESENT_TYPE];

	(void)state;
	for (size_t i = 0; i < NELEM(types); i++)
		if (present_type_of(str_of(types[i].text)) != types[i].type)
			fail_msg("%s", types[i].text);
	assert_string_equal(present_type(15, text), "MX");
	assert_string_equal(present_type(65280, text), "TYPE65280");
	assert_string_equal(present_rcode(3, text), "NXDOMAIN");
	assert_string_equal(present_rcode(12, text), "RCODE12");
}

/* What may be asked for, and what it is called then; NULL: nothing. */
static const struct {
	const char *text, *want;
} names[] = {
	{ "Example.NET", "example.net." },
	{ "example.net.", "example.net." },
	{ ".", "." },
	{ "", NULL },
	{ "..", NULL },
	{ "a..b", NULL },
	{ ".a", NULL },
	{ "_25._tcp.mx", "_25._tcp.mx." },
	{ "4.0/26.2.0.192.in-addr.arpa", "4.0/26.2.0.192.in-addr.arpa." },
	{ "a b", NULL },
	{ "a\nb", NULL },
	{ "\xc3\xa9.test", NULL },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    NULL },
};

static void
test_names(void **state)
{
	struct dnsmsg_name name;
	struct buf out, longest;

	(void)state;
	buf_init(&out, 65536);
	for (size_t i = 0; i < NELEM(names); i++) {
		bool is = present_ask(str_of(names[i].text), &name);

		if (is != (names[i].want != NULL))
			fail_msg("%s: %d", names[i].text, is);
		buf_reset(&out);
		if (is)
			present_name(&name, &out);
		if (is && !str_starts(buf_str(&out), str_of(names[i].want)))
			fail_msg("%s: %s", names[i].text, out.data);
	}
	/* 127 labels fill a name */
	buf_init(&longest, 1000);
	for (int i = 0; i < 127; i++)
		buf_puts(&longest, "a.");
	assert_true(present_ask(buf_str(&longest), &name));
	assert_int_equal(name.n, DNSMSG_NAME);
	buf_puts(&longest, "a");
	assert_false(present_ask(buf_str(&longest), &name));
	buf_fini(&longest);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

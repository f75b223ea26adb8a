/* test_rdata.c - answers of the DNS taken apart: every outcome, every cut */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "dns_kit.h"

static const struct {
	const char *why, *qname, *type;
	unsigned rcode;
	const char *records, *want;
} cases[] = {
	{ "address", "a.test", "A", 0, "a.test A 300 192.0.2.1",
	    "found 300: 192.0.2.1" },
	{ "several, least TTL", "a.test", "A", 0,
	    "a.test A 300 192.0.2.1\na.test A 200 192.0.2.2",
	    "found 200: 192.0.2.1, 192.0.2.2" },
	{ "IPv6", "a.test", "AAAA", 0, "a.test AAAA 300 2001:db8::1",
	    "found 300: 2001:db8::1" },
	{ "MX", "a.test", "MX", 0,
	    "a.test MX 300 20 MX2.test\na.test MX 300 10 mx1.TEST",
	    "found 300: 20 mx2.test, 10 mx1.test" },
	{ "null MX", "a.test", "MX", 0, "a.test MX 300 0 .", "found 300: 0 " },
	{ "PTR", "1.2.0.192.in-addr.arpa", "PTR", 0,
	    "1.2.0.192.in-addr.arpa PTR 300 a.test", "found 300: a.test" },
	{ "TXT", "a.test", "TXT", 0, "a.test TXT 300 v=spf1 -all",
	    "found 300: 'v=spf1 -all'" },
	{ "TXT in two strings", "a.test", "TXT", 0,
	    "a.test TXT 300 #03616263026465", "found 300: 'abcde'" },
	{ "TXT with an empty string", "a.test", "TXT", 0, "a.test TXT 300 #00",
	    "found 300: ''" },
	{ "case does not matter", "A.Test", "A", 0, "a.tEST A 300 192.0.2.1",
	    "found 300: 192.0.2.1" },
	{ "of another name", "a.test", "A", 0, "b.test A 300 192.0.2.1",
	    "notfound 5 (no such record)" },
	{ "of another type", "a.test", "A", 0, "a.test TXT 300 x",
	    "notfound 5 (no such record)" },
	{ "none", "a.test", "A", 0, NULL, "notfound 5 (no such record)" },
	{ "none, with SOA", "a.test", "A", 0, "--\ntest SOA 100 60",
	    "notfound 60 (no such record)" },
	{ "TTL of SOA is less", "a.test", "A", 0, "--\ntest SOA 30 60",
	    "notfound 30 (no such record)" },
	{ "DNS-10: at most 5 min", "a.test", "A", 0, "--\ntest SOA 9999 9999",
	    "notfound 300 (no such record)" },
	{ "NXDOMAIN", "a.test", "A", 3, "--\ntest SOA 100 60",
	    "nxdomain 60 (NXDomain)" },
	{ "SERVFAIL", "a.test", "A", 2, NULL, "failed 5 (ServFail)" },
	{ "REFUSED", "a.test", "A", 5, NULL, "failed 5 (Refused)" },
	{ "DNS-02: TTL 0", "a.test", "A", 0, "a.test A 0 192.0.2.1",
	    "found 5: 192.0.2.1" },
	{ "DNS-02: TTL 2^31", "a.test", "A", 0, "a.test A 2147483648 192.0.2.1",
	    "found 604800: 192.0.2.1" },
	{ "CNAME", "a.test", "A", 0,
	    "a.test CNAME 100 b.test\nb.test A 300 192.0.2.1",
	    "found 100: 192.0.2.1" },
	{ "CNAME after its target", "a.test", "A", 0,
	    "b.test A 300 192.0.2.1\na.test CNAME 100 b.test",
	    "found 100: 192.0.2.1" },
	{ "CNAME with a slash (RFC 2317)", "4.2.0.192.in-addr.arpa", "PTR", 0,
	    "4.2.0.192.in-addr.arpa CNAME 100 4.0/26.2.0.192.in-addr.arpa\n"
	    "4.0/26.2.0.192.in-addr.arpa PTR 300 a.test",
	    "found 100: a.test" },
	{ "CNAME to nothing", "a.test", "A", 0, "a.test CNAME 100 b.test",
	    "notfound 5 (no such record)" },
	{ "DNS-02: CNAME to itself", "a.test", "A", 0,
	    "a.test CNAME 100 a.test", "failed 5 (too many CNAMEs)" },
	{ "DNS-02: CNAME loop", "a.test", "A", 0,
	    "a.test CNAME 100 b.test\nb.test CNAME 100 a.test",
	    "failed 5 (too many CNAMEs)" },
	{ "8 CNAMEs", "1.t", "A", 0,
	    "1.t CNAME 9 2.t\n2.t CNAME 9 3.t\n3.t CNAME 9 4.t\n"
	    "4.t CNAME 9 5.t\n5.t CNAME 9 6.t\n6.t CNAME 9 7.t\n"
	    "7.t CNAME 9 8.t\n8.t CNAME 9 9.t\n9.t A 9 192.0.2.1",
	    "found 9: 192.0.2.1" },
	{ "DNS-02: 9 CNAMEs", "1.t", "A", 0,
	    "1.t CNAME 9 2.t\n2.t CNAME 9 3.t\n3.t CNAME 9 4.t\n"
	    "4.t CNAME 9 5.t\n5.t CNAME 9 6.t\n6.t CNAME 9 7.t\n"
	    "7.t CNAME 9 8.t\n8.t CNAME 9 9.t\n9.t CNAME 9 0.t\n"
	    "0.t A 9 192.0.2.1",
	    "failed 5 (too many CNAMEs)" },
	{ "malformed CNAME", "a.test", "A", 0, "a.test CNAME 9 #ff",
	    "failed 5 (malformed CNAME)" },
	{ "CNAME with junk behind", "a.test", "A", 0,
	    "a.test CNAME 9 #016100ff", "failed 5 (malformed CNAME)" },
	{ "DNS-03: A of 3 bytes", "a.test", "A", 0,
	    "a.test A 9 #010203\na.test A 9 192.0.2.1", "found 9: 192.0.2.1" },
	{ "DNS-03: nothing else", "a.test", "A", 0, "a.test A 9 #010203",
	    "notfound 5 (no usable record)" },
	{ "DNS-03: AAAA of 4 bytes", "a.test", "AAAA", 0,
	    "a.test AAAA 9 #01020304", "notfound 5 (no usable record)" },
	{ "DNS-03: MX of 0 bytes", "a.test", "MX", 0, "a.test MX 9 #",
	    "notfound 5 (no usable record)" },
	{ "DNS-03: MX of 2 bytes", "a.test", "MX", 0,
	    "a.test MX 9 #000a\na.test MX 9 10 mx.test",
	    "found 9: 10 mx.test" },
	{ "DNS-03: MX name cut", "a.test", "MX", 0, "a.test MX 9 #000a0361",
	    "notfound 5 (no usable record)" },
	{ "DNS-03: MX with junk behind", "a.test", "MX", 0,
	    "a.test MX 9 #000a01610001", "notfound 5 (no usable record)" },
	{ "DNS-03: TXT of 0 bytes", "a.test", "TXT", 0, "a.test TXT 9 #",
	    "notfound 5 (no usable record)" },
	{ "DNS-03: TXT string too long", "a.test", "TXT", 0,
	    "a.test TXT 9 #0561", "notfound 5 (no usable record)" },
	{ "DNS-04: NUL", "a.test", "PTR", 0,
	    "a.test PTR 9 ev\\000il.test\na.test PTR 9 ok.test",
	    "found 9: ok.test" },
	{ "DNS-04: dot in a label", "a.test", "PTR", 0,
	    "a.test PTR 9 good\\046example.test",
	    "notfound 5 (no usable record)" },
	{ "DNS-04: line break", "a.test", "MX", 0,
	    "a.test MX 9 10 a\\013\\010b.test",
	    "notfound 5 (no usable record)" },
	{ "DNS-04: 8-bit", "a.test", "PTR", 0, "a.test PTR 9 \\228.test",
	    "notfound 5 (no usable record)" },
	{ "DNS-04: blank", "a.test", "PTR", 0, "a.test PTR 9 a\\032b",
	    "notfound 5 (no usable record)" },
	{ "CNAME that was asked for", "a.test", "CNAME", 0,
	    "a.test CNAME 9 b.test\nb.test CNAME 8 c.test",
	    "found 9: 'b.test.'" },
	{ "NS", "test", "NS", 0, "test NS 9 ns1.test\ntest NS 9 ns2.test",
	    "found 9: 'ns1.test.', 'ns2.test.'" },
	{ "SOA", "test", "SOA", 0, "test SOA 100 60",
	    "found 100: 'ns.test. root.test. 1 1 1 1 60'" },
	{ "DNS-03: SOA cut", "test", "SOA", 0, "test SOA 100 #00000001",
	    "notfound 5 (no usable record)" },
	{ "DNS-04: NS with a line break", "test", "NS", 0,
	    "test NS 9 a\\010b.test", "found 9: 'a\\010b.test.'" },
	{ "PTR to the root", "a.test", "PTR", 0, "a.test PTR 9 .",
	    "notfound 5 (no usable record)" },
	{ "pointer to the question", "a.test", "PTR", 0,
	    "a.test PTR 9 #0178c00c", "found 9: x.a.test" },
	{ "pointer to itself", "a.test", "PTR", 0, "a.test PTR 9 #c02a",
	    "notfound 5 (no usable record)" },
	{ "pointer ahead", "a.test", "PTR", 0, "a.test PTR 9 #ffff",
	    "notfound 5 (no usable record)" },
	{ "label of 64", "a.test", "PTR", 0, "a.test PTR 9 #40",
	    "notfound 5 (no usable record)" },
};

static void text_of(struct str packet, unsigned type, struct buf *text);

static void
test_dns_rdata_outcomes(void **state)
{
	struct buf packet, text;

	(void)state;
	buf_init(&packet, 65536);
	buf_init(&text, 4096);
	for (size_t i = 0; i < NELEM(cases); i++) {
		unsigned type = kit_type(str_of(cases[i].type));

		buf_reset(&packet);
		buf_reset(&text);
		kit_message(&packet, 1, str_of(cases[i].qname), type,
		    cases[i].rcode, cases[i].records);
		text_of(buf_str(&packet), type, &text);
		if (!str_is(buf_str(&text), cases[i].want))
			fail_msg("%s:\n got  %s\n want %s", cases[i].why,
			    text.data, cases[i].want);
	}
	buf_fini(&packet);
	buf_fini(&text);
}

/* Cut anywhere, an answer with records is malformed, never half believed. */
static void
test_dns_03_cut_message(void **state)
{
	struct buf packet, text;

	(void)state;
	buf_init(&packet, 65536);
	buf_init(&text, 4096);
	kit_message(&packet, 1, STR("a.test"), RDATA_MX, 0,
	    "a.test MX 9 10 mx.test\na.test MX 9 20 mx2.test");
	for (size_t n = 0; n < packet.len; n++) {
		buf_reset(&text);
		text_of(str_sub(buf_str(&packet), 0, n), RDATA_MX, &text);
		if (!str_is(buf_str(&text), "failed 5 (malformed answer)"))
			fail_msg("cut at %zu: %s", n, text.data);
	}
	buf_fini(&packet);
	buf_fini(&text);
}

/* Compression that makes a name grow without end, or hop for ever. */
static void
test_dns_03_compression_bombs(void **state)
{
	struct buf packet, text;

	(void)state;
	buf_init(&packet, 65536);
	buf_init(&text, 4096);
	/* data at 12 + 8 + 4 + 8 + 10 = 42: "x" and a pointer to 42 */
	kit_message(
	    &packet, 1, STR("a.test"), RDATA_PTR, 0, "a.test PTR 9 #0178c02a");
	text_of(buf_str(&packet), RDATA_PTR, &text);
	assert_true(str_is(buf_str(&text), "notfound 5 (no usable record)"));
	buf_fini(&packet);
	buf_fini(&text);
}

static void
test_dns_02_large_answers(void **state)
{
	struct answer a;
	struct arena mem;
	struct buf records, packet;

	(void)state;
	buf_init(&records, 1 << 20);
	buf_init(&packet, 1 << 20);
	for (int i = 0; i < 100; i++) {
		buf_puts(&records, i > 0 ? "\nt TXT 9 " : "t TXT 9 ");
		for (int j = 0; j < 500; j++)
			buf_putc(&records, 'x');
	}
	kit_message(&packet, 1, STR("t"), RDATA_TXT, 0, records.data);
	arena_init(&mem, 4 * 1024 * 1024);
	a = (struct answer){ 0 };
	rdata_parse(buf_str(&packet), RDATA_TXT, &mem, &a);
	assert_int_equal(a.end, LOOKUP_FOUND);
	assert_int_equal(a.rrs.n, DNS_ANSWER_MAX / 502);
	assert_true(str_is(a.reason, "answer was cut"));
	arena_free(&mem);

	buf_reset(&records);
	buf_reset(&packet);
	for (int i = 0; i < 1200; i++)
		buf_puts(&records, i > 0 ? "\nt A 9 1.2.3.4" : "t A 9 1.2.3.4");
	kit_message(&packet, 1, STR("t"), RDATA_A, 0, records.data);
	a = (struct answer){ 0 };
	rdata_parse(buf_str(&packet), RDATA_A, &mem, &a);
	assert_int_equal(a.rrs.n, 1000);
	arena_free(&mem);
	buf_fini(&records);
	buf_fini(&packet);
}

static void
text_of(struct str packet, unsigned type, struct buf *text)
{
	struct answer a = { 0 };
	struct arena mem;

	arena_init(&mem, 4 * 1024 * 1024);
	rdata_parse(packet, type, &mem, &a);
	kit_answer_text(&a, type, text);
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_rdata_outcomes),
		cmocka_unit_test(test_dns_03_cut_message),
		cmocka_unit_test(test_dns_03_compression_bombs),
		cmocka_unit_test(test_dns_02_large_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

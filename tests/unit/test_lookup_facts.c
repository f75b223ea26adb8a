/* test_lookup_facts.c - facts as questions, and what answers mean */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "lookup/facts.h"
#include "lookup/rdata.h"

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	struct str name;
	bool good;
} names[] = {
	{ { "mail.example.net", 16 }, true },
	{ { "a_b-9.Example.NET", 17 }, true },
	{ { "", 0 }, false },
	{ { "a\0b.test", 8 }, false },
	{ { "a b.test", 8 }, false },
	{ { "a\"b.test", 8 }, false },
	{ { "a'b.test", 8 }, false },
	{ { "$(reboot).test", 14 }, false },
	{ { "a\nb.test", 8 }, false },
	{ { "a\r\nSubject: x", 13 }, false },
	{ { "a<b>.test", 9 }, false },
	{ { "a/../b", 6 }, false },
	{ { "a:b", 3 }, false },
	{ { "[10.1.1.1]", 10 }, false },
	{ { "\xc3\xa4.test", 7 }, false },
	{ { "\x7f.test", 6 }, false },
	{ { X50 X50 X50 X50 X50 ".test", 255 }, true },
	{ { X50 X50 X50 X50 X50 ".testx", 256 }, false },
};

static void
test_idt_08_names_of_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(names); i++) {
		struct dns_rr rr = { .name = names[i].name };
		struct answer a = { .end = LOOKUP_FOUND,
			.host_class = HOST_VERIFIED };
		struct fact_answer f;

		a.rrs.v = &rr;
		a.rrs.n = 1;
		if (fact_host_name_ok(names[i].name) != names[i].good)
			fail_msg("%s", names[i].name.p);
		lookup_fact_of(FACT_HOST, &a, &f);
		assert_int_equal(f.meta.state, FACT_KNOWN);
		assert_int_equal(f.number,
		    names[i].good ? HOST_VERIFIED : HOST_NOT_CONFIRMED);
		assert_int_equal(f.text.n, names[i].good ? names[i].name.n : 0);
	}
}

static const struct {
	const char *why;
	enum fact_id id;
	enum lookup_end end;
	enum host_class class;
	enum fact_state state;
	uint64_t number;
	const char *ips;
} answers[] = {
	{ "no name", FACT_HOST, LOOKUP_NXDOMAIN, HOST_NX, FACT_KNOWN, HOST_NX,
	    NULL },
	{ "verified, and no name is there", FACT_HOST, LOOKUP_FOUND,
	    HOST_VERIFIED, FACT_KNOWN, HOST_NOT_CONFIRMED, NULL },
	{ "a class that there is not", FACT_HOST, LOOKUP_FOUND, 99, FACT_KNOWN,
	    HOST_SERVFAIL, NULL },
	{ "listed", FACT_DNSLIST, LOOKUP_FOUND, 0, FACT_KNOWN, LIST_HAS,
	    "127.0.0.2" },
	{ "the last address", FACT_DNSLIST, LOOKUP_FOUND, 0, FACT_KNOWN,
	    LIST_HAS, "127.255.255.255" },
	{ "one of several", FACT_DNSLIST, LOOKUP_FOUND, 0, FACT_KNOWN, LIST_HAS,
	    "203.0.113.1 127.0.0.10" },
	{ "somebody's web server", FACT_DNSLIST, LOOKUP_FOUND, 0, FACT_KNOWN,
	    LIST_IS_NONE, "203.0.113.1 126.255.255.255" },
	{ "0.0.0.0", FACT_DNSLIST, LOOKUP_FOUND, 0, FACT_KNOWN, LIST_IS_NONE,
	    "0.0.0.0" },
	{ "8.8.8.8", FACT_DNSLIST, LOOKUP_FOUND, 0, FACT_KNOWN, LIST_IS_NONE,
	    "8.8.8.8 128.0.0.1" },
	{ "IPv6", FACT_DNSLIST, LOOKUP_FOUND, 0, FACT_KNOWN, LIST_IS_NONE,
	    "2001:db8::7f00:2" },
	{ "found, and nothing is there", FACT_DNSLIST, LOOKUP_FOUND, 0,
	    FACT_KNOWN, LIST_IS_NONE, NULL },
	{ "not listed", FACT_DNSLIST, LOOKUP_NXDOMAIN, 0, FACT_KNOWN, 0, NULL },
	{ "a name that has no address, for mail", FACT_SENDER_DOMAIN,
	    LOOKUP_NOT_FOUND, 0, FACT_KNOWN, DOMAIN_MISSING, NULL },
	{ "the name is there, and no address", FACT_DNSLIST, LOOKUP_NOT_FOUND,
	    0, FACT_KNOWN, 0, NULL },
	{ "a list that fails", FACT_DNSLIST, LOOKUP_FAILED, 0, FACT_FAILED, 0,
	    NULL },
};

static void
test_dns_06_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(answers); i++) {
		struct answer a = { .end = answers[i].end,
			.host_class = answers[i].class };
		struct fact_answer f = { .number = 77 };
		struct str ips = STR(""), ip;
		struct dns_rr rr[2];

		if (answers[i].ips != NULL)
			ips = str_of(answers[i].ips);
		a.rrs.v = rr;
		while ((ip = str_word(&ips)).n > 0)
			assert_true(ip_parse(&rr[a.rrs.n++].ip, ip));
		a.list = (uint8_t)rdata_list(&a);
		lookup_fact_of(answers[i].id, &a, &f);
		if (f.meta.state != answers[i].state ||
		    f.number != answers[i].number || f.text.n != 0)
			fail_msg("%s: %d, %llu", answers[i].why, f.meta.state,
			    (unsigned long long)f.number);
	}
}

/* What filters compare with: addresses alone, in order. */
static void
test_list_text(void **state)
{
	struct dns_rr rr[3] = { { .name = STR("x.test") } };
	struct answer a = { .rrs = { 3, rr } };
	struct arena mem;

	(void)state;
	arena_init(&mem, 65536);
	assert_true(ip_parse(&rr[1].ip, STR("127.0.0.2")));
	assert_true(ip_parse(&rr[2].ip, STR("127.0.0.10")));
	assert_true(str_is(lookup_list_text(&a, &mem), "127.0.0.2 127.0.0.10"));
	a.rrs.n = 0;
	assert_true(str_is(lookup_list_text(&a, &mem), ""));
	arena_free(&mem);
}

static void
test_questions(void **state)
{
	struct config config = { .dnslist_timeout = 3, .dns_timeout = 20 };
	char name[LOOKUP_NAME], long_zone[LOOKUP_NAME];
	struct query q;
	struct ip ip;

	(void)state;
	assert_true(ip_parse(&ip, STR("192.0.2.7")));
	assert_true(lookup_query_of(
	    FACT_DNSLIST, STR("list.test"), &config, &ip, &q, name));
	assert_int_equal(q.kind, LOOKUP_DNSLIST);
	assert_true(str_is(q.name, "list.test"));
	assert_true(ip_equal(&q.ip, &ip));
	assert_int_equal(q.timeout_ms, 3000);
	memset(long_zone, 'z', sizeof(long_zone));
	assert_false(lookup_query_of(FACT_DNSLIST,
	    (struct str){ long_zone, sizeof(long_zone) - 4 }, &config, &ip, &q,
	    name));
	config.dns_off = true;
	assert_false(lookup_query_of(
	    FACT_DNSLIST, STR("list.test"), &config, &ip, &q, name));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idt_08_names_of_hosts),
		cmocka_unit_test(test_dns_06_answers),
		cmocka_unit_test(test_list_text),
		cmocka_unit_test(test_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

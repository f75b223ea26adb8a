/* test_admin_render_dns.c - `nslookup`, `dig`, `dnscheck`, `ipcheck` */
#include "admin/dnscheck.h"
#include "admin/dnsquery.h"
#include "admin/ipcheck.h"
#include "base/mem.h"
#include "dns_kit.h"
#include "render_kit.h"

static const struct {
	const char *json, *want;
	bool found;
} lookups[] = {
	{ "{'type':'A','name':'example.com','outcome':'found','reason':'',"
	  "'ttl':172800,'dnssec':'insecure','records':[{'address':"
	  "'192.0.34.166'}]}",
	    "A=192.0.34.166 TTL=2d\n", true },
	{ "{'type':'MX','name':'a','outcome':'found','reason':'','ttl':5400,"
	  "'dnssec':'secure','records':[{'host':'mx1.example.net',"
	  "'preference':10},{'host':'','preference':0}]}",
	    "MX=mx1.example.net PREF=10 TTL=1h 30m\nMX=. PREF=0 TTL=1h 30m\n"
	    "DNSSEC: secure\n",
	    true },
	{ "{'type':'TXT','name':'a','outcome':'found','reason':"
	  "'answer was cut','ttl':45,'dnssec':'insecure','records':["
	  "{'text':'v=spf1\\u001b[2J'}]}",
	    "TXT=\"v=spf1\\x1b[2J\" TTL=45s\nNote: answer was cut\n", true },
	{ "{'type':'SOA','name':'a','outcome':'found','reason':'','ttl':60,"
	  "'dnssec':null,'records':[{'primary':'ns.a','mail':'root.a',"
	  "'serial':1,'refresh':2,'retry':3,'expire':4,'minimum':5}]}",
	    "SOA=ns.a MAIL=root.a SERIAL=1 REFRESH=2 RETRY=3 EXPIRE=4 "
	    "MINIMUM=5 TTL=1m\n",
	    true },
	{ "{'type':'TLSA','name':'a','outcome':'found','reason':'','ttl':60,"
	  "'dnssec':null,'records':[{'data':'030a01abff'}]}",
	    "TLSA=3 10 1 abff TTL=1m\n", true },
	{ "{'type':'A','name':'nohost.test','outcome':'nxdomain','reason':"
	  "'NXDomain','ttl':5,'records':[]}",
	    "DNS error: NXDomain looking up nohost.test A\n", false },
	{ "{'type':'MX','name':'a.test','outcome':'failed','reason':"
	  "'ServFail','ttl':5,'records':[]}",
	    "DNS error: ServFail looking up a.test MX\n", false },
	{ "{'type':'MX','name':'a.test','outcome':'failed','reason':"
	  "'timeout','ttl':5,'records':[]}",
	    "DNS error: timeout\n", false },
	{ "{'type':'A','name':'a.test','outcome':'failed','reason':'bogus',"
	  "'dnssec':'bogus','ttl':5,'records':[]}",
	    "DNS error: bogus looking up a.test A\n", false },
	{ "{'type':'AAAA','name':'a.test','outcome':'not found','reason':"
	  "'no such record','ttl':5,'records':[]}",
	    "DNS error: NoData looking up a.test AAAA\n", false },
	{ "{'type':'PTR','name':'a.test','outcome':'not found','reason':"
	  "'no usable record','ttl':5,'records':[]}",
	    "DNS error: NoData looking up a.test PTR (no usable record)\n",
	    false },
};

static void
test_nslookup(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	for (size_t i = 0; i < NELEM(lookups); i++) {
		char *text = strdup(lookups[i].json);
		json_t *j;

		for (char *p = text; *p != '\0'; p++)
			*p = *p == '\'' ? '"' : *p;
		j = parse(text);
		buf_reset(&out);
		assert_int_equal(render_nslookup(j, &out), lookups[i].found);
		check(&out, lookups[i].want);
		json_decref(j);
		free(text);
	}
	buf_fini(&out);
}

static const struct {
	int64_t seconds;
	const char *want;
} ttls[] = {
	{ 0, "0s" },
	{ 1, "1s" },
	{ 60, "1m" },
	{ 61, "1m 1s" },
	{ 3600, "1h" },
	{ 86400, "1d" },
	{ 90061, "1d 1h 1m 1s" },
	{ 172800, "2d" },
};

static void
test_ttl(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	for (size_t i = 0; i < NELEM(ttls); i++) {
		buf_reset(&out);
		render_ttl(ttls[i].seconds, &out);
		assert_string_equal(out.data, ttls[i].want);
	}
	buf_fini(&out);
}

/* The transcript of the founding document. */
static void
test_dig(void **state)
{
	static const char want[] =
	    ";; QUESTION SECTION:\n"
	    ";example.net.                   IN      MX\n"
	    "\n"
	    ";; ANSWER SECTION:\n"
	    "example.net.            1784    IN      MX      10 "
	    "mx1.example.net.\n"
	    "example.net.            1784    IN      MX      20 "
	    "mx2.example.net.\n";
	struct buf packet, out;
	json_t *j;

	(void)state;
	buf_init(&packet, 65536);
	buf_init(&out, 65536);
	kit_message(&packet, 1, STR("example.net"), RDATA_MX, 0,
	    "example.net MX 1784 10 mx1.example.net\n"
	    "example.net MX 1784 20 mx2.example.net\n"
	    "example.net TYPE46 1784 #00\n--\nexample.net NS 9 ns.test");
	j = dnsquery_json(buf_str(&packet), false);
	assert_non_null(j);
	render_dig(j, &out);
	check(&out, want);
	buf_reset(&out);
	render_dig_short(j, &out);
	check(&out, "10 mx1.example.net.\n20 mx2.example.net.\n");
	json_decref(j);
	/* cut anywhere, it is no message */
	for (size_t n = 0; n < packet.len; n++)
		assert_null(
		    dnsquery_json(str_sub(buf_str(&packet), 0, n), false));
	buf_fini(&packet);
	buf_fini(&out);
}

static void
test_dig_none(void **state)
{
	static const char want[] =
	    ";; STATUS: NXDOMAIN\n"
	    "\n"
	    ";; QUESTION SECTION:\n"
	    ";nohost.test.                   IN      A\n"
	    "\n"
	    ";; AUTHORITY SECTION:\n"
	    "test.                   60      IN      SOA     ns.test. "
	    "root.test. 1 1 1 1 60\n";
	struct buf packet, out;
	json_t *j;

	(void)state;
	buf_init(&packet, 65536);
	buf_init(&out, 65536);
	kit_message(
	    &packet, 1, STR("nohost.test"), RDATA_A, 3, "--\ntest SOA 60 60");
	j = dnsquery_json(buf_str(&packet), false);
	render_dig(j, &out);
	check(&out, want);
	json_decref(j);
	buf_fini(&packet);
	buf_fini(&out);
}

#define HOST(name) "{\"reason\":\"\",\"records\":[{\"host\":\"" name "\"}]}"
#define ADDR(ip)   "{\"reason\":\"\",\"records\":[{\"address\":\"" ip "\"}]}"
#define NONE       "{\"reason\":\"NXDomain\",\"records\":[]}"
#define IS         "{\"outcome\":\"found\"}"
#define NO_ADDRESS "{\"outcome\":\"not found\",\"reason\":\"no address\"}"

/* What the DNS says of 192.0.2.1, which says HELO mx.test; P: passed. */
static const struct {
	const char *found, *want;
} checks[] = {
	{ "{\"ptr\":" HOST("mx.test") ",\"a\":" ADDR(
	      "192.0.2.1") ",\"mx\":" HOST("mx.test") ",\"domain\":" IS "}",
	    "PPPP" },
	{ "{\"ptr\":" HOST("MX.test") ",\"aaaa\":" ADDR(
	      "192.0.2.1") ",\"mx\":" HOST("mx.test") ",\"domain\":" IS "}",
	    "PPPP" },
	{ "{\"ptr\":" NONE ",\"mx\":" HOST("mx.test") ",\"domain\":" IS "}",
	    "---P" },
	{ "{\"ptr\":" HOST("mx.test") ",\"a\":" NONE ",\"mx\":" HOST(
	      "mx.test") ",\"domain\":" IS "}",
	    "P-PP" },
	{ "{\"ptr\":" HOST("mx.test") ",\"a\":" ADDR(
	      "192.0.2.9") ",\"mx\":" HOST("mx.test") ",\"domain\":" IS "}",
	    "P-PP" },
	{ "{\"ptr\":" HOST("other.test") ",\"a\":" ADDR(
	      "192.0.2.1") ",\"mx\":" HOST("mx.test") ",\"domain\":" IS "}",
	    "PP-P" },
	{ "{\"ptr\":" HOST("mx.test") ",\"a\":" ADDR(
	      "192.0.2.1") ",\"mx\":" NONE ",\"domain\":" IS "}",
	    "PPP-" },
	{ "{\"ptr\":" HOST("mx.test") ",\"a\":" ADDR(
	      "192.0.2.1") ",\"mx\":" HOST("") ",\"domain\":" IS "}",
	    "PPP-" },
	{ "{\"ptr\":" HOST("mx.test") ",\"a\":" ADDR(
	      "192.0.2.1") ",\"mx\":" HOST("b.test") ",\"domain\":" NO_ADDRESS
						     "}",
	    "PPP-" },
};

static void
test_dnscheck(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(checks); i++) {
		json_t *found = parse(checks[i].found), *tests;
		struct dnscheck d = { "192.0.2.1", "mx.test", found };

		tests = dnscheck_judge(&d);
		assert_int_equal(json_array_size(tests), 4);
		for (size_t k = 0; k < 4; k++) {
			const json_t *one = json_array_get(tests, k);
			bool passed =
			    json_is_true(json_object_get(one, "passed"));

			if (passed != (checks[i].want[k] == 'P'))
				fail_msg("%s: test %zu", checks[i].found, k);
			assert_true(json_string_length(
					json_object_get(one, "reason")) > 0);
		}
		json_decref(tests);
		json_decref(found);
	}
}

static void
test_dnscheck_text(void **state)
{
	static const char want[] =
	    "Public (192.0.2.1), HELO mx.test:\n"
	    "PASS  DNS PTR record: 192.0.2.1 is mx.test.\n"
	    "FAIL  DNS A record: mx.test has no address (NXDomain).\n"
	    "Ports in use: in 25 (InboundMail), out 53 (DNS).\n";
	json_t *j = parse(
	    "[{\"interface\":\"Public\",\"address\":\"192.0.2.1\",\"helo\":"
	    "\"mx.test\",\"private\":false,\"tests\":[{\"test\":\"ptr\","
	    "\"passed\":true,\"reason\":\"192.0.2.1 is mx.test\"},{\"test\":"
	    "\"a\",\"passed\":false,\"reason\":\"mx.test has no address "
	    "(NXDomain)\"}],\"ports\":[{\"direction\":\"in\",\"port\":25,"
	    "\"for\":\"InboundMail\"},{\"direction\":\"out\",\"port\":53,"
	    "\"for\":\"DNS\"}]}]");
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	assert_false(render_dnscheck(j, &out));
	check(&out, want);
	buf_fini(&out);
	json_decref(j);
}

static void
test_ipcheck(void **state)
{
	static const char want[] =
	    "Interface        Address                      Device     Result\n"
	    "A                192.0.2.10/24                eth0       OK\n"
	    "    - listener In is suspended: nobody listens on port 25\n"
	    "    - no default route: only hosts in its own networks can be "
	    "reached\n"
	    "    used by listener \"In\"\n"
	    "B                2001:db8::1                  eth0       PROBLEM\n"
	    "    ! the device eth1 is down\n"
	    "    ! more than one device has the address\n"
	    "    ! nothing can go out from it: Cannot assign\n"
	    "    ! listener X: port 25 is taken by exim4 (pid 812)\n"
	    "    ! listener Y: nobody listens on port 26\n"
	    "    ! DNS: no name\n"
	    "\nVerdict: 1 of 2 addresses has a problem.\n";
	json_t *j = json_loads(
	    "{\"working\": false, \"running\": true, \"interfaces\": ["
	    "{\"interface\": \"A\", \"address\": \"192.0.2.10\", "
	    "\"prefix\": 24, \"devices\": [{\"name\": \"eth0\", \"up\": "
	    "true}], \"used_by\": \"listener \\\"In\\\"\", \"also\": null,"
	    "\"error\": null, \"loopback\": false, \"route\": false, "
	    "\"listeners\": [{\"listener\": \"In\", \"port\": 25, "
	    "\"suspended\": true, \"listening\": false, \"by\": null}, "
	    "{\"listener\": \"I2\", \"port\": 24, \"suspended\": false, "
	    "\"listening\": true, \"by\": \"postern-smtpd\", \"pid\": 2}]},"
	    "{\"interface\": \"B\", \"address\": \"2001:db8::1\", "
	    "\"prefix\": null, \"devices\": [{\"name\": \"eth0\", \"up\": "
	    "true}, {\"name\": \"eth1\", \"up\": false}], \"used_by\": "
	    "\"\", \"error\": \"Cannot assign\", \"route\": false, "
	    "\"listeners\": [{\"listener\": \"X\", \"port\": 25, "
	    "\"suspended\": false, \"listening\": true, \"by\": "
	    "\"exim4\", \"pid\": 812}, {\"listener\": \"Y\", \"port\": "
	    "26, \"suspended\": false, \"listening\": false}], \"names\": "
	    "[{\"test\": \"ptr\", \"passed\": false, \"reason\": "
	    "\"no name\"}, {\"test\": \"mx\", \"passed\": false, "
	    "\"reason\": \"no MX\"}]}]}",
	    0, NULL);
	struct buf out;

	(void)state;
	assert_non_null(j);
	buf_init(&out, 65536);
	ipcheck_judge(j);
	assert_true(json_is_false(json_object_get(j, "passed")));
	ipcheck_render(j, &out);
	check(&out, want);
	buf_fini(&out);
	json_decref(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nslookup),
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_dig),
		cmocka_unit_test(test_dig_none),
		cmocka_unit_test(test_dnscheck),
		cmocka_unit_test(test_dnscheck_text),
		cmocka_unit_test(test_ipcheck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

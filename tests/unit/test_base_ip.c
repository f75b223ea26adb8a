/* test_base_ip.c - addresses, the forms of host access tables, endpoints */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/ip.h"
#include "base/mem.h"

static struct ip
ip(const char *text)
{
	struct ip a;

	if (!ip_parse(&a, str_of(text)))
		fail_msg("not an address: %s", text);
	return a;
}

/* out NULL: no address */
static void
test_ip_text(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::ffff:192.0.2.1", "192.0.2.1" }, /* REL-10 */
		{ "::FFFF:c000:0201", "192.0.2.1" },
		{ "127.1", NULL },
		{ "0x7f000001", NULL },
		{ "2130706433", NULL },
		{ "192.0.2.256", NULL },
		{ "192.0.2.01", NULL },
		{ "192.0.2.1.", NULL },
		{ " 192.0.2.1", NULL },
		{ "", NULL },
		/* RFC 5952, section 4 */
		{ "2001:0DB8:0:0:0:0:2:1", "2001:db8::2:1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:db8::aAaA:0:0:1", "2001:db8::aaaa:0:0:1" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "0:0:1::", "0:0:1::" },
		{ "::1.2.3.4", "::102:304" },
		{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
		{ "0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
		{ "1:2:3:4:5:6::", "1:2:3:4:5:6::" },
		{ "1:2:3:4:5:6:7:8:9", NULL },
		{ "1:2:3:4:5:6:7", NULL },
		{ "1::2::3", NULL },
		{ "12345::", NULL },
		{ "fe80::1%eth0", NULL },
		{ "[::1]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		char text[IP_TEXT];
		struct ip a;
		bool ok = ip_parse(&a, str_of(cases[i].in));

		if (ok != (cases[i].out != NULL) ||
		    (ok && strcmp(ip_text(&a, text), cases[i].out) != 0))
			fail_msg("%s: %s", cases[i].in, ok ? text : "refused");
	}
	assert_false(ip_parse(&(struct ip){ 0 }, STR("192.0.2.1\0x")));
}

static const struct {
	const char *in, *lo, *hi;
} ranges[] = {
	{ "10.1.2.3", "10.1.2.3", "10.1.2.3" },
	{ "10.1.2.", "10.1.2.0", "10.1.2.255" },
	{ "10.1.2", "10.1.2.0", "10.1.2.255" },
	{ "10.1.", "10.1.0.0", "10.1.255.255" },
	{ "10.1", "10.1.0.0", "10.1.255.255" },
	{ "10.", "10.0.0.0", "10.255.255.255" },
	{ "10", "10.0.0.0", "10.255.255.255" },
	{ "10.1.2.3-9", "10.1.2.3", "10.1.2.9" },
	{ "10.1.2-5", "10.1.2.0", "10.1.5.255" },
	{ "10.1.2-5.", "10.1.2.0", "10.1.5.255" },
	{ "10.1-2", "10.1.0.0", "10.2.255.255" },
	{ "10.1-2.", "10.1.0.0", "10.2.255.255" },
	{ "10-11", "10.0.0.0", "11.255.255.255" },
	{ "10-11.", "10.0.0.0", "11.255.255.255" },
	{ "10/8", "10.0.0.0", "10.255.255.255" },
	{ "10.1/16", "10.1.0.0", "10.1.255.255" },
	{ "10.1.2/23", "10.1.2.0", "10.1.3.255" },
	{ "10.1.2.99/24", "10.1.2.0", "10.1.2.255" },
	{ "10.1.2.3/32", "10.1.2.3", "10.1.2.3" },
	{ "10.1/24", "10.1.0.0", "10.1.0.255" },
	{ "0/0", "0.0.0.0", "255.255.255.255" },
	{ "2001:db8::1", "2001:db8::1", "2001:db8::1" },
	{ "2001:0db8:0:0:0:0:0:0001", "2001:db8::1", "2001:db8::1" },
	{ "2001:db8::1-5", "2001:db8::1", "2001:db8::5" },
	{ "1:2:3-4:0:0:0:0:0", "1:2:3::", "1:2:4::" },
	{ "1-2:0:0:0:0:0:0:0", "1::", "2::" },
	{ "2001:db8::1-2001:db8::ff", "2001:db8::1", "2001:db8::ff" },
	{ "2001:db8::/32",
	    "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "2001:db8::1/33",
	    "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff" },
	{ "2001:db8::1/128", "2001:db8::1", "2001:db8::1" },
	{ "::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "::ffff:10.1.2.3", "10.1.2.3", "10.1.2.3" },
	{ "::ffff:10.1.2.3/120", "10.1.2.0", "10.1.2.255" },
	{ "", NULL, NULL },
	{ ".", NULL, NULL },
	{ "10..1", NULL, NULL },
	{ ".10", NULL, NULL },
	{ "10.1.2.3.", NULL, NULL },
	{ "10.1.2.3.4", NULL, NULL },
	{ "10.1.2.256", NULL, NULL },
	{ "10.01", NULL, NULL },
	{ "10.5-2", NULL, NULL },
	{ "10.1-2.3", NULL, NULL },
	{ "10.1-", NULL, NULL },
	{ "10.-1", NULL, NULL },
	{ "10.1-2-3", NULL, NULL },
	{ "10/33", NULL, NULL },
	{ "10/", NULL, NULL },
	{ "/8", NULL, NULL },
	{ "10./8", NULL, NULL },
	{ "10.1-2/8", NULL, NULL },
	{ "10/8/8", NULL, NULL },
	{ "host.example", NULL, NULL },
	{ "1-2.example", NULL, NULL },
	{ "10.example", NULL, NULL },
	{ "ALL", NULL, NULL },
	{ "2001:db8::/129", NULL, NULL },
	{ "2001:db8::/", NULL, NULL },
	{ "2001:db8::5-1", NULL, NULL },
	{ "2001:db8::1-", NULL, NULL },
	{ "2001:db8::1-2-3", NULL, NULL },
	{ "2001:db8::1-2/64", NULL, NULL },
	{ "::-10.1.2.3", NULL, NULL },
	{ "2001:db8", NULL, NULL },
};

/* lo NULL: not an address form */
static void
test_ip_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(ranges); i++) {
		struct ip_range r;
		char lo[IP_TEXT], hi[IP_TEXT];
		bool ok = ip_range_parse(&r, str_of(ranges[i].in));

		if (ok != (ranges[i].lo != NULL))
			fail_msg(
			    "'%s': %s", ranges[i].in, ok ? "ok" : "refused");
		if (ok && (strcmp(ip_text(&r.lo, lo), ranges[i].lo) != 0 ||
			      strcmp(ip_text(&r.hi, hi), ranges[i].hi) != 0))
			fail_msg("'%s': %s to %s", ranges[i].in, lo, hi);
	}
}

static void
test_ip_range_text(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "10.1.2.3", "10.1.2.3" },
		{ "10.1.", "10.1.0.0/16" },
		{ "10.1.2.3-9", "10.1.2.3-9" },
		{ "10.1.2.4-7", "10.1.2.4/30" },
		{ "10.1.2-5", "10.1.2-5" },
		{ "10-11", "10.0.0.0/7" },
		{ "11-12", "11-12" },
		{ "0/0", "0.0.0.0/0" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "2001:db8::/32", "2001:db8::/32" },
		{ "2001:db8::1-5", "2001:db8::1-2001:db8::5" },
		{ "::/0", "::/0" },
		{ "::ffff:10.1.2.3-::ffff:10.2.0.1",
		    "::ffff:10.1.2.3-::ffff:10.2.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		char out[IP_RANGE_TEXT];
		struct ip_range r, again;

		assert_true(ip_range_parse(&r, str_of(cases[i].in)));
		if (strcmp(ip_range_text(&r, out), cases[i].out) != 0)
			fail_msg("'%s': '%s'", cases[i].in, out);
		if (!ip_range_parse(&again, str_of(out)) ||
		    memcmp(&r, &again, sizeof(r)) != 0)
			fail_msg("'%s': '%s' is another", cases[i].in, out);
		assert_true(ip_ranges_have(&r, 1, &again.hi));
	}
	assert_false(ip_ranges_have(NULL, 0, &(struct ip){ 0 }));
}

static void
test_ip_range_has_rel_10(void **state)
{
	static const struct {
		const char *range, *ip;
		bool has;
	} cases[] = {
		{ "10.1.2-5", "10.1.2.0", true },
		{ "10.1.2-5", "10.1.5.255", true },
		{ "10.1.2-5", "10.1.1.255", false },
		{ "10.1.2-5", "10.1.6.0", false },
		{ "10/8", "::ffff:10.0.0.1", true },
		{ "::/0", "10.0.0.1", false },
		{ "0/0", "::1", false },
		{ "::/0", "::1", true },
		{ "2001:db8::1-5", "2001:db8::3", true },
		{ "2001:db8::1-5", "2001:db8::6", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct ip_range r;
		struct ip a = ip(cases[i].ip);

		assert_true(ip_range_parse(&r, str_of(cases[i].range)));
		if (ip_range_has(&r, &a) != cases[i].has)
			fail_msg("%s in %s", cases[i].ip, cases[i].range);
	}
}

static void
test_ip_classes_lop_02(void **state)
{
	static const struct {
		const char *ip, *is; /* l: loopback p: private u: unroutable */
	} cases[] = {
		{ "127.0.0.1", "lu" },
		{ "127.255.0.9", "lu" },
		{ "::1", "lu" },
		{ "::ffff:127.0.0.1", "lu" },
		{ "0.0.0.0", "u" },
		{ "::", "u" },
		{ "10.9.8.7", "p" },
		{ "172.15.0.1", "" },
		{ "172.16.0.1", "p" },
		{ "172.31.255.255", "p" },
		{ "172.32.0.1", "" },
		{ "192.168.0.1", "p" },
		{ "169.254.1.1", "pu" },
		{ "224.0.0.1", "u" },
		{ "239.255.255.255", "u" },
		{ "255.255.255.255", "u" },
		{ "fd00::1", "p" },
		{ "fe80::1", "pu" },
		{ "febf::1", "pu" },
		{ "fec0::1", "" },
		{ "ff02::1", "u" },
		{ "2001:db8::1", "" },
		{ "192.0.2.1", "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct ip a = ip(cases[i].ip);
		char is[4];
		size_t n = 0;

		if (ip_is_loopback(&a))
			is[n++] = 'l';
		if (ip_is_private(&a))
			is[n++] = 'p';
		if (ip_is_unroutable(&a))
			is[n++] = 'u';
		is[n] = '\0';
		if (strcmp(is, cases[i].is) != 0)
			fail_msg("%s is %s", cases[i].ip, is);
	}
	assert_true(ip_is_unset(&(struct ip){ 0 }));
	assert_false(ip_is_unset(&(struct ip){ { [15] = 1 } }));
}

static void
test_endpoint(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "192.0.2.1:25", "192.0.2.1:25" },
		{ "192.0.2.1", "192.0.2.1:99" },
		{ "[2001:db8::1]:25", "[2001:db8::1]:25" },
		{ "[2001:db8::1]", "[2001:db8::1]:99" },
		{ "2001:db8::1", "[2001:db8::1]:99" },
		{ "::1", "[::1]:99" },
		{ "192.0.2.1:65535", "192.0.2.1:65535" },
		{ "192.0.2.1:65536", NULL },
		{ "192.0.2.1:0", NULL },
		{ "192.0.2.1:", NULL },
		{ "192.0.2.1:x", NULL },
		{ "[192.0.2.1]:25", NULL },
		{ "[::1", NULL },
		{ "[::1]25", NULL },
		{ "[]:25", NULL },
		{ ":25", NULL },
		{ "", NULL },
		{ "host:25", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct endpoint ep;
		char text[IP_TEXT + 8];
		bool ok = endpoint_parse(&ep, str_of(cases[i].in), 99);

		if (ok != (cases[i].out != NULL) ||
		    (ok && strcmp(endpoint_text(&ep, text), cases[i].out) != 0))
			fail_msg("%s", cases[i].in);
	}
}

static void
test_sockaddr_and_reverse(void **state)
{
	static const struct {
		const char *ip, *reverse;
	} cases[] = {
		{ "192.0.2.1", "1.2.0.192.in-addr.arpa" },
		{ "2001:db8::567:89ab",
		    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0."
		    "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct endpoint ep = { ip(cases[i].ip), 2525 };
		struct sockaddr_storage sa;
		char name[80];
		struct ip back;
		uint16_t port;

		ip_to_sockaddr(&ep, &sa);
		ip_from_sockaddr(&back, &port, &sa);
		assert_true(ip_equal(&ep.ip, &back));
		assert_int_equal(port, 2525);
		ip_reverse_name(&ep.ip, name);
		assert_string_equal(name, cases[i].reverse);
	}
}

static void
test_list_name(void **state)
{
	static const struct {
		const char *ip, *zone, *want; /* NULL: no room for it */
	} cases[] = {
		{ "192.0.2.7", "list.test", "7.2.0.192.list.test" },
		{ "::ffff:192.0.2.7", "x", "7.2.0.192.x" },
		{ "2001:db8::1", "x",
		    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
		    "8.b.d.0.1.0.0.2.x" },
		{ "2001:db8::1", "a-zone-of-16.test", NULL },
		{ "192.0.2.7", "a-zone-of-16.test",
		    "7.2.0.192.a-zone-of-16.test" },
	};
	char name[80];

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct ip ip;
		bool fits;

		assert_true(ip_parse(&ip, str_of(cases[i].ip)));
		fits = ip_list_name(
		    &ip, str_of(cases[i].zone), name, sizeof(name));
		if (fits != (cases[i].want != NULL) ||
		    (fits && strcmp(name, cases[i].want) != 0))
			fail_msg("%s under %s: %s", cases[i].ip, cases[i].zone,
			    name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip_text),
		cmocka_unit_test(test_ip_range),
		cmocka_unit_test(test_ip_range_text),
		cmocka_unit_test(test_ip_range_has_rel_10),
		cmocka_unit_test(test_ip_classes_lop_02),
		cmocka_unit_test(test_endpoint),
		cmocka_unit_test(test_sockaddr_and_reverse),
		cmocka_unit_test(test_list_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

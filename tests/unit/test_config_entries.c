/*
 * test_config_entries.c - entries of the tables from their texts, and which
 * route a domain takes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/hat_entry.h"
#include "config/load.h"
#include "config/rat_pattern.h"
#include "config/route_dest.h"
#include "fact/facts.h"

#define Z20 "zzzzzzzzzzzzzzzzzzzz"
#define Z60 Z20 Z20 Z20

static void describe(const struct hat_entry *, char out[200]);
static void describe_dest(const struct route_dest *, char out[300]);
static struct config *load_routes(void);

/* receiving 4.2; want NULL: refused. */
static const struct {
	const char *in, *want;
} hat[] = {
	{ "192.0.2.1", "range 192.0.2.1 192.0.2.1" },
	{ "192.0.2.", "range 192.0.2.0 192.0.2.255" },
	{ "192.0.2", "range 192.0.2.0 192.0.2.255" },
	{ "10.", "range 10.0.0.0 10.255.255.255" },
	{ "10", "range 10.0.0.0 10.255.255.255" },
	{ "10.1.2.3-5", "range 10.1.2.3 10.1.2.5" },
	{ "10.1.2-5", "range 10.1.2.0 10.1.5.255" },
	{ "10.1.2-5.", "range 10.1.2.0 10.1.5.255" },
	{ "10-11", "range 10.0.0.0 11.255.255.255" },
	{ "10/8", "range 10.0.0.0 10.255.255.255" },
	{ "10.1/16", "range 10.1.0.0 10.1.255.255" },
	{ "10.1.2.3/24", "range 10.1.2.0 10.1.2.255" },
	{ "2001:db8::1", "range 2001:db8::1 2001:db8::1" },
	{ "2001:db8:0:0:0:0:0:1-5", "range 2001:db8::1 2001:db8::5" },
	{ "2001:db8::/32",
	    "range 2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "host.Example.com", "host host.example.com" },
	{ "mail", "host mail" },
	{ "a_b.example", "host a_b.example" },
	{ ".Example.com", "domain .example.com" },
	{ "sbrs[-10.0:-3.0]", "score -100 -30" },
	{ "SBRS[-10:7.5]", "score -100 75" },
	{ "sbrs[ 0 : 10 ]", "score 0 100" },
	{ "sbrs[-0.5:-0.5]", "score -5 -5" },
	{ "sbrs[none]", "no score" },
	{ "SBRS[NONE]", "no score" },
	{ "SBO:12345", "owner 12345" },
	{ "dnslist[List.Example.net]", "dnslist list.example.net" },
	{ "nx.domain", "class nx.domain" },
	{ "NX.domain", "class nx.domain" },
	{ "serv.fail", "class serv.fail" },
	{ "not.double.verified", "class not.double.verified" },
	{ "country[de,FR]", "country DE,FR" },
	{ "ALL", "all" },
	{ "all", "all" },
	{ "  192.0.2.1  ", "range 192.0.2.1 192.0.2.1" },
	{ "192.0.2.1 (our (old) relay)",
	    "range 192.0.2.1 192.0.2.1 (our (old) relay)" },
	{ "sbrs[none]\t( new senders )", "no score (new senders)" },
	{ "host.example ()", "host host.example" },

	{ "", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.1.1", NULL },
	{ "10.1.5-2", NULL },
	{ "10.0.0.0/33", NULL },
	{ "10.0.0.0/", NULL },
	{ "2001:db8::/129", NULL },
	{ "2001:db8::g", NULL },
	{ "0x7f.1", NULL },
	{ "127.1.1.1x", "host 127.1.1.1x" },
	{ "host..example", NULL },
	{ "-host.example", NULL },
	{ "host.example.", NULL },
	{ "host example", NULL },
	{ ".", NULL },
	{ "..example.com", NULL },
	{ "*.example.com", NULL },
	{ "user@example.com", NULL },
	{ "sbrs[]", NULL },
	{ "sbrs[1]", NULL },
	{ "sbrs[3:1]", NULL },
	{ "sbrs[-11:0]", NULL },
	{ "sbrs[0:10.1]", NULL },
	{ "sbrs[0:1.25]", NULL },
	{ "sbrs[0:1.]", NULL },
	{ "sbrs[a:b]", NULL },
	{ "sbrs[0:1", NULL },
	{ "SBO:", NULL },
	{ "SBO:-1", NULL },
	{ "SBO:99999999999999999999", NULL },
	{ "dnslist[]", NULL },
	{ "dnslist[" Z60 "." Z60 "." Z60 ".abcdefg]", NULL },
	{ "dnslist[" Z60 "." Z60 "." Z60 ".abcdef]",
	    "dnslist " Z60 "." Z60 "." Z60 ".abcdef" },
	{ "dnslist[a b]", NULL },
	{ "dnslist", "host dnslist" },
	{ "country[]", NULL },
	{ "country[D]", NULL },
	{ "country[DE,]", NULL },
	{ "country[DE;FR]", NULL },
	{ "country[D1]", NULL },
	{ "(nothing)", NULL },
	{ "b\303\274cher.example", NULL },
};

/* receiving 5.2 */
static const struct {
	const char *in;
	enum rat_kind kind;
	const char *key; /* NULL: refused */
} rat[] = {
	{ "ALL", RAT_ALL, "ALL" },
	{ "Example.com", RAT_DOMAIN, "example.com" },
	{ ".Example.com", RAT_SUBDOMAIN, ".example.com" },
	{ "Joe@Example.com", RAT_ADDR, "joe@example.com" },
	{ "\"a b\"@example.com", RAT_ADDR, "\"a b\"@example.com" },
	{ "Postmaster@", RAT_USER, "postmaster@" },
	{ "[192.0.2.1]", RAT_DOMAIN, "[192.0.2.1]" },
	{ "[IPv6:2001:DB8:0:0::1]", RAT_DOMAIN, "[ipv6:2001:db8::1]" },
	{ "joe@[192.0.2.1]", RAT_ADDR, "joe@[192.0.2.1]" },
	{ "joe@[IPv6:2001:db8::1]", RAT_ADDR, "joe@[ipv6:2001:db8::1]" },
	{ "a%b@example.com", RAT_ADDR, "a%b@example.com" },

	{ "", RAT_ALL, NULL },
	{ "@example.com", RAT_ALL, NULL },
	{ "@", RAT_ALL, NULL },
	{ "joe@192.0.2.1", RAT_ALL, NULL },
	{ "192.0.2.1", RAT_ALL, NULL },
	{ "joe@.example.com", RAT_ALL, NULL },
	{ "joe@ex ample.com", RAT_ALL, NULL },
	{ "joe smith@example.com", RAT_ALL, NULL },
	{ "a@b@example.com", RAT_ALL, NULL },
	{ "<joe@example.com>", RAT_ALL, NULL },
	{ "example.com.", RAT_ALL, NULL },
	{ "[192.0.2.256]", RAT_ALL, NULL },
	{ "[192.0.2.1", RAT_ALL, NULL },
	{ "[example.com]", RAT_ALL, NULL },
	{ "[IPv6:192.0.2.1]", RAT_ALL, NULL },
	{ "*", RAT_ALL, NULL },
};

/* delivery-admin 1.3 */
static const struct {
	const char *in, *want; /* NULL: refused */
} dests[] = {
	{ "Exch1.example.com", "exch1.example.com mx port 25 pri 0" },
	{ "exch1.example.com/pri=10", "exch1.example.com mx port 25 pri 10" },
	{ "exch1.example.com:2525/pri=65535",
	    "exch1.example.com mx port 2525 pri 65535" },
	{ "[Relay.example.net]", "relay.example.net port 25 pri 0" },
	{ "[relay.example.net]:26", "relay.example.net port 26 pri 0" },
	{ "192.0.2.1", "192.0.2.1 ip 192.0.2.1 port 25 pri 0" },
	{ "192.0.2.1:2525/PRI=1", "192.0.2.1 ip 192.0.2.1 port 2525 pri 1" },
	{ "[192.0.2.1]:2525", "192.0.2.1 ip 192.0.2.1 port 2525 pri 0" },
	{ "2001:db8::1", "2001:db8::1 ip 2001:db8::1 port 25 pri 0" },
	{ "2001:db8::1/pri=2", "2001:db8::1 ip 2001:db8::1 port 25 pri 2" },
	{ "[2001:db8::1]:2525", "2001:db8::1 ip 2001:db8::1 port 2525 pri 0" },
	{ "[IPv6:2001:DB8::1]", "2001:db8::1 ip 2001:db8::1 port 25 pri 0" },
	{ " host ", "host mx port 25 pri 0" },

	{ "", NULL },
	{ "host:0", NULL },
	{ "host:65536", NULL },
	{ "host:smtp", NULL },
	{ "host:", NULL },
	{ "host/pri=65536", NULL },
	{ "host/pri=-1", NULL },
	{ "host/pri=", NULL },
	{ "host/x", NULL },
	{ "/pri=1", NULL },
	{ "[host", NULL },
	{ "[]", NULL },
	{ "[host]x", NULL },
	{ "ho st", NULL },
	{ "host..example", NULL },
	{ "192.0.2.256", NULL },
	{ "joe@example.com", NULL },
	{ "/dev/null2", NULL },
};

/* Which entry of the table in load_routes a domain finds. */
static const struct {
	const char *domain, *route;
} lookups[] = {
	{ "example.com", "example.com" },
	{ "EXAMPLE.com", "example.com" },
	{ "www.example.com", ".example.com" },
	{ "a.b.example.com", ".b.example.com" },
	{ "b.example.com", ".example.com" },
	{ "x.a.b.example.com", ".b.example.com" },
	{ "exact.b.example.com", "exact.b.example.com" },
	{ "notexample.com", "ALL" },
	{ "com", "ALL" },
	{ "all", "ALL" },
	{ "", "ALL" },
	{ ".", "ALL" },
	{ "[192.0.2.1]", "[192.0.2.1]" },
	{ "[192.0.2.2]", "ALL" },
	{ "[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]" },
	{ "d39000.example.net", "d39000.example.net" },
	{ "d40000.example.net", "ALL" },
};

static void
test_hat_entries(void **state)
{
	struct arena mem;
	char have[200];

	(void)state;
	arena_init(&mem, 1 << 20);
	for (size_t i = 0; i < NELEM(hat); i++) {
		struct hat_entry e;
		struct err err = ERR_INIT;
		int rc = hat_entry_parse(&e, str_of(hat[i].in), &mem, &err);

		if ((rc == 0) != (hat[i].want != NULL))
			fail_msg("%s: %s", hat[i].in,
			    rc == 0 ? "was taken" : err.text);
		if (rc == -1) {
			if (strncmp(err.text, "Invalid sender entry: ", 22))
				fail_msg("%s: %s", hat[i].in, err.text);
			continue;
		}
		describe(&e, have);
		if (strcmp(have, hat[i].want) != 0)
			fail_msg("%s: %s", hat[i].in, have);
	}
	arena_free(&mem);
}

static void
test_rat_patterns(void **state)
{
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 20);
	for (size_t i = 0; i < NELEM(rat); i++) {
		struct rat_entry e = { .accept = true };
		struct err err = ERR_INIT;
		int rc = rat_pattern_parse(&e, str_of(rat[i].in), &mem, &err);

		if ((rc == 0) != (rat[i].key != NULL))
			fail_msg("%s: %s", rat[i].in,
			    rc == 0 ? "was taken" : err.text);
		if (rc == 0 &&
		    (e.kind != rat[i].kind || !str_is(e.key, rat[i].key)))
			fail_msg("%s: kind %d key %.*s", rat[i].in, (int)e.kind,
			    STR_ARG(e.key));
		if (rc == -1 && strncmp(err.text, "Invalid recipient: ", 19))
			fail_msg("%s: %s", rat[i].in, err.text);
	}
	arena_free(&mem);
}

static void
test_route_destinations(void **state)
{
	struct arena mem;
	char have[300];

	(void)state;
	arena_init(&mem, 1 << 20);
	for (size_t i = 0; i < NELEM(dests); i++) {
		struct route_dest d;
		struct err err = ERR_INIT;
		int rc = route_dest_parse(&d, str_of(dests[i].in), &mem, &err);

		if ((rc == 0) != (dests[i].want != NULL))
			fail_msg("%s: %s", dests[i].in,
			    rc == 0 ? "was taken" : err.text);
		if (rc == -1)
			continue;
		describe_dest(&d, have);
		if (strcmp(have, dests[i].want) != 0)
			fail_msg("%s: %s", dests[i].in, have);
	}
	arena_free(&mem);
}

static void
test_route_lists(void **state)
{
	struct str texts[] = { STR("a.example, b.example/pri=5"),
		STR("c.example,") };
	static const char *const wrong[] = { "auth=smart",
		"a.test, auth=", "a.test, auth=b, auth=c", "USEDNS, auth=b",
		"auth=b, /dev/null" };
	struct str usedns = STR(" usedns "), null = STR("/dev/null");
	struct buf text;
	struct route r;
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 20);
	assert_int_equal(route_dests_parse(&r, texts, 2, &mem, NULL), 0);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.kind, ROUTE_HOSTS);
	assert_true(str_is(r.dests[1].text, "b.example/pri=5"));
	assert_int_equal(route_dests_parse(&r, &usedns, 1, &mem, NULL), 0);
	assert_int_equal(r.kind, ROUTE_USEDNS);
	assert_int_equal(route_dests_parse(&r, &null, 1, &mem, NULL), 0);
	assert_int_equal(r.kind, ROUTE_NULL);
	assert_int_equal(r.n, 0);
	texts[1] = STR("c.example, auth=smart");
	assert_int_equal(route_dests_parse(&r, texts, 2, &mem, NULL), 0);
	assert_int_equal(r.n, 3);
	assert_true(str_is(r.auth_name, "smart"));
	buf_init(&text, 1000);
	route_text(&r, &text);
	assert_string_equal(
	    text.data, "a.example, b.example/pri=5, c.example, auth=smart");
	buf_fini(&text);
	for (size_t i = 0; i < NELEM(wrong); i++) {
		struct str one = str_of(wrong[i]);

		if (route_dests_parse(&r, &one, 1, &mem, NULL) != -1)
			fail_msg("%s was taken", wrong[i]);
	}
	texts[1] = null;
	assert_int_equal(route_dests_parse(&r, texts, 2, &mem, NULL), -1);
	assert_int_equal(route_dests_parse(&r, texts, 0, &mem, NULL), -1);
	arena_free(&mem);
}

static void
test_route_precedence(void **state)
{
	struct config *c = load_routes();
	char longest[400];

	(void)state;
	for (size_t i = 0; i < NELEM(lookups); i++) {
		const struct route *r =
		    config_route(c, str_of(lookups[i].domain));

		if (r == NULL || !str_is(r->domain, lookups[i].route))
			fail_msg("%s: %.*s", lookups[i].domain,
			    STR_ARG(r != NULL ? r->domain : STR("none")));
	}
	memset(longest, 'a', sizeof(longest));
	assert_true(str_is(
	    config_route(c, (struct str){ longest, sizeof(longest) })->domain,
	    "ALL"));
	config_unref(&c);
}

static void
test_no_route(void **state)
{
	struct err err = ERR_INIT;
	struct bundle b;
	struct config *c;

	(void)state;
	bundle_from_text(
	    &b, "postern.yaml", STR("hostname: a.b\nroutes: {c.d: e.f}\n"));
	c = config_load_simple(&b, 1, &err);
	bundle_free(&b);
	assert_non_null(c);
	assert_non_null(config_route(c, STR("c.d")));
	assert_null(config_route(c, STR("x.c.d")));
	config_unref(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hat_entries),
		cmocka_unit_test(test_rat_patterns),
		cmocka_unit_test(test_route_destinations),
		cmocka_unit_test(test_route_lists),
		cmocka_unit_test(test_route_precedence),
		cmocka_unit_test(test_no_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static void
describe(const struct hat_entry *e, char out[200])
{
	static const char *const classes[] = { [HOST_NX] = "nx.domain",
		[HOST_SERVFAIL] = "serv.fail",
		[HOST_NOT_CONFIRMED] = "not.double.verified" };
	static const char *const names[] = { [HAT_HOST] = "host",
		[HAT_DOMAIN] = "domain",
		[HAT_DNSLIST] = "dnslist",
		[HAT_COUNTRY] = "country" };
	char lo[IP_TEXT], hi[IP_TEXT];
	int n;

	switch (e->kind) {
	case HAT_ALL:
		n = snprintf(out, 200, "all");
		break;
	case HAT_RANGE:
		n = snprintf(out, 200, "range %s %s", ip_text(&e->range.lo, lo),
		    ip_text(&e->range.hi, hi));
		break;
	case HAT_HOST_CLASS:
		n = snprintf(out, 200, "class %s", classes[e->host_class]);
		break;
	case HAT_SCORE:
		n = snprintf(out, 200, "score %d %d", (int)e->score.lo,
		    (int)e->score.hi);
		break;
	case HAT_SCORE_NONE:
		n = snprintf(out, 200, "no score");
		break;
	case HAT_OWNER:
		n = snprintf(
		    out, 200, "owner %llu", (unsigned long long)e->owner);
		break;
	default:
		n = snprintf(
		    out, 200, "%s %.*s", names[e->kind], STR_ARG(e->name));
	}
	if (e->comment.n > 0)
		snprintf(
		    out + n, 200 - (size_t)n, " (%.*s)", STR_ARG(e->comment));
}

static void
describe_dest(const struct route_dest *d, char out[300])
{
	char ip[IP_TEXT] = "";
	bool address = !ip_is_unset(&d->ip);

	snprintf(out, 300, "%.*s%s%s%s port %u pri %u", STR_ARG(d->host),
	    address ? " ip " : "", address ? ip_text(&d->ip, ip) : "",
	    d->no_mx ? "" : " mx", d->port, d->priority);
	assert_true(!address || d->no_mx);
}

/* 40,000 of them, the most there may be. */
static struct config *
load_routes(void)
{
	struct err err = ERR_INIT;
	struct bundle b;
	struct config *c;
	struct buf text;

	buf_init(&text, 16 << 20);
	buf_puts(&text, "hostname: mail.example.com\n"
			"routes:\n"
			"  .example.com: a.example\n"
			"  example.com: b.example\n"
			"  .B.example.com: c.example\n"
			"  exact.b.example.com: d.example\n"
			"  ALL: USEDNS\n"
			"  \"[192.0.2.1]\": e.example\n"
			"  2001:DB8::1: f.example\n");
	for (int i = 7; i < 40000; i++)
		buf_printf(&text, "  d%d.example.net: 192.0.2.1\n", i);
	bundle_from_text(&b, "postern.yaml", buf_str(&text));
	buf_fini(&text);
	c = config_load_simple(&b, 1, &err);
	bundle_free(&b);
	if (c == NULL)
		fail_msg("%s", err.text);
	assert_int_equal(c->n_routes, 40000);
	return c;
}

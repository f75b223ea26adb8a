/*
 * test_lookup.c - look-ups against a scripted name server
 *
 * The server is a thread on 127.0.0.1, UDP and TCP on one ephemeral port. It
 * answers from the table below; what is not there does not exist. A name
 * may be silent, or want to be asked again over TCP.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "dns_kit.h"
#include "lookup/lookup.h"

enum behaviour_of_name { ANSWER, SILENT, TCP_ONLY, GARBAGE, FORGED };

#define LISTS(last, zone)                                                      \
	{                                                                      \
		last ".0.0.127." zone, "A", 0, ANSWER,                         \
		    last ".0.0.127." zone " A 300 127.0.0.2"                   \
	}
#define LISTED(zone)                                                           \
	{                                                                      \
		"7.2.0.192." zone, "A", 0, ANSWER,                             \
		    "7.2.0.192." zone " A 300 127.0.0.2"                       \
	}
#define SEVEN "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"

static const struct {
	const char *qname, *type;
	unsigned rcode;
	enum behaviour_of_name how;
	const char *records;
} zone[] = {
	{ "a.test", "A", 0, ANSWER,
	    "a.test A 300 192.0.2.1\na.test A 300 192.0.2.2" },
	{ "a.test", "AAAA", 0, ANSWER, "a.test AAAA 300 2001:db8::1" },
	{ "a.test", "MX", 0, ANSWER,
	    "a.test MX 300 10 mx1.test\na.test MX 300 20 mx2.test" },
	{ "a.test", "TXT", 0, ANSWER, "a.test TXT 300 v=spf1 -all" },
	{ "short.test", "A", 0, ANSWER, "short.test A 0 192.0.2.6" },
	{ "null.test", "MX", 0, ANSWER, "null.test MX 300 0 ." },
	{ "nodata.test", "MX", 0, ANSWER, "--\ntest SOA 60 60" },
	{ "fail.test", "A", 2, ANSWER, NULL },
	{ "refused.test", "A", 5, ANSWER, NULL },
	{ "silent.test", "A", 0, SILENT, NULL },
	{ "garbage.test", "A", 0, GARBAGE, NULL },
	{ "tcp.test", "A", 0, TCP_ONLY, "tcp.test A 300 192.0.2.3" },
	{ "forged.test", "A", 0, FORGED, "forged.test A 300 192.0.2.4" },
	{ "cname.test", "A", 0, ANSWER,
	    "cname.test CNAME 300 a.test\na.test A 300 192.0.2.1" },
	{ "loop.test", "A", 0, ANSWER,
	    "loop.test CNAME 300 pool.test\npool.test CNAME 300 loop.test" },
	{ "pool.test", "A", 0, ANSWER,
	    "pool.test CNAME 300 loop.test\nloop.test CNAME 300 pool.test" },
	{ "odd.test", "MX", 0, ANSWER,
	    "odd.test MX 300 10 a\\000b.test\nodd.test MX 300 20 ok.test" },
	{ "xn--r8jz45g.test", "A", 0, ANSWER,
	    "xn--r8jz45g.test A 300 192.0.2.9" },
	/* hosts */
	{ "1.2.0.192.in-addr.arpa", "PTR", 0, ANSWER,
	    "1.2.0.192.in-addr.arpa PTR 300 a.test" },
	{ "2.2.0.192.in-addr.arpa", "PTR", 0, ANSWER,
	    "2.2.0.192.in-addr.arpa PTR 300 nobody.test\n"
	    "2.2.0.192.in-addr.arpa PTR 300 a.test\n"
	    "2.2.0.192.in-addr.arpa PTR 300 cname.test" },
	{ "4.2.0.192.in-addr.arpa", "PTR", 0, ANSWER,
	    "4.2.0.192.in-addr.arpa PTR 300 a.test\n"
	    "4.2.0.192.in-addr.arpa PTR 300 nobody.test" },
	{ "5.2.0.192.in-addr.arpa", "PTR", 2, ANSWER, NULL },
	{ "6.2.0.192.in-addr.arpa", "PTR", 0, ANSWER,
	    "6.2.0.192.in-addr.arpa PTR 300 fail.test" },
	{ "7.2.0.192.in-addr.arpa", "PTR", 0, ANSWER, "--\ntest SOA 60 60" },
	{ "8.2.0.192.in-addr.arpa", "PTR", 0, ANSWER,
	    "8.2.0.192.in-addr.arpa PTR 300 e\\010vil.test" },
	{ "1.0.0.10.in-addr.arpa", "PTR", 0, ANSWER,
	    "1.0.0.10.in-addr.arpa PTR 300 inside.test" },
	{ "inside.test", "A", 0, ANSWER, "inside.test A 300 10.0.0.1" },
	{ "9.0.0.127.in-addr.arpa", "PTR", 0, ANSWER,
	    "9.0.0.127.in-addr.arpa PTR 300 lo.test" },
	{ "lo.test", "A", 0, ANSWER, "lo.test A 300 127.0.0.9" },
	{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	  "ip6.arpa",
	    "PTR", 0, ANSWER,
	    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	    "ip6.arpa PTR 300 a.test" },
	/* DNS lists, of 192.0.2.7 and 2001:db8::7 */
	LISTED("good.list"),
	LISTS("2", "good.list"),
	LISTS("2", "empty.list"),
	LISTED("all.list"),
	LISTS("1", "all.list"),
	LISTS("2", "all.list"),
	LISTS("1", "all-but-you.list"),
	LISTS("2", "all-but-you.list"),
	LISTED("dead.list"),
	LISTED("unsure.list"),
	{ "1.0.0.127.unsure.list", "A", 2, ANSWER, NULL },
	{ "2.0.0.127.unsure.list", "A", 2, ANSWER, NULL },
	LISTED("slow.list"),
	{ "1.0.0.127.slow.list", "A", 0, SILENT, NULL },
	LISTS("2", "slow.list"),
	{ "7.2.0.192.parked.list", "A", 0, ANSWER,
	    "7.2.0.192.parked.list A 300 203.0.113.1" },
	{ "7.2.0.192.broken.list", "A", 2, ANSWER, NULL },
	{ SEVEN ".six.list", "A", 0, ANSWER,
	    SEVEN ".six.list A 300 127.0.0.2" },
};

struct server {
	int udp, tcp, stop[2];
	uint16_t port;
	pthread_t thread;
	atomic_uint asked;
};

struct bench {
	struct server server;
	struct loop *loop;
	struct config config;
	struct endpoint endpoint;
	struct lookups *lookups;
	struct stats *stats;
	struct buf text;
	unsigned type; /* of the records in text */
	unsigned waiting, found;
	int list; /* enum dns_list; LIST_FAILED */
};
#define LIST_FAILED 99

static void server_start(struct server *);
static void server_stop(struct server *);
static void *server_run(void *arg);
static void server_udp(struct server *);
static void forge(
    struct server *, struct str question, const struct sockaddr *, socklen_t);
static void server_tcp(struct server *);
static bool server_answer(struct str question, bool tcp, struct buf *out);
static size_t question_name(struct str question, char out[256]);
static void bench_start(struct bench *);
static void bench_stop(struct bench *);
static void look_up(struct bench *, int kind, const char *name);
static void on_answer(void *arg, const struct answer *);

static const struct {
	const char *why;
	enum lookup_kind kind;
	const char *name, *want;
} cases[] = {
	{ "A", LOOKUP_A, "a.test", "found 300: 192.0.2.1, 192.0.2.2" },
	{ "upper case, last dot", LOOKUP_A, "A.Test.",
	    "found 300: 192.0.2.1, 192.0.2.2" },
	{ "AAAA", LOOKUP_AAAA, "a.test", "found 300: 2001:db8::1" },
	{ "MX", LOOKUP_MX, "a.test", "found 300: 10 mx1.test, 20 mx2.test" },
	{ "TXT", LOOKUP_TXT, "a.test", "found 300: 'v=spf1 -all'" },
	{ "null MX", LOOKUP_MX, "null.test", "found 300: 0 " },
	{ "NODATA", LOOKUP_MX, "nodata.test", "notfound 60 (no such record)" },
	{ "NXDOMAIN", LOOKUP_MX, "nobody.test", "nxdomain 60 (NXDomain)" },
	{ "SERVFAIL", LOOKUP_A, "fail.test", "failed 5 (ServFail)" },
	{ "REFUSED", LOOKUP_A, "refused.test", "failed 5 (ServFail)" },
	{ "DNS-05: silence", LOOKUP_A, "silent.test", "failed 5 (timeout)" },
	{ "garbage", LOOKUP_A, "garbage.test", "failed 5 (ServFail)" },
	{ "truncated: TCP", LOOKUP_A, "tcp.test", "found 300: 192.0.2.3" },
	{ "DNS-01: forged answers before the right one", LOOKUP_A,
	    "forged.test", "found 300: 192.0.2.4" },
	{ "DNS-01: and what they said of others", LOOKUP_A, "a.test",
	    "found 300: 192.0.2.1, 192.0.2.2" },
	{ "CNAME", LOOKUP_A, "cname.test", "found 300: 192.0.2.1, 192.0.2.2" },
	{ "DNS-02: CNAME loop", LOOKUP_A, "loop.test", "failed 5 (ServFail)" },
	{ "DNS-04: NUL in a name", LOOKUP_MX, "odd.test",
	    "found 300: 20 ok.test" },
	{ "U-label", LOOKUP_A, "例え.test", "found 300: 192.0.2.9" },
	{ "malformed name", LOOKUP_MX, "a..test",
	    "nxdomain 5 (malformed name)" },
	{ "line break in the name", LOOKUP_MX, "a\r\n.test",
	    "nxdomain 5 (malformed name)" },
	{ "empty name", LOOKUP_MX, "", "nxdomain 5 (malformed name)" },
	{ "verified host", LOOKUP_HOST, "192.0.2.1",
	    "verified found 300: a.test" },
	{ "the first name that leads back", LOOKUP_HOST, "192.0.2.2",
	    "verified found 300: a.test, nobody.test, cname.test" },
	{ "verified IPv6 host", LOOKUP_HOST, "2001:db8::1",
	    "verified found 300: a.test" },
	{ "no PTR: NXDOMAIN", LOOKUP_HOST, "192.0.2.3",
	    "nx.domain nxdomain 60 (NXDomain)" },
	{ "no PTR: NODATA", LOOKUP_HOST, "192.0.2.7",
	    "nx.domain notfound 60 (no such record)" },
	{ "name does not lead back", LOOKUP_HOST, "192.0.2.4",
	    "not.double.verified notfound 300 (no name leads back): a.test, "
	    "nobody.test" },
	{ "PTR fails", LOOKUP_HOST, "192.0.2.5",
	    "serv.fail failed 5 (ServFail)" },
	{ "name cannot be looked up", LOOKUP_HOST, "192.0.2.6",
	    "serv.fail failed 300 (names cannot be looked up)" },
	{ "DNS-04: line break in PTR", LOOKUP_HOST, "192.0.2.8",
	    "nx.domain notfound 5 (no usable record)" },
	{ "private address", LOOKUP_HOST, "10.0.0.1",
	    "verified found 300: inside.test" },
	{ "loopback address", LOOKUP_HOST, "127.0.0.9",
	    "verified found 300: lo.test" },
};

static void
test_dns_lookup_outcomes(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b);
	for (size_t i = 0; i < NELEM(cases); i++) {
		look_up(&b, cases[i].kind, cases[i].name);
		loop_run(b.loop);
		if (!str_is(buf_str(&b.text), cases[i].want))
			fail_msg("%s:\n got  %s\n want %s", cases[i].why,
			    b.text.data, cases[i].want);
	}
	bench_stop(&b);
}

/* The second time nothing is asked; after a flush it is again. */
static void
test_lookup_cache_and_flush(void **state)
{
	struct bench b;
	unsigned before;

	(void)state;
	bench_start(&b);
	look_up(&b, LOOKUP_MX, "a.test");
	loop_run(b.loop);
	before = atomic_load(&b.server.asked);
	assert_true(before > 0);
	look_up(&b, LOOKUP_MX, "a.test");
	loop_run(b.loop);
	assert_int_equal(atomic_load(&b.server.asked), before);
	/* a question under way outlives the flush */
	look_up(&b, LOOKUP_TXT, "a.test");
	assert_int_equal(lookups_flush(b.lookups, NULL), 0);
	look_up(&b, LOOKUP_MX, "a.test");
	loop_run(b.loop);
	loop_run(b.loop);
	assert_true(atomic_load(&b.server.asked) > before + 1);
	bench_stop(&b);
}

static void
assert_counted(const struct bench *b, const uint64_t want[5])
{
	static const enum stats_counter counters[] = { STATS_dns_requests,
		STATS_dns_cache_hits, STATS_dns_cache_misses,
		STATS_dns_cache_exceptions, STATS_dns_cache_expired };

	for (size_t i = 0; i < NELEM(counters); i++)
		if (stats_sum(b->stats, counters[i]) != want[i])
			fail_msg("%s: %llu", stats_counter_name(counters[i]),
			    (unsigned long long)stats_sum(
				b->stats, counters[i]));
}

/* Each request is one of them (delivery-admin 2.2). */
static void
test_counters_of_the_cache(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b);
	/* the second one finds the first under way */
	look_up(&b, LOOKUP_MX, "a.test");
	look_up(&b, LOOKUP_MX, "a.test");
	assert_counted(&b, (uint64_t[]){ 2, 0, 1, 1, 0 });
	while (b.waiting > 0)
		loop_run(b.loop);
	look_up(&b, LOOKUP_MX, "A.test");
	loop_run(b.loop);
	assert_counted(&b, (uint64_t[]){ 3, 1, 1, 1, 0 });
	look_up(&b, LOOKUP_A, "a.test"); /* another type: another entry */
	loop_run(b.loop);
	assert_counted(&b, (uint64_t[]){ 4, 1, 2, 1, 0 });
	/* it lives for 0 s */
	look_up(&b, LOOKUP_A, "short.test");
	loop_run(b.loop);
	look_up(&b, LOOKUP_A, "short.test");
	loop_run(b.loop);
	assert_counted(&b, (uint64_t[]){ 6, 1, 3, 1, 1 });
	/* what was flushed is no entry */
	look_up(&b, LOOKUP_A, "fail.test");
	loop_run(b.loop);
	assert_int_equal(lookups_flush(b.lookups, NULL), 0);
	look_up(&b, LOOKUP_MX, "a.test");
	loop_run(b.loop);
	assert_counted(&b, (uint64_t[]){ 8, 1, 5, 1, 1 });
	bench_stop(&b);
}

/* One silent name does not hold up the others (DNS-05); cancelling works. */
static void
test_dns_05_many_at_once(void **state)
{
	struct bench b;
	struct query q = { .kind = LOOKUP_A, .name = STR("silent.test") };
	struct lookup *l;

	(void)state;
	bench_start(&b);
	look_up(&b, LOOKUP_A, "silent.test");
	l = lookup_ask(b.lookups, &q, on_answer, &b);
	lookup_cancel(&l);
	assert_null(l);
	for (int i = 0; i < 200; i++)
		look_up(&b, LOOKUP_A, i % 2 == 0 ? "a.test" : "tcp.test");
	while (b.waiting > 1)
		loop_run(b.loop);
	assert_int_equal(b.found, 200);
	loop_run(b.loop);
	assert_string_equal(b.text.data, "failed 5 (timeout)");
	/* freed with questions under way */
	look_up(&b, LOOKUP_A, "silent.test");
	bench_stop(&b);
}

static void
on_list(void *arg, const struct answer *a)
{
	struct bench *b = arg;

	b->list = a->end == LOOKUP_FAILED ? LIST_FAILED : (int)a->list;
	loop_stop(b->loop);
}

static int
ask_list(struct bench *b, const char *list, const char *client)
{
	struct query q = {
		.kind = LOOKUP_DNSLIST, .name = str_of(list), .timeout_ms = 5000
	};

	assert_true(ip_parse(&q.ip, str_of(client)));
	lookup_ask(b->lookups, &q, on_list, b);
	loop_run(b->loop);
	return b->list;
}

/*
 * Asks until it is found out whether it is a list; how long that takes is the
 * machine's business.
 */
static int
ask_list_until(struct bench *b, const char *list, const char *client, int want)
{
	char other[DOMAIN_MAX];
	int got = ask_list(b, list, client);

	for (int i = 0; got != want && i < 5000; i++) {
		snprintf(other, sizeof(other), "%d.%s.other.test", i, list);
		look_up(b, LOOKUP_A, other);
		loop_run(b->loop);
		usleep(1000);
		got = ask_list(b, list, client);
	}
	return got;
}

/* first: while it is found out. */
static const struct {
	const char *why, *zone, *client;
	int first, then;
} lists[] = {
	{ "listed", "good.list", "192.0.2.7", LIST_HAS, LIST_HAS },
	{ "not listed", "good.list", "192.0.2.8", LIST_HAS_NOT, LIST_HAS_NOT },
	{ "upper case", "Good.LIST", "192.0.2.7", LIST_HAS, LIST_HAS },
	{ "lists the test only", "empty.list", "192.0.2.7", LIST_HAS_NOT,
	    LIST_HAS_NOT },
	{ "lists everybody", "all.list", "192.0.2.7", LIST_HAS_ALL,
	    LIST_HAS_ALL },
	{ "lists 127.0.0.1", "all-but-you.list", "192.0.2.7", LIST_HAS_NOT,
	    LIST_HAS_ALL },
	{ "does not list the test", "dead.list", "192.0.2.7", LIST_HAS_NO_TEST,
	    LIST_HAS_NO_TEST },
	{ "lists nobody", "gone.list", "192.0.2.7", LIST_HAS_NOT,
	    LIST_HAS_NO_TEST },
	{ "cannot be tested", "unsure.list", "192.0.2.7", LIST_HAS, LIST_HAS },
	{ "cannot be tested in time", "slow.list", "192.0.2.7", LIST_HAS,
	    LIST_HAS },
	{ "no address in 127.0.0.0/8", "parked.list", "192.0.2.7", LIST_IS_NONE,
	    LIST_IS_NONE },
	{ "fails", "broken.list", "192.0.2.7", LIST_FAILED, LIST_FAILED },
	{ "of IPv6 alone", "six.list", "2001:db8::7", LIST_HAS, LIST_HAS },
};

static void
test_dns_06_lists_that_are_none(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b);
	for (size_t i = 0; i < NELEM(lists); i++) {
		int got = ask_list(&b, lists[i].zone, lists[i].client);

		if (got != lists[i].first)
			fail_msg("%s, at first: %d", lists[i].why, got);
		got = ask_list_until(
		    &b, lists[i].zone, lists[i].client, lists[i].then);
		if (got != lists[i].then)
			fail_msg("%s, then: %d", lists[i].why, got);
	}
	assert_int_equal(ask_list(&b, "all.list", "192.0.2.8"), LIST_HAS_ALL);
	/* found out anew */
	assert_int_equal(lookups_flush(b.lookups, NULL), 0);
	assert_int_equal(
	    ask_list(&b, "all-but-you.list", "192.0.2.7"), LIST_HAS_NOT);
	bench_stop(&b);
}

static void
test_lookup_off(void **state)
{
	struct config off = { .dns_off = true, .reverse_timeout = 1 };
	struct config no_reverse = { .dns_timeout = 1 };
	struct bench b;

	(void)state;
	bench_start(&b);
	off.dns_servers = no_reverse.dns_servers = &b.endpoint;
	off.n_dns_servers = no_reverse.n_dns_servers = 1;
	assert_int_equal(lookups_config(b.lookups, &off, NULL), 0);
	look_up(&b, LOOKUP_A, "a.test");
	loop_run(b.loop);
	assert_string_equal(b.text.data, "failed 5 (look-ups are off)");
	look_up(&b, LOOKUP_HOST, "192.0.2.1");
	loop_run(b.loop);
	assert_string_equal(
	    b.text.data, "serv.fail failed 5 (look-ups are off)");
	assert_int_equal(lookups_config(b.lookups, &no_reverse, NULL), 0);
	look_up(&b, LOOKUP_HOST, "192.0.2.1");
	loop_run(b.loop);
	assert_string_equal(
	    b.text.data, "nx.domain notfound 5 (reverse look-ups are off)");
	assert_int_equal(atomic_load(&b.server.asked), 0);
	bench_stop(&b);
}

/* Names of /etc/hosts, both ways, and servers of resolv.conf. */
static void
test_lookup_system_files(void **state)
{
	char resolv[] = "/tmp/test_resolv_XXXXXX";
	char hosts[] = "/tmp/test_hosts_XXXXXX";
	int rfd = mkstemp(resolv), hfd = mkstemp(hosts);
	struct lookup_system system;
	struct bench b;

	(void)state;
	assert_true(rfd != -1 && hfd != -1);
	dprintf(rfd, "# x\nsearch a.test\nnameserver 192.0.2.53\n"
		     "nameserver nonsense\nnameserver 2001:db8::53\n");
	dprintf(hfd, "127.0.0.5 Five.Test alias.test # x\n\n#\nbad line\n"
		     "2001:db8::5\tsix.test\n");
	lookup_system_read(&system, resolv, hosts);
	close(rfd);
	close(hfd);
	unlink(resolv);
	unlink(hosts);
	assert_int_equal(system.n_servers, 2);
	assert_int_equal(system.servers[1].port, 53);
	assert_int_equal(system.n_hosts, 3);
	bench_start(&b);
	lookups_free(&b.lookups);
	b.config.n_dns_servers = 0;
	b.lookups = lookups_new(b.loop, &b.config, &system, NULL, NULL);
	assert_non_null(b.lookups);
	look_up(&b, LOOKUP_A, "alias.test");
	loop_run(b.loop);
	assert_true(str_ends_nocase(buf_str(&b.text), STR(": 127.0.0.5")));
	look_up(&b, LOOKUP_AAAA, "six.test");
	loop_run(b.loop);
	assert_true(str_ends_nocase(buf_str(&b.text), STR(": 2001:db8::5")));
	look_up(&b, LOOKUP_HOST, "127.0.0.5");
	loop_run(b.loop);
	assert_true(str_starts(buf_str(&b.text), STR("verified found")));
	assert_true(str_ends_nocase(buf_str(&b.text), STR(": five.test")));
	bench_stop(&b);
	lookup_system_free(&system);
}

static void
bench_start(struct bench *b)
{
	struct err err = ERR_INIT;
	int fd;

	*b = (struct bench){ 0 };
	server_start(&b->server);
	b->loop = loop_new();
	b->stats = stats_create(&fd, &err);
	assert_non_null(b->stats);
	close(fd);
	buf_init(&b->text, 4096);
	ip_parse(&b->endpoint.ip, STR("127.0.0.1"));
	b->endpoint.port = b->server.port;
	b->config.dns_servers = &b->endpoint;
	b->config.n_dns_servers = 1;
	b->config.dns_timeout = 10;
	b->config.reverse_timeout = 10;
	b->lookups = lookups_new(b->loop, &b->config, NULL, b->stats, &err);
	if (b->lookups == NULL)
		fail_msg("%s", err.text);
}

static void
bench_stop(struct bench *b)
{
	lookups_free(&b->lookups);
	loop_free(&b->loop);
	stats_unmap(&b->stats);
	buf_fini(&b->text);
	server_stop(&b->server);
}

static void
look_up(struct bench *b, int kind, const char *name)
{
	struct query q = { .kind = (uint8_t)kind, .name = str_of(name) };

	if (kind == LOOKUP_HOST)
		assert_true(ip_parse(&q.ip, q.name));
	if (strcmp(name, "silent.test") == 0 ||
	    strcmp(name, "garbage.test") == 0)
		q.timeout_ms = 300;
	assert_non_null(lookup_ask(b->lookups, &q, on_answer, b));
	b->waiting++;
}

static void
on_answer(void *arg, const struct answer *a)
{
	static const unsigned types[] = { RDATA_PTR, RDATA_MX, RDATA_A,
		RDATA_AAAA, RDATA_TXT };
	struct bench *b = arg;
	struct answer rounded = *a;

	/* what comes from the cache may be some seconds older */
	if (a->ttl > 5)
		rounded.ttl = (a->ttl + 9) / 10 * 10;
	buf_reset(&b->text);
	if (a->kind == LOOKUP_HOST)
		buf_printf(&b->text, "%s ", host_class_name(a->host_class));
	kit_answer_text(&rounded, types[a->kind], &b->text);
	b->waiting--;
	b->found += a->end == LOOKUP_FOUND;
	loop_stop(b->loop);
}

/* --- the server --- */

static void
server_start(struct server *s)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int rc = -1;

	/* a port that is free for both */
	for (int i = 0; i < 20 && rc == -1; i++) {
		s->tcp = socket(AF_INET, SOCK_STREAM, 0);
		s->udp = socket(AF_INET, SOCK_DGRAM, 0);
		sa.sin_port = 0;
		assert_int_equal(
		    bind(s->tcp, (struct sockaddr *)&sa, sizeof(sa)), 0);
		getsockname(s->tcp, (struct sockaddr *)&sa, &len);
		rc = bind(s->udp, (struct sockaddr *)&sa, sizeof(sa));
		if (rc == -1) {
			close(s->tcp);
			close(s->udp);
		}
	}
	assert_int_equal(rc, 0);
	assert_int_equal(listen(s->tcp, 20), 0);
	s->port = ntohs(sa.sin_port);
	assert_int_equal(pipe(s->stop), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, server_run, s), 0);
}

static void
server_stop(struct server *s)
{
	close(s->stop[1]);
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	close(s->udp);
	close(s->tcp);
}

static void *
server_run(void *arg)
{
	struct server *s = arg;
	struct pollfd fds[3] = { { s->stop[0], POLLIN, 0 },
		{ s->udp, POLLIN, 0 }, { s->tcp, POLLIN, 0 } };

	while (poll(fds, 3, 60000) > 0 && fds[0].revents == 0) {
		if (fds[1].revents != 0)
			server_udp(s);
		if (fds[2].revents != 0)
			server_tcp(s);
	}
	return NULL;
}

static void
server_udp(struct server *s)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char in[4096];
	ssize_t n =
	    recvfrom(s->udp, in, sizeof(in), 0, (struct sockaddr *)&from, &len);
	struct buf out;

	if (n < 12)
		return;
	atomic_fetch_add(&s->asked, 1);
	forge(s, (struct str){ in, (size_t)n }, (struct sockaddr *)&from, len);
	buf_init(&out, 65536);
	if (server_answer((struct str){ in, (size_t)n }, false, &out))
		sendto(s->udp, out.data, out.len, 0, (struct sockaddr *)&from,
		    len);
	buf_fini(&out);
}

/* What somebody sends who does not see the question, and so has to guess its
 * id; with a record of another name, to be taken along. */
static void
forge(struct server *s, struct str question, const struct sockaddr *to,
    socklen_t len)
{
	static const char lie[] = "forged.test A 300 203.0.113.66\n"
				  "a.test A 300 203.0.113.66";
	unsigned id = (unsigned)(unsigned char)question.p[0] << 8 |
		      (unsigned char)question.p[1];
	char name[256];

	question_name(question, name);
	if (strcasecmp(name, "forged.test") != 0)
		return;
	for (unsigned i = 1; i <= 100; i++) { /* fewer than a socket holds */
		struct buf out;

		buf_init(&out, 65536);
		kit_message(
		    &out, (id + i) & 0xffff, str_of(name), RDATA_A, 0, lie);
		sendto(s->udp, out.data, out.len, 0, to, len);
		buf_fini(&out);
	}
}

static void
server_tcp(struct server *s)
{
	struct timeval limit = { 5, 0 };
	int fd = accept(s->tcp, NULL, NULL);
	unsigned char head[2];
	char in[4096];
	ssize_t n;
	struct buf out;

	if (fd == -1)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	buf_init(&out, 65536);
	if (recv(fd, head, 2, MSG_WAITALL) == 2) {
		size_t want = (size_t)head[0] << 8 | head[1];

		n = recv(
		    fd, in, want < sizeof(in) ? want : sizeof(in), MSG_WAITALL);
		kit_u16(&out, 0);
		if (n >= 12 &&
		    server_answer((struct str){ in, (size_t)n }, true, &out)) {
			out.data[0] = (char)((out.len - 2) >> 8);
			out.data[1] = (char)(out.len - 2);
			send(fd, out.data, out.len, MSG_NOSIGNAL);
		}
	}
	buf_fini(&out);
	close(fd);
}

static bool
server_answer(struct str question, bool tcp, struct buf *out)
{
	unsigned id = (unsigned)(unsigned char)question.p[0] << 8 |
		      (unsigned char)question.p[1];
	char name[256];
	size_t at = question_name(question, name), from = out->len;
	unsigned type = (unsigned char)question.p[at + 1];

	for (size_t i = 0; i < NELEM(zone); i++) {
		if (strcasecmp(zone[i].qname, name) != 0 ||
		    kit_type(str_of(zone[i].type)) != type)
			continue;
		if (zone[i].how == SILENT)
			return false;
		kit_message(out, id, str_of(name), type, zone[i].rcode,
		    zone[i].records);
		if (zone[i].how == GARBAGE)
			out->data[from + 6] =
			    9; /* records that are not there */
		if (zone[i].how == TCP_ONLY && !tcp) {
			out->data[from + 2] |= 2;
			out->data[from + 7] = 0;
			out->len = from + 12 + strlen(name) + 2 + 4;
		}
		return true;
	}
	kit_message(out, id, str_of(name), type, 3, "--\ntest SOA 60 60");
	return true;
}

/* The name in text; returns where the type stands. */
static size_t
question_name(struct str q, char out[256])
{
	size_t at = 12, n = 0;

	while (at < q.n && q.p[at] != 0) {
		size_t len = (unsigned char)q.p[at++];

		if (n > 0)
			out[n++] = '.';
		for (; len > 0 && at < q.n && n < 250; len--)
			out[n++] = q.p[at++];
	}
	out[n] = '\0';
	return at + 1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_lookup_outcomes),
		cmocka_unit_test(test_lookup_cache_and_flush),
		cmocka_unit_test(test_counters_of_the_cache),
		cmocka_unit_test(test_dns_05_many_at_once),
		cmocka_unit_test(test_dns_06_lists_that_are_none),
		cmocka_unit_test(test_lookup_off),
		cmocka_unit_test(test_lookup_system_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

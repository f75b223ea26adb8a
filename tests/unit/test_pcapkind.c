/* test_pcapkind.c - what a captured connection is, and whom it is for */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"
#include "trace/pcapkind.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}, {name: Two, ip: 192.0.2.11}]\n"
    "listeners:\n"
    "- {name: A, type: public, interface: Net, rat: [example.org]}\n"
    "- {name: B, type: public, interface: Two, rat: [example.org],\n"
    "   proxy_protocol: [198.51.100.0/24]}\n"
    "- {name: Q, type: private, protocol: QMQP, interface: Net, port: 628}\n";

#define HEADER   "PROXY TCP4 203.0.113.7 192.0.2.99 4711 25\r\n"
#define SECOND   1000000
#define BALANCER "198.51.100.1"

static const struct {
	const char *what;
	const char *client, *server;
	uint16_t port;
	const char *name;     /* --listener */
	const char *up, *up2; /* two packets */
	int64_t late;         /* of the second */
	const char *down;
	enum pcap_kind kind;
	uint32_t listener;
	enum pcap_proxy proxy;
	uint32_t bytes;
	const char *from;
} table[] = {
	{ "by address and port", "203.0.113.1", "192.0.2.10", 25, "", "EHLO a",
	    "", 0, "220 x", PCAP_SMTP, 0, PCAP_NO_PROXY, 0, "203.0.113.1" },
	{ "by its other address", "203.0.113.1", "192.0.2.11", 25, "", "EHLO a",
	    "", 0, "220 x", PCAP_SMTP, 1, PCAP_NO_PROXY, 0, "203.0.113.1" },
	{ "by port alone", "203.0.113.1", "192.0.2.44", 628, "", "1:1", "", 0,
	    "", PCAP_QMQP, 2, PCAP_NO_PROXY, 0, "203.0.113.1" },
	{ "by a greeting", "203.0.113.1", "192.0.2.44", 8025, "", "EHLO a", "",
	    0, "220 x", PCAP_SMTP, 0, PCAP_NO_PROXY, 0, "203.0.113.1" },
	{ "no mail", "203.0.113.1", "192.0.2.44", 8025, "", "12:3:abc", "", 0,
	    "", PCAP_OTHER, 2, PCAP_NO_PROXY, 0, "203.0.113.1" },
	{ "by name", "203.0.113.1", "192.0.2.10", 25, "Q", "12:3:abc", "", 0,
	    "", PCAP_QMQP, 2, PCAP_NO_PROXY, 0, "203.0.113.1" },
	{ "by a name that is not there", "203.0.113.1", "192.0.2.10", 25, "X",
	    "EHLO a", "", 0, "", PCAP_SMTP, 3, PCAP_NO_PROXY, 0,
	    "203.0.113.1" },
	{ "TLS", "203.0.113.1", "192.0.2.10", 25, "", "\x16\x03\x01", "", 0, "",
	    PCAP_TLS, 0, PCAP_NO_PROXY, 0, "203.0.113.1" },
	{ "a header", BALANCER, "192.0.2.11", 25, "", HEADER "EHLO", "", 0,
	    "220 x", PCAP_SMTP, 1, PCAP_PROXY_GOOD, sizeof(HEADER) - 1,
	    "203.0.113.7" },
	{ "a header in two", BALANCER, "192.0.2.11", 25, "", "PROXY TCP4 203.",
	    "0.113.7 192.0.2.99 4711 25\r\nEHLO", 4 * SECOND, "", PCAP_SMTP, 1,
	    PCAP_PROXY_GOOD, sizeof(HEADER) - 1, "203.0.113.7" },
	{ "... too late", BALANCER, "192.0.2.11", 25, "", "PROXY TCP4 203.",
	    "0.113.7 192.0.2.99 4711 25\r\nEHLO", 6 * SECOND, "", PCAP_SMTP, 1,
	    PCAP_PROXY_LATE, sizeof(HEADER) - 1, "203.0.113.7" },
	{ "half a header", BALANCER, "192.0.2.11", 25, "", "PROXY TCP4 203.",
	    "", 0, "", PCAP_SMTP, 1, PCAP_PROXY_PARTIAL, 0, BALANCER },
	{ "of itself", BALANCER, "192.0.2.11", 25, "", "PROXY UNKNOWN\r\n", "",
	    0, "", PCAP_SMTP, 1, PCAP_PROXY_LOCAL, 15, BALANCER },
	{ "none", BALANCER, "192.0.2.11", 25, "", "EHLO a\r\n", "", 0, "",
	    PCAP_SMTP, 1, PCAP_PROXY_BAD, 0, BALANCER },
	{ "of somebody else", "198.51.101.1", "192.0.2.11", 25, "", HEADER, "",
	    0, "", PCAP_SMTP, 1, PCAP_NO_PROXY, 0, "198.51.101.1" },
	{ "at another listener", BALANCER, "192.0.2.10", 25, "", HEADER, "", 0,
	    "", PCAP_SMTP, 0, PCAP_NO_PROXY, 0, BALANCER },
};

static void
test_each(void **state)
{
	const struct config *config = *state;

	for (size_t i = 0; i < NELEM(table); i++) {
		struct stream_piece up[2] = { { .bytes = str_of(table[i].up),
						  .time = SECOND },
			{ .bytes = str_of(table[i].up2),
			    .time = SECOND + table[i].late } };
		struct stream_piece down = { .bytes = str_of(table[i].down) };
		struct connection c = { .client = { .begun = true,
					    .pieces = up },
			.server = { .pieces = &down, .n_pieces = 1 },
			.began = SECOND };
		struct pcap_talk t = { .up_bytes = 0 };
		struct ip from;

		c.client.n_pieces = up[1].bytes.n > 0 ? 2 : 1;
		ip_parse(&t.client, str_of(table[i].client));
		ip_parse(&t.server, str_of(table[i].server));
		ip_parse(&from, str_of(table[i].from));
		t.server_port = table[i].port;
		c.client.from.ip = t.client;
		c.server.from = (struct endpoint){ t.server, t.server_port };
		pcap_identify(config, table[i].name, &c, &t);
		if (t.kind != table[i].kind ||
		    t.listener != table[i].listener ||
		    t.proxy != table[i].proxy ||
		    t.proxy_bytes != table[i].bytes ||
		    !ip_equal(&t.from, &from))
			fail_msg("%s: kind %u, listener %u, proxy %u, %u bytes",
			    table[i].what, t.kind, t.listener, t.proxy,
			    t.proxy_bytes);
		if (t.proxy == PCAP_PROXY_GOOD)
			assert_int_equal(t.at_port, 25);
	}
}

/* Without a packet that begins it. */
static void
test_the_middle_of_one(void **state)
{
	struct stream_piece up = { .bytes = STR("EHLO a\r\n") };
	struct connection c = { .client = { .pieces = &up, .n_pieces = 1 },
		.server = { .from = { .port = 25 } } };
	struct pcap_talk t = { .server_port = 25 };

	pcap_identify(*state, "", &c, &t);
	assert_int_equal(t.kind, PCAP_MIDDLE);
}

static int
setup(void **state)
{
	struct bundle b;

	bundle_from_text(&b, "postern.yaml", str_of(yaml));
	*state = config_load_simple(&b, 1, NULL);
	bundle_free(&b);
	return *state != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	struct config *config = *state;

	config_unref(&config);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_the_middle_of_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

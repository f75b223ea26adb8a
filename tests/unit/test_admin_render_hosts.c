/*
 * test_admin_render_hosts.c - the layouts of hosts, recipients and the work
 * queue (delivery-admin 3), line by line
 */
#include "render_kit.h"

static const char tophosts_text[] =
    "Status as of:                 Tue Mar 04 10:20:44 2025 GMT\n"
    "Hosts marked with '*' were down as of the last delivery attempt.\n"
    "\n"
    "                              Active  Conn.     Deliv.       Soft       "
    "Hard\n"
    "#   Recipient Host            Recip.    Out     Recip.    Bounced    "
    "Bounced\n"
    "\n"
    "1*  example.net                  122      0      8,120        233         "
    " 8\n"
    "2   example.org                   41      4     29,310         19         "
    "13\n"
    "3   the.encryption.queue           0      0          0          0         "
    " 0\n"
    "4   the.euq.queue                  5      0          0          0         "
    " 0\n"
    "5   the.euq.release.queue          0      0          0          0         "
    " 0\n";

static void
test_tophosts(void **state)
{
	static const struct {
		const char *host;
		int down, active, out, delivered, soft, hard;
	} hosts[] = {
		{ "example.net", 1, 122, 0, 8120, 233, 8 },
		{ "example.org", 0, 41, 4, 29310, 19, 13 },
		{ "the.encryption.queue", 0, 0, 0, 0, 0, 0 },
		{ "the.euq.queue", 0, 5, 0, 0, 0, 0 },
		{ "the.euq.release.queue", 0, 0, 0, 0, 0, 0 },
	};
	json_t *list = json_array(), *top;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:b, s:i, s:i, s:i, s:i, s:i}",
			      "recipient_host", hosts[i].host, "down",
			      hosts[i].down, "active_rcpts", hosts[i].active,
			      "conn_out", hosts[i].out, "deliv_rcpts",
			      hosts[i].delivered, "soft_bounced", hosts[i].soft,
			      "hard_bounced", hosts[i].hard));
	top = json_pack("{s:I, s:o}", "status_as_of",
	    (json_int_t)AT(10, 20, 44), "hosts", list);
	buf_init(&out, 100000);
	render_tophosts(top, &out);
	check(&out, tophosts_text);
	buf_fini(&out);
	json_decref(top);
}

static const char hoststatus_text[] =
    "Host mail status for: 'example.net'\n"
    "Status as of:         Tue Mar 04 10:22:17 2025 GMT\n"
    "Host up/down:         down\n"
    "\n"
    "Counters:\n"
    "  Queue\n"
    "    Soft Bounced Events                             233\n"
    "  Completion\n"
    "    Completed Recipients                          8,128\n"
    "      Hard Bounced Recipients                         8\n"
    "        DNS Hard Bounces                              0\n"
    "        5XX Hard Bounces                              8\n"
    "        Filter Hard Bounces                           0\n"
    "        Expired Hard Bounces                          0\n"
    "        Other Hard Bounces                            0\n"
    "      Delivered Recipients                        8,120\n"
    "      Deleted Recipients                              0\n"
    "\n"
    "Gauges:\n"
    "  Queue\n"
    "    Active Recipients                               122\n"
    "      Unattempted Recipients                         20\n"
    "      Attempted Recipients                          102\n"
    "  Connections\n"
    "    Current Outbound Connections                      0\n"
    "    Pending Outbound Connections                      1\n"
    "\n"
    "Oldest Message        2 hours 5 mins 10 secs\n"
    "Last Activity         Tue Mar 04 10:21:58 2025 GMT\n"
    "Next Retry            Tue Mar 04 10:24:03 2025 GMT\n"
    "\n"
    "Ordered IP addresses: (expiring at Tue Mar 04 11:05:00 2025 GMT)\n"
    "    Preference   IPs\n"
    "    10           192.0.2.25    2001:db8:5::25\n"
    "    20           198.51.100.25\n"
    "\n"
    "MX Records:\n"
    "    Preference   TTL       Hostname\n"
    "    10           42m43s    mx1.example.net\n"
    "    20           42m43s    mx2.example.net\n"
    "\n"
    "SMTP routes for this host:\n"
    "    (none)\n"
    "\n"
    "    Last 5XX Error:\n"
    "    ----------\n"
    "    550 5.1.1 <nobody@example.net> User unknown\n"
    "    (at Tue Mar 04 09:58:11 2025 GMT) IP: 192.0.2.25\n"
    "    ----------\n"
    "\n"
    "    Last TLS Error:\n"
    "    ----------\n"
    "    TLS required, remote host does not offer STARTTLS\n"
    "    (at Tue Mar 04 09:40:02 2025 GMT) IP: 198.51.100.25\n"
    "    ----------\n";

static json_t *
host(void)
{
	json_t *h = parse(
	    "{\"host\": \"example.net\", \"host_up_down\": \"down\","
	    " \"counters\": {\"soft_bounced_events\": 233,"
	    " \"completed_recipients\": 8128, \"hard_bounced_recipients\": 8,"
	    " \"fivexx_hard_bounces\": 8, \"delivered_recipients\": 8120},"
	    " \"gauges\": {\"active_recipients\": 122,"
	    " \"unattempted_recipients\": 20, \"attempted_recipients\": 102,"
	    " \"pending_outbound_connections\": 1},"
	    " \"oldest_message\": 7510000,"
	    " \"ordered_ip_addresses\": ["
	    "  {\"preference\": 10, \"ip\": \"192.0.2.25\"},"
	    "  {\"preference\": 10, \"ip\": \"2001:db8:5::25\"},"
	    "  {\"preference\": 20, \"ip\": \"198.51.100.25\"}],"
	    " \"mx_records\": ["
	    "  {\"preference\": 10, \"ttl\": 2563,"
	    "   \"hostname\": \"mx1.example.net\"},"
	    "  {\"preference\": 20, \"ttl\": 2563,"
	    "   \"hostname\": \"mx2.example.net\"}],"
	    " \"smtp_routes\": [],"
	    " \"last_5xx_error\": {\"ip\": \"192.0.2.25\", \"text\":"
	    "  \"550 5.1.1 <nobody@example.net> User unknown\"},"
	    " \"last_tls_error\": {\"ip\": \"198.51.100.25\", \"text\":"
	    "  \"TLS required, remote host does not offer STARTTLS\"}}");

	json_object_set_new(h, "status_as_of", json_integer(AT(10, 22, 17)));
	json_object_set_new(h, "last_activity", json_integer(AT(10, 21, 58)));
	json_object_set_new(h, "next_retry", json_integer(AT(10, 24, 3)));
	json_object_set_new(h, "addresses_expire", json_integer(AT(11, 5, 0)));
	json_object_set_new(json_object_get(h, "last_5xx_error"), "at",
	    json_integer(AT(9, 58, 11)));
	json_object_set_new(json_object_get(h, "last_tls_error"), "at",
	    json_integer(AT(9, 40, 2)));
	return h;
}

static const char gateways_text[] =
    "Virtual gateway information:\n"
    "============================================================\n"
    "bulk.example.com (PublicNet2):\n"
    "    Host up/down:      up\n"
    "    Last Activity      Tue Mar 04 10:11:29 2025 GMT\n"
    "    Recipients         1,200\n"
    "    Last Error         N/A\n"
    "============================================================\n";

static void
test_gateways(void **state)
{
	json_t *h = host();
	struct buf out;

	(void)state;
	json_object_set_new(h, "virtual_gateways",
	    json_pack("[{s:s, s:s, s:s, s:I, s:i, s:n}]", "gateway",
		"PublicNet2", "hostname", "bulk.example.com", "host_up_down",
		"up", "last_activity", (json_int_t)1741083089000, "recipients",
		1200, "last_error"));
	buf_init(&out, 100000);
	render_hoststatus(h, &out);
	assert_non_null(strstr(out.data, "\n\nVirtual gateway"));
	assert_string_equal(strstr(out.data, "Virtual gateway"), gateways_text);
	json_decref(h);
	buf_fini(&out);
}

static void
test_hoststatus(void **state)
{
	json_t *h = host(), *none = json_object();
	struct buf out;

	(void)state;
	buf_init(&out, 100000);
	render_hoststatus(h, &out);
	check(&out, hoststatus_text);
	json_array_append_new(
	    json_object_get(h, "smtp_routes"), json_string("10.0.0.5:25"));
	json_object_set(h, "last_error", json_object_get(h, "last_5xx_error"));
	buf_reset(&out);
	render_hoststatus(h, &out);
	assert_null(strstr(out.data, "MX Records"));
	assert_null(strstr(out.data, "Last Error"));
	assert_non_null(
	    strstr(out.data, "SMTP routes for this host:\n    10.0.0.5:25\n"));
	buf_reset(&out);
	render_hoststatus(none, &out);
	assert_non_null(strstr(out.data,
	    "Next Retry            Never\n\n"
	    "Ordered IP addresses:\n"
	    "    Preference   IPs\n    (none)\n\nMX Records:"));
	json_decref(h);
	json_decref(none);
	buf_fini(&out);
}

/* Of no mail: what was looked up, or why there is nothing. */
static void
test_hoststatus_not_in_memory(void **state)
{
	json_t *h = parse("{\"host\": \"x.test\", \"in_memory\": false, "
			  "\"lookup\": \"NXDomain\"}");
	struct buf out;

	(void)state;
	buf_init(&out, 100000);
	render_hoststatus(h, &out);
	assert_ptr_equal(
	    strstr(out.data, "Host \"x.test\" is not currently in memory.\n\n"
			     "Host mail status for: 'x.test'\n"),
	    out.data);
	assert_non_null(strstr(out.data, "    (none)\n\n    NXDomain\n\nMX "));
	json_object_set_new(h, "in_memory", json_true());
	json_object_set_new(h, "lookup", json_null());
	buf_reset(&out);
	render_hoststatus(h, &out);
	assert_null(strstr(out.data, "memory"));
	assert_non_null(strstr(out.data, "    (none)\n\nMX "));
	json_decref(h);
	buf_fini(&out);
}

static void
test_ttl(void **state)
{
	static const struct {
		long long ttl;
		const char *text;
	} cases[] = {
		{ 0, " 0s " },
		{ -5, " 0s " },
		{ 45, " 45s " },
		{ 172800, " 2d " },
		{ 5400, " 1h30m " },
		{ 90061, " 1d1h1m1s " },
		{ INT64_MAX, " 49710d6h28m15s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *h = json_pack("{s:[{s:I}]}", "mx_records", "ttl",
		    (json_int_t)cases[i].ttl);
		struct buf out;

		buf_init(&out, 100000);
		render_hoststatus(h, &out);
		if (strstr(out.data, cases[i].text) == NULL)
			fail_msg("%lld: %s", cases[i].ttl, out.data);
		buf_fini(&out);
		json_decref(h);
	}
}

static const char recipients_text[] =
    "MID/      Bytes/   Sender/                   Subject\n"
    "[RID]     [Atmps]  Recipient\n"
    "\n"
    "1527      1230     orders@example.com        Invoice 4711\n"
    " [0]       [2]     ap@example.net\n"
    " [1]       [0]     cfo@example.org\n"
    "\n"
    "1531      88210    <>                        Undeliverable: hello\n"
    " [0]       [1]     orders@example.com\n";

/* A long name widens its column. */
static void
test_tophosts_long(void **state)
{
	static const char text[] =
	    "Status as of:                 Never\n"
	    "Hosts marked with '*' were down as of the last delivery attempt.\n"
	    "\n"
	    "                                     Active  Conn.     Deliv.     "
	    "  "
	    "Soft       Hard\n"
	    "#   Recipient Host                   Recip.    Out     Recip.    "
	    "Bounced    Bounced\n"
	    "\n"
	    "1   a.host.of.thirty-two.example.com      7      0          0     "
	    "  "
	    "   0          0\n"
	    "2   b.example                             1      0          0     "
	    "  "
	    "   0          0\n";
	json_t *top = parse("{\"hosts\": ["
			    " {\"recipient_host\":"
			    "  \"a.host.of.thirty-two.example.com\","
			    "  \"active_rcpts\": 7},"
			    " {\"recipient_host\": \"b.example\","
			    "  \"active_rcpts\": 1}]}");
	struct buf out;

	(void)state;
	buf_init(&out, 100000);
	render_tophosts(top, &out);
	check(&out, text);
	json_decref(top);
	buf_fini(&out);
}

/* Letters of two columns, of none, and text that is cut between them. */
static void
test_showrecipients_japanese(void **state)
{
	static const char text[] =
	    "MID/      Bytes/   Sender/                   Subject\n"
	    "[RID]     [Atmps]  Recipient\n"
	    "\n"
	    "1         2        \u592a\u90ce@example.com          "
	    "\u4ef6\u540d\u4ef6\u540d\u4ef6\u540d\u4ef6\u540d\u4ef6"
	    "\u540d\u4ef6\u540d\u4ef6\u540d\u4ef6\u540d...\n"
	    "\n"
	    "2         2        cafe\u0301@example.com          x\n";
	json_t *list =
	    parse("{\"messages\": [{\"mid\": 1, \"bytes\": 2, \"sender\":"
		  " \"\u592a\u90ce@example.com\", \"subject\": \""
		  "\u4ef6\u540d\u4ef6\u540d\u4ef6\u540d\u4ef6\u540d\u4ef6"
		  "\u540d\u4ef6\u540d\u4ef6\u540d\u4ef6\u540d\u4ef6\u540d\"},"
		  " {\"mid\": 2, \"bytes\": 2, \"sender\":"
		  " \"cafe\u0301@example.com\", \"subject\": \"x\"}]}");
	struct buf out;

	(void)state;
	buf_init(&out, 100000);
	render_recipients(list, &out);
	check(&out, text);
	json_decref(list);
	buf_fini(&out);
}

static void
test_showrecipients(void **state)
{
	json_t *list =
	    parse("{\"messages\": ["
		  " {\"mid\": 1527, \"bytes\": 1230,"
		  "  \"sender\": \"orders@example.com\","
		  "  \"subject\": \"Invoice 4711\", \"recipients\": ["
		  "   {\"rid\": 0, \"attempts\": 2,"
		  "    \"recipient\": \"ap@example.net\"},"
		  "   {\"rid\": 1, \"attempts\": 0,"
		  "    \"recipient\": \"cfo@example.org\"}]},"
		  " {\"mid\": 1531, \"bytes\": 88210, \"sender\": \"\","
		  "  \"subject\": \"Undeliverable: hello\", \"recipients\": ["
		  "   {\"rid\": 0, \"attempts\": 1,"
		  "    \"recipient\": \"orders@example.com\"}]}],"
		  " \"recipients\": 3, \"cut\": false}");
	struct buf out;

	(void)state;
	buf_init(&out, 100000);
	render_recipients(list, &out);
	check(&out, recipients_text);
	json_decref(list);
	buf_fini(&out);
}

/* ADM-04: nothing that came with mail reaches the terminal as it is. */
static void
test_adm_04_escapes(void **state)
{
	static const char evil[] = "a\033]0;x\007\r\nMID 1 \xe2\x80\xae"
				   "b";
	json_t *e = json_string(evil), *list, *h, *w;
	struct buf out;

	(void)state;
	list = json_pack("{s:[{s:i, s:O, s:O, s:[{s:O}]}]}", "messages", "mid",
	    7, "sender", e, "subject", e, "recipients", "recipient", e);
	h = json_pack("{s:O, s:O, s:[O], s:{s:O, s:O}, s:[{s:O}], s:[{s:O}]}",
	    "host", e, "host_up_down", e, "smtp_routes", e, "last_5xx_error",
	    "text", e, "ip", e, "ordered_ip_addresses", "ip", e, "hosts",
	    "recipient_host", e);
	w = json_pack("{s:O}", "status", e);
	buf_init(&out, 100000);
	render_recipients(list, &out);
	render_hoststatus(h, &out);
	render_tophosts(h, &out);
	render_workqueue(w, &out);
	assert_null(strpbrk(out.data, "\033\007\r"));
	assert_null(strstr(out.data, "\nMID 1 "));
	assert_null(strstr(out.data, "\xe2\x80\xae"));
	assert_non_null(strstr(out.data, "\\x1b]0;x\\x07\\r\\nMID"));
	json_decref(list);
	json_decref(h);
	json_decref(w);
	json_decref(e);
	buf_fini(&out);
}

static void
test_workqueue(void **state)
{
	json_t *w = json_pack("{s:I, s:s, s:i}", "status_as_of",
	    (json_int_t)AT(10, 31, 2), "status",
	    "Paused by admin: checking LDAP server", "messages", 1251);
	const struct rate_row row = { AT(10, 31, 2), 1251, 18, 6 };
	struct buf out;

	(void)state;
	buf_init(&out, 100000);
	render_workqueue(w, &out);
	render_rate(&row, true, &out);
	check(&out, "Status as of:    Tue Mar 04 10:31:02 2025 GMT\n"
		    "Status:          Paused by admin: checking LDAP server\n"
		    "Messages:        1251\n"
		    "Time        Pending        In       Out\n"
		    "10:31:02      1,251        18         6\n");
	json_decref(w);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tophosts),
		cmocka_unit_test(test_tophosts_long),
		cmocka_unit_test(test_showrecipients_japanese),
		cmocka_unit_test(test_hoststatus),
		cmocka_unit_test(test_hoststatus_not_in_memory),
		cmocka_unit_test(test_gateways),
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_showrecipients),
		cmocka_unit_test(test_adm_04_escapes),
		cmocka_unit_test(test_workqueue),
	};

	setenv("TZ", "GMT0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

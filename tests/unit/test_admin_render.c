/* test_admin_render.c - the layout of status (delivery-admin 2), line by line
 */
#include "admin/quarantines.h"
#include "render_kit.h"

static json_t *
counter(long long reset, long long lifetime)
{
	return json_pack("{s:I, s:I, s:I}", "reset", (json_int_t)reset,
	    "uptime", (json_int_t)reset, "lifetime", (json_int_t)lifetime);
}

static json_t *
rate(int one, int five, int fifteen)
{
	return json_pack("{s:i, s:i, s:i}", "1_minute", one, "5_minutes", five,
	    "15_minutes", fifteen);
}

static const struct {
	const char *name;
	long long reset, lifetime;
} counters[] = {
	{ "messages_received", 98114, 1204377 },
	{ "recipients_received", 120033, 1511020 },
	{ "gen_bounce_recipients", 402, 5771 },
	{ "rejected_recipients", 4018, 61553 },
	{ "dropped_messages", 911, 12090 },
	{ "soft_bounced_events", 377, 9341 },
	{ "completed_recipients", 119842, 1510611 },
	{ "hard_bounced_recipients", 401, 6010 },
	{ "dns_hard_bounces", 33, 512 },
	{ "fivexx_hard_bounces", 355, 5300 },
	{ "expired_hard_bounces", 9, 150 },
	{ "filter_hard_bounces", 4, 44 },
	{ "other_hard_bounces", 0, 4 },
	{ "delivered_recipients", 119441, 1504590 },
	{ "deleted_recipients", 0, 11 },
	{ "global_unsub_hits", 0, 0 },
	{ "dkim_signed_msgs", 40117, 402339 },
};

static const struct {
	const char *name;
	int one, five, fifteen;
} rates[] = {
	{ "messages_received", 1980, 1704, 1688 },
	{ "recipients_received", 2220, 2016, 1991 },
	{ "soft_bounced_events", 0, 12, 8 },
	{ "completed_recipients", 2160, 2004, 1984 },
	{ "hard_bounced_recipients", 0, 0, 4 },
	{ "delivered_recipients", 2160, 2004, 1980 },
};

static json_t *
recorder(void)
{
	json_t *r = json_pack("{s:I, s:I, s:n}", "status_as_of",
	    (json_int_t)AT(10, 15, 2), "up_since",
	    (json_int_t)(AT(6, 0, 11) - 3 * 86400000ll), "last_counter_reset");
	json_t *c = json_object(), *w = json_object();

	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		json_object_set_new(c, counters[i].name,
		    counter(counters[i].reset, counters[i].lifetime));
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		json_object_set_new(w, rates[i].name,
		    rate(rates[i].one, rates[i].five, rates[i].fifteen));
	json_object_set_new(r, "counters", c);
	json_object_set_new(r, "rates", w);
	json_object_set_new(r, "ids",
	    parse("{\"mid\": 2310448, \"icid\": 4907113, \"dcid\": 889201}"));
	json_object_set_new(r, "gauges",
	    parse("{\"inbound_conn\": 12, \"outbound_conn\": 1,"
		  " \"workqueue_messages\": 3, \"quarantine_messages\": 45,"
		  " \"kilobytes_in_quarantine\": 16284,"
		  " \"kilobytes_free\": 39981598, \"ram_utilization\": 11,"
		  " \"cpu_total\": 17, \"cpu_mta\": 6, \"cpu_anti_spam\": 7,"
		  " \"cpu_anti_virus\": 3, \"cpu_reporting\": 1,"
		  " \"cpu_quarantine\": 0, \"disk_io\": 4,"
		  " \"resource_conservation\": 0, \"logging_disk_usage\": 9,"
		  " \"logging_disk_available\": 155189248}"));
	return r;
}

static json_t *
queue(const char *delivery)
{
	json_t *q = parse("{\"oldest_message\": 7510000,"
			  " \"suspended_by\": \"admin\","
			  " \"workqueue\": {\"paused\": false},"
			  " \"gauges\": {\"active_recipients\": 191,"
			  " \"unattempted_recipients\": 22,"
			  " \"attempted_recipients\": 169,"
			  " \"destinations_in_memory\": 61,"
			  " \"kilobytes_in_queue\": 2118,"
			  " \"current_outbound_conn\": 7}}");

	json_object_set_new(q, "delivery", json_string(delivery));
	return q;
}

static const char status_text[] =
    "Enter \"status detail\" for more information.\n"
    "\n"
    "Status as of:                  Tue Mar 04 10:15:02 2025 GMT\n"
    "Up since:                      Sat Mar 01 06:00:11 2025 GMT (3d 04h 14m "
    "51s)\n"
    "Last counter reset:            Never\n"
    "System status:                 Online\n"
    "Oldest Message:                2 hours 5 mins 10 secs\n"
    "\n"
    "Counters:                               Reset          Uptime        "
    "Lifetime\n"
    "  Receiving\n"
    "    Messages Received                  98,114          98,114       "
    "1,204,377\n"
    "    Recipients Received               120,033         120,033       "
    "1,511,020\n"
    "  Rejection\n"
    "    Rejected Recipients                 4,018           4,018          "
    "61,553\n"
    "    Dropped Messages                      911             911          "
    "12,090\n"
    "  Queue\n"
    "    Soft Bounced Events                   377             377           "
    "9,341\n"
    "  Completion\n"
    "    Completed Recipients              119,842         119,842       "
    "1,510,611\n"
    "  Current IDs\n"
    "    Message ID (MID)                                                "
    "2,310,448\n"
    "    Injection Conn. ID (ICID)                                       "
    "4,907,113\n"
    "    Delivery Conn. ID (DCID)                                          "
    "889,201\n"
    "\n"
    "Gauges:                               Current\n"
    "  Connections\n"
    "    Current Inbound Conn.                  12\n"
    "    Current Outbound Conn.                  7\n"
    "  Queue\n"
    "    Active Recipients                     191\n"
    "    Messages In Work Queue                  3\n"
    "    Messages In Quarantine                 45\n"
    "    Kilobytes Used                     18,402\n"
    "    Kilobytes Free                 39,981,598\n";

static const char detail_text[] =
    "Counters:                               Reset          Uptime        "
    "Lifetime\n"
    "  Receiving\n"
    "    Messages Received                  98,114          98,114       "
    "1,204,377\n"
    "    Recipients Received               120,033         120,033       "
    "1,511,020\n"
    "    Gen. Bounce Recipients                402             402           "
    "5,771\n"
    "  Rejection\n"
    "    Rejected Recipients                 4,018           4,018          "
    "61,553\n"
    "    Dropped Messages                      911             911          "
    "12,090\n"
    "  Queue\n"
    "    Soft Bounced Events                   377             377           "
    "9,341\n"
    "  Completion\n"
    "    Completed Recipients              119,842         119,842       "
    "1,510,611\n"
    "      Hard Bounced Recipients             401             401           "
    "6,010\n"
    "        DNS Hard Bounces                   33              33             "
    "512\n"
    "        5XX Hard Bounces                  355             355           "
    "5,300\n"
    "        Expired Hard Bounces                9               9             "
    "150\n"
    "        Filter Hard Bounces                 4               4             "
    " 44\n"
    "        Other Hard Bounces                  0               0             "
    "  4\n"
    "      Delivered Recipients            119,441         119,441       "
    "1,504,590\n"
    "      Deleted Recipients                    0               0             "
    " 11\n"
    "        Global Unsub. Hits                  0               0             "
    "  0\n"
    "  DKIM Signed Msgs                     40,117          40,117         "
    "402,339\n"
    "  Current IDs\n"
    "    Message ID (MID)                                                "
    "2,310,448\n"
    "    Injection Conn. ID (ICID)                                       "
    "4,907,113\n"
    "    Delivery Conn. ID (DCID)                                          "
    "889,201\n"
    "\n"
    "Rates (Events Per Hour):             1-Minute       5-Minutes      "
    "15-Minutes\n"
    "  Receiving\n"
    "    Messages Received                   1,980           1,704           "
    "1,688\n"
    "    Recipients Received                 2,220           2,016           "
    "1,991\n"
    "  Queue\n"
    "    Soft Bounced Events                     0              12             "
    "  8\n"
    "  Completion\n"
    "    Completed Recipients                2,160           2,004           "
    "1,984\n"
    "      Hard Bounced Recipients               0               0             "
    "  4\n"
    "      Delivered Recipients              2,160           2,004           "
    "1,980\n"
    "\n"
    "Gauges:                               Current\n"
    "  System\n"
    "    RAM Utilization                       11%\n"
    "    CPU Utilization\n"
    "      Total                               17%\n"
    "      MTA                                  6%\n"
    "      Anti-Spam                            7%\n"
    "      Anti-Virus                           3%\n"
    "      Reporting                            1%\n"
    "      Quarantine                           0%\n"
    "    Disk I/O Utilization                   4%\n"
    "    Resource Conservation                   0\n"
    "    Logging Disk Usage                     9%\n"
    "    Logging Disk Available               148G\n"
    "  Connections\n"
    "    Current Inbound Conn.                  12\n"
    "    Current Outbound Conn.                  7\n"
    "  Queue\n"
    "    Active Recipients                     191\n"
    "      Unattempted Recipients               22\n"
    "      Attempted Recipients                169\n"
    "    Messages\n"
    "      Messages In Work Queue                3\n"
    "      Messages In Quarantine               45\n"
    "    Destinations In Memory                 61\n"
    "    Kilobytes Used                     18,402\n"
    "      Kilobytes In Queue                2,118\n"
    "      Kilobytes In Quarantine          16,284\n"
    "    Kilobytes Free                 39,981,598\n";

static void
test_status(void **state)
{
	json_t *r = recorder(), *q = queue("running"), *all;
	json_t *l = parse("{\"listeners\": [{\"name\": \"A\","
			  " \"suspended\": false}]}");
	const char *from;
	struct buf out;

	(void)state;
	buf_init(&out, 100000);
	all = render_status_join(r, q, l);
	render_status(all, false, &out);
	check(&out, status_text);
	buf_reset(&out);
	render_status(all, true, &out);
	from = strstr(out.data, "Counters:");
	assert_non_null(from);
	buf_consume(&out, (size_t)(from - out.data));
	check(&out, detail_text);
	buf_fini(&out);
	json_decref(all);
	json_decref(r);
	json_decref(q);
	json_decref(l);
}

static void
test_system_status(void **state)
{
	static const char up[] = "{\"listeners\": [{\"suspended\": false}]}";
	static const char partly[] =
	    "{\"listeners\": [{\"name\": \"In\", \"suspended\": false},"
	    " {\"name\": \"Out\", \"suspended\": true}]}";
	static const char down[] = "{\"listeners\": [{\"suspended\": true}]}";
	static const struct {
		const char *delivery, *listeners, *status;
	} cases[] = {
		{ "running", up, "Online" },
		{ "suspended", up, "Delivery suspended (by admin)" },
		{ "running", partly, "Online (receiving suspended for Out)" },
		{ "suspended", partly, "Delivery suspended (by admin)" },
		{ "running", down, "Receiving suspended" },
		{ "suspended", down, "Offline (by admin)" },
		{ "running", "{\"listeners\": []}", "Online" },
		{ NULL, up, "The queue manager does not answer" },
		{ "running", NULL, "The master does not answer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *r = json_object(), *q = NULL, *l = NULL, *all;

		if (cases[i].delivery != NULL)
			q = queue(cases[i].delivery);
		if (cases[i].listeners != NULL)
			l = parse(cases[i].listeners);
		all = render_status_join(r, q, l);
		assert_string_equal(
		    json_string_value(json_object_get(all, "system_status")),
		    cases[i].status);
		json_decref(all);
		json_decref(r);
		json_decref(q);
		json_decref(l);
	}
}

/* An empty object renders: whatever is missing is 0, Never, No Messages. */
static void
test_status_of_nothing(void **state)
{
	json_t *none = json_object(),
	       *q = parse("{\"workqueue\": {\"paused\":"
			  " true, \"status\": \"Paused by admin: LDAP\"}}"),
	       *all;
	struct buf out;

	(void)state;
	buf_init(&out, 100000);
	all = render_status_join(none, q, NULL);
	render_status(all, true, &out);
	assert_non_null(strstr(out.data, "Oldest Message:                "
					 "No Messages\n"));
	assert_non_null(strstr(out.data, "Work queue:                    "
					 "Paused by admin: LDAP\n"));
	assert_null(strstr(out.data, "RAM Utilization"));
	assert_null(strstr(out.data, "CPU Utilization"));
	json_decref(all);
	json_decref(none);
	json_decref(q);
	buf_fini(&out);
}

/* The table of spec workqueue 10.5. */
static void
test_quarantines(void **state)
{
	static const struct {
		const char *name;
		int64_t retention;
		bool release;
		const char *line;
	} cases[] = {
		{ "Outbreak", 0, true,
		    "Outbreak             3,072    60.0         1  by policy  "
		    "Release\n" },
		{ "Policy", 864000, false,
		    "Policy                   1     0.0        12  10d        "
		    "Delete\n" },
		{ "Virus", 5400, false,
		    "Virus                    0   empty         0  90m        "
		    "Delete\n" },
		{ "New", 7200, true,
		    "New                      -       -         -  2h         "
		    "Release\n" },
	};
	json_t *list = parse("{\"quarantines\": ["
			     "{\"name\": \"Outbreak\", \"messages\": 1,"
			     " \"bytes\": 3221225472, \"space\": 5368709120},"
			     "{\"name\": \"Policy\", \"messages\": 12,"
			     " \"bytes\": 4096, \"space\": 5368709120},"
			     "{\"name\": \"Virus\", \"messages\": 0,"
			     " \"bytes\": 0, \"space\": 5368709120}]}");
	struct buf out;

	(void)state;
	buf_init(&out, 10000);
	quarantines_heading(&out, 15);
	assert_string_equal(out.data,
	    "Quarantine Name  Size (MB)  % full  Messages  Retention  "
	    "Policy\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct quarantine_row row = { str_of(cases[i].name),
			cases[i].retention, cases[i].release };

		buf_reset(&out);
		quarantines_row(&out, 15, &row, list);
		assert_string_equal(out.data, cases[i].line);
	}
	json_decref(list);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_system_status),
		cmocka_unit_test(test_status_of_nothing),
		cmocka_unit_test(test_quarantines),
	};

	setenv("TZ", "GMT0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

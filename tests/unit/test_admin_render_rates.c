/* test_admin_render_rates.c - `rate`, `hostrate`, `topin`, `dnsstatus` */
#include "render_kit.h"

#include "admin/health.h"

static void
test_rate(void **state)
{
	static const char want[] =
	    "Time      Connections   Recipients           Recipients         "
	    "  Queue\n"
	    "          In    Out     Received     Delta   Completed    Delta "
	    "  K-Used\n"
	    "10:16:01  12     7       120,033         0     119,842        0 "
	    "  18,402\n"
	    "10:16:02  12     8       120,041         8     119,848        6 "
	    "  18,420\n";
	const struct flow_row rows[] = {
		{ AT(10, 16, 1), 12, 7, 120033, 119842, 18402, 0, 0 },
		{ AT(10, 16, 2), 12, 8, 120041, 119848, 18420, 8, 6 },
	};
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	render_flow(&rows[0], true, &out);
	render_flow(&rows[1], false, &out);
	check(&out, want);
	buf_fini(&out);
}

static void
test_hostrate(void **state)
{
	static const char want[] =
	    "    Time    Host   CrtCncOut  ActvRcp  ActvRcp   DlvRcp  "
	    "HrdBncRcp  SftBncEvt\n"
	    "            Status                       Delta    Delta      "
	    "Delta      Delta\n"
	    "10:18:23    up             1       12        0        4         "
	    " 0          0\n"
	    "10:18:24    unknown        1       10       -2        2         "
	    " 0          0\n";
	const struct host_row rows[] = {
		{ AT(10, 18, 23), "up", 1, 12, 0, 4, 0, 0 },
		{ AT(10, 18, 24), "unknown", 1, 10, -2, 2, 0, 0 },
	};
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	render_host_row(&rows[0], true, &out);
	render_host_row(&rows[1], false, &out);
	check(&out, want);
	buf_fini(&out);
}

/* One check as the recorder tells it; times are minutes of that day's hour
 * 10, below 0: none. */
static json_t *
health(const char *name, int threshold, int now, int highest, int at, int over,
    int last)
{
#define ORNULL(v, j) ((v) < 0 ? json_null() : json_integer(j))
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:i, s:b, s:o}", "check",
	    name, "threshold", ORNULL(threshold, threshold), "now",
	    ORNULL(now, now), "highest", ORNULL(highest, highest), "highest_at",
	    ORNULL(at, AT(10, at, 0)), "over", over, "over_now",
	    threshold >= 0 && now > threshold, "last_over",
	    ORNULL(last, AT(10, last, 0)));
}

static void
test_health_of_a_bad_night(void **state)
{
	static const char want[] =
	    "Status as of:                  Tue Mar 04 10:45:00 2025 GMT\n"
	    "System status:                 Offline (by x\\n)\n"
	    "Looked at:                     45 minutes, since Tue Mar 04 "
	    "10:00:00 2025 GMT\n\n"
	    "                          Threshold      Now  Highest  at         "
	    "  Min. over\n"
	    "Work queue (messages)           500       12    1,204  Mar  4 "
	    "10:41         7\n"
	    "CPU of the machine (%)           85       97       99  Mar  4 "
	    "10:40         0\n"
	    "Swap (pages a minute)           off        0        0  Mar  4 "
	    "10:00         0\n"
	    "Resource conservation             0      999      999  Mar  4 "
	    "10:02         1\n\n"
	    "- System status: Offline (by x\\n)\n"
	    "  See: status, resume\n"
	    "- Work queue: Paused by y\n"
	    "  See: workqueue\n"
	    "- smtpd 1 is down\n"
	    "  See: process_status, displayalerts\n"
	    "- Work queue: above 500 messages in 7 of 45 minutes, last Mar  4 "
	    "10:43; now 12\n"
	    "  See: workqueue, process_status, antispamstatus, "
	    "antivirusstatus\n"
	    "- CPU of the machine: above 85 %; NOW 97\n"
	    "  See: process_status, rate\n"
	    "- Resource conservation: clients were held back in 1 of 45 "
	    "minutes, last Mar  4 10:02; NOW 999\n"
	    "  See: status detail, diagnostic disk_usage, displayalerts\n\n"
	    "Verdict: NOT healthy: 6 problems.\n";
	json_t *j = json_pack(
	    "{s:I, s:I, s:i, s:s, s:s, s:[{s:s, s:i, s:s}, {s:s, s:i, s:s}],"
	    " s:[o, o, o, o]}",
	    "status_as_of", AT(10, 45, 0), "since", AT(10, 0, 0), "minutes", 45,
	    "system_status", "Offline (by x\n)", "work_queue", "Paused by y",
	    "programs", "program", "smtpd", "worker", 0, "state", "ready",
	    "program", "smtpd", "worker", 1, "state", "down", "checks",
	    health("workqueue", 500, 12, 1204, 41, 7, 43),
	    health("cpu", 85, 97, 99, 40, 0, -1),
	    health("swap", -1, 0, 0, 0, 0, -1),
	    health("conservation", 0, 999, 999, 2, 1, 2));
	struct buf out;

	(void)state;
	assert_non_null(j);
	buf_init(&out, 8192);
	health_judge(j);
	assert_true(json_is_false(json_object_get(j, "healthy")));
	assert_int_equal(json_array_size(json_object_get(j, "problems")), 6);
	health_render(j, &out);
	check(&out, want);
	buf_fini(&out);
	json_decref(j);
}

static void
test_health_at_the_start(void **state)
{
	static const char want[] =
	    "Status as of:                  Tue Mar 04 10:45:00 2025 GMT\n"
	    "System status:                 Online\n"
	    "Looked at:                     the present; no whole minute is "
	    "known yet\n\n"
	    "                          Threshold      Now  Highest  at         "
	    "  Min. over\n"
	    "Work queue (messages)           500      500        -  -          "
	    "          0\n\n"
	    "Verdict: healthy.\n";
	json_t *j = json_pack("{s:I, s:n, s:i, s:s, s:n, s:[o]}",
	    "status_as_of", AT(10, 45, 0), "since", "minutes", 0,
	    "system_status", "Online", "work_queue", "checks",
	    health("workqueue", 500, 500, -1, -1, 0, -1));
	struct buf out;

	(void)state;
	assert_non_null(j);
	buf_init(&out, 8192);
	health_judge(j);
	assert_true(json_is_true(json_object_get(j, "healthy")));
	health_render(j, &out);
	check(&out, want);
	buf_fini(&out);
	json_decref(j);
}

static void
test_topin(void **state)
{
	static const char want[] =
	    "Status as of:                   Tue Mar 04 10:25:54 2025 GMT\n"
	    "#  Remote hostname            Remote IP addr.   listener       "
	    " Conn. In\n"
	    "1  mail.sender.example        203.0.113.2       InboundMail    "
	    "       10\n"
	    "2  mail.sender.example        203.0.113.2       Bulk           "
	    "        4\n"
	    "3  203.0.113.77               203.0.113.77      InboundMail    "
	    "        1\n";
	/* columns as wide as it takes */
	static const char wide[] =
	    "Status as of:                   Never\n"
	    "#  Remote hostname                        Remote IP addr.   "
	    "listener        Conn. In\n"
	    "1  a-name-that-is-too-long-for-it.example 2001:db8::1       "
	    "\u53d7\u4fe1                   1\n"
	    "2  192.0.2.1                              192.0.2.1         "
	    "InboundMail            2\n";
	json_t *j = parse("{ \"status_as_of\": 1741083954000, "
			  "\"connections\": ["
			  "{ \"host\": \"mail.sender.example\","
			  " \"ip\": \"203.0.113.2\", \"listener\":"
			  " \"InboundMail\", \"connections\": 10 },"
			  "{ \"host\": \"mail.sender.example\","
			  " \"ip\": \"203.0.113.2\", \"listener\": \"Bulk\","
			  " \"connections\": 4 },"
			  "{ \"host\": \"\", \"ip\": \"203.0.113.77\","
			  " \"listener\": \"InboundMail\","
			  " \"connections\": 1 } ] }");
	json_t *long_one = parse("{ \"connections\": [{ \"host\":"
				 " \"a-name-that-is-too-long-for-it.example\","
				 " \"ip\": \"2001:db8::1\", \"listener\":"
				 " \"\u53d7\u4fe1\", \"connections\": 1 },"
				 "{ \"host\": \"\", \"ip\": \"192.0.2.1\","
				 " \"listener\": \"InboundMail\","
				 " \"connections\": 2 } ] }");
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	render_topin(j, &out);
	check(&out, want);
	buf_reset(&out);
	render_topin(long_one, &out);
	check(&out, wide);
	buf_fini(&out);
	json_decref(j);
	json_decref(long_one);
}

static void
test_dnsstatus(void **state)
{
	static const char want[] =
	    "Status as of:                      Tue Mar 04 10:26:28 2025 "
	    "GMT\n"
	    "Counters:                               Reset          Uptime  "
	    "      Lifetime\n"
	    "  DNS Requests                        211,735         211,735  "
	    "     2,521,773\n"
	    "  Network Requests                          0               0  "
	    "             0\n"
	    "  Cache Hits                                1               2  "
	    "             3\n"
	    "  Cache Misses                              0               0  "
	    "             0\n"
	    "  Cache Exceptions                          0               0  "
	    "             0\n"
	    "  Cache Expired                             0               0  "
	    "             0\n";
	json_t *j = parse("{ \"status_as_of\": 1741083988000, \"counters\": {"
			  "\"dns_requests\": { \"reset\": 211735,"
			  " \"uptime\": 211735, \"lifetime\": 2521773 },"
			  "\"dns_cache_hits\": { \"reset\": 1,"
			  " \"uptime\": 2, \"lifetime\": 3 } } }");
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	render_dnsstatus(j, &out);
	check(&out, want);
	buf_fini(&out);
	json_decref(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_hostrate),
		cmocka_unit_test(test_health_of_a_bad_night),
		cmocka_unit_test(test_health_at_the_start),
		cmocka_unit_test(test_topin),
		cmocka_unit_test(test_dnsstatus),
	};

	setenv("TZ", "GMT0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

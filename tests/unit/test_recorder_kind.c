/*
 * test_recorder_kind.c - bounce and delivery logs, word for word
 *
 * The forms are those of delivery-admin 7.5 and 7.6.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/mem.h"
#include "master/recorder_kind.h"

#define AT INT64_C(1741084819234000) /* Tue Mar  4 10:40:19.234 2025 UTC */
#define V4(a, b, c, d)                                                         \
	{                                                                      \
		{                                                              \
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, b, c, d     \
		}                                                              \
	}
#define T(lit)                                                                 \
	{                                                                      \
		(lit), sizeof(lit) - 1                                         \
	}

static struct ev_rcpt ap[] = { { 0, T("ap@example.net"), 1 } };
static struct ev_rcpt two[] = { { 0, T("user@example.net"), 1 },
	{ 3, T("\"a<b\"@example.net"), 1 } };
static struct ev_header headers[] = { { T("X-Order"), T("4711") },
	{ T("X-Note"), T("it's <b>\r\n") } };

static const struct event_DELIVERY_RECORD delayed = { .what = T("delayed"),
	.mid = 8002,
	.from = T("orders@example.com"),
	.status = T("4.1.0"),
	.reason = T("Unknown address error"),
	.code = T("451"),
	.text = T("4.7.1 greylisted, try later"),
	.rcpts = { 1, ap } };
static const struct event_DELIVERY_RECORD bounced = { .what = T("bounced"),
	.mid = 8004,
	.arrival = INT64_C(1741084811623),
	.size = 4074,
	.ip = V4(192, 0, 2, 25),
	.source_ip = V4(203, 0, 113, 2),
	.from = T("orders@example.com"),
	.status = T("5.1.0"),
	.reason = T("Unknown address error"),
	.code = T("550"),
	.text = T("5.1.1 it's \"unknown\" & <gone>\r\nMID 7"),
	.headers = { 2, headers },
	.message = T("Message-Id: <a1@example.com>\r\nsubject: H\xc3\xa9\\"),
	.rcpts = { 1, ap } };
static const struct event_DELIVERY_RECORD delivered = { .what = T("delivered"),
	.mid = 8001,
	.arrival = INT64_C(1741084811623),
	.size = 2202,
	.ip = V4(192, 0, 2, 25),
	.source_ip = V4(203, 0, 113, 2),
	.from = T("orders@example.com"),
	.code = T("250"),
	.text = T("sent\xef\xbf\xbf"),
	.rcpts = { 2, two } };
static const struct event_DELIVERY_RECORD unknown = { .what = T("bounced"),
	.mid = 9,
	.arrival = INT64_C(1741084811003),
	.status = T("5.1.2"),
	.reason = T("Bad destination host"),
	.code = T("000"),
	.text = T(""),
	.from = T(""),
	.rcpts = { 1, ap } };
static const struct event_NOTICE begin = { .text = T("Begin -- Logfile") };
static const struct event_SUBJECT subject = { .mid = 7, .text = T("x") };
static const struct event_SMTP_SENT said = { .log = T("one"),
	.dcid = 102503993,
	.text = T("MAIL FROM:<orders@example.com>") };
static const struct event_SMTP_RCVD heard = {
	.log = T("other"), .dcid = 102503993, .text = T("250 it's OK")
};
static const struct event_CLIENT_SENT to_client = { .log = T("one"),
	.icid = 4907113,
	.ip = V4(203, 0, 113, 2),
	.text = T("220 mail3.example.com ESMTP\r\n") };
static const struct event_CLIENT_RCVD from_client = { .log = T("one"),
	.icid = 4907113,
	.ip = V4(203, 0, 113, 2),
	.text = T("it's \\ \xff\n") };
static const struct event_STATUS status = { .CPULd = 17, .LogAvail = T("1G") };
static const struct event_RESPONSE response = { .mid = 7, .text = T("x") };
static const struct event_MESSAGE_ID id = { .mid = 7, .text = T("x") };

static const struct {
	enum log_type type;
	enum event_id id;
	const void *fields;
	const char *want;
} lines[] = {
	{ LOG_BOUNCES, EVENT_DELIVERY_RECORD, &delayed,
	    "Delayed: 8002:0 From:<orders@example.com> To:<ap@example.net> "
	    "Reason: \"4.1.0 - Unknown address error\" Response: \"('451', "
	    "['4.7.1 greylisted, try later'])\"" },
	{ LOG_BOUNCES, EVENT_DELIVERY_RECORD, &bounced,
	    "Bounced: 8004:0 From:<orders@example.com> To:<ap@example.net> "
	    "Reason: \"5.1.0 - Unknown address error\" Response: \"('550', "
	    "['5.1.1 it\\'s \"unknown\" & <gone>\\r\\nMID 7'])\" Headers: "
	    "['X-Order: 4711', 'X-Note: it\\'s <b>\\r\\n'] Message: "
	    "Message-Id: <a1@example.com>\\015\\012subject: "
	    "H\\303\\251\\134" },
	{ LOG_BOUNCES, EVENT_DELIVERY_RECORD, &unknown,
	    "Bounced: 9:0 From:<> To:<ap@example.net> Reason: \"5.1.2 - Bad "
	    "destination host\" Response: \"('000', [''])\"" },
	{ LOG_BOUNCES, EVENT_NOTICE, &begin, "Begin -- Logfile" },
	{ LOG_DOMAIN_DEBUG, EVENT_SMTP_SENT, &said,
	    "102503993 Sent: 'MAIL FROM:<orders@example.com>'" },
	{ LOG_DOMAIN_DEBUG, EVENT_SMTP_RCVD, &heard,
	    "102503993 Rcvd: \"250 it's OK\"" },
	{ LOG_INJECTION_DEBUG, EVENT_CLIENT_SENT, &to_client,
	    "4907113 Sent to '203.0.113.2': '220 mail3.example.com "
	    "ESMTP\\015\\012'" },
	{ LOG_INJECTION_DEBUG, EVENT_CLIENT_RCVD, &from_client,
	    "4907113 Rcvd from '203.0.113.2': 'it\\047s \\134 \\377\\012'" },
	{ LOG_DELIVERY, EVENT_DELIVERY_RECORD, &delivered,
	    "<success del_time=\"Tue Mar 04 10:40:19.234 2025\" "
	    "inj_time=\"Tue Mar 04 10:40:11.623 2025\" bytes=\"2202\" "
	    "mid=\"8001\" ip=\"192.0.2.25\" from=\"orders@example.com\" "
	    "source_ip=\"203.0.113.2\" code=\"250\" reply=\"sent\\uFFFF\">\n"
	    "<rcpt rid=\"0\" to=\"user@example.net\" attempts=\"1\" />\n"
	    "<rcpt rid=\"3\" to=\"&quot;a&lt;b&quot;@example.net\" "
	    "attempts=\"1\" />\n"
	    "</success>" },
	{ LOG_DELIVERY, EVENT_DELIVERY_RECORD, &bounced,
	    "<bounce del_time=\"Tue Mar 04 10:40:19.234 2025\" "
	    "inj_time=\"Tue Mar 04 10:40:11.623 2025\" bytes=\"4074\" "
	    "mid=\"8004\" ip=\"192.0.2.25\" from=\"orders@example.com\" "
	    "source_ip=\"203.0.113.2\" reason=\"5.1.0 - Unknown address "
	    "error\" code=\"550\" error=\"5.1.1 it's &quot;unknown&quot; "
	    "&amp; &lt;gone&gt;\\r\\nMID 7\">\n"
	    "<rcpt rid=\"0\" to=\"ap@example.net\" attempts=\"1\" />\n"
	    "<customer_data><header name=\"x-order\" value=\"4711\"/>"
	    "<header name=\"x-note\" value=\"it's &lt;b&gt;\\r\\n\"/>"
	    "</customer_data>\n"
	    "</bounce>" },
	{ LOG_DELIVERY, EVENT_DELIVERY_RECORD, &unknown,
	    "<bounce del_time=\"Tue Mar 04 10:40:19.234 2025\" "
	    "inj_time=\"Tue Mar 04 10:40:11.003 2025\" bytes=\"0\" mid=\"9\" "
	    "ip=\"\" from=\"\" source_ip=\"\" reason=\"5.1.2 - Bad destination "
	    "host\" code=\"000\" error=\"\">\n"
	    "<rcpt rid=\"0\" to=\"ap@example.net\" attempts=\"1\" />\n"
	    "</bounce>" },
	{ LOG_DELIVERY, EVENT_NOTICE, &begin,
	    "<!-- Tue Mar  4 10:40:19 2025 Info: Begin - - Logfile -->" },
};

static void
test_texts(void **state)
{
	struct buf b;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	buf_init(&b, 100000);
	for (size_t i = 0; i < NELEM(lines); i++) {
		buf_reset(&b);
		recorder_kind_text(
		    lines[i].type, lines[i].id, AT, lines[i].fields, &b);
		if (!str_is(buf_str(&b), lines[i].want))
			fail_msg("case %zu\n got %.*s\nwant %s", i,
			    STR_ARG(buf_str(&b)), lines[i].want);
	}
	buf_fini(&b);
}

static const struct {
	const char *why;
	enum log_type type;
	unsigned left_out;
	enum event_id id;
	const void *fields;
	bool want;
} takes[] = {
	{ "mail logs have no records", LOG_MAIL, 0, EVENT_DELIVERY_RECORD,
	    &bounced, false },
	{ "bounce logs have no notices", LOG_BOUNCES, 0, EVENT_NOTICE, &begin,
	    false },
	{ "delayed", LOG_BOUNCES, 0, EVENT_DELIVERY_RECORD, &delayed, true },
	{ "bounced", LOG_BOUNCES, 0, EVENT_DELIVERY_RECORD, &bounced, true },
	{ "delivered is no bounce", LOG_BOUNCES, 0, EVENT_DELIVERY_RECORD,
	    &delivered, false },
	{ "delayed is no end", LOG_DELIVERY, 0, EVENT_DELIVERY_RECORD, &delayed,
	    false },
	{ "bounces end, too", LOG_DELIVERY, 0, EVENT_DELIVERY_RECORD, &bounced,
	    true },
	{ "delivered", LOG_DELIVERY, 0, EVENT_DELIVERY_RECORD, &delivered,
	    true },
	{ "what is for this log", LOG_DOMAIN_DEBUG, 0, EVENT_SMTP_SENT, &said,
	    true },
	{ "what is for another", LOG_DOMAIN_DEBUG, 0, EVENT_SMTP_RCVD, &heard,
	    false },
	{ "clients", LOG_INJECTION_DEBUG, 0, EVENT_CLIENT_RCVD, &from_client,
	    true },
	{ "servers are no clients", LOG_INJECTION_DEBUG, 0, EVENT_SMTP_SENT,
	    &said, false },
	{ "status", LOG_STATUS, 0, EVENT_STATUS, &status, true },
	{ "no status among the mail", LOG_MAIL, 0, EVENT_STATUS, &status,
	    false },
	{ "no conversation among the mail", LOG_MAIL, 0, EVENT_SMTP_SENT, &said,
	    false },
	{ "a subject", LOG_MAIL, RECORDER_NO_RESPONSE, EVENT_SUBJECT, &subject,
	    true },
	{ "no subject", LOG_MAIL, RECORDER_NO_SUBJECT, EVENT_SUBJECT, &subject,
	    false },
	{ "no response", LOG_MAIL, RECORDER_NO_RESPONSE, EVENT_RESPONSE,
	    &response, false },
	{ "no Message-ID", LOG_MAIL, RECORDER_NO_MESSAGE_ID, EVENT_MESSAGE_ID,
	    &id, false },
};

static void
test_who_takes_what(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(takes); i++) {
		const struct recorder_kind kind = { takes[i].type, "one",
			takes[i].left_out };

		if (recorder_kind_takes(&kind, takes[i].id, takes[i].fields) !=
		    takes[i].want)
			fail_msg("%s", takes[i].why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_who_takes_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

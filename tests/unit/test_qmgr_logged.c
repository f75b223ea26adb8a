/* test_qmgr_logged.c - what bounce and delivery logs are told, and when */
#include "qmgr/conn.h"
#include "qmgr/logged.h"
#include "qmgr_double.h"

#define HEADERS "log_settings:\n  headers: [subject, X-None]\n"
#define BOUNCES "logs:\n  - name: b\n    type: bounces\n    bytes: 10\n"
#define ALL                                                                    \
	"logs:\n  - name: b\n    type: bounces\n  - name: d\n    type: "       \
	"delivery\n"

static struct buf records;

static void
keep_record(void *arg, enum event_id id, const void *fields)
{
	const struct event_DELIVERY_RECORD *e = fields;
	const struct ev_rcpt *to;

	twin_event(arg, id, fields);
	if (id != EVENT_DELIVERY_RECORD)
		return;
	to = e->rcpts.v;
	buf_printf(&records, "%.*s %llu <%.*s> %.*s %.*s headers %zu \"%.*s\"",
	    STR_ARG(e->what), (unsigned long long)e->mid, STR_ARG(e->from),
	    STR_ARG(e->code), STR_ARG(e->text), e->headers.n,
	    STR_ARG(e->message));
	for (size_t i = 0; i < e->rcpts.n && i < 2; i++)
		buf_printf(&records, " %u:<%.*s>/%u", to[i].rid,
		    STR_ARG(to[i].to), to[i].attempts);
	buf_printf(&records, " of %zu\n", e->rcpts.n);
}

static struct twin *
begin(const char *yaml)
{
	const struct event_sink sink = { keep_record, NULL };
	struct twin *t = twin_new(yaml);

	event_set_sink(&sink);
	buf_init(&records, 1 << 20);
	return t;
}

static void
end(struct twin *t)
{
	buf_fini(&records);
	twin_free(t);
}

static void
check(const char *why, const char *want)
{
	if (!str_is(buf_str(&records), want))
		fail_msg("%s\n got: %.*swant: %s", why,
		    STR_ARG(buf_str(&records)), want);
	buf_reset(&records);
}

static const struct {
	const char *why, *yaml;
	uint32_t code;
	enum job_stage stage;
	const char *want, *said;
} cases[] = {
	{ "nobody wants records", "", 250, JOB_DOT, "",
	    "Message done DCID 1 MID 5 to RID [0] []\n" },
	{ "bounce logs want no deliveries", BOUNCES, 250, JOB_DOT, "",
	    "Message done DCID 1 MID 5 to RID [0] []\n" },
	{ "a delivery", ALL, 250, JOB_DOT,
	    "delivered 5 <joe@sender.test> 250 text headers 0 \"\" "
	    "0:<ap@one.test>/1 of 1\n",
	    "Message done DCID 1 MID 5 to RID [0] []\n" },
	{ "a bounce, with its first bytes", BOUNCES, 550, JOB_RCPT,
	    "bounced 5 <joe@sender.test> 550 text headers 0 \"Subject: h\" "
	    "0:<ap@one.test>/1 of 1\n",
	    "Bounced: DCID 1 MID 5 to RID 0 - 5.1.0 - Unknown address error "
	    "('550', ['text']) []\n" },
	{ "a soft bounce, with a header", HEADERS ALL, 451, JOB_RCPT,
	    "delayed 5 <joe@sender.test> 451 text headers 1 \"\" "
	    "0:<ap@one.test>/1 of 1\n",
	    "Delayed: DCID 1 MID 5 to RID 0 - 4.1.0 - Unknown address error "
	    "('451', ['text']) [('subject', 'hello')]\n" },
	{ "a header without such logs", HEADERS, 250, JOB_DOT, "",
	    "Message done DCID 1 MID 5 to RID [0] [('subject', 'hello')]\n" },
};

static void
test_what_is_told(void **state)
{
	char yaml[1000];

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct twin *t;

		snprintf(
		    yaml, sizeof(yaml), "%s%s", TWIN_CONFIG, cases[i].yaml);
		t = begin(yaml);
		twin_mail(t, 5, "ap@one.test");
		twin_run(t);
		twin_up(t);
		twin_answer(t, cases[i].code, cases[i].stage, "text");
		check(cases[i].why, cases[i].want);
		if (strstr(twin_log.data, cases[i].said) == NULL)
			fail_msg("%s: %s", cases[i].why, twin_log.data);
		end(t);
	}
}

/* One record for all that a transaction carried; none for what a route
 * drops. */
static void
test_recipients_of_a_parcel(void **state)
{
	static const char *const rcpts[] = { "a@null.test", "b@one.test",
		"c@one.test", NULL };
	struct twin *t = begin(TWIN_CONFIG ALL);

	(void)state;
	twin_message(t, 6, "joe@sender.test", rcpts);
	twin_run(t);
	check("dropped by a route", "");
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	check("two recipients",
	    "delivered 6 <joe@sender.test> 250 ok headers 0 \"\" "
	    "1:<b@one.test>/1 2:<c@one.test>/1 of 2\n");
	end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_told),
		cmocka_unit_test(test_recipients_of_a_parcel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

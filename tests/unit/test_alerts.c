/*
 * test_alerts.c - which alerts are mailed, to whom and when (spec
 * delivery-admin 6.1)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"
#include "fact/facts.h"
#include "master/recorder_alerts.h"

#define SYSTEM  "5254001A2B3C-0F00AA11"
#define START   INT64_C(1741084659000) /* Tue, 04 Mar 2025 10:37:39 UTC */
#define SECONDS *INT64_C(1000)
#define HEAD                                                                   \
	"hostname: mail3.example.com\n"                                        \
	"alerts: {initial: 5, maximum: 1h}\n"
#define OPS HEAD "alert_recipients: [{address: ops@example.com}]\n"

static struct config *config;
static struct recorder_alerts *alerts;

static void
begin(const char *yaml)
{
	struct config_problems problems = { .n = 0 };
	struct bundle b;

	bundle_from_text(&b, "postern.yaml", str_of(yaml));
	config = config_load(&b, 1, &problems);
	if (config == NULL)
		fail_msg("%s", problems.n > 0 ? problems.v[0].text : "no");
	config_problems_free(&problems);
	bundle_free(&b);
	alerts = recorder_alerts_new(SYSTEM);
	recorder_alerts_config(alerts, config);
}

static void
end(void)
{
	recorder_alerts_free(&alerts);
	config_unref(&config);
}

static bool
raise(enum alert_id id, const char *about, const char *text, int64_t now)
{
	struct event_ALERT e = { .id = str_of(alert_spec(id)->name),
		.about = str_of(about),
		.text = str_of(text) };

	return recorder_alerts_hear(alerts, EVENT_ALERT, &e, now);
}

/* Takes all that is due; how many mails. Each is delivered. */
static size_t
deliver(int64_t now)
{
	struct probe_done done = { .answer = RECIPIENT_OK, .text = STR("") };
	struct alert_mail *m;
	size_t n = 0;

	while ((m = recorder_alerts_take(alerts, now)) != NULL) {
		recorder_alerts_done(alerts, m->serial, &done, now);
		n++;
	}
	return n;
}

static void
test_what_is_sent(void **state)
{
	const struct alert_mail *m;

	(void)state;
	begin(OPS);
	raise(ALERT_WORKQ_PAUSED, "", "work queue paused, 98 msgs, antispam",
	    START);
	m = recorder_alerts_take(alerts, START);
	assert_string_equal(m->rcpt, "ops@example.com");
	assert_string_equal(m->subject,
	    "Critical <System> mail3.example.com: work queue paused, 98 "
	    "msgs, antispam");
	assert_string_equal(strstr(m->text, "\r\n\r\n") + 4,
	    "The Critical message is:\r\n\r\n"
	    "work queue paused, 98 msgs, antispam\r\n\r\n"
	    "Alert: MAIL.WORKQ_PAUSED\r\nVersion: " POSTERN_VERSION "\r\n"
	    "Serial Number: " SYSTEM "\r\n"
	    "Timestamp: Tue, 04 Mar 2025 10:37:39 +0000\r\n");
	assert_non_null(
	    strstr(m->text, "From: alert@mail3.example.com\r\nTo: ops@"));
	assert_null(recorder_alerts_take(alerts, START));
	end();
}

/* A text from outside is one line of a header, whatever is in it. */
static void
test_hdr_texts_from_outside(void **state)
{
	struct alert_mail *m;
	char *body, *subject;

	(void)state;
	begin(OPS);
	raise(ALERT_DNS_LIST, "",
	    "a\r\nBcc: x@evil.test\r\n\r\n.\r\n\xff \xe9\x85\x92", START);
	m = recorder_alerts_take(alerts, START);
	body = strstr(m->text, "\r\n\r\n");
	*body = '\0';
	assert_null(strstr(m->text, "\nBcc:"));
	subject = strstr(m->text, "=?utf-8?");
	assert_non_null(subject);
	for (const char *p = m->text; *p != '\0'; p++)
		assert_true((unsigned char)*p < 0x80);
	end();
}

static void
test_who_gets_it(void **state)
{
	static const struct {
		const char *keys;
		enum alert_id id;
		size_t mails;
	} v[] = {
		{ "", ALERT_QUEUE_ERROR, 1 },
		{ "", ALERT_CONSERVE_END, 1 },
		{ "", ALERT_HARVEST, 1 },
		{ ", system: critical", ALERT_QUEUE_ERROR, 1 },
		{ ", system: critical", ALERT_CONSERVE_END, 0 },
		{ ", system: critical", ALERT_TLS_REQUIRED, 0 },
		{ ", system: critical", ALERT_VIRUS_ENGINE, 1 },
		{ ", system: \"warning, information\"", ALERT_TLS_REQUIRED, 1 },
		{ ", system: \"warning, information\"", ALERT_CONSERVE_END, 1 },
		{ ", system: \"warning, information\"", ALERT_QUEUE_ERROR, 0 },
		{ ", system: none", ALERT_QUEUE_ERROR, 0 },
		{ ", anti_virus: none", ALERT_VIRUS_ENGINE, 0 },
		{ ", anti_virus: none", ALERT_SPAM_ENGINE, 1 },
		{ ", anti_spam: critical", ALERT_SPAM_ENGINE, 0 },
		{ ", outbreak_filters: critical", ALERT_OUTBREAK_RULES, 0 },
		{ ", outbreak_filters: critical", ALERT_OUTBREAK_FULL, 1 },
		{ ", dhap: none", ALERT_HARVEST, 0 },
	};
	char yaml[500];

	(void)state;
	for (size_t i = 0; i < NELEM(v); i++) {
		size_t n;

		snprintf(yaml, sizeof(yaml),
		    HEAD "alert_recipients: [{address: ops@example.com%s}]\n",
		    v[i].keys);
		begin(yaml);
		raise(v[i].id, "", "text", START);
		n = deliver(START);
		end();
		if (n != v[i].mails)
			fail_msg("%zu%s: %zu mails", i, v[i].keys, n);
	}
}

/* Seconds at which equal ones come, and whether each is sent. */
static void
test_equal_ones(void **state)
{
	static const struct {
		int64_t at;
		bool sent;
	} v[] = {
		{ 0, true },
		{ 1, false },
		{ 4, false },
		{ 5, true }, /* then 15, 35, 75 */
		{ 19, false },
		{ 20, true },
		{ 54, false },
		{ 55, true },
		{ 129, false },
		{ 130, true },
		/* the longest wait is an hour; after two quiet ones anew */
		{ 130 + 2 * 3600, true },
		{ 130 + 4 * 3600 + 1, true },
		{ 130 + 4 * 3600 + 5, false },
		{ 130 + 4 * 3600 + 6, true },
	};

	(void)state;
	begin(OPS);
	for (size_t i = 0; i < NELEM(v); i++) {
		int64_t now = START + v[i].at SECONDS;
		bool sent = raise(ALERT_TLS_REQUIRED, "a.test", "one", now);

		if (sent != v[i].sent || deliver(now) != v[i].sent)
			fail_msg("%lld s", (long long)v[i].at);
	}
	end();
}

static void
test_what_is_equal(void **state)
{
	static const struct {
		enum alert_id id;
		const char *about, *text;
		bool sent;
	} v[] = {
		{ ALERT_TLS_REQUIRED, "a.test", "text", true },
		{ ALERT_TLS_REQUIRED, "b.test", "text", true },
		{ ALERT_TLS_REQUIRED, "a.test", "another text", false },
		{ ALERT_DNS_COSTLY, "a.test", "text", true },
		{ ALERT_QUEUE_ERROR, "", "MID 17 cannot be read", true },
		{ ALERT_QUEUE_ERROR, "", "MID 4711 cannot be read", false },
		{ ALERT_QUEUE_ERROR, "", "MID 4 cannot be written", true },
	};

	(void)state;
	begin(OPS);
	for (size_t i = 0; i < NELEM(v); i++)
		if (raise(v[i].id, v[i].about, v[i].text, START) != v[i].sent)
			fail_msg("%zu", i);
	end();
}

/* Ten a second for a while: three mails, which say how many there were. */
static void
test_a_thousand_equal_ones_make_three_mails(void **state)
{
	struct probe_done done = { .answer = RECIPIENT_OK, .text = STR("") };
	size_t n = 0, said = 0;
	char text[100];

	(void)state;
	begin("hostname: mx.test\nalerts: {initial: 10, maximum: 1h}\n"
	      "alert_recipients: [{address: ops@example.com}]\n");
	for (int i = 0; i < 1000; i++) {
		int64_t now = START + i * 100;
		struct alert_mail *m;
		const char *held;

		snprintf(text, sizeof(text), "MID %d is damaged", i);
		raise(ALERT_QUEUE_CORRUPT, "", text, now);
		m = recorder_alerts_take(alerts, now);
		if (m == NULL)
			continue;
		held = strstr(m->text, "since the last mail about it: ");
		if (held != NULL)
			said += strtoul(strchr(held, ':') + 1, NULL, 10);
		recorder_alerts_done(alerts, m->serial, &done, now);
		n++;
	}
	assert_int_equal(n, 3);
	assert_int_equal(said, 99 + 299);
	end();
}

static void
test_tries(void **state)
{
	static const int64_t at[] = { 0, 60, 360, 1260, 3600 };
	struct probe_done later = { .answer = RECIPIENT_LATER,
		.code = 451,
		.text = STR("4.2.1 busy") };
	struct alert_mail *m = NULL;

	(void)state;
	begin(OPS);
	raise(ALERT_FAILURE, "", "text", START);
	for (size_t i = 0; i < NELEM(at); i++) {
		int64_t now = START + at[i] SECONDS;

		assert_int_equal(recorder_alerts_due(alerts), now);
		assert_null(recorder_alerts_take(alerts, now - 1));
		m = recorder_alerts_take(alerts, now);
		assert_non_null(m);
		assert_int_equal(m->tries, i + 1);
		/* a lookupd that dies is no try */
		recorder_alerts_lost(alerts, now);
		m = recorder_alerts_take(alerts, now);
		assert_int_equal(m->tries, i + 1);
		recorder_alerts_done(alerts, m->serial, &later, now);
	}
	assert_int_equal(recorder_alerts_due(alerts), INT64_MAX);

	/* refused for good: no second try; nobody there: there is one */
	raise(ALERT_FAILURE, "x", "text", START);
	m = recorder_alerts_take(alerts, START);
	later.answer = RECIPIENT_UNKNOWN;
	recorder_alerts_done(alerts, m->serial, &later, START);
	assert_int_equal(recorder_alerts_due(alerts), INT64_MAX);
	raise(ALERT_FAILURE, "y", "text", START);
	m = recorder_alerts_take(alerts, START);
	later.answer = RECIPIENT_NO_ANSWER;
	recorder_alerts_done(alerts, m->serial, &later, START);
	assert_int_equal(recorder_alerts_due(alerts), START + 60 SECONDS);
	end();
}

/* After a restart it goes on as if there had been none. */
static void
test_saved(void **state)
{
	json_t *saved, *again, *half;
	char text[100];

	(void)state;
	begin(OPS);
	for (int i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "\xe9\x85\x92 %d", i);
		raise(ALERT_FAILURE, text, text, START + i);
	}
	saved = recorder_alerts_save(alerts);
	recorder_alerts_free(&alerts);
	alerts = recorder_alerts_new(SYSTEM);
	recorder_alerts_config(alerts, config);
	recorder_alerts_load(alerts, saved);
	again = recorder_alerts_save(alerts);
	assert_int_equal(json_array_size(json_object_get(saved, "alerts")), 50);
	assert_true(json_equal(json_object_get(saved, "alerts"),
	    json_object_get(again, "alerts")));
	assert_true(json_equal(
	    json_object_get(saved, "mails"), json_object_get(again, "mails")));
	assert_false(raise(ALERT_FAILURE, "\xe9\x85\x92 7", "x", START + 100));
	assert_int_equal(deliver(START + 100), 60);

	half = json_pack("{s:[{s:i}, s], s:[{}, n], s:i}", "mails", "tries", 3,
	    "x", "alerts", "kinds", 7);
	recorder_alerts_load(alerts, half);
	assert_int_equal(deliver(START + 100), 0);
	json_decref(half);
	json_decref(saved);
	json_decref(again);
	end();
}

static void
test_events_that_are_alerts(void **state)
{
	const struct event_PROGRAM_DIED died = { .program = STR("smtp"),
		.text = STR("was ended by signal 9") };
	const struct event_CORRUPT corrupt = { .mid = 7, .text = STR("x") };
	struct event_HARVEST harvest = { .host = STR("h"),
		.group = STR("g"),
		.listener = STR("l"),
		.sender = STR("s"),
		.rcpt = STR("r") };
	const struct event_MID_DONE done = { .mid = 7 };
	const struct event_NOTICE notice = { .text = STR("x") };

	(void)state;
	begin(OPS);
	assert_true(
	    recorder_alerts_hear(alerts, EVENT_PROGRAM_DIED, &died, START));
	assert_true(
	    recorder_alerts_hear(alerts, EVENT_CORRUPT, &corrupt, START));
	assert_true(ip_parse(&harvest.ip, STR("192.0.2.1")));
	assert_true(
	    recorder_alerts_hear(alerts, EVENT_HARVEST, &harvest, START));
	assert_false(
	    recorder_alerts_hear(alerts, EVENT_HARVEST, &harvest, START));
	assert_true(ip_parse(&harvest.ip, STR("192.0.2.2")));
	assert_true(
	    recorder_alerts_hear(alerts, EVENT_HARVEST, &harvest, START));
	assert_false(
	    recorder_alerts_hear(alerts, EVENT_MID_DONE, &done, START));
	assert_false(
	    recorder_alerts_hear(alerts, EVENT_NOTICE, &notice, START));
	end();
}

/* Where a text is cut, and how strangers are called: it stays UTF-8, or there
 * would be nothing to save. */
static void
test_texts_that_are_cut(void **state)
{
	static const char letter[] = "\xe9\x85\x92";
	json_t *saved, *one;
	char text[1000];
	char *dump;
	size_t i;

	(void)state;
	begin(OPS);
	for (size_t lead = 0; lead < 3; lead++) {
		/* each of the first becomes four bytes: 1996 */
		memset(text, '\x01', 499);
		memset(text + 499, 'x', lead);
		for (i = 499 + lead; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, letter, 3);
		text[i] = '\0';
		raise(ALERT_FAILURE, "", text, START + (int64_t)lead);
		/* and where a subject ends */
		raise(ALERT_DNS_LIST, "z", text + 499, START + (int64_t)lead);
	}
	raise(ALERT_FAILURE, "\xff\xe9", "x", START);
	saved = recorder_alerts_save(alerts);
	dump = json_dumps(saved, 0);
	assert_non_null(dump);
	assert_int_equal(json_array_size(json_object_get(saved, "alerts")),
	    json_array_size(json_object_get(saved, "mails")));
	assert_true(json_array_size(json_object_get(saved, "alerts")) >= 3);
	json_array_foreach(json_object_get(saved, "kinds"), i, one)
	    assert_non_null(json_object_get(one, "key"));
	assert_int_equal(json_array_size(json_object_get(saved, "kinds")),
	    json_array_size(json_object_get(saved, "alerts")));
	free(dump);
	json_decref(saved);
	end();
}

/* A flood of different ones is bounded in memory. */
static void
test_floods(void **state)
{
	char about[30];

	(void)state;
	begin(OPS);
	for (int i = 0; i < 30000; i++) {
		snprintf(about, sizeof(about), "%d.test", i);
		raise(ALERT_TLS_REQUIRED, about, "x", START + i);
	}
	assert_int_equal(deliver(START + 30000), ALERTS_MAILS);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sent),
		cmocka_unit_test(test_hdr_texts_from_outside),
		cmocka_unit_test(test_who_gets_it),
		cmocka_unit_test(test_equal_ones),
		cmocka_unit_test(test_what_is_equal),
		cmocka_unit_test(test_a_thousand_equal_ones_make_three_mails),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_saved),
		cmocka_unit_test(test_events_that_are_alerts),
		cmocka_unit_test(test_texts_that_are_cut),
		cmocka_unit_test(test_floods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

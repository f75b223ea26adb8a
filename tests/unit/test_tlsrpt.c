/*
 * test_tlsrpt.c - what is counted for TLS reports (RFC 8460), what the
 * document says, and that it comes back after a restart
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ip.h"
#include "base/mem.h"
#include "master/recorder_tlsrpt.h"

#define DATE "2026-11-22"

static const struct tlsrpt_author author = { STR("mail3.example.com"),
	STR("alert@mail3.example.com") };

static bool
hear(struct recorder_tlsrpt *t, const char *domain, const char *policy,
    const char *result, const char *host, const char *text)
{
	struct event_TLS_SESSION e = { .domain = str_of(domain),
		.policy = str_of(policy),
		.result = str_of(result),
		.host = str_of(host),
		.text = str_of(text) };

	assert_true(ip_parse(&e.ip, STR("203.0.113.7")));
	return recorder_tlsrpt_hear(t, EVENT_TLS_SESSION, &e);
}

static char *
text_of(const struct recorder_tlsrpt *t, const char *domain)
{
	json_t *j = recorder_tlsrpt_report(t, &author, str_of(domain));
	char *text = json_dumps(json_object_get(j, "policies"), JSON_COMPACT);

	json_decref(j);
	assert_non_null(text);
	return text;
}

/* What one event makes of a day, as far as failures are concerned. */
static void
test_events(void **state)
{
	static const struct {
		const char *policy, *result, *host, *text, *want;
	} cases[] = {
		{ "sts", "", "mx.a.test", "", "1/0 []" },
		{ "tlsa", "", "", "", "1/0 []" },
		{ "no-policy-found", "", "", "", "1/0 []" },
		{ "none", "", "", "", NULL },
		{ "", "", "", "", NULL },
		{ "sts", "broken", "", "", NULL },
		{ "sts", "certificate-expired", "mx.a.test", "too old",
		    "0/1 [{\"result-type\":\"certificate-expired\","
		    "\"receiving-mx-hostname\":\"mx.a.test\","
		    "\"receiving-ip\":\"203.0.113.7\","
		    "\"failed-session-count\":1,"
		    "\"failure-reason-code\":\"too old\"}]" },
		{ "tlsa", "dnssec-invalid", "", "",
		    "0/1 [{\"result-type\":\"dnssec-invalid\","
		    "\"receiving-ip\":\"203.0.113.7\","
		    "\"failed-session-count\":1}]" },
		{ "no-policy-found", "validation-failure", "m\xff\n",
		    "\x01\xe9",
		    "0/1 [{\"result-type\":\"validation-failure\","
		    "\"receiving-mx-hostname\":\"m?\?\","
		    "\"receiving-ip\":\"203.0.113.7\","
		    "\"failed-session-count\":1,"
		    "\"failure-reason-code\":\"?\?\"}]" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct recorder_tlsrpt *t = recorder_tlsrpt_new(DATE);
		char want[600] = "[]", *have;
		const char *w = cases[i].want;
		bool counted = hear(t, "a.test", cases[i].policy,
		    cases[i].result, cases[i].host, cases[i].text);

		if (w != NULL)
			snprintf(want, sizeof(want),
			    "[{\"policy\":{\"policy-type\":\"%s\","
			    "\"policy-domain\":\"a.test\"},\"summary\":"
			    "{\"total-successful-session-count\":%c,"
			    "\"total-failure-session-count\":%c},"
			    "\"failure-details\":%s}]",
			    cases[i].policy, w[0], w[2], w + 4);
		have = text_of(t, "");
		if (counted != (w != NULL) || strcmp(want, have) != 0)
			fail_msg("case %zu: %s, not %s", i, have, want);
		free(have);
		recorder_tlsrpt_free(&t);
	}
}

static void
test_equal_ones_are_one_detail(void **state)
{
	struct recorder_tlsrpt *t = recorder_tlsrpt_new(DATE), *again;
	json_t *j;
	char *one, *two;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(hear(t, "b.test", "sts", "certificate-expired",
		    "mx.b.test", "old"));
	assert_true(
	    hear(t, "b.test", "sts", "certificate-expired", "mx2.b.test", ""));
	assert_true(hear(t, "b.test", "tlsa", "", "mx.b.test", ""));
	assert_true(hear(t, "a.test", "sts", "", "mx.a.test", ""));
	one = text_of(t, "B.test");
	assert_non_null(strstr(one, "\"failed-session-count\":3,"));
	assert_non_null(strstr(one, "\"failed-session-count\":1"));
	assert_non_null(strstr(one, "\"total-failure-session-count\":4}"));
	assert_null(strstr(one, "a.test"));
	free(one);
	/* and a restart forgets nothing */
	j = recorder_tlsrpt_report(t, &author, STR(""));
	again = recorder_tlsrpt_new(DATE);
	recorder_tlsrpt_load(again, j);
	json_decref(j);
	one = text_of(t, "");
	two = text_of(again, "");
	assert_string_equal(one, two);
	assert_true(strstr(one, "a.test") < strstr(one, "b.test"));
	free(one);
	free(two);
	recorder_tlsrpt_free(&t);
	recorder_tlsrpt_free(&again);
}

static void
test_document(void **state)
{
	static const struct {
		const char *domain, *want;
	} cases[] = {
		{ "", "\"report-id\":\"2026-11-22@mail3.example.com\"" },
		{ "a.test",
		    "\"report-id\":\"2026-11-22_a.test@mail3.example.com\"" },
		{ "a\xff.test", "\"2026-11-22_a?.test@mail3.example.com\"" },
		{ "", "{\"organization-name\":\"mail3.example.com\","
		      "\"date-range\":{"
		      "\"start-datetime\":\"2026-11-22T00:00:00Z\","
		      "\"end-datetime\":\"2026-11-22T23:59:59Z\"},"
		      "\"contact-info\":\"alert@mail3.example.com\"," },
	};
	struct recorder_tlsrpt *t = recorder_tlsrpt_new(DATE);

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		json_t *j =
		    recorder_tlsrpt_report(t, &author, str_of(cases[i].domain));
		char *text = json_dumps(j, JSON_COMPACT);

		if (strstr(text, cases[i].want) == NULL)
			fail_msg("case %zu: %s", i, text);
		free(text);
		json_decref(j);
	}
	recorder_tlsrpt_free(&t);
}

/* Strangers choose names and texts: there is an end to what is kept. */
static void
test_bounds(void **state)
{
	struct recorder_tlsrpt *t = recorder_tlsrpt_new(DATE);
	const json_t *policy;
	char text[40];
	json_t *j;

	(void)state;
	for (int i = 0; i < TLSRPT_DETAILS + 50; i++) {
		snprintf(text, sizeof(text), "reason %d", i);
		assert_true(hear(t, "a.test", "sts", "validation-failure",
		    "mx.a.test", text));
	}
	for (int i = 0; i < TLSRPT_DOMAINS + 6; i++) {
		snprintf(text, sizeof(text), "d%05d.test", i);
		assert_true(hear(t, text, "tlsa", "", "", ""));
	}
	j = recorder_tlsrpt_report(t, &author, STR(""));
	assert_int_equal(
	    json_array_size(json_object_get(j, "policies")), TLSRPT_DOMAINS);
	assert_int_equal(
	    json_integer_value(json_object_get(j, "uncounted-session-count")),
	    7);
	policy = json_array_get(json_object_get(j, "policies"), 0);
	assert_int_equal(
	    json_array_size(json_object_get(policy, "failure-details")),
	    TLSRPT_DETAILS);
	assert_int_equal(json_integer_value(
			     json_object_get(json_object_get(policy, "summary"),
				 "total-failure-session-count")),
	    TLSRPT_DETAILS + 50);
	json_decref(j);
	recorder_tlsrpt_free(&t);
}

static void
test_damaged_files(void **state)
{
	static const char *const cases[] = { "[]", "{}", "{\"policies\":7}",
		"{\"policies\":[7,{},{\"policy\":{\"policy-type\":\"sts\"}}]}",
		"{\"policies\":[{\"policy\":{\"policy-type\":\"x\","
		"\"policy-domain\":\"a\"},\"summary\":"
		"{\"total-successful-session-count\":3}}]}",
		"{\"policies\":[{\"policy\":{\"policy-type\":\"sts\","
		"\"policy-domain\":\"a\"},\"summary\":"
		"{\"total-successful-session-count\":-3},"
		"\"failure-details\":[1,{\"result-type\":\"\"}]}]}" };

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct recorder_tlsrpt *t = recorder_tlsrpt_new(DATE);
		json_t *j = json_loads(cases[i], 0, NULL);
		char *have;

		assert_non_null(j);
		recorder_tlsrpt_load(t, j);
		json_decref(j);
		have = text_of(t, "");
		if (strcmp(have, "[]") != 0)
			fail_msg("case %zu: %s", i, have);
		free(have);
		recorder_tlsrpt_free(&t);
	}
}

static void
test_days(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = { { DATE, true }, { "2024-02-29", true },
		{ "2026-02-29", false }, { "2026-13-01", false },
		{ "2026-1-01", false }, { "2026-11-2", false },
		{ " 026-11-22", false }, { "../../../x", false }, { "", false },
		{ "2026-11-22 ", false } };
	char day[TLSRPT_DATE];

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (recorder_tlsrpt_is_date(str_of(cases[i].text)) !=
		    cases[i].want)
			fail_msg("%s", cases[i].text);
	recorder_tlsrpt_day(INT64_C(1741132799999), day);
	assert_string_equal(day, "2025-03-04");
	recorder_tlsrpt_day(INT64_C(1741132800000), day);
	assert_string_equal(day, "2025-03-05");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_equal_ones_are_one_detail),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_event.c - events: their lines, word for word, and nothing but one line
 *
 * The texts are those of delivery-admin 7.4 and 11; log parsers of other
 * makers depend on them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/mem.h"
#include "event/event.h"
#include "random_record.h"

#define V4(a, b, c, d)                                                         \
	{                                                                      \
		{                                                              \
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, b, c, d     \
		}                                                              \
	}

static struct ev_rid rids[] = { { 0 }, { 1 }, { 12 } };

static struct ev_header headers[] = { { STR("X-Order"), STR("4711") },
	{ STR("X-Note"), STR("it's\r\n") } };

#define T(lit)                                                                 \
	{                                                                      \
		(lit), sizeof(lit) - 1                                         \
	}
#define LINE(id, want, ...)                                                    \
	{                                                                      \
		EVENT_##id, &(const struct event_##id){ __VA_ARGS__ }, want    \
	}

static const struct {
	enum event_id id;
	const void *fields;
	const char *want;
} lines[] = {
	LINE(NEW_ICID,
	    "New SMTP ICID 4907113 interface InboundMail (192.0.2.10) address "
	    "203.0.113.2 reverse dns host mail.sender.example verified yes",
	    .icid = 4907113, .protocol = T("SMTP"),
	    .interface = T("InboundMail"), .local = V4(192, 0, 2, 10),
	    .ip = V4(203, 0, 113, 2), .host = T("mail.sender.example"),
	    .verified = T("yes")),
	LINE(HAT,
	    "ICID 4907113 ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS "
	    "2.4 country Japan",
	    .icid = 4907113, .behaviour = T("ACCEPT"),
	    .group = T("UNKNOWNLIST"), .entry = T("sbrs[-1.0:10.0]"),
	    .sbrs = T("2.4"), .country = T("Japan")),
	LINE(HAT, "ICID 5 RELAY SG None match  SBRS None country not enabled",
	    .icid = 5, .behaviour = T("RELAY"), .sbrs = T("None"),
	    .country = T("not enabled")),
	LINE(SENDER_REJECTED, "ICID 6 Address: <a@b.test> sender rejected",
	    .icid = 6, .addr = T("a@b.test")),
	LINE(SENDER_REJECTED,
	    "ICID 6 Address: <a@b.test> sender rejected, envelope sender "
	    "domain does not exist",
	    .icid = 6, .addr = T("a@b.test"),
	    .text = T(", envelope sender domain does not exist")),
	LINE(UNKNOWN_COMMAND, "ICID 7 Unknown command: 'HELP ME'", .icid = 7,
	    .text = T("HELP ME")),
	LINE(BAD_SYNTAX, "ICID 7 Bad syntax for command: \"it's\"", .icid = 7,
	    .text = T("it's")),
	LINE(BAD_RCPT, "ICID 8 Invalid recipient address:  '<x'", .icid = 8,
	    .text = T("<x")),
	LINE(RECEIVING_FAILED, "ICID 9 Receiving Failed: Message loop",
	    .icid = 9, .text = T("Message loop")),
	LINE(DISCONNECTED,
	    "ICID 9 disconnected address 203.0.113.2, no messages injected "
	    "within timeout period",
	    .icid = 9, .ip = V4(203, 0, 113, 2),
	    .text = T("no messages injected within timeout period")),
	LINE(ICID_LOST, "ICID 9 lost", .icid = 9),
	LINE(ICID_CLOSE, "ICID 4907113 close", .icid = 4907113),
	LINE(START_MID, "Start MID 8001 ICID 4907113", .mid = 8001,
	    .icid = 4907113),
	LINE(MID_FROM, "MID 8001 ICID 4907113 From: <orders@sender.example>",
	    .mid = 8001, .icid = 4907113, .addr = T("orders@sender.example")),
	LINE(MID_FROM, "MID 8003 ICID 0 From: <>", .mid = 8003),
	LINE(MID_RCPT, "MID 8001 ICID 4907113 RID 1 To: <ghost@example.net>",
	    .mid = 8001, .icid = 4907113, .rid = 1,
	    .addr = T("ghost@example.net")),
	LINE(RCPT_REJECTED, "MID 1 ICID 2 To: <x@y.test> Rejected by RAT",
	    .mid = 1, .icid = 2, .addr = T("x@y.test"), .by = T("RAT")),
	LINE(DROPPED_BY_ALIAS,
	    "MID 1 ICID 2 To: <x@y.test> dropped by alias table", .mid = 1,
	    .icid = 2, .addr = T("x@y.test")),
	LINE(MESSAGE_ID, "MID 8001 Message-ID '<20250304-77@sender.example>'",
	    .mid = 8001, .text = T("<20250304-77@sender.example>")),
	LINE(SUBJECT, "MID 8001 Subject 'Invoice 4711'", .mid = 8001,
	    .text = T("Invoice 4711")),
	LINE(SUBJECT, "MID 1 Subject 'a\\r\\nMID 2 Subject \\\\b\\x1b[0m'",
	    .mid = 1, .text = T("a\r\nMID 2 Subject \\b\x1b[0m")),
	LINE(MID_READY,
	    "MID 8001 ready 2202 bytes from <orders@sender.example>",
	    .mid = 8001, .size = 2202, .addr = T("orders@sender.example")),
	LINE(MID_ABORTED, "Message aborted MID 3 Receiving aborted by sender",
	    .mid = 3, .text = T("Receiving aborted by sender")),
	LINE(MID_QUEUED, "MID 8001 queued for delivery", .mid = 8001),
	LINE(BOUNCE_GENERATED, "MID 8003 was generated for bounce of MID 8002",
	    .mid = 8003, .other = 8002),
	LINE(NEW_DCID,
	    "New SMTP DCID 889202 interface 198.51.100.10 address 192.0.2.25 "
	    "port 25",
	    .dcid = 889202, .source = T("198.51.100.10"),
	    .ip = V4(192, 0, 2, 25), .port = 25),
	LINE(DELIVERY_START, "Delivery start DCID 889202 MID 8001 to RID [0]",
	    .dcid = 889202, .mid = 8001, .rids = { 1, rids }),
	LINE(MESSAGE_DONE,
	    "Message done DCID 889202 MID 8001 to RID [0, 1, 12] []",
	    .dcid = 889202, .mid = 8001, .rids = { 3, rids }),
	LINE(MESSAGE_DONE,
	    "Message done DCID 889202 MID 8001 to RID [0] [('X-Order', "
	    "'4711'), ('X-Note', \"it's\\r\\n\")]",
	    .dcid = 889202, .mid = 8001, .rids = { 1, rids },
	    .headers = { 2, headers }),
	LINE(RESPONSE, "MID 8001 RID [0] Response '2.0.0 Ok: queued as 4ABC12'",
	    .mid = 8001, .rids = { 1, rids },
	    .text = T("2.0.0 Ok: queued as 4ABC12")),
	LINE(POSSIBLE, "Possible Delivery: DCID 1 MID 2 to RID [0, 1]",
	    .dcid = 1, .mid = 2, .rids = { 2, rids }),
	LINE(DELAYED,
	    "Delayed: DCID 889203 MID 8002 to RID 0 - 4.1.0 - Unknown address "
	    "error ('451', ['4.7.1 greylisted']) []",
	    .dcid = 889203, .mid = 8002, .status = T("4.1.0"),
	    .reason = T("Unknown address error"), .code = T("451"),
	    .text = T("4.7.1 greylisted")),
	LINE(PENDING,
	    "MID 8002 to RID [0] pending till Tue Mar  4 10:41:21 2025 "
	    "[Default]",
	    .mid = 8002, .when = INT64_C(1741084881000),
	    .profile = T("Default")),
	LINE(BOUNCED,
	    "Bounced: DCID 889203 MID 8002 to RID 0 - 5.1.0 - Unknown address "
	    "error ('550', ['5.1.1 <ghost@example.net> User unknown']) []",
	    .dcid = 889203, .mid = 8002, .status = T("5.1.0"),
	    .reason = T("Unknown address error"), .code = T("550"),
	    .text = T("5.1.1 <ghost@example.net> User unknown")),
	LINE(DOUBLE_BOUNCE,
	    "Double bounce: MID 8003 to RID 0 - 5.1.0 - Unknown address error "
	    "550-'5.1.1 gone'",
	    .mid = 8003, .status = T("5.1.0"),
	    .reason = T("Unknown address error"), .code = T("550"),
	    .text = T("5.1.1 gone")),
	LINE(CONNECTION_ERROR,
	    "Connection Error: DCID 4 domain: example.net IP: 2001:db8::1 "
	    "port: 25 details: timeout interface: 198.51.100.10 reason: "
	    "connection timed out",
	    .dcid = 4, .domain = T("example.net"),
	    .ip = { { 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		1 } },
	    .port = 25, .text = T("timeout"), .source = T("198.51.100.10"),
	    .reason = T("connection timed out")),
	LINE(DNS_FAILURE, "DNS Temporary Failure example.net MX - ServFail",
	    .name = T("example.net"), .type = T("MX"), .text = T("ServFail")),
	LINE(DCID_KILLED, "SMTP client connection killed DCID: 4", .dcid = 4),
	LINE(
	    DELETED, "Deleted: MID 9 to [0, 1]", .mid = 9, .rids = { 2, rids }),
	LINE(DCID_CLOSE, "DCID 889202 close", .dcid = 889202),
	LINE(MID_DONE, "Message finished MID 8001 done", .mid = 8001),
	LINE(LINES_LOST, "17 log lines lost", .n = 17),
};

static void
test_lines_word_for_word(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 10000);
	for (size_t i = 0; i < NELEM(lines); i++) {
		buf_reset(&out);
		event_text(lines[i].id, lines[i].fields, &out);
		if (!str_is(buf_str(&out), lines[i].want))
			fail_msg("%s:\n%s\n%s", event_spec(lines[i].id)->name,
			    lines[i].want, out.data);
	}
	buf_fini(&out);
}

/* --- any event with any values --- */

static bool
one_line(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return str_valid_utf8(s);
}

static void
check_json(enum event_id id, struct str s)
{
	json_error_t e;
	json_t *j = json_loadb(
	    s.p, s.n, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &e);
	const struct codec *c = event_spec(id)->codec;

	if (j == NULL)
		fail_msg(
		    "%s: %s in %.*s", event_spec(id)->name, e.text, STR_ARG(s));
	assert_string_equal(json_string_value(json_object_get(j, "event")),
	    event_spec(id)->name);
	for (size_t i = 0; i < c->n; i++)
		if (json_object_get(j, c->fields[i].name) == NULL)
			fail_msg("%s: no %s", event_spec(id)->name,
			    c->fields[i].name);
	assert_int_equal(json_object_size(j), c->n + 3);
	json_decref(j);
}

static void
check_event(enum event_id id, uint64_t *seed)
{
	_Alignas(max_align_t) char fields[EVENT_FIELDS_MAX],
	    back[EVENT_FIELDS_MAX];
	const struct codec *c = event_spec(id)->codec;
	struct err err = ERR_INIT;
	enum event_id got;
	struct arena mem;
	struct buf frame, text;
	int64_t when;

	arena_init(&mem, 1 << 20);
	buf_init(&frame, 1 << 20);
	buf_init(&text, 1 << 20);
	rnd_record(seed, c, fields, &mem);
	event_encode(id, 1234567890123456, fields, &frame);
	if (event_decode(buf_str(&frame), &got, &when, back, &mem, &err) == -1)
		fail_msg("%s", err.text);
	assert_int_equal(got, id);
	assert_int_equal(when, 1234567890123456);
	event_text(id, back, &text);
	if (text.failed || !one_line(buf_str(&text)))
		fail_msg("%s", text.data);
	buf_reset(&text);
	event_json(id, when, back, &text);
	if (text.failed || !one_line(buf_str(&text)))
		fail_msg("%s", text.data);
	check_json(id, buf_str(&text));
	buf_fini(&text);
	buf_fini(&frame);
	arena_free(&mem);
}

static void
test_adm_01_every_event_is_one_line(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (int id = 1; id < EVENT_N; id++)
		for (int round = 0; round < 50; round++)
			check_event((enum event_id)id, &seed);
	assert_null(event_spec(EVENT_NONE));
	assert_null(event_spec(EVENT_N));
}

/* A stranger's text may be of any length: the event is cut, not the
 * program. */
static void
test_adm_01_too_long_values_are_cut(void **state)
{
	struct str huge = { mem_array(1, 100000), 100000 };
	struct event_SUBJECT in = { 1, huge }, back;
	struct err err = ERR_INIT;
	enum event_id id;
	struct buf b;
	int64_t when;

	(void)state;
	memset((char *)(uintptr_t)huge.p, 'a', huge.n);
	buf_init(&b, 10000);
	event_encode(EVENT_SUBJECT, 1, &in, &b);
	assert_int_equal(in.text.n, 100000);
	assert_int_equal(
	    event_decode(buf_str(&b), &id, &when, &back, NULL, &err), 0);
	assert_int_equal(back.text.n, 4096);
	buf_reset(&b);
	event_text(EVENT_SUBJECT, &in, &b);
	assert_int_equal(b.len, strlen("MID 1 Subject ''") + LOG_VALUE_MAX + 3);
	assert_string_equal(b.data + b.len - 4, "...'");
	buf_fini(&b);
	free((char *)(uintptr_t)huge.p);
}

static void
test_quotes(void **state)
{
	static const struct {
		struct str in;
		const char *want;
	} cases[] = {
		{ STR(""), "MID 1 Subject ''" },
		{ STR("say \"x\""), "MID 1 Subject 'say \"x\"'" },
		{ STR("don't"), "MID 1 Subject \"don't\"" },
		{ STR("'\""), "MID 1 Subject \"'\\\"\"" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct event_SUBJECT e = { 1, cases[i].in };

		buf_reset(&b);
		event_text(EVENT_SUBJECT, &e, &b);
		assert_string_equal(b.data, cases[i].want);
	}
	buf_fini(&b);
}

static uint64_t
number_of(enum event_id id, const void *fields, const char *name)
{
	const struct codec *c = event_spec(id)->codec;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->fields[i].name, name) == 0)
			return codec_number(&c->fields[i],
			    (const char *)fields + c->fields[i].off);
	return 0;
}

/* From the line back to what it is about: of every line above. */
static void
test_parsing(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < NELEM(lines); i++) {
		enum event_id id = lines[i].id;
		const void *f = lines[i].fields;
		uint64_t mid = number_of(id, f, "mid");
		uint64_t icid = number_of(id, f, "icid");
		uint64_t dcid = number_of(id, f, "dcid");
		struct event_parsed e;
		bool found = event_parse(str_of(lines[i].want), &e);

		if (found != (mid != 0 || icid != 0 || dcid != 0))
			fail_msg("%s", lines[i].want);
		if (!found)
			continue;
		n++;
		if (e.mid != mid || e.icid != icid || e.dcid != dcid ||
		    e.other != number_of(id, f, "other"))
			fail_msg("%s", lines[i].want);
	}
	assert_true(n > 30);
}

/* What strangers say cannot look like the numbers of a line. */
static void
test_parsing_what_strangers_say(void **state)
{
	static const struct {
		const char *line;
		enum event_id id;
		uint64_t mid, other, icid, dcid;
		const char *value;
	} cases[] = {
		{ "MID 8001 Subject 'MID 7 rewritten to 8 by x'", EVENT_SUBJECT,
		    8001, 0, 0, 0, "MID 7 rewritten to 8 by x" },
		{ "MID 8001 Subject \"it's\"", EVENT_SUBJECT, 8001, 0, 0, 0,
		    "it's" },
		{ "MID 1 ICID 2 From: <\"> MID 9 rewritten to 4 by\"@a.test>",
		    EVENT_MID_FROM, 1, 0, 2, 0,
		    "\"> MID 9 rewritten to 4 by\"@a.test" },
		{ "MID 1 ICID 2 RID 3 To: <a@b.test>", EVENT_MID_RCPT, 1, 0, 2,
		    0, "a@b.test" },
		{ "MID 1 was split creating MID 2 due to a per-recipient "
		  "policy Finance in the inbound table",
		    EVENT_MID_SPLIT, 1, 2, 0, 0, "" },
		{ "New SMTP DCID 5 interface 192.0.2.1 address 192.0.2.2 "
		  "port 25",
		    EVENT_NEW_DCID, 0, 0, 0, 5, "" },
		{ "MID 18446744073709551616 queued for delivery", EVENT_NONE, 0,
		    0, 0, 0, "" },
		{ "Begin Logfile", EVENT_NONE, 0, 0, 0, 0, "" },
		{ "", EVENT_NONE, 0, 0, 0, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct event_parsed e;
		bool found = event_parse(str_of(cases[i].line), &e);

		if (found != (cases[i].id != EVENT_NONE))
			fail_msg("%s", cases[i].line);
		if (found &&
		    (e.id != cases[i].id || e.mid != cases[i].mid ||
			e.other != cases[i].other || e.icid != cases[i].icid ||
			e.dcid != cases[i].dcid ||
			!str_is(e.value, cases[i].value)))
			fail_msg("%s: %s MID %llu \"%.*s\"", cases[i].line,
			    event_spec(e.id)->name, (unsigned long long)e.mid,
			    STR_ARG(e.value));
	}
}

static void
test_json(void **state)
{
	struct event_MESSAGE_DONE e = {
		.dcid = 7, .mid = 8, .rids = { 2, rids }
	};
	struct event_SUBJECT s = { 1, STR("\"a\\b\"\xff") };
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	event_json(EVENT_MESSAGE_DONE, INT64_C(1741084881000042), &e, &b);
	assert_string_equal(b.data,
	    "{\"time\":\"2025-03-04T10:41:21.000042Z\",\"level\":\"Info\","
	    "\"event\":\"MESSAGE_DONE\",\"dcid\":7,\"mid\":8,"
	    "\"rids\":[0,1],\"headers\":[]}");
	buf_reset(&b);
	event_json(EVENT_SUBJECT, -1, &s, &b);
	assert_string_equal(b.data,
	    "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"level\":\"Info\","
	    "\"event\":\"SUBJECT\",\"mid\":1,"
	    "\"text\":\"\\\"a\\\\\\\\b\\\"\\\\xff\"}");
	buf_reset(&b);
	event_json(EVENT_SUBJECT, INT64_MAX, &s, &b);
	assert_memory_equal(b.data, "{\"time\":\"9999-", 14);
	buf_fini(&b);
}

/* --- the sink --- */

static void
count(void *arg, enum event_id id, const void *fields)
{
	const struct event_START_MID *e = fields;

	assert_int_equal(id, EVENT_START_MID);
	*(uint64_t *)arg += e->mid;
}

static void
test_sink(void **state)
{
	uint64_t sum = 0;
	struct event_sink sink = { count, &sum };

	(void)state;
	EMIT(START_MID, .mid = 1);
	event_set_sink(&sink);
	EMIT(START_MID, .mid = 20, .icid = 3);
	event_set_sink(NULL);
	EMIT(START_MID, .mid = 300);
	assert_int_equal(sum, 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_word_for_word),
		cmocka_unit_test(test_adm_01_every_event_is_one_line),
		cmocka_unit_test(test_adm_01_too_long_values_are_cut),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_parsing),
		cmocka_unit_test(test_parsing_what_strangers_say),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_sink),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_story.c - messages in a mail log: found, and told over splits
 *
 * delivery-admin 11.1 number 11: the story of MID 8001 of section 11.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/story.h"
#include "base/mem.h"

#define AT "Tue Mar  4 10:40:08 2025 Info: "

static const char *const text_log[] = {
	AT "Begin Logfile",
	AT "New SMTP ICID 7 interface InboundMail (192.0.2.10) address "
	   "203.0.113.2 reverse dns host mail.sender.example verified yes",
	AT "Start MID 8001 ICID 7",
	AT "MID 8001 ICID 7 From: <orders@sender.example>",
	AT "MID 8001 ICID 7 RID 0 To: <user@example.com>",
	AT "MID 8001 ICID 7 RID 1 To: <ghost@example.net>",
	AT "MID 8001 Message-ID '<20250304-77@sender.example>'",
	AT "MID 8001 Subject 'Invoice 4711'",
	AT "Start MID 8000 ICID 7",
	AT "MID 8000 ICID 7 From: <else@sender.example>",
	AT "MID 8000 Subject 'MID 8001 rewritten to 8000 by x'",
	AT "MID 8001 was split creating MID 8002 due to a per-recipient "
	   "policy Finance in the inbound table",
	AT "MID 8002 ICID 0 RID 0 To: <ghost@example.net>",
	AT "MID 8002 Subject '=?utf-8?B?5pel5pys6Kqe?= =?utf-8?Q?=1B=5B1m?='",
	AT "ICID 7 close",
	AT "New SMTP DCID 2 interface 198.51.100.10 address 192.0.2.25 port 25",
	AT "Delivery start DCID 2 MID 8001 to RID [0]",
	AT "Delivery start DCID 2 MID 8000 to RID [0]",
	AT "New SMTP DCID 3 interface 198.51.100.10 address 192.0.2.26 port 25",
	AT "Delivery start DCID 3 MID 8002 to RID [0]",
	AT "New SMTP DCID 4 interface 198.51.100.10 address 192.0.2.27 port 25",
	AT "Delivery start DCID 4 MID 8000 to RID [0]",
	AT "MID 8003 was generated for bounce of MID 8002",
	AT "MID 8003 queued for delivery",
	AT "DCID 2 close",
	AT "DCID 3 close",
	AT "DCID 4 close",
	"not a line",
	"",
	NULL,
};
/* The same as JSON, of what differs. */
static const char *const json_log[] = {
	"{\"time\":\"2025-03-04T10:40:08.000001Z\",\"event\":\"NEW_ICID\","
	"\"icid\":7}",
	"{\"time\":\"2025-03-04T10:40:08.000002Z\",\"event\":\"MID_FROM\","
	"\"mid\":1,\"icid\":7,\"addr\":\"a@b.test\"}",
	"{\"time\":\"2025-03-04T10:40:08.000003Z\",\"event\":\"SUBJECT\","
	"\"mid\":1,\"text\":\"hello\"}",
	"{\"time\":\"2025-03-04T10:40:08.000004Z\",\"event\":"
	"\"MID_REWRITTEN\",\"mid\":1,\"other\":2}",
	"{\"time\":\"2025-03-04T10:40:08.000005Z\",\"event\":\"MID_QUEUED\","
	"\"mid\":2}",
	"{\"time\":\"2025-03-04T10:40:08.000006Z\",\"event\":\"MID_QUEUED\","
	"\"mid\":3}",
	"{broken",
	NULL,
};

static int
read_lines(void *arg, bool (*line)(void *, struct str), void *line_arg,
    struct err *err)
{
	const char *const *v = arg;

	(void)err;
	for (; *v != NULL; v++)
		if (!line(line_arg, str_of(*v)))
			break;
	return 0;
}

static void
keep(void *arg, struct str line)
{
	buf_add_str(arg, line);
	buf_putc(arg, '\n');
}

static void
check_story(const char *const *log, uint64_t mid, const char *left_out)
{
	const struct story_source src = { read_lines, (void *)log };
	struct err err = ERR_INIT;
	struct buf got, want;
	int64_t n, lines = 0;

	buf_init(&got, 100000);
	buf_init(&want, 100000);
	for (size_t i = 0; log[i] != NULL; i++)
		if (left_out[i] == '+') {
			keep(&want, str_of(log[i]));
			lines++;
		}
	n = story_tell(&src, mid, keep, &got, &err);
	if (n != lines || !str_eq(buf_str(&got), buf_str(&want)))
		fail_msg("MID %llu\n got %.*swant %.*s",
		    (unsigned long long)mid, STR_ARG(buf_str(&got)),
		    STR_ARG(buf_str(&want)));
	buf_fini(&got);
	buf_fini(&want);
}

static void
test_stories(void **state)
{
	const char *all = "-+++++++---++++++-++--++"
			  "++---";

	(void)state;
	/* whichever of them is asked for */
	check_story(text_log, 8001, all);
	check_story(text_log, 8002, all);
	check_story(text_log, 8003, all);
	check_story(text_log, 8000, "-+------+++---++-+--++--+-+--");
	check_story(text_log, 9, "-----------------------------");
	check_story(json_log, 2, "+++++--");
	check_story(json_log, 3, "-----+-");
}

static const struct {
	const char *const *log;
	enum event_id what;
	const char *pattern;
	unsigned flags;
	const char *want;
} searches[] = {
	{ text_log, EVENT_MID_FROM, "orders", 0, "8001 Invoice 4711\n" },
	{ text_log, EVENT_MID_FROM, "sender", 0,
	    "8001 Invoice 4711\n8000 MID 8001 rewritten to 8000 by x\n" },
	{ text_log, EVENT_MID_FROM, "Orders", 0, "" },
	{ text_log, EVENT_MID_FROM, "Orders", REGEX_NOCASE,
	    "8001 Invoice 4711\n" },
	{ text_log, EVENT_MID_RCPT, "^ghost@", 0,
	    "8001 Invoice 4711\n8002 \u65e5\u672c\u8a9e\\x1b[1m\n" },
	{ text_log, EVENT_SUBJECT, "^Invoice [0-9]+$", 0,
	    "8001 Invoice 4711\n" },
	{ text_log, EVENT_SUBJECT, "\u672c\u8a9e", 0,
	    "8002 \u65e5\u672c\u8a9e\\x1b[1m\n" },
	{ text_log, EVENT_SUBJECT, "utf-8", 0,
	    "8002 \u65e5\u672c\u8a9e\\x1b[1m\n" },
	{ text_log, EVENT_MESSAGE_ID, "-77@", 0, "8001 Invoice 4711\n" },
	{ json_log, EVENT_MID_FROM, "a@b", 0, "1 hello\n" },
};

static void
test_searches(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(searches); i++) {
		const struct story_source src = { read_lines,
			(void *)searches[i].log };
		struct err err = ERR_INIT;
		struct regex *re = regex_compile(
		    str_of(searches[i].pattern), searches[i].flags, &err);
		struct story_matches m;
		struct buf got;

		assert_non_null(re);
		buf_init(&got, 10000);
		assert_int_equal(
		    story_find(&m, &src, searches[i].what, re, &err), 0);
		for (size_t k = 0; k < m.n; k++) {
			buf_printf(&got, "%llu %s\n",
			    (unsigned long long)m.v[k].mid, m.v[k].subject);
			assert_string_not_equal(m.v[k].time, "");
		}
		if (!str_is(buf_str(&got), searches[i].want))
			fail_msg("%s: %.*s", searches[i].pattern,
			    STR_ARG(buf_str(&got)));
		story_matches_free(&m);
		regex_free(&re);
		buf_fini(&got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_searches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

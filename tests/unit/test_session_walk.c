/*
 * test_session_walk.c - every sequence of commands against a model of what
 * is allowed (threats STM-01, STM-02), and what only time or repetition
 * brings (LIM-06, LIM-09, LIM-14)
 */
#include "tests/unit/session_world.h"

#ifdef POSTERN_ASAN
#define WALK 4 /* commands in a sequence */
#else
#define WALK 5
#endif

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  interface: Net\n"
    "  bare_newline: reject\n"
    "  hat: {defaults: {max_msgs_per_session: 1000, dhap_limit: 0},\n"
    "    groups: [{name: BAD, entries: [192.0.2.66], policy: $BLOCKED},\n"
    "      {name: GONE, entries: [192.0.2.67],\n"
    "       policy: TCPREFUSE}]}\n"
    "  rat: [example.org]\n";

enum state {
	S_NEW,
	S_READY,
	S_MAIL, /* a sender, no recipient */
	S_RCPT,
	S_CHUNKED,
	S_N
};

/* The model: reply and next state of each command in each state. */
static const struct {
	const char *name, *bytes;
	struct {
		const char *reply;
		enum state next;
	} on[S_N];
} moves[] = {
	{ "HELO", "HELO c\r\n",
	    { { "250", S_READY }, { "250", S_READY }, { "250", S_READY },
		{ "250", S_READY }, { "250", S_READY } } },
	{ "EHLO", "EHLO c\r\n",
	    { { "250", S_READY }, { "250", S_READY }, { "250", S_READY },
		{ "250", S_READY }, { "250", S_READY } } },
	{ "EHLO bad", "EHLO a b\r\n",
	    { { "501", S_NEW }, { "501", S_READY }, { "501", S_MAIL },
		{ "501", S_RCPT }, { "501", S_CHUNKED } } },
	{ "MAIL ok", "MAIL FROM:<a@c.test>\r\n",
	    { { "503", S_NEW }, { "250", S_MAIL }, { "503", S_MAIL },
		{ "503", S_RCPT }, { "503", S_CHUNKED } } },
	{ "MAIL bad", "MAIL FROM:<a b@c>\r\n",
	    { { "503", S_NEW }, { "501", S_READY }, { "503", S_MAIL },
		{ "503", S_RCPT }, { "503", S_CHUNKED } } },
	{ "RCPT ok", "RCPT TO:<b@example.org>\r\n",
	    { { "503", S_NEW }, { "503", S_READY }, { "250", S_RCPT },
		{ "250", S_RCPT }, { "503", S_CHUNKED } } },
	{ "RCPT refused", "RCPT TO:<b@other.test>\r\n",
	    { { "503", S_NEW }, { "503", S_READY }, { "550", S_MAIL },
		{ "550", S_RCPT }, { "503", S_CHUNKED } } },
	/* With its content, which is sent when 354 came. */
	{ "DATA good", "DATA\r\n",
	    { { "503", S_NEW }, { "503", S_READY }, { "554", S_MAIL },
		{ "250", S_READY }, { "503", S_CHUNKED } } },
	{ "DATA refused", "DATA\r\n",
	    { { "503", S_NEW }, { "503", S_READY }, { "554", S_MAIL },
		{ "554", S_READY }, { "503", S_CHUNKED } } },
	{ "BDAT", "BDAT 6\r\nRSET\r\n",
	    { { "503", S_NEW }, { "503", S_READY }, { "503", S_MAIL },
		{ "250", S_CHUNKED }, { "250", S_CHUNKED } } },
	{ "BDAT LAST", "BDAT 2 LAST\r\n\r\n",
	    { { "503", S_NEW }, { "503", S_READY }, { "503", S_MAIL },
		{ "250", S_READY }, { "250", S_READY } } },
	{ "RSET", "RSET\r\n",
	    { { "250", S_NEW }, { "250", S_READY }, { "250", S_READY },
		{ "250", S_READY }, { "250", S_READY } } },
	{ "NOOP", "NOOP\r\n",
	    { { "250", S_NEW }, { "250", S_READY }, { "250", S_MAIL },
		{ "250", S_RCPT }, { "250", S_CHUNKED } } },
	{ "VRFY", "VRFY x\r\n",
	    { { "252", S_NEW }, { "252", S_READY }, { "252", S_MAIL },
		{ "252", S_RCPT }, { "252", S_CHUNKED } } },
	{ "STARTTLS", "STARTTLS\r\n",
	    { { "503", S_NEW }, { "502", S_READY }, { "503", S_MAIL },
		{ "503", S_RCPT }, { "503", S_CHUNKED } } },
};
#define MOVES NELEM(moves)

static const unsigned phases[S_N] = { PH_GREETED, PH_READY, PH_ENVELOPE,
	PH_ENVELOPE, PH_CHUNKED };

static void
step(struct talk *t, enum state *at, size_t move, const char *path)
{
	const char *content = strcmp(moves[move].name, "DATA good") == 0
				  ? "x\r\n.\r\n"
				  : "x\n\r\n.\r\n";
	const char *want = moves[move].on[*at].reply;
	char line[600];

	talk_say_cut(t, str_of(moves[move].bytes), 4096);
	talk_reply(t, line);
	if (strncmp(line, "354", 3) == 0) {
		assert_int_equal(*at, S_RCPT);
		talk_say_cut(t, str_of(content), 4096);
		talk_reply(t, line);
	}
	*at = moves[move].on[*at].next;
	if (strncmp(line, want, 3) != 0 || t->s.phase != phases[*at] ||
	    t->out.len > 0 || (t->s.txn != NULL) != (*at >= S_MAIL))
		fail_msg("%s: %s, phase %#x", path, line, t->s.phase);
}

static void
walk(const size_t seq[WALK])
{
	enum state at = S_NEW;
	char path[200] = "";
	struct talk t;

	talk_begin(&t, "In", "192.0.2.55");
	buf_reset(&t.out);
	for (size_t i = 0; i < WALK; i++) {
		snprintf(path + strlen(path), sizeof(path) - strlen(path),
		    "%s, ", moves[seq[i]].name);
		step(&t, &at, seq[i], path);
	}
	talk_finish(&t);
	assert_int_equal(t.n_opened, t.n_ended + t.n_aborted);
}

static void
test_stm_02_all_sequences(void **state)
{
	size_t seq[WALK], total = 1;

	(void)state;
	for (size_t i = 0; i < WALK; i++)
		total *= MOVES;
	for (size_t code = 0; code < total; code++) {
		size_t x = code;

		for (size_t i = 0; i < WALK; i++, x /= MOVES)
			seq[i] = x % MOVES;
		buf_reset(&talk_log);
		walk(seq);
	}
}

/* The same from inside a transaction, where the first moves are spent. */
static void
test_stm_01_after_each_ending(void **state)
{
	static const char *const endings[] = { "DATA\r\n|x\r\n.\r\n",
		"DATA\r\n|x\n\r\n.\r\n", "BDAT 2 LAST\r\n\r\n|",
		"BDAT 2 LAST\r\na\r|", "RSET\r\n|", "EHLO c\r\n|" };
	static const unsigned codes[] = { 250, 451, 452, 552, 554 };

	(void)state;
	for (size_t i = 0; i < NELEM(endings) * NELEM(codes); i++) {
		struct str rest = str_of(endings[i / NELEM(codes)]);
		struct str first = str_cut(&rest, '|');
		struct talk t;

		talk_begin(&t, "In", "192.0.2.55");
		t.code = codes[i % NELEM(codes)];
		talk_say(&t, "EHLO c");
		talk_say(&t, "MAIL FROM:<a@c.test>");
		talk_say(&t, "RCPT TO:<b@example.org>");
		talk_say_cut(&t, first, 4096);
		talk_say_cut(&t, rest, 4096);
		buf_reset(&t.out);
		talk_say(&t, "RCPT TO:<b@example.org>");
		talk_expect(&t, "RCPT", "503 5.5.1");
		talk_say(&t, "DATA");
		talk_expect(&t, "DATA", "503 5.5.1");
		talk_say(&t, "BDAT 0 LAST");
		talk_expect(&t, "BDAT", "503 5.5.1");
		assert_int_equal(t.s.phase, PH_READY);
		talk_finish(&t);
	}
}

static void
repeat(struct talk *t, const char *bytes, unsigned n)
{
	for (unsigned i = 0; i < n && t->s.phase != PH_CLOSING; i++) {
		buf_reset(&t->out);
		talk_say_cut(t, str_of(bytes), 4096);
	}
}

static void
test_lim_09_junk(void **state)
{
	static const struct {
		const char *bytes;
		unsigned fine;
	} cases[] = {
		{ "XYZZY\r\n", 19 },
		{ "RCPT TO:<b@example.org>\r\n", 19 },
		{ "a\nb\n", 9 },
		{ "NOOP\r\n", 99 },
		{ "VRFY x\r\n", 99 },
		{ "HELP\r\n", 99 },
		{ "RSET\r\n", 99 },
		{ "MAIL FROM:<a@c.test>\r\nRSET\r\n", 99 },
		{ "EHLO c\r\n", 99 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct talk t;

		talk_begin(&t, "In", "192.0.2.55");
		talk_say(&t, "EHLO c");
		repeat(&t, cases[i].bytes, cases[i].fine);
		assert_int_not_equal(t.s.phase, PH_CLOSING);
		buf_reset(&t.out);
		talk_say_cut(&t, str_of(cases[i].bytes), 4096);
		if (t.s.phase != PH_CLOSING)
			fail_msg("%s: still there", cases[i].bytes);
		assert_non_null(strstr(t.out.data, "421 4.7.0"));
		talk_finish(&t);
	}
}

static void
test_lim_01_flood(void **state)
{
	struct talk t;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	memset(buf_room(&b, 70000), 'x', 70000);
	buf_grew(&b, 70000);
	talk_begin(&t, "In", "192.0.2.55");
	buf_reset(&t.out);
	talk_say_cut(&t, buf_str(&b), 1000);
	talk_expect(&t, "flood", "421");
	assert_int_equal(t.s.phase, PH_CLOSING);
	talk_finish(&t);

	talk_begin(&t, "In", "192.0.2.55");
	buf_reset(&t.out);
	memcpy(b.data, "NOOP ", 5);
	memcpy(b.data + 511, "\r\n", 2);
	talk_say_cut(&t, (struct str){ b.data, 513 }, 1000);
	talk_expect(&t, "513 bytes", "500 5.5.2");
	memcpy(b.data + 510, "\r\n", 2);
	talk_say_cut(&t, (struct str){ b.data, 512 }, 1000);
	talk_expect(&t, "512 bytes", "250");
	talk_finish(&t);
	buf_fini(&b);
}

/* LIM-07: who does not read our answers is not read either. */
static void
test_lim_07_unread_replies(void **state)
{
	struct talk t;
	struct str in;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_puts(&b, "RCPT TO:<b@example.org>\r\n");
	talk_begin(&t, "In", "192.0.2.55");
	talk_say(&t, "EHLO c");
	talk_say(&t, "MAIL FROM:<a@c.test>");
	in = buf_str(&b);
	session_input(&t.s, &in);
	assert_true(in.n > 0);
	assert_true(t.out.len <= SMTP_OUT_MAX + 512);
	talk_finish(&t);
	buf_fini(&b);
}

/* Each wait: what was said last, how long, what is said then. */
static void
test_lim_06_time(void **state)
{
	static const struct {
		const char *why, *bytes;
		int64_t ms;
		const char *reply;
	} cases[] = {
		{ "no command", "", 300000, "421" },
		{ "half a command", "NOO", 300000, "421" },
		{ "no content",
		    "EHLO c\r\nMAIL FROM:<a@c.test>\r\n"
		    "RCPT TO:<b@example.org>\r\nDATA\r\n",
		    180000, "421" },
		{ "some content",
		    "EHLO c\r\nMAIL FROM:<a@c.test>\r\n"
		    "RCPT TO:<b@example.org>\r\nDATA\r\nxxx\r\n",
		    180000, "421" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct talk t;

		talk_begin(&t, "In", "192.0.2.55");
		talk_say_cut(&t, str_of(cases[i].bytes), 1);
		buf_reset(&t.out);
		assert_int_equal(session_due(&t.s) - t.s.now, cases[i].ms);
		t.s.now += cases[i].ms - 1;
		session_expire(&t.s);
		assert_int_not_equal(t.s.phase, PH_CLOSING);
		t.s.now++;
		session_expire(&t.s);
		talk_expect(&t, cases[i].why, cases[i].reply);
		assert_int_equal(t.s.phase, PH_CLOSING);
		assert_int_equal(t.n_opened, t.n_aborted);
		talk_finish(&t);
	}
}

/* One byte now and then does not move the end of a block or a line. */
static void
test_lim_06_drip(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, "In", "192.0.2.55");
	talk_say(&t, "EHLO c");
	talk_say(&t, "MAIL FROM:<a@c.test>");
	talk_say(&t, "RCPT TO:<b@example.org>");
	talk_say(&t, "DATA");
	for (int i = 0; i < 17; i++) {
		t.s.now += 10000;
		talk_say_cut(&t, STR("x"), 1);
	}
	assert_true(session_due(&t.s) - t.s.now <= 10000);
	talk_finish(&t);
}

/* Total: at 80 % between messages, at the whole of it inside one. */
static void
test_total_time(void **state)
{
	struct talk t;

	(void)state;
	for (int inside = 0; inside < 2; inside++) {
		talk_begin(&t, "In", "192.0.2.55");
		talk_say(&t, "EHLO c");
		talk_say(&t, "MAIL FROM:<a@c.test>");
		talk_say(&t, "RCPT TO:<b@example.org>");
		talk_say(&t, "DATA");
		talk_say(&t, "x\r\n.");
		if (inside)
			talk_say(&t, "MAIL FROM:<a@c.test>");
		while (t.s.now < t.s.started + 720000) {
			t.s.now += 60000;
			session_expire(&t.s);
			if (t.s.phase != PH_CLOSING && !inside)
				talk_say(&t, "NOOP");
			if (inside)
				talk_say(&t, "RCPT TO:<x@other.test>");
		}
		assert_int_equal(t.s.phase == PH_CLOSING, !inside);
		t.s.now = t.s.started + 900000;
		session_expire(&t.s);
		assert_int_equal(t.s.phase, PH_CLOSING);
		assert_non_null(strstr(t.out.data, "421 4.4.2 Exceeded"));
		talk_finish(&t);
	}
}

static void
test_lim_14_log_lines(void **state)
{
	struct talk t;
	unsigned lines = 0;

	(void)state;
	buf_reset(&talk_log);
	talk_begin(&t, "In", "192.0.2.55");
	talk_say(&t, "EHLO c");
	talk_say(&t, "MAIL FROM:<a@c.test>");
	repeat(&t, "RCPT TO:<v@other.test>\r\n", 5000);
	talk_finish(&t);
	for (char *p = talk_log.data; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_true(lines < 30);
	assert_non_null(
	    strstr(talk_log.data, "4984 more refused recipients not logged"));
}

static void
test_hat_behaviours(void **state)
{
	struct talk t;

	(void)state;
	buf_reset(&talk_log);
	talk_begin(&t, "In", "192.0.2.66");
	talk_expect(&t, "REJECT", "554-mx.example.org");
	assert_int_equal(t.s.phase, PH_CLOSING);
	talk_finish(&t);
	assert_non_null(strstr(talk_log.data, " REJECT SG BAD match"));
	assert_non_null(strstr(talk_log.data, " close"));

	buf_reset(&talk_log);
	talk_begin(&t, "In", "192.0.2.67");
	talk_expect(&t, "TCPREFUSE", "");
	assert_true(t.s.refused);
	talk_finish(&t);
	assert_non_null(strstr(talk_log.data, "ICID 0 TCPREFUSE SG GONE"));
	assert_null(strstr(talk_log.data, "New SMTP"));
}

static void
test_order_of_events(void **state)
{
	static const char *const order[] = { "New SMTP ICID ", " ACCEPT SG ",
		"Start MID ", " From: <a@c.test>", " RID 0 To: <b@example.org>",
		"To: <v@other.test> Rejected by RAT",
		" RID 1 To: <b@example.org>", " close" };
	struct talk t;
	char *p;

	(void)state;
	buf_reset(&talk_log);
	talk_begin(&t, "In", "192.0.2.55");
	talk_say(&t, "EHLO c");
	talk_say(&t, "MAIL FROM:<a@c.test>");
	talk_say(&t, "RCPT TO:<b@example.org>");
	talk_say(&t, "RCPT TO:<v@other.test>");
	talk_say(&t, "RCPT TO:<b@example.org>");
	talk_say(&t, "DATA");
	talk_say(&t, ".");
	talk_say(&t, "QUIT");
	talk_finish(&t);
	p = talk_log.data;
	for (size_t i = 0; i < NELEM(order); i++) {
		p = strstr(p, order[i]);
		if (p == NULL)
			fail_msg("%s in\n%s", order[i], talk_log.data);
	}
	assert_null(strstr(talk_log.data, " lost"));
}

static int
setup(void **state)
{
	(void)state;
	talk_setup(yaml);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stm_02_all_sequences),
		cmocka_unit_test(test_stm_01_after_each_ending),
		cmocka_unit_test(test_lim_09_junk),
		cmocka_unit_test(test_lim_01_flood),
		cmocka_unit_test(test_lim_07_unread_replies),
		cmocka_unit_test(test_lim_06_time),
		cmocka_unit_test(test_lim_06_drip),
		cmocka_unit_test(test_total_time),
		cmocka_unit_test(test_lim_14_log_lines),
		cmocka_unit_test(test_hat_behaviours),
		cmocka_unit_test(test_order_of_events),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}

/*
 * test_qmqp.c - requests by QMQP: what is answered, what goes to cleanup
 *
 * Every request is given whole, byte by byte, and in pieces of seven: the
 * answer and what is stored are the same.
 */
#include "tests/unit/session_world.h"

#include "smtpd/qmqp.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "receiving: {delayed_reject: yes}\n"
    "listeners:\n"
    "- name: In\n"
    "  type: private\n"
    "  protocol: QMQP\n"
    "  interface: Net\n"
    "  default_domain: example.org\n"
    "  bare_newline: reject\n"
    "  hat: {defaults: {max_message_size: 1K, max_rcpts_per_msg: 3},\n"
    "    groups: [{name: BAD, entries: [203.0.113.], policy: $BLOCKED},\n"
    "    {name: GONE, entries: [198.51.100.], policy: TCPREFUSE},\n"
    "    {name: ALL, policy: $ACCEPTED}]}\n"
    "- name: Public\n"
    "  type: public\n"
    "  protocol: QMQP\n"
    "  interface: Net\n"
    "  port: 630\n"
    "  bare_newline: clean\n"
    "  rat: [{accept: vip@example.org, bypass_receiving_control: yes},\n"
    "    {reject: later@example.org, reply: 450 not yet}, example.org]\n"
    "  hat: {defaults: {max_message_size: 100K, max_rcpts_per_msg: 3}}\n"
    "- name: Hole\n"
    "  type: sinkhole-noqueue\n"
    "  protocol: QMQP\n"
    "  interface: Net\n"
    "  port: 631\n"
    "  hat: {groups: [{name: REL, entries: [192.0.2.0/24],\n"
    "    policy: $RELAYED}]}\n"
    "- name: Sink\n"
    "  type: sinkhole-queue\n"
    "  protocol: QMQP\n"
    "  interface: Net\n"
    "  port: 632\n"
    "  hat: {groups: [{name: REL, entries: [192.0.2.0/24],\n"
    "    policy: $RELAYED}]}\n"
    "- name: Verify\n"
    "  type: private\n"
    "  protocol: QMQP\n"
    "  interface: Net\n"
    "  port: 633\n"
    "  hat: {defaults: {envelope_sender_verify: yes},\n"
    "    groups: [{name: ALL, policy: $ACCEPTED}]}\n";

static const size_t cuts[] = { SIZE_MAX, 1, 7 };

/* A netstring of a netstring for each string; ends with NULL. */
static void
request(struct buf *out, struct str message, const char *const *addresses)
{
	struct buf inner;

	buf_init(&inner, 1 << 24);
	buf_printf(&inner, "%zu:", message.n);
	buf_add_str(&inner, message);
	buf_putc(&inner, ',');
	for (; *addresses != NULL; addresses++)
		buf_printf(&inner, "%zu:%s,", strlen(*addresses), *addresses);
	buf_printf(out, "%zu:", inner.len);
	buf_add_str(out, buf_str(&inner));
	buf_putc(out, ',');
	buf_fini(&inner);
}

/* The one netstring that was said; empty: nothing. */
static const char *
answer(struct talk *t)
{
	static char text[2000];
	uint64_t n;
	struct str all = buf_str(&t->out), head = str_cut(&all, ':');

	text[0] = '\0';
	if (t->out.len == 0)
		return text;
	if (!str_u64(head, sizeof(text), &n) || all.n != n + 1 ||
	    all.p[n] != ',')
		fail_msg("no netstring: '%.*s'", STR_ARG(buf_str(&t->out)));
	str_copy(text, sizeof(text), str_sub(all, 0, n));
	return text;
}

static void
say(struct talk *t, struct str bytes, size_t cut)
{
	talk_say_cut(t, bytes, cut > bytes.n ? bytes.n : cut);
}

/* --- lengths --- */

static void
test_qmq_01_lengths(void **state)
{
	static const struct {
		const char *text;
		enum netlen_end end;
		uint64_t n;
	} cases[] = {
		{ "0:", NETLEN_DONE, 0 },
		{ "7:", NETLEN_DONE, 7 },
		{ "9999999999:", NETLEN_DONE, 9999999999u },
		{ "4294967301:", NETLEN_DONE, 4294967301u },
		{ "10000000000:", NETLEN_BAD, 0 },
		{ "00005:", NETLEN_BAD, 0 },
		{ "00:", NETLEN_BAD, 0 },
		{ "-1:", NETLEN_BAD, 0 },
		{ "+5:", NETLEN_BAD, 0 },
		{ " 5:", NETLEN_BAD, 0 },
		{ "5 :", NETLEN_BAD, 0 },
		{ "5;", NETLEN_BAD, 0 },
		{ "0x5:", NETLEN_BAD, 0 },
		{ ":", NETLEN_BAD, 0 },
		{ "5", NETLEN_MORE, 0 },
		{ "", NETLEN_MORE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		enum netlen_end end = NETLEN_MORE;
		struct netlen l = { 0 };

		for (const char *p = cases[i].text;
		     *p != '\0' && end == NETLEN_MORE; p++)
			end = netlen_feed(&l, *p);
		if (end != cases[i].end ||
		    (end == NETLEN_DONE && l.n != cases[i].n))
			fail_msg("'%s'", cases[i].text);
	}
}

/* --- whole requests --- */

#define BODY "Subject: x\n\nhello\n"

/* stored NULL: cleanup has nothing, or what it had was taken back */
static const struct {
	const char *why, *listener, *client, *message;
	const char *addresses[6];
	const char *answer, *stored, *rcpts;
} requests[] = {
	{ "a message", "In", "192.0.2.1", BODY, { "a@c.test", "b@d.test" },
	    "Kok:  Message ", "Subject: x\r\n\r\nhello\r\n", "b@d.test,,0, " },
	{ "null sender, default domain", "In", "192.0.2.1", BODY,
	    { "", "joe", "b@d.test" }, "Kok:  Message ",
	    "Subject: x\r\n\r\nhello\r\n",
	    "joe@example.org,joe,0, b@d.test,,0, " },
	{ "dots", "In", "192.0.2.1", ".\n..\n", { "a@c.test", "b@d.test" },
	    "Kok", "..\r\n...\r\n", "b@d.test,,0, " },
	{ "SMG-11 nothing ends it early", "In", "192.0.2.1",
	    "a\n.\nMAIL FROM:<x>\n", { "a@c.test", "b@d.test" }, "Kok",
	    "a\r\n..\r\nMAIL FROM:<x>\r\n", "b@d.test,,0, " },
	{ "no last line end", "In", "192.0.2.1", "a", { "", "b@d.test" }, "Kok",
	    "a\r\n", "b@d.test,,0, " },
	{ "an empty message", "In", "192.0.2.1", "", { "", "b@d.test" }, "Kok",
	    "", "b@d.test,,0, " },
	{ "CR LF", "In", "192.0.2.1", "a\r\nb\r\n", { "", "b@d.test" }, "Kok",
	    "a\r\nb\r\n", "b@d.test,,0, " },
	{ "QMQ-03 lone CR", "In", "192.0.2.1", "a\rb\n", { "", "b@d.test" },
	    "D5.6.0 bare CR or LF not allowed", NULL, NULL },
	{ "QMQ-03 lone CR, cleaned", "Public", "192.0.2.1", "a\rb\n",
	    { "", "b@example.org" }, "Kok", "a\r\nb\r\n",
	    "b@example.org,,0, " },
	{ "no recipients", "In", "192.0.2.1", BODY, { "a@c.test" },
	    "D5.5.2 malformed request: no recipients", NULL, NULL },
	{ "no sender", "In", "192.0.2.1", BODY, { NULL },
	    "D5.5.2 malformed request: no recipients", NULL, NULL },
	{ "sender", "In", "192.0.2.1", BODY, { "a b", "b@d.test" },
	    "D5.1.7 <a b>: ", NULL, NULL },
	{ "no parameters", "In", "192.0.2.1", BODY,
	    { "a@c.test> SIZE=1", "b@d.test" }, "D5.5.4 ", NULL, NULL },
	{ "REL-06 line feed", "In", "192.0.2.1", BODY,
	    { "a@c.test", "b@d.test\nRCPT TO:<x@d.test>" }, "D", NULL, NULL },
	{ "one bad recipient is enough", "Public", "192.0.2.1", BODY,
	    { "a@c.test", "b@example.org", "v@other.test", "c@example.org" },
	    "D5.1.0 <v@other.test>: Address rejected.", NULL, NULL },
	{ "never beats later", "Public", "192.0.2.1", BODY,
	    { "a@c.test", "later@example.org", "v@other.test" },
	    "D5.1.0 <v@other.test>: Address rejected.", NULL, NULL },
	{ "later", "Public", "192.0.2.1", BODY,
	    { "a@c.test", "later@example.org", "b@example.org" },
	    "Z<later@example.org>: not yet", NULL, NULL },
	{ "recipients of one message", "Public", "192.0.2.1", BODY,
	    { "a@c.test", "1@example.org", "2@example.org", "3@example.org",
		"4@example.org" },
	    "D5.5.3 <4@example.org>: ", NULL, NULL },
	{ "but for those that do not count", "Public", "192.0.2.1", BODY,
	    { "a@c.test", "1@example.org", "2@example.org", "3@example.org",
		"vip@example.org" },
	    "Kok", "Subject: x\r\n\r\nhello\r\n",
	    "1@example.org,,0, 2@example.org,,0, 3@example.org,,0, "
	    "vip@example.org,,0, " },
	{ "a rejected host is not put off", "In", "203.0.113.1", BODY,
	    { "a@c.test", "b@d.test" }, "Daccess refused for this host", NULL,
	    NULL },
	{ "a refused one hears nothing", "In", "198.51.100.1", BODY,
	    { "a@c.test", "b@d.test" }, "", NULL, NULL },
	{ "a sinkhole", "Hole", "192.0.2.1", BODY, { "a@c.test", "b@d.test" },
	    "Kok:  Message ", NULL, NULL },
	{ "a sinkhole that queues", "Sink", "192.0.2.1", BODY,
	    { "a@c.test", "b@d.test" }, "Kok:  Message ",
	    "Subject: x\r\n\r\nhello\r\n", "b@d.test,,0, " },
	{ "a domain that cannot be asked for", "Verify", "192.0.2.1", BODY,
	    { "a@c.test", "b@d.test" }, "Z<a@c.test>: #4.1.8 ", NULL, NULL },
};

static void
run(size_t i, size_t cut)
{
	const char *got;
	struct buf bytes;
	struct talk t;

	talk_begin(&t, requests[i].listener, requests[i].client);
	t.no_lookupd = true;
	buf_init(&bytes, 1 << 20);
	request(&bytes, str_of(requests[i].message), requests[i].addresses);
	say(&t, buf_str(&bytes), cut);
	buf_fini(&bytes);
	got = answer(&t);
	if (strncmp(got, requests[i].answer, strlen(requests[i].answer)) != 0 ||
	    (requests[i].answer[0] == '\0') != (got[0] == '\0'))
		fail_msg("%s: '%s' instead of '%s'", requests[i].why, got,
		    requests[i].answer);
	if (t.s.phase != PH_CLOSING)
		fail_msg("%s: goes on", requests[i].why);
	if (t.n_ended != (requests[i].stored != NULL) ||
	    t.n_opened != t.n_ended + t.n_aborted)
		fail_msg("%s: %u opened, %u ended, %u aborted", requests[i].why,
		    t.n_opened, t.n_ended, t.n_aborted);
	if (requests[i].stored != NULL &&
	    (!str_is(buf_str(&t.stored), requests[i].stored) ||
		strcmp(t.rcpts, requests[i].rcpts) != 0 ||
		strcmp(t.protocol, "QMQP") != 0))
		fail_msg("%s: stored '%.*s' for %s by %s", requests[i].why,
		    STR_ARG(buf_str(&t.stored)), t.rcpts, t.protocol);
	talk_finish(&t);
}

static void
test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(requests); i++)
		for (size_t j = 0; j < NELEM(cuts); j++)
			run(i, cuts[j]);
}

/* --- what is no request --- */

static void
test_qmq_01_02_malformed(void **state)
{
	static const struct {
		const char *why, *bytes;
	} cases[] = {
		{ "no number", "hello" },
		{ "QMQ-01 too many digits", "99999999999:" },
		{ "QMQ-01 leading zero", "05:" },
		{ "empty", "0:," },
		{ "no comma at the end", "0:x" },
		{ "inner longer than outer", "5:9:abc,," },
		{ "inner without its comma", "4:2:ab," },
		{ "inner ends in a length", "2:12," },
		{ "wrong comma", "5:2:ab;," },
		{ "wrong outer comma", "16:1:a,0:,6:b@d.te,;" },
		{ "message only", "4:1:a,," },
		{ "bytes behind", "18:1:a,0:,8:b@d.test,,x" },
		{ "two requests",
		    "18:1:a,0:,8:b@d.test,,18:1:a,0:,8:b@d.test,," },
		{ "SMTP", "EHLO c.test\r\n" },
		{ "HTTP", "POST / HTTP/1.1\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct talk t;

		talk_begin(&t, "In", "192.0.2.1");
		say(&t, str_of(cases[i].bytes), SIZE_MAX);
		if (strncmp(answer(&t), "D5.5.2 malformed request: ", 26) != 0)
			fail_msg("%s: '%s'", cases[i].why, answer(&t));
		assert_int_equal(t.n_ended, 0);
		assert_int_equal(t.n_opened, t.n_aborted);
		assert_true(t.s.lingers);
		talk_finish(&t);
	}
}

/* Whatever becomes of it: one answer or none, nothing left at cleanup. */
static void
test_qmq_02_truncated_and_flipped(void **state)
{
	static const char *const addresses[] = { "a@c.test", "b@d.test",
		"c@d.test", NULL };
	struct buf good;

	(void)state;
	buf_init(&good, 1 << 16);
	request(&good, STR("Subject: x\n\n.\nhello\n"), addresses);
	for (size_t n = 0; n < good.len; n++) {
		struct talk t;

		talk_begin(&t, "In", "192.0.2.1");
		say(&t, str_sub(buf_str(&good), 0, n), SIZE_MAX);
		assert_string_equal(answer(&t), "");
		assert_int_equal(t.n_ended, 0);
		session_lost(&t.s);
		assert_string_equal(answer(&t), "");
		assert_int_equal(t.n_opened, t.n_aborted);
		talk_finish(&t);
	}
	for (size_t bit = 0; bit < good.len * 8; bit++) {
		struct talk t;

		good.data[bit / 8] ^= (char)(1 << bit % 8);
		talk_begin(&t, "In", "192.0.2.1");
		say(&t, buf_str(&good), SIZE_MAX);
		if (t.n_opened != t.n_aborted + t.n_ended &&
		    t.s.phase == PH_CLOSING)
			fail_msg("bit %zu: something is left", bit);
		answer(&t);
		session_lost(&t.s);
		assert_int_equal(t.n_opened, t.n_aborted + t.n_ended);
		talk_finish(&t);
		good.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	buf_fini(&good);
}

/* --- sizes --- */

static void
too_long(const char *why, const char *bytes)
{
	struct talk t;

	talk_begin(&t, "In", "192.0.2.1");
	say(&t, str_of(bytes), SIZE_MAX);
	if (strcmp(answer(&t), "D5.3.4 message size exceeds limit") != 0)
		fail_msg("%s: '%s'", why, answer(&t));
	assert_int_equal(t.s.phase, PH_CLOSING);
	assert_int_equal(t.n_opened, 0);
	talk_finish(&t);
}

/* Said as soon as it is known. */
static void
test_lim_04_sizes(void **state)
{
	static const char *const addresses[] = { "a@c.test", "b@d.test", NULL };
	static char lines[1024];
	struct buf bytes;
	struct talk t;

	(void)state;
	too_long("the request", "9999999999:");
	too_long("the message", "2000:1025:");
	/* within the limit as it comes, over it as it is stored */
	memset(lines, '\n', sizeof(lines));
	buf_init(&bytes, 1 << 16);
	request(&bytes, (struct str){ lines, 513 }, addresses);
	talk_begin(&t, "In", "192.0.2.1");
	say(&t, buf_str(&bytes), SIZE_MAX);
	assert_string_equal(answer(&t), "D5.3.4 message size exceeds limit");
	assert_int_equal(t.n_opened, t.n_aborted);
	talk_finish(&t);
	buf_reset(&bytes);
	request(&bytes, (struct str){ lines, 512 }, addresses);
	talk_begin(&t, "In", "192.0.2.1");
	say(&t, buf_str(&bytes), SIZE_MAX);
	assert_memory_equal(answer(&t), "Kok", 3);
	assert_int_equal(t.stored.len, 1024);
	talk_finish(&t);
	buf_fini(&bytes);
}

static void
test_lim_01_long_addresses(void **state)
{
	static char address[100000];
	const char *const addresses[] = { "a@c.test", address, NULL };
	struct buf bytes;
	struct talk t;

	(void)state;
	memset(address, 'x', sizeof(address) - 1);
	buf_init(&bytes, 1 << 20);
	request(&bytes, STR("a\n"), addresses);
	talk_begin(&t, "In", "192.0.2.1");
	say(&t, buf_str(&bytes), SIZE_MAX);
	assert_memory_equal(answer(&t), "D5.1.3 ", 7);
	assert_true(t.out.len < 1100);
	talk_finish(&t);
	buf_fini(&bytes);
}

/* --- others --- */

static void
begin_good(struct talk *t, struct buf *bytes, bool all)
{
	static const char *const addresses[] = { "a@c.test", "b@d.test", NULL };

	buf_init(bytes, 1 << 16);
	request(bytes, STR(BODY), addresses);
	talk_begin(t, "In", "192.0.2.1");
	t->answer = false;
	say(t, str_sub(buf_str(bytes), 0, bytes->len - !all), SIZE_MAX);
	assert_string_equal(answer(t), "");
}

static void
test_cleanup_decides(void **state)
{
	static const struct {
		unsigned code;
		const char *answer;
	} cases[] = {
		{ 250, "Kok:  Message " },
		{ 452, "Z4.3.1 as told" },
		{ 554, "D4.3.1 as told" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct buf bytes;
		struct talk t;

		begin_good(&t, &bytes, true);
		assert_int_equal(t.s.phase, PH_WAIT);
		talk_accepted(&t, cases[i].code);
		assert_memory_equal(
		    answer(&t), cases[i].answer, strlen(cases[i].answer));
		assert_int_equal(t.s.phase, PH_CLOSING);
		talk_finish(&t);
		buf_fini(&bytes);

		/* in the middle: it is heard at the end */
		begin_good(&t, &bytes, false);
		talk_accepted(&t, cases[i].code);
		assert_string_equal(answer(&t), "");
		say(&t, STR(","), 1);
		assert_int_equal(answer(&t)[0],
		    cases[i].code == 250 ? 'Z' : cases[i].answer[0]);
		talk_finish(&t);
		buf_fini(&bytes);
	}
}

static void
test_no_cleanup(void **state)
{
	static const char *const addresses[] = { "a@c.test", "b@d.test", NULL };
	struct buf bytes;
	struct talk t;

	(void)state;
	buf_init(&bytes, 1 << 16);
	request(&bytes, STR(BODY), addresses);
	talk_begin(&t, "In", "192.0.2.1");
	t.no_cleanup = true;
	say(&t, buf_str(&bytes), 5);
	assert_memory_equal(answer(&t), "Z4.3.0 ", 7);
	talk_finish(&t);
	buf_fini(&bytes);
}

/* LIM-06: by line and block, as SMTP has it; the answer is a Z. */
static void
test_lim_06_time(void **state)
{
	struct buf bytes;
	struct talk t;

	(void)state;
	talk_begin(&t, "In", "192.0.2.1");
	t.s.now += 299 * 1000;
	assert_true(session_due(&t.s) > t.s.now);
	say(&t, STR("1"), 1);
	t.s.now += 2000;
	assert_true(session_due(&t.s) <= t.s.now);
	session_expire(&t.s);
	assert_memory_equal(answer(&t), "Z4.4.2 Timed out", 16);
	talk_finish(&t);

	begin_good(&t, &bytes, true);
	t.s.now += 601 * 1000;
	session_expire(&t.s);
	assert_memory_equal(answer(&t), "Z4.3.0 ", 7);
	talk_finish(&t);
	buf_fini(&bytes);
}

static void
test_stop(void **state)
{
	struct buf bytes;
	struct talk t;

	(void)state;
	begin_good(&t, &bytes, true);
	session_leave(&t.s);
	assert_string_equal(answer(&t), "");
	talk_accepted(&t, 250);
	assert_memory_equal(answer(&t), "Kok", 3);
	talk_finish(&t);
	buf_fini(&bytes);

	talk_begin(&t, "In", "192.0.2.1");
	session_cut(&t.s);
	assert_memory_equal(answer(&t), "Z4.3.2 ", 7);
	talk_finish(&t);
}

/* The facts that an address lacks are waited for, and then it goes on. */
static void
test_facts_are_waited_for(void **state)
{
	static const char *const addresses[] = { "a@c.test", "b@d.test", NULL };
	struct str in, rest;
	struct buf bytes;
	struct talk t;

	(void)state;
	buf_init(&bytes, 1 << 16);
	request(&bytes, STR(BODY), addresses);
	for (int exists = 0; exists < 2; exists++) {
		talk_begin(&t, "Verify", "192.0.2.1");
		in = rest = buf_str(&bytes);
		session_input(&t.s, &rest);
		assert_int_equal(t.s.phase, PH_ASK);
		assert_true(rest.n > 0 && rest.n < in.n);
		assert_true(talk_asked(&t, FACT_SENDER_DOMAIN, "c.test"));
		talk_tell(&t, FACT_SENDER_DOMAIN, "c.test",
		    exists ? DOMAIN_EXISTS : DOMAIN_MISSING);
		say(&t, rest, SIZE_MAX);
		if (exists)
			assert_memory_equal(answer(&t), "Kok", 3);
		else
			assert_memory_equal(
			    answer(&t), "D<a@c.test>: #5.1.8 ", 20);
		talk_finish(&t);
	}
	buf_fini(&bytes);
}

static void
test_log(void **state)
{
	static const char *const lines[] = {
		"New QMQP ICID ",
		" RELAY SG None match ALL",
		"Start MID ",
		" From: <a@c.test>\n",
		" RID 0 To: <b@d.test>\n",
		" close\n",
	};
	const char *at;
	struct buf bytes;
	struct talk t;

	(void)state;
	buf_reset(&talk_log);
	begin_good(&t, &bytes, true);
	talk_accepted(&t, 250);
	talk_finish(&t);
	buf_fini(&bytes);
	at = talk_log.data;
	for (size_t i = 0; i < NELEM(lines); i++) {
		at = strstr(at, lines[i]);
		if (at == NULL)
			fail_msg("no '%s' in\n%s", lines[i], talk_log.data);
	}
}

/* Who finds no room is told so at once, in the same form. */
static void
test_lim_08_busy(void **state)
{
	struct talk t = { .answer = true };

	(void)state;
	buf_init(&t.out, 1000);
	buf_puts(&t.out, protocol_qmqp.busy);
	assert_memory_equal(answer(&t), "Z4.4.5 ", 7);
	buf_fini(&t.out);
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
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_qmq_01_lengths),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_qmq_01_02_malformed),
		cmocka_unit_test(test_qmq_02_truncated_and_flipped),
		cmocka_unit_test(test_lim_04_sizes),
		cmocka_unit_test(test_lim_01_long_addresses),
		cmocka_unit_test(test_cleanup_decides),
		cmocka_unit_test(test_no_cleanup),
		cmocka_unit_test(test_lim_06_time),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_facts_are_waited_for),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_lim_08_busy),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}

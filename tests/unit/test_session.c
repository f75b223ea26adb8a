/*
 * test_session.c - the conversation as scripts
 *
 * A script is lines: "> text" is what the client sends (CR LF is added),
 * ">> text" without CR LF, "< text" is how the next reply begins, "=" says
 * that the session is over and nothing more was said. \r, \n, \0 may be
 * written in the client's lines as ^M, ^J, ^@.
 */
#include "tests/unit/session_world.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  interface: Net\n"
    "  default_domain: example.org\n"
    "  bare_newline: reject\n"
    "  hat: {defaults: {max_message_size: 1K, max_rcpts_per_msg: 3,\n"
    "    max_msgs_per_session: 3}}\n"
    "  rat: [{accept: vip@example.org, bypass_receiving_control: yes},\n"
    "    example.org]\n"
    "- name: Clean\n"
    "  type: public\n"
    "  interface: Net\n"
    "  port: 2526\n"
    "  bare_newline: clean\n"
    "  rat: [example.org]\n"
    "- name: Hole\n"
    "  type: sinkhole-noqueue\n"
    "  interface: Net\n"
    "  port: 2527\n"
    "  hat: {groups: [{name: REL, entries: [192.0.2.0/24],\n"
    "    policy: $RELAYED}]}\n"
    "- name: Named\n"
    "  port: 2528\n"
    "  hat: {defaults: {override_hostname: other.test}}\n"
    "- name: Nameless\n"
    "  port: 2529\n"
    "  hat: {defaults: {override_hostname: none}}\n"
    "- name: Told\n"
    "  type: public\n"
    "  interface: Net\n"
    "  port: 2535\n"
    "  rat: [example.org]\n"
    "  xclient: [192.0.2.0/24]\n"
    "  hat: {groups: [{name: BAD, entries: [203.0.113.0/24],\n"
    "    policy: $BLOCKED}, {name: NAMED, entries: [.good.test],\n"
    "    policy: $TRUSTED}, {name: ALL, policy: $ACCEPTED}]}\n"
    "- name: ToldOthers\n"
    "  type: public\n"
    "  interface: Net\n"
    "  port: 2536\n"
    "  xclient: [198.51.100.1]\n";

#define HELLO                                                                  \
	"< 220 mx.example.org ESMTP\n> EHLO c.test\n< 250-mx.example.org\n"
#define MAIL "> MAIL FROM:<a@c.test>\n< 250 2.1.0 sender <a@c.test> ok\n"
#define RCPT "> RCPT TO:<b@example.org>\n< 250 2.1.5 recipient\n"
#define DATA "> DATA\n< 354 go ahead\n"
#define OPEN HELLO MAIL RCPT DATA

static const struct {
	const char *why, *listener, *script;
} scripts[] = {
	{ "a message", "In",
	    OPEN "> hi\n> .\n< 250 2.0.0 ok:  Message \n"
		 "> QUIT\n< 221 2.0.0 mx.example.org\n=" },
	{ "HELO", "In", "< 220\n> HELO c.test\n< 250 mx.example.org\n" MAIL },
	{ "another name", "Named",
	    "< 220 other.test ESMTP\n> EHLO c.test\n< 250-other.test\n"
	    "> HELO c.test\n< 250 other.test\n> QUIT\n"
	    "< 221 2.0.0 other.test\n=" },
	{ "no name", "Nameless",
	    "< 220 ESMTP\n> EHLO c.test\n< 250-ESMTP\n"
	    "> HELO c.test\n< 250 ESMTP\n> QUIT\n< 221 2.0.0 ESMTP\n=" },
	{ "commands in any case", "In",
	    "< 220\n> ehlo c\n< 250-\n"
	    "> mail from:<a@c.test>\n< 250\n> rcpt to: <b@example.org>\n"
	    "< 250\n> data\n< 354" },
	{ "HELO first", "In",
	    "< 220\n> MAIL FROM:<a@c.test>\n< 503 5.5.1\n"
	    "> RCPT TO:<b@example.org>\n< 503 5.5.1\n> DATA\n< 503 5.5.1\n"
	    "> NOOP\n< 250 2.0.0\n> RSET\n< 250 2.0.0\n> QUIT\n< 221 "
	    "2.0.0\n=" },
	{ "IDT-01 XCLIENT is not for everybody", "ToldOthers",
	    HELLO "> XCLIENT ADDR=192.0.2.99\n< 500 5.5.1\n"
		  "> EHLO c.test\n< 250-\n" MAIL },
	{ "IDT-02 XCLIENT", "Told",
	    HELLO "> XCLIENT ADDR=192.0.2.99 NAME=x.good.test\n< 220 mx\n"
		  "> MAIL FROM:<a@c.test>\n< 503 5.5.1\n"
		  "> EHLO d\n< 250-mx\n" MAIL RCPT
		  "> XCLIENT ADDR=192.0.2.98\n< 503 5.5.1\n" DATA
		  "> x\n> .\n< 250\n"
		  "> XCLIENT NAME=[TEMPUNAVAIL]\n< 220\n"
		  "> XCLIENT ADDR=IPV6:2001:db8::1 DESTPORT=25\n< 220\n" },
	{ "IDT-02 XCLIENT, bad attributes", "Told",
	    HELLO "> XCLIENT\n< 501 5.5.4\n"
		  "> XCLIENT ADDR=1.2.3\n< 501 5.5.4\n"
		  "> XCLIENT FOO=1\n< 501 5.5.4\n" MAIL },
	{ "IDT-02 XCLIENT, a client that is blocked", "Told",
	    "< 220\n> XCLIENT ADDR=203.0.113.1\n< 554-mx.example.org\n=" },
	{ "IDT-02 XCLIENT, who relays after AUTH", "Told",
	    "< 220\n> XCLIENT LOGIN=joe\n< 220\n> EHLO c\n< 250-\n" MAIL
	    "> RCPT TO:<x@elsewhere.test>\n< 250 2.1.5\n"
	    "> RSET\n< 250\n> XCLIENT ADDR=192.0.2.7\n< 220\n"
	    "> EHLO c\n< 250-\n" MAIL
	    "> RCPT TO:<x@elsewhere.test>\n< 550 5.1.0\n" },
	{ "short commands", "In",
	    HELLO
	    "> NOOP x y\n< 250 2.0.0\n"
	    "> VRFY joe\n< 252 2.1.5\n> HELP\n< 214-2.0.0\n> EXPN x\n< 502 "
	    "5.5.1\n"
	    "> STARTTLS\n< 502 5.5.1\n> AUTH PLAIN\n< 502 5.5.1\n"
	    "> XCLIENT ADDR=1.2.3.4\n< 500 5.5.1\n> VRFY\n< 501 5.5.4\n" },
	{ "empty line", "In", HELLO "> \n< 500 5.5.1\n" },
	{ "STM-02 second MAIL", "In",
	    HELLO MAIL "> MAIL FROM:<x@c.test>\n< 503 5.5.1\n" RCPT DATA },
	{ "STM-02 no recipient", "In",
	    HELLO MAIL
	    "> RCPT TO:<v@other.test>\n< 550 5.1.0 Address rejected.\n"
	    "> DATA\n< 554 5.5.1\n" RCPT DATA },
	{ "STM-02 refused MAIL", "In",
	    HELLO
	    "> MAIL FROM:<a b>\n< 501\n"
	    "> RCPT TO:<b@example.org>\n< 503 5.5.1\n> DATA\n< 503 5.5.1\n" },
	{ "STM-03 EHLO and RSET clear", "In",
	    HELLO MAIL RCPT
	    "> EHLO d.test\n< 250-\n> DATA\n< 503 5.5.1\n" MAIL RCPT
	    "> RSET\n< 250\n> RCPT TO:<b@example.org>\n< 503 5.5.1\n" },
	{ "STM-03 a refused EHLO changes nothing", "In",
	    HELLO MAIL RCPT "> EHLO a b\n< 501 5.5.2\n" DATA },
	{ "STM-04 another protocol", "In",
	    "< 220\n> POST / HTTP/1.1\n< 421 4.7.0\n=" },
	{ "STM-04 a header line of it", "In",
	    HELLO "> Host: mx.example.org\n< 421 4.7.0\n=" },
	{ "STM-05 parameters", "In",
	    HELLO
	    "> MAIL FROM:<a@c.test> FOO=1\n< 555 5.5.4\n"
	    "> MAIL FROM:<a@c.test> SIZE=1 SIZE=1\n< 501 5.5.4\n"
	    "> MAIL FROM:<a@c.test> SIZE=-1\n< 501 5.5.4\n"
	    "> MAIL FROM:<a@c.test> SIZE=100000000000000000000\n< 501 5.5.4\n"
	    "> MAIL FROM:<a@c.test> SIZE=99999999999999999999\n< 552 5.3.4\n"
	    "> MAIL FROM:<a@c.test> SIZE=1025\n< 552 5.3.4\n"
	    "> MAIL FROM:<a@c.test> AUTH=<>\n< 555 5.5.4\n"
	    "> MAIL FROM:<a@c.test> BODY=X\n< 501 5.5.4\n"
	    "> MAIL FROM:<a@c.test> SIZE=1024\n< 250\n"
	    "> RCPT TO:<b@example.org> NOTIFY=NEVER,DELAY\n< 501 5.5.4\n"
	    "> RCPT TO:<b@example.org> SIZE=1\n< 555 5.5.4\n" },
	{ "STM-05 not after HELO", "In",
	    "< 220\n> HELO c\n< 250\n> MAIL FROM:<a@c.test> SIZE=1\n< 555\n" },
	{ "STM-07 8-bit without SMTPUTF8", "In",
	    HELLO "> MAIL FROM:<\xc3\xa4@c.test>\n< 553 5.6.7\n"
		  "> MAIL FROM:<a@\xc3\xa4.test>\n< 553 5.6.7\n"
		  "> MAIL FROM:<\xc3\xa4@c.test> SMTPUTF8\n< 250\n"
		  "> RCPT TO:<\xc3@example.org>\n< 501\n" },
	{ "STM-09 arguments where none belong", "In",
	    OPEN "> x\n> .\n< 250\n> RSET x\n< 501 5.5.4\n> QUIT x\n< 501 "
		 "5.5.4\n" MAIL RCPT "> DATA x\n< 501 5.5.4\n" DATA },
	{ "STM-10 names", "In",
	    "< 220\n> EHLO\n< 501 5.5.2\n"
	    "> EHLO a b\n< 501 5.5.2\n> EHLO [1.2.3.4\n< 501 5.5.2\n"
	    "> EHLO \xc3\xa4\n< 501 5.5.2\n> EHLO a^@b\n< 500 5.5.2\n" },
	{ "lone LF, lone CR in a command", "In",
	    HELLO
	    ">> NOOP^J\n< 500 5.5.2\n> NO^MOP\n< 500 5.5.2\n> NOOP\n< 250\n" },
	{ "postmaster", "In",
	    HELLO MAIL
	    "> RCPT TO:<postmaster>\n< 250 2.1.5 recipient <postmaster> ok\n" },
	{ "null sender", "In",
	    HELLO "> MAIL FROM:<>\n< 250 2.1.0 sender <> ok\n" RCPT },
	{ "null recipient", "In", HELLO MAIL "> RCPT TO:<>\n< 501\n" },
	{ "LIM-05 recipients", "In",
	    HELLO MAIL RCPT RCPT RCPT
	    "> RCPT TO:<b@example.org>\n< 452 4.5.3\n"
	    "> RCPT TO:<v@other.test>\n< 452 4.5.3\n"
	    "> RCPT TO:<not an address>\n< 501\n"
	    "> RCPT TO:<vip@example.org>\n< 250\n" DATA },
	{ "messages per connection", "In",
	    OPEN "> .\n< 250\n" MAIL RCPT DATA "> .\n< 250\n" MAIL RCPT DATA
		 "> .\n< 250\n"
		 "> MAIL FROM:<a@c.test>\n< 421 4.4.5\n=" },
	{ "SMG-01 reject", "In",
	    OPEN
	    ">> a^J.^J\n> MAIL FROM:<e@c.test>\n"
	    "< \n> .\n< 554 5.6.0\n> RCPT TO:<b@example.org>\n< 503 5.5.1\n"
	    "> DATA\n< 503 5.5.1\n" MAIL },
	{ "SMG-01 clean", "Clean",
	    OPEN ">> a^J.^M^J\n> MAIL FROM:<e@c.test>\n"
		 "< \n> .\n< 250\n> RCPT TO:<b@example.org>\n< 503 5.5.1\n" },
	{ "SMG-04 NUL", "In", OPEN "> a^@b\n> .\n< 554 5.6.0\n" MAIL },
	{ "SMG-06 content before 354", "In",
	    HELLO MAIL RCPT ">> DATA^M^Ja^M^J.^M^J\n< 554 5.5.0\n=" },
	{ "SMG-06 a legal group", "In",
	    OPEN
	    ">> a^M^J.^M^JMAIL FROM:<a@c.test>^M^JRCPT TO:<b@example.org>^M^J"
	    "DATA^M^J\n< 250\n< 250\n< 250\n< 354\n" },
	{ "SMG-09 chunks", "In",
	    HELLO MAIL RCPT
	    "> BDAT 3\n>> a^M^J\n"
	    "< 250 2.0.0 3 octets\n> BDAT 3 LAST\n>> b^M^J\n< 250 2.0.0 ok:\n"
	    "> BDAT 2 LAST\n>> xx\n< 503 5.5.1\n> NOOP\n< 250\n" },
	{ "SMG-09 chunks pipelined", "In",
	    HELLO
	    ">> MAIL FROM:<a@c.test>^M^JRCPT TO:<b@example.org>^M^JBDAT 3^M^J"
	    "abcBDAT 0 LAST^M^JQUIT^M^J\n< 250\n< 250\n< 250\n< 250 2.0.0 ok:\n"
	    "< 221\n=" },
	{ "SMG-09 wrong syntax", "In",
	    HELLO MAIL RCPT "> BDAT +5\n< 501 5.5.4\n=" },
	{ "SMG-09 no size", "In", HELLO "> BDAT\n< 501 5.5.4\n=" },
	{ "SMG-09 LAST misspelt", "In",
	    HELLO MAIL RCPT "> BDAT 5 LASTT\n< 501 5.5.4\n=" },
	{ "SMG-09 without RCPT the chunk is swallowed", "In",
	    HELLO MAIL "> BDAT 6\n> RSET\n< 503 5.5.1\n" RCPT DATA },
	{ "SMG-09 without MAIL", "In",
	    HELLO "> BDAT 6 LAST\n> RSET\n< 503 5.5.1\n> NOOP\n< 250\n" },
	{ "SMG-09 before EHLO", "In",
	    "< 220\n> BDAT 6 LAST\n> RSET\n< 503 5.5.1\n> NOOP\n< 250\n" },
	{ "SMG-09 DATA after BDAT", "In",
	    HELLO MAIL RCPT
	    "> BDAT 2\n>> ab\n< 250\n> DATA\n< 503 5.5.1\n"
	    "> RCPT TO:<b@example.org>\n< 503 5.5.1\n"
	    "> MAIL FROM:<a@c.test>\n< 503 5.5.1\n> BDAT 0 LAST\n< 250\n" },
	{ "SMG-09 RSET after BDAT", "In",
	    HELLO MAIL RCPT "> BDAT 2\n>> ab\n< 250\n> RSET\n< 250\n"
			    "> BDAT 2 LAST\n>> ab\n< 503 5.5.1\n" MAIL },
	{ "SMG-09 BDAT 0 LAST alone", "In",
	    HELLO MAIL RCPT "> BDAT 0 LAST\n< 250 2.0.0 ok:\n" },
	{ "SMG-09 over the limit", "In",
	    HELLO MAIL RCPT "> BDAT 4000000 LAST\n< 552 5.3.4\n< 421\n=" },
	{ "SMG-09 wrong order over the limit", "In",
	    HELLO "> BDAT 4000000 LAST\n< 421\n=" },
	{ "SMG-10 lone LF in a chunk, reject", "In",
	    HELLO MAIL RCPT "> BDAT 4 LAST\n>> a^Jb^J\n< 554 5.6.0\n" MAIL },
	{ "SMG-10 lone LF in a chunk, clean", "Clean",
	    HELLO MAIL RCPT "> BDAT 4 LAST\n>> a^Jb^J\n< 250\n" },
	{ "sinkhole", "Hole", OPEN "> x\n> .\n< 250 2.0.0 ok:\n" MAIL },
};

static void
client_line(struct talk *t, const char *p, size_t n, size_t step)
{
	bool raw = n > 1 && p[1] == '>';
	size_t at = raw ? 3 : 2;
	struct buf b;

	buf_init(&b, 1 << 16);
	for (; at < n; at++) {
		if (p[at] == '^' && at + 1 < n) {
			buf_putc(&b, (char)(p[++at] & 0x1f));
			continue;
		}
		buf_putc(&b, p[at]);
	}
	if (!raw)
		buf_puts(&b, "\r\n");
	talk_say_cut(t, buf_str(&b), step);
	buf_fini(&b);
}

static void
play(const char *why, const char *listener, const char *script, size_t step)
{
	struct talk t;

	talk_begin(&t, listener, "192.0.2.55");
	for (const char *p = script; *p != '\0';) {
		size_t n = strcspn(p, "\n");
		char want[200];

		if (p[0] == '>') {
			client_line(&t, p, n, step);
		} else if (p[0] == '<') {
			str_copy(
			    want, sizeof(want), (struct str){ p + 2, n - 2 });
			talk_expect(&t, why, want);
		} else if (t.s.phase != PH_CLOSING || t.out.len > 0) {
			fail_msg("%s: not over", why);
		}
		p += n + (p[n] == '\n');
	}
	if (t.out.len > 0)
		fail_msg("%s: more than expected: %s", why, t.out.data);
	talk_finish(&t);
}

static void
test_scripts(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(scripts); i++) {
		play(scripts[i].why, scripts[i].listener, scripts[i].script,
		    65536);
		/* What comes behind DATA in one piece is told by pieces. */
		if (strstr(scripts[i].why, "before 354") == NULL)
			play(scripts[i].why, scripts[i].listener,
			    scripts[i].script, 1);
	}
}

/* Sends a whole message in pieces; gives what cleanup was told. */
static void
one_message(
    struct talk *t, const char *listener, struct str content, size_t step)
{
	talk_begin(t, listener, "192.0.2.55");
	talk_say(t, "EHLO c.test");
	talk_say(t, "MAIL FROM:<a@c.test> BODY=8BITMIME RET=HDRS ENVID=x+2By");
	talk_say(t, "RCPT TO:<B@Example.org> NOTIFY=DELAY ORCPT=rfc822;B+40x");
	talk_say(t, "RCPT TO:<joe>");
	talk_say(t, "DATA");
	buf_reset(&t->out);
	talk_say_cut(t, content, step);
}

static void
test_what_is_offered(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, "In", "192.0.2.55");
	buf_reset(&t.out);
	talk_say(&t, "EHLO c");
	assert_string_equal(t.out.data,
	    "250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 1024\r\n"
	    "250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"
	    "250-SMTPUTF8\r\n250-LIMITS MAILMAX=3 RCPTMAX=3\r\n"
	    "250 DSN\r\n");
	talk_finish(&t);
}

static void
test_what_cleanup_gets(void **state)
{
	struct talk t;

	(void)state;
	one_message(&t, "In", STR("X: y\r\n\r\n..\r\n.\r\n"), 3);
	talk_expect(&t, "end", "250 2.0.0 ok:  Message ");
	assert_string_equal(t.sender, "a@c.test");
	assert_string_equal(
	    t.rcpts, "B@example.org,,8,rfc822;B@x joe@example.org,joe,0, ");
	assert_string_equal(t.protocol, "ESMTP");
	assert_int_equal(t.env_flags, ENV_8BITMIME);
	assert_true(str_is(buf_str(&t.stored), "X: y\r\n\r\n..\r\n"));
	assert_int_equal(t.n_ended, 1);
	assert_int_equal(t.n_aborted, 0);
	talk_finish(&t);
}

/* LIM-04: the limit exactly is fine; one byte more is not, and what cleanup
 * has of it goes at once; after twice the limit we leave. */
static void
test_lim_04_size(void **state)
{
	static const struct {
		size_t n;
		const char *reply;
		unsigned ended, aborted;
	} cases[] = {
		{ 1024, "250 2.0.0", 1, 0 },
		{ 1025, "552 5.3.4", 0, 1 },
		{ 2000, "552 5.3.4", 0, 1 },
		{ 2100, "421 4.3.4", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct talk t;
		struct buf b;

		buf_init(&b, 1 << 16);
		memset(buf_room(&b, cases[i].n), 'x', cases[i].n);
		buf_grew(&b, cases[i].n);
		for (size_t k = 78; k < cases[i].n; k += 80)
			memcpy(b.data + k, "\r\n", 2);
		memcpy(b.data + cases[i].n - 2, "\r\n", 2);
		buf_puts(&b, ".\r\n");
		one_message(&t, "In", buf_str(&b), 100);
		talk_expect(&t, "size", cases[i].reply);
		assert_int_equal(t.n_ended, cases[i].ended);
		assert_int_equal(t.n_aborted, cases[i].aborted);
		assert_true(t.stored.len <= 1025 + 100);
		talk_finish(&t);
		buf_fini(&b);
	}
}

static void
test_cleanup_says_no(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, "In", "192.0.2.55");
	t.code = 452;
	for (int i = 0; i < 2; i++) {
		talk_say(&t, "EHLO c");
		talk_say(&t, "MAIL FROM:<a@c.test>");
		talk_say(&t, "RCPT TO:<b@example.org>");
		talk_say(&t, "DATA");
		buf_reset(&t.out);
		talk_say(&t, "x\r\n.");
		talk_expect(&t, "no", "452 4.3.1 as told");
		talk_say(&t, "DATA");
		talk_expect(&t, "nothing is left", "503");
	}
	talk_finish(&t);
}

/* Cleanup may give up, or die, before the content is whole. */
static void
test_cleanup_gives_up_early(void **state)
{
	struct talk t;

	(void)state;
	one_message(&t, "In", STR("x\r\n"), 10);
	talk_accepted(&t, 452);
	talk_expect(&t, "not yet", "");
	talk_say(&t, "y\r\n.");
	talk_expect(&t, "at the end", "452 4.3.1 as told");
	assert_int_equal(t.n_ended, 0);
	assert_int_equal(t.n_aborted, 0);
	talk_finish(&t);
}

static void
test_no_cleanup(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, "In", "192.0.2.55");
	t.no_cleanup = true;
	talk_say(&t, "EHLO c");
	talk_say(&t, "MAIL FROM:<a@c.test>");
	talk_say(&t, "RCPT TO:<b@example.org>");
	buf_reset(&t.out);
	talk_say(&t, "DATA");
	talk_expect(&t, "DATA", "451 4.3.0");
	talk_finish(&t);
}

/* While the answer is out, nothing of the client is looked at. */
static void
test_waiting_reads_nothing(void **state)
{
	struct str more = STR("MAIL FROM:<x@c.test>\r\n");
	struct talk t;

	(void)state;
	one_message(&t, "In", STR("x\r\n"), 10);
	t.answer = false;
	talk_say(&t, ".");
	assert_int_equal(t.s.phase, PH_WAIT);
	assert_false(session_reads(&t.s));
	session_input(&t.s, &more);
	assert_int_equal(more.n, 22);
	talk_expect(&t, "quiet", "");
	talk_accepted(&t, 250);
	talk_expect(&t, "then", "250 2.0.0 ok:");
	session_input(&t.s, &more);
	talk_expect(&t, "and", "250 2.1.0");
	talk_finish(&t);
}

/* STM-11, LIM-10: a client that goes leaves nothing behind. */
static void
test_stm_11_lost_at_each_byte(void **state)
{
	const struct str all =
	    STR("EHLO c\r\nMAIL FROM:<a@c.test>\r\n"
		"RCPT TO:<b@example.org>\r\nDATA\r\nx\r\n.\r\n");

	(void)state;
	for (size_t n = 0; n <= all.n; n++) {
		struct talk t;

		talk_begin(&t, "In", "192.0.2.55");
		talk_say_cut(&t, str_sub(all, 0, n), 1);
		session_lost(&t.s);
		assert_int_equal(t.s.phase, PH_CLOSING);
		assert_null(t.s.txn);
		assert_int_equal(t.n_ended, n == all.n);
		assert_int_equal(t.n_opened, t.n_ended + t.n_aborted);
		talk_finish(&t);
	}
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
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_what_is_offered),
		cmocka_unit_test(test_what_cleanup_gets),
		cmocka_unit_test(test_lim_04_size),
		cmocka_unit_test(test_cleanup_says_no),
		cmocka_unit_test(test_cleanup_gives_up_early),
		cmocka_unit_test(test_no_cleanup),
		cmocka_unit_test(test_waiting_reads_nothing),
		cmocka_unit_test(test_stm_11_lost_at_each_byte),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}

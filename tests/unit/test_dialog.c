/*
 * test_dialog.c - the conversation of smtp, against servers in a script
 *
 * A script is lines: "S: " the server says this; "C: " lines that follow each
 * other are all that the client has to say at this point, and leave; "J: n"
 * job n of the table arrives; "Q:" no more jobs; "X:" the connection is
 * reset; "T:" it times out; "P:", "M:", "D:" TLS; "A:" recipients are only
 * asked about; "U:" we must log in, "L:" also in the clear; "K: a b" keyd says
 * this, "N: why" it refuses. Every script is played with
 * the server's bytes in pieces of 1, 2, ... bytes and as a whole: what comes
 * out is the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/wire.h"
#include "smtp/dialog.h"

struct test_job {
	uint64_t mid;
	const char *sender;
	const char *rcpts[4];
	uint32_t flags, wire_flags;
	uint64_t size; /* content_len; 0: 10 */
	uint8_t ret, notify;
	const char *envid, *orcpt;
};

static const struct test_job jobs[] = {
	{ .mid = 0, .sender = "s@a.test", .rcpts = { "r@b.test" } },
	{ .mid = 1, .sender = "", .rcpts = { "x@b.test", "y@b.test" } },
	{ .mid = 2,
	    .sender = "s@a.test",
	    .rcpts = { "r@b.test" },
	    .size = 1001 },
	{ .mid = 3,
	    .sender = "s@a.test",
	    .rcpts = { "r@b.test" },
	    .size = 1001,
	    .wire_flags = WIRE_DOTS },
	{ .mid = 4,
	    .sender = "s@a.test",
	    .rcpts = { "r@b.test" },
	    .wire_flags = WIRE_8BIT },
	{ .mid = 5,
	    .sender = "s@a.test",
	    .rcpts = { "r@b.test", "\303\244@b.test" } },
	{ .mid = 6,
	    .sender = "s@a.test",
	    .rcpts = { "r@b.test" },
	    .flags = ENV_SMTPUTF8,
	    .wire_flags = WIRE_8BIT_HDR },
	{ .mid = 7,
	    .sender = "s@a.test",
	    .rcpts = { "a\r\nRSET@b.test", "r@b.test" } },
	{ .mid = 8, .sender = "s>x@a.test", .rcpts = { "r@b.test" } },
	{ .mid = 9,
	    .sender = "s@a.test",
	    .rcpts = { "r@b.test" },
	    .ret = 2,
	    .notify = DSN_SUCCESS | DSN_DELAY,
	    .envid = "a+b=c d",
	    .orcpt = "rfc822;o+x@b.test" },
	{ .mid = 10,
	    .sender = "s@a.test",
	    .rcpts = { "r@b.test" },
	    .ret = 1,
	    .notify = DSN_NEVER },
	{ .mid = 11,
	    .sender = "s@a.test",
	    .rcpts = { "1@b.test", "2@b.test", "3@b.test" } },
	{ .mid = 12,
	    .sender = "s\303\244@a.test",
	    .rcpts = { "r@b.test" },
	    .flags = ENV_SMTPUTF8,
	    .orcpt = "utf-8;\303\244+x@b.test" },
	{ .mid = 13,
	    .sender = "s@a.test",
	    .rcpts = { "r@b.test" },
	    .orcpt = "utf-8;\303\244\\x{2B}x@b.test" },
	{ .mid = 14,
	    .sender = "s@a.test",
	    .rcpts = { "r@b.test" },
	    .flags = ENV_REQUIRETLS },
};

#define HELLO "S: 220 hi\nC: EHLO us.test\n"
#define PLAIN HELLO "S: 250 b.test\n"
#define PIPE  HELLO "S: 250-b.test\nS: 250 PIPELINING\n"

static const struct {
	const char *why, *script, *log;
} cases[] = {
	/* --- before the first job --- */
	{ "greeting and EHLO", PLAIN, "up" },
	{ "HELO when EHLO is not known",
	    HELLO "S: 502 what\nC: HELO us.test\nS: 250 b\n", "up" },
	{ "neither", HELLO "S: 502 what\nC: HELO us.test\nS: 550 no\n",
	    "end greeting 550" },
	{ "EHLO refused for now", HELLO "S: 450 4.3.2 later\n",
	    "end greeting 450" },
	{ "greeting 554", "S: 554-go\nS: 554 away\n", "end greeting 554" },
	{ "greeting 421", "S: 421 busy\n", "end greeting 421" },
	{ "greeting 354", "S: 354 go ahead\n", "end protocol 0" },
	{ "not SMTP", "S: SSH-2.0-OpenSSH\n", "end protocol 0" },
	{ "replies before EHLO", "S: 220 hi\nS: 250 b.test\n",
	    "end protocol 0" },
	{ "421 when idle", PLAIN "S: 421 bye\n", "up end closed 421" },
	{ "noise when idle", PLAIN "S: 250 b.test\n", "up end protocol 0" },
	{ "quit when idle", PLAIN "Q:\nC: QUIT\nS: 221 bye\nS: 221 bye\n",
	    "up end closed 0" },
	{ "lost when idle", PLAIN "X:\n", "up end reset 0" },

	/* --- TLS: P preferred, M needed, D the handshake is done --- */
	{ "TLS not wanted", HELLO "S: 250-b\nS: 250 STARTTLS\n", "up" },
	{ "TLS, not offered", "P:\n" PLAIN, "up" },
	{ "TLS: EHLO again, which alone counts",
	    "P:\n" HELLO "S: 250-b\nS: 250-PIPELINING\nS: 250 STARTTLS\n"
	    "C: STARTTLS\nS: 220 go\nD:\nC: EHLO us.test\nS: 250 b\n"
	    "J: 0\nC: MAIL FROM:<s@a.test>\nS: 250 ok\n"
	    "C: RCPT TO:<r@b.test>\n",
	    "tls up start0" },
	{ "TLS offered under TLS",
	    "M:\n" HELLO "S: 250-b\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n"
	    "D:\nC: EHLO us.test\nS: 250-b\nS: 250 STARTTLS\n",
	    "tls up" },
	{ "TLS refused, preferred",
	    "P:\n" HELLO "S: 250-b\nS: 250 STARTTLS\nC: STARTTLS\n"
	    "S: 454 4.7.0 not now\n",
	    "up" },
	{ "TLS refused, needed",
	    "M:\n" HELLO "S: 250-b\nS: 250 STARTTLS\nC: STARTTLS\n"
	    "S: 454 4.7.0 not now\n",
	    "end tls 0" },
	{ "the server hangs up on the handshake",
	    "P:\n" HELLO "S: 250-b\nS: 250 STARTTLS\nC: STARTTLS\n"
	    "S: 220 go\nX:\n",
	    "tls end tls 0" },
	{ "... or is silent",
	    "P:\n" HELLO "S: 250-b\nS: 250 STARTTLS\nC: STARTTLS\n"
	    "S: 220 go\nT:\n",
	    "tls end tls 0" },
	{ "tls-03: stripped", "M:\n" PLAIN, "end tls 0" },
	{ "tls-03: EHLO refused",
	    "M:\n" HELLO "S: 502 what\nC: HELO us.test\nS: 250 b\n",
	    "end tls 0" },
	/* --- REQUIRETLS: R --- */
	{ "REQUIRETLS, offered",
	    "R:\nM:\n" HELLO "S: 250-b\nS: 250 STARTTLS\nC: STARTTLS\n"
	    "S: 220 go\nD:\nC: EHLO us.test\nS: 250-b\nS: 250 REQUIRETLS\n"
	    "J: 14\nC: MAIL FROM:<s@a.test> REQUIRETLS\n",
	    "tls up start14" },
	{ "... before TLS only",
	    "R:\nM:\n" HELLO "S: 250-b\nS: 250-REQUIRETLS\n"
	    "S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nD:\n"
	    "C: EHLO us.test\nS: 250 b\n",
	    "tls end requiretls 0" },
	{ "... and no TLS", "R:\nM:\n" PLAIN, "end requiretls 0" },
	{ "REQUIRETLS on another connection", PLAIN "J: 14\n",
	    "up done14 0=0/mail" },
	{ "... whatever is offered in the clear",
	    HELLO "S: 250-b\nS: 250 REQUIRETLS\nJ: 14\n",
	    "up done14 0=0/mail" },

	/* --- AUTH: U under TLS, L also in the clear, K what keyd says --- */
	{ "AUTH PLAIN",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH LOGIN PLAIN\nK: abc\n"
	    "C: AUTH PLAIN YWJj\nS: 235 2.7.0 welcome\n",
	    "ask1 up" },
	{ "AUTH LOGIN",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH X LOGIN\nK: abc def\n"
	    "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWJj\n"
	    "S: 334 UGFzc3dvcmQ6\nC: ZGVm\nS: 235 ok\n",
	    "ask2 up" },
	{ "AUTH SCRAM, the server proves itself",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN SCRAM-SHA-256\n"
	    "K: abc\nC: AUTH SCRAM-SHA-256 YWJj\nS: 334 Y2hhbGxlbmdl\n"
	    "K: def v=1\nC: ZGVm\nS: 334 dj0x\nC: \nS: 235 ok\n",
	    "ask3 ask3=challenge up" },
	{ "... and when it does not",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN SCRAM-SHA-256\n"
	    "K: abc\nC: AUTH SCRAM-SHA-256 YWJj\nS: 334 Y2hhbGxlbmdl\n"
	    "K: def v=1\nC: ZGVm\nS: 334 dj0y\nC: \nS: 235 ok\n",
	    "ask3 ask3=challenge end auth 0" },
	{ "... or says nothing",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH SCRAM-SHA-256\n"
	    "K: abc\nC: AUTH SCRAM-SHA-256 YWJj\nS: 235 ok\n",
	    "ask3 end auth 0" },
	{ "... or no base64",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH SCRAM-SHA-256\n"
	    "K: abc\nC: AUTH SCRAM-SHA-256 YWJj\nS: 334 ???\n",
	    "ask3 end auth 0" },
	{ "refused for good",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN\nK: abc\n"
	    "C: AUTH PLAIN YWJj\nS: 535 5.7.8 no\n",
	    "ask1 end auth 535" },
	{ "refused for now",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN\nK: abc\n"
	    "C: AUTH PLAIN YWJj\nS: 454 4.7.0 later\n",
	    "ask1 end auth 454" },
	{ "PLAIN, and the server wants more",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN\nK: abc\n"
	    "C: AUTH PLAIN YWJj\nS: 334 \n",
	    "ask1 end auth 0" },
	{ "LOGIN without end",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH LOGIN\nK: abc def\n"
	    "C: AUTH LOGIN\nS: 334 a\nC: YWJj\nS: 334 b\nC: ZGVm\n"
	    "S: 334 c\n",
	    "ask2 end auth 0" },
	{ "AUTH is not offered", "L:\n" PLAIN, "end auth 0" },
	{ "no mechanism that we know",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH GSSAPI\n", "end auth 0" },
	{ "out-08: not in the clear",
	    "U:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN\n", "end auth 0" },
	{ "AUTH under TLS, by what is offered there",
	    "U:\nM:\n" HELLO "S: 250-b\nS: 250-AUTH LOGIN\n"
	    "S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nD:\n"
	    "C: EHLO us.test\nS: 250-b\nS: 250 AUTH PLAIN\nK: abc\n"
	    "C: AUTH PLAIN YWJj\nS: 235 ok\nJ: 0\n"
	    "C: MAIL FROM:<s@a.test>\nS: 250 ok\nC: RCPT TO:<r@b.test>\n",
	    "tls ask1 up start0" },
	{ "keyd refuses",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN\nN: no file\n",
	    "ask1 end auth 0" },
	{ "a reply before keyd has answered",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN\nS: 235 ok\n",
	    "ask1 end protocol 0" },
	{ "keyd answers too late",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN\nX:\nK: abc\n",
	    "ask1 end reset 0" },
	{ "lost in the middle",
	    "L:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN\nK: abc\n"
	    "C: AUTH PLAIN YWJj\nX:\n",
	    "ask1 end reset 0" },
	{ "tls-02: replies behind the one to STARTTLS",
	    "P:\n" HELLO "S: 250-b\nS: 250 STARTTLS\nC: STARTTLS\n"
	    "S: 220 go\nS: 250-AUTH PLAIN\nS: 250 ok\n",
	    "tls end protocol 0" },
	{ "tls-02: the reply comes too early",
	    "P:\n" HELLO "S: 250-b\nS: 250 STARTTLS\nS: 220 go\n",
	    "end protocol 0" },

	/* --- step by step --- */
	{ "one message",
	    PLAIN "J: 0\nC: MAIL FROM:<s@a.test>\nS: 250 ok\n"
		  "C: RCPT TO:<r@b.test>\nS: 250 ok\nC: DATA\nS: 354 go\n"
		  "C: body 0\nC: .\nS: 250 2.0.0 taken\n",
	    "up start0 done0 0=250/dot" },
	{ "two recipients, one refused",
	    PLAIN "J: 1\nC: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<x@b.test>\n"
		  "S: 550 5.1.1 who\nC: RCPT TO:<y@b.test>\nS: 251 ok\n"
		  "C: DATA\nS: 354 go\nC: body 1\nC: .\nS: 451 later\n",
	    "up start1 done1 0=550/rcpt 1=451/dot" },
	{ "all refused: no DATA, RSET before the next",
	    PLAIN "J: 1\nJ: 0\nC: MAIL FROM:<>\nS: 250 ok\n"
		  "C: RCPT TO:<x@b.test>\nS: 550 a\nC: RCPT TO:<y@b.test>\n"
		  "S: 450 b\nC: RSET\nS: 250 ok\nC: MAIL FROM:<s@a.test>\n",
	    "up start1 done1 0=550/rcpt 1=450/rcpt start0" },
	{ "MAIL refused: no RSET",
	    PLAIN "J: 1\nJ: 0\nC: MAIL FROM:<>\nS: 552 5.3.4 big\n"
		  "C: MAIL FROM:<s@a.test>\n",
	    "up start1 done1 0=552/mail 1=552/mail start0" },
	{ "DATA refused",
	    PLAIN "J: 0\nC: MAIL FROM:<s@a.test>\nS: 250 ok\n"
		  "C: RCPT TO:<r@b.test>\nS: 250 ok\nC: DATA\nS: 554 no\n"
		  "Q:\nC: QUIT\nS: 221 bye\n",
	    "up start0 done0 0=554/data end closed 0" },
	{ "RSET refused",
	    PLAIN "J: 0\nJ: 0\nC: MAIL FROM:<s@a.test>\nS: 250 ok\n"
		  "C: RCPT TO:<r@b.test>\nS: 550 ok\nC: RSET\nS: 500 what\n",
	    "up start0 done0 0=550/rcpt end protocol 0 left1" },
	{ "the next one after the dot was answered",
	    PLAIN "J: 0\nJ: 0\nC: MAIL FROM:<s@a.test>\nS: 250 ok\n"
		  "C: RCPT TO:<r@b.test>\nS: 250 ok\nC: DATA\nS: 354 go\n"
		  "C: body 0\nC: .\nS: 250 ok\nC: MAIL FROM:<s@a.test>\n",
	    "up start0 done0 0=250/dot start0" },

	/* --- pipelined --- */
	{ "one message in one go",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: body 0\nC: .\n"
		 "S: 250 taken\n",
	    "up start0 done0 0=250/dot" },
	{ "the next one behind the dot",
	    PIPE "J: 0\nJ: 1\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: body 0\nC: .\n"
		 "C: MAIL FROM:<>\nC: RCPT TO:<x@b.test>\n"
		 "C: RCPT TO:<y@b.test>\nC: DATA\nS: 250 taken\nS: 250 ok\n"
		 "S: 250 ok\nS: 550 no\nS: 354 go\nJ: 0\nC: body 1\nC: .\n"
		 "C: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\nC: DATA\n"
		 "S: 250 taken\n",
	    "up start0 start1 done0 0=250/dot start0 done1 0=250/dot "
	    "1=550/rcpt" },
	{ "a job while the dot is waited for",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: body 0\nC: .\n"
		 "J: 1\nC: MAIL FROM:<>\nC: RCPT TO:<x@b.test>\n"
		 "C: RCPT TO:<y@b.test>\nC: DATA\nS: 451 later\nS: 250 ok\n",
	    "up start0 start1 done0 0=451/dot" },
	{ "quit behind the last",
	    PIPE
	    "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\nC: DATA\n"
	    "Q:\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: body 0\nC: .\n"
	    "S: 250 taken\nC: QUIT\nS: 221 bye\n",
	    "up start0 done0 0=250/dot end closed 0" },
	{ "354 though every RCPT was refused",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 550 no\nS: 354 go\nC: .\n"
		 "S: 250 taken\n",
	    "up start0 done0 0=550/rcpt" },
	{ "... and that is the end of the transaction: no RSET",
	    PIPE "J: 0\nJ: 0\nC: MAIL FROM:<s@a.test>\n"
		 "C: RCPT TO:<r@b.test>\nC: DATA\nS: 250 ok\nS: 550 no\n"
		 "S: 354 go\nC: .\nC: MAIL FROM:<s@a.test>\n"
		 "C: RCPT TO:<r@b.test>\nC: DATA\nS: 554 none\n",
	    "up start0 start0 done0 0=550/rcpt" },
	{ "all refused, RSET in the next group",
	    PIPE "J: 0\nJ: 0\nC: MAIL FROM:<s@a.test>\n"
		 "C: RCPT TO:<r@b.test>\nC: DATA\nS: 250 ok\nS: 550 no\n"
		 "S: 554 none\nC: RSET\nC: MAIL FROM:<s@a.test>\n"
		 "C: RCPT TO:<r@b.test>\nC: DATA\n",
	    "up start0 done0 0=550/rcpt start0" },
	{ "MAIL refused",
	    PIPE "J: 1\nC: MAIL FROM:<>\nC: RCPT TO:<x@b.test>\n"
		 "C: RCPT TO:<y@b.test>\nC: DATA\nS: 550 5.7.1 no\nS: 503 a\n"
		 "S: 503 b\nS: 503 c\n",
	    "up start1 done1 0=550/mail 1=550/mail" },
	{ "MAIL refused, RCPT not",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 450 no\nS: 250 ok\nS: 354 go\nC: .\nS: 250 ok\n",
	    "up start0 done0 0=450/mail" },
	{ "DATA refused though RCPT was not",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 250 ok\nS: 451 disk full\n",
	    "up start0 done0 0=451/data" },

	/* --- replies that cannot be (OUT-02, OUT-09) --- */
	{ "250 to DATA",
	    PIPE
	    "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\nC: DATA\n"
	    "S: 250 ok\nS: 250 ok\nS: 250 ok\n",
	    "up start0 done0 0=0/data end protocol 0" },
	{ "354 to MAIL",
	    PIPE
	    "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\nC: DATA\n"
	    "S: 354 go\n",
	    "up start0 end protocol 0 left1" },
	{ "354 to RCPT",
	    PIPE "J: 1\nC: MAIL FROM:<>\nC: RCPT TO:<x@b.test>\n"
		 "C: RCPT TO:<y@b.test>\nC: DATA\nS: 250 ok\nS: 250 ok\n"
		 "S: 354 go\n",
	    "up start1 done1 0=0/rcpt 1=0/rcpt end protocol 0" },
	{ "354 to the dot: not even possibly delivered",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: body 0\nC: .\n"
		 "S: 354 go\n",
	    "up start0 done0 0=0/dot end protocol 0" },
	{ "250 before the dot has left",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 taken\n",
	    "up start0 done0 0=0/dot end protocol 0" },
	{ "552 before the dot has left: soft all the same",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nS: 552 big\n",
	    "up start0 done0 0=0/dot end protocol 0" },
	{ "two replies to the dot",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: body 0\nC: .\n"
		 "S: 250 taken\nS: 250 taken\n",
	    "up start0 done0 0=250/dot end protocol 0" },
	{ "reply to MAIL before it was said", PLAIN "J: 0\nS: 250 ok\n",
	    "up start0 end protocol 0 left1" },
	{ "codes differ in one reply",
	    PLAIN "J: 0\nC: MAIL FROM:<s@a.test>\nS: 250-ok\nS: 550 no\n",
	    "up start0 end protocol 0 left1" },

	/* --- 421, connection lost --- */
	{ "421 to the first MAIL",
	    PLAIN "J: 0\nC: MAIL FROM:<s@a.test>\nS: 421 busy\n",
	    "up start0 done0 0=421/mail end closed 421" },
	{ "421 to a later MAIL: enough on this connection",
	    PLAIN "J: 0\nJ: 0\nC: MAIL FROM:<s@a.test>\nS: 550 no\n"
		  "C: MAIL FROM:<s@a.test>\nS: 421 4.7.0 enough\n",
	    "up start0 done0 0=550/mail start0 end closed 421 left1" },
	{ "421 to RCPT",
	    PIPE "J: 1\nJ: 0\nC: MAIL FROM:<>\nC: RCPT TO:<x@b.test>\n"
		 "C: RCPT TO:<y@b.test>\nC: DATA\nS: 250 ok\nS: 550 no\n"
		 "S: 421 bye\n",
	    "up start1 done1 0=550/rcpt 1=421/rcpt end closed 421 left1" },
	{ "421 to the dot, the next group was said",
	    PIPE "J: 0\nJ: 0\nC: MAIL FROM:<s@a.test>\n"
		 "C: RCPT TO:<r@b.test>\nC: DATA\nS: 250 ok\nS: 250 ok\n"
		 "S: 354 go\nC: body 0\nC: .\nC: MAIL FROM:<s@a.test>\n"
		 "C: RCPT TO:<r@b.test>\nC: DATA\nS: 421 bye\n",
	    "up start0 start0 done0 0=421/dot end closed 421 left1" },
	{ "lost before the reply to RCPT: goes back",
	    PIPE
	    "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\nC: DATA\n"
	    "S: 250 ok\nX:\n",
	    "up start0 end reset 0 left1" },
	{ "lost after it: what is known is kept",
	    PIPE "J: 1\nC: MAIL FROM:<>\nC: RCPT TO:<x@b.test>\n"
		 "C: RCPT TO:<y@b.test>\nC: DATA\nS: 250 ok\nS: 550 no\nX:\n",
	    "up start1 done1 0=550/rcpt 1=0/rcpt end reset 0" },
	{ "lost before the dot has left (OUT-04)",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nX:\n",
	    "up start0 done0 0=0/dot end reset 0" },
	{ "lost after the dot (OUT-04)",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: body 0\nC: .\n"
		 "X:\n",
	    "up start0 done0? 0=0/dot end reset 0" },
	{ "silence after the dot, two under way",
	    PIPE "J: 0\nJ: 1\nC: MAIL FROM:<s@a.test>\n"
		 "C: RCPT TO:<r@b.test>\nC: DATA\nS: 250 ok\nS: 250 ok\n"
		 "S: 354 go\nC: body 0\nC: .\nC: MAIL FROM:<>\n"
		 "C: RCPT TO:<x@b.test>\nC: RCPT TO:<y@b.test>\nC: DATA\nT:\n",
	    "up start0 start1 done0? 0=0/dot end timeout 0 left1" },
	{ "lost after an empty content: nobody possible",
	    PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 550 no\nS: 354 go\nC: .\nX:\n",
	    "up start0 done0 0=550/rcpt end reset 0" },

	/* --- what the server offers --- */
	{ "SIZE is said",
	    HELLO "S: 250-b\nS: 250 SIZE\nJ: 0\n"
		  "C: MAIL FROM:<s@a.test> SIZE=10\n",
	    "up start0" },
	{ "too large for the server",
	    HELLO "S: 250-b\nS: 250 SIZE 1000\nJ: 2\nJ: 0\n"
		  "C: MAIL FROM:<s@a.test> SIZE=10\n",
	    "up done2 0=552/mail start0" },
	{ "perhaps too large: dots may be doubled",
	    HELLO "S: 250-b\nS: 250 SIZE 1000\nJ: 3\nC: MAIL FROM:<s@a.test>\n",
	    "up start3" },
	{ "8-bit content",
	    HELLO "S: 250-b\nS: 250 8BITMIME\nJ: 4\n"
		  "C: MAIL FROM:<s@a.test> BODY=8BITMIME\n",
	    "up start4" },
	{ "8-bit content goes as it is",
	    PLAIN "J: 4\nC: MAIL FROM:<s@a.test>\n", "up start4" },
	{ "8-bit address",
	    HELLO "S: 250-b\nS: 250 SMTPUTF8\nJ: 5\n"
		  "C: MAIL FROM:<s@a.test> SMTPUTF8\nS: 250 ok\n"
		  "C: RCPT TO:<r@b.test>\nS: 250 ok\n"
		  "C: RCPT TO:<\303\244@b.test>\n",
	    "up start5" },
	{ "8-bit address, no SMTPUTF8 (STM-07)",
	    PIPE "J: 5\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		 "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: body 5\nC: .\n"
		 "S: 250 ok\n",
	    "up start5 done5 0=250/dot 1=553/rcpt" },
	{ "8-bit header, no SMTPUTF8", PIPE "J: 6\n", "up done6 0=553/mail" },
	{ "line break in an address (HDR-02)",
	    PLAIN "J: 7\nC: MAIL FROM:<s@a.test>\nS: 250 ok\n"
		  "C: RCPT TO:<r@b.test>\nS: 450 no\n",
	    "up start7 done7! 0=553/rcpt 1=450/rcpt" },
	{ "> in the sender (HDR-02)", PLAIN "J: 8\n", "up done8! 0=553/mail" },
	{ "DSN",
	    HELLO "S: 250-b\nS: 250 DSN\nJ: 9\n"
		  "C: MAIL FROM:<s@a.test> RET=HDRS ENVID=a+2Bb+3Dc+20d\n"
		  "S: 250 ok\nC: RCPT TO:<r@b.test> NOTIFY=SUCCESS,DELAY "
		  "ORCPT=rfc822;o+2Bx@b.test\n",
	    "up start9" },
	{ "DSN: never",
	    HELLO "S: 250-b\nS: 250 DSN\nJ: 10\n"
		  "C: MAIL FROM:<s@a.test> RET=FULL\nS: 250 ok\n"
		  "C: RCPT TO:<r@b.test> NOTIFY=NEVER\n",
	    "up start10" },
	{ "DSN: an address of the type utf-8, and SMTPUTF8 (RFC 6533)",
	    HELLO "S: 250-b\nS: 250-SMTPUTF8\nS: 250 DSN\nJ: 12\n"
		  "C: MAIL FROM:<s\303\244@a.test> SMTPUTF8\n"
		  "S: 250 ok\nC: RCPT TO:<r@b.test> "
		  "ORCPT=utf-8;\303\244\\x{2B}x@b.test\n",
	    "up start12" },
	{ "DSN: ... without SMTPUTF8",
	    HELLO "S: 250-b\nS: 250 DSN\nJ: 13\n"
		  "C: MAIL FROM:<s@a.test>\n"
		  "S: 250 ok\nC: RCPT TO:<r@b.test> "
		  "ORCPT=utf-8;\\x{E4}\\x{2B}x@b.test\n",
	    "up start13" },
	{ "no DSN",
	    PLAIN "J: 9\nC: MAIL FROM:<s@a.test>\nS: 250 ok\n"
		  "C: RCPT TO:<r@b.test>\n",
	    "up start9" },
	{ "LIMITS: recipients",
	    HELLO "S: 250-b\nS: 250-PIPELINING\nS: 250 LIMITS RCPTMAX=2\n"
		  "J: 11\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<1@b.test>\n"
		  "C: RCPT TO:<2@b.test>\nC: DATA\nS: 250 ok\nS: 250 ok\n"
		  "S: 250 ok\nS: 354 go\nC: body 11\nC: .\nS: 250 ok\n",
	    "up start11 done11 0=250/dot 1=250/dot 2=452/rcpt" },
	{ "LIMITS: messages",
	    HELLO "S: 250-b\nS: 250 LIMITS MAILMAX=1\nJ: 0\nJ: 0\n"
		  "C: MAIL FROM:<s@a.test>\nS: 550 no\nC: QUIT\nS: 221 bye\n",
	    "up start0 done0 0=550/mail end closed 0 left1" },

	/* --- recipients that are only asked about --- */
	{ "asked: no DATA",
	    "A:\n" PLAIN "J: 1\nC: MAIL FROM:<>\nS: 250 ok\n"
	    "C: RCPT TO:<x@b.test>\nS: 250 ok\nC: RCPT TO:<y@b.test>\n"
	    "S: 550 no\nQ:\nC: QUIT\nS: 221 bye\n",
	    "up start1 done1 0=250/rcpt 1=550/rcpt end closed 0" },
	{ "asked, pipelined",
	    "A:\n" PIPE "J: 1\nC: MAIL FROM:<>\nC: RCPT TO:<x@b.test>\n"
	    "C: RCPT TO:<y@b.test>\nS: 250 ok\nS: 250 ok\nS: 451 no\n",
	    "up start1 done1 0=250/rcpt 1=451/rcpt" },
	{ "asked: MAIL refused",
	    "A:\n" PIPE "J: 0\nC: MAIL FROM:<s@a.test>\n"
	    "C: RCPT TO:<r@b.test>\nS: 550 no\nS: 250 ok\n",
	    "up start0 done0 0=550/mail" },
	{ "asked twice: RSET between",
	    "A:\n" PIPE "J: 0\nC: MAIL FROM:<s@a.test>\n"
	    "C: RCPT TO:<r@b.test>\nS: 250 ok\nS: 250 ok\nJ: 0\nC: RSET\n"
	    "C: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n",
	    "up start0 done0 0=250/rcpt start0" },
};

struct play {
	struct dialog dialog;
	struct buf log, want;
	struct buf lines, told, heard; /* of the script; to who looks on */
	size_t step;                   /* pieces of the server's bytes */
};

static void play(struct play *, const char *script);
static void play_line(struct play *, struct str line, const char *why);
static struct transaction *make_job(const struct test_job *);
static void on_up(void *);
static void on_starttls(void *);
static void on_login(void *);
static void on_started(void *, struct transaction *);
static void on_content(void *, struct transaction *);
static void on_done(void *, struct transaction *, bool possible);
static void on_said(void *, struct str line);
static void on_heard(void *, const struct reply *);
static void log_end(struct play *);
static void play_over(struct play *);

static const struct dialog_hooks hooks = { on_up, on_starttls, on_login,
	on_started, on_content, on_done, on_said, on_heard };

static void
test_dialog_scripts(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		for (size_t step = 1; step <= 64; step++) {
			struct play p = { .step = step };

			play(&p, cases[i].script);
			if (!p.dialog.over && p.dialog.out.len > 0)
				fail_msg("%s: said more: %s", cases[i].why,
				    p.dialog.out.data);
			if (!p.dialog.login.wanted &&
			    !str_starts(buf_str(&p.told), buf_str(&p.lines)))
				fail_msg("%s, pieces of %zu: told\n%s not\n%s",
				    cases[i].why, step, p.told.data,
				    p.lines.data);
			if (!str_is(buf_str(&p.log), cases[i].log))
				fail_msg("%s, pieces of %zu:\n got  %s\n want "
					 "%s",
				    cases[i].why, step, p.log.data,
				    cases[i].log);
			play_over(&p);
		}
}

/* Which limit runs, at each point of a delivery. */
static void
test_dialog_waits(void **state)
{
	static const struct {
		const char *script;
		enum dialog_wait wait;
		const char *name;
	} points[] = {
		{ "", WAIT_REPLY, "greeting" },
		{ "S: 220 hi\n", WAIT_BLOCK, "EHLO" },
		{ HELLO, WAIT_REPLY, "EHLO" },
		{ PIPE, WAIT_NONE, NULL },
		{ PIPE "J: 0\nC: MAIL FROM:<s@a.test>\n"
		       "C: RCPT TO:<r@b.test>\nC: DATA\n",
		    WAIT_REPLY, "MAIL" },
		{ PIPE "J: 0\nC: MAIL FROM:<s@a.test>\n"
		       "C: RCPT TO:<r@b.test>\nC: DATA\nS: 250 ok\nS: 250 ok\n",
		    WAIT_DATA, "DATA" },
		{ PIPE "J: 0\nC: MAIL FROM:<s@a.test>\n"
		       "C: RCPT TO:<r@b.test>\nC: DATA\nS: 250 ok\nS: 250 ok\n"
		       "S: 354 go\nC: body 0\nC: .\n",
		    WAIT_DOT, "final dot" },
		{ PIPE "Q:\nC: QUIT\n", WAIT_QUIT, "QUIT" },
		{ PIPE "X:\n", WAIT_NONE, NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(points); i++) {
		struct play p = { .step = 64 };

		play(&p, points[i].script);
		if (dialog_wait(&p.dialog) != points[i].wait)
			fail_msg("after %s: waits %d", points[i].script,
			    (int)dialog_wait(&p.dialog));
		if (points[i].name != NULL)
			assert_string_equal(
			    dialog_waits_for(&p.dialog), points[i].name);
		play_over(&p);
	}
}

/* Who looks on hears each reply once, between the right commands. */
static void
test_dialog_is_heard(void **state)
{
	struct play p = { .step = 3 };

	(void)state;
	play(&p, PIPE "J: 0\nC: MAIL FROM:<s@a.test>\nC: RCPT TO:<r@b.test>\n"
		      "C: DATA\nS: 250 ok\nS: 550 no\nS: 354 go\nC: .\n"
		      "S: 250 ok\n");
	assert_string_equal(p.told.data, "EHLO us.test\nMAIL FROM:<s@a.test>\n"
					 "RCPT TO:<r@b.test>\nDATA\n.\n");
	assert_string_equal(
	    p.heard.data, "0:220 13:250 58:250 58:550 58:354 60:250 ");
	play_over(&p);
	p = (struct play){ .step = 64 };
	play(&p, "L:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN\nK: abc\n"
		 "C: AUTH PLAIN YWJj\nS: 235 ok\n");
	assert_string_equal(p.told.data, "EHLO us.test\nAUTH PLAIN ***\n");
	play_over(&p);
	p = (struct play){ .step = 64 };
	play(&p, "L:\n" HELLO "S: 250-b\nS: 250 AUTH LOGIN\nK: abc d\n"
		 "C: AUTH LOGIN\nS: 334 a\nC: YWJj\n");
	assert_string_equal(p.told.data, "EHLO us.test\nAUTH LOGIN\n***\n");
	play_over(&p);
}

static void
play(struct play *p, const char *script)
{
	struct str rest = str_of(script);

	buf_init(&p->log, 1000);
	buf_init(&p->want, 1000);
	buf_init(&p->lines, 10000);
	buf_init(&p->told, 10000);
	buf_init(&p->heard, 10000);
	buf_puts(&p->lines, "");
	buf_puts(&p->told, "");
	dialog_init(&p->dialog, "us.test", &hooks, p);
	while (rest.n > 0)
		play_line(p, str_cut(&rest, '\n'), script);
	if (p->dialog.out.len > 0 && !p->dialog.over && p->want.len > 0)
		play_line(p, STR("end"), script);
	log_end(p);
}

/* What the client should have said is compared when others speak again. */
/* We are to say that next. */
static void
play_client(struct play *p, struct str rest, const char *why)
{
	struct str said = buf_str(&p->dialog.out), one;

	buf_printf(&p->want, "%.*s\r\n", STR_ARG(rest));
	if (!str_starts(rest, STR("body")))
		buf_printf(&p->lines, "%.*s\n", STR_ARG(rest));
	one = buf_str(&p->want);
	if (!str_starts(said, one))
		fail_msg("pieces of %zu: %s\n said %.*s\n want %.*s", p->step,
		    why, STR_ARG(said), STR_ARG(one));
	if (said.n == one.n) {
		dialog_sent(&p->dialog, said.n);
		buf_reset(&p->want);
	}
}

static void
play_line(struct play *p, struct str line, const char *why)
{
	struct str in, rest = str_sub(line, 3, line.n);
	struct buf bytes;

	if (line.p[0] == 'C') {
		play_client(p, rest, why);
		return;
	}
	if (p->want.len > 0)
		fail_msg("%s: said more: %.*s", why,
		    STR_ARG(buf_str(&p->dialog.out)));
	buf_init(&bytes, 1000);
	if (line.p[0] == 'S') {
		buf_printf(&bytes, "%.*s\r\n", STR_ARG(rest));
		for (in = buf_str(&bytes); in.n > 0;
		     in = str_sub(in, p->step, in.n))
			dialog_input(&p->dialog, str_sub(in, 0, p->step));
	} else if (line.p[0] == 'J') {
		uint64_t n = 0;

		assert_true(str_u64(rest, NELEM(jobs) - 1, &n));
		assert_true(dialog_add_job(&p->dialog, make_job(&jobs[n])));
		dialog_talk(&p->dialog);
	} else if (line.p[0] == 'P' || line.p[0] == 'M') {
		p->dialog.tls_wanted = true;
		p->dialog.tls_needed = line.p[0] == 'M';
	} else if (line.p[0] == 'A') {
		p->dialog.asks_only = true;
	} else if (line.p[0] == 'R') {
		p->dialog.requiretls = true;
	} else if (line.p[0] == 'U' || line.p[0] == 'L') {
		p->dialog.login.wanted = true;
		p->dialog.login.in_clear = line.p[0] == 'L';
	} else if (line.p[0] == 'K' || line.p[0] == 'N') {
		struct login_done answer = { .error = STR("") };

		if (line.p[0] == 'N')
			answer.error = rest;
		answer.first = str_cut(&rest, ' ');
		answer.second = rest;
		dialog_login_answer(&p->dialog, &answer);
	} else if (line.p[0] == 'D') {
		dialog_secured(&p->dialog);
	} else if (line.p[0] == 'Q') {
		dialog_quit(&p->dialog);
		dialog_talk(&p->dialog);
	} else {
		dialog_end(&p->dialog,
		    line.p[0] == 'X' ? SESSION_RESET : SESSION_TIMEOUT,
		    STR("gone"));
	}
	buf_fini(&bytes);
}

/* By way of a frame, as it comes from qmgr. */
static struct transaction *
make_job(const struct test_job *j)
{
	struct job_rcpt rcpts[4] = { 0 };
	struct job job = { .job = j->mid,
		.mid = j->mid,
		.sender = str_of(j->sender),
		.flags = j->flags,
		.wire_flags = j->wire_flags,
		.ret = j->ret,
		.envid = str_of(j->envid),
		.content_len = j->size != 0 ? j->size : 10,
		.rcpts = { 0, rcpts } };
	struct ipc_frame frame = { .type = IPC_JOB, .n_fds = 1 };
	struct transaction *t = NULL;
	struct err err = ERR_INIT;
	struct buf body;
	int fd = -1;

	for (uint32_t i = 0; i < NELEM(rcpts) && j->rcpts[i] != NULL; i++) {
		rcpts[i] = (struct job_rcpt){ .rid = i,
			.addr = str_of(j->rcpts[i]),
			.notify = j->notify,
			.orcpt = str_of(j->orcpt) };
		job.rcpts.n++;
	}
	buf_init(&body, 4096);
	codec_encode(&job_codec, &job, &body);
	frame.body = buf_str(&body);
	frame.fds = &fd;
	if (transaction_new(&t, &frame, &err) == -1)
		fail_msg("%s", err.text);
	buf_fini(&body);
	return t;
}

static void
on_up(void *arg)
{
	struct play *p = arg;

	buf_puts(&p->log, p->log.len > 0 ? " up" : "up");
}

static void
on_starttls(void *arg)
{
	struct play *p = arg;

	buf_puts(&p->log, "tls");
}

static void
on_login(void *arg)
{
	struct play *p = arg;
	const struct dialog_login *l = &p->dialog.login;

	buf_printf(
	    &p->log, "%sask%d", p->log.len > 0 ? " " : "", (int)l->mechanism);
	if (l->challenge.n > 0)
		buf_printf(&p->log, "=%.*s", STR_ARG(l->challenge));
}

static void
on_started(void *arg, struct transaction *t)
{
	struct play *p = arg;

	buf_printf(&p->log, " start%d", (int)t->job.mid);
}

static void
on_content(void *arg, struct transaction *t)
{
	struct play *p = arg;

	buf_printf(&p->dialog.out, "body %d\r\n", (int)t->job.mid);
	dialog_content_done(&p->dialog);
}

static void
on_done(void *arg, struct transaction *t, bool possible)
{
	static const char *const stages[] = { "?", "mail", "rcpt", "data",
		"dot" };
	struct play *p = arg;
	struct job_done done = transaction_done(t, possible);
	const struct job_result *r = done.results.v;

	assert_int_equal(done.job, t->job.mid);
	buf_printf(&p->log, " done%d%s%s", (int)t->job.mid, possible ? "?" : "",
	    t->dirty ? "!" : "");
	for (size_t i = 0; i < done.results.n; i++)
		buf_printf(&p->log, " %u=%u/%s", r[i].rid, r[i].code,
		    stages[r[i].stage]);
	transaction_free(&t);
}

static void
on_said(void *arg, struct str line)
{
	struct play *p = arg;

	buf_printf(&p->told, "%.*s\n", STR_ARG(line));
}

static void
on_heard(void *arg, const struct reply *reply)
{
	struct play *p = arg;

	buf_printf(&p->heard, "%zu:%u ", p->told.len, reply->code);
}

static void
play_over(struct play *p)
{
	dialog_fini(&p->dialog);
	buf_fini(&p->log);
	buf_fini(&p->want);
	buf_fini(&p->lines);
	buf_fini(&p->told);
	buf_fini(&p->heard);
}

static void
log_end(struct play *p)
{
	static const char *const ends[] = { "closed", "timeout", "refused",
		"unreachable", "local", "reset", "greeting", "protocol", "tls",
		"auth", "requiretls" };

	if (!p->dialog.over)
		return;
	buf_printf(&p->log, "%send %s %u", p->log.len > 0 ? " " : "",
	    ends[p->dialog.end], p->dialog.end_code);
	if (p->dialog.n_jobs > 0)
		buf_printf(&p->log, " left%zu", p->dialog.n_jobs);
}

/* What a server repeats of what we said does not come into a log. */
static void
test_aud_01_auth_is_not_told(void **state)
{
	static const struct {
		const char *script, *text;
	} table[] = {
		{ "K: abc\nC: AUTH PLAIN YWJj\nS: 535 5.7.8 YWJj is wrong\n",
		    "AUTH PLAIN: ***" },
		{ "K: secret\nC: AUTH PLAIN c2VjcmV0\nS: 535 not secret\n",
		    "AUTH PLAIN: ***" },
		{ "K: secret\nC: AUTH PLAIN c2VjcmV0\nS: 535 5.7.8 no\n",
		    "AUTH PLAIN: 5.7.8 no" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct play p = { .step = 64 };
		struct buf script;

		buf_init(&script, 1000);
		buf_printf(&script,
		    "L:\n" HELLO "S: 250-b\nS: 250 AUTH PLAIN\n%s",
		    table[i].script);
		play(&p, script.data);
		assert_int_equal(p.dialog.end, SESSION_AUTH);
		if (!str_is(p.dialog.end_text, table[i].text))
			fail_msg("%s: %.*s", table[i].script,
			    STR_ARG(p.dialog.end_text));
		play_over(&p);
		buf_fini(&script);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialog_scripts),
		cmocka_unit_test(test_dialog_waits),
		cmocka_unit_test(test_dialog_is_heard),
		cmocka_unit_test(test_aud_01_auth_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

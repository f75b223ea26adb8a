/*
 * test_smtp_session.c - sessions of smtp over real sockets on loopback
 *
 * The server is a thread with a script of lines: "> text" says it, "< text"
 * reads a line that must begin so, "data" reads up to the final dot, "wait"
 * waits for the client to go; at the end of the script it closes. What smtp
 * tells qmgr and the recorder comes out as text.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"
#include "event/event.h"
#include "smtp/keyd.h"
#include "smtp/session.h"

#define TXN  1
#define DCID 7
#define MID  3

struct server {
	const char *script;
	int listener;
	uint16_t port;
	pthread_t thread;
	struct buf data;   /* what "data" read */
	char failure[200]; /* empty: all lines were as expected */
};

struct bench {
	struct server server;
	struct loop *loop;
	struct sessions sessions;
	struct ipc *smtp_end, *qmgr_end;
	struct session req;
	bool kill; /* when the session is up */
	struct buf heard;
	struct buf events;
};

struct test_case {
	const char *why, *script;
	uint64_t file_len, content_len; /* of the job; 0: none */
	const char *heard, *event;
};

static void run_case(const struct test_case *);
static void bench_start(struct bench *, const char *script);
static void bench_stop(struct bench *);
static void give_job(struct bench *, uint64_t file_len, uint64_t content_len);
static int qmgr_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static int smtp_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void ipc_over(void *, struct ipc *, const struct err *);
static void on_event(void *arg, enum event_id, const void *fields);
static void server_listen(struct server *);
static void *server_run(void *arg);
static bool server_line(struct server *, int fd, FILE *in, struct str line);
static bool server_data(struct server *, FILE *in);
static char *pattern(size_t n);

static const struct ipc_handler qmgr_handler = { .frame = qmgr_frame,
	.closed = ipc_over };
static const struct ipc_handler smtp_handler = { .frame = smtp_frame,
	.closed = ipc_over };

#define HELLO "> 220 hi\n< EHLO us.test\n> 250-b\n> 250 PIPELINING\n"
#define ENVELOPE                                                               \
	"< MAIL FROM:<s@a.test>\n< RCPT TO:<r@b.test>\n< DATA\n> 250 a\n"      \
	"> 250 b\n> 354 c\n"
#define TAKEN "data\n> 250 2.0.0 taken\n< QUIT\n> 221 bye\n"
#define SHORT "the message is shorter than it should be"

static const struct test_case cases[] = {
	{ "one message", HELLO ENVELOPE TAKEN, 5000, 5000,
	    "up; 0=250 2.0.0 taken; down 0 ",
	    "Delivery start DCID 7 MID 3 to RID [0]" },
	{ "as large as small may be", HELLO ENVELOPE TAKEN, 65536, 65536,
	    "up; 0=250 2.0.0 taken; down 0 ", "DCID 7 close" },
	{ "a byte more", HELLO ENVELOPE TAKEN, 65537, 65537,
	    "up; 0=250 2.0.0 taken; down 0 ", "DCID 7 close" },
	{ "large", HELLO ENVELOPE TAKEN, 3000000, 3000000,
	    "up; 0=250 2.0.0 taken; down 0 ", "DCID 7 close" },
	{ "closed when idle", HELLO, 0, 0,
	    "up; down 0 connection closed by the server", "DCID 7 close" },
	{ "OUT-04: closed after the dot", HELLO ENVELOPE "data\n", 5000, 5000,
	    "up; 0=0 connection closed by the server?; "
	    "down 5 connection closed by the server",
	    "reason: network error" },
	{ "greeting refused", "> 554 5.7.1 go away\n< QUIT\n", 5000, 5000,
	    "down 6 554 5.7.1 5.7.1 go away", "details: 5.7.1 go away" },
	{ "not SMTP", "> SSH-2.0\nwait\n", 5000, 5000,
	    "down 7 reply is not SMTP", "details: reply is not SMTP" },
	{ "OUT-03: silence", "wait\n", 5000, 5000,
	    "down 1 timed out waiting for greeting",
	    "reason: connection timed out" },
	{ "OUT-03: silence in the envelope",
	    HELLO "< MAIL\n< RCPT\n< DATA\n> 250 a\n> 250 b\nwait\n", 5000,
	    5000,
	    "up; 0=0 timed out waiting for DATA; "
	    "down 1 timed out waiting for DATA",
	    "reason: connection timed out" },
	{ "DUR-11: file too short", HELLO ENVELOPE "wait\n", 4000, 5000,
	    "up; 0=0 " SHORT "; down 4 " SHORT, "details: " SHORT },
	{ "DUR-11: large file too short", HELLO ENVELOPE "wait\n", 100000,
	    200000, "up; 0=0 " SHORT "; down 4 " SHORT, "details: " SHORT },
};

static void
test_session_outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		run_case(&cases[i]);
}

static void
run_case(const struct test_case *c)
{
	struct bench b;

	bench_start(&b, c->script);
	session_open(&b.sessions, TXN, &b.req);
	if (c->content_len > 0)
		give_job(&b, c->file_len, c->content_len);
	loop_run(b.loop);
	if (!str_is(buf_str(&b.heard), c->heard))
		fail_msg(
		    "%s:\n got  %s\n want %s", c->why, b.heard.data, c->heard);
	if (strstr(b.events.data, c->event) == NULL)
		fail_msg(
		    "%s: no event %s in:\n%s", c->why, c->event, b.events.data);
	assert_int_equal(b.sessions.n, 0);
	bench_stop(&b);
	if (b.server.failure[0] != '\0')
		fail_msg("%s: %s", c->why, b.server.failure);
	if (strstr(c->script, TAKEN) != NULL) {
		char *want = pattern(c->content_len);

		if (b.server.data.len != c->content_len ||
		    memcmp(b.server.data.data, want, c->content_len) != 0)
			fail_msg("%s: content differs", c->why);
		free(want);
	}
	buf_fini(&b.server.data);
}

static void
test_session_refused(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, "");
	b.req.port = 1; /* nobody is there */
	session_open(&b.sessions, TXN, &b.req);
	loop_run(b.loop);
	assert_string_equal(b.heard.data, "down 2 connect: Connection refused");
	assert_non_null(strstr(b.events.data,
	    "Connection Error: DCID 7 domain: b.test IP: 127.0.0.1 port: 1 "));
	assert_non_null(strstr(b.events.data, "reason: connection refused"));
	assert_null(strstr(b.events.data, "close"));

	/* an address that is not ours to connect from */
	buf_reset(&b.heard);
	ip_parse(&b.req.source, STR("192.0.2.1"));
	session_open(&b.sessions, TXN, &b.req);
	loop_run(b.loop);
	assert_true(str_starts(buf_str(&b.heard), STR("down 4 bind: ")));

	/* one more than there may be */
	buf_reset(&b.heard);
	b.sessions.max = 0;
	session_open(&b.sessions, TXN, &b.req);
	loop_run(b.loop);
	assert_string_equal(
	    b.heard.data, "down 4 too many sessions in this process");
	bench_stop(&b);
	buf_fini(&b.server.data);
}

static void
test_session_killed(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, HELLO "wait\n");
	b.kill = true;
	session_open(&b.sessions, TXN, &b.req);
	loop_run(b.loop);
	assert_string_equal(b.heard.data, "up; down 0 killed");
	assert_non_null(strstr(b.events.data,
	    "SMTP client connection killed DCID: 7\nDCID 7 close\n"));
	bench_stop(&b);
	buf_fini(&b.server.data);
}

/* What must be under TLS, and cannot be, is not said in the clear. */
static void
test_tls_03_no_tls_here(void **state)
{
	static const struct {
		enum tls_level level;
		bool requiretls;
		const char *heard;
	} demands[] = {
		{ TLS_LEVEL_REQUIRED, false,
		    "down 8 TLS required, remote host does not offer "
		    "STARTTLS" },
		{ TLS_LEVEL_OFF, true,
		    "down 10 REQUIRETLS, remote host does not offer "
		    "STARTTLS" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(demands); i++) {
		struct bench b;

		bench_start(&b, HELLO "wait\n");
		b.req.tls = (uint8_t)demands[i].level;
		b.req.requiretls = demands[i].requiretls;
		session_open(&b.sessions, TXN, &b.req);
		loop_run(b.loop);
		assert_string_equal(b.heard.data, demands[i].heard);
		bench_stop(&b);
		buf_fini(&b.server.data);
	}
}

/* As keyd: the first question is answered with the second, as if its session
 * were still there. */
static int
keyd_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct login_done old = { .first = STR("old") };
	struct login_done new = { .first = STR("new") };
	uint32_t *first = arg;

	(void)err;
	assert_int_equal(f->type, IPC_LOGIN);
	if (*first == 0) {
		*first = f->txn;
		return 0;
	}
	ipc_send(ipc, IPC_LOGIN_DONE, *first, &old);
	ipc_send(ipc, IPC_LOGIN_DONE, f->txn, &new);
	return 0;
}

/* What keyd_peer gives for a channel that is there already. */
struct keyd_side {
	const struct ipc_handler *handler;
	void *arg;
};

static int
to_handler(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	const struct keyd_side *side = arg;

	return side->handler->frame(side->arg, ipc, f, err);
}

/* Numbers of sessions begin anew with each qmgr: what a server of before was
 * to hear is not said to another. */
static void
test_out_08_late_answers(void **state)
{
	static const struct ipc_handler keyd_handler = { .frame = keyd_frame,
		.closed = ipc_over };
	static const struct ipc_handler smtp_side = { .frame = to_handler,
		.closed = ipc_over };
	struct ipc *here, *there;
	uint32_t first = 0;
	struct keyd_side side;
	struct bench b;
	int fds[2];

	(void)state;
	bench_start(&b, "> 220 hi\n< EHLO us.test\n> 250-b\n> 250 AUTH PLAIN\n"
			"< AUTH PLAIN bmV3\n> 235 ok\nwait\n");
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	here = ipc_new(b.loop, fds[0], "keyd", &smtp_side, &side);
	there = ipc_new(b.loop, fds[1], "smtp", &keyd_handler, &first);
	ipc_accept(here, IPC_LOGIN_DONE);
	ipc_accept(there, IPC_LOGIN);
	side.handler = keyd_peer(&b.sessions, here, &side.arg);
	b.req.auth = STR("smart");
	b.req.auth_clear = true;
	b.req.port = 1; /* it has asked, and is gone again */
	session_open(&b.sessions, TXN, &b.req);
	if (session_find(&b.sessions, TXN) != NULL) {
		keyd_login(session_find(&b.sessions, TXN));
		loop_run(b.loop);
	}
	buf_reset(&b.heard);
	b.req.port = b.server.port;
	b.kill = true;
	session_open(&b.sessions, TXN, &b.req);
	loop_run(b.loop);
	assert_string_equal(b.heard.data, "up; down 0 killed");
	assert_true(first != 0);
	ipc_free(&here);
	ipc_free(&there);
	b.sessions.keyd = NULL;
	bench_stop(&b);
	assert_string_equal(b.server.failure, "");
	buf_fini(&b.server.data);
}

static void
bench_start(struct bench *b, const char *script)
{
	struct event_sink sink = { on_event, b };
	int fds[2];

	*b = (struct bench){ .server.script = script };
	server_listen(&b->server);
	b->loop = loop_new();
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	b->smtp_end = ipc_new(b->loop, fds[0], "qmgr", &smtp_handler, b);
	b->qmgr_end = ipc_new(b->loop, fds[1], "smtp", &qmgr_handler, b);
	ipc_accept(b->qmgr_end, IPC_SESSION_UP);
	ipc_accept(b->qmgr_end, IPC_SESSION_DOWN);
	ipc_accept(b->qmgr_end, IPC_JOB_DONE);
	sessions_init(&b->sessions, b->loop, 10);
	b->sessions.qmgr = b->smtp_end;
	buf_init(&b->heard, 4096);
	buf_init(&b->events, 65536);
	buf_puts(&b->events, "");
	event_set_sink(&sink);
	b->req = (struct session){ .dcid = DCID,
		.domain = STR("b.test"),
		.port = b->server.port,
		.helo = STR("us.test"),
		.connect_ms = 1000,
		.reply_ms = 1000 };
	ip_parse(&b->req.ip, STR("127.0.0.1"));
}

static void
bench_stop(struct bench *b)
{
	sessions_fini(&b->sessions);
	event_set_sink(NULL);
	ipc_free(&b->smtp_end);
	ipc_free(&b->qmgr_end);
	loop_free(&b->loop);
	buf_fini(&b->heard);
	buf_fini(&b->events);
	shutdown(b->server.listener, SHUT_RDWR);
	pthread_join(b->server.thread, NULL);
	close(b->server.listener);
}

/* A job whose file has a pattern, perhaps less of it than is announced. */
static void
give_job(struct bench *b, uint64_t file_len, uint64_t content_len)
{
	struct job_rcpt rcpt = { .rid = 0, .addr = STR("r@b.test") };
	struct job job = { .job = 1,
		.mid = MID,
		.sender = STR("s@a.test"),
		.content_off = 100,
		.content_len = content_len,
		.rcpts = { 1, &rcpt } };
	struct ipc_frame frame = { .type = IPC_JOB, .n_fds = 1 };
	int fd = memfd_create("message", MFD_CLOEXEC);
	char *bytes = pattern(file_len);
	struct err err = ERR_INIT;
	struct buf body;

	assert_int_equal(pwrite(fd, bytes, file_len, 100), file_len);
	free(bytes);
	buf_init(&body, 4096);
	codec_encode(&job_codec, &job, &body);
	frame.body = buf_str(&body);
	frame.fds = &fd;
	assert_int_equal(
	    session_job(session_find(&b->sessions, TXN), &frame, &err), 0);
	buf_fini(&body);
}

/* As qmgr: writes down what it hears, and has nothing more to deliver. */
static int
qmgr_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct bench *b = arg;
	struct session_down down;
	struct job_done done;
	struct arena mem;
	const struct job_result *r;

	(void)ipc;
	assert_int_equal(f->txn, TXN);
	arena_init(&mem, 65536);
	if (f->type == IPC_SESSION_UP) {
		buf_puts(&b->heard, "up; ");
		if (b->kill)
			session_kill(session_find(&b->sessions, TXN));
	} else if (f->type == IPC_JOB_DONE) {
		assert_int_equal(ipc_decode(f, &done, &mem, err), 0);
		r = done.results.v;
		buf_printf(&b->heard, "0=%u %.*s%s; ", r->code,
		    STR_ARG(r->text), done.possible ? "?" : "");
		if (session_find(&b->sessions, TXN) != NULL)
			session_quit(session_find(&b->sessions, TXN));
	} else {
		assert_int_equal(ipc_decode(f, &down, NULL, err), 0);
		buf_printf(&b->heard, "down %u ", down.reason);
		if (down.code != 0)
			buf_printf(&b->heard, "%u %.*s ", down.code,
			    STR_ARG(down.status));
		buf_add_str(&b->heard, down.text);
		loop_stop(b->loop);
	}
	arena_free(&mem);
	return 0;
}

static int
smtp_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)arg, (void)ipc, (void)f;
	return err_set(err, ERR_PROTO, "nothing is sent this way");
}

static void
ipc_over(void *arg, struct ipc *ipc, const struct err *err)
{
	(void)arg, (void)ipc;
	fail_msg("channel ended: %s", err->text);
}

static void
on_event(void *arg, enum event_id id, const void *fields)
{
	struct bench *b = arg;

	event_text(id, fields, &b->events);
	buf_putc(&b->events, '\n');
}

/* --- the server --- */

static void
server_listen(struct server *s)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);

	buf_init(&s->data, 4 << 20);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(s->listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(s->listener, 5), 0);
	getsockname(s->listener, (struct sockaddr *)&sa, &len);
	s->port = ntohs(sa.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, server_run, s), 0);
}

static void *
server_run(void *arg)
{
	struct server *s = arg;
	struct timeval limit = { 10, 0 };
	int fd = accept(s->listener, NULL, NULL);
	struct str rest = str_of(s->script);
	FILE *in;

	if (fd == -1)
		return NULL; /* nobody called */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	in = fdopen(fd, "r");
	while (rest.n > 0 && server_line(s, fd, in, str_cut(&rest, '\n')))
		continue;
	fclose(in);
	return NULL;
}

static bool
server_line(struct server *s, int fd, FILE *in, struct str line)
{
	struct str text = str_sub(line, 2, line.n);
	char got[1000], say[200];

	if (str_is(line, "data"))
		return server_data(s, in);
	if (str_is(line, "wait")) {
		while (fgets(got, sizeof(got), in) != NULL)
			continue;
		return true;
	}
	if (line.p[0] == '>') {
		snprintf(say, sizeof(say), "%.*s\r\n", STR_ARG(text));
		return send(fd, say, strlen(say), MSG_NOSIGNAL) > 0;
	}
	if (fgets(got, sizeof(got), in) != NULL &&
	    str_starts(str_of(got), text))
		return true;
	snprintf(s->failure, sizeof(s->failure), "no line %.*s", STR_ARG(text));
	return false;
}

static bool
server_data(struct server *s, FILE *in)
{
	int c;

	while ((c = getc(in)) != EOF) {
		buf_putc(&s->data, (char)c);
		if (s->data.len >= 5 && memcmp(s->data.data + s->data.len - 5,
					    "\r\n.\r\n", 5) == 0) {
			s->data.len -= 3;
			return true;
		}
	}
	str_copy(s->failure, sizeof(s->failure), STR("no final dot"));
	return false;
}

/* Lines of changing letters, the last one whole: as in a queue file. */
static char *
pattern(size_t n)
{
	char *p = mem_alloc(n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + i * 7 % 23 + i / 1000 % 3);
	for (size_t i = 60; i + 1 < n; i += 60)
		memcpy(p + i - 1, "\r\n", 2);
	if (n >= 2)
		memcpy(p + n - 2, "\r\n", 2);
	return p;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session_outcomes),
		cmocka_unit_test(test_session_refused),
		cmocka_unit_test(test_session_killed),
		cmocka_unit_test(test_tls_03_no_tls_here),
		cmocka_unit_test(test_out_08_late_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_probe.c - questions to other SMTP servers, against scripted ones
 *
 * A server is a thread on 127.0.0.1 that plays one script: "<" sends, ">"
 * expects a line that begins so, "!" closes, "~" waits for the end. A script
 * that ends reads on until the client has gone.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/mem.h"
#include "config/load.h"
#include "fact/facts.h"
#include "lookup/probe.h"

struct server {
	const char *const *script;
	int fd;
	uint16_t port;
	pthread_t thread;
	char wrong[300]; /* the first line that was not as expected */
	bool came;
};

static struct loop *loop;
static struct config *config;
static struct lookups *lookups;
static struct client_tls *tls;
static struct probes *probes;

static struct probe_done got;
static char got_text[REPLY_TEXT_MAX + 1];

static bool
read_line(int fd, char *line, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && recv(fd, line + n, 1, 0) == 1) {
		if (line[n] == '\n') {
			line[n - (n > 0 && line[n - 1] == '\r')] = '\0';
			return true;
		}
		n++;
	}
	line[n] = '\0';
	return false;
}

static void *
serve(void *arg)
{
	struct server *s = arg;
	const struct timeval patience = { 20, 0 };
	char line[4096];
	int fd = accept(s->fd, NULL, NULL);

	if (fd == -1)
		return NULL;
	s->came = true;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (const char *const *p = s->script; *p != NULL; p++) {
		if ((*p)[0] == '<') {
			send(fd, *p + 1, strlen(*p + 1), MSG_NOSIGNAL);
		} else if ((*p)[0] == '!') {
			close(fd);
			return NULL;
		} else if ((*p)[0] == '>' && s->wrong[0] == '\0' &&
			   (!read_line(fd, line, sizeof(line)) ||
			       strncmp(line, *p + 1, strlen(*p + 1)) != 0)) {
			snprintf(s->wrong, sizeof(s->wrong),
			    "%.100s for %.100s", line, *p + 1);
		}
	}
	while (read_line(fd, line, sizeof(line)))
		;
	close(fd);
	return NULL;
}

static void
server_start(struct server *s, const char *const *script)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);

	*s = (struct server){ .script = script };
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(s->fd, (struct sockaddr *)&in, sizeof(in)) == -1 ||
	    listen(s->fd, 5) == -1 ||
	    getsockname(s->fd, (struct sockaddr *)&in, &len) == -1)
		fail_msg("no server");
	s->port = ntohs(in.sin_port);
	pthread_create(&s->thread, NULL, serve, s);
}

static void
server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	close(s->fd);
	pthread_join(s->thread, NULL);
}

static void
on_done(void *arg, const struct probe_done *d)
{
	(void)arg;
	got = *d;
	str_copy(got_text, sizeof(got_text), d->text);
	loop_stop(loop);
}

/* Asks the servers in order. */
static void
ask(uint8_t kind, struct server *const *servers, size_t n, uint32_t ms)
{
	struct probe_host hosts[4];
	struct probe p = { .kind = kind,
		.timeout_ms = ms,
		.helo = STR("mx.postern.test"),
		.sender = STR(""),
		.rcpt = STR("anna@example.com"),
		.user = STR("joe"),
		.password = STR("p\xc3\xa4ss"),
		.hosts = { n, hosts } };

	for (size_t i = 0; i < n; i++)
		hosts[i] = (struct probe_host){ STR("127.0.0.1"),
			servers[i]->port, 1 };
	memset(&got, 0xff, sizeof(got));
	probe_start(probes, &p, on_done, NULL);
	loop_run(loop);
}

static int
setup(void **state)
{
	static const char text[] = "hostname: mx.postern.test\n"
				   "dns: {enabled: no}\n";
	struct err err = ERR_INIT;
	struct bundle b;

	(void)state;
	bundle_from_text(&b, "postern.yaml", str_of(text));
	config = config_load_simple(&b, 1, &err);
	bundle_free(&b);
	loop = loop_new();
	lookups = lookups_new(loop, config, NULL, NULL, &err);
	if (lookups == NULL)
		fail_msg("%s", err.text);
	tls = client_tls_new(NULL);
	probes = probes_new(loop, lookups, tls);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	probes_free(&probes);
	client_tls_free(&tls);
	lookups_free(&lookups);
	loop_free(&loop);
	config_unref(&config);
	return 0;
}

#define HELLO "<220 there\r\n", ">EHLO mx.postern.test"
#define ENV   ">MAIL FROM:<>", "<250 ok\r\n", ">RCPT TO:<anna@example.com>"

static void
test_call_ahead(void **state)
{
	static const struct {
		const char *name;
		const char *script[16];
		uint8_t answer;
		uint32_t code;
		const char *text;
	} table[] = {
		{ "taken",
		    { HELLO, "<250 hi\r\n", ENV, "<250 2.1.5 ok\r\n", ">QUIT" },
		    RECIPIENT_OK, 250, "2.1.5 ok" },
		{ "unknown",
		    { HELLO, "<250-hi\r\n250 SIZE\r\n", ENV,
			"<550 5.1.1 nobody\r\n" },
		    RECIPIENT_UNKNOWN, 550, "5.1.1 nobody" },
		{ "later", { HELLO, "<250 hi\r\n", ENV, "<451 4.2.1 busy\r\n" },
		    RECIPIENT_LATER, 451, "4.2.1 busy" },
		{ "HELO will do",
		    { HELLO, "<500 what?\r\n", ">HELO mx.postern.test",
			"<250 hi\r\n", ENV, "<250 ok\r\n" },
		    RECIPIENT_OK, 250, "ok" },
		{ "cut anywhere",
		    { "<22", "<0 there\r", "<\n", ">EHLO", "<250-", "<a\r\n2",
			"<50 b\r\n", ENV, "<2", "<50 ok\r\n" },
		    RECIPIENT_OK, 250, "ok" },
		{ "refuses the sender",
		    { HELLO, "<250 hi\r\n", ">MAIL", "<550 no\r\n" },
		    RECIPIENT_NO_ANSWER, 0, "127.0.0.1: no" },
		{ "no mail at all", { "<554 no\r\n" }, RECIPIENT_NO_ANSWER, 0,
		    "127.0.0.1: no" },
		{ "not SMTP", { "<HTTP/1.1 400 Bad\r\n" }, RECIPIENT_NO_ANSWER,
		    0, "127.0.0.1: that is not SMTP" },
		{ "hangs up", { HELLO, "!" }, RECIPIENT_NO_ANSWER, 0,
		    "127.0.0.1: connection closed" },
		{ "3xx", { HELLO, "<250 hi\r\n", ENV, "<354 go\r\n" },
		    RECIPIENT_NO_ANSWER, 0, "127.0.0.1: go" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct server s, *servers[] = { &s };

		server_start(&s, table[i].script);
		ask(PROBE_CALLAHEAD, servers, 1, 15000);
		server_stop(&s);
		if (got.answer != table[i].answer ||
		    got.code != table[i].code ||
		    strcmp(got_text, table[i].text) != 0 || s.wrong[0] != '\0')
			fail_msg("%s: answer %u, %u %s; %s", table[i].name,
			    got.answer, got.code, got_text, s.wrong);
	}
}

/* What lookupd brings to somebody past the queue: alerts. */
static void
test_mail(void **state)
{
	static const struct {
		const char *name;
		const char *script[24];
		uint8_t answer;
		const char *text;
	} table[] = {
		{ "taken",
		    { HELLO, "<250 hi\r\n", ENV, "<250 2.1.5 ok\r\n", ">DATA",
			"<354 go\r\n", ">Subject: x", ">", ">..dots", ">...",
			">end", ">.", "<250 2.0.0 thanks\r\n", ">QUIT" },
		    RECIPIENT_OK, "2.0.0 thanks" },
		{ "nobody there",
		    { HELLO, "<250 hi\r\n", ENV, "<550 5.1.1 nobody\r\n" },
		    RECIPIENT_UNKNOWN, "5.1.1 nobody" },
		{ "no DATA",
		    { HELLO, "<250 hi\r\n", ENV, "<250 ok\r\n", ">DATA",
			"<451 full\r\n", ">QUIT" },
		    RECIPIENT_LATER, "full" },
		{ "not this text",
		    { HELLO, "<250 hi\r\n", ENV, "<250 ok\r\n", ">DATA",
			"<354 go\r\n", ">Subject: x", ">", ">..dots", ">...",
			">end", ">.", "<554 5.7.1 no\r\n" },
		    RECIPIENT_UNKNOWN, "5.7.1 no" },
		{ "lost before the reply",
		    { HELLO, "<250 hi\r\n", ENV, "<250 ok\r\n", ">DATA",
			"<354 go\r\n", ">Subject: x", ">", ">..dots", ">...",
			">end", ">.", "!" },
		    RECIPIENT_NO_ANSWER, "127.0.0.1: connection closed" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct server s;
		struct probe_host host = { STR("127.0.0.1"), 0, 1 };
		struct post mail = { .timeout_ms = 15000,
			.helo = STR("mx.postern.test"),
			.sender = STR(""),
			.rcpt = STR("anna@example.com"),
			.text = STR("Subject: x\r\n\r\n.dots\r\n..\r\n"
				    "end\r\n"),
			.hosts = { 1, &host } };

		server_start(&s, table[i].script);
		host.port = s.port;
		memset(&got, 0xff, sizeof(got));
		probe_post(probes, &mail, on_done, NULL);
		loop_run(loop);
		server_stop(&s);
		if (got.answer != table[i].answer ||
		    strcmp(got_text, table[i].text) != 0 || s.wrong[0] != '\0')
			fail_msg("%s: answer %u, %s; %s", table[i].name,
			    got.answer, got_text, s.wrong);
	}
}

static void
test_password(void **state)
{
	static const struct {
		const char *name;
		const char *script[16];
		uint8_t answer;
	} table[] = {
		{ "right",
		    { HELLO, "<250 AUTH PLAIN\r\n",
			">AUTH PLAIN AGpvZQBww6Rzcw==", "<235 2.7.0 yes\r\n" },
		    RECIPIENT_OK },
		{ "wrong",
		    { HELLO, "<250 AUTH PLAIN\r\n", ">AUTH PLAIN ",
			"<535 5.7.8 no\r\n" },
		    RECIPIENT_UNKNOWN },
		{ "a mechanism that it does not take",
		    { HELLO, "<250 hi\r\n", ">AUTH PLAIN ",
			"<504 5.5.4 what?\r\n" },
		    RECIPIENT_NO_ANSWER },
		{ "wants TLS",
		    { HELLO, "<250 hi\r\n", ">AUTH PLAIN ",
			"<538 5.7.11 not so\r\n" },
		    RECIPIENT_NO_ANSWER },
		{ "later",
		    { HELLO, "<250 hi\r\n", ">AUTH PLAIN ",
			"<454 4.7.0 wait\r\n" },
		    RECIPIENT_LATER },
		{ "no HELO for passwords", { HELLO, "<500 what?\r\n" },
		    RECIPIENT_NO_ANSWER },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct server s, *servers[] = { &s };

		server_start(&s, table[i].script);
		ask(PROBE_AUTH, servers, 1, 15000);
		server_stop(&s);
		if (got.answer != table[i].answer || s.wrong[0] != '\0')
			fail_msg("%s: answer %u, %u %s; %s", table[i].name,
			    got.answer, got.code, got_text, s.wrong);
	}
}

/* One that cannot say is passed over, one that says no is not. */
static void
test_order(void **state)
{
	static const char *const mute[] = { "!", NULL };
	static const char *const no[] = { HELLO, "<250 hi\r\n", ENV,
		"<550 no\r\n", NULL };
	static const char *const yes[] = { HELLO, "<250 hi\r\n", ENV,
		"<250 yes\r\n", NULL };
	struct server a, b, c, *servers[] = { &a, &b, &c };

	(void)state;
	server_start(&a, mute);
	server_start(&b, no);
	server_start(&c, yes);
	ask(PROBE_CALLAHEAD, servers, 3, 15000);
	assert_int_equal(got.answer, RECIPIENT_UNKNOWN);
	server_stop(&a);
	server_stop(&b);
	server_stop(&c);
	assert_true(a.came && b.came);
	assert_false(c.came);
}

static void
test_time_limit(void **state)
{
	static const char *const silent[] = { "~", NULL };
	struct server s, *servers[] = { &s };

	(void)state;
	server_start(&s, silent);
	ask(PROBE_CALLAHEAD, servers, 1, 100);
	server_stop(&s);
	assert_int_equal(got.answer, RECIPIENT_NO_ANSWER);
	assert_string_equal(got_text, "no answer in time");
	/* nobody to ask */
	ask(PROBE_CALLAHEAD, servers, 0, 100);
	assert_int_equal(got.answer, RECIPIENT_NO_ANSWER);
}

/* TLS-02 of the other side: what comes before the handshake is not heard. */
static void
test_tls_02_injected_reply(void **state)
{
	static const char *const script[] = { HELLO,
		"<250-hi\r\n250 STARTTLS\r\n", ">STARTTLS",
		"<220 go\r\n250-AUTH PLAIN\r\n250 ok\r\n", NULL };
	struct probe_host host = { STR("127.0.0.1"), 0, 1 };
	struct probe p = { .kind = PROBE_AUTH,
		.timeout_ms = 15000,
		.helo = STR("mx.postern.test"),
		.sender = STR(""),
		.rcpt = STR(""),
		.user = STR("joe"),
		.password = STR("secret"),
		.tls = 1,
		.hosts = { 1, &host } };
	struct server s;

	(void)state;
	server_start(&s, script);
	host.port = s.port;
	probe_start(probes, &p, on_done, NULL);
	loop_run(loop);
	server_stop(&s);
	assert_int_equal(got.answer, RECIPIENT_NO_ANSWER);
	assert_string_equal(
	    got_text, "127.0.0.1: more than a reply to STARTTLS");
}

static void
test_stopped(void **state)
{
	static const char *const silent[] = { "<220 hi\r\n", "~", NULL };
	struct server s;
	struct probe_host host = { STR("127.0.0.1"), 0, 1 };
	struct probe p = { .helo = STR("x"),
		.sender = STR(""),
		.rcpt = STR("a@b"),
		.user = STR(""),
		.password = STR(""),
		.timeout_ms = 10000,
		.hosts = { 1, &host } };
	struct probing *one;

	(void)state;
	server_start(&s, silent);
	host.port = s.port;
	one = probe_start(probes, &p, on_done, NULL);
	probe_stop(&one);
	probe_start(probes, &p, on_done, NULL);
	probes_free(&probes);
	server_stop(&s);
	probes = probes_new(loop, lookups, tls);
}

static unsigned n_done;

static void
on_turn_done(void *arg, const struct probe_done *d)
{
	(void)arg, (void)d;
	n_done++;
}

static void
on_tick(void *arg)
{
	loop_stop(arg);
}

/* Lets everything happen that can; how many connections have come. */
static unsigned
come(int listening, int *fds, unsigned n)
{
	struct loop_timer *tick = loop_timer(loop, on_tick, loop);
	int fd;

	loop_timer_in(tick, 100);
	loop_run(loop);
	loop_timer_free(&tick);
	while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) != -1)
		fds[n++] = fd;
	return n;
}

static int
listen_at(uint16_t *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(fd, 10), 0);
	getsockname(fd, (struct sockaddr *)&in, &len);
	*port = ntohs(in.sin_port);
	return fd;
}

/* Call-ahead: not more than so many connections to one server at a time. */
static void
test_connections_to_one_server(void **state)
{
	struct probe_host host = { STR("127.0.0.1"), 0, 1 };
	int fd = listen_at(&host.port), fds[8];
	char rcpt[] = "anna0@example.com";
	struct probe p = { .kind = PROBE_CALLAHEAD,
		.timeout_ms = 20000,
		.helo = STR("mx.postern.test"),
		.rcpt = str_of(rcpt),
		.max_connections = 2,
		.hosts = { 1, &host } };
	struct probing *all[5];
	unsigned n = 0;

	(void)state;
	n_done = 0;
	for (size_t i = 0; i < NELEM(all); i++) {
		rcpt[4]++;
		all[i] = probe_start(probes, &p, on_turn_done, NULL);
	}
	n = come(fd, fds, n);
	assert_int_equal(n, 2);
	close(fds[0]); /* one ends, and the next has its turn */
	n = come(fd, fds, n);
	assert_int_equal(n, 3);
	assert_int_equal(n_done, 1);
	probe_stop(&all[1]); /* one that has a connection is given up */
	n = come(fd, fds, n);
	assert_int_equal(n, 4);
	probe_stop(&all[4]); /* and one that waits */
	close(fds[1]);
	close(fds[2]);
	close(fds[3]);
	n = come(fd, fds, n);
	assert_int_equal(n, 4);
	assert_int_equal(n_done, 3);
	close(fd);
}

/* Who asks what is being asked waits for that answer. */
static void
test_the_same_is_asked_once(void **state)
{
	static const struct {
		const char *rcpt, *sender;
		uint8_t kind;
		bool shared; /* with the first */
	} asked[] = {
		{ "anna@example.com", "", PROBE_CALLAHEAD, true },
		{ "anna@example.com", "", PROBE_CALLAHEAD, true },
		{ "otto@example.com", "", PROBE_CALLAHEAD, false },
		{ "anna@example.com", "s@x.test", PROBE_CALLAHEAD, false },
		{ "anna@example.com", "", PROBE_CALLAHEAD, true },
		{ "anna@example.com", "", PROBE_AUTH, false },
		{ "anna@example.com", "", PROBE_AUTH, false },
	};
	struct probe_host host = { STR("127.0.0.1"), 0, 1 };
	int fd = listen_at(&host.port), fds[8];
	struct probing *all[NELEM(asked)];
	unsigned n, different = 1;

	(void)state;
	n_done = 0;
	for (size_t i = 0; i < NELEM(asked); i++) {
		struct probe p = { .kind = asked[i].kind,
			.timeout_ms = 20000,
			.helo = STR("mx.postern.test"),
			.sender = str_of(asked[i].sender),
			.rcpt = str_of(asked[i].rcpt),
			.user = STR("joe"),
			.password = STR("secret"),
			.hosts = { 1, &host } };

		all[i] = probe_start(probes, &p, on_turn_done, NULL);
		different += !asked[i].shared;
	}
	n = come(fd, fds, 0);
	assert_int_equal(n, different);
	probe_stop(&all[0]); /* the others still wait for it */
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
	assert_int_equal(come(fd, fds, n), n);
	assert_int_equal(n_done, NELEM(asked) - 1);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_ahead),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_time_limit),
		cmocka_unit_test(test_tls_02_injected_reply),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_connections_to_one_server),
		cmocka_unit_test(test_the_same_is_asked_once),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

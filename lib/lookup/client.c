/* client.c - one short conversation with an SMTP server */
#include "lookup/client.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/mem.h"
#include "fact/facts.h"
#include "smtp/features.h"
#include "smtp/reply.h"
#include "tls/client.h"

#define READ_MAX 16384
#define OUT_MAX  (2 * POST_TEXT_MAX)

struct client_tls {
	SSL_CTX *ctx;
};

/* What was said last, and so what the next reply is to. */
enum step {
	S_GREETING,
	S_EHLO,
	S_HELO,
	S_STARTTLS,
	S_AUTH,
	S_MAIL,
	S_RCPT,
	S_DATA,
	S_TEXT,
	S_QUIT
};

struct client {
	struct loop *loop;
	const struct client_tls *tls;
	const struct probe *what;
	struct str text;
	char *host;
	client_done done;
	void *arg;
	int fd;
	struct loop_watch *watch;
	struct loop_job job; /* the end, and what is to be sent */
	SSL *ssl;            /* NULL: in clear */
	bool shaking;        /* the handshake is not over */
	bool connected, over;
	enum step step;
	struct reply reply;
	struct buf out;
	struct client_result result;
};

static int start(struct client *, const struct endpoint *);
static void on_ready(void *arg, int ready);
static void on_connected(struct client *);
static void on_job(void *arg);
static void shake(struct client *);
static void start_tls(struct client *);
static void wait_for(struct client *, int ssl_result);
static void receive(struct client *);
static void take(struct client *, struct str in);
static void flush(struct client *);
static void say(struct client *, enum step, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void judge(struct client *);
static void judge_features(struct client *);
static void ask_about(struct client *);
static void say_password(struct client *);
static void say_text(struct client *);
static void decide_by_class(struct client *);
static void decide(struct client *, enum recipient_answer);
static void fail(struct client *, const char *why);
static void finish(struct client *);

struct client_tls *
client_tls_new(const char *authorities)
{
	struct client_tls *t = mem_alloc(sizeof(*t));

	if (authorities == NULL)
		authorities = tls_authorities();
	t->ctx = SSL_CTX_new(TLS_client_method());
	if (t->ctx == NULL)
		panic("no TLS");
	SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION);
	SSL_CTX_set_mode(t->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Without them there is nobody to trust: a check fails, as it ought. */
	SSL_CTX_load_verify_file(t->ctx, authorities);
	ERR_clear_error();
	return t;
}

void
client_tls_free(struct client_tls **tp)
{
	if (*tp != NULL)
		SSL_CTX_free((*tp)->ctx);
	free(*tp);
	*tp = NULL;
}

struct client *
client_open(struct loop *loop, const struct client_tls *tls,
    const struct endpoint *to, const char *host,
    const struct client_errand *errand, client_done done, void *arg)
{
	struct client *c = mem_alloc(sizeof(*c));

	*c = (struct client){ .loop = loop,
		.tls = tls,
		.what = errand->what,
		.text = errand->text,
		.host = mem_strdup(host),
		.done = done,
		.arg = arg,
		.fd = -1 };
	c->job.cb = on_job;
	c->job.arg = c;
	c->result = (struct client_result){ .answer = RECIPIENT_NO_ANSWER,
		.text = STR("") };
	reply_init(&c->reply);
	buf_init(&c->out, OUT_MAX);
	if (start(c, to) == -1)
		fail(c, strerror(errno));
	return c;
}

void
client_close(struct client **cp)
{
	struct client *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	loop_undefer(&c->job);
	loop_unwatch(&c->watch);
	SSL_free(c->ssl);
	if (c->fd != -1)
		close(c->fd);
	reply_fini(&c->reply);
	buf_fini(&c->out);
	free(c->host);
	free(c);
}

/* --- the socket --- */

static int
start(struct client *c, const struct endpoint *to)
{
	struct sockaddr_storage sa;
	socklen_t len = ip_to_sockaddr(to, &sa);
	int on = 1;

	c->fd =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd == -1)
		return -1;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(c->fd, (struct sockaddr *)&sa, len) == -1 &&
	    errno != EINPROGRESS)
		return -1;
	c->watch = loop_watch(c->loop, c->fd, LOOP_WRITE, on_ready, c);
	return 0;
}

static void
on_ready(void *arg, int ready)
{
	struct client *c = arg;

	if (c->over)
		return;
	if (!c->connected)
		on_connected(c);
	else if (c->shaking)
		shake(c);
	else if (ready & LOOP_READ)
		receive(c);
	else
		flush(c);
}

static void
on_connected(struct client *c)
{
	socklen_t len = sizeof(int);
	int sys = 0;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &sys, &len) == -1)
		sys = errno;
	if (sys != 0) {
		fail(c, strerror(sys));
		return;
	}
	c->connected = true;
	loop_want(c->watch, LOOP_READ);
}

/* At the end of a turn: nothing calls back from within a call of ours. */
static void
on_job(void *arg)
{
	struct client *c = arg;

	if (c->over)
		finish(c);
	else
		flush(c);
}

static void
receive(struct client *c)
{
	char in[READ_MAX];
	ssize_t n;

	if (c->ssl != NULL) {
		n = SSL_read(c->ssl, in, sizeof(in));
		if (n <= 0) {
			wait_for(c, (int)n);
			return;
		}
	} else {
		n = recv(c->fd, in, sizeof(in), 0);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
	}
	if (n <= 0)
		fail(c, n == 0 ? "connection closed" : strerror(errno));
	else
		take(c, (struct str){ in, (size_t)n });
	/* What the library holds back raises no event. */
	if (!c->over && !c->shaking && c->ssl != NULL &&
	    SSL_pending(c->ssl) > 0)
		receive(c);
}

static void
flush(struct client *c)
{
	ssize_t n;

	while (!c->over && c->out.len > 0) {
		if (c->ssl != NULL) {
			n = SSL_write(c->ssl, c->out.data, (int)c->out.len);
			if (n <= 0) {
				wait_for(c, (int)n);
				return;
			}
		} else {
			n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
			if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
				loop_want(c->watch, LOOP_READ | LOOP_WRITE);
				return;
			}
			if (n == -1) {
				fail(c, strerror(errno));
				return;
			}
		}
		buf_consume(&c->out, (size_t)n);
	}
	if (!c->over)
		loop_want(c->watch, LOOP_READ);
}

/* --- TLS --- */

static void
start_tls(struct client *c)
{
	struct ip ip;

	c->ssl = SSL_new(c->tls->ctx);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1) {
		fail(c, "TLS cannot begin");
		return;
	}
	SSL_set_connect_state(c->ssl);
	if (ip_parse(&ip, str_of(c->host))) {
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), c->host);
	} else {
		SSL_set_tlsext_host_name(c->ssl, c->host);
		SSL_set1_host(c->ssl, c->host);
	}
	SSL_set_verify(c->ssl,
	    c->what->tls == 2 ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	c->shaking = true;
	shake(c);
}

static void
shake(struct client *c)
{
	int n = SSL_do_handshake(c->ssl);

	if (n != 1) {
		wait_for(c, n);
		return;
	}
	c->shaking = false;
	say(c, S_EHLO, "EHLO %.*s", STR_ARG(c->what->helo));
	loop_want(c->watch, LOOP_READ);
}

static void
wait_for(struct client *c, int ssl_result)
{
	const char *why;

	switch (SSL_get_error(c->ssl, ssl_result)) {
	case SSL_ERROR_WANT_READ:
		loop_want(c->watch, LOOP_READ);
		return;
	case SSL_ERROR_WANT_WRITE:
		loop_want(c->watch, LOOP_WRITE);
		return;
	case SSL_ERROR_ZERO_RETURN:
		fail(c, "connection closed");
		return;
	default:
		why = ERR_reason_error_string(ERR_peek_last_error());
		if (SSL_get_verify_result(c->ssl) != X509_V_OK)
			why = X509_verify_cert_error_string(
			    SSL_get_verify_result(c->ssl));
		fail(c, why != NULL ? why : "TLS connection lost");
		ERR_clear_error();
	}
}

/* --- the conversation --- */

static void
take(struct client *c, struct str in)
{
	while (in.n > 0 && !c->over) {
		switch (reply_feed(&c->reply, &in)) {
		case REPLY_MORE:
			return;
		case REPLY_BAD:
			fail(c, "that is not SMTP");
			return;
		case REPLY_DONE:
			break;
		}
		/* Said before TLS, heard as if under it: not with us. */
		if (c->step == S_STARTTLS && in.n > 0) {
			fail(c, "more than a reply to STARTTLS");
			return;
		}
		judge(c);
		if (!c->over)
			reply_begin(&c->reply);
	}
}

static void
say(struct client *c, enum step step, const char *fmt, ...)
{
	char line[SMTP_LINE_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line)) {
		fail(c, "a command would be too long");
		return;
	}
	c->step = step;
	buf_add(&c->out, line, (size_t)n);
	buf_puts(&c->out, "\r\n");
	OPENSSL_cleanse(line, sizeof(line));
	loop_defer(c->loop, &c->job);
}

static void
judge(struct client *c)
{
	unsigned class = c->reply.code / 100;

	switch (c->step) {
	case S_GREETING:
		if (class == 2)
			say(c, S_EHLO, "EHLO %.*s", STR_ARG(c->what->helo));
		break;
	case S_EHLO:
		if (class == 2)
			judge_features(c);
		else if (class == 5 && c->what->kind != PROBE_AUTH)
			say(c, S_HELO, "HELO %.*s", STR_ARG(c->what->helo));
		break;
	case S_HELO:
		if (class == 2)
			ask_about(c);
		break;
	case S_STARTTLS:
		if (class == 2)
			start_tls(c);
		break;
	case S_MAIL:
		if (class == 2)
			say(c, S_RCPT, "RCPT TO:<%.*s>",
			    STR_ARG(c->what->rcpt));
		break;
	case S_AUTH:
		/* Only 535 speaks of name and password (RFC 4954 6); what else
		 * is refused is between that server and us. */
		decide(c, class == 2             ? RECIPIENT_OK
			  : c->reply.code == 535 ? RECIPIENT_UNKNOWN
			  : class == 4           ? RECIPIENT_LATER
						 : RECIPIENT_NO_ANSWER);
		break;
	case S_RCPT:
		if (class == 2 && c->what->kind == PROBE_MAIL)
			say(c, S_DATA, "DATA");
		else
			decide_by_class(c);
		break;
	case S_DATA:
		if (class == 3)
			say_text(c);
		else
			decide_by_class(c);
		break;
	case S_TEXT:
		decide_by_class(c);
		break;
	case S_QUIT:
		break;
	}
	/* Nothing more was said: whatever this reply is, it is the end. */
	if (c->out.len == 0 && !c->shaking && !c->over)
		decide(c, RECIPIENT_NO_ANSWER);
}

static void
judge_features(struct client *c)
{
	struct features f;

	features_parse(&f, buf_str(&c->reply.text));
	if (c->what->tls > 0 && c->ssl == NULL &&
	    (f.bits & FEATURE_STARTTLS || c->what->tls == 2))
		say(c, S_STARTTLS, "STARTTLS");
	else
		ask_about(c);
}

static void
ask_about(struct client *c)
{
	if (c->what->kind == PROBE_AUTH)
		say_password(c);
	else
		say(c, S_MAIL, "MAIL FROM:<%.*s>", STR_ARG(c->what->sender));
}

static void
say_password(struct client *c)
{
	struct buf plain, coded;

	buf_init(&plain, 4096);
	buf_init(&coded, 8192);
	buf_putc(&plain, '\0');
	buf_add_str(&plain, c->what->user);
	buf_putc(&plain, '\0');
	buf_add_str(&plain, c->what->password);
	base64_encode(buf_str(&plain), &coded);
	say(c, S_AUTH, "AUTH PLAIN %s", coded.data);
	OPENSSL_cleanse(plain.data, plain.len);
	OPENSSL_cleanse(coded.data, coded.len);
	buf_fini(&plain);
	buf_fini(&coded);
}

/* Dots at the beginning of a line are doubled (RFC 5321 4.5.2). */
static void
say_text(struct client *c)
{
	struct str rest = c->text;

	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');

		if (line.n > 0 && line.p[0] == '.')
			buf_putc(&c->out, '.');
		buf_add_str(&c->out, line);
		buf_putc(&c->out, '\n');
	}
	say(c, S_TEXT, ".");
}

static void
decide_by_class(struct client *c)
{
	unsigned class = c->reply.code / 100;

	decide(c, class == 2   ? RECIPIENT_OK
		  : class == 5 ? RECIPIENT_UNKNOWN
		  : class == 4 ? RECIPIENT_LATER
			       : RECIPIENT_NO_ANSWER);
}

static void
decide(struct client *c, enum recipient_answer answer)
{
	c->result.answered = true;
	c->result.answer = (uint8_t)answer;
	c->result.code = c->reply.code;
	/* A farewell, if it goes out at once: nobody waits for the answer. */
	say(c, S_QUIT, "QUIT");
	flush(c);
	c->over = true;
	loop_defer(c->loop, &c->job);
}

static void
fail(struct client *c, const char *why)
{
	c->result.text = str_of(why);
	c->over = true;
	loop_defer(c->loop, &c->job);
}

static void
finish(struct client *c)
{
	client_done done = c->done;
	struct client_result r = c->result;
	void *arg = c->arg;
	struct arena mem;

	arena_init(&mem, 4 * REPLY_TEXT_MAX + SMTP_REPLY_MAX);
	if (r.code != 0)
		r.text = reply_line(&c->reply, &mem);
	else
		r.text = arena_str(&mem, r.text);
	client_close(&c);
	done(arg, &r);
	arena_free(&mem);
}

/*
 * conn_tls.c - a connection under TLS: between the socket and the engine
 *
 *	220 was sent -> conn_tls_begin -> handshake <-> key -> up -> over
 *
 * What was read from the socket comes here, and goes to the session as plain
 * text; what the session said comes here, and goes to the socket sealed. All
 * connections share the buffers; input that the session does not want yet is
 * kept as it came, sealed output that the socket does not take is kept.
 */
#include "smtpd/conn_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"

#define PLAIN_MAX     65536  /* more than one record: 16 KiB */
#define SEALED_MAX    262144 /* of one turn: replies, or a handshake */
#define WAITING_MAX   131072 /* read, not opened: one read and a bit */
#define HANDSHAKE_MAX 65536  /* input before it must be done: TLS-05 */

struct conn_tls {
	struct tls_conn *tls;
	struct buf in;  /* sealed, not opened yet */
	struct buf out; /* sealed, not sent yet */
	uint32_t key;   /* at keyd; 0: none */
	size_t fed;     /* during the handshake */
	bool up, closed;
};

static char plain[PLAIN_MAX];
static struct buf sealed;

static void handshake(struct conn *, struct str *in);
static void ask_key(struct conn *);
static void open_records(struct conn *, struct str *in);
static bool flush(struct conn *);

void
conn_tls_setup(void)
{
	buf_init(&sealed, SEALED_MAX);
}

enum starttls
conn_tls_take(struct smtp_session *s)
{
	struct conn *c = (struct conn *)s;
	uint64_t max = s->config->max_tls_connections;
	struct tls_server *server;
	struct conn_tls *t;
	char byte;

	if (recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		return STARTTLS_PENDING;
	server = keys_server(c);
	if (server == NULL || !keys_can_sign(c->smtpd))
		return STARTTLS_UNAVAILABLE;
	/* First in, then looked at: two at the same time do not both fit. */
	stats_gauge_add(s->stats, STATS_GAUGE_inbound_tls, 1);
	if (stats_gauge_sum(s->stats, STATS_GAUGE_inbound_tls) > (int64_t)max) {
		stats_gauge_add(s->stats, STATS_GAUGE_inbound_tls, -1);
		return STARTTLS_FULL;
	}
	t = c->tls = mem_alloc(sizeof(*t));
	t->tls = tls_conn_new(
	    server, !s->subject.policy->p.tls_verify ? TLS_VERIFY_NO
		    : s->subject.policy->p.tls == 2  ? TLS_VERIFY_REQUIRE
						     : TLS_VERIFY_GIVEN);
	buf_init(&t->in, WAITING_MAX);
	buf_init(&t->out, 2 * SEALED_MAX);
	return STARTTLS_READY;
}

bool
conn_tls_ready(const struct smtp_session *s)
{
	const struct conn *c = (const struct conn *)s;

	return keys_server((struct conn *)c) != NULL;
}

void
conn_tls_free(struct conn *c)
{
	struct conn_tls *t = c->tls;

	if (t == NULL)
		return;
	c->tls = NULL;
	if (t->key != 0)
		keys_forget(c->smtpd, t->key);
	tls_conn_free(&t->tls);
	stats_gauge_add(c->session.stats, STATS_GAUGE_inbound_tls, -1);
	buf_fini(&t->in);
	buf_fini(&t->out);
	free(t);
}

/* --- input --- */

void
conn_tls_input(struct conn *c, struct str in)
{
	struct conn_tls *t = c->tls;

	if (t->in.len > 0) {
		buf_add_str(&t->in, in);
		in = buf_str(&t->in);
	}
	if (!t->up)
		handshake(c, &in);
	if (t->up)
		open_records(c, &in);
	/* it may be the buffer itself that is left over */
	if (t->in.len > 0)
		buf_consume(&t->in, t->in.len - in.n);
	else
		buf_add_str(&t->in, in);
	if (t->in.len == 0)
		buf_release(&t->in);
}

bool
conn_tls_holds_input(const struct conn *c)
{
	return c->tls != NULL && c->tls->in.len > 0;
}

bool
conn_tls_shakes_hands(const struct conn *c)
{
	return c->tls != NULL && !c->tls->up && c->tls->key == 0 &&
	       c->session.phase == PH_TLS;
}

bool
conn_tls_waits_for_key(const struct conn *c)
{
	return c->tls->key != 0;
}

void
conn_tls_signed(struct conn *c, struct str signature)
{
	keys_forget(c->smtpd, c->tls->key);
	c->tls->key = 0;
	tls_conn_signed(c->tls->tls, signature);
	conn_tls_input(c, STR(""));
}

static void
handshake(struct conn *c, struct str *in)
{
	struct conn_tls *t = c->tls;
	size_t before = in->n;
	enum tls_result r;

	if (t->key != 0 || c->session.phase != PH_TLS)
		return;
	buf_reset(&sealed);
	r = tls_handshake(t->tls, in, &sealed);
	t->fed += before - in->n;
	if (r == TLS_WANT_KEY)
		ask_key(c);
	if (!flush(c))
		return;
	if (r == TLS_OK) {
		t->up = true;
		session_tls_up(&c->session, tls_conn_version(t->tls),
		    tls_conn_cipher(t->tls));
	} else if (r == TLS_FAILED) {
		session_tls_failed(&c->session, tls_conn_reason(t->tls));
	} else if (t->fed > HANDSHAKE_MAX) {
		session_tls_failed(&c->session, "the handshake has no end");
	}
}

static void
ask_key(struct conn *c)
{
	struct conn_tls *t = c->tls;
	struct sign request;

	tls_conn_request(t->tls, &request);
	t->key = keys_sign(c, &request);
	if (t->key == 0)
		session_tls_failed(
		    &c->session, "the private key is not available");
}

static void
open_records(struct conn *c, struct str *in)
{
	struct conn_tls *t = c->tls;
	enum tls_result r = TLS_OK;
	size_t n;

	while (r == TLS_OK && c->in.len == 0 && session_reads(&c->session)) {
		struct str text = { plain, 0 };

		buf_reset(&sealed);
		r = tls_read(t->tls, in, plain, sizeof(plain), &n, &sealed);
		if (!flush(c))
			return;
		text.n = n;
		if (r == TLS_OK) {
			session_input(&c->session, &text);
			buf_add_str(&c->in, text);
		} else if (r != TLS_WANT_READ) {
			session_lost(&c->session);
		}
	}
}

/* --- output --- */

bool
conn_tls_write(struct conn *c, struct buf *b)
{
	struct conn_tls *t = c->tls;

	buf_reset(&sealed);
	if (!flush(c))
		return false;
	if (t->out.len > 0 || b->len == 0)
		return true;
	if (!tls_write(t->tls, buf_str(b), &sealed)) {
		session_lost(&c->session);
		return false;
	}
	buf_consume(b, b->len);
	return flush(c);
}

bool
conn_tls_is_up(const struct conn *c)
{
	return c->tls != NULL && c->tls->up;
}

bool
conn_tls_flush(struct conn *c)
{
	buf_reset(&sealed);
	return flush(c);
}

bool
conn_tls_holds_output(const struct conn *c)
{
	return c->tls != NULL && c->tls->out.len > 0;
}

void
conn_tls_close(struct conn *c)
{
	struct conn_tls *t = c->tls;

	if (t == NULL || t->closed)
		return;
	t->closed = true;
	buf_reset(&sealed);
	if (t->up)
		tls_close(t->tls, &sealed);
	flush(c);
}

/* What could not be sent before, then `sealed`. False: the connection is
 * broken. */
static bool
flush(struct conn *c)
{
	struct conn_tls *t = c->tls;
	struct buf *from = &sealed;
	bool failed = sealed.failed;
	ssize_t n;

	if (t->out.len > 0) {
		buf_add_str(&t->out, buf_str(&sealed));
		buf_reset(&sealed);
		from = &t->out;
	}
	if (from->len == 0 && !failed)
		return true;
	n = send(c->fd, from->data, from->len, conn_send_flags(c));
	if (failed || t->out.failed ||
	    (n == -1 && errno != EAGAIN && errno != EINTR)) {
		session_lost(&c->session);
		return false;
	}
	buf_consume(from, n > 0 ? (size_t)n : 0);
	if (from == &sealed)
		buf_add_str(&t->out, buf_str(&sealed));
	else if (t->out.len == 0)
		buf_release(&t->out);
	return true;
}

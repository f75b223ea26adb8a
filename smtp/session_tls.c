/* session_tls.c - a session under TLS: handshake, verdict, both directions */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "event/event.h"
#include "smtp/keyd.h"
#include "smtp/session_inside.h"

#define WIRE_MAX      (1024 * 1024)
#define PIECE_SIZE    65536        /* encrypted in one go */
#define HANDSHAKE_MAX (128 * 1024) /* bytes of it; threats TLS-05 */
#define READ_SIZE     16384

static void take_plain(struct smtp_session *, struct str in);
static void handshake(struct smtp_session *, struct str *in);
static void judge(struct smtp_session *);
static bool is_dane_only(const struct smtp_session *, const struct tls_peer *);
static bool say_verdict(const struct smtp_session *, const struct tls_peer *);
static void broken(struct smtp_session *, const char *why);
static void drained(struct smtp_session *);
static bool encrypt(struct smtp_session *);
static bool encrypt_content(struct smtp_session *);

void
session_tls_init(struct smtp_session *s, const struct session *req)
{
	const struct tlsa *tlsas = req->tlsas.v;

	s->level = (enum tls_level)req->tls;
	s->dialog.tls_needed = TLS_LEVEL_MUST(s->level);
	s->dialog.requiretls = req->requiretls;
	if (s->level == TLS_LEVEL_OFF || s->all->tls == NULL)
		return;
	s->policy = (enum tls_policy)req->policy;
	s->dialog.tls_wanted = true;
	s->host = mem_strndup(req->host.p, req->host.n);
	s->certificate = mem_strndup(req->certificate.p, req->certificate.n);
	s->names[0] = mem_strndup(req->tls_name.p, req->tls_name.n);
	s->names[1] = mem_strndup(req->tls_name2.p, req->tls_name2.n);
	s->tlsas = mem_array(req->tlsas.n + 1, sizeof(*s->tlsas));
	s->n_tlsas = req->tlsas.n;
	for (size_t i = 0; i < s->n_tlsas; i++)
		s->tlsas[i] =
		    (struct str){ mem_dup(tlsas[i].data.p, tlsas[i].data.n),
			    tlsas[i].data.n };
}

void
session_tls_fini(struct smtp_session *s)
{
	struct session_tls *t = s->tls;

	if (t != NULL) {
		tls_conn_free(&t->conn);
		buf_fini(&t->wire);
		buf_fini(&t->held);
		free(t);
	}
	for (size_t i = 0; i < s->n_tlsas; i++)
		free((char *)s->tlsas[i].p);
	free(s->tlsas);
	free(s->host);
	free(s->certificate);
	for (size_t i = 0; i < TLS_NAMES; i++)
		free(s->names[i]);
}

void
session_tls_begin(struct smtp_session *s)
{
	struct tls_demand demand = { .peer = s->peer,
		.host = str_of(s->host),
		.verify = TLS_LEVEL_VERIFIES(s->level),
		.tlsas = s->tlsas,
		.n_tlsas = s->n_tlsas,
		.domain = str_of(s->domain),
		.certificate = str_of(s->certificate) };
	struct str nothing = STR("");

	s->tls = mem_alloc(sizeof(*s->tls));
	buf_init(&s->tls->wire, WIRE_MAX);
	buf_init(&s->tls->held, HANDSHAKE_MAX);
	s->tls->conn = tls_conn_out(s->all->tls, &demand);
	handshake(s, &nothing);
}

void
session_tls_input(struct smtp_session *s, struct str in)
{
	struct session_tls *t = s->tls;

	if (!t->up) {
		t->n_received += in.n;
		handshake(s, &in);
	}
	take_plain(s, in);
}

void
session_tls_signed(struct smtp_session *s, struct str signature)
{
	struct session_tls *t = s->tls;
	struct buf held;
	struct str in;

	if (s->dialog.over || t == NULL || !t->signing)
		return;
	held = t->held;
	in = buf_str(&held);
	t->signing = false;
	buf_init(&t->held, HANDSHAKE_MAX);
	tls_conn_signed(t->conn, signature);
	handshake(s, &in);
	take_plain(s, in);
	buf_fini(&held);
}

bool
session_tls_send(struct smtp_session *s)
{
	struct session_tls *t = s->tls;
	ssize_t n;

	if (t->wire.len == 0 && !encrypt(s))
		return false;
	n = send(s->fd, t->wire.data, t->wire.len, MSG_NOSIGNAL);
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		session_fail(s, errno, "send");
	if (n <= 0)
		return false;
	buf_consume(&t->wire, (size_t)n);
	session_count_sent(s, (size_t)n);
	if (t->wire.len == 0)
		drained(s);
	return true;
}

bool
session_tls_wants_send(const struct smtp_session *s)
{
	return s->tls->wire.len > 0 ||
	       (s->tls->up && (s->dialog.out.len > 0 || s->content.left > 0));
}

void
session_tls_close(struct smtp_session *s)
{
	struct session_tls *t = s->tls;
	ssize_t n;

	if (t->up && s->dialog.end == SESSION_CLOSED && t->wire.len == 0)
		tls_close(t->conn, &t->wire);
	else if (t->up)
		return;
	/* or the alert that says what was wrong with the handshake */
	if (t->wire.len > 0) {
		n = send(s->fd, t->wire.data, t->wire.len, MSG_NOSIGNAL);
		(void)n;
	}
}

static void
take_plain(struct smtp_session *s, struct str in)
{
	static char plain[READ_SIZE];
	struct session_tls *t = s->tls;
	size_t n;

	while (t->up && !s->dialog.over) {
		switch (tls_read(
		    t->conn, &in, plain, sizeof(plain), &n, &t->wire)) {
		case TLS_OK:
			dialog_input(&s->dialog, (struct str){ plain, n });
			continue;
		case TLS_CLOSED:
			dialog_end(&s->dialog,
			    s->dialog.quit_said || dialog_is_idle(&s->dialog)
				? SESSION_CLOSED
				: SESSION_RESET,
			    STR("connection closed by the server"));
			return;
		case TLS_FAILED:
			dialog_end(&s->dialog, SESSION_RESET,
			    str_of(tls_conn_reason(t->conn)));
			return;
		default:
			return;
		}
	}
}

/* --- the handshake --- */

static void
handshake(struct smtp_session *s, struct str *in)
{
	struct session_tls *t = s->tls;

	if (t->n_received > HANDSHAKE_MAX) {
		broken(s, "it is too long");
		return;
	}
	if (t->signing) {
		buf_add_str(&t->held, *in);
		*in = STR("");
		return;
	}
	switch (tls_handshake(t->conn, in, &t->wire)) {
	case TLS_WANT_KEY:
		t->signing = true;
		buf_add_str(&t->held, *in);
		*in = STR("");
		keyd_sign(s);
		break;
	case TLS_OK:
		t->up = true;
		judge(s);
		break;
	case TLS_WANT_READ:
		break;
	default:
		broken(s, tls_conn_reason(t->conn));
	}
}

static void
judge(struct smtp_session *s)
{
	struct session_tls *t = s->tls;
	const struct str names[TLS_NAMES] = { str_of(s->names[0]),
		str_of(s->names[1]) };
	struct tls_peer peer;
	char text[400];

	tls_conn_peer(t->conn, names, &peer);
	if (s->all->watch != NULL)
		s->all->watch->secured(s->all->watch_arg, t->conn, &peer);
	EMIT(DCID_TLS_SUCCESS, .dcid = s->dcid,
	    .protocol = str_of(tls_conn_version(t->conn)),
	    .cipher = str_of(tls_conn_cipher(t->conn)),
	    .name = str_of(peer.name));
	session_count_peer(s, &peer);
	if (!say_verdict(s, &peer)) {
		snprintf(text, sizeof(text), "%s: %s",
		    peer.dane ? "DANE, certificate does not fit"
			      : "TLS required, certificate not verified",
		    is_dane_only(s, &peer) ? "no TLSA record can be used"
					   : peer.why);
		dialog_end(&s->dialog,
		    s->dialog.requiretls ? SESSION_REQUIRETLS : SESSION_TLS,
		    str_of(text));
		return;
	}
	dialog_secured(&s->dialog);
}

/* Nothing else was to vouch for it, and there was nothing. */
static bool
is_dane_only(const struct smtp_session *s, const struct tls_peer *peer)
{
	return s->n_tlsas > 0 && !peer->dane && s->names[0][0] == '\0';
}

/* False: no mail may go to this one. */
static bool
say_verdict(const struct smtp_session *s, const struct tls_peer *peer)
{
	struct str domain = str_of(s->domain);

	if (peer->dane && peer->verified)
		EMIT(DANE_SUCCESS, .dcid = s->dcid, .domain = domain);
	else if (peer->dane)
		EMIT(DANE_FAILED, .dcid = s->dcid, .domain = domain,
		    .text = str_of(peer->why));
	else if (!TLS_LEVEL_VERIFIES(s->level))
		return !s->dialog.requiretls; /* DANE without a usable record */
	else if (peer->verified)
		EMIT(DCID_TLS_VERIFIED, .dcid = s->dcid,
		    .text = str_of(peer->name));
	else
		EMIT(DCID_TLS_UNVERIFIED, .dcid = s->dcid,
		    .text = str_of(peer->why));
	return peer->verified ||
	       (!s->dialog.requiretls && !TLS_LEVEL_MUST(s->level));
}

static void
broken(struct smtp_session *s, const char *why)
{
	char text[400];

	EMIT(DCID_TLS_FAILED, .dcid = s->dcid, .text = str_of(why));
	snprintf(text, sizeof(text), "TLS handshake failed: %s", why);
	dialog_end(&s->dialog, SESSION_TLS, str_of(text));
}

/* --- sending --- */

static void
drained(struct smtp_session *s)
{
	size_t n = s->tls->plain;

	s->tls->plain = 0;
	if (n > 0)
		dialog_sent(&s->dialog, n);
}

static bool
encrypt(struct smtp_session *s)
{
	struct session_tls *t = s->tls;
	struct str out = buf_str(&s->dialog.out);

	if (!t->up)
		return false;
	if (out.n == 0)
		return s->content.left > 0 && encrypt_content(s);
	t->plain = out.n < PIECE_SIZE ? out.n : PIECE_SIZE;
	if (tls_write(t->conn, str_sub(out, 0, t->plain), &t->wire))
		return true;
	dialog_end(&s->dialog, SESSION_RESET, str_of(tls_conn_reason(t->conn)));
	return false;
}

static bool
encrypt_content(struct smtp_session *s)
{
	struct err err = ERR_INIT;
	struct str piece;

	if (content_piece(&s->content, &piece, &err) == -1) {
		dialog_end(&s->dialog, SESSION_LOCAL, str_of(err.text));
		return false;
	}
	if (!tls_write(s->tls->conn, piece, &s->tls->wire)) {
		dialog_end(&s->dialog, SESSION_RESET,
		    str_of(tls_conn_reason(s->tls->conn)));
		return false;
	}
	if (s->content.left == 0)
		dialog_content_done(&s->dialog);
	return true;
}

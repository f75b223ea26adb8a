/* session_end.c - the end of a connection, and what is told of it */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "event/event.h"
#include "smtp/keyd.h"
#include "smtp/session_inside.h"

static void log_end(struct smtp_session *);
static const char *reason_of(enum session_end);

void
session_fail(struct smtp_session *s, int sys, const char *what)
{
	char text[120];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(sys));
	dialog_end(&s->dialog, session_end_of(sys), str_of(text));
}

enum session_end
session_end_of(int sys)
{
	switch (sys) {
	case ECONNREFUSED:
		return SESSION_REFUSED;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		return SESSION_UNREACHABLE;
	case ETIMEDOUT:
		return SESSION_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
		return SESSION_RESET;
	default:
		return SESSION_LOCAL;
	}
}

void
session_down(struct smtp_session *s)
{
	struct sessions *all = s->all;
	const struct dialog *d = &s->dialog;
	struct session_down msg = { .reason = (uint8_t)d->end,
		.code = d->end_code,
		.status = str_of(d->end_status),
		.text = d->end_text };

	if (all->watch != NULL)
		all->watch->down(all->watch_arg, &msg);
	else if (all->qmgr != NULL)
		ipc_send(all->qmgr, IPC_SESSION_DOWN, s->txn, &msg);
	log_end(s);
	if (s->connected && s->tls != NULL)
		session_tls_close(s);
	else if (s->connected &&
		 (d->end == SESSION_GREETING || d->end == SESSION_TLS ||
		     d->end == SESSION_REQUIRETLS || d->end == SESSION_AUTH))
		send(s->fd, "QUIT\r\n", 6, MSG_NOSIGNAL);
	loop_undefer(&s->flush);
	loop_deadline_stop(&s->deadline);
	loop_unwatch(&s->watch);
	if (s->fd != -1)
		close(s->fd);
	signing_end(s, NULL);
	dialog_fini(&s->dialog);
	session_tls_fini(s);
	session_watch_fini(s);
	map_remove_u64(&all->by_txn, s->txn);
	keyd_forget(s);
	all->n--;
	free(s);
	if (all->n == 0 && all->empty != NULL)
		all->empty(all->arg);
}

static void
log_end(struct smtp_session *s)
{
	const struct dialog *d = &s->dialog;
	char source[IP_TEXT] = "auto"; /* the system had not chosen */

	if (!ip_is_unset(&s->source))
		ip_text(&s->source, source);
	session_count_end(s);
	if (d->end == SESSION_TLS && TLS_LEVEL_MUST(s->level))
		EMIT(DCID_TLS_MISSING, .dcid = s->dcid, .ip = s->peer.ip);
	if (d->end == SESSION_AUTH)
		EMIT(DCID_AUTH_FAILED, .dcid = s->dcid,
		    .profile = str_of(s->auth), .text = d->end_text);
	if (d->end != SESSION_CLOSED)
		EMIT(CONNECTION_ERROR, .dcid = s->dcid,
		    .domain = str_of(s->domain), .ip = s->peer.ip,
		    .port = s->peer.port, .text = d->end_text,
		    .source = str_of(source),
		    .reason = str_of(reason_of(d->end)));
	if (s->connected)
		EMIT(DCID_CLOSE, .dcid = s->dcid);
}

static const char *
reason_of(enum session_end end)
{
	switch (end) {
	case SESSION_TIMEOUT:
		return "connection timed out";
	case SESSION_REFUSED:
		return "connection refused";
	case SESSION_UNREACHABLE:
		return "no route";
	default:
		return "network error";
	}
}

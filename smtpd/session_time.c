/* session_time.c - how long each phase of a conversation may last */
#include "event/event.h"
#include "smtpd/ask.h"
#include "smtpd/auth.h"
#include "smtpd/protocol.h"
#include "smtpd/say.h"
#include "smtpd/session.h"
#include "smtpd/starttls.h"

#define LINGER      5000   /* ms for the client to read our last words */
#define LINGER_STOP 1000   /* ... while the program stops */
#define TLS_MAX     30000  /* ms for a handshake: TLS-05 */
#define FULL        999    /* of the gauge: nothing is accepted */
#define WAIT_MAX    600000 /* ms for cleanup; RFC 5321 4.5.3.2.6: 10 min */

static int64_t phase_limit(const struct smtp_session *);
static int64_t unsuccessful_at(const struct smtp_session *);
static int64_t total_at(const struct smtp_session *);
static void disconnect(struct smtp_session *, const char *log,
    const char *status, const char *text);

int64_t
session_due(const struct smtp_session *s)
{
	int64_t due = phase_limit(s), at;

	if (s->phase &
	    (PH_WAIT | PH_CLOSING | PH_CONNECT | PH_ASK | PH_PROVE | PH_TLS))
		return due;
	at = unsuccessful_at(s);
	if (at < due)
		due = at;
	at = total_at(s);
	return at < due ? at : due;
}

void
session_expire(struct smtp_session *s)
{
	if (s->phase == PH_CLOSING)
		return;
	if (s->phase & (PH_CONNECT | PH_ASK)) {
		session_unanswered(s);
	} else if (s->phase == PH_PROVE) {
		auth_expire(s);
	} else if (s->phase == PH_TLS) {
		starttls_expire(s);
	} else if (s->phase == PH_WAIT) {
		disconnect(s, "timed out in the queue", "4.3.0",
		    "queue is not available");
	} else if (s->now >= total_at(s)) {
		disconnect(s, "exceeded allowable connection time", "4.4.2",
		    "Exceeded allowable connection time, disconnecting.");
	} else if (s->now >= unsuccessful_at(s)) {
		disconnect(s, "no messages injected within timeout period",
		    "4.4.2",
		    "Timed out waiting for successful message injection, "
		    "disconnecting.");
	} else if (s->now >= phase_limit(s)) {
		disconnect(s, "timed out waiting for input", "4.4.2",
		    "Timed out waiting for input, disconnecting.");
	}
}

void
session_tarpit(struct smtp_session *s)
{
	int64_t v =
	    stats_gauge_sum(s->stats, STATS_GAUGE_resource_conservation);

	if (v > 0 && v < FULL)
		s->quiet_until = s->now + v * 1000;
}

bool
session_is_full(const struct smtp_session *s)
{
	return stats_gauge_sum(s->stats, STATS_GAUGE_resource_conservation) >=
	       FULL;
}

static int64_t
phase_limit(const struct smtp_session *s)
{
	int64_t ms;

	switch (s->phase) {
	case PH_CONNECT:
	case PH_ASK:
		return ask_due(s);
	case PH_PROVE:
		return auth_due(s);
	case PH_BODY:
	case PH_CHUNK:
	case PH_SWALLOW:
		/* While cleanup is behind it is we who are late. */
		ms = s->held ? WAIT_MAX
			     : (int64_t)s->config->data_timeout * 1000;
		break;
	case PH_TLS:
		ms = TLS_MAX;
		break;
	case PH_WAIT:
		ms = WAIT_MAX;
		break;
	case PH_CLOSING:
		ms = s->leaving ? LINGER_STOP : LINGER;
		break;
	default:
		ms = (int64_t)s->config->command_timeout * 1000;
	}
	return s->since + ms;
}

/* Receiving 3.7: a connection is unsuccessful until a message came in. */
static int64_t
unsuccessful_at(const struct smtp_session *s)
{
	if (s->subject.listener->type != LISTENER_PUBLIC ||
	    s->protocol != &protocol_smtp || s->tally.messages > 0)
		return INT64_MAX;
	return s->started + (int64_t)s->config->unsuccessful_timeout * 1000;
}

/* Between messages the end comes at 80 % of the time, so that what is begun
 * can be finished. */
static int64_t
total_at(const struct smtp_session *s)
{
	int64_t ms = (int64_t)s->config->total_timeout * 1000;

	if (s->phase & (PH_GREETED | PH_READY))
		ms = ms / 5 * 4;
	return s->started + ms;
}

static void
disconnect(struct smtp_session *s, const char *log, const char *status,
    const char *text)
{
	EMIT(DISCONNECTED, .icid = s->icid, .ip = s->facts.client,
	    .text = str_of(log));
	say(s, 421, status, "%s", text);
	session_close(s, true);
}

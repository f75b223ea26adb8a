/* session_count.c - what became of TLS, for reports (RFC 8460) */
#include "event/event.h"
#include "smtp/session_inside.h"

static const char *result_of(
    const struct smtp_session *, const struct tls_peer *);
static void tell(struct smtp_session *, const char *result, struct str why);

void
session_count_peer(struct smtp_session *s, const struct tls_peer *peer)
{
	tell(s, result_of(s, peer), str_of(peer->why));
}

/* In the clear, where that may be. */
void
session_count_up(struct smtp_session *s)
{
	tell(s, "starttls-not-supported", STR(""));
}

/* Of those that did not get as far. What is no fault of the other side, or
 * came before TLS could be, says nothing about it. */
void
session_count_end(struct smtp_session *s)
{
	enum session_end end = s->dialog.end;

	if (s->tls == NULL && (end == SESSION_TLS || end == SESSION_REQUIRETLS))
		tell(s, "starttls-not-supported", s->dialog.end_text);
	else if (s->tls != NULL && end != SESSION_CLOSED &&
		 end != SESSION_LOCAL)
		tell(s, "validation-failure", s->dialog.end_text);
}

/* "": as the policy wants it; without one, as our own settings do. */
static const char *
result_of(const struct smtp_session *s, const struct tls_peer *peer)
{
	static const char *const words[] = {
		[TLS_FAULT_NONE] = "",
		[TLS_FAULT_EXPIRED] = "certificate-expired",
		[TLS_FAULT_NAME] = "certificate-host-mismatch",
		[TLS_FAULT_TLSA] = "validation-failure",
		[TLS_FAULT_OTHER] = "certificate-not-trusted",
	};

	if (s->policy == TLS_POLICY_TLSA && !peer->dane)
		return "tlsa-invalid";
	return words[peer->fault];
}

static void
tell(struct smtp_session *s, const char *result, struct str why)
{
	static const char *const policies[] = {
		[TLS_POLICY_NONE] = "no-policy-found",
		[TLS_POLICY_STS] = "sts",
		[TLS_POLICY_TLSA] = "tlsa",
	};

	if (s->policy == TLS_POLICY_UNCOUNTED || s->counted)
		return;
	s->counted = true;
	EMIT(TLS_SESSION, .domain = str_of(s->domain),
	    .policy = str_of(policies[s->policy]), .result = str_of(result),
	    .host = str_of(s->host), .ip = s->peer.ip, .source = s->source,
	    .text = why);
}

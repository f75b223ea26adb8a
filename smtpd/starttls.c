/* starttls.c - STARTTLS in the conversation */
#include "smtpd/starttls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "event/event.h"
#include "smtpd/auth.h"
#include "smtpd/say.h"

#define TLS_REQUIRED 2 /* policy_params.tls */

bool
starttls_is_offered(const struct smtp_session *s)
{
	return !s->facts.tls && s->subject.policy->p.tls != 0 &&
	       s->subject.listener->certificate != NULL &&
	       s->ops->tls_ready != NULL && s->ops->tls_ready(s);
}

bool
starttls_is_missing(const struct smtp_session *s, enum verb verb)
{
	if (s->facts.tls || s->subject.policy->p.tls != TLS_REQUIRED)
		return false;
	/* A rejection that is put off to the recipients is what they are to
	 * hear, not that TLS would help. */
	if (s->subject.behaviour == REJECT && verb != VERB_AUTH)
		return false;
	return verb != VERB_NOOP && verb != VERB_EHLO && verb != VERB_QUIT &&
	       verb != VERB_STARTTLS;
}

struct reply
starttls_check(const struct smtp_session *s, struct request *r)
{
	/* Who sends more than that does not wait for our 220: it, or somebody
	 * on the way, wants it to be taken for what comes under TLS (threats
	 * TLS-01). */
	if (r->more)
		return request_no(554, "5.5.0", "wait for the 220", true);
	if (s->facts.tls)
		return request_no(503, "5.5.1", "TLS is active", false);
	if (s->subject.policy->p.tls == 0 ||
	    s->subject.listener->certificate == NULL)
		return request_no(502, "5.5.1", "not implemented", false);
	return (struct reply){ 0 };
}

void
starttls_apply(struct smtp_session *s, struct request *r)
{
	static const struct {
		int code;
		const char *status, *text;
	} replies[] = {
		[STARTTLS_READY] = { 220, "2.0.0", "Go ahead with TLS" },
		[STARTTLS_UNAVAILABLE] = { 454, "4.7.0",
		    "TLS is not available for the moment" },
		[STARTTLS_FULL] = { 454, "4.4.5",
		    "Too many TLS sessions at this time" },
		[STARTTLS_PENDING] = { 554, "5.5.0", "wait for the 220" },
	};
	enum starttls what = STARTTLS_UNAVAILABLE;

	(void)r;
	if (s->ops->tls_begin != NULL)
		what = s->ops->tls_begin(s);
	say(s, replies[what].code, replies[what].status, "%s",
	    replies[what].text);
	if (what == STARTTLS_READY)
		session_enter(s, PH_TLS);
	else if (what == STARTTLS_PENDING)
		session_close(s, true);
}

/* Nothing that was said before is known any more, but who the client is and
 * what policy that gives it (threats STM-03, REL-11). */
void
session_tls_up(struct smtp_session *s, const char *version, const char *cipher)
{
	if (s->phase != PH_TLS)
		return;
	snprintf(
	    s->tls, sizeof(s->tls), "version=%s cipher=%s", version, cipher);
	EMIT(TLS_SUCCESS, .icid = s->icid, .protocol = str_of(version),
	    .cipher = str_of(cipher));
	free(s->helo);
	s->helo = NULL;
	s->facts.helo = STR("");
	s->esmtp = false;
	s->facts.tls = true;
	auth_forget(s);
	session_enter(s, PH_GREETED);
}

void
session_tls_failed(struct smtp_session *s, const char *reason)
{
	if (s->phase != PH_TLS)
		return;
	EMIT(TLS_FAILED, .icid = s->icid, .text = str_of(reason));
	session_close(s, true);
}

void
starttls_expire(struct smtp_session *s)
{
	session_tls_failed(s, "the handshake took too long");
}

/*
 * starttls.h - STARTTLS in the conversation: who is offered it, who must,
 * and the session that begins anew (spec receiving 8.2, RFC 3207)
 */
#ifndef SMTPD_STARTTLS_H
#define SMTPD_STARTTLS_H

#include "smtpd/request.h"

bool starttls_is_offered(const struct smtp_session *);
/* The policy wants TLS before this. */
bool starttls_is_missing(const struct smtp_session *, enum verb);

struct reply starttls_check(const struct smtp_session *, struct request *);
/* Says 220 and enters PH_TLS, or says why not. */
void starttls_apply(struct smtp_session *, struct request *);

/* The handshake took too long. */
void starttls_expire(struct smtp_session *);

#endif

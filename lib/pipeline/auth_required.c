/*
 * auth_required.c - the stage "authentication": may this one send at all?
 *
 * Spec receiving 8.1, 8.3. Where the policy requires AUTH nobody sends
 * without.
 */
#include "pipeline/pipeline.h"
#include "pipeline/stages.h"

#define OFF      0
#define REQUIRED 2

enum stage_answer
auth_required(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	if (s->policy->p.smtp_auth == REQUIRED && !facts->authenticated)
		stage_reply(
		    out, 530, "5.7.0", false, "Authentication required");
	return STAGE_DONE;
}

enum auth_chance
pipeline_auth(const struct subject *s, const struct facts *facts)
{
	const struct policy_params *p = &s->policy->p;

	if (s->listener->auth == NULL || p->smtp_auth == OFF)
		return AUTH_NOT_OFFERED;
	return p->auth_require_tls && !facts->tls ? AUTH_WANTS_TLS
						  : AUTH_OFFERED;
}

void
pipeline_authenticated(struct subject *s, struct facts *facts, struct str user)
{
	facts->user = user;
	facts->authenticated = true;
	s->behaviour = RELAY;
}

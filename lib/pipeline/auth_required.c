/*
 * auth_required.c - the stage "authentication": may this one send at all?
 *
 * Spec receiving 8.1, 8.3. Where the policy requires AUTH nobody sends
 * without; trace plays a client that has not.
 */
#include "pipeline/stages.h"

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

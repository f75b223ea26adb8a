/* params.c - the parameters of MAIL and RCPT */
#include "pipeline/params.h"

#include "pipeline/pipeline.h"

#define ALWAYS                                                                 \
	(PARAM_SIZE | PARAM_BODY | PARAM_SMTPUTF8 | PARAM_RET | PARAM_ENVID)

unsigned
params_of_mail(const struct subject *s, const struct facts *f, bool esmtp)
{
	if (!esmtp)
		return 0;
	return ALWAYS | (pipeline_auth(s, f) == AUTH_OFFERED ? PARAM_AUTH : 0) |
	       (f->tls ? PARAM_REQUIRETLS : 0);
}

unsigned
params_of_rcpt(bool esmtp)
{
	return esmtp ? PARAM_NOTIFY | PARAM_ORCPT : 0;
}

struct reply
params_reply(enum param_problem problem)
{
	static const struct reply replies[] = {
		[PARAM_OK] = { .code = 0 },
		[PARAM_UNKNOWN] = { .code = 555,
		    .status = "5.5.4",
		    .text = { "parameter not known", 19 } },
		[PARAM_BAD] = { .code = 501,
		    .status = "5.5.4",
		    .text = { "bad parameter", 13 } },
	};

	return replies[problem];
}

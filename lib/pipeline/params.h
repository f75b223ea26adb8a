/*
 * params.h - the parameters of MAIL and RCPT: which may be said, and what is
 * said to one that may not, or is wrong
 *
 * They are judged before any stage, by smtp/param.h.
 */
#ifndef PIPELINE_PARAMS_H
#define PIPELINE_PARAMS_H

#include "fact/facts.h"
#include "pipeline/stage.h"
#include "smtp/param.h"

/* PARAM_*. esmtp: the client has said EHLO; else there are none. */
unsigned params_of_mail(
    const struct subject *, const struct facts *, bool esmtp);
unsigned params_of_rcpt(bool esmtp);

/* Code 0 for PARAM_OK. */
struct reply params_reply(enum param_problem);

#endif

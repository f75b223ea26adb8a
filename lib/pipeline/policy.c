/*
 * policy.c - stages of the mail flow policy: limits, refusals, greeting
 *
 * Spec receiving 8.1, in its order. REJECT can be put off to the recipients
 * (4.3), so that the log shows whom the mail was for. QMQP has no greeting,
 * and an answer for all recipients: nothing is put off there (9).
 */
#include "base/mem.h"
#include "pipeline/pipeline.h"
#include "pipeline/stages.h"
#include "pipeline/variables.h"

#define REFUSED_TEXT "access refused for this host"

static void greet(const struct subject *, struct reply *);
static void reject(const struct subject *, struct reply *);
static struct str first_line(
    const struct subject *, bool greets, struct str text, struct arena *);

enum stage_answer
limits_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	if (fact_is_open(facts, FACT_CONNECTIONS))
		return stage_needs(out, FACT_CONNECTIONS, STR(""));
	if (facts->total_connections > s->config->max_connections)
		stage_reply(out, 421, "4.4.5", true, "Too many connections");
	else if (facts->listener_connections > s->listener->max_concurrency)
		stage_reply(out, 421, "4.4.5", true,
		    "Too many connections to this listener");
	return STAGE_DONE;
}

enum stage_answer
policy_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	bool qmqp = listener_is_qmqp(s->listener);
	bool rejected =
	    s->behaviour == REJECT && (qmqp || !s->config->delayed_reject);
	struct reply reply = { .status = "" };
	enum fact_id needs;

	if (s->behaviour == TCPREFUSE) {
		reply.close = reply.refuse = true;
	} else if (facts->connections > s->policy->p.max_concurrency) {
		stage_reply(out, 421, "4.4.5", true,
		    "Too many connections from your host");
		return STAGE_DONE;
	} else if (qmqp && !rejected) {
		return STAGE_DONE; /* nobody is greeted */
	} else {
		(rejected ? reject : greet)(s, &reply);
		if (variables_need(reply.text, facts, &needs))
			return stage_needs(out, needs, STR(""));
		reply.text = variables_expand(reply.text, s, facts, out->mem);
		if (!qmqp)
			reply.text =
			    first_line(s, !rejected, reply.text, out->mem);
	}
	stage_effect(out, EFFECT_REPLY)->reply = reply;
	return STAGE_DONE;
}

enum stage_answer
policy_delayed(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct reply reply = { .code = (int)s->config->delayed_reject_code,
		.status = "",
		.text = s->config->delayed_reject_text };
	enum fact_id needs;

	if (reply.text.n == 0) {
		reply.status = reply.code < 500 ? "4.7.1" : "5.7.1";
		reply.text = STR(REFUSED_TEXT);
	}
	if (s->behaviour != REJECT)
		return STAGE_DONE;
	if (variables_need(reply.text, facts, &needs))
		return stage_needs(out, needs, STR(""));
	reply.text = variables_expand(reply.text, s, facts, out->mem);
	stage_effect(out, EFFECT_REPLY)->reply = reply;
	return STAGE_DONE;
}

static void
greet(const struct subject *s, struct reply *reply)
{
	const struct policy_params *p = &s->policy->p;

	reply->code = p->banner_code < 300 ? (int)p->banner_code : 220;
	reply->text = s->behaviour == REJECT ? STR("") : p->banner_text;
}

/* A banner that the policy inherited is a greeting, not a refusal. */
static void
reject(const struct subject *s, struct reply *reply)
{
	const struct policy *policy = s->policy;
	bool own = policy->set[MFP_BANNER_TEXT] && policy->p.banner_text.n > 0;

	reply->code =
	    policy->p.banner_code >= 400 ? (int)policy->p.banner_code : 554;
	reply->text = own ? policy->p.banner_text : STR(REFUSED_TEXT);
	reply->close = true;
}

/* Puts before the text our name, if it may be known, and in a greeting what
 * to speak (RFC 5321 4.2.1). */
static struct str
first_line(
    const struct subject *s, bool greets, struct str text, struct arena *mem)
{
	struct str parts[] = { pipeline_hostname(s), STR(" ESMTP"), STR("\n"),
		text };

	if (parts[0].n == 0 && !greets)
		return text;
	if (parts[0].n == 0)
		parts[1] = STR("ESMTP");
	if (!greets)
		parts[1].n = 0;
	if (text.n == 0)
		parts[2].n = 0;
	return arena_join(mem, parts, NELEM(parts));
}

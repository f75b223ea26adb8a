/*
 * pipeline.c - the order of the stages, and the one loop that runs them
 */
#include "pipeline/pipeline.h"

#include "base/mem.h"
#include "config/hat_index.h"
#include "pipeline/masquerade.h"
#include "pipeline/stages.h"
#include "pipeline/variables.h"

/* Spec receiving 1.2 and 8.1. Within a point, from top to bottom. */
static const struct stage stages[] = {
	{ "connection limits", AT_CONNECT, limits_decide },
	{ "host access table", AT_CONNECT, hat_decide },
	{ "mail flow policy", AT_CONNECT, policy_decide },

	{ "authentication", AT_MAIL, auth_required },
	{ "sender address", AT_MAIL, sender_address },
	{ "declared size", AT_MAIL, sender_size },
	{ "sender default domain", AT_MAIL, sender_domain },
	{ "TLS required", AT_MAIL, tls_required },
	{ "domain exception table", AT_MAIL, exception_decide },
	{ "envelope sender verification", AT_MAIL, sender_verify },
	{ "envelope masquerade", AT_MAIL, masquerade_sender },

	{ "delayed rejection", AT_RCPT, policy_delayed },
	{ "recipient address", AT_RCPT, recipient_address },
	{ "recipient default domain", AT_RCPT, recipient_domain },
	{ "bounce verification", AT_RCPT, bounce_tag_decide },
	{ "domain map", AT_RCPT, domain_map_decide },
	{ "receiving control", AT_RCPT, control_decide },
	{ "recipient access table", AT_RCPT, rat_decide },
	{ "alias table", AT_RCPT, alias_decide },
	{ "LDAP accept", AT_RCPT, ldap_accept_decide },
	{ "call-ahead", AT_RCPT, callahead_decide },

	{ "message size", AT_DATA, prequeue_size },
	{ "sender domain reputation", AT_DATA, sdr_decide },
	{ "virtual gateway", AT_DATA, gateway_decide },
	{ "bounce profile", AT_DATA, prequeue_bounce_profile },

	{ "forged fields", AT_WORK, forged_decide },
	{ "bounce verification", AT_WORK, bounce_header_decide },
	{ "masquerade", AT_WORK, masquerade_decide },
	{ "message id", AT_WORK, message_id_decide },
};

static enum behaviour behaviour_of(
    const struct listener *, const struct policy *);
static void apply(
    struct pipeline_run *, struct subject *, const struct effect *);

void
pipeline_begin(struct pipeline_run *run, enum stage_point point)
{
	*run = (struct pipeline_run){ .point = point };
}

enum pipeline_answer
pipeline_run(struct pipeline_run *run, struct subject *subject,
    const struct facts *facts, struct arena *mem, bool explain,
    void (*applied)(void *arg, const struct stage *, const struct stage_out *),
    void *arg, struct needs *needs)
{
	for (; run->at < NELEM(stages) && !run->finished; run->at++) {
		const struct stage *stage = &stages[run->at];
		struct stage_out out;

		if (stage->point != run->point)
			continue;
		out.n_effects = 0;
		out.notes = NULL;
		out.n_notes = 0;
		out.needs = (struct needs){ .mem = mem };
		out.explain = explain;
		out.mem = mem;
		if (stage->decide(subject, facts, &out) == STAGE_NEEDS) {
			*needs = out.needs;
			return PIPELINE_NEEDS;
		}
		for (size_t i = 0; i < out.n_effects; i++)
			apply(run, subject, &out.effects[i]);
		if (applied != NULL)
			applied(arg, stage, &out);
	}
	run->finished = true;
	return PIPELINE_DONE;
}

bool
pipeline_reads_header(const struct subject *s)
{
	return forged_reads_header(s) || masquerade_reads_header(s) ||
	       message_id_wanted(s) || bounce_header_wanted(s);
}

const struct stage *
pipeline_stages(size_t *n)
{
	*n = NELEM(stages);
	return stages;
}

struct str
pipeline_group_name(const struct hat_group *g)
{
	bool all = g->n_entries == 1 && g->entries[0].kind == HAT_ALL;

	return all ? STR("") : g->name;
}

struct str
pipeline_hostname(const struct subject *s)
{
	const struct interface *i = s->listener->interface;
	struct str own =
	    s->policy != NULL ? s->policy->p.override_hostname : STR("");

	if (str_is_nocase(own, "none"))
		return STR("");
	if (own.n > 0)
		return own;
	return i->hostname.n > 0 ? i->hostname : s->config->hostname;
}

bool
pipeline_may_need(const struct listener *l, enum fact_id id)
{
	const struct hat *hat = &l->hat;

	if (id == FACT_CONNECTIONS)
		return true;
	if (hat_index_asks(hat->index, id).n > 0 &&
	    (id != FACT_REPUTATION || l->reputation))
		return true;
	for (size_t i = 0; i < hat->n_groups; i++) {
		if (variables_mention(hat->groups[i].policy->p.banner_text, id))
			return true;
	}
	return false;
}

size_t
pipeline_dnslists(const struct listener *l, const struct str **zones)
{
	return hat_index_zones(l->hat.index, zones);
}

/* Receiving 9: who may hand in mail by QMQP inside may send it anywhere. */
static enum behaviour
behaviour_of(const struct listener *l, const struct policy *p)
{
	bool inside = listener_is_qmqp(l) && l->type == LISTENER_PRIVATE;

	return inside && p->behaviour == ACCEPT ? RELAY : p->behaviour;
}

static void
apply(struct pipeline_run *run, struct subject *s, const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_POLICY:
		s->group = e->policy.group;
		s->entry = e->policy.entry;
		s->policy = e->policy.policy;
		s->behaviour = behaviour_of(s->listener, s->policy);
		break;
	case EFFECT_REPLY:
		run->reply = e->reply;
		run->replied = true;
		run->finished = e->reply.refuse || e->reply.code >= 400;
		break;
	case EFFECT_REWRITE:
		if (run->point == AT_MAIL || run->point == AT_WORK)
			s->sender = e->addr;
		else
			s->rcpt = e->addr;
		break;
	case EFFECT_EXPAND:
		s->rcpts = e->expand.v;
		s->n_rcpts = e->expand.n;
		s->expanded = true;
		break;
	case EFFECT_BYPASS:
		s->bypass |= e->bypass;
		break;
	case EFFECT_HEADER:
		s->header = e->header.text;
		if (s->header_kept > e->header.kept)
			s->header_kept = e->header.kept;
		break;
	case EFFECT_INVALID_BOUNCE: /* for AT_WORK */
		s->invalid_bounce = true;
		break;
	case EFFECT_DROPPED:
	case EFFECT_LIMIT:
	case EFFECT_FORGED:
	case EFFECT_WARNING:
	case EFFECT_GATEWAY:
	case EFFECT_BOUNCE_PROFILE:
		break; /* the caller's: no later stage looks at them */
	}
}

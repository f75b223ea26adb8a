/*
 * rat.c - the stage "recipient access table": may mail go to this address?
 *
 * Spec receiving 5.2. Only public listeners have the table, and RELAY does
 * not ask it. The first entry that matches decides; keys are lower case, and
 * so is what is compared with them.
 */
#include "base/err.h"
#include "config/rat_index.h"
#include "mail/addr.h"
#include "pipeline/stages.h"

struct rcpt_keys { /* the recipient, in lower case */
	struct str addr, user, domain;
};

static struct rcpt_keys keys_of(struct str rcpt, struct arena *mem);
static void accept_rcpt(const struct rat_entry *, struct stage_out *);
static void reject_rcpt(const struct rat_entry *, struct stage_out *);

enum stage_answer
rat_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct rcpt_keys keys;
	const struct rat_entry *e;
	struct note *note;

	(void)facts;
	if (s->listener->type != LISTENER_PUBLIC || s->behaviour == RELAY) {
		stage_note(out, NOTE_RAT_SKIPPED);
		return STAGE_DONE;
	}
	keys = keys_of(s->rcpt, out->mem);
	e = rat_index_find(
	    &s->listener->rat, keys.addr, keys.user, keys.domain);
	if (e == NULL)
		panic("recipient access table without ALL");
	note = stage_note(out, NOTE_RAT_MATCH);
	note->where = e->where;
	note->rat = e;
	if (e->accept)
		accept_rcpt(e, out);
	else
		reject_rcpt(e, out);
	return STAGE_DONE;
}

static struct rcpt_keys
keys_of(struct str rcpt, struct arena *mem)
{
	char *lower = arena_strz(mem, rcpt);
	struct rcpt_keys k;

	str_lower(lower);
	k.addr = (struct str){ lower, rcpt.n };
	k.domain = addr_domain(k.addr);
	k.user = addr_local(k.addr);
	return k;
}

static void
accept_rcpt(const struct rat_entry *e, struct stage_out *out)
{
	unsigned bypass = (e->bypass_control ? BYPASS_CONTROL : 0) |
			  (e->bypass_ldap ? BYPASS_LDAP : 0) |
			  (e->bypass_callahead ? BYPASS_CALLAHEAD : 0);

	if (bypass != 0)
		stage_effect(out, EFFECT_BYPASS)->bypass = bypass;
	if (e->code != 0 || e->reply.n > 0)
		stage_effect(out, EFFECT_REPLY)->reply =
		    (struct reply){ .code = e->code != 0 ? (int)e->code : 250,
			    .status = "",
			    .text = e->reply.n > 0 ? e->reply : STR("ok") };
}

static void
reject_rcpt(const struct rat_entry *e, struct stage_out *out)
{
	struct reply *reply = &stage_effect(out, EFFECT_REPLY)->reply;

	reply->code = e->code != 0 ? (int)e->code : 550;
	reply->status = e->reply.n > 0      ? ""
			: reply->code < 500 ? "4.1.0"
					    : "5.1.0";
	reply->text = e->reply.n > 0 ? e->reply : STR("Address rejected.");
}

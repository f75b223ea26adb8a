/*
 * rat.c - the stage "recipient access table": may mail go to this address?
 *
 * Spec receiving 5.2. Only public listeners have the table, and RELAY does
 * not ask it. The first entry that matches decides; keys are lower case, and
 * so is what is compared with them.
 */
#include "pipeline/rat.h"

#include "base/err.h"
#include "config/rat_index.h"
#include "mail/addr.h"
#include "pipeline/control.h"
#include "pipeline/stages.h"

struct rcpt_keys { /* the recipient, in lower case */
	struct str addr, user, domain;
};

static const struct rat_entry *find(
    const struct subject *, struct str rcpt, struct arena *);
static struct rcpt_keys keys_of(struct str rcpt, struct arena *mem);
static void accept_rcpt(const struct rat_entry *, struct stage_out *);
static enum stage_answer reject_rcpt(const struct rat_entry *,
    const struct subject *, const struct facts *, struct stage_out *);

enum stage_answer
rat_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	const struct rat_entry *e = find(s, s->rcpt, out->mem);
	struct note *note;

	if (e == NULL) {
		stage_note(out, NOTE_RAT_SKIPPED);
		return STAGE_DONE;
	}
	note = stage_note(out, NOTE_RAT_MATCH);
	note->where = e->where;
	note->rat = e;
	if (!e->accept)
		return reject_rcpt(e, s, facts, out);
	accept_rcpt(e, out);
	return STAGE_DONE;
}

bool
rat_bypasses_control(const struct subject *s, struct arena *mem)
{
	const struct rat_entry *e = find(s, s->rcpt, mem);

	return e != NULL && e->accept && e->bypass_control;
}

bool
rat_accepts(const struct subject *s, struct str addr, struct arena *mem)
{
	const struct rat_entry *e = find(s, addr, mem);

	return e != NULL && e->accept;
}

/* NULL: the table is not asked. */
static const struct rat_entry *
find(const struct subject *s, struct str rcpt, struct arena *mem)
{
	const struct rat_entry *e;
	struct rcpt_keys keys;

	if (s->listener->type != LISTENER_PUBLIC || s->behaviour == RELAY)
		return NULL;
	keys = keys_of(rcpt, mem);
	e = rat_index_find(
	    &s->listener->rat, keys.addr, keys.user, keys.domain);
	if (e == NULL)
		panic("recipient access table without ALL");
	return e;
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

static enum stage_answer
reject_rcpt(const struct rat_entry *e, const struct subject *s,
    const struct facts *facts, struct stage_out *out)
{
	struct reply *reply;
	bool over;

	if (control_invalid(s, facts, out, &over) == STAGE_NEEDS)
		return STAGE_NEEDS;
	if (over)
		return STAGE_DONE;
	reply = &stage_effect(out, EFFECT_REPLY)->reply;
	reply->code = e->code != 0 ? (int)e->code : 550;
	reply->status = e->reply.n > 0      ? ""
			: reply->code < 500 ? "4.1.0"
					    : "5.1.0";
	reply->text = e->reply.n > 0 ? e->reply : STR("Address rejected.");
	return STAGE_DONE;
}

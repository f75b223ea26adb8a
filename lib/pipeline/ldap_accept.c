/*
 * ldap_accept.c - the stage "LDAP accept": does the directory know the
 * recipient?
 *
 * Spec receiving 7. It can only refuse what the recipient access table has
 * accepted (threats REL-13), and is not asked for who may send anywhere (1.2).
 * A recipient that is not known counts against who harvests addresses (8.6);
 * a directory that cannot say does not.
 */
#include "pipeline/control.h"
#include "pipeline/inquiry.h"
#include "pipeline/stages.h"

#define LOG_NAME "LDAPACCEPT"

static bool refuses(const struct inquiry *, struct str addr,
    enum recipient_answer, const struct fact_answer *, struct reply *);
static void unknown(const struct ldap_accept *, struct reply *);
static bool unreachable(const struct ldap_accept *, struct reply *);
static void say(const struct inquiry *, struct str addr, const char *result,
    const struct reply *);

enum stage_answer
ldap_accept_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct inquiry q = { .id = FACT_LDAP_ACCEPT,
		.refuses = refuses,
		.subject = s,
		.out = out };
	bool over = false;

	if (s->listener->ldap_accept.query.n == 0 || s->behaviour == RELAY)
		return STAGE_DONE;
	if (s->bypass & BYPASS_LDAP) {
		say(&q, s->rcpt, "Bypassed", NULL);
		return STAGE_DONE;
	}
	if (inquiry_run(&q, facts) == STAGE_NEEDS)
		return STAGE_NEEDS;
	if (q.n_passed == 0 && q.n_unknown > 0 && q.n_unknown == q.n_failed &&
	    control_invalid(s, facts, out, &over) == STAGE_NEEDS)
		return STAGE_NEEDS;
	if (!over)
		inquiry_settle(&q);
	return STAGE_DONE;
}

static bool
refuses(const struct inquiry *q, struct str addr, enum recipient_answer answer,
    const struct fact_answer *a, struct reply *reply)
{
	const struct ldap_accept *l = &q->subject->listener->ldap_accept;
	bool no;

	(void)a;
	*reply = (struct reply){ .status = "", .log = LOG_NAME };
	switch (answer) {
	case RECIPIENT_OK:
		say(q, addr, "PASS", NULL);
		return false;
	case RECIPIENT_UNKNOWN:
		unknown(l, reply);
		say(q, addr, "FAIL", reply);
		return true;
	case RECIPIENT_LATER:
	case RECIPIENT_NO_ANSWER:
		break;
	}
	no = unreachable(l, reply);
	say(q, addr,
	    no ? "Server unreachable" : "Server unreachable (accepted)",
	    no ? reply : NULL);
	return no;
}

static void
unknown(const struct ldap_accept *l, struct reply *reply)
{
	reply->code = (int)l->code;
	if (l->text.n > 0) {
		reply->text = l->text;
		return;
	}
	reply->status = reply->code < 500 ? "4.1.1" : "5.1.1";
	reply->text = STR("recipient not found");
}

static bool
unreachable(const struct ldap_accept *l, struct reply *reply)
{
	if (l->unreachable_accept)
		return false;
	reply->code = 451;
	reply->status = "4.4.3";
	reply->text = STR("Temporary recipient validation error");
	return true;
}

/* "FAIL (550 #5.1.1 recipient not found)" */
static void
say(const struct inquiry *q, struct str addr, const char *result,
    const struct reply *reply)
{
	struct note *note = stage_note(q->out, NOTE_LDAP_ACCEPT);

	note->from = q->subject->listener->ldap_accept.query;
	note->to = addr;
	note->text = str_of(result);
	if (reply != NULL && q->out->explain)
		note->text = str_of(arena_printf(q->out->mem,
		    "%s (%d %s%s%s%.*s)", result, reply->code,
		    *reply->status != '\0' ? "#" : "", reply->status,
		    *reply->status != '\0' ? " " : "", STR_ARG(reply->text)));
}

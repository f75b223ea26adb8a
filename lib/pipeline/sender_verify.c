/*
 * sender_verify.c - the stage "envelope sender verification"
 *
 * Spec receiving 8.4: does the domain of MAIL FROM exist for mail? Off
 * unless the policy says so. The null sender has no domain to ask about, an
 * address literal needs no DNS, and a sender that the exception table allows
 * is not looked up. Without a full domain it is malformed; no default domain
 * was put in (6.1).
 */
#include "mail/addr.h"
#include "pipeline/address.h"
#include "pipeline/stages.h"
#include "pipeline/variables.h"

static enum sender_domain judge(const struct fact_answer *);
static enum stage_answer refuse(enum sender_domain, const struct subject *,
    const struct facts *, struct stage_out *);

enum stage_answer
sender_verify(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	enum sender_domain class = DOMAIN_EXISTS;
	struct str domain = addr_domain(s->sender);
	const struct fact_answer *answer;
	struct note *note;
	char *key;

	if (!s->policy->p.envelope_sender_verify || s->behaviour == REJECT)
		return STAGE_DONE;
	if (s->sender.n > 0 && !(s->bypass & BYPASS_VERIFY) &&
	    !address_is_complete(domain)) {
		class = DOMAIN_MALFORMED;
	} else if (s->sender.n > 0 && !(s->bypass & BYPASS_VERIFY) &&
		   domain.p[0] != '[') {
		key = arena_strz(out->mem, domain);
		str_lower(key);
		answer = fact_find(facts, FACT_SENDER_DOMAIN, str_of(key));
		if (answer == NULL)
			return stage_needs(
			    out, FACT_SENDER_DOMAIN, str_of(key));
		class = judge(answer);
	}
	note = stage_note(out, NOTE_SENDER_VERIFY);
	note->number = class;
	if (s->bypass & BYPASS_VERIFY)
		note->text = STR("allowed by the domain exception table");
	return class == DOMAIN_EXISTS ? STAGE_DONE
				      : refuse(class, s, facts, out);
}

static enum sender_domain
judge(const struct fact_answer *a)
{
	if (a->meta.state != FACT_KNOWN)
		return DOMAIN_UNRESOLVED;
	return (enum sender_domain)a->number;
}

static enum stage_answer
refuse(enum sender_domain class, const struct subject *s,
    const struct facts *facts, struct stage_out *out)
{
	const struct policy_params *p = &s->policy->p;
	const struct {
		uint32_t code;
		struct str text;
		const char *detail, *log;
	} replies[] = {
		[DOMAIN_MALFORMED] = { p->malformed_code, p->malformed_text,
		    "5.4", "envelope sender domain missing" },
		[DOMAIN_MISSING] = { p->missing_code, p->missing_text, "1.8",
		    "envelope sender domain does not exist" },
		[DOMAIN_UNRESOLVED] = { p->unresolved_code, p->unresolved_text,
		    "1.8", "envelope sender domain could not be resolved" },
	};
	struct reply *reply =
	    variables_reply(out, s, facts, (int)replies[class].code,
		replies[class].detail, replies[class].text);

	if (reply == NULL)
		return STAGE_NEEDS;
	reply->log = replies[class].log;
	return STAGE_DONE;
}

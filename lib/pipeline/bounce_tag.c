/*
 * bounce_tag.c - the stage "bounce verification": bounces of our own mail
 *
 * Spec delivery-admin 1.12, receiving 1.2 (S7). Where mail leaves with a tag
 * in its envelope sender, its bounces come back to that tag. It is taken off
 * before anything else looks at the recipient. A bounce, which has the null
 * sender, is refused or marked when its recipient has none that is valid;
 * any other mail to a tag of ours is delivered however old that is.
 *
 * Not refused: what clients may relay, whose recipients are others' users;
 * what comes by QMQP, from programs of ours; addresses that are too long to
 * have had a tag.
 */
#include "mail/prvs.h"
#include "pipeline/stages.h"

static bool verifies(const struct subject *);
static void refuse(const struct subject *, enum bounce_tag, struct stage_out *);
static void note_tag(
    const struct subject *, struct str to, struct str text, struct stage_out *);

enum stage_answer
bounce_tag_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	const struct fact_answer *a;
	bool verify = verifies(s), tagged;
	struct prvs p = { .bare = s->rcpt };
	enum bounce_tag tag;

	tagged = prvs_split(s->rcpt, &p, out->mem);
	if (listener_is_qmqp(s->listener) || (!tagged && !verify))
		return STAGE_DONE;
	a = fact_find(facts, FACT_BOUNCE_TAG, s->rcpt);
	if (a == NULL)
		return stage_needs(out, FACT_BOUNCE_TAG, s->rcpt);
	if (a->meta.state != FACT_KNOWN) {
		note_tag(s, s->rcpt, STR("cannot be said now"), out);
		stage_reply(out, 451, "4.3.0", false,
		    "Bounce verification is not possible now, try later");
		return STAGE_DONE;
	}
	tag = (enum bounce_tag)a->number;
	if (tag == BOUNCE_TAG_GOOD || (tag == BOUNCE_TAG_OLD && !verify)) {
		stage_effect(out, EFFECT_REWRITE)->addr = p.bare;
		note_tag(s, p.bare, STR(""), out);
	} else if (verify && tag != BOUNCE_NO_KEYS) {
		refuse(s, tag, out);
	}
	return STAGE_DONE;
}

bool
bounce_header_wanted(const struct subject *s)
{
	return s->invalid_bounce && s->config->bounce_header;
}

/* AT_WORK: before the filters, which may look for it. */
enum stage_answer
bounce_header_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct effect *e;

	(void)facts;
	if (!bounce_header_wanted(s))
		return STAGE_DONE;
	e = stage_effect(out, EFFECT_HEADER);
	e->header.text = str_of(arena_printf(out->mem, "%.*s: %.*s\r\n%.*s",
	    STR_ARG(s->config->bounce_header_name),
	    STR_ARG(s->config->bounce_header_value), STR_ARG(s->header)));
	e->header.kept = s->header.n;
	return STAGE_DONE;
}

/* Is it a bounce that must have a tag? */
static bool
verifies(const struct subject *s)
{
	if (s->sender.n > 0 || !s->config->bounce_tags || s->behaviour == RELAY)
		return false;
	return prvs_begins(s->rcpt) ||
	       (prvs_may(s->rcpt) && !s->policy->p.untagged_bounces);
}

static void
refuse(const struct subject *s, enum bounce_tag tag, struct stage_out *out)
{
	note_tag(
	    s, s->rcpt, str_of(fact_value_name(FACT_BOUNCE_TAG, tag)), out);
	if (s->config->bounce_header)
		stage_effect(out, EFFECT_INVALID_BOUNCE);
	else
		stage_reply(out, 550, "5.7.1", false,
		    "invalid bounce: bounce verification failed");
}

static void
note_tag(const struct subject *s, struct str to, struct str text,
    struct stage_out *out)
{
	struct note *n = stage_note(out, NOTE_BOUNCE_TAG);

	n->from = s->rcpt;
	n->to = to;
	n->text = text;
}

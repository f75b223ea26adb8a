/*
 * work_virus.c - the stage "anti-virus" (W8)
 *
 * Spec workqueue 6. The whole message is scanned first; only when something
 * is found each of its parts, so that those that are infected can be dropped
 * (no engine here repairs a file). What then counts is the worst that is
 * left: infected, unscannable, encrypted, repaired.
 */
#include <inttypes.h>

#include "mail/edit.h"
#include "pipeline/work_services.h"

/* Better one first. */
enum verdict { V_CLEAN, V_REPAIRED, V_ENCRYPTED, V_UNSCANNABLE, V_INFECTED };

static const struct virus_settings *settings_of(const struct work *);
static bool skipped(
    const struct work *, const struct virus_settings *, enum virus_outcome *);
static enum work_answer ask_parts(struct work *, struct needs *);
static enum verdict class_of(const struct fact_answer *);
static enum verdict repair(
    struct work *, const struct virus_settings *, enum verdict);
static bool drop_part(
    struct work *, const struct mime_part *, struct str virus);
static void mark(struct work *, const struct virus_settings *, enum verdict,
    const struct fact_answer *);
static void dispose(struct work *, const struct virus_settings *, enum verdict);

unsigned
virus_wants(const struct work *w)
{
	bool wants = w->origin->config->work.virus.engine != VIRUS_OFF &&
		     !(w->skip & SKIP_VIRUS) &&
		     policy_may_want(w, POLICY_VIRUS);

	return wants ? FILTER_HEADER | FILTER_BODY : 0;
}

enum work_answer
virus_decide(struct work *w, struct needs *needs)
{
	const struct virus_settings *s = settings_of(w);
	struct str key = work_key(w, -1);
	const struct fact_answer *a;
	enum virus_outcome outcome;
	enum verdict v;

	if (skipped(w, s, &outcome)) {
		work_note(w, WN_VIRUS)->number = outcome;
		return WORK_DONE;
	}
	a = fact_find(w->facts, FACT_VIRUS, key);
	if (a == NULL) {
		fact_need(needs, FACT_VIRUS, key);
		return WORK_NEEDS;
	}
	v = class_of(a);
	if (v == V_INFECTED && (s->repair || s->drop_infected)) {
		if (ask_parts(w, needs) == WORK_NEEDS)
			return WORK_NEEDS;
		v = repair(w, s, v);
	}
	mark(w, s, v, a);
	if (v != V_CLEAN)
		dispose(w, s, v);
	return WORK_DONE;
}

static const struct virus_settings *
settings_of(const struct work *w)
{
	const struct work_origin *o = w->origin;
	const struct mail_policy *p =
	    config_mail_policy(o->config, o->direction, w->mail_policy);

	return p == NULL ? NULL
			 : config_policy_virus(o->config, o->direction, p);
}

static bool
skipped(const struct work *w, const struct virus_settings *s,
    enum virus_outcome *outcome)
{
	if (w->skip & SKIP_VIRUS)
		*outcome = w->skip & SKIP_VIRUS_BY_POLICY
			       ? VIRUS_SKIPPED_BY_FLOW
			       : VIRUS_SKIPPED_BY_FILTER;
	else if (s == NULL)
		*outcome = VIRUS_NOT_ENABLED;
	else
		return false;
	return true;
}

static enum work_answer
ask_parts(struct work *w, struct needs *needs)
{
	const struct mime *mime = mime_of(&w->msg, w->mem);
	const struct mime_part *p = NULL;
	enum work_answer answer = WORK_DONE;

	while ((p = mime_next_leaf(mime, p)) != NULL) {
		struct str key = work_key(w, (int)p->index);

		if (fact_find(w->facts, FACT_VIRUS, key) != NULL)
			continue;
		fact_need(needs, FACT_VIRUS, key);
		answer = WORK_NEEDS;
	}
	return answer;
}

static enum verdict
class_of(const struct fact_answer *a)
{
	static const enum verdict classes[] = { [VIRUS_CLEAN] = V_CLEAN,
		[VIRUS_FOUND] = V_INFECTED,
		[VIRUS_LOCKED] = V_ENCRYPTED,
		[VIRUS_UNKNOWN] = V_UNSCANNABLE };

	if (a->meta.state != FACT_KNOWN || a->number > VIRUS_UNKNOWN)
		return V_UNSCANNABLE;
	return classes[a->number];
}

/* Drops the infected parts, from the last one on: then those before keep
 * their places. What is found in the whole but in no part stays there. */
static enum verdict
repair(struct work *w, const struct virus_settings *s, enum verdict whole)
{
	const struct mime *mime = mime_of(&w->msg, w->mem);
	enum verdict left = V_REPAIRED;
	const struct fact_answer **of =
	    arena_array(w->mem, mime->n, sizeof(struct fact_answer *));
	const struct mime_part *p = NULL;
	size_t dropped = 0, n = mime->n;

	while ((p = mime_next_leaf(mime, p)) != NULL)
		of[p->index] =
		    fact_find(w->facts, FACT_VIRUS, work_key(w, (int)p->index));
	for (size_t i = n; i-- > 0;) {
		enum verdict v = of[i] == NULL ? V_CLEAN : class_of(of[i]);

		if (v == V_INFECTED) {
			mime = mime_of(&w->msg, w->mem);
			if (i < mime->n &&
			    drop_part(w, &mime->parts[i], of[i]->text))
				dropped++;
			else
				left = V_INFECTED;
		} else if (v > left) {
			left = v;
		}
	}
	if (dropped > 0)
		work_note(w, WN_REWRITTEN)->text = STR("antivirus");
	return dropped > 0 && s->repair ? left : whole;
}

static bool
drop_part(struct work *w, const struct mime_part *p, struct str virus)
{
	struct str name = p->name.n > 0 ? p->name : STR("without a name");
	struct str text = str_of(arena_printf(w->mem,
	    "The attachment %.*s (%.*s/%.*s) was removed because it contained "
	    "%.*s.\n",
	    (int)name.n, name.p, (int)p->type.n, p->type.p, (int)p->subtype.n,
	    p->subtype.p, (int)virus.n, virus.p));

	edit_replace_part(&w->msg, p, text, w->mem);
	return true;
}

static void
mark(struct work *w, const struct virus_settings *s, enum verdict v,
    const struct fact_answer *a)
{
	static const struct {
		enum virus_outcome outcome;
		const char *word;
	} rows[] = { [V_CLEAN] = { VIRUS_IS_CLEAN, "clean" },
		[V_REPAIRED] = { VIRUS_IS_REPAIRED, "repaired" },
		[V_ENCRYPTED] = { VIRUS_IS_ENCRYPTED, "encrypted" },
		[V_UNSCANNABLE] = { VIRUS_IS_UNSCANNABLE, "unscannable" },
		[V_INFECTED] = { VIRUS_IS_INFECTED, "infected" } };
	static const struct virus_fact nobody = { .engine = STR("none"),
		.ms = 0 };
	const struct virus_fact *f = a->detail == NULL ? &nobody : a->detail;
	struct work_note *n = work_note(w, WN_VIRUS);

	n->number = rows[v].outcome;
	n->name = f->engine;
	n->text = a->text;
	n->score = f->ms;
	if (!s->header)
		return;
	service_header(w, "AV",
	    str_of(arena_printf(w->mem,
		"engine=\"%.*s\"; verdict=%s; virus=\"%.*s\"; scan=%" PRIu32,
		(int)f->engine.n, f->engine.p, rows[v].word,
		v == V_CLEAN ? 0 : (int)a->text.n, a->text.p, f->ms)));
}

static void
dispose(struct work *w, const struct virus_settings *s, enum verdict v)
{
	static const enum virus_class classes[] = { [V_REPAIRED] =
							VIRUS_REPAIRED,
		[V_ENCRYPTED] = VIRUS_ENCRYPTED,
		[V_UNSCANNABLE] = VIRUS_UNSCANNABLE,
		[V_INFECTED] = VIRUS_INFECTED };
	const struct verdict_action *a = &s->on[classes[v]];
	const struct text_resource *t;
	struct str text = STR("The attached message was found to contain "
			      "something harmful, or could not be scanned.\n");

	service_action(w, a, "antivirus", STR("antivirus"));
	if (service_ends(w, a->disposition, "antivirus"))
		return;
	if (a->disposition == DISPOSE_QUARANTINE)
		work_hold(w, (struct work_hold){ .quarantine = STR("Virus"),
				 .reason = STR("antivirus") });
	if (a->disposition != DISPOSE_ATTACHMENT)
		return;
	t = config_text(w->origin->config, s->container);
	edit_wrap(&w->msg, t != NULL ? t->text : text, w->mem);
	work_note(w, WN_REWRITTEN)->text = STR("antivirus");
}

/*
 * work_virus.c - the stage "anti-virus" (W8)
 *
 * Spec workqueue 6. The whole message is scanned first; only when something
 * is found each of its parts, so that those that are infected can be dropped
 * (no engine here repairs a file). What then counts is the worst that is
 * left: infected, unscannable, encrypted, repaired.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "mail/edit.h"
#include "pipeline/work_services.h"

/* Better one first. */
enum verdict { V_CLEAN, V_REPAIRED, V_ENCRYPTED, V_UNSCANNABLE, V_INFECTED };

/* What is known of a message, while it is dealt with. */
struct scan {
	struct work *w;
	const struct virus_settings *settings;
	const struct fact_answer *whole;
	enum verdict verdict;
	struct msg original; /* as it came here */
	struct virus_found found;
};

static const struct virus_settings *settings_of(const struct work *);
static bool skipped(
    const struct work *, const struct virus_settings *, enum virus_outcome *);
static enum work_answer ask_parts(struct work *, struct needs *);
static enum verdict class_of(const struct fact_answer *);
static void repair(struct scan *);
static bool drop_part(
    struct work *, const struct mime_part *, struct str virus);
static void note_part(
    struct scan *, const struct mime_part *, const struct fact_answer *);
static void note_dropped(
    struct scan *, const struct mime_part *, struct str virus);
static void add(struct scan *, enum virus_text, struct str, const char *sep);
static void note_whole(struct scan *);
static void mark(struct scan *);
static void dispose(struct scan *);

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
	struct scan scan;

	if (skipped(w, s, &outcome)) {
		work_note(w, WN_VIRUS)->number = outcome;
		return WORK_DONE;
	}
	a = fact_find(w->facts, FACT_VIRUS, key);
	if (a == NULL) {
		fact_need(needs, FACT_VIRUS, key);
		return WORK_NEEDS;
	}
	scan = (struct scan){ .w = w,
		.settings = s,
		.whole = a,
		.verdict = class_of(a),
		.original = w->msg };
	if (scan.verdict == V_INFECTED && (s->repair || s->drop_infected)) {
		if (ask_parts(w, needs) == WORK_NEEDS)
			return WORK_NEEDS;
		repair(&scan);
	}
	note_whole(&scan);
	if (scan.verdict == V_CLEAN)
		mark(&scan);
	else
		dispose(&scan);
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
static void
repair(struct scan *s)
{
	struct work *w = s->w;
	const struct mime *mime = mime_of(&w->msg, w->mem);
	enum verdict left = V_REPAIRED;
	const struct fact_answer **of =
	    arena_array(w->mem, mime->n, sizeof(struct fact_answer *));
	const struct mime_part *p = NULL;
	size_t dropped = 0, n = mime->n;

	while ((p = mime_next_leaf(mime, p)) != NULL) {
		of[p->index] =
		    fact_find(w->facts, FACT_VIRUS, work_key(w, (int)p->index));
		note_part(s, p, of[p->index]);
	}
	for (size_t i = n; i-- > 0;) {
		enum verdict v = of[i] == NULL ? V_CLEAN : class_of(of[i]);

		if (v != V_INFECTED) {
			left = v > left ? v : left;
			continue;
		}
		mime = mime_of(&w->msg, w->mem);
		if (i < mime->n && drop_part(w, &mime->parts[i], of[i]->text)) {
			note_dropped(s, &mime->parts[i], of[i]->text);
			dropped++;
		} else {
			left = V_INFECTED;
		}
	}
	if (dropped == 0)
		return;
	work_note(w, WN_REWRITTEN)->text = STR("antivirus");
	if (s->settings->repair) {
		s->verdict = left;
		s->found.classes |= 1u << VIRUS_REPAIRED;
	}
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

/* --- what is told of it --- */

static struct str
part_name(struct work *w, const struct mime_part *p)
{
	struct str name = p->name.n > 0 ? p->name : STR("without a name");

	return str_of(arena_printf(w->mem, "%.*s (%.*s/%.*s)", STR_ARG(name),
	    STR_ARG(p->type), STR_ARG(p->subtype)));
}

static void
note_part(
    struct scan *s, const struct mime_part *p, const struct fact_answer *a)
{
	static const struct {
		enum virus_text parts;
		enum virus_class class;
	} rows[] = {
		[V_ENCRYPTED] = { VIRUS_ENCRYPTED_PARTS, VIRUS_ENCRYPTED },
		[V_UNSCANNABLE] = { VIRUS_UNSCANNABLE_PARTS,
		    VIRUS_UNSCANNABLE },
		[V_INFECTED] = { VIRUS_INFECTED_PARTS, VIRUS_INFECTED },
	};
	enum verdict v = a == NULL ? V_CLEAN : class_of(a);
	struct str name;

	if (v == V_CLEAN)
		return;
	name = part_name(s->w, p);
	add(s, rows[v].parts, name, ", ");
	if (v == V_INFECTED)
		add(s, VIRUS_TABLE,
		    str_of(arena_printf(s->w->mem, "%.*s: %.*s", STR_ARG(name),
			STR_ARG(a->text))),
		    "\n");
	else
		s->found.classes |= 1u << rows[v].class;
}

static void
note_dropped(struct scan *s, const struct mime_part *p, struct str virus)
{
	struct str name = part_name(s->w, p);

	add(s, VIRUS_DROPPED_PARTS, name, ", ");
	add(s, VIRUS_DROPPED_NAMES, virus, ", ");
	add(s, VIRUS_DROPPED_TABLE,
	    str_of(arena_printf(
		s->w->mem, "%.*s: %.*s", STR_ARG(name), STR_ARG(virus))),
	    "\n");
}

#define TOLD_MAX 16384 /* of one text: a message may have many parts */

static void
add(struct scan *s, enum virus_text which, struct str what, const char *sep)
{
	struct str *t = &s->found.report.text[which];

	if (t->n + what.n < TOLD_MAX)
		*t = str_of(arena_printf(s->w->mem, "%.*s%s%.*s", STR_ARG(*t),
		    t->n > 0 ? sep : "", STR_ARG(what)));
}

static const struct {
	enum virus_outcome outcome;
	enum virus_class class;
	const char *word;
} classes[] = { [V_CLEAN] = { VIRUS_IS_CLEAN, 0, "clean" },
	[V_REPAIRED] = { VIRUS_IS_REPAIRED, VIRUS_REPAIRED, "repaired" },
	[V_ENCRYPTED] = { VIRUS_IS_ENCRYPTED, VIRUS_ENCRYPTED, "encrypted" },
	[V_UNSCANNABLE] = { VIRUS_IS_UNSCANNABLE, VIRUS_UNSCANNABLE,
	    "unscannable" },
	[V_INFECTED] = { VIRUS_IS_INFECTED, VIRUS_INFECTED, "infected" } };

static void
note_whole(struct scan *s)
{
	bool found = class_of(s->whole) == V_INFECTED;

	if (s->verdict == V_CLEAN)
		return;
	s->found.worst = classes[s->verdict].class;
	s->found.classes |= 1u << s->found.worst;
	if (found)
		add(s, VIRUS_NAMES, s->whole->text, "");
	for (size_t i = NELEM(classes); i-- > V_REPAIRED;)
		if (s->found.classes & (1u << classes[i].class))
			add(s, VIRUS_VERDICT, str_of(classes[i].word), ", ");
}

/* --- what becomes of it --- */

static void
mark(struct scan *s)
{
	static const struct virus_fact nobody = { .engine = STR("none"),
		.ms = 0 };
	const struct fact_answer *a = s->whole;
	const struct virus_fact *f = a->detail == NULL ? &nobody : a->detail;
	struct work_note *n = work_note(s->w, WN_VIRUS);

	n->number = classes[s->verdict].outcome;
	n->name = f->engine;
	n->text = a->text;
	n->score = f->ms;
	if (!s->settings->header)
		return;
	service_header(s->w, "AV",
	    str_of(arena_printf(s->w->mem,
		"engine=\"%.*s\"; verdict=%s; virus=\"%.*s\"; scan=%" PRIu32,
		STR_ARG(f->engine), classes[s->verdict].word,
		s->verdict == V_CLEAN ? 0 : (int)a->text.n, a->text.p, f->ms)));
}

/* What is wrapped goes as it is; all that is said about it stands around. */
static void
dispose(struct scan *s)
{
	const struct verdict_action *a = &s->settings->on[s->found.worst];
	bool wrap = a->disposition == DISPOSE_ATTACHMENT;
	struct work *w = s->w;

	if (wrap)
		edit_wrap(&w->msg, virus_container(w, s->settings, &s->found),
		    w->mem);
	mark(s);
	if (wrap)
		work_note(w, WN_REWRITTEN)->text = STR("antivirus");
	virus_notify(w, s->settings, &s->found, &s->original);
	service_action(w, a, "antivirus", &s->original);
	if (service_ends(w, a->disposition, "antivirus"))
		return;
	if (a->disposition == DISPOSE_QUARANTINE)
		work_hold(w, (struct work_hold){ .quarantine = STR("Virus"),
				 .reason = STR("antivirus") });
}

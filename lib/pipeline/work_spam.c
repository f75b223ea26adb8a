/*
 * work_spam.c - the stage "anti-spam" (W7)
 *
 * Spec workqueue 5. The engine's score becomes one of 0 to 100, so that the
 * thresholds of a policy mean the same with every engine (5.4); what the
 * policy makes of it is decided here and nowhere else.
 */
#include <inttypes.h>

#include "pipeline/work_services.h"

#define SUSPECT_AT  SPAM_SCORE_SUSPECT
#define POSITIVE_AT SPAM_SCORE_POSITIVE

static const struct spam_settings *settings_of(const struct work *);
static bool skipped(
    const struct work *, const struct spam_settings *, enum spam_outcome *);
static int normal_score(const struct spam_fact *);
static void judge(
    struct work *, const struct spam_settings *, const struct spam_fact *);
static void mark(
    struct work *, enum spam_outcome, int score, const struct spam_fact *);
static void listed(struct work *);
static void unscanned(struct work *);
static void dispose(
    struct work *, const struct verdict_action *, const struct msg *original);

unsigned
spam_wants(const struct work *w)
{
	bool wants = w->origin->config->work.spam.engine != SPAM_OFF &&
		     !(w->skip & SKIP_SPAM) && policy_may_want(w, POLICY_SPAM);

	return wants ? FILTER_HEADER | FILTER_BODY : 0;
}

enum work_answer
spam_decide(struct work *w, struct needs *needs)
{
	const struct spam_settings *s = settings_of(w);
	struct str key = work_key(w, -1);
	const struct fact_answer *a;
	enum spam_outcome outcome;

	if (skipped(w, s, &outcome)) {
		work_note(w, WN_SPAM)->number = outcome;
		return WORK_DONE;
	}
	if (w->listed.what != LISTED_NOT) {
		listed(w);
		return WORK_DONE;
	}
	a = fact_find(w->facts, FACT_SPAM, key);
	if (a == NULL) {
		fact_need(needs, FACT_SPAM, key);
		return WORK_NEEDS;
	}
	if (a->meta.state != FACT_KNOWN || a->detail == NULL)
		unscanned(w);
	else
		judge(w, s, a->detail);
	return WORK_DONE;
}

/* The recipients have said it themselves (5.3). */
static void
listed(struct work *w)
{
	const struct config *c = w->origin->config;
	const struct verdict_action a = { .disposition = c->blocklist_action };
	bool safe = w->listed.what == LISTED_SAFE;
	struct work_note *n = work_note(w, WN_SPAM);
	enum disposition d;

	n->number = safe ? SPAM_SAFELISTED : SPAM_BLOCKLISTED;
	n->name = STR("SLBL");
	n->text = w->listed.item;
	n->where = w->listed.where;
	if (safe)
		return;
	d = config_spam_disposition(c, &a);
	if (service_ends(w, d, "blocklist") || d != DISPOSE_QUARANTINE)
		return;
	w->spam_tagged = true;
	work_note(w, WN_SPAM_TAGGED);
}

static void
unscanned(struct work *w)
{
	static const char *const names[] = {
		[SPAM_SPAMD] = "SpamAssassin", [SPAM_RSPAMD] = "rspamd"
	};
	const struct scanner *s = &w->origin->config->work.spam;
	int64_t age = w->origin->now - w->facts->now;
	struct work_note *n = work_note(w, WN_SPAM);

	n->number = SPAM_UNSCANNED;
	n->name = str_of(names[s->engine]);
	if (!s->requeue || age >= WORK_LATER_MAX)
		return;
	n->number = SPAM_LATER;
	w->end = WORK_LATER;
}

static const struct spam_settings *
settings_of(const struct work *w)
{
	const struct work_origin *o = w->origin;
	const struct mail_policy *p =
	    config_mail_policy(o->config, o->direction, w->mail_policy);

	return p == NULL ? NULL
			 : config_policy_spam(o->config, o->direction, p);
}

static bool
skipped(const struct work *w, const struct spam_settings *s,
    enum spam_outcome *outcome)
{
	if (w->skip & SKIP_SPAM)
		*outcome = w->skip & SKIP_BY_POLICY ? SPAM_SKIPPED_BY_FLOW
						    : SPAM_SKIPPED_BY_FILTER;
	else if (s == NULL)
		*outcome = SPAM_NOT_ENABLED;
	else if (service_too_large(w, &w->origin->config->work.spam))
		*outcome = SPAM_SKIPPED_SIZE;
	else
		return false;
	return true;
}

/* Spec 5.4: two straight lines through the engine's own thresholds. */
static int
normal_score(const struct spam_fact *f)
{
	int64_t s = f->raw, a = f->suspect, b = f->positive;
	int64_t n;

	if (s <= 0)
		return 0;
	if (s < a)
		return (int)(SUSPECT_AT * s / a);
	if (s < b)
		return (int)(SUSPECT_AT +
			     (POSITIVE_AT - SUSPECT_AT) * (s - a) / (b - a));
	n = b > 0 ? POSITIVE_AT + (100 - POSITIVE_AT) * (s - b) / b : 100;
	return n > 100 ? 100 : (int)n;
}

static void
judge(struct work *w, const struct spam_settings *s, const struct spam_fact *f)
{
	int score = normal_score(f);
	const struct verdict_action *a = NULL;
	enum spam_outcome outcome = SPAM_NEGATIVE;
	struct msg original = w->msg;

	if (!f->skipped && score >= (int)s->positive) {
		outcome = SPAM_IS_POSITIVE;
		a = &s->on_positive;
	} else if (!f->skipped && s->on_suspected.enabled &&
		   score >= (int)s->suspected) {
		outcome = SPAM_SUSPECT;
		a = &s->on_suspected;
	}
	mark(w, outcome, score, f);
	if (a != NULL)
		dispose(w, a, &original);
}

static void
mark(struct work *w, enum spam_outcome outcome, int score,
    const struct spam_fact *f)
{
	static const char *const words[] = { [SPAM_NEGATIVE] = "negative",
		[SPAM_SUSPECT] = "suspect",
		[SPAM_IS_POSITIVE] = "positive" };
	char raw[32], of[32];
	struct work_note *n = work_note(w, WN_SPAM);

	n->number = outcome;
	n->score = score;
	n->name = str_of(f->engine);
	n->text = f->tests;
	service_header(w, "Anti-Spam-Filtered", STR("true"));
	service_header(w, "Anti-Spam",
	    str_of(arena_printf(w->mem,
		"engine=%s; verdict=%s; score=%d; raw=%s/%s; tests=%.*s",
		f->engine, words[outcome], score, service_score(f->raw, raw),
		service_score(f->suspect, of), (int)f->tests.n, f->tests.p)));
}

static void
dispose(
    struct work *w, const struct verdict_action *a, const struct msg *original)
{
	enum disposition d = config_spam_disposition(w->origin->config, a);

	service_action(w, a, "antispam", original);
	if (service_ends(w, d, "antispam"))
		return;
	/* Another host was named: it wins (1.2). */
	if (d == DISPOSE_QUARANTINE && a->alt_host.n == 0) {
		w->spam_tagged = true;
		work_note(w, WN_SPAM_TAGGED);
	}
}

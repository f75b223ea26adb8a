/*
 * hat.c - the stage "host access table": which policy rules this client?
 *
 * Spec receiving 4.2, 4.3. Groups from top to bottom; the first that matches
 * and does not say CONTINUE decides. Within a group any entry will do, and
 * the one reported is the first in the order of ranks. So an entry whose fact
 * is not known yet stops the search unless one of a better rank, or earlier
 * of the same rank, has matched: the answer never depends on what happens to
 * be known.
 */
#include "base/err.h"
#include "pipeline/stages.h"

enum test { MISS, MATCH, NEEDS };

struct verdict { /* of one group */
	enum test test;
	const struct hat_entry *entry; /* MATCH */
	enum fact_id needs;
};

static struct verdict match_group(
    const struct subject *, const struct facts *, const struct hat_group *);
static int rank(enum hat_entry_kind);
static enum test match_entry(const struct hat_entry *, const struct subject *,
    const struct facts *, enum fact_id *needs);
static enum test match_host(const struct hat_entry *, const struct facts *);
static enum test match_score(
    const struct hat_entry *, const struct subject *, const struct facts *);
static enum test match_country(const struct hat_entry *, const struct facts *);
static void note_match(struct stage_out *, enum note_kind,
    const struct hat_group *, const struct hat_entry *);
static void note_host(struct stage_out *, const struct facts *);

enum stage_answer
hat_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	const struct hat *hat = &s->listener->hat;

	note_host(out, facts);
	for (size_t i = 0; i < hat->n_groups; i++) {
		const struct hat_group *g = &hat->groups[i];
		struct verdict v = match_group(s, facts, g);

		if (v.test == NEEDS) {
			return stage_needs(out, v.needs, STR(""));
		}
		if (v.test == MISS)
			continue;
		if (g->policy->behaviour == CONTINUE) {
			note_match(out, NOTE_HAT_PASSED, g, v.entry);
			continue;
		}
		note_match(out, NOTE_HAT_MATCH, g, v.entry);
		stage_effect(out, EFFECT_POLICY)->policy.group = g;
		out->effects[out->n_effects - 1].policy.entry = v.entry;
		out->effects[out->n_effects - 1].policy.policy = g->policy;
		return STAGE_DONE;
	}
	panic("host access table without ALL");
}

static struct verdict
match_group(const struct subject *s, const struct facts *facts,
    const struct hat_group *g)
{
	struct verdict best = { .test = MISS };
	int best_rank = 5;

	for (size_t i = 0; i < g->n_entries && best_rank > 0; i++) {
		const struct hat_entry *e = &g->entries[i];
		enum fact_id needs = FACT_N;
		enum test t;

		if (rank(e->kind) >= best_rank)
			continue;
		t = match_entry(e, s, facts, &needs);
		if (t == MISS)
			continue;
		best = (struct verdict){ t, e, needs };
		best_rank = rank(e->kind);
	}
	return best;
}

/* Spec receiving 4.2: which of a group's matching entries is reported. */
static int
rank(enum hat_entry_kind kind)
{
	switch (kind) {
	case HAT_SCORE:
	case HAT_SCORE_NONE:
		return 1;
	case HAT_DNSLIST:
		return 2;
	case HAT_HOST_CLASS:
		return 3;
	case HAT_COUNTRY:
		return 4;
	default:
		return 0;
	}
}

static enum test
match_entry(const struct hat_entry *e, const struct subject *s,
    const struct facts *facts, enum fact_id *needs)
{
	switch (e->kind) {
	case HAT_ALL:
		return MATCH;
	case HAT_RANGE:
		return ip_range_has(&e->range, &facts->client) ? MATCH : MISS;
	case HAT_HOST:
	case HAT_DOMAIN:
	case HAT_HOST_CLASS:
		*needs = FACT_HOST;
		return match_host(e, facts);
	case HAT_SCORE:
	case HAT_SCORE_NONE:
		*needs = FACT_REPUTATION;
		return match_score(e, s, facts);
	case HAT_OWNER:
		*needs = FACT_OWNER;
		if (fact_is_open(facts, FACT_OWNER))
			return NEEDS;
		/* 0: known to belong to nobody */
		return facts->meta[FACT_OWNER].state == FACT_KNOWN &&
			       facts->owner != 0 && facts->owner == e->owner
			   ? MATCH
			   : MISS;
	case HAT_COUNTRY:
		*needs = FACT_COUNTRY;
		return match_country(e, facts);
	case HAT_DNSLIST:
		return MISS; /* no answer: not listed */
	}
	panic("host access table entry of kind %d", e->kind);
}

/* A look-up that could not be made at all is one that failed. */
static enum test
match_host(const struct hat_entry *e, const struct facts *facts)
{
	enum host_class class = facts->host_class;
	bool match;

	if (fact_is_open(facts, FACT_HOST))
		return NEEDS;
	if (facts->meta[FACT_HOST].state == FACT_FAILED)
		class = HOST_SERVFAIL;
	if (e->kind == HAT_HOST_CLASS)
		match = e->host_class == (int)class;
	else if (class != HOST_VERIFIED)
		match = false;
	else if (e->kind == HAT_HOST)
		match = str_eq_nocase(facts->host, e->name);
	else
		match = facts->host.n > e->name.n &&
			str_ends_nocase(facts->host, e->name);
	return match ? MATCH : MISS;
}

/* A score that is known counts. It is not asked for where the listener does
 * not use scores, nor for private addresses, which have none (10.1). */
static enum test
match_score(const struct hat_entry *e, const struct subject *s,
    const struct facts *facts)
{
	const struct fact *meta = &facts->meta[FACT_REPUTATION];
	int64_t score = REPUTATION_NONE;

	if (meta->state == FACT_KNOWN)
		score = facts->reputation;
	else if (meta->state == FACT_UNKNOWN && s->listener->reputation &&
		 !ip_is_private(&facts->client))
		return NEEDS;
	if (e->kind == HAT_SCORE_NONE)
		return score == REPUTATION_NONE ? MATCH : MISS;
	return score != REPUTATION_NONE && score >= e->score.lo &&
		       score <= e->score.hi
		   ? MATCH
		   : MISS;
}

/* The name of the entry: XX,YY. */
static enum test
match_country(const struct hat_entry *e, const struct facts *facts)
{
	struct str list = e->name;

	if (fact_is_open(facts, FACT_COUNTRY))
		return NEEDS;
	if (facts->meta[FACT_COUNTRY].state != FACT_KNOWN ||
	    facts->country[0] == '\0')
		return MISS;
	while (list.n > 0) {
		if (str_is_nocase(str_cut(&list, ','), facts->country))
			return MATCH;
	}
	return MISS;
}

static void
note_match(struct stage_out *out, enum note_kind kind,
    const struct hat_group *g, const struct hat_entry *e)
{
	struct note *note = stage_note(out, kind);

	note->where = e->where;
	note->group = g;
	note->entry = e;
	note->policy = g->policy;
}

static void
note_host(struct stage_out *out, const struct facts *facts)
{
	struct note *note;

	if (facts->meta[FACT_HOST].state != FACT_KNOWN)
		return;
	note = stage_note(out, NOTE_HOST);
	note->from = facts->host;
	note->text = str_of(host_class_name(facts->host_class));
}

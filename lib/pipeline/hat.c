/*
 * hat.c - the stage "host access table": which policy rules this client?
 *
 * Spec receiving 4.2, 4.3. Groups from top to bottom; the first that matches
 * and does not say CONTINUE decides. Within a group any entry will do, and
 * the one reported is the first in the order of ranks. So an entry whose fact
 * is not known yet stops the search unless one of a better rank, or earlier
 * of the same rank, has matched: the answer never depends on what happens to
 * be known.
 *
 * The table is not walked. Its index (config/hat_index.h) has lists of those
 * entries that fit the client, or that cannot be judged yet, in the order of
 * a walk; of all lists together the first entry is where it would stop.
 */
#include "base/err.h"
#include "config/hat_index.h"
#include "pipeline/stages.h"

/* Each zone is a list at most, and each other question a few. */
#define LISTS_MAX                                                              \
	(HAT_ADDRESS_LISTS + HAT_NAME_LISTS + HAT_SCORE_LISTS +                \
	    HAT_ZONES_MAX + 4)

struct candidates {
	struct span_list list;
	bool open; /* cannot be judged: need says why */
	struct need need;
};

struct search {
	const struct hat_index *index;
	struct candidates lists[LISTS_MAX];
	size_t n;
};

static void gather(
    struct search *, const struct subject *, const struct facts *);
static void gather_host(struct search *, const struct facts *);
static void gather_score(
    struct search *, const struct subject *, const struct facts *);
static void gather_owner(struct search *, const struct facts *);
static void gather_country(struct search *, const struct facts *);
static void gather_zones(struct search *, const struct facts *);
static void add(struct search *, struct span_list);
static void add_open(
    struct search *, struct span_list, enum fact_id, struct str key);
static const struct candidates *next(struct search *, uint32_t from);
static void skip(struct span_list *, uint32_t from);
static void note_match(struct stage_out *, enum note_kind,
    const struct hat_group *, const struct hat_entry *);
static void note_host(struct stage_out *, const struct facts *);

enum stage_answer
hat_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct search search;
	const struct candidates *c;
	uint32_t from = 0;

	note_host(out, facts);
	search.index = s->listener->hat.index;
	search.n = 0;
	gather(&search, s, facts);
	while ((c = next(&search, from)) != NULL) {
		struct hat_found at =
		    hat_index_entry(search.index, c->list.v[0]);
		struct effect *e;

		if (c->open)
			return stage_needs(out, c->need.id, c->need.key);
		if (at.group->policy->behaviour == CONTINUE) {
			note_match(out, NOTE_HAT_PASSED, at.group, at.entry);
			from = at.next_group;
			continue;
		}
		note_match(out, NOTE_HAT_MATCH, at.group, at.entry);
		e = stage_effect(out, EFFECT_POLICY);
		e->policy.group = at.group;
		e->policy.entry = at.entry;
		e->policy.policy = at.group->policy;
		return STAGE_DONE;
	}
	panic("host access table without ALL");
}

static void
gather(
    struct search *search, const struct subject *s, const struct facts *facts)
{
	struct span_list found[HAT_ADDRESS_LISTS];
	size_t n = hat_index_address(search->index, &facts->client, found);

	for (size_t i = 0; i < n; i++)
		add(search, found[i]);
	gather_host(search, facts);
	gather_score(search, s, facts);
	gather_owner(search, facts);
	gather_country(search, facts);
	gather_zones(search, facts);
	add(search, hat_index_all(search->index));
}

/* A look-up that could not be made at all is one that failed. */
static void
gather_host(struct search *search, const struct facts *facts)
{
	struct span_list found[HAT_NAME_LISTS];
	enum host_class class = facts->host_class;
	size_t n = 0;

	if (fact_is_open(facts, FACT_HOST)) {
		add_open(search, hat_index_asks(search->index, FACT_HOST),
		    FACT_HOST, STR(""));
		return;
	}
	if (facts->meta[FACT_HOST].state == FACT_FAILED)
		class = HOST_SERVFAIL;
	if (class == HOST_VERIFIED)
		n = hat_index_name(search->index, facts->host, found);
	for (size_t i = 0; i < n; i++)
		add(search, found[i]);
	add(search, hat_index_class(search->index, class));
}

/* A score that is known counts. It is not asked for where the listener does
 * not use scores, nor for private addresses, which have none (10.1). */
static void
gather_score(
    struct search *search, const struct subject *s, const struct facts *facts)
{
	const struct fact *meta = &facts->meta[FACT_REPUTATION];
	struct span_list found[HAT_SCORE_LISTS];
	int64_t score = REPUTATION_NONE;
	size_t n;

	if (meta->state == FACT_KNOWN) {
		score = facts->reputation;
	} else if (meta->state == FACT_UNKNOWN && s->listener->reputation &&
		   !ip_is_private(&facts->client)) {
		add_open(search, hat_index_asks(search->index, FACT_REPUTATION),
		    FACT_REPUTATION, STR(""));
		return;
	}
	n = hat_index_score(search->index, score, found);
	for (size_t i = 0; i < n; i++)
		add(search, found[i]);
}

/* 0: known to belong to nobody */
static void
gather_owner(struct search *search, const struct facts *facts)
{
	if (fact_is_open(facts, FACT_OWNER))
		add_open(search, hat_index_asks(search->index, FACT_OWNER),
		    FACT_OWNER, STR(""));
	else if (facts->meta[FACT_OWNER].state == FACT_KNOWN &&
		 facts->owner != 0)
		add(search, hat_index_owner(search->index, facts->owner));
}

static void
gather_country(struct search *search, const struct facts *facts)
{
	if (fact_is_open(facts, FACT_COUNTRY))
		add_open(search, hat_index_asks(search->index, FACT_COUNTRY),
		    FACT_COUNTRY, STR(""));
	else if (facts->meta[FACT_COUNTRY].state == FACT_KNOWN)
		add(search, hat_index_country(search->index, facts->country));
}

/* Whoever cannot be asked lists nobody: failures are ignored (4.2). */
static void
gather_zones(struct search *search, const struct facts *facts)
{
	const struct str *zones;
	size_t n = hat_index_zones(search->index, &zones);

	for (size_t i = 0; i < n; i++) {
		struct span_list list = hat_index_zone(search->index, i);
		const struct fact_answer *a =
		    fact_find(facts, FACT_DNSLIST, zones[i]);

		if (a == NULL)
			add_open(search, list, FACT_DNSLIST, zones[i]);
		else if (a->meta.state == FACT_KNOWN && a->number == LIST_HAS)
			add(search, list);
	}
}

static void
add(struct search *search, struct span_list list)
{
	add_open(search, list, FACT_N, STR(""));
}

static void
add_open(struct search *search, struct span_list list, enum fact_id id,
    struct str key)
{
	if (list.n > 0)
		search->lists[search->n++] =
		    (struct candidates){ list, id != FACT_N, { id, key } };
}

/* Whose first entry is the first, at from or behind it; NULL: none. */
static const struct candidates *
next(struct search *search, uint32_t from)
{
	struct candidates *best = NULL;

	for (size_t i = 0; i < search->n; i++) {
		struct candidates *c = &search->lists[i];

		skip(&c->list, from);
		if (c->list.n > 0 &&
		    (best == NULL || c->list.v[0] < best->list.v[0]))
			best = c;
	}
	return best;
}

/* Cuts off what stands before from. */
static void
skip(struct span_list *list, uint32_t from)
{
	size_t lo = 0, hi = list->n;

	if (hi == 0 || list->v[0] >= from)
		return;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (list->v[mid] < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	list->v += lo;
	list->n -= lo;
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

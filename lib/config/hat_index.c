/*
 * hat_index.c - which entries of a host access table fit a client
 *
 * Addresses: the ends of all ranges cut the address space into segments; the
 * ranges are spans of these (span.h), IPv4 and IPv6 apart. Scores are spans
 * of 201 tenths and "none". Names, owners, countries and zones are hashed.
 * Each list is filled in two passes over the entries in their order: one
 * counts, one notes.
 */
#include "config/hat_index.h"

#include <stdlib.h>

#include "base/bounds.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/segment.h"

#define SCORES     202 /* -10.0 to 10.0 in tenths, and none */
#define SCORE_NONE 201

struct place {
	uint32_t group, entry;
};

struct list { /* n counts, then v is there and is filled */
	uint32_t *v;
	size_t n;
};

struct family {
	struct segments segments;
	struct spans spans;
};

struct hat_index {
	const struct hat *hat;
	struct arena mem;
	struct place *places; /* by order */
	size_t n;
	uint32_t *groups; /* order of the first entry; one more at the end */
	struct family families[2]; /* [1]: IPv4 */
	struct spans scores;
	struct map names, owners, countries; /* struct list */
	struct list classes[HOST_NOT_CONFIRMED + 1];
	struct list asks[FACT_KEYED];
	struct list all;
	struct str zones[HAT_ZONES_MAX];
	struct list zone_lists[HAT_ZONES_MAX];
	size_t n_zones;
};

static void place_entries(struct hat_index *);
static void place_rank(
    struct hat_index *, const struct hat_group *, size_t group, int rank);
static void cut_addresses(struct hat_index *);
static void note_entries(struct hat_index *, bool count);
static void note_entry(
    struct hat_index *, const struct hat_entry *, uint32_t order, bool count);
static void note_range(
    struct hat_index *, const struct ip_range *, uint32_t order, bool count);
static void note_span(
    struct spans *, size_t first, size_t last, uint32_t order, bool count);
static void note_countries(
    struct hat_index *, struct str codes, uint32_t order, bool count);
static void note(struct hat_index *, struct list *, uint32_t order, bool count);
static struct list *name_list(struct hat_index *, struct map *, struct str);
static struct list *owner_list(struct hat_index *, uint64_t owner);
static struct list *zone_list(struct hat_index *, struct str zone);
static struct span_list view(const struct list *);

struct hat_index *
hat_index_new(const struct hat *hat)
{
	struct hat_index *x = mem_alloc(sizeof(*x));

	x->hat = hat;
	arena_init(&x->mem, SIZE_MAX / 4);
	map_init(&x->names);
	map_init(&x->owners);
	map_init(&x->countries);
	place_entries(x);
	cut_addresses(x);
	spans_init(&x->scores, SCORES, &x->mem);
	note_entries(x, true);
	for (size_t i = 0; i < NELEM(x->families); i++)
		spans_ready(&x->families[i].spans, &x->mem);
	spans_ready(&x->scores, &x->mem);
	note_entries(x, false);
	return x;
}

void
hat_index_free(struct hat_index **xp)
{
	struct hat_index *x = *xp;

	*xp = NULL;
	if (x == NULL)
		return;
	map_fini(&x->names, NULL);
	map_fini(&x->owners, NULL);
	map_fini(&x->countries, NULL);
	arena_free(&x->mem);
	free(x);
}

int
hat_entry_rank(enum hat_entry_kind kind)
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

struct hat_found
hat_index_entry(const struct hat_index *x, uint32_t order)
{
	struct place at = x->places[order];
	const struct hat_group *g = &x->hat->groups[at.group];

	return (struct hat_found){ g, &g->entries[at.entry],
		x->groups[at.group + 1] };
}

size_t
hat_index_address(const struct hat_index *x, const struct ip *ip,
    struct span_list out[HAT_ADDRESS_LISTS])
{
	const struct family *f = &x->families[ip_is_v4(ip)];
	size_t at;

	return segments_find(&f->segments, ip, &at)
		   ? spans_at(&f->spans, at, out)
		   : 0;
}

/* What is longer than a name may be can still end in a domain. */
size_t
hat_index_name(const struct hat_index *x, struct str name,
    struct span_list out[HAT_NAME_LISTS])
{
	char lower[DOMAIN_MAX + 2];
	size_t cut = name.n > DOMAIN_MAX + 1 ? name.n - DOMAIN_MAX - 1 : 0;
	struct str tail = str_sub(name, cut, name.n);
	size_t n = 0;

	if (x->names.n == 0)
		return 0;
	str_copy(lower, sizeof(lower), tail);
	str_lower(lower);
	for (size_t i = 0; i < tail.n && n < HAT_NAME_LISTS; i++) {
		const struct list *l;

		/* the whole, or from a dot on that is not the first byte */
		if (cut + i > 0 && lower[i] != '.')
			continue;
		if (i == 0 && lower[0] == '.' && cut == 0)
			continue;
		l = map_get(&x->names, (struct str){ lower + i, tail.n - i });
		if (l != NULL)
			out[n++] = view(l);
	}
	return n;
}

struct span_list
hat_index_class(const struct hat_index *x, enum host_class class)
{
	return view(&x->classes[class]);
}

size_t
hat_index_score(const struct hat_index *x, int64_t score,
    struct span_list out[HAT_SCORE_LISTS])
{
	if (score == REPUTATION_NONE)
		return spans_at(&x->scores, SCORE_NONE, out);
	if (score < -100 || score > 100)
		return 0;
	return spans_at(&x->scores, (size_t)(score + 100), out);
}

struct span_list
hat_index_owner(const struct hat_index *x, uint64_t owner)
{
	return view(map_get_u64(&x->owners, owner));
}

struct span_list
hat_index_country(const struct hat_index *x, const char *code)
{
	char upper[4];

	str_copy(upper, sizeof(upper), str_of(code));
	for (char *p = upper; *p != '\0'; p++) {
		if (*p >= 'a' && *p <= 'z')
			*p -= 0x20;
	}
	return view(map_get(&x->countries, str_of(upper)));
}

struct span_list
hat_index_all(const struct hat_index *x)
{
	return view(&x->all);
}

struct span_list
hat_index_asks(const struct hat_index *x, enum fact_id id)
{
	return view(&x->asks[id]);
}

size_t
hat_index_zones(const struct hat_index *x, const struct str **zones)
{
	*zones = x->zones;
	return x->n_zones;
}

struct span_list
hat_index_zone(const struct hat_index *x, size_t i)
{
	return view(&x->zone_lists[i]);
}

static void
place_entries(struct hat_index *x)
{
	const struct hat *hat = x->hat;
	size_t total = 0;

	for (size_t i = 0; i < hat->n_groups; i++)
		total += hat->groups[i].n_entries;
	if (total > UINT32_MAX / 64)
		panic("host access table of %zu entries", total);
	x->places = arena_array(&x->mem, total, sizeof(*x->places));
	x->groups = arena_array(&x->mem, hat->n_groups + 1, sizeof(*x->groups));
	for (size_t i = 0; i < hat->n_groups; i++) {
		const struct hat_group *g = &hat->groups[i];

		x->groups[i] = (uint32_t)x->n;
		for (int rank = 0; rank < HAT_RANKS; rank++)
			place_rank(x, g, i, rank);
	}
	x->groups[hat->n_groups] = (uint32_t)x->n;
}

static void
place_rank(
    struct hat_index *x, const struct hat_group *g, size_t group, int rank)
{
	for (size_t i = 0; i < g->n_entries; i++) {
		if (hat_entry_rank(g->entries[i].kind) == rank)
			x->places[x->n++] =
			    (struct place){ (uint32_t)group, (uint32_t)i };
	}
}

static void
cut_addresses(struct hat_index *x)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct hat_entry *e =
		    hat_index_entry(x, (uint32_t)i).entry;

		if (e->kind == HAT_RANGE)
			segments_add(
			    &x->families[ip_is_v4(&e->range.lo)].segments,
			    &e->range);
	}
	for (size_t i = 0; i < NELEM(x->families); i++) {
		struct family *f = &x->families[i];

		segments_ready(&f->segments, &x->mem);
		spans_init(&f->spans, f->segments.n, &x->mem);
	}
}

static void
note_entries(struct hat_index *x, bool count)
{
	for (size_t i = 0; i < x->n; i++) {
		uint32_t order = (uint32_t)i;

		note_entry(x, hat_index_entry(x, order).entry, order, count);
	}
}

static void
note_entry(
    struct hat_index *x, const struct hat_entry *e, uint32_t order, bool count)
{
	switch (e->kind) {
	case HAT_ALL:
		note(x, &x->all, order, count);
		break;
	case HAT_RANGE:
		note_range(x, &e->range, order, count);
		break;
	case HAT_HOST:
	case HAT_DOMAIN:
		note(x, name_list(x, &x->names, e->name), order, count);
		note(x, &x->asks[FACT_HOST], order, count);
		break;
	case HAT_HOST_CLASS:
		note(x, &x->classes[e->host_class], order, count);
		note(x, &x->asks[FACT_HOST], order, count);
		break;
	case HAT_SCORE:
		note_span(&x->scores, (size_t)(e->score.lo + 100),
		    (size_t)(e->score.hi + 100), order, count);
		note(x, &x->asks[FACT_REPUTATION], order, count);
		break;
	case HAT_SCORE_NONE:
		note_span(&x->scores, SCORE_NONE, SCORE_NONE, order, count);
		note(x, &x->asks[FACT_REPUTATION], order, count);
		break;
	case HAT_OWNER:
		note(x, owner_list(x, e->owner), order, count);
		note(x, &x->asks[FACT_OWNER], order, count);
		break;
	case HAT_COUNTRY:
		note_countries(x, e->name, order, count);
		note(x, &x->asks[FACT_COUNTRY], order, count);
		break;
	case HAT_DNSLIST:
		note(x, zone_list(x, e->name), order, count);
		break;
	}
}

static void
note_range(
    struct hat_index *x, const struct ip_range *r, uint32_t order, bool count)
{
	struct family *f = &x->families[ip_is_v4(&r->lo)];
	size_t first = 0, last = 0;

	segments_find(&f->segments, &r->lo, &first);
	segments_find(&f->segments, &r->hi, &last);
	note_span(&f->spans, first, last, order, count);
}

static void
note_span(
    struct spans *s, size_t first, size_t last, uint32_t order, bool count)
{
	if (count)
		spans_count(s, first, last);
	else
		spans_note(s, first, last, order);
}

/* XX,YY; a code that comes twice is noted twice, which does no harm. */
static void
note_countries(
    struct hat_index *x, struct str codes, uint32_t order, bool count)
{
	while (codes.n > 0) {
		struct str code = str_cut(&codes, ',');

		note(x, name_list(x, &x->countries, code), order, count);
	}
}

static void
note(struct hat_index *x, struct list *l, uint32_t order, bool count)
{
	if (count) {
		l->n++;
		return;
	}
	if (l->v == NULL) {
		l->v = arena_array(&x->mem, l->n, sizeof(*l->v));
		l->n = 0;
	}
	l->v[l->n++] = order;
}

static struct list *
name_list(struct hat_index *x, struct map *map, struct str name)
{
	struct list *l = map_get(map, name);

	if (l == NULL) {
		l = arena_alloc(&x->mem, sizeof(*l));
		map_put(map, name, l);
	}
	return l;
}

static struct list *
owner_list(struct hat_index *x, uint64_t owner)
{
	struct list *l = map_get_u64(&x->owners, owner);

	if (l == NULL) {
		l = arena_alloc(&x->mem, sizeof(*l));
		map_put_u64(&x->owners, owner, l);
	}
	return l;
}

static struct list *
zone_list(struct hat_index *x, struct str zone)
{
	size_t i = 0;

	while (i < x->n_zones && !str_eq(x->zones[i], zone))
		i++;
	if (i == HAT_ZONES_MAX)
		panic("host access table with more than %d DNS lists",
		    HAT_ZONES_MAX);
	if (i == x->n_zones)
		x->zones[x->n_zones++] = zone;
	return &x->zone_lists[i];
}

static struct span_list
view(const struct list *l)
{
	return l != NULL ? (struct span_list){ l->v, l->n }
			 : (struct span_list){ NULL, 0 };
}

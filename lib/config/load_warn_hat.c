/*
 * load_warn_hat.c - entries that groups before them leave nothing for
 *
 * From top to bottom, what the groups so far decide is marked with the group:
 * segments of the address space, tenths of scores, and keys. An entry is
 * never reached when all that it stands for is marked. Groups that say
 * CONTINUE decide nothing. Ranges that lie in several groups together are
 * found too; the marks of segments are skipped in one step, so that a long
 * table takes no longer than sorting it.
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "config/load_warn.h"
#include "config/segment.h"
#include "fact/facts.h"

#define SCORES     202 /* tenths of -10.0 to 10.0, and none */
#define SCORE_NONE 201

struct family {
	struct segments segments;
	const struct hat_group **by; /* of each segment; NULL: nobody's yet */
	size_t *next; /* at or behind it the first that may be nobody's */
};

struct marks {
	struct arena mem;
	struct family families[2]; /* [1]: IPv4 */
	struct map keys;           /* names, owners, countries, lists */
	const struct hat_group *scores[SCORES];
	const struct hat_group *classes[HOST_NOT_CONFIRMED + 1];
};

static void cut(struct marks *, const struct hat *);
static void check_group(
    struct load *, struct marks *, const struct hat_group *);
static const struct hat_group *taken_by(
    struct marks *, const struct hat_entry *);
static const struct hat_group *range_by(
    struct marks *, const struct ip_range *);
static const struct hat_group *scores_by(struct marks *, int lo, int hi);
static const struct hat_group *name_by(struct marks *, struct str name);
static const struct hat_group *countries_by(struct marks *, struct str codes);
static void mark(
    struct marks *, const struct hat_entry *, const struct hat_group *);
static void mark_range(
    struct marks *, const struct ip_range *, const struct hat_group *);
static void mark_key(struct marks *, struct str, const struct hat_group *);
static struct str owner_key(struct marks *, uint64_t owner);
static struct str country_key(struct marks *, struct str code);
static struct str zone_key(struct marks *, struct str zone);
static bool all_addresses(struct marks *);
static size_t skip(struct family *, size_t from);
static void warn_group(
    struct load *, const struct hat_group *, const struct hat_group *by);
static void warn_entry(
    struct load *, const struct hat_entry *, const struct hat_group *by);
static struct str name_of(const struct hat_group *);

void
load_warn_hat(struct load *ld, const struct listener *l)
{
	struct marks *m = mem_alloc(sizeof(*m));
	const struct hat *hat = &l->hat;

	arena_init(&m->mem, SIZE_MAX / 4);
	map_init(&m->keys);
	cut(m, hat);
	for (size_t i = 0; i < hat->n_groups; i++) {
		const struct hat_group *g = &hat->groups[i];

		if (all_addresses(m)) {
			load_warning_where(ld, &g->where,
			    "%.*s and what follows it is never reached: the "
			    "groups before take every address there is; "
			    "remove it, or put it before them",
			    STR_ARG(name_of(g)));
			break;
		}
		check_group(ld, m, g);
		for (size_t k = 0;
		     g->policy->behaviour != CONTINUE && k < g->n_entries; k++)
			mark(m, &g->entries[k], g);
	}
	map_fini(&m->keys, NULL);
	arena_free(&m->mem);
	free(m);
}

static void
cut(struct marks *m, const struct hat *hat)
{
	for (size_t i = 0; i < hat->n_groups; i++) {
		for (size_t k = 0; k < hat->groups[i].n_entries; k++) {
			const struct hat_entry *e = &hat->groups[i].entries[k];

			if (e->kind == HAT_RANGE)
				segments_add(
				    &m->families[ip_is_v4(&e->range.lo)]
					 .segments,
				    &e->range);
		}
	}
	for (size_t i = 0; i < NELEM(m->families); i++) {
		struct family *f = &m->families[i];
		size_t n;

		segments_ready(&f->segments, &m->mem);
		n = f->segments.n;
		f->by = arena_array(&m->mem, n + 1, sizeof(*f->by));
		f->next = arena_array(&m->mem, n + 1, sizeof(*f->next));
		for (size_t k = 0; k <= n; k++)
			f->next[k] = k;
	}
}

static void
check_group(struct load *ld, struct marks *m, const struct hat_group *g)
{
	const struct hat_group *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < g->n_entries; i++) {
		const struct hat_group *by = taken_by(m, &g->entries[i]);

		if (by != NULL)
			n++;
		if (first == NULL)
			first = by;
	}
	if (n == 0)
		return;
	if (n == g->n_entries) {
		warn_group(ld, g, first);
		return;
	}
	for (size_t i = 0; i < g->n_entries; i++) {
		const struct hat_group *by = taken_by(m, &g->entries[i]);

		if (by != NULL)
			warn_entry(ld, &g->entries[i], by);
	}
}

/* --- what is marked --- */

/* Of several groups that take parts of it, one. NULL: something is left. */
static const struct hat_group *
taken_by(struct marks *m, const struct hat_entry *e)
{
	switch (e->kind) {
	case HAT_ALL:
		return NULL;
	case HAT_RANGE:
		return range_by(m, &e->range);
	case HAT_HOST:
	case HAT_DOMAIN:
		return name_by(m, e->name);
	case HAT_HOST_CLASS:
		return m->classes[e->host_class];
	case HAT_SCORE:
		return scores_by(m, e->score.lo + 100, e->score.hi + 100);
	case HAT_SCORE_NONE:
		return m->scores[SCORE_NONE];
	case HAT_OWNER:
		return map_get(&m->keys, owner_key(m, e->owner));
	case HAT_DNSLIST:
		return map_get(&m->keys, zone_key(m, e->name));
	case HAT_COUNTRY:
		return countries_by(m, e->name);
	}
	return NULL;
}

static const struct hat_group *
range_by(struct marks *m, const struct ip_range *r)
{
	struct family *f = &m->families[ip_is_v4(&r->lo)];
	size_t first = 0, last = 0;

	segments_find(&f->segments, &r->lo, &first);
	segments_find(&f->segments, &r->hi, &last);
	return skip(f, first) > last ? f->by[first] : NULL;
}

static const struct hat_group *
scores_by(struct marks *m, int lo, int hi)
{
	for (int i = lo; i <= hi; i++) {
		if (m->scores[i] == NULL)
			return NULL;
	}
	return m->scores[lo];
}

/* The name, or a domain that it is in. */
static const struct hat_group *
name_by(struct marks *m, struct str name)
{
	const struct hat_group *by = map_get(&m->keys, name);

	for (size_t i = 1; i < name.n && by == NULL; i++) {
		if (name.p[i] == '.')
			by = map_get(&m->keys, str_sub(name, i, name.n));
	}
	return by;
}

static const struct hat_group *
countries_by(struct marks *m, struct str codes)
{
	const struct hat_group *by = NULL;

	while (codes.n > 0) {
		by = map_get(&m->keys, country_key(m, str_cut(&codes, ',')));
		if (by == NULL)
			return NULL;
	}
	return by;
}

/* Of addresses alone: whoever connects has one. */
static bool
all_addresses(struct marks *m)
{
	static const struct ip_range whole[2] = {
		{ .hi = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } } },
		{ .lo = { { [10] = 0xff, 0xff } },
		    .hi = { { [10] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } } },
	};

	for (size_t i = 0; i < NELEM(m->families); i++) {
		struct family *f = &m->families[i];
		size_t first, last;

		if (!segments_find(&f->segments, &whole[i].lo, &first) ||
		    !segments_find(&f->segments, &whole[i].hi, &last) ||
		    skip(f, first) <= last)
			return false;
	}
	return true;
}

/* --- marking --- */

static void
mark(struct marks *m, const struct hat_entry *e, const struct hat_group *g)
{
	struct str codes;

	switch (e->kind) {
	case HAT_ALL:
		break;
	case HAT_RANGE:
		mark_range(m, &e->range, g);
		break;
	case HAT_HOST:
	case HAT_DOMAIN:
		mark_key(m, e->name, g);
		break;
	case HAT_HOST_CLASS:
		m->classes[e->host_class] = g;
		break;
	case HAT_SCORE:
		for (int i = e->score.lo + 100; i <= e->score.hi + 100; i++) {
			if (m->scores[i] == NULL)
				m->scores[i] = g;
		}
		break;
	case HAT_SCORE_NONE:
		m->scores[SCORE_NONE] = g;
		break;
	case HAT_OWNER:
		mark_key(m, owner_key(m, e->owner), g);
		break;
	case HAT_DNSLIST:
		mark_key(m, zone_key(m, e->name), g);
		break;
	case HAT_COUNTRY:
		for (codes = e->name; codes.n > 0;)
			mark_key(m, country_key(m, str_cut(&codes, ',')), g);
		break;
	}
}

static void
mark_range(struct marks *m, const struct ip_range *r, const struct hat_group *g)
{
	struct family *f = &m->families[ip_is_v4(&r->lo)];
	size_t first = 0, last = 0;

	segments_find(&f->segments, &r->lo, &first);
	segments_find(&f->segments, &r->hi, &last);
	for (size_t i = skip(f, first); i <= last; i = skip(f, i)) {
		f->by[i] = g;
		f->next[i] = i + 1;
	}
}

static void
mark_key(struct marks *m, struct str key, const struct hat_group *g)
{
	if (map_get(&m->keys, key) == NULL)
		map_put(&m->keys, key, (void *)g);
}

/* Names have no colon, so these are not mistaken for one. */
static struct str
owner_key(struct marks *m, uint64_t owner)
{
	return str_of(
	    arena_printf(&m->mem, "owner:%llu", (unsigned long long)owner));
}

static struct str
country_key(struct marks *m, struct str code)
{
	return str_of(arena_printf(&m->mem, "country:%.*s", STR_ARG(code)));
}

static struct str
zone_key(struct marks *m, struct str zone)
{
	return str_of(arena_printf(&m->mem, "dnslist:%.*s", STR_ARG(zone)));
}

/* The first segment from there on that is nobody's; whoever walked points
 * further ahead for the next one. */
static size_t
skip(struct family *f, size_t from)
{
	size_t end = from;

	while (f->next[end] != end)
		end = f->next[end];
	while (f->next[from] != end && from != end) {
		size_t step = f->next[from];

		f->next[from] = end;
		from = step;
	}
	return end;
}

/* --- saying it --- */

static void
warn_group(
    struct load *ld, const struct hat_group *g, const struct hat_group *by)
{
	if (g->name.n == 0) {
		warn_entry(ld, &g->entries[0], by);
		return;
	}
	load_warning_where(ld, &g->where,
	    "sender group %.*s is never reached: groups before it, such as "
	    "%.*s in line %d, take all that it lists; put it before them, or "
	    "remove it",
	    STR_ARG(g->name), STR_ARG(name_of(by)), by->where.line);
}

static void
warn_entry(
    struct load *ld, const struct hat_entry *e, const struct hat_group *by)
{
	load_warning_where(ld, &e->where,
	    "%.*s is never reached: %.*s in line %d stands before it and "
	    "takes it; put this one first, or remove it",
	    STR_ARG(e->text), STR_ARG(name_of(by)), by->where.line);
}

static struct str
name_of(const struct hat_group *g)
{
	if (g->name.n > 0 || g->n_entries == 0)
		return g->name;
	return g->entries[0].text;
}

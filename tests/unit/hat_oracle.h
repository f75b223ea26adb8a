/*
 * hat_oracle.h - host and recipient access tables read from top to bottom
 *
 * What the indexes must agree with: nothing here is fast, all of it can be
 * held against spec receiving 4.2, 4.3 and 5.2 line by line.
 */
#ifndef UNIT_HAT_ORACLE_H
#define UNIT_HAT_ORACLE_H

#include "config/hat_index.h"
#include "pipeline/stage.h"

enum oracle_test { ORACLE_MISS, ORACLE_MATCH, ORACLE_NEEDS };

struct oracle_answer {
	enum oracle_test test;
	const struct hat_group *group; /* MATCH: the one that decides */
	const struct hat_entry *entry;
	struct need need; /* NEEDS */
	size_t passed;    /* CONTINUE groups before */
};

static inline enum oracle_test
oracle_host(const struct hat_entry *e, const struct facts *f)
{
	enum host_class class = f->host_class;

	if (fact_is_open(f, FACT_HOST))
		return ORACLE_NEEDS;
	if (f->meta[FACT_HOST].state == FACT_FAILED)
		class = HOST_SERVFAIL;
	if (e->kind == HAT_HOST_CLASS)
		return e->host_class == (int)class ? ORACLE_MATCH : ORACLE_MISS;
	if (class != HOST_VERIFIED)
		return ORACLE_MISS;
	if (e->kind == HAT_HOST)
		return str_eq_nocase(f->host, e->name) ? ORACLE_MATCH
						       : ORACLE_MISS;
	return f->host.n > e->name.n && str_ends_nocase(f->host, e->name)
		   ? ORACLE_MATCH
		   : ORACLE_MISS;
}

static inline enum oracle_test
oracle_score(
    const struct hat_entry *e, const struct listener *l, const struct facts *f)
{
	int64_t score = REPUTATION_NONE;

	if (f->meta[FACT_REPUTATION].state == FACT_KNOWN)
		score = f->reputation;
	else if (fact_is_open(f, FACT_REPUTATION) && l->reputation &&
		 !ip_is_private(&f->client))
		return ORACLE_NEEDS;
	if (e->kind == HAT_SCORE_NONE)
		return score == REPUTATION_NONE ? ORACLE_MATCH : ORACLE_MISS;
	return score != REPUTATION_NONE && score >= e->score.lo &&
		       score <= e->score.hi
		   ? ORACLE_MATCH
		   : ORACLE_MISS;
}

static inline enum oracle_test
oracle_country(const struct hat_entry *e, const struct facts *f)
{
	struct str list = e->name;

	if (fact_is_open(f, FACT_COUNTRY))
		return ORACLE_NEEDS;
	if (f->meta[FACT_COUNTRY].state != FACT_KNOWN || *f->country == '\0')
		return ORACLE_MISS;
	while (list.n > 0) {
		if (str_is_nocase(str_cut(&list, ','), f->country))
			return ORACLE_MATCH;
	}
	return ORACLE_MISS;
}

static inline enum oracle_test
oracle_zone(const struct hat_entry *e, const struct facts *f)
{
	const struct fact_answer *a = fact_find(f, FACT_DNSLIST, e->name);

	if (a == NULL)
		return ORACLE_NEEDS;
	return a->meta.state == FACT_KNOWN && a->number == 1 ? ORACLE_MATCH
							     : ORACLE_MISS;
}

static inline enum oracle_test
oracle_entry(const struct hat_entry *e, const struct listener *l,
    const struct facts *f, struct need *need)
{
	need->key = STR("");
	switch (e->kind) {
	case HAT_ALL:
		return ORACLE_MATCH;
	case HAT_RANGE:
		return ip_range_has(&e->range, &f->client) ? ORACLE_MATCH
							   : ORACLE_MISS;
	case HAT_HOST:
	case HAT_DOMAIN:
	case HAT_HOST_CLASS:
		need->id = FACT_HOST;
		return oracle_host(e, f);
	case HAT_SCORE:
	case HAT_SCORE_NONE:
		need->id = FACT_REPUTATION;
		return oracle_score(e, l, f);
	case HAT_OWNER:
		need->id = FACT_OWNER;
		if (fact_is_open(f, FACT_OWNER))
			return ORACLE_NEEDS;
		return f->meta[FACT_OWNER].state == FACT_KNOWN &&
			       f->owner != 0 && f->owner == e->owner
			   ? ORACLE_MATCH
			   : ORACLE_MISS;
	case HAT_COUNTRY:
		need->id = FACT_COUNTRY;
		return oracle_country(e, f);
	case HAT_DNSLIST:
		need->id = FACT_DNSLIST;
		need->key = e->name;
		return oracle_zone(e, f);
	}
	return ORACLE_MISS;
}

static inline int
oracle_rank(enum hat_entry_kind kind)
{
	return kind == HAT_SCORE || kind == HAT_SCORE_NONE ? 1
	       : kind == HAT_DNSLIST                       ? 2
	       : kind == HAT_HOST_CLASS                    ? 3
	       : kind == HAT_COUNTRY                       ? 4
							   : 0;
}

static inline struct oracle_answer
oracle_group(
    const struct hat_group *g, const struct listener *l, const struct facts *f)
{
	struct oracle_answer best = { .test = ORACLE_MISS };
	int best_rank = 5;

	for (size_t i = 0; i < g->n_entries; i++) {
		const struct hat_entry *e = &g->entries[i];
		struct need need = { FACT_N, STR("") };
		enum oracle_test t = oracle_entry(e, l, f, &need);

		if (t == ORACLE_MISS || oracle_rank(e->kind) >= best_rank)
			continue;
		best = (struct oracle_answer){
			.test = t, .group = g, .entry = e, .need = need
		};
		best_rank = oracle_rank(e->kind);
	}
	return best;
}

static inline struct oracle_answer
oracle_hat(const struct listener *l, const struct facts *f)
{
	size_t passed = 0;

	for (size_t i = 0; i < l->hat.n_groups; i++) {
		struct oracle_answer a = oracle_group(&l->hat.groups[i], l, f);

		if (a.test == ORACLE_MISS)
			continue;
		a.passed = passed;
		if (a.test == ORACLE_NEEDS ||
		    a.group->policy->behaviour != CONTINUE)
			return a;
		passed++;
	}
	return (struct oracle_answer){ .test = ORACLE_MISS };
}

static inline const struct rat_entry *
oracle_rat(
    const struct rat *rat, struct str addr, struct str user, struct str domain)
{
	for (size_t i = 0; i < rat->n; i++) {
		const struct rat_entry *e = &rat->entries[i];
		bool fits = e->kind == RAT_ALL;

		if (e->kind == RAT_DOMAIN)
			fits = str_eq(e->key, domain);
		else if (e->kind == RAT_SUBDOMAIN)
			fits = domain.n > e->key.n &&
			       str_eq(str_sub(domain, domain.n - e->key.n,
					  e->key.n),
				   e->key);
		else if (e->kind == RAT_ADDR)
			fits = str_eq(e->key, addr);
		else if (e->kind == RAT_USER)
			fits =
			    e->key.n == user.n + 1 && str_starts(e->key, user);
		if (fits)
			return e;
	}
	return NULL;
}

#endif

/*
 * load_warn_work.c - of the work queue: what must not be twice, and what
 * loads and is hardly meant
 */
#include <string.h>

#include "base/mem.h"
#include "config/load_work.h"
#include "config/pattern.h"
#include "config/uses.h"

static void warn_table(struct load *, enum direction);
static void warn_policy(
    struct load *, const struct policy_table *, size_t which);
static const struct mail_policy *taker(
    const struct policy_table *, size_t which, const struct policy_member *);
static bool covers(
    const struct policy_member *by, const struct policy_member *);
static bool list_covers(const struct addr_pattern *by, size_t n_by,
    const struct addr_pattern *, size_t n);
static bool pattern_covers(
    const struct addr_pattern *by, const struct addr_pattern *);
static void warn_filter(
    struct load *, const struct policy_table *, const struct content_filter *);
static bool is_enabled(const struct policy_table *, struct str filter);
static void warn_unused(struct load *);
static void warn_text_kinds(struct load *);

static const char *const table_names[] = {
	[INCOMING] = "incoming",
	[OUTGOING] = "outgoing",
};

void
load_check_work(struct load *ld, const struct at *top)
{
	static const char *const maps[] = { "content_filters",
		"mail_policies" };

	load_check_unique(ld, top, "text_resources", "name");
	load_check_unique(ld, top, "dictionaries", "name");
	load_check_unique(ld, top, "quarantines", "name");
	for (size_t i = 0; i < NELEM(maps); i++) {
		struct at map = at_key(top, maps[i]);

		for (size_t k = 0; k < NELEM(table_names); k++)
			load_check_unique(ld, &map, table_names[k], "name");
	}
}

void
load_warn_work(struct load *ld)
{
	for (int dir = 0; dir < DIRECTIONS; dir++)
		warn_table(ld, dir);
	warn_text_kinds(ld);
	warn_unused(ld);
}

static void
warn_table(struct load *ld, enum direction dir)
{
	const struct policy_table *t = &ld->config->work.tables[dir];

	for (size_t i = 0; i + 1 < t->n_policies; i++)
		warn_policy(ld, t, i);
	for (size_t i = 0; i < t->n_filters; i++)
		warn_filter(ld, t, &t->filters[i]);
}

static void
warn_policy(struct load *ld, const struct policy_table *t, size_t which)
{
	const struct mail_policy *p = &t->policies[which], *by = NULL;

	if (p->n_members == 0) {
		load_warning_where(ld, &p->where,
		    "policy \"%.*s\" has no members: it concerns nobody; add "
		    "some, or remove it",
		    STR_ARG(p->name));
		return;
	}
	for (size_t i = 0; i < p->n_members; i++) {
		by = taker(t, which, &p->members[i]);
		if (by == NULL)
			return;
	}
	load_warning_where(ld, &p->where,
	    "policy \"%.*s\" can never match: policies before it, such as "
	    "\"%.*s\" in line %d, take all of its members; put it before "
	    "them, or remove it",
	    STR_ARG(p->name), STR_ARG(by->name), by->where.line);
}

/* A policy before this one that concerns whomever the member does. */
static const struct mail_policy *
taker(const struct policy_table *t, size_t which, const struct policy_member *m)
{
	for (size_t i = 0; i < which; i++) {
		const struct mail_policy *p = &t->policies[i];

		for (size_t k = 0; k < p->n_members; k++)
			if (covers(&p->members[k], m))
				return p;
	}
	return NULL;
}

/*
 * Surely. Whichever address is the sender at some time (spec workqueue 4.4),
 * the policy before is asked with it first.
 */
static bool
covers(const struct policy_member *by, const struct policy_member *m)
{
	bool senders = by->any_sender ||
		       (!by->senders_not && !m->senders_not && !m->any_sender &&
			   list_covers(by->senders, by->n_senders, m->senders,
			       m->n_senders));
	bool rcpts =
	    by->any_rcpt ||
	    (!m->any_rcpt && (!by->all_rcpts || by->n_rcpts == 1) &&
		list_covers(by->rcpts, by->n_rcpts, m->rcpts, m->n_rcpts));

	return senders && rcpts && by->n_not_rcpts == 0;
}

static bool
list_covers(const struct addr_pattern *by, size_t n_by,
    const struct addr_pattern *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t k = 0; !found && k < n_by; k++)
			found = pattern_covers(&by[k], &v[i]);
		if (!found)
			return false;
	}
	return true;
}

static bool
pattern_covers(const struct addr_pattern *by, const struct addr_pattern *p)
{
	if (by->kind == p->kind && str_eq(by->key, p->key))
		return true;
	switch (p->kind) {
	case PATTERN_ADDR:
		return pattern_matches(by, p->key);
	case PATTERN_DOMAIN:
		return by->kind == PATTERN_SUBDOMAIN && p->key.n > by->key.n &&
		       str_ends_nocase(p->key, by->key);
	case PATTERN_SUBDOMAIN:
		return by->kind == PATTERN_SUBDOMAIN &&
		       str_ends_nocase(p->key, by->key);
	case PATTERN_USER:
		break;
	}
	return false;
}

static void
warn_filter(struct load *ld, const struct policy_table *t,
    const struct content_filter *f)
{
	if (!is_enabled(t, f->name))
		load_warning_where(ld, &f->where,
		    "content filter \"%.*s\" is enabled in no policy: it "
		    "never runs; add it to content_filters of one",
		    STR_ARG(f->name));
}

static bool
is_enabled(const struct policy_table *t, struct str filter)
{
	for (size_t i = 0; i < t->n_policies; i++) {
		const struct mail_policy *p = &t->policies[i];

		for (size_t k = 0; k < p->n_filters; k++)
			if (str_eq(p->filters[k], filter))
				return true;
	}
	return false;
}

static void
warn_unused(struct load *ld)
{
	const struct work_config *w = &ld->config->work;
	struct buf users;

	buf_init(&users, 1 << 20);
	for (size_t i = 0; i < w->n_dictionaries; i++) {
		const struct dictionary *d = &w->dictionaries[i];

		buf_reset(&users);
		uses_find(ld->config, "dictionaries", d->name, &users);
		if (users.len == 0)
			load_warning_where(ld, &d->where,
			    "no filter uses the dictionary \"%.*s\"",
			    STR_ARG(d->name));
		else if (d->n_terms == 0)
			load_warning_where(ld, &d->where,
			    "the dictionary \"%.*s\", used by %.*s, is empty: "
			    "it never matches",
			    STR_ARG(d->name), STR_ARG(buf_str(&users)));
	}
	for (size_t i = 0; i < w->n_texts; i++) {
		const struct text_resource *t = &w->texts[i];

		buf_reset(&users);
		uses_find(ld->config, "text_resources", t->name, &users);
		if (users.len == 0)
			load_warning_where(ld, &t->where,
			    "nothing uses the text resource \"%.*s\"",
			    STR_ARG(t->name));
	}
	buf_fini(&users);
}

/* A text of another kind has other variables. */
static void
warn_text_kinds(struct load *ld)
{
	const struct config *c = ld->config;

	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct listener *l = &c->listeners[i];
		const struct str names[] = { l->heading, l->footer };

		for (size_t k = 0; k < NELEM(names); k++) {
			const struct text_resource *t =
			    config_text(c, names[k]);

			if (t != NULL && t->kind != TEXT_DISCLAIMER)
				load_warning_where(ld, &l->where,
				    "\"%.*s\" is no disclaimer: it was made "
				    "for other messages than those of "
				    "listener \"%.*s\"",
				    STR_ARG(t->name), STR_ARG(l->name));
		}
	}
	for (size_t i = 0; i < c->n_bounce_profiles; i++) {
		const struct bounce_profile *p = &c->bounce_profiles[i];
		const struct text_resource *t = config_text(c, p->text);

		if (t != NULL && t->kind != TEXT_BOUNCE)
			load_warning_where(ld, &p->where,
			    "\"%.*s\" was not made for bounces: bounce "
			    "profile \"%.*s\" would replace other variables "
			    "in it",
			    STR_ARG(t->name), STR_ARG(p->name));
	}
}

/*
 * load_warn_rat.c - recipients that an entry before them leaves nothing for
 */
#include "base/map.h"
#include "config/load_warn.h"

static const struct rat_entry *covering(
    const struct map *before, const struct rat_entry *);
static const struct rat_entry *find_suffix(
    const struct map *before, struct str domain);

void
load_warn_rat(struct load *ld, const struct listener *l)
{
	struct map before;

	map_init(&before);
	for (size_t i = 0; i < l->rat.n; i++) {
		struct rat_entry *e = &l->rat.entries[i];
		const struct rat_entry *by = covering(&before, e);

		if (by != NULL)
			load_warning_where(ld, &e->where,
			    "%.*s is never reached: %.*s, in line %d, stands "
			    "before it and takes it; put this one first, or "
			    "remove it",
			    STR_ARG(e->text), STR_ARG(by->text),
			    by->where.line);
		map_put(&before, e->key, e);
	}
	map_fini(&before, NULL);
}

/* The same key twice is another matter (load_rat.c). */
static const struct rat_entry *
covering(const struct map *before, const struct rat_entry *e)
{
	size_t at = str_rfind(e->key, '@');
	struct str domain = str_sub(e->key, at + 1, e->key.n);
	const struct rat_entry *by = NULL;

	switch (e->kind) {
	case RAT_ALL:
	case RAT_USER:
		break;
	case RAT_ADDR:
		by = map_get(before, str_sub(e->key, 0, at + 1));
		if (by == NULL)
			by = map_get(before, domain);
		if (by == NULL)
			by = find_suffix(before, domain);
		break;
	case RAT_DOMAIN:
	case RAT_SUBDOMAIN:
		by = find_suffix(before, e->key);
		break;
	}
	return by;
}

/* .example.com for a.example.com, .a.example.com */
static const struct rat_entry *
find_suffix(const struct map *before, struct str domain)
{
	for (size_t i = 1; i < domain.n; i++) {
		const struct rat_entry *by;

		if (domain.p[i] != '.')
			continue;
		by = map_get(before, str_sub(domain, i, domain.n));
		if (by != NULL)
			return by;
	}
	return NULL;
}

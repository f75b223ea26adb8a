/*
 * rat_index.c - the entry of a recipient access table for an address
 *
 * The kinds of keys cannot be mistaken for each other: user@domain, user@,
 * domain, .domain, and ALL, which alone is in upper case. So one map holds
 * them all, and of the entries that fit the one that stands first is right.
 */
#include "config/rat_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/map.h"
#include "base/mem.h"

static void consider(
    const struct rat *, struct str key, const struct rat_entry **best);

void
rat_index_make(struct rat *rat)
{
	if (rat->n == 0)
		return;
	rat->index = mem_alloc(sizeof(*rat->index));
	map_init(rat->index);
	/* from the end, so that the first of two is what stays */
	for (size_t i = rat->n; i > 0; i--)
		map_put(
		    rat->index, rat->entries[i - 1].key, &rat->entries[i - 1]);
}

void
rat_index_free(struct rat *rat)
{
	if (rat->index != NULL)
		map_fini(rat->index, NULL);
	free(rat->index);
	rat->index = NULL;
}

const struct rat_entry *
rat_index_find(
    const struct rat *rat, struct str addr, struct str user, struct str domain)
{
	const struct rat_entry *best = NULL;
	char name[LOCALPART_MAX + 2];

	if (user.n <= LOCALPART_MAX) {
		str_copy(name, sizeof(name), user);
		name[user.n] = '@';
		consider(rat, (struct str){ name, user.n + 1 }, &best);
	}
	if (domain.n > 0 && domain.p[0] != '.') {
		consider(rat, addr, &best);
		consider(rat, domain, &best);
	}
	for (size_t i = 1; i < domain.n; i++) {
		if (domain.p[i] == '.')
			consider(rat, str_sub(domain, i, domain.n - i), &best);
	}
	consider(rat, STR("ALL"), &best);
	return best;
}

static void
consider(const struct rat *rat, struct str key, const struct rat_entry **best)
{
	const struct rat_entry *e = map_get(rat->index, key);

	if (e != NULL && (*best == NULL || e < *best))
		*best = e;
}

/*
 * hat_approach.c - how bold a public listener trusts reputation scores
 */
#include "config/hat_approach.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"

static const char *const names[HAT_APPROACH_N] = {
	[HAT_CONSERVATIVE] = "conservative",
	[HAT_MODERATE] = "moderate",
	[HAT_AGGRESSIVE] = "aggressive",
};

static const struct {
	const char *group;
	const char *entries[HAT_APPROACH_N][HAT_APPROACH_ENTRIES];
} groups[] = {
	{ "ALLOWLIST", { [HAT_CONSERVATIVE] = { "sbrs[7.0:10.0]" },
			   [HAT_AGGRESSIVE] = { "sbrs[4.0:10.0]" } } },
	{ "BLOCKLIST", { [HAT_CONSERVATIVE] = { "sbrs[-10.0:-4.0]" },
			   [HAT_MODERATE] = { "sbrs[-10.0:-3.0]" },
			   [HAT_AGGRESSIVE] = { "sbrs[-10.0:-2.0]" } } },
	{ "SUSPECTLIST", { [HAT_CONSERVATIVE] = { "sbrs[-4.0:-2.0]" },
			     [HAT_MODERATE] = { "sbrs[-3.0:-1.0]" },
			     [HAT_AGGRESSIVE] = { "sbrs[-2.0:-1.0]" } } },
	{ "UNKNOWNLIST",
	    { [HAT_CONSERVATIVE] = { "sbrs[-2.0:7.0]", "sbrs[none]" },
		[HAT_MODERATE] = { "sbrs[-1.0:10.0]", "sbrs[none]" },
		[HAT_AGGRESSIVE] = { "sbrs[-1.0:4.0]", "sbrs[none]" } } },
};

const char *
hat_approach_name(enum hat_approach approach)
{
	return names[approach];
}

enum hat_approach
hat_approach_of(struct str name)
{
	enum hat_approach a = 0;

	while (a < HAT_APPROACH_N && !str_is_nocase(name, names[a]))
		a++;
	return a;
}

const char *const *
hat_approach_entries(enum hat_approach approach, const char *group)
{
	for (size_t i = 0; i < NELEM(groups); i++) {
		if (strcmp(groups[i].group, group) == 0)
			return groups[i].entries[approach];
	}
	panic("no group %s in the approaches", group);
}

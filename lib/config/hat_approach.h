/*
 * hat_approach.h - how bold a public listener trusts reputation scores
 *
 * Spec receiving 4.4: three sets of entries for the groups that a public
 * listener comes with. A score on a border belongs to the earlier group.
 */
#ifndef CONFIG_HAT_APPROACH_H
#define CONFIG_HAT_APPROACH_H

#include "base/str.h"

enum hat_approach {
	HAT_CONSERVATIVE,
	HAT_MODERATE, /* what a listener has unless it says otherwise */
	HAT_AGGRESSIVE,
	HAT_APPROACH_N
};
#define HAT_APPROACH_ENTRIES 2 /* of one group, at most */

const char *hat_approach_name(enum hat_approach); /* "moderate" */
/* HAT_APPROACH_N: there is none of that name. */
enum hat_approach hat_approach_of(struct str name);
/* Entries of ALLOWLIST, BLOCKLIST, SUSPECTLIST, UNKNOWNLIST as they are
 * written, HAT_APPROACH_ENTRIES of them with NULL for none. */
const char *const *hat_approach_entries(enum hat_approach, const char *group);

#endif

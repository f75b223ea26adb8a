/*
 * pattern.h - patterns of addresses in lists (spec receiving 4.10)
 *
 *	joe@example.com  joe@[192.0.2.1]	that address
 *	joe@					that user in any domain
 *	@example.com  @[192.0.2.1]		that domain
 *	@.example.com				every domain below it
 *
 * Pure; case does not matter.
 */
#ifndef CONFIG_PATTERN_H
#define CONFIG_PATTERN_H

#include "base/arena.h"
#include "config/config.h"

/* False: err says what would be right. where is the caller's to set. */
bool pattern_parse(
    struct addr_pattern *, struct str text, struct arena *mem, struct err *);
bool pattern_matches(const struct addr_pattern *, struct str addr);
/* The first entry that fits; NULL: none. */
const struct addr_pattern *addr_list_find(
    const struct addr_list *, struct str addr);

#endif

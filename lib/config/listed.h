/*
 * listed.h - safelists and blocklists of people (spec workqueue 5.3)
 *
 * A table has a line for each recipient who has lists: what the right side
 * says are items, separated by commas, of which the first that fits a sender
 * counts:
 *
 *	anna@example.com	safe friend@x.test, block x.test, block .y.test
 *
 * A sender is as in address lists (config/pattern.h), or example.com for
 * @example.com, .example.com for @.example.com. Pure.
 */
#ifndef CONFIG_LISTED_H
#define CONFIG_LISTED_H

#include "config/pattern.h"

#define LISTED_MAX 100 /* items of a recipient */

enum listed { LISTED_NOT, LISTED_SAFE, LISTED_BLOCKED };

/* The items as they are stored; n is set to how many. False: err. */
bool listed_canonical(struct str text, struct str *out, size_t *n,
    struct arena *mem, struct err *err);
/* What stored items say of a sender who goes by any of these addresses, and
 * which one of them does. */
enum listed listed_find(struct str items, const struct str *senders, size_t n,
    struct str *item, struct arena *mem);

#endif

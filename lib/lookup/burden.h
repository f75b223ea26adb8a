/*
 * burden.h - whose questions cost time of the processor
 *
 * Answers can be made to cost much more than they did to make, above all
 * signatures that must be checked (threats DNS-07). What has cost time is
 * charged to the domains of all questions that were under way then, since
 * nobody can tell which one it was; innocent ones are under way for moments
 * only, so the one that is charged most is the one. When more has been spent
 * than there is to spend, that domain is not asked about for a while.
 *
 * Domains are those that people register, as far as that shows in the name:
 * example.com, example.co.uk; of addresses their network. Inside lib/lookup.
 */
#ifndef LOOKUP_BURDEN_H
#define LOOKUP_BURDEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define BURDEN_COSTLY 1000    /* us; what takes less is charged to nobody */
#define BURDEN_BURST  2000000 /* us that may be spent at once, */
#define BURDEN_RATE   250     /* and us per ms in the long run */
#define BURDEN_PAUSE  60000   /* ms */

struct burdens;

struct burdens *burdens_new(void);
void burdens_free(struct burdens **); /* NULL is fine */

/* The part of a name that questions are charged to. */
struct str burden_domain(struct str name);

/* It is not asked about at the moment. */
bool burden_is_paused(const struct burdens *, struct str domain, int64_t now);

/*
 * Charges what has cost that many us to these domains (each counts once).
 * True: that was too much, and *paused is not asked about from now on. It is
 * one of the table's own, valid until the next call.
 */
bool burden_charge(struct burdens *, const struct str *domains, size_t n,
    int64_t cost, int64_t now, struct str *paused);

#endif

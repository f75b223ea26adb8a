/*
 * conserve.h - how much clients are held back when something runs short
 *
 * Arithmetic only (delivery-admin 6.2). A pressure is how much of a resource
 * is used, in percent, with the share from which clients are made to wait and
 * the one from which nothing is accepted any more.
 */
#ifndef MASTER_CONSERVE_H
#define MASTER_CONSERVE_H

#include <stddef.h>

#include "event/alert.h"

#define CONSERVE_DELAY_MAX 60  /* s */
#define CONSERVE_HALT      999 /* nothing is accepted */

struct pressure {
	const char *what; /* "memory" */
	double use, start, halt;
	enum alert_id alert; /* when it begins to count */
};

/*
 * 0: none; 1..60: seconds that greeting and MAIL wait; 999. before: what it
 * was; so near a limit it does not go to and fro: 999 ends 3 points below
 * halt, all of it 3 points below start. worst: the one that decided.
 */
unsigned conserve_degree(
    unsigned before, const struct pressure *, size_t n, size_t *worst);

#endif

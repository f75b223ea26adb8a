/*
 * holds.h - how often a passphrase may be guessed
 *
 * After so many failures in a row nobody is judged for a while: of one user
 * at one address (IPv6: /64); at ten times as many, of one user wherever he
 * asks, and of everybody at one address. So who guesses locks out himself
 * first. An address where a user has logged in before is not concerned by
 * what others do in his name elsewhere. Nothing holds for longer than the
 * time that is given; failures that are older than it are forgotten.
 *
 * It counts names that do not exist like others, and has a bounded number of
 * entries: the oldest go first.
 */
#ifndef TLS_HOLDS_H
#define TLS_HOLDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/str.h"

#define HOLDS_ENTRIES 10000
#define HOLDS_WIDE    10 /* times as many failures: all of a name, an address */

struct holds;
struct holds_rule {
	unsigned failures; /* so many in a row, */
	int64_t ms;        /* then for so long; */
	int64_t now;       /* of any clock */
};

struct holds *holds_new(void);
void holds_free(struct holds **);

/* 0: may be judged; else until when not. */
int64_t holds_until(
    const struct holds *, struct str name, const struct ip *, int64_t now);
/* A failure. 0, or until when nobody is judged from now on. */
int64_t holds_failed(struct holds *, struct str name, const struct ip *,
    const struct holds_rule *);
/* A success. */
void holds_right(
    struct holds *, struct str name, const struct ip *, int64_t now);
/* That user may try again, wherever. False: he might before. */
bool holds_clear(struct holds *, struct str name, int64_t now);

#endif

/*
 * prvs.h - the form of addresses that carry a bounce verification tag
 *
 *	joe@example.com  ->  prvs=joe=123ABCDEF0@example.com
 *
 * Three digits are the day of the tag, of a thousand; seven hexadecimal
 * digits vouch for it (tls/tag.h). The form alone says nothing: anybody can
 * write it. Spec delivery-admin 1.12.
 */
#ifndef MAIL_PRVS_H
#define MAIL_PRVS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

#define PRVS_DAYS 1000
#define PRVS_HASH 7 /* hexadecimal digits */

struct prvs {
	struct str bare; /* the address without its tag; in mem */
	unsigned day;    /* 0 to 999 */
	struct str hash; /* PRVS_HASH digits, of either case; a view */
};

/* addr: canonical (mail/addr.h). False: it has no such tag. */
bool prvs_split(struct str addr, struct prvs *, struct arena *mem);

/* Somebody's tag, or what is left of one. */
bool prvs_begins(struct str addr);

/*
 * May it have a tag? Not the null sender, nor ""@example.com; none that begins
 * with "prvs=" already, whoever's tag that is, and none that would become
 * longer than a local part may be (RFC 5321 4.5.3.1.1): it would not be
 * delivered.
 */
bool prvs_may(struct str addr);

/* The address with a tag; hash: PRVS_HASH digits. It must be one that may. */
struct str prvs_join(
    struct str addr, unsigned day, const char *hash, struct arena *mem);

#endif

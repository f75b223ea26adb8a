/*
 * tag.h - the keys of bounce verification: what they sign and vouch for
 *
 *	tag = first digits of HMAC(day key, address in lower case)
 *	day key = HMAC(key, "prvs" and the day, of a thousand)
 *
 * Whoever writes tags is given the key of a day, with which no other day's
 * tags can be made; whoever holds the keys themselves judges the tags that
 * come back. HMAC is of SHA-256. Spec delivery-admin 1.12, mail/prvs.h.
 *
 * The text of a file of keys, one a line, the newest of those without a
 * second time is in use:
 *
 *	2026-11-22T13:00:00Z - the words that are the key
 *	2026-03-01T09:30:00Z 2026-11-22T13:00:00Z an older one, retired then
 *	# a comment
 */
#ifndef TLS_TAG_H
#define TLS_TAG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "fact/facts.h"

#define TAG_KEYS_MAX 100
#define TAG_KEY_MAX  1000 /* bytes of one */
#define TAG_DAY_KEY  32

#define TAG_DAYS       7 /* that a tag counts */
#define TAG_AHEAD_DAYS 1 /* another gateway's clock may go before ours */

struct tag_key {
	int64_t since;   /* wall ms */
	int64_t retired; /* wall ms; 0: in use */
	struct str text; /* a view */
};
struct tag_keys {
	struct tag_key v[TAG_KEYS_MAX];
	size_t n;
};

/* False: err names the line. */
bool tag_keys_parse(struct tag_keys *, struct str text, struct err *);
/* A line of such a file, with its end. */
void tag_keys_line(const struct tag_key *, struct buf *out);
/* The one in use; NULL: none is. */
const struct tag_key *tag_keys_current(const struct tag_keys *);
/* May that be a key: not empty, UTF-8, printable, no blanks at its ends. */
bool tag_key_ok(struct str text);

unsigned tag_day(int64_t wall_ms); /* 0 to 999 */
void tag_day_key(struct str key, unsigned day, unsigned char out[TAG_DAY_KEY]);

/* The address with a tag of that day; as it is, when it may have none. */
struct str tag_address(const unsigned char day_key[TAG_DAY_KEY], unsigned day,
    struct str addr, struct arena *mem);

/* What the tag of an address is worth now; compares in constant time. Keys
 * retired for longer than a tag counts make it an old one. */
enum bounce_tag tag_judge(
    const struct tag_keys *, struct str addr, int64_t wall_ms);

#endif

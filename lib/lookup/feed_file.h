/*
 * feed_file.h - a set of outbreak rules with its signature, as it is kept
 *
 * What the feed said goes through hands that do not look at it: the program
 * that fetches it has no files, and who writes the file does not parse it. So
 * the signature stays with it, and whoever uses the rules checks it himself.
 *
 *	postern-outbreak 1
 *	etag "5f3"
 *	signature BASE64
 *	(an empty line, then the JSON)
 */
#ifndef LOOKUP_FEED_FILE_H
#define LOOKUP_FEED_FILE_H

#include "base/buf.h"
#include "filter/outbreak.h"

#define FEED_FILE      "outbreak" /* below the folder of the state */
#define FEED_FILE_MAX  (OUTBREAK_SET_MAX + 4096)
#define FEED_SIGNATURE 64 /* bytes of Ed25519 */

struct feed_file {
	struct str etag, json;
	char signature[FEED_SIGNATURE];
};

void feed_pack(const struct feed_file *, struct buf *out);
bool feed_unpack(struct str text, struct feed_file *);

/* 64 bytes as they are, or in base64 with or without a line end. */
bool feed_signature(struct str text, char signature[FEED_SIGNATURE]);
/* Has the owner of the key (base64) signed it? */
bool feed_is_signed(struct str public_key, struct str json,
    const char signature[FEED_SIGNATURE]);

/* Unpacked, checked, parsed. NULL: err says what is wrong. */
struct outbreak_rules *feed_load(
    struct str text, struct str public_key, struct err *);
/* All that a descriptor has, which is closed; out has room for FEED_READ_MAX.
 * -1: err. */
#define FEED_READ_MAX (FEED_FILE_MAX + 65536)
int feed_read(int fd, struct buf *out, struct err *);

#endif

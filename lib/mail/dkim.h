/*
 * dkim.h - what a DKIM signature is about: canonical bytes and the field
 *
 * RFC 6376, and RFC 8463 for Ed25519. The body of a message goes through a
 * dkim_body as it stands in its queue file (mail/wire.h), in any pieces; the
 * canonical bytes come out at a sink, where somebody hashes them. With that
 * hash the signature field is begun, all but the signature itself; and again
 * what is to be hashed goes to a sink: the fields that are signed, then the
 * field. Spec delivery-admin 1.13. Pure: digests and keys are others' affair.
 */
#ifndef MAIL_DKIM_H
#define MAIL_DKIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define DKIM_DIGEST 32 /* SHA-256, as everywhere here */

enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED };
enum dkim_algorithm { DKIM_RSA, DKIM_ED25519 };

struct dkim_sink {
	void (*add)(void *arg, struct str bytes);
	void *arg;
};

/* --- the body --- */

struct dkim_body {
	enum dkim_canon canon;
	struct dkim_sink sink;
	/* private */
	uint64_t n_ends; /* line ends that were held back */
	bool any;        /* something was let through */
	bool in_line;    /* else at the beginning of one */
	bool cr, blank;  /* held back */
	size_t n;        /* bytes in out */
	char out[1024];
};

void dkim_body_begin(struct dkim_body *, enum dkim_canon, struct dkim_sink);
void dkim_body_feed(struct dkim_body *, struct str stored);
void dkim_body_end(struct dkim_body *);

/* --- the header --- */

struct dkim_terms {
	enum dkim_algorithm algorithm;
	enum dkim_canon header, body;
	struct str domain, selector;
	struct str identity; /* i=; empty: not said */
	int64_t at, until;   /* s since 1970; 0: not said */
	/* Names of the fields to sign, in any case. With twice, one more of
	 * each is listed than there are, so that none can be added. */
	const struct str *fields;
	size_t n_fields;
	bool twice;
	unsigned char body_digest[DKIM_DIGEST];
};

/* The canonical form of a field, with its line end. */
void dkim_field(enum dkim_canon, struct str field, struct buf *out);

/*
 * Begins the signature field: into out, in stored form, up to and with "b=".
 * What is to be hashed and signed goes to the sink. header: plain, with or
 * without its empty line. False: it cannot be signed, err says why: it has
 * no From field, or is no header.
 */
bool dkim_begin(const struct dkim_terms *, struct str header, struct dkim_sink,
    struct buf *out, struct err *err);
/* Adds the signature, and the end of the line. */
void dkim_end(struct str signature, struct buf *out);

/* The text of the record that publishes a key: p= has it in base64. */
void dkim_record(enum dkim_algorithm, struct str public_key, struct buf *out);

#endif

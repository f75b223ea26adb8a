/*
 * wire.h - the stored form of content, and its one writer
 *
 * Stored form is what goes on the wire between 354 and the final dot: CRLF
 * lines, no lone CR, no lone LF, no NUL, lines that begin with a dot have one
 * dot more, and the last line ends in CRLF (the terminating ".CRLF" is not
 * stored). All content, whatever its way in, passes wire_write; nothing else
 * makes stored bytes (threats SMG-11).
 */
#ifndef MAIL_WIRE_H
#define MAIL_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define WIRE_8BIT     1u /* bytes above 127 in the body */
#define WIRE_8BIT_HDR 2u /* ... in the header */
#define WIRE_BARE_CR  4u /* a lone CR was there: made CRLF */
#define WIRE_BARE_LF  8u
#define WIRE_NUL      16u /* NUL bytes were there: removed */
#define WIRE_DOTS     32u /* some line begins with a dot */
#define WIRE_NO_EOL   64u /* the last line end was missing: added */
#define WIRE_TLS_FREE                                                          \
	128u /* not of the bytes: the header has TLS-Required: No (RFC 8689)   \
	      */

struct wire {
	uint8_t state; /* private */
	bool lf_lines; /* input lines end in LF (QMQP, files): not "bare" */
	bool in_body;
	uint32_t flags; /* WIRE_* found so far */
	uint64_t size;  /* stored bytes written */
};

void wire_begin(struct wire *, bool lf_lines);
/* Plain (not dot-stuffed) content, cut anywhere. Appends stored bytes. */
bool wire_write(struct wire *, struct str in, struct buf *out);
bool wire_end(struct wire *, struct buf *out); /* completes the last line */

/* Is this stored form? For bytes from a peer that may lie. Feed in pieces;
 * state starts zeroed; last: true with the last piece. */
struct wire_check {
	uint8_t state;
	bool bad;
	uint32_t flags;
	bool in_body;
	uint64_t size;
};
bool wire_check(struct wire_check *, struct str in, bool last);

/* Back to plain CRLF text: removes the dots. */
void wire_unstuff(struct str stored, struct buf *out);

/* Where the first LF with a dot behind it stands among n bytes; n: nowhere. */
size_t wire_find_dot(const char *p, size_t n);

#endif

/*
 * reply.h - replies of remote SMTP servers (RFC 5321 4.2, RFC 2034)
 *
 * The parser takes bytes, cut anywhere, and says when one reply is whole.
 * It is tolerant where that is harmless (lines ending in LF alone, no text)
 * and strict where a wrong reading would shift one reply into the place of
 * the next: a code that is no code, codes that differ within one reply, more
 * input than bounds.h allows, are REPLY_BAD (threats OUT-01). After that the
 * stream cannot be trusted.
 *
 * Text is cleaned as it is kept (threats BAC-04): printable ASCII and blanks
 * only, a tab becomes a blank, anything else "?". Of each line at most
 * SMTP_REPLY_LINE_MAX bytes are kept, of all at most SMTP_REPLY_MAX.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum reply_end {
	REPLY_MORE, /* all input taken, the reply goes on */
	REPLY_DONE, /* whole; input after it is left */
	REPLY_BAD   /* not SMTP; do not read on */
};

struct reply {
	unsigned code;   /* 200..599 */
	char status[12]; /* enhanced code of the first line, or empty */
	struct buf text; /* lines without their code, each ended by '\n' */

	/* private */
	char head[4];    /* first bytes of the line: the code, ' ' or '-' */
	bool begun;      /* code is that of the lines before */
	bool cr;         /* a CR that may belong to a line end */
	size_t line_len; /* bytes of this line, kept or not */
	size_t line_at;  /* where the line starts in text */
	size_t total;
};

void reply_init(struct reply *);
void reply_fini(struct reply *);
void reply_begin(struct reply *); /* forget the last one, read the next */

/* Takes from the front of *in what belongs to this reply. */
enum reply_end reply_feed(struct reply *, struct str *in);

/* Has some of a reply arrived, but not all? */
bool reply_is_partial(const struct reply *);

/* The text in one line of at most REPLY_TEXT_MAX bytes: lines joined by a
 * blank, the enhanced code repeated in later lines left out. */
struct str reply_line(const struct reply *, struct arena *mem);

#endif

/*
 * line.h - command lines out of a stream of bytes
 *
 * Takes bytes cut anywhere and gives one line at a time. Only CR LF ends a
 * line that may be used. A lone CR, a lone LF or a NUL makes the line bad;
 * a bad line goes on to the next LF, so that a client which ends its lines
 * in LF alone gets an answer to each of them. A line over the limit is
 * dropped as it comes and costs no memory (threats LIM-01).
 *
 * A line that lies whole in the input is not copied.
 */
#ifndef SMTP_LINE_H
#define SMTP_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum line_end {
	LINE_MORE, /* all input taken, the line goes on */
	LINE_OK,   /* *text is the line, without CR LF */
	LINE_BAD,  /* it held a lone CR, a lone LF, a NUL */
	LINE_LONG, /* longer than SMTP_LINE_MAX with CR LF */
	LINE_FLOOD /* over SMTP_LINE_SWALLOW and no end: give up */
};

struct line {
	struct buf text; /* what came in earlier pieces; else no memory */
	uint8_t state;
	bool bad;
	size_t total; /* bytes of this line so far */
};

void line_init(struct line *);
void line_fini(struct line *);
/* Forgets what has arrived of a line. */
void line_reset(struct line *);

/*
 * Takes from the front of *in up to the end of the line. With LINE_OK *text
 * is valid until the next call, and as long as the input. After LINE_FLOOD
 * the reader is not to be used without line_reset.
 */
enum line_end line_feed(struct line *, struct str *in, struct str *text);

#endif

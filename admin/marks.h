/*
 * marks.h - what filters found, in the text of a held message
 *
 * Filters see decoded text, and what they found is told without its place.
 * Here it is looked for in the lines as they are shown; what is encoded there
 * has no mark. Matches come as one list with commas, which may be in a match
 * as well: so the whole is looked for, then its pieces.
 */
#ifndef ADMIN_MARKS_H
#define ADMIN_MARKS_H

#include <jansson.h>

#include "base/buf.h"

#define MARKS_MAX 200

struct marks {
	struct str found[MARKS_MAX]; /* of the JSON; the longest first */
	size_t n;
	bool begins[256]; /* one of them begins with that byte */
};

/* Of the answer about a message that is held: quarantines[].matched. */
void marks_init(struct marks *, const json_t *answer);
/* The next one in the line, at or after `at`; false: none. */
bool marks_next(
    const struct marks *, struct str line, size_t at, struct str *match);
/* fields_show_line() with [[ and ]] around each. */
void marks_show(const struct marks *, struct str line, struct buf *out);

#endif

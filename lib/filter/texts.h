/*
 * texts.h - what filters read out of a message, each thing once
 *
 * Decoded header fields, the text of parts, and what one pass over a text
 * found (filter/prefilter.h). All of it is a memory of what the message says
 * anyway, shared by all filters of a message and by all copies of its struct
 * work: who edits the message need not think of it.
 */
#ifndef FILTER_TEXTS_H
#define FILTER_TEXTS_H

#include "filter/prefilter.h"
#include "filter/work.h"
#include "mail/mime.h"

struct texts;

/* Makes room for it; called before copies are made. */
void texts_init(struct work *);

/* As work_field() does; charset: of 8-bit bytes. */
bool texts_field(struct work *, struct str name, size_t nth, struct str charset,
    struct str *text);
/* mime_field(): the value as it stands. */
bool texts_raw_field(
    struct work *, struct str name, size_t nth, struct str *value);
/* mime_decode, mime_text, and that without HTML; of parts of w->msg.mime. */
struct str texts_bytes(struct work *, const struct mime_part *);
struct str texts_text(struct work *, const struct mime_part *);
struct str texts_stripped(struct work *, const struct mime_part *);

/* What a pass over the text finds. It must live as long as the message, and
 * nobody may write into it. */
const struct hits *texts_hits(struct work *, struct str text);
/* Is a number of that kind in one of its lines? */
bool texts_smart(struct work *, struct str text, enum smart_id);

#endif

/*
 * tags.h - bounce verification tags, with the keys that keyd has
 *
 * They are read here, by who runs `trace`, and only when a message asks for
 * them. The child that looks at the message gets the key of the day, as qmgr
 * does, no more.
 */
#ifndef TRACE_TAGS_H
#define TRACE_TAGS_H

#include "trace/trace.h"

/* What senders would be tagged with today: in->tag. */
void trace_tag_key(struct trace_input *);
/* FACT_BOUNCE_TAG of that need, into in->facts. */
void trace_judge_tag(
    struct trace_input *, const struct need *, struct arena *mem);

/*
 * The sender as a destination would see it; in mem. The same when it has no
 * tag; NULL text: it cannot be said, for want of a key.
 */
struct str trace_tagged(const struct trace_report *, const struct destination *,
    struct str sender, struct arena *mem);

#endif

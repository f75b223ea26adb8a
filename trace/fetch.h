/*
 * fetch.h - what the work queue lacks of a message, asked as its programs do
 */
#ifndef TRACE_FETCH_H
#define TRACE_FETCH_H

#include "trace/trace.h"

/* Sets the facts in input->facts, all of them: what could not be had is set
 * as that. Scanners are asked themselves, side by side; no protocol of theirs
 * has a word for "do not learn", but none of these requests makes them. */
void trace_fetch(struct trace_input *, const struct trace_want *, size_t n,
    struct arena *mem);

/* The content that a want is about, in a memory file; -1: there is no room. */
int trace_content(const struct trace_want *);

#endif

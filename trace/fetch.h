/*
 * fetch.h - what the work queue lacks of a message, asked as its programs do
 */
#ifndef TRACE_FETCH_H
#define TRACE_FETCH_H

#include "trace/trace.h"

/* Sets the facts in input->facts, all of them: what could not be had is set
 * as that. Scanners are asked themselves, side by side. None of these requests
 * makes them learn; what they learn on their own, no protocol of theirs has a
 * word against. rspamd is told not to count and not to log it. */
void trace_fetch(struct trace_input *, const struct trace_want *, size_t n,
    struct arena *mem);

/* The content that a want is about, in a memory file; -1: there is no room. */
int trace_content(const struct trace_want *);

#endif

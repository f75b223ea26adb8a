/*
 * child.h - trace_run() and its rendering, in a caged process
 */
#ifndef TRACE_CHILD_H
#define TRACE_CHILD_H

#include "trace/trace.h"

struct trace_output {
	enum trace_end end;
	struct str report; /* sections T1 to T8, or the JSON */
	struct str result; /* section T9; empty: there is none */
	/* What somebody is to be asked before there is a report. */
	const struct trace_want *wants;
	size_t n_wants;
	struct buf bytes; /* what all of them point into */
	struct arena mem;
};

/* As root the child has an account of its own and an empty root folder; it
 * always has no files, no network, no other processes. -1: it could not be
 * made, or died. Pair with trace_output_fini in any case. */
int trace_child(struct trace_output *, const struct trace_input *, bool json,
    bool explain, struct err *);
void trace_output_fini(struct trace_output *);

#endif

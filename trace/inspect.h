/*
 * inspect.h - asks a program of our own what a part of a message is
 *
 * The libraries that say so take strangers' files apart, so they run in
 * postern-inspect alone, here as well: started as the master starts it, with
 * its cage, when the first part is to be looked at. It ends with us.
 */
#ifndef TRACE_INSPECT_H
#define TRACE_INSPECT_H

#include "trace/trace.h"

/* Sets FACT_PART of that want; what it points to is in mem. */
void trace_inspect(
    struct trace_input *, const struct trace_want *, struct arena *mem);

#endif

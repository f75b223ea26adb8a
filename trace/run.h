/*
 * run.h - trace_run() in two parts: the stages of smtpd, and those of cleanup
 */
#ifndef TRACE_RUN_H
#define TRACE_RUN_H

#include "mail/scan.h"
#include "trace/trace.h"

/* The stages of one point; facts that are lacking are assumed. */
void run_point(struct trace_report *, enum stage_point, struct subject *,
    struct trace_point *, struct arena *mem);
/* Sets a fact that nobody is asked for: as it was given, or as it would be
 * if nothing else had happened; otherwise it cannot be said. */
void run_assume(struct trace_report *, const struct need *, struct arena *mem);

/* What cleanup does with a message that was accepted, from the stages of
 * AT_WORK on; stored: it, in stored form. */
void trace_queue(struct trace_report *, struct subject *, const struct scan *,
    struct str stored, struct arena *mem);

#endif

/*
 * show.h - the report as text: what its parts have in common
 */
#ifndef TRACE_SHOW_H
#define TRACE_SHOW_H

#include "trace/trace.h"

/* Text from outside: on one line, harmless to a terminal (ADM-04). */
void show_text(struct str, struct buf *out);
/* On one line: 554 mail3.example.com access refused for this host */
void show_reply(const struct reply *, struct buf *out);
/* What the client said behind an address; nothing: no line. */
void show_params(struct str, enum param_problem, struct buf *);
/* "   - Entry at tables/aliases:12" */
void show_place(const char *what, const struct where *, struct buf *out);
/* Sections T6 to T8: filters, policies, and what they do. */
void show_work(const struct trace_report *, bool explain, struct buf *out);
/* Section T8b: what became of the reputation of the sender's domain; nothing
 * when nobody asked for it. */
void show_sdr(const struct trace_point *, bool explain, struct buf *out);
/* The lines of a sender or recipient: sections T2 and T3. */
void show_notes(const struct trace_point *, bool explain, struct buf *out);

#endif

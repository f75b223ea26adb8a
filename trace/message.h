/*
 * message.h - messages as they would be sent
 */
#ifndef TRACE_MESSAGE_H
#define TRACE_MESSAGE_H

#include "trace/trace.h"

/* With our Received line. had_header: it came with one. */
void message_of(struct trace_report *, const struct msg *, struct str gateway,
    bool had_header, struct buf *out, struct arena *mem);
/* Those that are made beside it, into report->copies. */
void message_copies(struct trace_report *, const struct work *, bool had_header,
    struct arena *mem);

#endif

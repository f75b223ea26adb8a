/*
 * replay.h - many sessions in one run of `trace`
 */
#ifndef TRACE_REPLAY_H
#define TRACE_REPLAY_H

#include "trace/ask.h"
#include "trace/child.h"

/* One session: looks up what was not given of the client, then runs the
 * message in a child of its own. -1: err. Pair with trace_output_fini. */
int trace_session(const struct config *, const struct trace_answers *,
    bool json, bool explain, struct trace_output *, struct err *);

/* The same of an input that is known: looks up what the stages lack, asks
 * whoever is to be asked of the content. */
int trace_dry(const struct config *, struct trace_input *, bool json,
    bool explain, bool call_ahead, struct arena *mem, struct trace_output *,
    struct err *);

/*
 * The sessions of a file ("-": standard input), one JSON object a line:
 *
 *	{"source_ip": "192.0.2.1", "listener": "InboundMail",
 *	 "sender": "a@example.org", "recipients": "b@example.com",
 *	 "message": "Subject: x\n\ntext\n", "fqdn": ..., "owner": ...,
 *	 "reputation": ..., "smtputf8": true}
 *
 * and so on, with the names of the options; "message_base64" in the place of
 * "message" for what is not UTF-8.
 * Answers each with one line: the report as --json has it, or an object with
 * "error". Returns an exit status.
 */
int trace_replay(
    struct tool *, const struct config *, const char *file, bool committed);

#endif

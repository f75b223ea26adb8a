/*
 * message.h - showing a message of the queue: its descriptor and the JSON
 * that the queue manager sent with it (qmgr/commands.h, showmessage)
 */
#ifndef ADMIN_MESSAGE_H
#define ADMIN_MESSAGE_H

#include "admin/control.h"

/*
 * The MID of a command: its argument, or asked for. Returns TOOL_DONE, or
 * the exit status.
 */
int message_mid(
    struct tool *, const char *arg, const char *question, uint64_t *mid);

/* Asks for it. As control_ask; there is a descriptor and JSON on success. */
int message_fetch(
    struct tool *, uint64_t mid, struct control_answer *, struct err *);

/*
 * The header (with its empty line left out), or all of it, as plain text with
 * LF lines; when it goes to a terminal escaped (threats ADM-04), and what
 * filters found in one that is held is marked (admin/marks.h).
 */
int message_print(struct tool *, const struct control_answer *,
    bool only_header, struct err *);

/* What filters found in it, and where: [{"line", "column", "text"}], of the
 * lines that message_print has, from 1, columns in bytes; the first 1000. */
int message_marks(
    const struct control_answer *, json_t **marks, struct err *err);

/* Appends it as an mbox has it: "From " line, LF lines, lines that would look
 * like another beginning quoted. */
int message_mbox(
    const struct control_answer *, struct buf *out, struct err *err);

/* All of it as plain text with CRLF lines. */
int message_plain(
    const struct control_answer *, struct buf *out, struct err *err);

#endif

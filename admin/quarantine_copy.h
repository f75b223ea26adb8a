/*
 * quarantine_copy.h - what is held, sent to somebody who shall look at it
 *
 * Held it stays. What is sent is a message of ours, from the null sender:
 * either the held one as it stands, or one that has it as its attachment.
 */
#ifndef ADMIN_QUARANTINE_COPY_H
#define ADMIN_QUARANTINE_COPY_H

#include "admin/tool.h"

/* to: addresses with commas between. Returns the exit status. */
int quarantine_copy(
    struct tool *, uint64_t mid, bool as_attachment, const char *to);
/* Are these addresses? If not, shown is the first that is none. */
bool quarantine_copy_takes(const char *to, char shown[200]);

#endif

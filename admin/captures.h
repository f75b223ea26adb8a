/*
 * captures.h - the files of packet captures
 *
 * A capture is a file in up to ten parts, NAME.000001 and so on, in a folder
 * of postern-capture's. They are read with the caller's own rights.
 */
#ifndef ADMIN_CAPTURES_H
#define ADMIN_CAPTURES_H

#include "admin/tool.h"

/* [{ "file", "size", "parts", "modified" }], oldest first. NULL: err. */
json_t *captures_list(struct tool *, struct err *);
void captures_show(const json_t *, struct buf *);
/* As one file of libpcap's format. file "-": standard output. */
int captures_copy(
    struct tool *, const char *name, const char *file, struct err *);
int captures_delete(struct tool *, const char *name, struct err *);

#endif

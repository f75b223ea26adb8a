/*
 * said.h - what a server said, cut into replies
 */
#ifndef TRACE_SAID_H
#define TRACE_SAID_H

#include "base/arena.h"

/* Each as "250 2.1.0 ok", the lines of a longer one parted by "\n"; printable.
 * What follows something that is no reply is left out. */
struct str *said_split(struct str bytes, size_t *n, struct arena *mem);

#endif

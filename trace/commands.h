/*
 * commands.h - what a next hop would hear of a message
 */
#ifndef TRACE_COMMANDS_H
#define TRACE_COMMANDS_H

#include "base/arena.h"
#include "ipc/messages.h"

/* MAIL, then RCPT for each recipient; without line ends, in mem. */
struct commands {
	struct str *v;
	size_t n;
};

/*
 * By smtp's own code, to a server that offers all there is. SIZE is left out:
 * how long the message is with our Received line is not known. None without
 * recipients.
 */
struct commands commands_of(const struct job *, struct arena *mem);

#endif

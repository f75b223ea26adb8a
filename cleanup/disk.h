/*
 * disk.h - is there room for more, and telling when something is wrong
 */
#ifndef CLEANUP_DISK_H
#define CLEANUP_DISK_H

#include "cleanup/cleanup.h"

/* May another message begin? Looks at most once a second (DUR-09). */
bool disk_has_room(struct cleanup *);
/* What is kept free for a message of at most `limit` bytes. A peer that lies
 * can ask for no more than the policies allow. */
uint64_t disk_promise(struct cleanup *, uint64_t limit);
/* Tells, at most once a minute. */
void disk_alert(struct cleanup *, const struct err *why);

#endif

/*
 * recover.h - what an earlier life of this worker left is taken up again
 *
 * Drafts are removed, and what had been made of a message that was not done
 * with (queue/queue.h); messages without ROUTE go into the work queue. The
 * rest is qmgr's. Ends the process when the disk does not answer.
 */
#ifndef CLEANUP_RECOVER_H
#define CLEANUP_RECOVER_H

#include "cleanup/cleanup.h"

void recover(struct cleanup *);

#endif

/*
 * ask.h - facts that a task lacks, and who can say them
 *
 * Some are had at once: counts in shared memory, the length of the queue, a
 * random number. Others are asked of lookupd; what a part of a message is, of
 * inspect. While these are away questions wait, and are asked of the next one;
 * when their time is up the fact cannot be had.
 */
#ifndef CLEANUP_ASK_H
#define CLEANUP_ASK_H

#include "cleanup/cleanup.h"
#include "fact/facts.h"

struct task;
struct question;

struct asks { /* of one task */
	struct asker *asker;
	struct question *open;
	uint32_t run; /* for part_together(); 0: nothing was asked yet */
};

struct asker *asker_new(struct cleanup *);
void asker_free(struct asker **); /* tasks must be gone */
/* lookupd is there; gone. The next one may come before the old one's end. */
const struct ipc_handler *asker_connect(
    struct asker *, struct ipc *lookupd, void **arg);
/* inspect, likewise. A part that ended it three times cannot be scanned. */
const struct ipc_handler *asker_inspect(
    struct asker *, struct ipc *inspect, void **arg);
/* Once a second: questions whose time is up. */
void asker_tick(struct asker *, int64_t now);

/* Gets these facts. Those that must be waited for are open until the work
 * queue is told (workqueue_resume). */
void ask_facts(struct task *, const struct needs *);
static inline bool
ask_is_open(const struct asks *a)
{
	return a->open != NULL;
}
/* Nobody waits for the answers any more. */
void ask_drop(struct asks *);

#endif

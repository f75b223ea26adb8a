/*
 * settle.h - what came out of a message is carried out
 *
 *	header lines at most: ROUTE, when it is sent (workqueue.c), or with
 *		the message
 *	dropped, nothing made: unlinked
 *	else	children written --all durable--> ROUTE of the message
 *		--durable--> children are mail; sent, and the message too, or
 *		it is unlinked when nothing of it is left
 *
 * The ROUTE is where it turns: before it is durable a crash leaves the
 * message as it came, and children that recovery removes; after it all of
 * them are mail, and the message will never be run again (queue/queue.h).
 */
#ifndef CLEANUP_SETTLE_H
#define CLEANUP_SETTLE_H

#include "cleanup/task.h"

/*
 * Where nothing is to be decided (task_early), ROUTE goes to the disk with
 * the message: before its commit. NULL: it is not known what is to become of
 * it. Otherwise, when it is mail: settle_early_tell; the caller frees the task.
 */
struct task *settle_early(struct cleanup *, struct mail *);
void settle_early_tell(struct task *);

/* The task's run is finished. The task, and the mail, come back through
 * settle_done: at once, or later. */
void settle(struct task *);

/* Children that were removed, since a run could not be carried out or was
 * interrupted, are gone for good after this; before anything else is. */
int settle_sync(struct cleanup *, struct err *);

/* The work queue's (workqueue.c): what became of it. */
enum settled {
	SETTLED_MAIL,   /* to be sent: decided */
	SETTLED_GONE,   /* nothing is left; the mail is freed */
	SETTLED_LATER,  /* as it was: a scanner is not there */
	SETTLED_TROUBLE /* as it was, for later: err */
};
void workqueue_settled(
    struct work_queue *, struct task *, enum settled, const struct err *);
/* A child that is mail now. */
void workqueue_child(struct work_queue *, struct mail *);

#endif

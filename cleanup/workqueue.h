/*
 * workqueue.h - from the commit to qmgr
 *
 * Messages that are mail wait here for their turn: while qmgr is away, its
 * channel is full, the work queue is paused, or as many are being worked on
 * as there is memory for. Those that wait hold no descriptor, and beyond the
 * first WAIT_LOADED no memory but their MID.
 *
 *	waiting --task.h, settle.h--> ready --sent--> qmgr's
 *
 * They begin in the order they came in, and leave in it too, but for those
 * that wait for answers, or for the disk.
 *
 * ROUTE is written only when the message is about to be sent, because a qmgr
 * that starts takes up all files with ROUTE by itself; or with the message,
 * when there is nothing to decide and nothing to wait for.
 */
#ifndef CLEANUP_WORKQUEUE_H
#define CLEANUP_WORKQUEUE_H

#include "cleanup/cleanup.h"
#include "cleanup/mail.h"

struct task;

struct work_queue *workqueue_new(struct cleanup *);
/* Before the loop ends to exist, and without another turn of it. */
void workqueue_free(struct work_queue **);
/* What comes now would begin at once. */
bool workqueue_is_free(const struct work_queue *);
/* Takes over the mail. */
void workqueue_add(struct work_queue *, struct mail *);
/* A message of an earlier life: only its MID is known, and its slot (-1: it
 * is a file). */
void workqueue_add_mid(struct work_queue *, uint64_t mid, int slot);
/* qmgr is there; gone. The next one may come before the old one's end. */
void workqueue_connect(struct work_queue *, struct ipc *qmgr);
void workqueue_lost(struct work_queue *, struct ipc *qmgr);
bool workqueue_sends_to(const struct work_queue *, const struct ipc *qmgr);
/* Those that wait for a scanner need wait no longer. */
void workqueue_pause(struct work_queue *, bool pause);
/* The answers that a task waited for are there. */
void workqueue_resume(struct work_queue *, struct task *);
/* More may be sent now: qmgr has drained, or time has passed. */
void workqueue_run(struct work_queue *);

#endif

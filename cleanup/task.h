/*
 * task.h - a message that the stages of the work queue are at
 *
 *	load: as much of its content as somebody will look at
 *	run --lacks facts--> ask.h --answers--> run .. --> finished
 *
 * Several are under way at a time: while one waits for an answer, others go
 * on. What it needs in memory is freed with it; what was decided goes to the
 * mail (settle.h).
 */
#ifndef CLEANUP_TASK_H
#define CLEANUP_TASK_H

#include "cleanup/ask.h"
#include "cleanup/cleanup.h"
#include "cleanup/mail.h"
#include "pipeline/work.h"

struct outcome;

struct task {
	struct task *next, *prev; /* in the work queue */
	struct cleanup *cleanup;
	struct mail *mail;
	struct config *config;       /* as it was when the run began */
	struct outbreak_rules *feed; /* likewise; NULL: none */
	struct arena mem;
	struct buf content; /* plain: what was read of it */
	struct facts facts;
	struct work_origin origin;
	struct work_run run;
	struct str header; /* as it came; empty: nobody wanted it */
	bool has_header, has_body;
	struct asks asks;
	int64_t ms;              /* that the stages were at it */
	struct outcome *outcome; /* settle.c: being carried out */
	/* Of a task that is not in the work queue: when it has run. May free
	 * it. */
	void (*over)(struct task *);
	void *over_arg;
};

/* The mail must be loaded; it stays the caller's when this fails. */
struct task *task_new(struct cleanup *, struct mail *, struct err *);
/* One that is not mail yet, of which no stage wants to see more than its
 * envelope: it has run. NULL: it must wait until it is mail. */
struct task *task_early(struct cleanup *, struct mail *);
/* A message of a quarantine, for outbreak filters only (ENTER_RESCORE);
 * stored: what would leave. The mail has an envelope, and no file. */
struct task *task_again(
    struct cleanup *, struct mail *, struct str stored, struct str mail_policy);
/* Frees it, not the mail (which is NULL when somebody has taken it). */
void task_free(struct task **);
/* False: it waits for answers (asks.open); call again when they are there. */
bool task_run(struct task *);
/* Bytes of content in memory. */
size_t task_size(const struct task *);

#endif

/* settle.c - what came out of a message is carried out */
#include "cleanup/settle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cleanup/archive.h"
#include "cleanup/children.h"
#include "cleanup/record.h"
#include "cleanup/say.h"
#include "cleanup/workqueue.h"
#include "event/alert.h"
#include "queue/slots.h"

static void keep(struct outcome *);
static void drop(struct outcome *);
static void make_children(struct outcome *);
static void child_written(void *arg, const struct err *);
static void all_written(struct outcome *);
static void turned(void *arg, const struct err *);
static void hand_on(struct outcome *);
static void tell(struct outcome *);
static void give_up(struct outcome *, const struct err *);

struct task *
settle_early(struct cleanup *c, struct mail *m)
{
	struct err err = ERR_INIT;
	struct task *t = NULL;
	struct route_rec r;

	if (m->envelope.enters == ENTER_WHOLE &&
	    !(m->envelope.flags & ENV_SINKHOLE) && !c->must_sync &&
	    workqueue_is_free(c->workqueue))
		t = task_early(c, m);
	if (t == NULL)
		return NULL;
	t->outcome = outcome_of(t);
	if (t->outcome->kept != NULL && t->outcome->children == NULL) {
		record_route(t->outcome, &r);
		if (r.skip == 0 && r.holds.n == 0 &&
		    qfile_routed(m->file, &r, &err) == 0) {
			mail_set_route(m, &r);
			return t;
		}
	}
	task_free(&t);
	return NULL;
}

void
settle_early_tell(struct task *t)
{
	t->mail->routed = true;
	tell(t->outcome);
}

void
settle(struct task *t)
{
	const struct work *later = work_is_later(&t->run);
	struct err err = ERR_INIT;
	struct outcome *o;

	if (later != NULL) {
		say_later(later, t->mail->mid);
		workqueue_settled(
		    t->cleanup->workqueue, t, SETTLED_LATER, NULL);
		return;
	}
	t->outcome = o = outcome_of(t);
	if (settle_sync(t->cleanup, &err) == -1)
		give_up(o, &err);
	else if (o->children != NULL)
		make_children(o);
	else if (o->kept != NULL)
		keep(o);
	else
		drop(o);
}

int
settle_sync(struct cleanup *c, struct err *err)
{
	struct slots *slots = spool_slots(c->spool);

	if (!c->must_sync)
		return 0;
	if (spool_sync_folders(c->spool, err) == -1 ||
	    (slots != NULL && slots_sync(slots, err) == -1))
		return -1;
	c->must_sync = false;
	return 0;
}

static void
keep(struct outcome *o)
{
	struct task *t = o->task;
	struct route_rec r;

	record_route(o, &r);
	mail_set_route(t->mail, &r);
	tell(o);
	workqueue_settled(t->cleanup->workqueue, t, SETTLED_MAIL, NULL);
}

/* That it is dropped again after a crash does no harm. */
static void
drop(struct outcome *o)
{
	struct task *t = o->task;
	struct err err = ERR_INIT;

	if (qfile_unlink(t->mail->file, &err) == -1) {
		workqueue_settled(
		    t->cleanup->workqueue, t, SETTLED_TROUBLE, &err);
		return;
	}
	tell(o);
	EMIT(MID_DONE, .mid = t->mail->mid);
	workqueue_settled(t->cleanup->workqueue, t, SETTLED_GONE, NULL);
}

/* --- children --- */

static void
make_children(struct outcome *o)
{
	struct cleanup *c = o->task->cleanup;
	struct err err = ERR_INIT;

	if (children_write(o, &err) == -1) {
		give_up(o, &err);
		return;
	}
	for (struct child *x = o->children; x != NULL; x = x->next) {
		o->pending++;
		qfile_commit(x->mail->file, c->committer, &x->mail->found,
		    child_written, x);
	}
}

static void
child_written(void *arg, const struct err *err)
{
	struct child *x = arg;
	struct outcome *o = x->outcome;

	if (err != NULL && !o->failed) {
		o->failed = true;
		o->why = *err;
	}
	x->mail->routed = x->mail->decided;
	if (--o->pending > 0)
		return;
	if (o->failed)
		give_up(o, &o->why);
	else
		all_written(o);
}

static void
all_written(struct outcome *o)
{
	struct task *t = o->task;
	struct err err = ERR_INIT;
	struct route_rec r;

	record_route(o, &r);
	mail_set_route(t->mail, &r);
	if (qfile_route(t->mail->file, &t->mail->route, &err) == -1) {
		give_up(o, &err);
		return;
	}
	t->mail->routed = true;
	qfile_sync_route(t->mail->file, t->cleanup->committer, turned, o);
}

/*
 * Without an answer from the disk nobody knows which side of the turn a crash
 * would find. So nothing of it goes on, until the next start looks.
 */
static void
turned(void *arg, const struct err *err)
{
	struct outcome *o = arg;
	char text[600];

	if (err == NULL) {
		hand_on(o);
		return;
	}
	snprintf(text, sizeof(text),
	    "MID %" PRIu64 " waits for the next start of Postern: %s",
	    o->task->mail->mid, err->text);
	alert_raise(ALERT_QUEUE_ERROR, STR(""), str_of(text));
	for (struct child *x = o->children; x != NULL; x = x->next)
		mail_free(&x->mail);
	workqueue_settled(
	    o->task->cleanup->workqueue, o->task, SETTLED_GONE, NULL);
}

static void
hand_on(struct outcome *o)
{
	struct task *t = o->task;
	struct work_queue *wq = t->cleanup->workqueue;
	enum settled end = SETTLED_MAIL;

	tell(o);
	for (struct child *x = o->children; x != NULL; x = x->next)
		workqueue_child(wq, x->mail);
	if (o->kept == NULL) {
		/* a name that stays is removed by the next start */
		(void)qfile_unlink(t->mail->file, NULL);
		EMIT(MID_DONE, .mid = t->mail->mid);
		end = SETTLED_GONE;
	}
	workqueue_settled(wq, t, end, NULL);
}

static void
tell(struct outcome *o)
{
	say_outcome(o);
	archive_all(o);
	if (o->n_dropped > 0)
		stats_add(
		    o->task->cleanup->daemon->stats, STATS_dropped_messages, 1);
	if (o->too_many)
		alert_raise(ALERT_COPIES, STR(""),
		    str_of(arena_printf(&o->task->mem,
			"MID %" PRIu64 ": more copies than %d, or copies of "
			"copies: those beyond are not made",
			o->task->mail->mid, COPIES_MAX)));
	if (o->bad_address)
		EMIT(MID_WARNING, .mid = o->task->mail->mid,
		    .text = STR("a copy to or from what is no address is not "
				"made"));
}

/* --- trouble --- */

/* What was written is taken away again, and must stay away: with the message
 * gone one day, a child that came back would be mail. */
static void
give_up(struct outcome *o, const struct err *err)
{
	struct task *t = o->task;

	for (struct child *x = o->children; x != NULL; x = x->next) {
		if (x->mail != NULL && x->mail->file != NULL &&
		    qfile_is_mail(x->mail->file))
			(void)qfile_unlink(x->mail->file, NULL);
		mail_free(&x->mail);
	}
	t->cleanup->must_sync = true;
	t->mail->decided = false;
	workqueue_settled(t->cleanup->workqueue, t, SETTLED_TROUBLE, err);
}

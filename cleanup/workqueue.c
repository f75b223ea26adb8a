/*
 * workqueue.c - from the commit to qmgr
 *
 *	waiting --begin--> tasks --settled--> ready --route, send--> sent
 *	   ^                |                  ^                     |
 *	   |                |                  +--- channel lost ----+
 *	   +-- a second -- failing             sent: until all of it is out
 *	   +-- a minute -- later
 *
 * What was queued to a qmgr that died has ROUTE, so the next qmgr finds it on
 * disk, unless it looked before ROUTE was there. So such messages are sent
 * once more; qmgr ignores what it has, and what it has finished has no file.
 */
#include "cleanup/workqueue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cleanup/disk.h"
#include "cleanup/settle.h"
#include "event/alert.h"
#include "program/events.h"

#define WAIT_LOADED 1000
#define PER_TURN    100   /* sent in one go, so that intake is not held up */
#define RETRY       1000  /* ms */
#define LATER       60000 /* ms: until a scanner is asked again */

/* Being worked on at a time. Those that wait for answers cost little but their
 * content; a message that is larger than all that goes alone. */
#define TASKS_MAX   200
#define CONTENT_MAX ((size_t)64 * 1024 * 1024)

struct list {
	struct mail *first, **last;
	size_t n;
};

struct work_queue {
	struct cleanup *cleanup;
	struct ipc *qmgr;
	bool paused;
	struct list waiting, failing, later, ready, sent;
	size_t n_loaded; /* of those that wait, and can be unloaded */
	size_t n_fresh;  /* of those that wait: came in this turn, */
	unsigned rounds; /* which ends after so many */
	struct loop_job one_more;
	struct task *tasks;
	size_t n_tasks, content; /* bytes in memory */
	struct loop_timer *again, *later_again;
};

static void list_put(struct list *, struct mail *);
static struct mail *list_take(struct list *);
static void begin_soon(struct work_queue *, struct mail *);
static void one_more_round(void *arg);
static void begin_fresh(struct work_queue *);
static void turn_end(void *arg);
static bool may_send(const struct work_queue *);
static bool may_begin(const struct work_queue *);
static void begin(struct work_queue *, struct mail *);
static void begin_loaded(struct work_queue *, struct mail *);
static void give_up(struct mail *);
static void run(struct work_queue *, struct task *);
static void remove_task(struct work_queue *, struct task *);
static void finish(struct work_queue *, struct mail *, uint64_t dropped);
static void pass(struct work_queue *, struct mail *);
static int hand_over(struct work_queue *, struct mail *, struct err *);
static int send_file(struct work_queue *, struct mail *, struct err *);
static int send_inline(struct work_queue *, struct mail *, struct err *);
static void trouble(struct work_queue *, struct mail *, const struct err *);
static void gone(struct work_queue *, struct mail *);
static void wait_in(struct work_queue *, struct list *, struct mail *);
static bool can_unload(const struct mail *);
static void run_again(void *arg);
static void run_later(void *arg);

struct work_queue *
workqueue_new(struct cleanup *c)
{
	struct work_queue *wq = mem_alloc(sizeof(*wq));

	wq->cleanup = c;
	wq->waiting.last = &wq->waiting.first;
	wq->failing.last = &wq->failing.first;
	wq->later.last = &wq->later.first;
	wq->ready.last = &wq->ready.first;
	wq->sent.last = &wq->sent.first;
	wq->again = loop_timer(c->daemon->loop, run_again, wq);
	wq->later_again = loop_timer(c->daemon->loop, run_later, wq);
	wq->one_more.cb = one_more_round;
	loop_at_turn_end(c->daemon->loop, turn_end, wq);
	return wq;
}

void
workqueue_free(struct work_queue **wqp)
{
	struct work_queue *wq = *wqp;
	struct list *lists[] = { &wq->waiting, &wq->failing, &wq->later,
		&wq->ready, &wq->sent };
	struct mail *m;
	struct task *t;

	for (size_t i = 0; i < NELEM(lists); i++)
		while ((m = list_take(lists[i])) != NULL)
			mail_free(&m);
	while ((t = wq->tasks) != NULL) {
		remove_task(wq, t);
		mail_free(&t->mail);
		task_free(&t);
	}
	loop_undefer(&wq->one_more);
	loop_timer_free(&wq->again);
	loop_timer_free(&wq->later_again);
	free(wq);
	*wqp = NULL;
}

bool
workqueue_is_free(const struct work_queue *wq)
{
	return wq->waiting.n == wq->n_fresh && wq->ready.n == 0 &&
	       wq->n_fresh < PER_TURN && may_begin(wq);
}

void
workqueue_add(struct work_queue *wq, struct mail *m)
{
	stats_gauge_add(
	    wq->cleanup->daemon->stats, STATS_GAUGE_workqueue_messages, 1);
	/* In order: nobody overtakes those that wait. A sinkhole does not
	 * get so far. */
	if (m->envelope.flags & ENV_SINKHOLE)
		begin(wq, m);
	else if (workqueue_is_free(wq))
		begin_soon(wq, m);
	else
		wait_in(wq, &wq->waiting, m);
}

/*
 * When all that this turn had to say is said: that it was accepted must not
 * wait for the stages, nor be lost when one of them is our end.
 */
static void
begin_soon(struct work_queue *wq, struct mail *m)
{
	wq->n_loaded += can_unload(m);
	list_put(&wq->waiting, m);
	wq->n_fresh++;
	wq->rounds = 2;
	loop_defer(wq->cleanup->daemon->loop, &wq->one_more);
}

static void
one_more_round(void *arg)
{
	(void)arg;
}

void
workqueue_add_mid(struct work_queue *wq, uint64_t mid, int slot)
{
	struct mail *m = mail_new(mid);

	m->slot = slot;
	m->loaded = false;
	stats_gauge_add(
	    wq->cleanup->daemon->stats, STATS_GAUGE_workqueue_messages, 1);
	list_put(&wq->waiting, m);
}

void
workqueue_connect(struct work_queue *wq, struct ipc *qmgr)
{
	workqueue_lost(wq, wq->qmgr);
	wq->qmgr = qmgr;
	workqueue_run(wq);
}

void
workqueue_lost(struct work_queue *wq, struct ipc *qmgr)
{
	struct mail *m;

	if (wq->qmgr != qmgr)
		return;
	wq->qmgr = NULL;
	while ((m = list_take(&wq->sent)) != NULL) {
		stats_gauge_add(wq->cleanup->daemon->stats,
		    STATS_GAUGE_workqueue_messages, 1);
		wait_in(wq, &wq->ready, m);
	}
}

bool
workqueue_sends_to(const struct work_queue *wq, const struct ipc *qmgr)
{
	return wq->qmgr == qmgr;
}

void
workqueue_pause(struct work_queue *wq, bool pause)
{
	wq->paused = pause;
	run_later(wq);
}

void
workqueue_resume(struct work_queue *wq, struct task *t)
{
	run(wq, t);
	workqueue_run(wq);
}

void
workqueue_run(struct work_queue *wq)
{
	struct mail *m;

	for (int i = 0;; i++) {
		bool ready = wq->ready.n > 0 && may_send(wq);

		if (!ready && (wq->waiting.n == 0 || !may_begin(wq)))
			return;
		if (i == PER_TURN) {
			loop_timer_in(wq->again, 0);
			return;
		}
		m = list_take(ready ? &wq->ready : &wq->waiting);
		wq->n_loaded -= can_unload(m);
		if (ready)
			pass(wq, m);
		else
			begin(wq, m);
	}
}

static void
list_put(struct list *l, struct mail *m)
{
	m->next = NULL;
	*l->last = m;
	l->last = &m->next;
	l->n++;
}

static struct mail *
list_take(struct list *l)
{
	struct mail *m = l->first;

	if (m == NULL)
		return NULL;
	l->first = m->next;
	if (l->first == NULL)
		l->last = &l->first;
	l->n--;
	return m;
}

/* What the kernel has taken is qmgr's, or on its disk. */
static void
turn_end(void *arg)
{
	struct work_queue *wq = arg;
	struct mail *m;

	begin_fresh(wq);
	if (wq->sent.n == 0 || wq->qmgr == NULL || ipc_queued(wq->qmgr) > 0 ||
	    ipc_is_deaf(wq->qmgr))
		return;
	while ((m = list_take(&wq->sent)) != NULL)
		mail_free(&m);
}

/* The hooks of a turn run again when what was to be sent is sent. */
static void
begin_fresh(struct work_queue *wq)
{
	if (wq->rounds == 0 || --wq->rounds > 0)
		return;
	wq->n_fresh = 0;
	workqueue_run(wq);
}

static bool
may_send(const struct work_queue *wq)
{
	return wq->qmgr != NULL && !ipc_busy(wq->qmgr) &&
	       !ipc_is_deaf(wq->qmgr);
}

static bool
may_begin(const struct work_queue *wq)
{
	return may_send(wq) && !wq->paused && wq->n_tasks < TASKS_MAX &&
	       wq->content < CONTENT_MAX;
}

/* --- the stages --- */

/* Here and in run() a message may be the end of us: whoever comes then shall
 * know which one it was (recover.c). */
static void
begin(struct work_queue *wq, struct mail *m)
{
	stats_set_at(wq->cleanup->daemon->stats, m->mid);
	begin_loaded(wq, m);
	stats_set_at(wq->cleanup->daemon->stats, 0);
}

/* What an earlier life has decided goes on from there. */
static void
begin_loaded(struct work_queue *wq, struct mail *m)
{
	struct cleanup *c = wq->cleanup;
	struct err err = ERR_INIT;
	struct task *t;

	if (mail_load(m, c->spool, &err) == -1) {
		trouble(wq, m, &err);
		return;
	}
	/* it may end us, too, or keep us long: what was said goes out before */
	if (m->attempts > 0)
		program_events_flush();
	if (m->attempts >= ATTEMPTS_MAX && !m->decided)
		give_up(m);
	if (m->envelope.flags & ENV_SINKHOLE) {
		finish(wq, m, 1);
		return;
	}
	if (m->decided) {
		pass(wq, m);
		return;
	}
	t = task_new(c, m, &err);
	if (t == NULL) {
		trouble(wq, m, &err);
		return;
	}
	t->next = wq->tasks;
	if (t->next != NULL)
		t->next->prev = t;
	wq->tasks = t;
	wq->n_tasks++;
	wq->content += task_size(t);
	run(wq, t);
}

static void
give_up(struct mail *m)
{
	char text[100];

	snprintf(text, sizeof(text),
	    "MID %" PRIu64 " ended cleanup %d times: it is held in the "
	    "quarantine Unprocessable",
	    m->mid, ATTEMPTS_MAX);
	alert_raise(ALERT_UNPROCESSABLE, STR(""), str_of(text));
	mail_give_up(m);
}

static void
run(struct work_queue *wq, struct task *t)
{
	struct stats *s = wq->cleanup->daemon->stats;

	if (t->over != NULL) {
		if (task_run(t))
			t->over(t);
		return;
	}
	stats_set_at(s, t->mail->mid);
	if (task_run(t))
		settle(t);
	else
		qfile_park(t->mail->file);
	stats_set_at(s, 0);
}

static void
remove_task(struct work_queue *wq, struct task *t)
{
	if (t->next != NULL)
		t->next->prev = t->prev;
	*(t->prev != NULL ? &t->prev->next : &wq->tasks) = t->next;
	wq->n_tasks--;
	wq->content -= task_size(t);
}

void
workqueue_settled(struct work_queue *wq, struct task *t, enum settled what,
    const struct err *err)
{
	struct mail *m = t->mail;

	remove_task(wq, t);
	task_free(&t);
	switch (what) {
	case SETTLED_MAIL:
		if (wq->ready.n == 0 && may_send(wq))
			pass(wq, m);
		else
			wait_in(wq, &wq->ready, m);
		break;
	case SETTLED_GONE:
		gone(wq, m);
		break;
	case SETTLED_LATER:
		m->again = true;
		if (wq->later.n == 0)
			loop_timer_in(wq->later_again, LATER);
		wait_in(wq, &wq->later, m);
		break;
	case SETTLED_TROUBLE:
		trouble(wq, m, err);
		break;
	}
	/* others may have waited for the memory */
	if (wq->waiting.n > 0 || wq->ready.n > 0)
		loop_timer_in(wq->again, 0);
}

void
workqueue_child(struct work_queue *wq, struct mail *m)
{
	stats_gauge_add(
	    wq->cleanup->daemon->stats, STATS_GAUGE_workqueue_messages, 1);
	wait_in(wq, m->decided ? &wq->ready : &wq->waiting, m);
	loop_timer_in(wq->again, 0);
}

static void
finish(struct work_queue *wq, struct mail *m, uint64_t dropped)
{
	struct err err = ERR_INIT;

	if (qfile_unlink(m->file, &err) == -1) {
		trouble(wq, m, &err);
		return;
	}
	stats_add(wq->cleanup->daemon->stats, STATS_dropped_messages, dropped);
	EMIT(MID_DONE, .mid = m->mid);
	gone(wq, m);
}

/* --- to qmgr --- */

/* What others stand for may have been left by an earlier life, which did not
 * get as far as to remove it. */
static void
pass(struct work_queue *wq, struct mail *m)
{
	struct err err = ERR_INIT;

	if (mail_load(m, wq->cleanup->spool, &err) == -1)
		trouble(wq, m, &err);
	else if (m->route.whole && m->route.rcpts.n == 0)
		finish(wq, m, 0);
	else if (hand_over(wq, m, &err) == -1)
		trouble(wq, m, &err);
	else
		stats_gauge_add(wq->cleanup->daemon->stats,
		    STATS_GAUGE_workqueue_messages, -1);
}

static int
hand_over(struct work_queue *wq, struct mail *m, struct err *err)
{
	int rc;

	if (!m->routed && qfile_route(m->file, &m->route, err) == -1)
		return -1;
	m->routed = true;
	if (qfile_slot(m->file) != -1)
		rc = send_inline(wq, m, err);
	else
		rc = send_file(wq, m, err);
	if (rc == -1)
		return -1;
	/* what is held is said so by who holds it */
	if (!(m->route.marks & ROUTE_REFUSED) && m->route.holds.n == 0)
		EMIT(MID_QUEUED, .mid = m->mid);
	qfile_park(m->file);
	list_put(&wq->sent, m);
	return 0;
}

static int
send_file(struct work_queue *wq, struct mail *m, struct err *err)
{
	struct message msg;
	int fd = qfile_reader(m->file, err);

	if (fd == -1)
		return -1;
	mail_message(m, &msg);
	ipc_send_fds(wq->qmgr, IPC_MESSAGE, 0, &msg, &fd, 1);
	return 0;
}

static int
send_inline(struct work_queue *wq, struct mail *m, struct err *err)
{
	struct message msg;

	mail_message(m, &msg);
	if (qfile_content(m->file, &msg.content, err) == -1)
		return -1;
	msg.writer = wq->cleanup->daemon->worker;
	msg.slot = (uint32_t)qfile_slot(m->file);
	ipc_send(wq->qmgr, IPC_MESSAGE_INLINE, 0, &msg);
	return 0;
}

/*
 * Disk trouble passes or does not; here a message only waits for it. One that
 * is no mail any more is left for the recovery of qmgr to set aside.
 */
static void
trouble(struct work_queue *wq, struct mail *m, const struct err *err)
{
	if (err->sys != ENOENT && err->kind != ERR_PERM) {
		disk_alert(wq->cleanup, err);
		wait_in(wq, &wq->failing, m);
		loop_timer_in(wq->again, RETRY);
		return;
	}
	if (err->kind == ERR_PERM)
		EMIT(CORRUPT, .mid = m->mid, .text = str_of(err->text));
	gone(wq, m);
}

static void
gone(struct work_queue *wq, struct mail *m)
{
	stats_gauge_add(
	    wq->cleanup->daemon->stats, STATS_GAUGE_workqueue_messages, -1);
	mail_free(&m);
}

static void
wait_in(struct work_queue *wq, struct list *l, struct mail *m)
{
	if (m->loaded)
		qfile_park(m->file);
	if (can_unload(m) && wq->n_loaded == WAIT_LOADED)
		mail_unload(m);
	wq->n_loaded += can_unload(m);
	list_put(l, m);
}

/* What was decided is only in memory, until ROUTE is written. */
static bool
can_unload(const struct mail *m)
{
	return m->loaded && (m->routed || !m->decided);
}

/* Those that came to it meanwhile wait less than the others did. */
static void
run_later(void *arg)
{
	struct work_queue *wq = arg;
	struct mail *m;

	while ((m = list_take(&wq->later)) != NULL)
		list_put(&wq->waiting, m);
	workqueue_run(wq);
}

static void
run_again(void *arg)
{
	struct work_queue *wq = arg;
	struct mail *m;

	while ((m = list_take(&wq->failing)) != NULL)
		list_put(m->decided ? &wq->ready : &wq->waiting, m);
	workqueue_run(wq);
}

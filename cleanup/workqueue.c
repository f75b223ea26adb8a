/*
 * workqueue.c - from the commit to qmgr
 *
 *	waiting --route, send--> sent --all of the channel is out--> done
 *	   ^                      |
 *	   +--- channel lost -----+
 *	waiting --disk trouble--> failing --a second--> waiting
 *
 * What was queued to a qmgr that died has ROUTE, so the next qmgr finds it on
 * disk, unless it looked before ROUTE was there. So such messages are sent
 * once more; qmgr ignores what it has, and what it has finished has no file.
 */
#include "cleanup/workqueue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cleanup/disk.h"
#include "event/event.h"

#define WAIT_LOADED 1000
#define PER_TURN    100  /* sent in one go, so that intake is not held up */
#define RETRY       1000 /* ms */

struct list {
	struct mail *first, **last;
	size_t n;
};

struct work_queue {
	struct cleanup *cleanup;
	struct ipc *qmgr;
	bool paused;
	struct list waiting, failing, sent;
	size_t n_loaded; /* of those waiting or failing */
	struct loop_timer *again;
};

enum outcome {
	PASSED, /* not ours any more */
	LATER   /* as it was */
};

static void list_put(struct list *, struct mail *);
static struct mail *list_take(struct list *);
static void turn_end(void *arg);
static bool may_send(const struct work_queue *);
static enum outcome pass(struct work_queue *, struct mail *);
static int drop(struct work_queue *, struct mail *, struct err *);
static int hand_over(struct work_queue *, struct mail *, struct err *);
static int route(struct mail *, const struct config *, struct err *);
static int send_file(struct work_queue *, struct mail *, struct err *);
static int send_inline(struct work_queue *, struct mail *, struct err *);
static enum outcome trouble(
    struct work_queue *, struct mail *, const struct err *);
static void wait_in(struct work_queue *, struct list *, struct mail *);
static void wait_later(struct work_queue *, struct mail *);
static void run_again(void *arg);

struct work_queue *
workqueue_new(struct cleanup *c)
{
	struct work_queue *wq = mem_alloc(sizeof(*wq));

	wq->cleanup = c;
	wq->waiting.last = &wq->waiting.first;
	wq->failing.last = &wq->failing.first;
	wq->sent.last = &wq->sent.first;
	wq->again = loop_timer(c->daemon->loop, run_again, wq);
	loop_at_turn_end(c->daemon->loop, turn_end, wq);
	return wq;
}

void
workqueue_free(struct work_queue **wqp)
{
	struct work_queue *wq = *wqp;
	struct list *lists[] = { &wq->waiting, &wq->failing, &wq->sent };
	struct mail *m;

	for (size_t i = 0; i < NELEM(lists); i++)
		while ((m = list_take(lists[i])) != NULL)
			mail_free(&m);
	loop_timer_free(&wq->again);
	free(wq);
	*wqp = NULL;
}

void
workqueue_add(struct work_queue *wq, struct mail *m)
{
	stats_gauge_add(
	    wq->cleanup->daemon->stats, STATS_GAUGE_workqueue_messages, 1);
	/* In order: nobody overtakes those that wait. A sinkhole does not
	 * get so far. */
	if ((wq->waiting.n > 0 || !may_send(wq)) &&
	    !(m->envelope.flags & ENV_SINKHOLE))
		wait_in(wq, &wq->waiting, m);
	else if (pass(wq, m) == LATER)
		wait_later(wq, m);
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
		wait_in(wq, &wq->waiting, m);
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
	workqueue_run(wq);
}

void
workqueue_run(struct work_queue *wq)
{
	struct mail *m;

	for (int i = 0; wq->waiting.n > 0 && may_send(wq); i++) {
		if (i == PER_TURN) {
			loop_timer_in(wq->again, 0);
			return;
		}
		m = list_take(&wq->waiting);
		wq->n_loaded -= m->loaded;
		if (pass(wq, m) == LATER)
			wait_later(wq, m);
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

	if (wq->sent.n == 0 || wq->qmgr == NULL || ipc_queued(wq->qmgr) > 0 ||
	    ipc_is_deaf(wq->qmgr))
		return;
	while ((m = list_take(&wq->sent)) != NULL)
		mail_free(&m);
}

static bool
may_send(const struct work_queue *wq)
{
	return wq->qmgr != NULL && !wq->paused && !ipc_busy(wq->qmgr) &&
	       !ipc_is_deaf(wq->qmgr);
}

/* One message, on to where it goes. */
static enum outcome
pass(struct work_queue *wq, struct mail *m)
{
	struct cleanup *c = wq->cleanup;
	struct err err = ERR_INIT;
	int rc;

	if (mail_load(m, c->spool, &err) == -1)
		return trouble(wq, m, &err);
	if (m->envelope.flags & ENV_SINKHOLE)
		rc = drop(wq, m, &err);
	else
		rc = hand_over(wq, m, &err);
	if (rc == -1)
		return trouble(wq, m, &err);
	stats_gauge_add(c->daemon->stats, STATS_GAUGE_workqueue_messages, -1);
	return PASSED;
}

static int
drop(struct work_queue *wq, struct mail *m, struct err *err)
{
	if (qfile_unlink(m->file, err) == -1)
		return -1;
	stats_add(wq->cleanup->daemon->stats, STATS_dropped_messages, 1);
	EMIT(MID_DONE, .mid = m->mid);
	mail_free(&m);
	return 0;
}

static int
hand_over(struct work_queue *wq, struct mail *m, struct err *err)
{
	int rc;

	if (!m->routed && route(m, wq->cleanup->daemon->config, err) == -1)
		return -1;
	if (qfile_slot(m->file) != -1)
		rc = send_inline(wq, m, err);
	else
		rc = send_file(wq, m, err);
	if (rc == -1)
		return -1;
	EMIT(MID_QUEUED, .mid = m->mid);
	qfile_park(m->file);
	list_put(&wq->sent, m);
	return 0;
}

static int
route(struct mail *m, const struct config *cf, struct err *err)
{
	size_t n = mail_wants_header(m, cf);
	struct str header = STR("");
	struct buf in;

	if (n > 0) {
		buf_init(&in, n);
		if (qfile_read(m->file, n, &in, err) == 0)
			header = arena_str(&m->mem, buf_str(&in));
		buf_fini(&in);
		if (header.n == 0)
			return -1;
	}
	if (!mail_route(m, cf, header))
		EMIT(WARNING,
		    .text = str_of(arena_printf(&m->mem,
			"MID %" PRIu64 ": the changed header is over %d "
			"bytes, so it goes as it came",
			m->mid, PREPEND_MAX)));
	if (qfile_route(m->file, &m->route, err) == -1)
		return -1;
	m->routed = true;
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
static enum outcome
trouble(struct work_queue *wq, struct mail *m, const struct err *err)
{
	struct cleanup *c = wq->cleanup;

	if (err->sys != ENOENT && err->kind != ERR_PERM) {
		disk_alert(c, err);
		return LATER;
	}
	if (err->kind == ERR_PERM)
		EMIT(CORRUPT, .mid = m->mid, .text = str_of(err->text));
	stats_gauge_add(c->daemon->stats, STATS_GAUGE_workqueue_messages, -1);
	mail_free(&m);
	return PASSED;
}

static void
wait_in(struct work_queue *wq, struct list *l, struct mail *m)
{
	if (m->loaded && wq->n_loaded < WAIT_LOADED) {
		qfile_park(m->file);
		wq->n_loaded++;
	} else if (m->loaded) {
		mail_unload(m);
	}
	list_put(l, m);
}

static void
wait_later(struct work_queue *wq, struct mail *m)
{
	wait_in(wq, &wq->failing, m);
	loop_timer_in(wq->again, RETRY);
}

static void
run_again(void *arg)
{
	struct work_queue *wq = arg;
	struct mail *m;

	while ((m = list_take(&wq->failing)) != NULL)
		list_put(&wq->waiting, m);
	workqueue_run(wq);
}

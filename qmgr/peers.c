/* peers.c - what the core asks of the world, said on channels */
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/mem.h"
#include "qmgr/bounce.h"
#include "qmgr/resolve.h"
#include "qmgr/schedule.h"
#include "qmgr/world.h"

#define DATA_FRAME ((size_t)64 * 1024)
#define JOB_RCPTS  1000
#define TAG_MEM    4096 /* of one tagged address */

static bool do_ask(void *, uint32_t txn, const struct query *);
static bool do_open(void *, struct conn *, const struct session *);
static int do_give(
    void *, struct conn *, struct parcel *, uint64_t job, struct err *);
static void do_quit(void *, struct conn *);
static void do_kill(void *, struct conn *);
static void do_order(void *, const struct order_rec *);
static void do_save(void *, struct save *);
static int do_unlink(void *, enum queue_place, uint64_t mid, struct err *);
static int do_read(
    void *, struct mail *, struct qmessage *, struct arena *, struct err *);
static int do_content(void *, struct mail *, const struct qmessage *,
    uint64_t n, struct buf *, struct err *);
static bool do_notice(void *, struct notice *, const struct envelope *,
    struct str content, uint32_t wire_flags);
static void do_forget(void *, struct mail *);
static uint32_t do_random(void *);

static int give(struct world *, struct conn *, struct parcel *, uint64_t job,
    struct arena *mem, struct err *);
static struct peer *next_peer(
    struct world *, struct peer **turn, enum program_kind);
static size_t list_rcpts(
    const struct held *, const struct parcel *, struct job_rcpt *);
static int frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static int take(struct peer *, struct ipc_frame *, struct err *);
static int from_smtp(struct peer *, struct ipc_frame *, struct err *);
static int from_cleanup(struct peer *, struct ipc_frame *, struct err *);
static int from_keyd(struct peer *, struct ipc_frame *, struct err *);
static int from_lookupd(struct peer *, struct ipc_frame *, struct err *);
static void closed(void *, struct ipc *, const struct err *);
static void drained(void *, struct ipc *);

const struct outside world_outside = {
	.ask = do_ask,
	.open = do_open,
	.give = do_give,
	.quit = do_quit,
	.kill = do_kill,
	.save = do_save,
	.order = do_order,
	.unlink = do_unlink,
	.read = do_read,
	.content = do_content,
	.notice = do_notice,
	.forget = do_forget,
	.random = do_random,
};

static const struct ipc_handler handler = { frame, closed, drained };

const struct ipc_handler *
world_peer(struct world *w, enum program_kind kind, uint32_t worker,
    struct ipc *ipc, void **arg)
{
	struct peer *p;

	if (kind != PROGRAM_SMTP && kind != PROGRAM_CLEANUP &&
	    kind != PROGRAM_LOOKUPD && kind != PROGRAM_KEYD)
		return NULL;
	p = mem_alloc(sizeof(*p));
	p->world = w;
	p->kind = kind;
	p->worker = worker;
	p->ipc = ipc;
	p->next = w->peers;
	w->peers = p;
	*arg = p;
	world_enter(w);
	if (kind == PROGRAM_LOOKUPD) {
		w->lookupd = p;
		resolve_again(&w->q);
	} else if (kind == PROGRAM_CLEANUP) {
		world_tell_workqueue(w);
		bounce_run(&w->q);
	} else {
		schedule_wake(&w->q);
	}
	world_leave(w);
	return &handler;
}

void
world_tell_workqueue(struct world *w)
{
	struct workqueue msg = { .paused = w->state.paused,
		.reason = str_of(w->state.reason) };

	for (struct peer *p = w->peers; p != NULL; p = p->next)
		if (p->kind == PROGRAM_CLEANUP)
			ipc_send(p->ipc, IPC_WORKQUEUE, 0, &msg);
}

struct peer *
world_cleanup(struct world *w)
{
	return next_peer(w, &w->cleanup_turn, PROGRAM_CLEANUP);
}

struct peer *
world_cleanup_of(struct world *w, uint64_t mid)
{
	uint32_t n = w->daemon->n_workers;

	for (struct peer *p = w->peers; p != NULL; p = p->next)
		if (p->kind == PROGRAM_CLEANUP && p->worker == mid % n)
			return ipc_busy(p->ipc) ? NULL : p;
	return NULL;
}

/* --- outside --- */

static bool
do_ask(void *arg, uint32_t txn, const struct query *query)
{
	struct world *w = arg;

	if (w->lookupd == NULL)
		return false;
	ipc_send(w->lookupd->ipc, IPC_QUERY, txn, query);
	return true;
}

static bool
do_open(void *arg, struct conn *c, const struct session *s)
{
	struct world *w = arg;
	struct peer *p = next_peer(w, &w->smtp_turn, PROGRAM_SMTP);

	if (p == NULL)
		return false;
	c->worker = p;
	ipc_send(p->ipc, IPC_SESSION, c->id, s);
	return true;
}

static int
do_give(
    void *arg, struct conn *c, struct parcel *p, uint64_t job, struct err *err)
{
	struct arena mem;
	int rc;

	arena_init(&mem, TAG_MEM);
	rc = give(arg, c, p, job, &mem, err);
	arena_free(&mem);
	return rc;
}

/* mem: until it is said. */
static int
give(struct world *w, struct conn *c, struct parcel *p, uint64_t job,
    struct arena *mem, struct err *err)
{
	static struct job_rcpt rcpts[JOB_RCPTS];
	struct peer *peer = c->worker;
	struct mail *m = p->mail;
	struct str sender;
	struct held *h;
	struct job j;
	int fd;

	if (ipc_busy(peer->ipc) ||
	    !tagging_sender(&w->tagging, c->dest->limits, m, &sender, mem))
		return 1;
	h = held_get(&w->helds, m, err);
	fd = h != NULL && h->content.n == 0 ? held_fd(&w->helds, h, err) : -1;
	if (h == NULL || (fd == -1 && h->content.n == 0))
		return -1;
	j = (struct job){ .job = job,
		.mid = m->mid,
		.sender = sender,
		.flags = m->flags,
		.wire_flags = h->wire_flags,
		.ret = m->ret,
		.envid = h->envid,
		.content_off = m->content_off,
		.content_len = m->content_len,
		.prepend = h->prepend,
		.rcpts = { list_rcpts(h, p, rcpts), rcpts } };
	if (fd != -1) {
		ipc_send_fds(peer->ipc, IPC_JOB, c->id, &j, &fd, 1);
		return 0;
	}
	j.content = h->content;
	ipc_send(peer->ipc, IPC_JOB_INLINE, c->id, &j);
	return 0;
}

static void
do_quit(void *arg, struct conn *c)
{
	struct session_quit quit = { 0 };
	struct peer *p = c->worker;

	(void)arg;
	ipc_send(p->ipc, IPC_SESSION_QUIT, c->id, &quit);
}

static void
do_kill(void *arg, struct conn *c)
{
	struct session_kill cut = { 0 };
	struct peer *p = c->worker;

	(void)arg;
	ipc_send(p->ipc, IPC_SESSION_KILL, c->id, &cut);
}

static void
do_order(void *arg, const struct order_rec *rec)
{
	struct world *w = arg;

	ledger_add(w->ledger, rec);
}

static void
do_save(void *arg, struct save *s)
{
	struct world *w = arg;

	if (s->place == QUEUE_SLOT) {
		s->slots = store_slots(w->store, s->mail->slot / SLOTS_N, NULL);
		s->slot = (int)(s->mail->slot % SLOTS_N);
	}
	store_save(w->store, s);
}

static int
do_unlink(void *arg, enum queue_place place, uint64_t mid, struct err *err)
{
	struct world *w = arg;

	if (place != QUEUE_SLOT)
		return store_unlink(w->store, place, mid, err);
	store_slot_done(w->store, mail_find(&w->q, mid)->slot, mid);
	return 0;
}

static int
do_read(void *arg, struct mail *m, struct qmessage *qm, struct arena *mem,
    struct err *err)
{
	struct world *w = arg;

	return held_read(&w->helds, m, qm, mem, err);
}

static int
do_content(void *arg, struct mail *m, const struct qmessage *qm, uint64_t n,
    struct buf *out, struct err *err)
{
	struct world *w = arg;

	return held_content(&w->helds, m, qm, n, out, err);
}

static bool
do_notice(void *arg, struct notice *n, const struct envelope *env,
    struct str content, uint32_t wire_flags)
{
	struct world *w = arg;
	struct peer *p = world_cleanup(w);
	struct end_msg end = { .size = content.n, .wire_flags = wire_flags };

	if (p == NULL)
		return false;
	n->worker = p;
	ipc_send(p->ipc, IPC_ENVELOPE, n->txn, env);
	for (size_t at = 0; at < content.n; at += DATA_FRAME) {
		struct str piece = str_sub(content, at, DATA_FRAME);

		ipc_send_raw(p->ipc, IPC_DATA, n->txn, piece.p, piece.n);
	}
	ipc_send(p->ipc, IPC_END, n->txn, &end);
	return true;
}

static void
do_forget(void *arg, struct mail *m)
{
	struct world *w = arg;

	held_forget(&w->helds, m);
}

/* From the kernel, some at a time: boundaries must not be guessed. */
static uint32_t
do_random(void *arg)
{
	struct world *w = arg;

	if (w->n_random == 0) {
		if (getrandom(w->random, sizeof(w->random), 0) !=
		    (ssize_t)sizeof(w->random))
			panic("getrandom");
		w->n_random = NELEM(w->random);
	}
	return w->random[--w->n_random];
}

/* --- helpers --- */

/* The next one of that kind, in turn, that can take something; or NULL. */
static struct peer *
next_peer(struct world *w, struct peer **turn, enum program_kind kind)
{
	struct peer *start = *turn != NULL ? (*turn)->next : w->peers;

	for (int round = 0; round < 2; round++) {
		for (struct peer *p = start; p != NULL; p = p->next)
			if (p->kind == kind && !ipc_busy(p->ipc))
				return *turn = p;
		start = w->peers;
	}
	return NULL;
}

static size_t
list_rcpts(const struct held *h, const struct parcel *p, struct job_rcpt *out)
{
	static char addrs[JOB_RCPTS][ADDR_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < p->n && n < JOB_RCPTS; i++) {
		const struct recipient *r = parcel_rcpt(p, i);

		if (r->state != RECIPIENT_OPEN)
			continue;
		out[n] = (struct job_rcpt){ .rid = r->rid,
			.addr = parcel_addr(p, r, addrs[n]),
			.notify = r->notify };
		if (r->rid < h->n_orcpts)
			out[n].orcpt = h->orcpts[r->rid];
		n++;
	}
	return n;
}

/* --- what comes in --- */

static int
frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct peer *p = arg;
	int rc;

	(void)ipc;
	world_enter(p->world);
	rc = take(p, f, err);
	world_leave(p->world);
	return rc;
}

static int
take(struct peer *p, struct ipc_frame *f, struct err *err)
{
	switch (p->kind) {
	case PROGRAM_SMTP:
		return from_smtp(p, f, err);
	case PROGRAM_CLEANUP:
		return from_cleanup(p, f, err);
	case PROGRAM_KEYD:
		return from_keyd(p, f, err);
	default:
		return from_lookupd(p, f, err);
	}
}

static int
from_smtp(struct peer *p, struct ipc_frame *f, struct err *err)
{
	struct qmgr *q = &p->world->q;
	struct session_down down;
	struct session_up up;
	struct job_done done;
	struct arena mem;
	int rc;

	arena_init(&mem, IPC_FRAME_MAX * 4);
	switch (f->type) {
	case IPC_SESSION_UP:
		rc = ipc_decode(f, &up, NULL, err);
		if (rc == 0)
			rc = schedule_up(q, p, f->txn, &up, err);
		break;
	case IPC_SESSION_DOWN:
		rc = ipc_decode(f, &down, NULL, err);
		if (rc == 0)
			rc = schedule_down(q, p, f->txn, &down, err);
		break;
	default:
		rc = ipc_decode(f, &done, &mem, err);
		if (rc == 0)
			rc = schedule_done(q, p, f->txn, &done, err);
	}
	arena_free(&mem);
	return rc;
}

static int
from_cleanup(struct peer *p, struct ipc_frame *f, struct err *err)
{
	struct rescored judged;
	struct accepted a;

	if (f->type == IPC_MESSAGE || f->type == IPC_MESSAGE_INLINE)
		return intake_message(p->world, f, err);
	if (f->type == IPC_RESCORED) {
		if (ipc_decode(f, &judged, NULL, err) == -1)
			return -1;
		rescore_answer(p->world, p, &judged);
		return 0;
	}
	if (ipc_decode(f, &a, NULL, err) == -1)
		return -1;
	if (!bounce_answer(&p->world->q, p, f->txn, a.code, a.text) &&
	    !release_answer(p->world, p, f->txn, a.code, a.text))
		return err_set(err, ERR_PROTO, "no such notice");
	return 0;
}

static int
from_keyd(struct peer *p, struct ipc_frame *f, struct err *err)
{
	struct tag_key_msg msg;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	tagging_key(&p->world->tagging, &msg);
	schedule_wake(&p->world->q);
	return 0;
}

static int
from_lookupd(struct peer *p, struct ipc_frame *f, struct err *err)
{
	struct answer a;
	struct arena mem;
	int rc;

	arena_init(&mem, IPC_FRAME_MAX * 8);
	rc = ipc_decode(f, &a, &mem, err);
	if (rc == 0)
		resolve_answer(&p->world->q, f->txn, &a);
	arena_free(&mem);
	return rc;
}

static void
closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct peer *p = arg, **at;
	struct world *w = p->world;

	(void)ipc, (void)err;
	for (at = &w->peers; *at != p; at = &(*at)->next)
		;
	*at = p->next;
	if (w->smtp_turn == p)
		w->smtp_turn = NULL;
	if (w->cleanup_turn == p)
		w->cleanup_turn = NULL;
	if (w->lookupd == p)
		w->lookupd = NULL; /* questions wait: world_peer */
	world_enter(w);
	if (p->kind == PROGRAM_SMTP)
		schedule_worker_lost(&w->q, p);
	else if (p->kind == PROGRAM_CLEANUP) {
		bounce_worker_lost(&w->q, p);
		release_worker_lost(w, p);
		rescore_worker_lost(w, p);
	}
	world_leave(w);
	free(p);
}

static void
drained(void *arg, struct ipc *ipc)
{
	struct peer *p = arg;
	struct world *w = p->world;

	(void)ipc;
	world_enter(w);
	schedule_wake(&w->q);
	bounce_run(&w->q);
	world_leave(w);
}

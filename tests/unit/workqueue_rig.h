/*
 * workqueue_rig.h - cleanup's work queue without its program, and a qmgr that
 * notes what it gets
 */
#ifndef TESTS_WORKQUEUE_RIG_H
#define TESTS_WORKQUEUE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "cleanup/ask.h"
#include "cleanup/recover.h"
#include "cleanup/workqueue.h"
#include "config/load.h"
#include "event/event.h"
#include "mail/scan.h"
#include "queue/slots.h"
#include "queue_kit.h"

#define RIG_MESSAGES 40
#define RIG_RCPTS    200

/* What qmgr knows of a message. */
struct known {
	uint64_t mid;
	char policy[24], host[40], hold[24], sender[40];
	bool tagged, refused;
	uint32_t n_rcpts;
	uint8_t to[RIG_RCPTS]; /* of rcptN@..: how often */
	char rcpt[40];         /* the first */
};
struct knowledge {
	volatile unsigned n;
	struct known v[RIG_MESSAGES];
};

struct wq_rig {
	struct kit kit;
	struct daemon daemon;
	struct cleanup cleanup;
	struct ipc *at_qmgr, *to_qmgr;
	struct knowledge *known;
	struct loop_timer *limit;
	char log[8192]; /* events as text */
};

static inline void
rig_text(char *out, size_t size, struct str s)
{
	(void)str_copy(out, size, s);
}

static inline struct known *
rig_learn(struct knowledge *k, uint64_t mid)
{
	for (unsigned i = 0; i < k->n; i++)
		if (k->v[i].mid == mid)
			return NULL;
	if (k->n == RIG_MESSAGES)
		panic("the rig is full");
	k->v[k->n].mid = mid;
	return &k->v[k->n];
}

static inline void
rig_rcpts(struct known *m, const struct rcpt *v, size_t n)
{
	uint64_t who;

	m->n_rcpts = (uint32_t)n;
	rig_text(m->rcpt, sizeof(m->rcpt), n > 0 ? v[0].addr : STR(""));
	for (size_t i = 0; i < n; i++) {
		struct str number = str_sub(v[i].addr, 4, v[i].addr.n);

		if (str_u64(str_cut(&number, '@'), RIG_RCPTS - 1, &who))
			m->to[who]++;
	}
}

/* Complete before it counts: death may come at any moment. */
static inline void
rig_message(struct knowledge *k, const struct message *in)
{
	struct known *m = rig_learn(k, in->mid);
	const struct hold_rec *h = in->holds.v;

	if (m == NULL)
		return;
	rig_text(m->policy, sizeof(m->policy), in->mail_policy);
	rig_text(m->host, sizeof(m->host), in->alt_mailhost);
	rig_text(m->sender, sizeof(m->sender), in->sender);
	if (in->holds.n > 0)
		rig_text(m->hold, sizeof(m->hold), h->quarantine);
	m->tagged = in->spam_tagged;
	m->refused = in->refused;
	rig_rcpts(m, in->rcpts.v, in->rcpts.n);
	k->n++;
}

static inline int
rig_at_qmgr(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct wq_rig *r = arg;
	struct message m;
	struct arena mem;

	(void)ipc;
	arena_init(&mem, 1 << 24);
	if (ipc_decode(f, &m, &mem, err) == -1)
		return -1;
	rig_message(r->known, &m);
	arena_free(&mem);
	return 0;
}

static inline int
rig_nothing(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)arg, (void)ipc;
	return err_set(err, ERR_PROTO, "message %u", f->type);
}

static inline void
rig_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	(void)arg, (void)ipc;
	panic("rig: %s", err->text);
}

static inline void
rig_event(void *arg, enum event_id id, const void *fields)
{
	struct wq_rig *r = arg;
	struct buf line;

	buf_init(&line, 4096);
	event_text(id, fields, &line);
	snprintf(r->log + strlen(r->log), sizeof(r->log) - strlen(r->log),
	    "%.*s\n", STR_ARG(buf_str(&line)));
	buf_fini(&line);
}

static inline void
rig_late(void *arg)
{
	(void)arg;
	panic("waited in vain");
}

/* kit: a spool that was made (kit_make); slots: small messages go there. */
static inline void
rig_start(
    struct wq_rig *r, const char *yaml, bool slots, struct knowledge *known)
{
	static const struct ipc_handler there = { rig_at_qmgr, rig_closed,
		NULL };
	static const struct ipc_handler here = { rig_nothing, rig_closed,
		NULL };
	struct event_sink sink = { rig_event, r };
	struct err err = ERR_INIT;
	struct bundle b;
	int fd, ends[2];

	kit_start(&r->kit, 1);
	if (slots && spool_slots(r->kit.spool) == NULL &&
	    spool_use_slots(r->kit.spool, &err) == -1)
		panic("rig: %s", err.text);
	bundle_from_text(&b, "postern.yaml", str_of(yaml));
	r->daemon.loop = r->kit.loop;
	r->daemon.config = config_load_simple(&b, 1, &err);
	bundle_free(&b);
	r->daemon.stats = stats_create(&fd, &err);
	if (r->daemon.config == NULL || r->daemon.stats == NULL)
		panic("rig: %s", err.text);
	close(fd);
	stats_use_slot(r->daemon.stats, 1);
	r->daemon.n_workers = 1;
	event_set_sink(&sink);
	r->known = known;
	r->cleanup = (struct cleanup){ .daemon = &r->daemon,
		.spool = r->kit.spool,
		.committer = r->kit.committer };
	r->cleanup.workqueue = workqueue_new(&r->cleanup);
	r->cleanup.asker = asker_new(&r->cleanup);
	r->limit = loop_timer(r->kit.loop, rig_late, NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1)
		panic("rig: socketpair");
	r->at_qmgr = ipc_new(r->kit.loop, ends[0], "cleanup", &there, r);
	ipc_accept(r->at_qmgr, IPC_MESSAGE);
	ipc_accept(r->at_qmgr, IPC_MESSAGE_INLINE);
	r->to_qmgr = ipc_new(r->kit.loop, ends[1], "qmgr", &here, r);
}

static inline void
rig_connect(struct wq_rig *r)
{
	workqueue_connect(r->cleanup.workqueue, r->to_qmgr);
}

static inline void
rig_turn(void *arg)
{
	loop_stop(((struct wq_rig *)arg)->kit.loop);
}

/* Until the work queue is empty, and nothing is on its way. */
static inline void
rig_run(struct wq_rig *r)
{
	struct loop_timer *turn = loop_timer(r->kit.loop, rig_turn, r);
	int quiet = 0;

	loop_timer_in(r->limit, 20000);
	while (quiet < 3) {
		loop_timer_in(turn, 1);
		loop_run(r->kit.loop);
		quiet = committer_pending(r->kit.committer) == 0 &&
				stats_gauge_sum(r->daemon.stats,
				    STATS_GAUGE_workqueue_messages) == 0
			    ? quiet + 1
			    : 0;
	}
	loop_timer_free(&turn);
	loop_timer_stop(r->limit);
}

static inline void
rig_stop(struct wq_rig *r)
{
	ipc_free(&r->at_qmgr);
	ipc_free(&r->to_qmgr);
	committer_free(&r->kit.committer);
	workqueue_free(&r->cleanup.workqueue);
	asker_free(&r->cleanup.asker);
	loop_timer_free(&r->limit);
	event_set_sink(NULL);
	stats_unmap(&r->daemon.stats);
	config_unref(&r->daemon.config);
	loop_free(&r->kit.loop);
}

/* --- a message comes in --- */

struct rig_arrival {
	struct wq_rig *rig;
	struct mail *mail;
	volatile int *accepted;
};

static inline void
rig_arrived(void *arg, const struct err *err)
{
	struct rig_arrival *a = arg;

	if (err != NULL)
		panic("rig: %s", err->text);
	if (a->accepted != NULL)
		*a->accepted = 1;
	workqueue_add(a->rig->cleanup.workqueue, a->mail);
	free(a);
}

static inline void
rig_bring(struct wq_rig *r, const struct envelope *e, struct str content,
    volatile int *accepted)
{
	struct rig_arrival *a = mem_alloc(sizeof(*a));
	struct err err = ERR_INIT;
	struct scan scan;

	stats_id_floor(r->daemon.stats, STATS_MID, e->mid);
	*a = (struct rig_arrival){ r, mail_new(e->mid), accepted };
	mail_set_envelope(a->mail, e);
	scan_begin(&scan);
	scan_feed(&scan, content);
	scan_end(&scan);
	a->mail->found = kit_content(content.n);
	a->mail->found.header_len = scan.header_len;
	if (qfile_new(&a->mail->file, r->kit.spool, &a->mail->envelope, &err) ==
		-1 ||
	    qfile_write(a->mail->file, content, &err) == -1)
		panic("rig: %s", err.text);
	qfile_commit(
	    a->mail->file, r->kit.committer, &a->mail->found, rig_arrived, a);
}

/* --- qmgr starts: what it would take up (qmgr/intake.c) --- */

struct rig_qmgr {
	struct spool *spool;
	struct slots *slots;
	struct knowledge *known;
};

static inline void
rig_take_up(struct rig_qmgr *q, const struct qmessage *m)
{
	struct message in = { .mid = m->mid,
		.sender = m->envelope.sender,
		.mail_policy = m->route.mail_policy,
		.alt_mailhost = m->route.alt_mailhost,
		.holds = m->route.holds,
		.spam_tagged = m->route.spam_tagged,
		.refused = m->route.marks & ROUTE_REFUSED,
		.rcpts = m->envelope.rcpts };

	if (m->routed && m->n_open > 0 &&
	    !queue_is_unborn(q->spool, q->slots, m))
		rig_message(q->known, &in);
}

static inline void
rig_found(void *arg, const struct qmessage *m, enum queue_place place)
{
	(void)place;
	rig_take_up(arg, m);
}

static inline void
rig_found_slot(void *arg, int slot, const struct qmessage *m)
{
	(void)slot;
	rig_take_up(arg, m);
}

static inline void
rig_corrupt(void *arg, uint64_t mid, const struct err *why)
{
	(void)arg;
	panic("MID %d is corrupt: %s", (int)mid, why->text);
}

static inline void
rig_damaged(void *arg, int slot, uint64_t mid, const struct err *why)
{
	(void)arg, (void)slot;
	panic("MID %d is damaged: %s", (int)mid, why->text);
}

static inline void
rig_qmgr_starts(struct kit *k, struct knowledge *known)
{
	static const struct recover_handler files = { rig_found, rig_corrupt,
		NULL };
	static const struct slots_handler slots = { rig_found_slot,
		rig_damaged };
	struct rig_qmgr q = { .known = known };
	struct err err = ERR_INIT;
	uint64_t max = 0;

	if (spool_open(&q.spool, k->path, ALL_PLACES, &err) == -1 ||
	    slots_open(&q.slots, q.spool, 0, false, &err) == -1 ||
	    spool_recover(
		q.spool, QUEUE_INCOMING, false, &files, &q, &max, &err) == -1 ||
	    (q.slots != NULL &&
		slots_recover(q.slots, false, &slots, &q, &err) == -1))
		panic("qmgr: %s", err.text);
	slots_close(&q.slots);
	spool_close(&q.spool);
}

#endif

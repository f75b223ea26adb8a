/*
 * intake.c - messages come in
 *
 *	ENVELOPE --> OPEN --DATA--> OPEN --END--> COMMITTING --durable--> mail
 *	               |                             |
 *	               +--fault--> FAILED            +--error--> answered 4xx
 *	               +--ABORT, peer lost--> gone
 *
 * Where content comes before the envelope (qmqpd), the first ENVELOPE says so
 * (ENV_LATE), and the true one, in TAIL, comes between content and END.
 *
 * FAILED swallows what still comes and answers at END: the peer expects one
 * answer, there. The draft is removed at once.
 */
#include "cleanup/intake.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "cleanup/disk.h"
#include "cleanup/envelope.h"
#include "cleanup/mail.h"
#include "cleanup/settle.h"
#include "cleanup/workqueue.h"
#include "event/event.h"
#include "mail/scan.h"
#include "mail/wire.h"
#include "pipeline/work.h"

#define DRAFTS_MAX 1000 /* of one peer: IPC-03 */

enum txn_state {
	TXN_RCPTS, /* RCPT_MORE may follow */
	TXN_OPEN,
	TXN_TAIL, /* content and late envelope are here; RCPT_MORE, END */
	TXN_FAILED,
	TXN_COMMITTING
};

struct txn {
	struct cleanup *cleanup;
	struct intake *from; /* NULL: the peer is gone */
	uint32_t id;
	enum txn_state state;
	bool late; /* the envelope is still to come */
	struct mail *mail;
	uint64_t promised; /* our share of cleanup->promised */
	size_t cap_rcpts;
	bool own;      /* made by an administrator's tool */
	bool returned; /* noted as coming, in cleanup->returned */
	struct wire_check check;
	struct scan scan;
	struct task *task;      /* that decided early; NULL: none */
	struct accepted answer; /* when it has failed; literals */
};

struct intake {
	struct cleanup *cleanup;
	struct ipc *ipc;
	enum program_kind kind;
	struct map txns; /* by the peer's number */
	unsigned n_txns;
};

/* The answers, in one place. */
enum verdict {
	ANSWER_OK,
	ANSWER_LOCAL,
	ANSWER_FULL,
	ANSWER_BUSY,
	ANSWER_SIZE,
	ANSWER_FORM,
	ANSWER_RCPTS
};
static const struct accepted answers[] = {
	[ANSWER_OK] = { 250, { "2.0.0", 5 }, { "ok", 2 } },
	[ANSWER_LOCAL] = { 451, { "4.3.0", 5 },
	    { "local error, try again later", 28 } },
	[ANSWER_FULL] = { 452, { "4.3.1", 5 },
	    { "insufficient system storage", 27 } },
	[ANSWER_BUSY] = { 451, { "4.3.2", 5 },
	    { "system busy, try again later", 28 } },
	[ANSWER_SIZE] = { 552, { "5.3.4", 5 },
	    { "message exceeds the size limit", 30 } },
	[ANSWER_FORM] = { 554, { "5.6.0", 5 }, { "message is malformed", 20 } },
	[ANSWER_RCPTS] = { 452, { "4.5.3", 5 }, { "too many recipients", 19 } },
};

static int take_envelope(
    struct intake *, struct txn *, struct ipc_frame *, struct err *);
static int take_late(struct txn *, struct ipc_frame *, struct err *);
static int take_more(
    struct intake *, struct txn *, struct ipc_frame *, struct err *);
static int take_data(
    struct intake *, struct txn *, struct ipc_frame *, struct err *);
static int take_end(
    struct intake *, struct txn *, struct ipc_frame *, struct err *);
static int take_abort(
    struct intake *, struct txn *, struct ipc_frame *, struct err *);
static struct txn *txn_new(struct intake *, uint32_t id);
static void txn_free(struct txn **);
static int read_envelope(struct txn *, struct ipc_frame *, struct err *);
static bool may_begin(struct txn *);
static void set_envelope(struct txn *);
static bool is_here(struct txn *);
static void promise(struct txn *);
static void begin_draft(struct txn *);
static bool content_is_fine(struct txn *, const struct end_msg *);
static void commit(struct txn *);
static void committed(void *arg, const struct err *);
static void announce(const struct mail *);
static void count(struct txn *);
static void fail(struct txn *, enum verdict);
static void fail_disk(struct txn *, const struct err *);
static void fail_with(struct txn *, const struct accepted *);
static void answer(struct txn *, const struct accepted *);

static const struct {
	enum ipc_type type;
	bool begins; /* there must be no such transaction yet */
	int (*take)(
	    struct intake *, struct txn *, struct ipc_frame *, struct err *);
} frames[] = {
	{ IPC_ENVELOPE, true, take_envelope },
	{ IPC_RCPT_MORE, false, take_more },
	{ IPC_DATA, false, take_data },
	{ IPC_END, false, take_end },
	{ IPC_ABORT, false, take_abort },
};

struct intake *
intake_new(struct cleanup *c, struct ipc *ipc, enum program_kind from)
{
	struct intake *in = mem_alloc(sizeof(*in));

	in->cleanup = c;
	in->ipc = ipc;
	in->kind = from;
	map_init(&in->txns);
	return in;
}

int
intake_frame(struct intake *in, struct ipc_frame *f, struct err *err)
{
	struct txn *t = map_get_u64(&in->txns, f->txn);

	if (t != NULL && t->state == TXN_COMMITTING)
		return err_set(err, ERR_PROTO, "frame after END");
	if (t != NULL && t->late && f->type == IPC_ENVELOPE)
		return take_late(t, f, err);
	for (size_t i = 0; i < NELEM(frames); i++) {
		if (frames[i].type != f->type)
			continue;
		if (frames[i].begins != (t == NULL))
			return err_set(err, ERR_PROTO,
			    "%s: transaction %" PRIu32 " is %s",
			    ipc_spec(f->type)->name, f->txn,
			    t == NULL ? "unknown" : "open already");
		return frames[i].take(in, t, f, err);
	}
	return err_set(err, ERR_PROTO, "message %u", f->type);
}

void
intake_lost(struct intake **inp)
{
	struct intake *in = *inp;

	MAP_FOREACH (&in->txns, it) {
		struct txn *t = it.value;

		t->from = NULL;
		if (t->state != TXN_COMMITTING)
			txn_free(&t);
	}
	map_fini(&in->txns, NULL);
	free(in);
	*inp = NULL;
}

/* --- frames --- */

static int
take_envelope(
    struct intake *in, struct txn *t, struct ipc_frame *f, struct err *err)
{
	t = txn_new(in, f->txn);
	if (read_envelope(t, f, err) == -1) {
		txn_free(&t);
		return -1;
	}
	if (!may_begin(t) || is_here(t))
		return 0;
	promise(t);
	t->state = TXN_RCPTS;
	if (!(t->mail->envelope.flags & ENV_MORE_RCPTS))
		begin_draft(t);
	return 0;
}

/* The true one. A draft that has failed goes on failing. */
static int
take_late(struct txn *t, struct ipc_frame *f, struct err *err)
{
	uint64_t mid = t->mail->mid;

	if (read_envelope(t, f, err) == -1)
		return -1;
	if (t->mail->mid != mid || t->late)
		return err_set(err, ERR_PROTO, "another late envelope");
	if (t->state == TXN_OPEN)
		t->state = TXN_TAIL;
	return 0;
}

static int
take_more(
    struct intake *in, struct txn *t, struct ipc_frame *f, struct err *err)
{
	struct ipc_frame copy = *f;
	struct codec_list *have;
	struct rcpt_more more;
	struct rcpt *v;

	(void)in;
	if (t->state == TXN_FAILED)
		return 0;
	if (t->state != TXN_RCPTS && t->state != TXN_TAIL)
		return err_set(err, ERR_PROTO, "recipients after content");
	have = &t->mail->envelope.rcpts;
	copy.body = arena_str(&t->mail->mem, f->body);
	if (ipc_decode(&copy, &more, &t->mail->mem, err) == -1)
		return -1;
	if (more.rcpts.n > RCPTS_MAX - have->n) {
		fail(t, ANSWER_RCPTS);
		return 0;
	}
	if (have->n + more.rcpts.n > t->cap_rcpts) {
		t->cap_rcpts = 2 * (have->n + more.rcpts.n);
		v = arena_array(&t->mail->mem, t->cap_rcpts, sizeof(*v));
		memcpy(v, have->v, have->n * sizeof(*v));
		have->v = v;
	}
	v = have->v;
	memcpy(v + have->n, more.rcpts.v, more.rcpts.n * sizeof(*v));
	have->n += more.rcpts.n;
	return 0;
}

static int
take_data(
    struct intake *in, struct txn *t, struct ipc_frame *f, struct err *err)
{
	uint64_t limit;
	struct err why = ERR_INIT;

	(void)in;
	if (t->state == TXN_TAIL)
		return err_set(err, ERR_PROTO, "content after the envelope");
	if (t->state == TXN_RCPTS)
		begin_draft(t);
	if (t->state == TXN_FAILED)
		return 0;
	limit = t->mail->envelope.max_size;
	if (limit != 0 && f->body.n > limit - qfile_size(t->mail->file)) {
		fail(t, ANSWER_SIZE);
		return 0;
	}
	wire_check(&t->check, f->body, false);
	scan_feed(&t->scan, f->body);
	if (t->check.bad)
		fail(t, ANSWER_FORM);
	else if (qfile_write(t->mail->file, f->body, &why) == -1)
		fail_disk(t, &why);
	return 0;
}

static int
take_end(struct intake *in, struct txn *t, struct ipc_frame *f, struct err *err)
{
	struct end_msg end;

	(void)in;
	if (ipc_decode(f, &end, NULL, err) == -1)
		return -1;
	if (t->late)
		return err_set(err, ERR_PROTO, "END without an envelope");
	if (t->state == TXN_RCPTS)
		begin_draft(t);
	if (t->state == TXN_TAIL)
		set_envelope(t);
	if (t->state == TXN_OPEN && content_is_fine(t, &end)) {
		commit(t);
		return 0;
	}
	answer(t, &t->answer);
	txn_free(&t);
	return 0;
}

static int
take_abort(
    struct intake *in, struct txn *t, struct ipc_frame *f, struct err *err)
{
	struct abort_msg msg;

	(void)in;
	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	txn_free(&t);
	return 0;
}

/* --- a transaction --- */

static struct txn *
txn_new(struct intake *in, uint32_t id)
{
	struct txn *t = mem_alloc(sizeof(*t));

	t->cleanup = in->cleanup;
	t->from = in;
	t->id = id;
	t->mail = mail_new(0);
	scan_begin(&t->scan);
	map_put_u64(&in->txns, id, t);
	in->n_txns++;
	in->cleanup->n_open++;
	return t;
}

static void
txn_free(struct txn **tp)
{
	struct txn *t = *tp;
	struct cleanup *c = t->cleanup;

	if (t->from != NULL) {
		map_remove_u64(&t->from->txns, t->id);
		t->from->n_txns--;
	}
	c->promised -= t->promised;
	c->n_open--;
	if (t->returned)
		returned_forget(&c->returned, t->mail->mid);
	task_free(&t->task);
	mail_free(&t->mail);
	free(t);
	*tp = NULL;
	if (c->n_open == 0 && c->idle != NULL)
		c->idle(c);
}

static int
read_envelope(struct txn *t, struct ipc_frame *f, struct err *err)
{
	struct mail *m = t->mail;

	if (envelope_take(m, f, t->from->kind, err) == -1)
		return -1;
	t->own = t->from->kind == PROGRAM_MASTER;
	if (t->own)
		envelope_of_tool(
		    m, t->cleanup->daemon->stats, t->cleanup->daemon->config);
	t->late = (m->envelope.flags & ENV_LATE) != 0;
	t->cap_rcpts = m->envelope.rcpts.n;
	return 0;
}

static bool
may_begin(struct txn *t)
{
	struct cleanup *c = t->cleanup;

	if (t->from->n_txns > DRAFTS_MAX || c->daemon->stopping)
		fail(t, ANSWER_BUSY);
	else if (!disk_has_room(c))
		fail(t, ANSWER_FULL);
	return t->state != TXN_FAILED;
}

/* From a quarantine, and not for the first time: then it is swallowed. */
static bool
is_here(struct txn *t)
{
	struct returned *r = &t->cleanup->returned;
	uint64_t mid = t->mail->envelope.mid;

	if (t->mail->envelope.enters == ENTER_WHOLE)
		return false;
	switch (returned_look(r, mid)) {
	case RETURNED_SAFE:
		fail(t, ANSWER_OK);
		return true;
	case RETURNED_COMING:
		fail(t, ANSWER_BUSY);
		return true;
	default:
		returned_put(r, mid, false);
		t->returned = true;
		return false;
	}
}

static void
promise(struct txn *t)
{
	t->promised = disk_promise(t->cleanup, t->mail->envelope.max_size);
	t->cleanup->promised += t->promised;
}

static void
begin_draft(struct txn *t)
{
	struct err err = ERR_INIT;

	t->state = TXN_OPEN;
	t->mail->envelope.flags &= ~(uint32_t)ENV_MORE_RCPTS;
	if (t->mail->envelope.rcpts.n == 0 && !t->late)
		fail(t, ANSWER_FORM);
	else if (qfile_new(&t->mail->file, t->cleanup->spool,
		     &t->mail->envelope, &err) == -1)
		fail_disk(t, &err);
}

/* The late one, with all its recipients. */
static void
set_envelope(struct txn *t)
{
	struct err err = ERR_INIT;

	t->state = TXN_OPEN;
	t->mail->envelope.flags &= ~(uint32_t)ENV_MORE_RCPTS;
	if (t->mail->envelope.rcpts.n == 0)
		fail(t, ANSWER_FORM);
	else if (qfile_envelope(t->mail->file, &t->mail->envelope, &err) == -1)
		fail_disk(t, &err);
}

static bool
content_is_fine(struct txn *t, const struct end_msg *end)
{
	const struct scan_reply *r;
	struct accepted a;

	wire_check(&t->check, STR(""), true);
	scan_end(&t->scan);
	if (t->check.bad || end->size != qfile_size(t->mail->file)) {
		fail(t, ANSWER_FORM);
		return false;
	}
	if (t->scan.problem == SCAN_OK)
		return true;
	r = scan_reply(t->scan.problem);
	a = (struct accepted){ (uint32_t)r->code, str_of(r->status),
		str_of(r->text) };
	fail_with(t, &a);
	return false;
}

static void
commit(struct txn *t)
{
	struct mail *m = t->mail;

	m->found = (struct content){
		.size = qfile_size(m->file),
		.header_len = t->scan.header_len,
		/* what the writer met on the way is known to the peer only */
		.wire_flags = t->check.flags |
			      (scan_is_tls_free(&t->scan) ? WIRE_TLS_FREE : 0),
		.n_received = t->scan.n_received,
		.longest_line = t->scan.longest_line,
		.claims = t->scan.claims,
		.message_id = arena_str(&m->mem,
		    (struct str){ t->scan.message_id.p, t->scan.message_id.n }),
		.subject = arena_str(&m->mem,
		    (struct str){ t->scan.subject.p, t->scan.subject.n }),
	};
	t->state = TXN_COMMITTING;
	t->task = settle_early(t->cleanup, m);
	qfile_commit(m->file, t->cleanup->committer, &m->found, committed, t);
}

/* On the loop's thread. */
static void
committed(void *arg, const struct err *err)
{
	struct txn *t = arg;
	struct work_queue *wq = t->cleanup->workqueue;

	if (err != NULL) {
		fail_disk(t, err);
		answer(t, &t->answer);
	} else {
		if (t->returned)
			returned_put(&t->cleanup->returned, t->mail->mid, true);
		t->returned = false;
		answer(t, &answers[ANSWER_OK]);
		count(t);
		announce(t->mail);
		if (t->task != NULL)
			settle_early_tell(t->task);
		workqueue_add(wq, t->mail);
		t->mail = NULL;
	}
	txn_free(&t);
}

static void
announce(const struct mail *m)
{
	if (m->found.message_id.n > 0)
		EMIT(MESSAGE_ID, .mid = m->mid, .text = m->found.message_id);
	EMIT(SUBJECT, .mid = m->mid, .text = m->found.subject);
	EMIT(MID_READY, .mid = m->mid, .size = m->found.size,
	    .addr = m->envelope.sender);
}

static void
count(struct txn *t)
{
	struct stats *st = t->cleanup->daemon->stats;
	uint64_t n = t->mail->envelope.rcpts.n;

	if (t->mail->envelope.enters != ENTER_WHOLE)
		return; /* it was counted when it came */
	if (t->mail->envelope.flags & ENV_NOTICE && !t->own) {
		stats_add(st, STATS_gen_bounce_recipients, n);
		return;
	}
	stats_add(st, STATS_messages_received, 1);
	stats_add(st, STATS_recipients_received, n);
	stats_add(st, STATS_received_bytes, t->mail->found.size);
}

/* --- failing --- */

static void
fail(struct txn *t, enum verdict a)
{
	fail_with(t, &answers[a]);
}

static void
fail_disk(struct txn *t, const struct err *err)
{
	bool full = err->sys == ENOSPC || err->sys == EDQUOT;

	disk_alert(t->cleanup, err);
	fail(t, full ? ANSWER_FULL : ANSWER_LOCAL);
}

static void
fail_with(struct txn *t, const struct accepted *a)
{
	t->state = TXN_FAILED;
	t->answer = *a;
	qfile_free(&t->mail->file);
	t->cleanup->promised -= t->promised;
	t->promised = 0;
}

static void
answer(struct txn *t, const struct accepted *a)
{
	if (t->from != NULL)
		ipc_send(t->from->ipc, IPC_ACCEPTED, t->id, a);
}

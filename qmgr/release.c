/* release.c - from spool/quarantine to cleanup, piece by piece */
#include "qmgr/release.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "event/event.h"
#include "filter/work.h"
#include "pipeline/work.h"
#include "qmgr/world.h"

#define RELEASES_MAX 10 /* with cleanup at a time; the others wait */
#define PIECE        ((size_t)64 * 1024)
#define RCPTS_BYTES  (IPC_FRAME_MAX / 2)
#define TXN_RELEASE  0x80000000u /* those of notices are smaller */

struct release {
	struct release *next;
	struct stored *stored;
	struct peer *worker; /* NULL: not begun */
	uint32_t txn, wire_flags;
	int fd;
	uint64_t at, left, size;
	bool ended; /* all is sent: waits for the answer */
};

static void do_save(void *, struct save *);
static int do_unlink(void *, const struct stored *, struct err *);
static int do_note(
    void *, const struct stored *, const struct held_rec *, struct err *);
static void do_send(void *, struct stored *);
static bool begin(struct world *, struct release *, struct peer *);
static void send_envelope(struct release *, const struct qmessage *);
static void choose_rcpts(
    const struct stored *, struct qmessage *, struct arena *);
static void list_early(
    const struct stored *, struct envelope *, struct arena *);
static size_t fitting(const struct rcpt *, size_t n);
static uint32_t skip_of(const struct stored *, const struct qmessage *);
static bool is_of(const struct stored *, enum quarantine_kind);
static void say_begun(const struct stored *, const struct qmessage *);
static bool pump(struct release *);
static void cut(struct release *);
static void end(struct world *, struct release *, bool safe);
static void warn(const struct stored *, const char *text);

const struct held_ops world_held_ops = { do_save, do_unlink, do_note, do_send };

void
release_run(struct world *w)
{
	struct release *r, *next;
	struct peer *p;
	size_t n = 0;

	for (r = w->releases.first; r != NULL && n < RELEASES_MAX; r = next) {
		next = r->next;
		n++;
		if (r->stored->arrived) {
			cut(r);
			end(w, r, true);
			continue;
		}
		if (r->worker == NULL) {
			p = world_cleanup_of(w, r->stored->releasing);
			if (p == NULL)
				continue;
			if (!begin(w, r, p)) {
				end(w, r, false);
				continue;
			}
		}
		if (!r->ended && !pump(r)) {
			cut(r);
			end(w, r, false);
		}
	}
}

bool
release_answer(struct world *w, struct peer *p, uint32_t txn, uint32_t code,
    struct str text)
{
	struct release *r = w->releases.first;
	char line[600];

	while (r != NULL && (r->worker != p || r->txn != txn))
		r = r->next;
	if (r == NULL)
		return (txn & TXN_RELEASE) != 0; /* aborted meanwhile */
	if (code != 250) {
		snprintf(line, sizeof(line), "not taken back: %u %.*s", code,
		    (int)(text.n < 500 ? text.n : 500), text.p);
		warn(r->stored, line);
	}
	end(w, r, code == 250);
	return true;
}

void
release_worker_lost(struct world *w, struct peer *p)
{
	struct release *r = w->releases.first, *next;

	for (; r != NULL; r = next) {
		next = r->next;
		if (r->worker == p)
			end(w, r, false);
	}
}

/* --- what quarantine.c asks for --- */

static void
do_save(void *arg, struct save *v)
{
	struct world *w = arg;

	if (v->place == QUEUE_SLOT) {
		v->slots =
		    store_slots(w->store, v->stored->slot / SLOTS_N, NULL);
		v->slot = (int)(v->stored->slot % SLOTS_N);
	}
	store_save(w->store, v);
}

static int
do_unlink(void *arg, const struct stored *s, struct err *err)
{
	struct world *w = arg;

	if (s->place != QUEUE_SLOT)
		return store_unlink(
		    w->store, (enum queue_place)s->place, s->mid, err);
	store_slot_done(w->store, s->slot, s->mid);
	return 0;
}

static int
do_note(void *arg, const struct stored *s, const struct held_rec *rec,
    struct err *err)
{
	struct world *w = arg;
	int fd = spool_open_mid(store_spool(w->store),
	    (enum queue_place)s->place, s->mid, O_RDWR, err);
	int rc;

	if (fd == -1)
		return -1;
	rc = qrec_append(fd, s->mid, QREC_HELD, rec, false, err);
	close(fd);
	return rc;
}

/* Begun at the end of the turn: whoever calls is in the middle of something. */
static void
do_send(void *arg, struct stored *s)
{
	struct world *w = arg;
	struct release *r = mem_alloc(sizeof(*r)), **at = &w->releases.first;

	r->stored = s;
	r->fd = -1;
	while (*at != NULL)
		at = &(*at)->next;
	*at = r;
	w->releases.n++;
}

/* --- sending --- */

static bool
begin(struct world *w, struct release *r, struct peer *p)
{
	struct stored *s = r->stored;
	struct err err = ERR_INIT;
	struct qmessage qm;
	struct arena mem;

	arena_init(&mem, 2 * (size_t)QUEUE_READ_MEM);
	r->fd = store_reader(w->store, QUEUE_QUARANTINE, s->mid, &err);
	if (r->fd == -1 ||
	    qmessage_read(&qm, r->fd, false, &mem, &err) != QREAD_MAIL) {
		warn(s, err.text);
		arena_free(&mem);
		return false;
	}
	r->worker = p;
	r->txn = TXN_RELEASE | (++w->releases.last & ~TXN_RELEASE);
	r->at = qm.content_off;
	r->left = qm.content_len;
	r->size = qm.route.prepend.n + qm.content_len;
	r->wire_flags = qm.content.wire_flags;
	qm.envelope.mid = s->releasing;
	qm.envelope.skip = skip_of(s, &qm);
	qm.envelope.max_size = r->size;
	choose_rcpts(s, &qm, &mem);
	list_early(s, &qm.envelope, &mem);
	say_begun(s, &qm);
	send_envelope(r, &qm);
	if (qm.route.prepend.n > 0)
		ipc_send_raw(p->ipc, IPC_DATA, r->txn, qm.route.prepend.p,
		    qm.route.prepend.n);
	arena_free(&mem);
	return true;
}

static void
send_envelope(struct release *r, const struct qmessage *qm)
{
	struct envelope e = qm->envelope;
	struct ipc *to = r->worker->ipc;
	size_t n = qm->n_rcpts, at = fitting(qm->rcpt_v, n);
	struct rcpt_more more;

	e.icid = 0;
	e.parent = 0;
	e.parent_slot = 0;
	/* spam is not looked at again: whoever wants it wants it as it is;
	 * what nothing was done with begins where it began */
	if (r->stored->pool == POOL_SPAM)
		e.enters = ENTER_DELIVERY;
	else if (!is_of(r->stored, QUARANTINE_UNPROCESSABLE))
		e.enters = ENTER_RELEASED;
	else if (e.enters == ENTER_WHOLE)
		e.enters = ENTER_ANEW;
	e.flags &= ENV_8BITMIME | ENV_SMTPUTF8 | ENV_NOTICE | ENV_REQUIRETLS |
		   (qm->route.marks & ROUTE_NO_DKIM ? 0 : ENV_DKIM);
	if (qm->route.bounce_profile.n > 0)
		e.bounce_profile = qm->route.bounce_profile;
	if (qm->route.gateway.n > 0)
		e.gateway = qm->route.gateway;
	/* where a filter sent it; but not into the spam quarantine again */
	e.alt_mailhost = str_is_nocase(qm->route.alt_mailhost, SPAM_QUEUE)
			     ? STR("")
			     : qm->route.alt_mailhost;
	e.rcpts = (struct codec_list){ at, qm->rcpt_v };
	if (at < n)
		e.flags |= ENV_MORE_RCPTS;
	ipc_send(to, IPC_ENVELOPE, r->txn, &e);
	for (; at < n; at += more.rcpts.n) {
		more.rcpts.n = fitting(qm->rcpt_v + at, n - at);
		more.rcpts.v = qm->rcpt_v + at;
		ipc_send(to, IPC_RCPT_MORE, r->txn, &more);
	}
}

/* Of spam: those who were let go. */
static void
choose_rcpts(const struct stored *s, struct qmessage *qm, struct arena *mem)
{
	struct rcpt *v;
	size_t n = 0;

	if (s->pool != POOL_SPAM)
		return;
	v = arena_array(mem, qm->n_rcpts, sizeof(*v));
	for (const struct entry *e = s->entries; e != NULL; e = e->next)
		if (e->going == s->releasing && e->rcpt > 0 &&
		    e->rcpt <= qm->n_rcpts)
			v[n++] = qm->rcpt_v[e->rcpt - 1];
	qm->rcpt_v = v;
	qm->n_rcpts = n;
}

/* Whose settings for early release it gets. */
static void
list_early(const struct stored *s, struct envelope *out, struct arena *mem)
{
	struct early *v = arena_array(mem, HOLDS_MAX, sizeof(*v));
	size_t n = 0;

	for (const struct entry *e = s->entries; e != NULL; e = e->next)
		if (e->early && e->state == HELD_RELEASED && n < HOLDS_MAX)
			v[n++].quarantine = e->box->name;
	out->early = (struct codec_list){ n, v };
}

/* How many of them one frame holds; at least one. */
static size_t
fitting(const struct rcpt *v, size_t n)
{
	size_t bytes = 0, i = 0;

	while (i < n && bytes < RCPTS_BYTES) {
		bytes += v[i].addr.n + v[i].orig.n + v[i].orcpt.n + 32;
		i++;
	}
	return i;
}

/*
 * Which scanners see it again depends on where it was (10.4). What was found
 * by one of them before must not bring it back for the same reason.
 */
static uint32_t
skip_of(const struct stored *s, const struct qmessage *qm)
{
	uint32_t skip = qm->envelope.skip;
	bool outbreak = is_of(s, QUARANTINE_OUTBREAK);

	if (is_of(s, QUARANTINE_UNPROCESSABLE))
		return skip;
	skip |= SKIP_FILTERS;
	if (is_of(s, QUARANTINE_VIRUS))
		skip |= SKIP_VIRUS;
	/* a tag for the spam quarantine is found again */
	if (!outbreak && !qm->route.spam_tagged)
		skip |= SKIP_SPAM;
	/* what it was held for is changed in it now */
	skip |= outbreak ? SKIP_OUTBREAK_HOLD : SKIP_OUTBREAK;
	return skip;
}

static bool
is_of(const struct stored *s, enum quarantine_kind kind)
{
	for (const struct entry *e = s->entries; e != NULL; e = e->next)
		if (e->box->config != NULL && e->box->config->kind == kind)
			return true;
	return false;
}

static void
say_begun(const struct stored *s, const struct qmessage *qm)
{
	EMIT(MID_FROM, .mid = s->releasing, .icid = 0,
	    .addr = qm->envelope.sender);
	for (size_t i = 0; i < qm->n_rcpts; i++)
		EMIT(MID_RCPT, .mid = s->releasing, .icid = 0,
		    .rid = (uint32_t)i, .addr = qm->rcpt_v[i].addr);
}

/* As much as the channel takes now. False: the file cannot be read. */
static bool
pump(struct release *r)
{
	static char piece[PIECE];
	struct end_msg last = { .size = r->size, .wire_flags = r->wire_flags };
	struct ipc *to = r->worker->ipc;

	while (r->left > 0 && !ipc_busy(to)) {
		size_t want = r->left < PIECE ? (size_t)r->left : PIECE;
		ssize_t got = pread(r->fd, piece, want, (off_t)r->at);

		if (got <= 0) {
			warn(r->stored, "cannot be read");
			return false;
		}
		ipc_send_raw(to, IPC_DATA, r->txn, piece, (size_t)got);
		r->at += (uint64_t)got;
		r->left -= (uint64_t)got;
	}
	if (r->left == 0) {
		ipc_send(to, IPC_END, r->txn, &last);
		r->ended = true;
	}
	return true;
}

/* What was begun is not to be. */
static void
cut(struct release *r)
{
	const struct abort_msg msg = { 0 };

	if (r->worker != NULL && !r->ended)
		ipc_send(r->worker->ipc, IPC_ABORT, r->txn, &msg);
}

static void
end(struct world *w, struct release *r, bool safe)
{
	struct release **at = &w->releases.first;
	struct stored *s = r->stored;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	w->releases.n--;
	if (r->fd != -1)
		close(r->fd);
	free(r);
	quarantine_sent(&w->quarantines, s, safe);
}

static void
warn(const struct stored *s, const char *what)
{
	char line[800];

	snprintf(line, sizeof(line),
	    "MID %" PRIu64 ", released from quarantine: %.600s", s->mid, what);
	EMIT(WARNING, .text = str_of(line));
}

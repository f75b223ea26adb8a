/* intake.c - messages come in: from cleanup, and from the spool at start */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/alert.h"
#include "program/usage.h"
#include "qmgr/deliver.h"
#include "qmgr/ordered.h"
#include "qmgr/retry.h"
#include "qmgr/schedule.h"
#include "qmgr/settle.h"
#include "qmgr/world.h"

/* Decoding a MESSAGE: its list of recipients. */
#define MESSAGE_MEM_MAX ((size_t)32 * 1024 * 1024)

static void hold(struct world *, const struct stored_info *);
static bool is_text(struct str sender, struct str host, struct str gateway,
    const struct rcpt *, size_t n);
static bool is_line(struct str);
static bool is_spam(struct str alt_mailhost, uint8_t tagged);
static void take_held(struct world *, const struct message *, enum queue_place);
static struct mail *take_message(
    struct world *, const struct message *, enum queue_place, struct arena *);
static struct mail *recalled(struct world *, struct mail_info *);
static int take_inline(
    struct world *, const struct message *, struct arena *, struct err *);
static struct mail *take_file(struct world *, int fd, struct arena *);
static struct mail *take_qmessage(struct world *, const struct qmessage *,
    enum queue_place, uint32_t slot, struct arena *);
static void take_held_file(
    struct world *, const struct qmessage *, enum queue_place, uint32_t slot);
static void begin(struct qmgr *, struct mail *, bool refused);
static bool is_gone(int fd);
static int recover_slots(struct world *, uint32_t writer, struct err *);
static void slot_found(void *arg, int slot, const struct qmessage *);
static void slot_damaged(void *arg, int slot, uint64_t mid, const struct err *);
static void found(void *arg, const struct qmessage *, enum queue_place);
static void corrupt(void *arg, uint64_t mid, const struct err *);
static void alive(void *arg);

int
intake_message(struct world *w, struct ipc_frame *f, struct err *err)
{
	struct message in;
	struct arena mem;
	struct mail *m;
	int rc = 0;

	arena_init(&mem, MESSAGE_MEM_MAX);
	if (ipc_decode(f, &in, &mem, err) == -1) {
		rc = -1;
	} else if (!is_text(in.sender, in.alt_mailhost, in.gateway, in.rcpts.v,
		       in.rcpts.n)) {
		rc = err_set(
		    err, ERR_PROTO, "an address with a NUL or a line end");
	} else if (f->type == IPC_MESSAGE_INLINE) {
		quarantine_seen(&w->quarantines, in.mid, in.arrival);
		rc = take_inline(w, &in, &mem, err);
	} else if (mail_find(&w->q, in.mid) == NULL &&
		   quarantine_find(&w->quarantines, in.mid) == NULL &&
		   !is_gone(f->fds[0])) {
		quarantine_seen(&w->quarantines, in.mid, in.arrival);
		if (in.n_rcpts > in.rcpts.n)
			m = take_file(w, f->fds[0], &mem);
		else
			m = take_message(w, &in, QUEUE_INCOMING, &mem);
		if (m != NULL) {
			held_from_message(&w->helds, m, &in, f->fds[0]);
			f->fds[0] = -1;
			begin(&w->q, m, in.refused);
		}
	}
	arena_free(&mem);
	return rc;
}

int
intake_recover(struct world *w, struct err *err)
{
	const struct recover_handler handler = { found, corrupt, alive };
	struct spool *spool = store_spool(w->store);

	/* What is in two of them is settled as where it was to go. Held ones
	 * come before what they may have been released as. */
	if (spool_recover(spool, QUEUE_QUARANTINE, false, &handler, w,
		&w->recovered, err) == -1 ||
	    spool_recover(spool, QUEUE_DEFERRED, false, &handler, w,
		&w->recovered, err) == -1 ||
	    spool_recover(spool, QUEUE_INCOMING, false, &handler, w,
		&w->recovered, err) == -1)
		return -1;
	stats_id_floor(w->q.stats, STATS_MID, w->recovered);
	for (uint32_t writer = 0; writer < WORKERS_MAX; writer++)
		if (recover_slots(w, writer, err) == -1)
			return -1;
	return 0;
}

/* Addresses are kept as C strings; destinations are found by domain and
 * gateway, with line ends between them (dest.c). */
static bool
is_text(struct str sender, struct str host, struct str gateway,
    const struct rcpt *v, size_t n)
{
	bool text = is_line(sender) && is_line(host) && is_line(gateway);

	for (size_t i = 0; i < n && text; i++)
		text = is_line(v[i].addr);
	return text;
}

static bool
is_line(struct str s)
{
	return str_find(s, '\0') == s.n && str_find(s, '\n') == s.n;
}

/* For the spam quarantine (workqueue 10.6), which may also be named as a mail
 * host; who is told of another host goes there. */
static bool
is_spam(struct str alt_mailhost, uint8_t tagged)
{
	return alt_mailhost.n > 0 ? str_is_nocase(alt_mailhost, SPAM_QUEUE)
				  : tagged != 0;
}

static void
hold(struct world *w, const struct stored_info *info)
{
	int64_t began = clock_cpu_us();

	quarantine_take(&w->quarantines, info);
	program_usage_of(
	    w->daemon, STATS_cpu_quarantine, clock_cpu_us() - began);
}

/* For quarantines: it never stands in the delivery queue. */
static void
take_held(struct world *w, const struct message *in, enum queue_place place)
{
	const struct stored_info info = { .mid = in->mid,
		.size = in->prepend.n + in->content_len,
		.arrival = in->arrival,
		.sender = in->sender,
		.subject = in->subject,
		.rcpts = in->rcpts.v,
		.n_rcpts = in->rcpts.n,
		.place = place,
		.slot = in->writer * SLOTS_N + in->slot,
		.spam = in->holds.n == 0,
		.holds = in->holds.v,
		.n_holds = in->holds.n };

	hold(w, &info);
}

static struct mail *
take_message(struct world *w, const struct message *in, enum queue_place place,
    struct arena *mem)
{
	const struct rcpt *v = in->rcpts.v;
	struct mail_info info = { .mid = in->mid,
		.arrival = in->arrival,
		.sender = in->sender,
		.subject = in->subject,
		.profile = in->bounce_profile,
		.gateway = in->gateway,
		.host = in->alt_mailhost,
		.flags = in->flags,
		.wire_flags = in->wire_flags,
		.ret = in->ret,
		.place = place,
		.slot = in->writer * SLOTS_N + in->slot,
		.content_off = in->content_off,
		.content_len = in->content_len,
		.n_rcpts = in->rcpts.n };

	if (in->holds.n > 0 || is_spam(in->alt_mailhost, in->spam_tagged)) {
		take_held(w, in, place);
		return NULL;
	}
	info.rcpts = arena_array(mem, in->rcpts.n, sizeof(*info.rcpts));
	for (size_t i = 0; i < in->rcpts.n; i++) {
		info.rcpts[i].addr = v[i].addr;
		info.rcpts[i].rid = (uint32_t)i;
		info.rcpts[i].notify = v[i].notify;
	}
	return recalled(w, &info);
}

/* It may have been here before, and something was ordered of it. */
static struct mail *
recalled(struct world *w, struct mail_info *info)
{
	unsigned known = ledger_recall(
	    w->ledger, info->mid, info->arrival, info->rcpts, info->n_rcpts);
	struct mail *m = mail_new(&w->q, info);

	if (m != NULL && known != 0)
		ordered_recalled(&w->q, m, known);
	return m;
}

/*
 * A small message: its content came along, its image is in a slot of the
 * cleanup worker. cleanup may speak of it twice, after a death of either:
 * what is done says so in the slot.
 */
static int
take_inline(struct world *w, const struct message *in, struct arena *mem,
    struct err *err)
{
	struct slots *slots = store_slots(w->store, in->writer, err);
	struct mail *m;

	if (slots == NULL || in->slot >= SLOTS_N ||
	    in->content.n != in->content_len)
		return err_set(err, ERR_PROTO, "no slot %u of worker %u",
		    in->slot, in->writer);
	if (mail_find(&w->q, in->mid) != NULL ||
	    quarantine_find(&w->quarantines, in->mid) != NULL ||
	    slots_is_done(slots, (int)in->slot, in->mid))
		return 0;
	m = take_message(w, in, QUEUE_SLOT, mem);
	if (m != NULL) {
		held_from_message(&w->helds, m, in, -1);
		begin(&w->q, m, in->refused);
	}
	return 0;
}

/* More recipients than a frame holds: the file has them. */
static struct mail *
take_file(struct world *w, int fd, struct arena *mem)
{
	struct err err = ERR_INIT;
	struct qmessage qm;
	struct arena big;
	struct mail *m = NULL;

	(void)mem;
	arena_init(&big, QUEUE_READ_MEM);
	if (qmessage_read(&qm, fd, false, &big, &err) == QREAD_MAIL)
		m = take_qmessage(w, &qm, QUEUE_INCOMING, 0, &big);
	else
		alert_raise(ALERT_QUEUE_ERROR, STR(""), str_of(err.text));
	arena_free(&big);
	return m;
}

static struct mail *
take_qmessage(struct world *w, const struct qmessage *qm,
    enum queue_place place, uint32_t slot, struct arena *mem)
{
	struct str profile = qm->route.bounce_profile;
	const struct err nul = { .text =
				     "an address with a NUL or a line end" };
	const struct bounce_profile *p =
	    config_bounce_profile(w->q.config, profile);
	struct mail_info info = { .mid = qm->mid,
		.arrival = qm->envelope.arrival,
		.sender = qm->envelope.sender,
		.subject = qm->content.subject,
		.profile = profile,
		.gateway = qm->route.gateway,
		.host = qm->route.alt_mailhost,
		.flags = qm->route.marks & ROUTE_NO_DKIM
			     ? qm->envelope.flags & ~(uint32_t)ENV_DKIM
			     : qm->envelope.flags,
		.wire_flags = qm->content.wire_flags,
		.ret = qm->envelope.ret,
		.place = place,
		.slot = slot,
		.content_off = qm->content_off,
		.content_len = qm->content_len };

	if (!is_text(qm->envelope.sender, qm->route.alt_mailhost,
		qm->route.gateway, qm->rcpt_v, qm->n_rcpts)) {
		corrupt(w, qm->mid, &nul);
		return NULL;
	}
	if (qm->route.holds.n > 0 || place == QUEUE_QUARANTINE ||
	    is_spam(qm->route.alt_mailhost, qm->route.spam_tagged)) {
		take_held_file(w, qm, place, slot);
		return NULL;
	}
	info.rcpts = arena_array(mem, qm->n_rcpts, sizeof(*info.rcpts));
	for (size_t i = 0; i < qm->n_rcpts; i++) {
		struct mail_rcpt *r = &info.rcpts[info.n_rcpts];
		const struct rcpt_state *st = &qm->rcpts[i];

		if (st->done)
			continue;
		r->addr = qm->rcpt_v[i].addr;
		r->rid = (uint32_t)i;
		r->notify = qm->rcpt_v[i].notify;
		r->attempts = st->attempts;
		r->warned = st->warned;
		r->next = st->next == 0
			      ? w->q.now
			      : retry_resume(p, st->next, w->q.wall, w->q.now);
		info.n_rcpts++;
	}
	return recalled(w, &info);
}

static void
take_held_file(struct world *w, const struct qmessage *qm,
    enum queue_place place, uint32_t slot)
{
	const struct stored_info info = { .mid = qm->mid,
		.releasing = qm->releasing,
		.size = qm->route.prepend.n + qm->content_len,
		.arrival = qm->envelope.arrival,
		.sender = qm->envelope.sender,
		.subject = qm->content.subject,
		.rcpts = qm->rcpt_v,
		.n_rcpts = qm->n_rcpts,
		.place = place,
		.slot = slot,
		.spam = qm->route.holds.n == 0 &&
			is_spam(qm->route.alt_mailhost, qm->route.spam_tagged),
		.rcpt_helds = qm->rcpt_helds,
		.holds = qm->route.holds.v,
		.n_holds = qm->route.holds.n,
		.helds = qm->helds,
		.n_helds = qm->n_helds };

	/* no other gets a MID that one goes by */
	if (qm->releasing > w->recovered)
		w->recovered = qm->releasing;
	for (size_t i = 0; qm->rcpt_helds != NULL && i < qm->n_rcpts; i++)
		if (qm->rcpt_helds[i].next > w->recovered)
			w->recovered = qm->rcpt_helds[i].next;
	hold(w, &info);
}

/* Its first delivery, or its way back. */
static void
begin(struct qmgr *q, struct mail *m, bool refused)
{
	if (refused) {
		deliver_filtered(q, m);
		return;
	}
	for (uint32_t i = 0; i < m->n_parcels; i++)
		if (m->parcels[i].n_open > 0)
			schedule_kick(q, m->parcels[i].dest);
}

/* After a restart, of ours or its own, cleanup may speak of what has been
 * delivered by now: then the file has no name any more. */
static bool
is_gone(int fd)
{
	struct stat st;

	return fstat(fd, &st) == -1 || st.st_nlink == 0;
}

static void
found(void *arg, const struct qmessage *qm, enum queue_place place)
{
	struct world *w = arg;
	struct arena mem;
	struct mail *m;

	quarantine_seen(&w->quarantines, qm->mid, qm->envelope.arrival);
	if (!qm->routed) {
		ledger_expect(w->ledger, qm->mid);
		return; /* cleanup's */
	}
	if (place == QUEUE_INCOMING &&
	    queue_is_unborn(store_spool(w->store),
		store_slots(w->store, qm->writer, NULL), qm)) {
		ledger_expect(w->ledger, qm->mid);
		return; /* cleanup speaks of it when it is mail */
	}
	if (qm->n_open == 0) {
		/* The end came between the last record and the unlink. */
		store_unlink(w->store, place, qm->mid, NULL);
		EMIT(MID_DONE, .mid = qm->mid);
		return;
	}
	arena_init(&mem, QUEUE_READ_MEM);
	m = take_qmessage(w, qm, place, 0, &mem);
	if (m != NULL)
		begin(&w->q, m, qm->route.marks & ROUTE_REFUSED);
	arena_free(&mem);
}

struct slot_recovery {
	struct world *world;
	uint32_t writer;
};

static int
recover_slots(struct world *w, uint32_t writer, struct err *err)
{
	const struct slots_handler handler = { slot_found, slot_damaged };
	struct slot_recovery r = { w, writer };
	struct err why = ERR_INIT;
	struct slots *slots = store_slots(w->store, writer, &why);

	if (slots == NULL && why.kind != ERR_NONE) {
		if (err != NULL)
			*err = why;
		return -1;
	}
	return slots == NULL ? 0
			     : slots_recover(slots, false, &handler, &r, err);
}

static void
slot_found(void *arg, int slot, const struct qmessage *qm)
{
	struct slot_recovery *r = arg;
	struct world *w = r->world;
	uint32_t at = r->writer * SLOTS_N + (uint32_t)slot;
	struct arena mem;
	struct mail *m;

	quarantine_seen(&w->quarantines, qm->mid, qm->envelope.arrival);
	if (!qm->routed || queue_is_unborn(store_spool(w->store),
			       store_slots(w->store, r->writer, NULL), qm)) {
		ledger_expect(w->ledger, qm->mid);
		return; /* cleanup's */
	}
	if (qm->n_open == 0) {
		store_slot_done(w->store, at, qm->mid);
		EMIT(MID_DONE, .mid = qm->mid);
		return;
	}
	if (mail_find(&w->q, qm->mid) != NULL ||
	    quarantine_find(&w->quarantines, qm->mid) != NULL) {
		/* it had become a file, and this was not said any more; that
		 * file may be in memory only, if a kill came before its sync */
		if (spool_sync_mid(store_spool(w->store), qm->mid, NULL) == 0)
			store_slot_done(w->store, at, qm->mid);
		return;
	}
	arena_init(&mem, QUEUE_READ_MEM);
	m = take_qmessage(w, qm, QUEUE_SLOT, at, &mem);
	if (m != NULL)
		begin(&w->q, m, qm->route.marks & ROUTE_REFUSED);
	arena_free(&mem);
}

/* cleanup, whose slots they are, tells it. */
static void
slot_damaged(void *arg, int slot, uint64_t mid, const struct err *why)
{
	(void)arg, (void)slot, (void)mid, (void)why;
}

static void
corrupt(void *arg, uint64_t mid, const struct err *why)
{
	(void)arg;
	EMIT(CORRUPT, .mid = mid, .text = str_of(why->text));
}

static void
alive(void *arg)
{
	struct world *w = arg;

	program_still_alive(w->daemon);
}

/* messages.c - admin commands about single messages and recipients */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "mail/mime.h"
#include "qmgr/answer.h"
#include "qmgr/deliver.h"
#include "qmgr/ordered.h"

/* A recipient to be shown. */
struct shown {
	const struct parcel *p;
	const struct recipient *rcpt;
};

static int by_rid(const void *, const void *);
static json_t *rcpts_json(const struct world *, const struct mail *,
    const struct dest *only, uint64_t *n);
static json_t *rcpt_json(
    const struct world *, const struct parcel *, const struct recipient *);
static void show(const struct ask *, struct reply_to *, uint64_t mid);
static int open_any(struct world *, uint64_t mid, struct qmessage *,
    struct arena *, struct err *);
static json_t *opened_json(const struct ask *, const struct qmessage *);
static const char *place_name(const struct mail *);
static bool read_mid(const struct ask *, struct reply_to *, uint64_t *mid);
static void unknown(struct reply_to *, uint64_t mid);

void
answer_showmessage(const struct ask *a, struct reply_to *r)
{
	uint64_t mid;

	if (read_mid(a, r, &mid))
		show(a, r, mid);
}

void
answer_oldmessage(const struct ask *a, struct reply_to *r)
{
	struct mail *m = answer_oldest(a->world);

	if (m != NULL) {
		show(a, r, m->mid);
		return;
	}
	r->status = 1;
	snprintf(r->error, sizeof(r->error), "The queue is empty.");
}

void
answer_removemessage(const struct ask *a, struct reply_to *r)
{
	struct world *w = a->world;
	struct err err = ERR_INIT;
	struct qmessage qm;
	struct arena mem;
	struct stored *s;
	struct mail *m;
	uint64_t mid;
	size_t n;
	int fd;

	if (!read_mid(a, r, &mid))
		return;
	m = mail_find(&w->q, mid);
	if (m != NULL && m->n_sent == 0) {
		r->json = json_pack("{s:I, s:I}", "mid", (json_int_t)mid,
		    "deleted_recipients", (json_int_t)deliver_delete(&w->q, m));
		return;
	}
	s = quarantine_find(&w->quarantines, mid);
	n = s != NULL ? quarantine_remove(&w->quarantines, s) : 0;
	if (n > 0) {
		r->json = json_pack("{s:I, s:I}", "mid", (json_int_t)mid,
		    "deleted_recipients", (json_int_t)n);
		return;
	}
	r->status = 1;
	if (m != NULL || s != NULL) {
		snprintf(r->error, sizeof(r->error), "MID %" PRIu64 " is %s.",
		    mid, m != NULL ? "being delivered" : "being released");
		return;
	}
	arena_init(&mem, QUEUE_READ_MEM);
	fd = open_any(w, mid, &qm, &mem, &err);
	unknown(r, mid);
	if (fd != -1) {
		close(fd);
		snprintf(r->error, sizeof(r->error),
		    "MID %" PRIu64 " is in the work queue.", mid);
	}
	arena_free(&mem);
}

/* --- a message and its recipients --- */

json_t *
answer_mail(
    const struct world *w, const struct mail *m, const struct dest *only)
{
	uint64_t n = 0;

	return json_pack("{s:I, s:I, s:o, s:o, s:I, s:s, s:o}", "mid",
	    (json_int_t)m->mid, "bytes", (json_int_t)m->content_len, "sender",
	    answer_text(mail_sender(m)), "subject",
	    answer_text(mail_subject(m)), "arrival", (json_int_t)m->arrival,
	    "place", place_name(m), "recipients", rcpts_json(w, m, only, &n));
}

static json_t *
rcpts_json(const struct world *w, const struct mail *m, const struct dest *only,
    uint64_t *n)
{
	struct shown *v = mem_array(m->n_rcpts, sizeof(*v));
	json_t *list = json_array();
	size_t n_shown = 0;

	for (uint32_t i = 0; i < m->n_parcels; i++) {
		const struct parcel *p = &m->parcels[i];

		if (p->n_open == 0 ||
		    (only != NULL && !dest_is_part(p->dest, only)))
			continue;
		for (size_t j = 0; j < p->n; j++) {
			const struct recipient *rc = parcel_rcpt(p, j);

			if (rc->state == RECIPIENT_OPEN)
				v[n_shown++] = (struct shown){ p, rc };
		}
	}
	qsort(v, n_shown, sizeof(*v), by_rid);
	for (size_t i = 0; i < n_shown; i++)
		json_array_append_new(list, rcpt_json(w, v[i].p, v[i].rcpt));
	*n += n_shown;
	free(v);
	return list;
}

static int
by_rid(const void *pa, const void *pb)
{
	const struct shown *a = pa, *b = pb;

	return a->rcpt->rid < b->rcpt->rid ? -1 : 1;
}

static json_t *
rcpt_json(
    const struct world *w, const struct parcel *p, const struct recipient *rc)
{
	static const char *const states[] = { [PARCEL_DUE] = "queued",
		[PARCEL_WAIT] = "waiting",
		[PARCEL_SENT] = "delivering",
		[PARCEL_OVER] = "queued" };
	char addr[ADDR_MAX + 1];
	json_t *next = json_null();

	if (p->state == PARCEL_WAIT)
		next =
		    json_integer(w->q.wall + ((int64_t)p->wait.key - w->q.now));
	return json_pack("{s:I, s:i, s:o, s:o, s:s}", "rid",
	    (json_int_t)rc->rid, "attempts", (int)p->attempts, "recipient",
	    answer_text(parcel_addr(p, rc, addr)), "next", next, "state",
	    p->ordered != ORDER_NONE ? "bouncing" : states[p->state]);
}

/* --- showmessage --- */

/* The descriptor first, then what is to be known of it. */
static void
show(const struct ask *a, struct reply_to *r, uint64_t mid)
{
	struct result head = { 0 };
	struct err err = ERR_INIT;
	struct qmessage qm;
	struct arena mem;
	int fd;

	arena_init(&mem, QUEUE_READ_MEM);
	fd = open_any(a->world, mid, &qm, &mem, &err);
	if (fd == -1 && mail_find(&a->world->q, mid) != NULL) {
		r->status = 1;
		snprintf(r->error, sizeof(r->error),
		    "MID %" PRIu64 " cannot be read just now: %s.", mid,
		    err.text);
	} else if (fd == -1) {
		unknown(r, mid);
	} else {
		head.error = str_of("");
		ipc_send_fds(a->admin, IPC_FILE, 0, &head, &fd, 1);
		r->json = opened_json(a, &qm);
	}
	arena_free(&mem);
}

/* Also what is still in the work queue: its file stands in incoming. */
static int
open_any(struct world *w, uint64_t mid, struct qmessage *qm, struct arena *mem,
    struct err *err)
{
	struct mail *m = mail_find(&w->q, mid);
	bool held = quarantine_find(&w->quarantines, mid) != NULL;
	int fd = m != NULL
		     ? held_open(&w->helds, m, err)
		     : store_reader(w->store,
			   held ? QUEUE_QUARANTINE : QUEUE_INCOMING, mid, err);

	if (fd == -1)
		return -1;
	if (qmessage_read(qm, fd, false, mem, err) == QREAD_MAIL &&
	    qm->mid == mid)
		return fd;
	close(fd);
	if (err->kind == ERR_NONE)
		err_set(err, ERR_PERM, "it is not this message");
	return -1;
}

static json_t *
opened_json(const struct ask *a, const struct qmessage *qm)
{
	const struct world *w = a->world;
	const struct mail *m = mail_find(&w->q, qm->mid);
	int64_t age = w->q.wall - qm->envelope.arrival;
	const char *place = "workqueue";
	uint64_t n = 0;

	if (m != NULL)
		place = place_name(m);
	else if (quarantine_find(&w->quarantines, qm->mid) != NULL)
		place = "quarantine";
	return json_pack(
	    "{s:I, s:o, s:I, s:o, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o}",
	    "mid", (json_int_t)qm->mid, "age",
	    m != NULL ? answer_age(w, m) : json_integer(age > 0 ? age : 0),
	    "arrival", (json_int_t)qm->envelope.arrival, "sender",
	    answer_text(qm->envelope.sender), "place", place, "bytes",
	    (json_int_t)qm->content_len, "content_off",
	    (json_int_t)qm->content_off, "content_len",
	    (json_int_t)qm->content_len, "prepend",
	    answer_text(qm->route.prepend), "recipients",
	    m != NULL ? rcpts_json(w, m, NULL, &n) : json_array(),
	    "quarantines", answer_held(w, qm), "hostname",
	    answer_text(w->q.config->hostname));
}

static const char *
place_name(const struct mail *m)
{
	return m->place == QUEUE_DEFERRED ? "deferred" : "incoming";
}

static bool
read_mid(const struct ask *a, struct reply_to *r, uint64_t *mid)
{
	if (str_u64(a->words[1], UINT64_MAX, mid) && *mid > 0)
		return true;
	r->status = 2;
	snprintf(r->error, sizeof(r->error), "\"%.*s\" is not a MID.",
	    STR_ARG(a->words[1]));
	return false;
}

static void
unknown(struct reply_to *r, uint64_t mid)
{
	r->status = 1;
	snprintf(r->error, sizeof(r->error),
	    "MID %" PRIu64 " is not in the system.", mid);
}

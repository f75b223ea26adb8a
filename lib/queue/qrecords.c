/* qrecords.c - what the records of a queue file say of its message */
#include <inttypes.h>

#include "base/mem.h"
#include "queue/qreader.h"

#define REPLIES_MAX (4 * 1024 * 1024)

static int apply_route(struct reader *, struct str payload);
static int apply_attempt(struct reader *, struct str payload);
static int apply_done(struct reader *, struct str payload);
static int apply_defer(struct reader *, struct str payload);
static int apply_held(struct reader *, struct str payload);
static int apply_rcpts_held(struct reader *, const struct held_rec *);
static int apply_releasing(struct reader *, struct str payload);
static struct rcpt_state *state_of(
    struct reader *, const struct codec_list *, size_t i);

int
qreader_apply(struct reader *r, uint32_t type, struct str payload)
{
	static int (*const apply[])(struct reader *, struct str) = {
		[QREC_ROUTE] = apply_route,
		[QREC_DONE] = apply_done,
		[QREC_DEFER] = apply_defer,
		[QREC_HELD] = apply_held,
		[QREC_RELEASING] = apply_releasing,
		[QREC_ATTEMPT] = apply_attempt,
	};
	int rc;

	if (type >= NELEM(apply) || apply[type] == NULL)
		return err_set(r->err, ERR_PERM,
		    "type %" PRIu32 " has no place"
		    " here",
		    type);
	rc = apply[type](r, payload);
	arena_free(&r->scratch);
	return rc;
}

void
qreader_rcpts(struct reader *r)
{
	struct qmessage *m = r->m;

	m->rcpt_v = m->envelope.rcpts.v;
	m->n_rcpts = m->envelope.rcpts.n;
	m->rcpts = arena_array(r->mem, m->n_rcpts, sizeof(*m->rcpts));
	m->rcpt_helds = NULL;
}

static int
apply_route(struct reader *r, struct str payload)
{
	struct qmessage *m = r->m;

	if (m->routed || r->progress)
		return err_set(r->err, ERR_PERM, "ROUTE in the wrong place");
	payload = arena_str(r->mem, payload);
	if (codec_decode(
		&route_rec_codec, &m->route, payload, r->mem, r->err) == -1)
		return err_in(r->err, "ROUTE");
	if (m->route.skip > m->content_len)
		return err_set(r->err, ERR_PERM, "ROUTE skips too much");
	m->content_off += m->route.skip;
	m->content_len -= m->route.skip;
	if (m->route.sender.n > 0)
		m->envelope.sender = m->route.sender;
	m->routed = true;
	if (m->route.whole) {
		m->envelope.rcpts = m->route.rcpts;
		qreader_rcpts(r);
	}
	return 0;
}

static int
apply_attempt(struct reader *r, struct str payload)
{
	struct attempt_rec rec;

	if (r->m->routed || r->progress)
		return err_set(r->err, ERR_PERM, "ATTEMPT in the wrong place");
	if (codec_decode(
		&attempt_rec_codec, &rec, payload, &r->scratch, r->err) == -1)
		return err_in(r->err, "ATTEMPT");
	r->m->attempts = rec.n;
	return 0;
}

static int
apply_done(struct reader *r, struct str payload)
{
	struct done_rec rec;

	if (codec_decode(&done_rec_codec, &rec, payload, &r->scratch, r->err) ==
	    -1)
		return err_in(r->err, "DONE");
	r->progress = true;
	for (size_t i = 0; i < rec.rids.n; i++) {
		struct rcpt_state *s = state_of(r, &rec.rids, i);

		if (s == NULL)
			return -1;
		s->done = true;
		s->how = rec.how;
	}
	return 0;
}

static int
apply_defer(struct reader *r, struct str payload)
{
	struct defer_rec rec;
	struct str reply = STR("");

	if (codec_decode(
		&defer_rec_codec, &rec, payload, &r->scratch, r->err) == -1)
		return err_in(r->err, "DEFER");
	r->progress = true;
	/* Only the last is shown; a file full of them shall not fill us. */
	if (r->reply_bytes < REPLIES_MAX)
		reply = arena_str(r->mem, rec.reply);
	r->reply_bytes += reply.n;
	for (size_t i = 0; i < rec.rids.n; i++) {
		struct rcpt_state *s = state_of(r, &rec.rids, i);

		if (s == NULL)
			return -1;
		s->attempts = rec.attempts;
		s->warned = rec.warned;
		s->next = rec.next;
		s->reply = reply;
	}
	return 0;
}

static int
apply_held(struct reader *r, struct str payload)
{
	struct qmessage *m = r->m;
	struct held_rec rec, *h;
	size_t i = 0;

	if (codec_decode(&held_rec_codec, &rec, payload, &r->scratch, r->err) ==
	    -1)
		return err_in(r->err, "HELD");
	r->progress = true;
	while (
	    i < m->n_helds && !str_eq(m->helds[i].quarantine, rec.quarantine))
		i++;
	if (i >= HELDS_MAX)
		return err_set(r->err, ERR_PERM, "HELD by too many");
	if (m->helds == NULL)
		m->helds = arena_array(r->mem, HELDS_MAX, sizeof(*h));
	h = &m->helds[i];
	if (i == m->n_helds) {
		m->n_helds++;
		h->quarantine = arena_str(r->mem, rec.quarantine);
	}
	/* Delays without number need no memory without end. */
	if (!str_eq(h->reason, rec.reason))
		h->reason = arena_str(r->mem, rec.reason);
	h->state = rec.state;
	h->entered = rec.entered;
	h->expires = rec.expires;
	h->early = rec.early;
	return rec.rids.n > 0 ? apply_rcpts_held(r, &rec) : 0;
}

static int
apply_rcpts_held(struct reader *r, const struct held_rec *rec)
{
	const struct rid_rec *rids = rec->rids.v;
	struct qmessage *m = r->m;

	if (m->rcpt_helds == NULL)
		m->rcpt_helds =
		    arena_array(r->mem, m->n_rcpts, sizeof(*m->rcpt_helds));
	for (size_t i = 0; i < rec->rids.n; i++) {
		struct rcpt_held *h;

		if (rids[i].rid >= m->n_rcpts)
			return err_set(r->err, ERR_PERM,
			    "HELD of a recipient that is not there");
		h = &m->rcpt_helds[rids[i].rid];
		*h = (struct rcpt_held){ true, rec->state, rec->next };
	}
	return 0;
}

static int
apply_releasing(struct reader *r, struct str payload)
{
	struct releasing_rec rec;

	if (codec_decode(
		&releasing_rec_codec, &rec, payload, &r->scratch, r->err) == -1)
		return err_in(r->err, "RELEASING");
	r->progress = true;
	r->m->releasing = rec.mid;
	return 0;
}

/* NULL and err: there is no such recipient. */
static struct rcpt_state *
state_of(struct reader *r, const struct codec_list *rids, size_t i)
{
	uint32_t rid = ((const struct rid_rec *)rids->v)[i].rid;

	if (rid < r->m->n_rcpts)
		return &r->m->rcpts[rid];
	err_set(r->err, ERR_PERM, "recipient %" PRIu32 " of %zu", rid,
	    r->m->n_rcpts);
	return NULL;
}

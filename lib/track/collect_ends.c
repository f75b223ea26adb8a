/* collect_ends.c - what became of recipients, event by event */
#include "base/mem.h"
#include "track/collect.h"

static void end_rids(struct collect *, const struct track_seen *,
    const struct codec_list *rids, enum track_state, uint64_t dcid);
static void end_rcpt(struct collect *, const struct track_seen *,
    struct track_rcpt *, enum track_state, uint64_t dcid);

static void
end_rids(struct collect *c, const struct track_seen *e,
    const struct codec_list *rids, enum track_state state, uint64_t dcid)
{
	struct track_part *p = collect_part(c, e);
	const struct ev_rid *v = rids->v;

	for (size_t i = 0; p != NULL && i < rids->n; i++)
		end_rcpt(c, e, collect_rcpt(p, v[i].rid), state, dcid);
}

static void
end_rcpt(struct collect *c, const struct track_seen *e, struct track_rcpt *r,
    enum track_state state, uint64_t dcid)
{
	const struct dcid *d = idmap_get(&c->dcids, dcid);

	if (r == NULL)
		return;
	r->state = state;
	r->when = e->when;
	r->dcid = dcid;
	if (d != NULL)
		r->host = d->host;
}

/* By an alias: it had no number of its own. */
static void
alias(struct collect *c, const struct track_seen *e)
{
	const struct event_DROPPED_BY_ALIAS *ev = e->fields;
	struct track_part *p = collect_part(c, e);
	uint32_t rid = UINT32_MAX;

	if (p == NULL)
		return;
	while (collect_rcpt(p, rid) != NULL)
		rid--;
	collect_add_rcpt(c, p, rid, ev->addr, e->when);
	end_rcpt(c, e, collect_rcpt(p, rid), TRACK_WAS_DROPPED, 0);
}

static void
spam_deleted(struct collect *c, const struct track_seen *e)
{
	const struct event_SPAM_DELETED *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	if (p != NULL)
		end_rcpt(c, e, collect_rcpt(p, ev->rid), TRACK_WAS_DROPPED, 0);
}

static void
aborted(struct collect *c, const struct track_seen *e)
{
	const struct event_MID_ABORTED *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	if (p == NULL)
		return;
	if (str_starts(ev->text, STR("Dropped by")))
		p->dropped = true;
	else if (!str_starts(ev->text, STR("Bounced by")))
		p->aborted = true;
}

static void
corrupt(struct collect *c, const struct track_seen *e)
{
	struct track_part *p = collect_part(c, e);

	if (p != NULL)
		p->aborted = true;
}

static void
queued(struct collect *c, const struct track_seen *e)
{
	struct track_part *p = collect_part(c, e);

	if (p != NULL)
		p->queued = p->ready = true;
}

static void
delivered(struct collect *c, const struct track_seen *e)
{
	const struct event_MESSAGE_DONE *ev = e->fields;

	end_rids(c, e, &ev->rids, TRACK_WAS_DELIVERED, ev->dcid);
}

static void
possible(struct collect *c, const struct track_seen *e)
{
	const struct event_POSSIBLE *ev = e->fields;

	end_rids(c, e, &ev->rids, TRACK_WAS_DELIVERED, ev->dcid);
}

static void
response(struct collect *c, const struct track_seen *e)
{
	const struct event_RESPONSE *ev = e->fields;
	const struct ev_rid *v = ev->rids.v;
	struct track_part *p = collect_part(c, e);
	struct str text;

	if (p == NULL)
		return;
	text = collect_keep(c, ev->text);
	for (size_t i = 0; i < ev->rids.n; i++) {
		struct track_rcpt *r = collect_rcpt(p, v[i].rid);

		if (r != NULL)
			r->response = text;
	}
}

static void
put_off(struct collect *c, const struct track_seen *e)
{
	const struct event_DELAYED *ev = e->fields;
	struct track_part *p = collect_part(c, e);
	struct track_rcpt *r = p != NULL ? collect_rcpt(p, ev->rid) : NULL;

	if (r == NULL || r->state >= TRACK_WAS_DELIVERED)
		return;
	end_rcpt(c, e, r, TRACK_PROCESSING, ev->dcid);
	r->response = collect_keep(c, ev->text.n > 0 ? ev->text : ev->reason);
}

static void
bounced(struct collect *c, const struct track_seen *e)
{
	const struct event_BOUNCED *ev = e->fields;
	struct track_part *p = collect_part(c, e);
	struct track_rcpt *r = p != NULL ? collect_rcpt(p, ev->rid) : NULL;

	if (r == NULL)
		return;
	end_rcpt(c, e, r, TRACK_WAS_BOUNCED, ev->dcid);
	r->response = collect_keep(c, ev->text.n > 0 ? ev->text : ev->reason);
}

static void
deleted(struct collect *c, const struct track_seen *e)
{
	const struct event_DELETED *ev = e->fields;

	end_rids(c, e, &ev->rids, TRACK_WAS_DROPPED, 0);
}

static void
unsubscribed(struct collect *c, const struct track_seen *e)
{
	const struct event_UNSUBSCRIBED *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	if (p != NULL && str_is(ev->text, "dropped"))
		end_rcpt(c, e, collect_rcpt(p, ev->rid), TRACK_WAS_DROPPED, 0);
}

static void
done(struct collect *c, const struct track_seen *e)
{
	struct track_part *p = collect_part(c, e);

	if (p != NULL)
		p->over = true;
}

const collect_fn collect_ends[EVENT_N] = {
	[EVENT_DROPPED_BY_ALIAS] = alias,
	[EVENT_SPAM_DELETED] = spam_deleted,
	[EVENT_MID_ABORTED] = aborted,
	[EVENT_CORRUPT] = corrupt,
	[EVENT_MID_QUEUED] = queued,
	[EVENT_MESSAGE_DONE] = delivered,
	[EVENT_POSSIBLE] = possible,
	[EVENT_RESPONSE] = response,
	[EVENT_DELAYED] = put_off,
	[EVENT_BOUNCED] = bounced,
	[EVENT_DOUBLE_BOUNCE] = bounced,
	[EVENT_DROPPED_BY_ROUTE] = deleted,
	[EVENT_DELETED] = deleted,
	[EVENT_UNSUBSCRIBED] = unsubscribed,
	[EVENT_MID_DONE] = done,
};

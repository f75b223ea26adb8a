/* limits.c - how much a destination is asked to take */
#include "qmgr/limits.h"

#include "qmgr/conn.h"

static const struct dest *first_of(const struct dest *);
static const struct dest *next_of(const struct dest *, const struct dest *);
static uint64_t in_window(const struct qmgr *, const struct window *);
static void add(const struct qmgr *, struct window *,
    const struct destination *, uint64_t n);
static void earlier(const struct qmgr *, const struct window *, int64_t *at);
static void add_address(const struct qmgr *, const struct dest *,
    const struct endpoint *, uint64_t *conns, uint64_t *sent);
static struct address *same_address(
    const struct dest *, const struct endpoint *);

bool
limits_may_open(const struct dest *d)
{
	size_t n = 0;

	if (d->limits->limit_each_ip)
		return true;
	if (!d->limits->limit_each_gateway)
		return dest_conns(d) < d->limits->max_connections;
	for (int i = 0; i < CONNS_LISTS; i++)
		n += d->n_conns[i];
	return n < d->limits->max_connections;
}

bool
limits_may_use(
    const struct qmgr *q, const struct dest *d, const struct address *a)
{
	uint64_t conns = 0, sent = 0;

	if (!d->limits->limit_each_ip)
		return true;
	for (const struct dest *o = first_of(d); o != NULL; o = next_of(d, o))
		add_address(q, o, &a->ep, &conns, &sent);
	return conns < d->limits->max_connections &&
	       (d->limits->recipient_limit == 0 ||
		   sent < d->limits->recipient_limit);
}

bool
limits_may_send(const struct qmgr *q, const struct dest *d)
{
	uint64_t sent = 0;

	if (d->limits->recipient_limit == 0 || d->limits->limit_each_ip)
		return true;
	for (const struct dest *o = first_of(d); o != NULL; o = next_of(d, o))
		sent += in_window(q, &o->sent);
	return sent < d->limits->recipient_limit;
}

bool
limits_may_send_on(
    const struct qmgr *q, const struct dest *d, const struct conn *c)
{
	uint64_t conns = 0, sent = 0;

	if (d->limits->recipient_limit == 0 || !d->limits->limit_each_ip)
		return true;
	for (const struct dest *o = first_of(d); o != NULL; o = next_of(d, o))
		add_address(q, o, &c->ep, &conns, &sent);
	return sent < d->limits->recipient_limit;
}

void
limits_sent(
    const struct qmgr *q, struct dest *d, const struct conn *c, uint64_t n)
{
	struct address *a;

	if (d->limits->recipient_limit == 0)
		return;
	add(q, &d->sent, d->limits, n);
	a = same_address(d, &c->ep);
	if (a != NULL)
		add(q, &a->sent, d->limits, n);
}

int64_t
limits_next(const struct qmgr *q, const struct dest *d)
{
	int64_t at = 0;

	if (d->limits->recipient_limit == 0)
		return 0;
	for (const struct dest *o = first_of(d); o != NULL; o = next_of(d, o)) {
		earlier(q, &o->sent, &at);
		for (size_t i = 0; o->hosts != NULL && i < o->hosts->n; i++)
			earlier(q, &o->hosts->v[i].sent, &at);
	}
	return at;
}

void
limits_reset(struct dest *d)
{
	d->sent = (struct window){ 0 };
	for (size_t i = 0; d->hosts != NULL && i < d->hosts->n; i++)
		d->hosts->v[i].sent = (struct window){ 0 };
}

/* Those that count together with d: itself, or all of the domain. */
static const struct dest *
first_of(const struct dest *d)
{
	if (d->limits->limit_each_gateway || d->main == NULL)
		return d;
	return d->main;
}

static const struct dest *
next_of(const struct dest *d, const struct dest *o)
{
	return d->limits->limit_each_gateway ? NULL : o->beside;
}

static uint64_t
in_window(const struct qmgr *q, const struct window *w)
{
	return w->ends > q->now ? w->n : 0;
}

static void
add(const struct qmgr *q, struct window *w, const struct destination *limits,
    uint64_t n)
{
	if (w->ends <= q->now) {
		w->ends = q->now + (int64_t)limits->recipient_window * 1000;
		w->n = 0;
	}
	w->n += n;
}

static void
earlier(const struct qmgr *q, const struct window *w, int64_t *at)
{
	if (w->ends > q->now && (*at == 0 || w->ends < *at))
		*at = w->ends;
}

/* Under all the names that it has there. */
static void
add_address(const struct qmgr *q, const struct dest *d,
    const struct endpoint *ep, uint64_t *conns, uint64_t *sent)
{
	for (size_t i = 0; d->hosts != NULL && i < d->hosts->n; i++) {
		const struct address *a = &d->hosts->v[i];

		if (!endpoint_equal(&a->ep, ep))
			continue;
		*conns += a->n_conns;
		*sent += in_window(q, &a->sent);
	}
}

static struct address *
same_address(const struct dest *d, const struct endpoint *ep)
{
	for (size_t i = 0; d->hosts != NULL && i < d->hosts->n; i++)
		if (endpoint_equal(&d->hosts->v[i].ep, ep))
			return &d->hosts->v[i];
	return NULL;
}

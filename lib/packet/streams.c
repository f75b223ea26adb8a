/* streams.c - what was said on TCP connections, out of captured segments */
#include "packet/streams.h"

#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/mem.h"

#define BEFORE_SYN (1 << 24) /* how far data may be that overtook the SYN */

struct streams_segment {
	struct heap_node node; /* key: order of capture */
	struct endpoint low, high;
	bool from_low;
	uint8_t flags;
	uint32_t seq, ack, len;
	struct str payload;
	int64_t time;
	int64_t at; /* in its stream; then of the first byte that counts */
	size_t order;
};

struct side { /* of one connection, while it is put together */
	struct streams_segment **v;
	size_t n;
	uint32_t base; /* sequence number of the first byte */
	bool from_low;
};

struct building {
	struct streams *streams;
	struct connection *v;
	size_t n, cap;
};

/* Segments of one connection: a run of those of its two endpoints. */
struct run {
	struct streams_segment *v;
	size_t n;
	bool known[2]; /* is there a SYN of that side, */
	uint32_t isn[2];
	bool spoke[2]; /* and anything else? */
	uint32_t seq[2];
};

static int by_connection(const void *, const void *);
static int by_place(const void *, const void *);
static int by_begin(const void *, const void *);
static int cmp_endpoints(const struct endpoint *, const struct endpoint *);
static bool same_endpoints(
    const struct streams_segment *, const struct streams_segment *);
static bool begins_another(const struct run *, const struct streams_segment *);
static void extend(struct run *);
static void build(struct building *, struct run *);
static bool client_is_low(const struct run *);
static void gather(struct side *, const struct run *, struct arena *);
static void place(struct side *, struct stream *, bool begun);
static void assemble(struct side *, struct stream *, struct arena *);
static void put_piece(struct stream *, const struct streams_segment *,
    uint64_t at, uint64_t until);
static void put_gap(struct stream *, uint64_t until, int64_t time);
static uint64_t end_of(const struct stream *);
static void end_by_ack(
    struct stream *, const struct side *self, const struct side *other);
static void compare(const struct side *, struct stream *);
static void compare_one(const struct streams_segment *, struct stream *);
static void hear(struct stream *, uint32_t other_base);

void
streams_init(struct streams *s)
{
	*s = (struct streams){ .v = NULL };
	arena_init(&s->mem, SIZE_MAX / 4);
}

void
streams_fini(struct streams *s)
{
	arena_free(&s->mem);
	free(s->v);
	s->v = NULL;
}

bool
streams_add(struct streams *s, const struct segment *in, int64_t time)
{
	/* itself, a pointer to it, two pieces, and as a connection */
	size_t cost = 2 * sizeof(*s->v) + sizeof(void *) +
		      2 * sizeof(struct stream_piece) +
		      2 * sizeof(struct connection) + in->payload.n + 32;
	struct streams_segment *g;

	if (cost > STREAMS_MEMORY_MAX - s->memory)
		return false;
	s->memory += cost;
	s->v = mem_room(s->v, &s->cap, s->n, sizeof(*g));
	g = &s->v[s->n];
	*g = (struct streams_segment){ .flags = in->flags,
		.seq = in->seq,
		.ack = in->ack,
		.len = in->len,
		.time = time,
		.order = s->n,
		.payload = STR("") };
	if (in->payload.n > 0)
		g->payload = arena_str(&s->mem, in->payload);
	g->from_low = cmp_endpoints(&in->from, &in->to) <= 0;
	g->low = g->from_low ? in->from : in->to;
	g->high = g->from_low ? in->to : in->from;
	s->n++;
	return true;
}

struct connection *
streams_finish(struct streams *s, size_t *n)
{
	struct building b = { .streams = s };
	struct connection *all;
	size_t i = 0;

	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), by_connection);
	while (i < s->n) {
		struct run run = { .v = &s->v[i], .n = 1 };

		extend(&run);
		while (i + run.n < s->n &&
		       same_endpoints(&s->v[i], &s->v[i + run.n]) &&
		       !begins_another(&run, &s->v[i + run.n])) {
			run.n++;
			extend(&run);
		}
		build(&b, &run);
		i += run.n;
	}
	all = arena_array(&s->mem, b.n + 1, sizeof(*all));
	if (b.n > 0) {
		memcpy(all, b.v, b.n * sizeof(*all));
		qsort(all, b.n, sizeof(*all), by_begin);
	}
	free(b.v);
	*n = b.n;
	return all;
}

/* --- connections --- */

static int
by_connection(const void *x, const void *y)
{
	const struct streams_segment *a = x, *b = y;
	int c = cmp_endpoints(&a->low, &b->low);

	if (c == 0)
		c = cmp_endpoints(&a->high, &b->high);
	if (c == 0)
		c = a->order < b->order ? -1 : 1;
	return c;
}

static int
by_begin(const void *x, const void *y)
{
	const struct connection *a = x, *b = y;

	if (a->began != b->began)
		return a->began < b->began ? -1 : 1;
	return cmp_endpoints(&a->client.from, &b->client.from);
}

static int
cmp_endpoints(const struct endpoint *a, const struct endpoint *b)
{
	int c = ip_cmp(&a->ip, &b->ip);

	return c != 0 ? c : (int)a->port - (int)b->port;
}

static bool
same_endpoints(const struct streams_segment *a, const struct streams_segment *b)
{
	return cmp_endpoints(&a->low, &b->low) == 0 &&
	       cmp_endpoints(&a->high, &b->high) == 0;
}

/* A SYN of its own makes it one, unless that is what was overtaken by the
 * data before it. */
static bool
begins_another(const struct run *r, const struct streams_segment *g)
{
	size_t side = g->from_low;
	uint32_t behind;

	if (!(g->flags & TCP_SYN))
		return false;
	if (r->known[side])
		return g->seq != r->isn[side];
	behind = r->seq[side] - g->seq;
	return r->spoke[side] && (behind == 0 || behind > BEFORE_SYN);
}

/* By its last segment. */
static void
extend(struct run *r)
{
	const struct streams_segment *g = &r->v[r->n - 1];
	size_t side = g->from_low;

	if (g->flags & TCP_SYN) {
		r->known[side] = true;
		r->isn[side] = g->seq;
	} else if (!r->spoke[side] && !(g->flags & TCP_RST)) {
		r->spoke[side] = true;
		r->seq[side] = g->seq;
	}
}

static void
build(struct building *b, struct run *r)
{
	struct arena *mem = &b->streams->mem;
	bool low = client_is_low(r);
	struct side client = { .from_low = low }, server = { .from_low = !low };
	struct connection *c;

	b->v = mem_room(b->v, &b->cap, b->n, sizeof(*c));
	c = &b->v[b->n++];
	*c =
	    (struct connection){ .began = r->v[0].time, .ended = r->v[0].time };
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].time < c->began)
			c->began = r->v[i].time;
		if (r->v[i].time > c->ended)
			c->ended = r->v[i].time;
	}
	c->client.from = low ? r->v->low : r->v->high;
	c->server.from = low ? r->v->high : r->v->low;
	gather(&client, r, mem);
	gather(&server, r, mem);
	client.base = r->isn[client.from_low] + 1;
	server.base = r->isn[server.from_low] + 1;
	place(&client, &c->client, r->known[client.from_low]);
	place(&server, &c->server, r->known[server.from_low]);
	assemble(&client, &c->client, mem);
	assemble(&server, &c->server, mem);
	end_by_ack(&c->client, &client, &server);
	end_by_ack(&c->server, &server, &client);
	compare(&client, &c->client);
	compare(&server, &c->server);
	hear(&c->client, server.base);
	hear(&c->server, client.base);
}

static bool
client_is_low(const struct run *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct streams_segment *g = &r->v[i];

		if (g->flags & TCP_SYN)
			return g->from_low == !(g->flags & TCP_ACK);
	}
	if (r->v->low.port == r->v->high.port)
		return r->v->from_low;
	return r->v->low.port > r->v->high.port;
}

static void
gather(struct side *s, const struct run *r, struct arena *mem)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].from_low == s->from_low;
	s->v = arena_array(mem, n + 1, sizeof(*s->v));
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].from_low == s->from_low)
			s->v[s->n++] = &r->v[i];
}

/* --- one direction --- */

/*
 * Where in the stream each segment stands. Sequence numbers are modulo 2^32:
 * each is taken to be near to the one before. Without a SYN the stream begins
 * with the lowest that there is.
 */
static void
place(struct side *s, struct stream *out, bool begun)
{
	int64_t near = 0, least = INT64_MAX;

	out->begun = begun;
	out->segments = s->n;
	if (!begun && s->n > 0)
		s->base = s->v[0]->seq;
	for (size_t i = 0; i < s->n; i++) {
		struct streams_segment *g = s->v[i];
		uint32_t seq = g->seq + !!(g->flags & TCP_SYN);

		g->at =
		    near + (int32_t)(seq - s->base - (uint32_t)(uint64_t)near);
		out->reset |= (g->flags & TCP_RST) != 0;
		if (g->flags & TCP_RST)
			continue;
		out->finished |= (g->flags & TCP_FIN) != 0;
		if (g->at > near)
			near = g->at;
		if (g->at < least)
			least = g->at;
	}
	if (begun || least == INT64_MAX || least >= 0)
		return;
	s->base += (uint32_t)(uint64_t)least;
	for (size_t i = 0; i < s->n; i++)
		s->v[i]->at -= least;
}

/* At each place the segment counts that was captured first. */
static void
assemble(struct side *s, struct stream *out, struct arena *mem)
{
	struct heap heap = { .n = 0 };
	uint64_t at = 0;
	size_t i = 0;

	out->pieces = arena_array(mem, 2 * s->n + 2, sizeof(*out->pieces));
	if (s->n > 0)
		qsort(s->v, s->n, sizeof(struct streams_segment *), by_place);
	for (;;) {
		struct heap_node *top;
		struct streams_segment *g;
		uint64_t until;

		for (; i < s->n && s->v[i]->at <= (int64_t)at; i++)
			if (!(s->v[i]->flags & TCP_RST))
				heap_put(&heap, &s->v[i]->node, s->v[i]->order);
		top = heap_top(&heap);
		if (top == NULL && i == s->n)
			break;
		if (top == NULL) {
			at = (uint64_t)s->v[i]->at;
			continue;
		}
		g = HEAP_OBJ(top, struct streams_segment, node);
		if (g->at + (int64_t)g->payload.n <= (int64_t)at) {
			heap_pop(&heap);
			continue;
		}
		until = (uint64_t)g->at + g->payload.n;
		if (i < s->n && s->v[i]->at < (int64_t)until)
			until = (uint64_t)s->v[i]->at;
		put_piece(out, g, at, until);
		at = until;
	}
	heap_fini(&heap);
}

static int
by_place(const void *x, const void *y)
{
	const struct streams_segment *a = *(struct streams_segment *const *)x;
	const struct streams_segment *b = *(struct streams_segment *const *)y;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* heard: the number of the segment, until hear(). */
static void
put_piece(struct stream *out, const struct streams_segment *g, uint64_t at,
    uint64_t until)
{
	struct stream_piece *p;
	const char *bytes = g->payload.p + (at - (uint64_t)g->at);

	put_gap(out, at, g->time);
	out->bytes += until - at;
	p = out->n_pieces > 0 ? &out->pieces[out->n_pieces - 1] : NULL;
	if (p != NULL && p->bytes.p != NULL && p->bytes.p + p->n == bytes &&
	    p->heard == g->ack) {
		p->n += until - at;
		p->bytes.n = p->n;
		return;
	}
	out->pieces[out->n_pieces++] = (struct stream_piece){ .at = at,
		.n = until - at,
		.bytes = { bytes, until - at },
		.time = g->time,
		.heard = g->ack };
}

static void
put_gap(struct stream *out, uint64_t until, int64_t time)
{
	uint64_t at = end_of(out);

	if (until <= at)
		return;
	out->lost += until - at;
	out->pieces[out->n_pieces++] =
	    (struct stream_piece){ .at = at, .n = until - at, .time = time };
}

static uint64_t
end_of(const struct stream *s)
{
	const struct stream_piece *last;

	if (s->n_pieces == 0)
		return 0;
	last = &s->pieces[s->n_pieces - 1];
	return last->at + last->n;
}

/*
 * What was sent and cut off in the capture, or is acknowledged without ever
 * having been seen. One byte more may be a FIN that was not captured.
 */
static void
end_by_ack(
    struct stream *out, const struct side *self, const struct side *other)
{
	uint64_t end = end_of(out), sent = end;
	int64_t time = 0;

	if (self->n == 0)
		return;
	for (size_t i = 0; i < self->n; i++) {
		const struct streams_segment *g = self->v[i];

		/* after a FIN the numbers are one ahead */
		if (!(g->flags & TCP_RST) && g->at >= 0 &&
		    (g->len > 0 || (g->flags & TCP_FIN)) &&
		    (uint64_t)g->at + g->len > sent)
			sent = (uint64_t)g->at + g->len;
		if (g->time > time)
			time = g->time;
	}
	for (size_t i = 0; i < other->n; i++) {
		const struct streams_segment *g = other->v[i];
		int32_t more = (int32_t)(g->ack - self->base - (uint32_t)end);

		if ((g->flags & (TCP_ACK | TCP_RST)) == TCP_ACK && more > 1 &&
		    end + (uint32_t)more - 1 > sent)
			sent = end + (uint32_t)more - out->finished;
	}
	put_gap(out, sent, time);
}

/* --- what came more than once --- */

static void
compare(const struct side *s, struct stream *out)
{
	uint64_t sent = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct streams_segment *g = s->v[i];

		if ((g->flags & TCP_RST) || g->payload.n == 0)
			continue;
		sent += g->payload.n;
		if (g->at < 0) /* before the first byte: a probe */
			sent -= (uint64_t)-g->at < g->payload.n
				    ? (uint64_t)-g->at
				    : g->payload.n;
		compare_one(g, out);
	}
	out->again = sent - out->bytes;
}

static void
compare_one(const struct streams_segment *g, struct stream *out)
{
	uint64_t skip = g->at < 0 ? (uint64_t)-g->at : 0;
	uint64_t at = (uint64_t)(g->at + (int64_t)skip);
	struct str rest = str_sub(g->payload, skip, g->payload.n);
	size_t lo = 0, hi = out->n_pieces;

	while (lo < hi) { /* the piece that has byte `at` */
		size_t mid = lo + (hi - lo) / 2;

		if (out->pieces[mid].at + out->pieces[mid].n <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; rest.n > 0 && lo < out->n_pieces; lo++) {
		const struct stream_piece *p = &out->pieces[lo];
		struct str there = str_sub(p->bytes, at - p->at, p->bytes.n),
			   here;

		here = str_sub(rest, 0, there.n);
		there = str_sub(there, 0, here.n);
		if (!str_eq(here, there))
			out->differing += here.n;
		rest = str_sub(rest, here.n, rest.n);
		at += here.n;
	}
}

/* Acknowledgment numbers become bytes of the other direction. */
static void
hear(struct stream *s, uint32_t other_base)
{
	uint64_t near = 0;

	for (size_t i = 0; i < s->n_pieces; i++) {
		struct stream_piece *p = &s->pieces[i];
		int32_t d;

		if (p->bytes.p == NULL)
			continue;
		d = (int32_t)((uint32_t)p->heard - other_base - (uint32_t)near);
		if (d > 0)
			near += (uint32_t)d;
		p->heard = near;
	}
}

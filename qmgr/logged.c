/* logged.c - what bounce and delivery logs want of a message */
#include "qmgr/logged.h"

#include "base/mem.h"
#include "config/log_match.h"
#include "mail/header.h"
#include "mail/wire.h"
#include "stats/debug.h"

#define READ_MEM_MAX     ((size_t)64 * 1024 * 1024)
#define HEADER_READ_MAX  65536 /* what fields are looked for in */
#define RCPTS_PER_RECORD 100   /* so that it fits a frame */

static bool wants(const struct qmgr *, enum log_type);
static void need(struct logged *, struct qmgr *, struct mail *);
static void read_content(
    struct logged *, struct qmgr *, struct mail *, const struct qmessage *);
static void take_headers(
    struct logged *, const struct config *, struct str header);
static struct str unfolded(struct logged *, struct str value);
static void record(
    struct logged *, struct qmgr *, const struct logged_end *, struct str what);
static size_t list_rcpts(
    struct logged *, const struct logged_end *, size_t from, struct ev_rcpt *);
static const struct recipient *find(const struct parcel *, uint32_t rid);

void
logged_init(struct logged *l)
{
	*l = (struct logged){ .read = false };
	arena_init(&l->mem, READ_MEM_MAX);
}

void
logged_fini(struct logged *l)
{
	arena_free(&l->mem);
}

struct codec_list
logged_headers(struct logged *l, struct qmgr *q, struct mail *m)
{
	if (q->config->n_log_headers > 0)
		need(l, q, m);
	return l->headers;
}

void
logged_delivered(struct logged *l, struct qmgr *q, const struct logged_end *end)
{
	if (wants(q, LOG_DELIVERY))
		record(l, q, end, STR("delivered"));
}

void
logged_delayed(struct logged *l, struct qmgr *q, const struct logged_end *end)
{
	if (wants(q, LOG_BOUNCES))
		record(l, q, end, STR("delayed"));
}

void
logged_bounced(struct logged *l, struct qmgr *q, const struct logged_end *end)
{
	if (wants(q, LOG_BOUNCES) || wants(q, LOG_DELIVERY))
		record(l, q, end, STR("bounced"));
}

struct codec_list
logged_debug(
    struct qmgr *q, struct str domain, struct debug_log logs[LOGGED_DEBUGS])
{
	const struct config *c = q->config;
	struct codec_list list = { 0, logs };

	for (size_t i = 0; wants(q, LOG_DOMAIN_DEBUG) && i < c->n_logs; i++) {
		const struct log_subscription *log = &c->logs[i];

		if (list.n < LOGGED_DEBUGS && log_has_domain(log, domain) &&
		    stats_debug_take(q->stats, log->name, log->sessions))
			logs[list.n++].log = log->name;
	}
	return list;
}

static bool
wants(const struct qmgr *q, enum log_type type)
{
	return q->config->log_types & 1u << type;
}

/* A message that cannot be read just now is logged without. */
static void
need(struct logged *l, struct qmgr *q, struct mail *m)
{
	const struct config *c = q->config;
	struct qmessage qm = { 0 };

	if (l->read || (c->n_log_headers == 0 && c->log_bytes == 0 &&
			   !wants(q, LOG_DELIVERY)))
		return;
	l->read = true;
	if (mail_is_moving(m) ||
	    q->out->read(q->out_arg, m, &qm, &l->mem, NULL) == -1)
		return;
	l->source = qm.envelope.client;
	if (c->n_log_headers > 0 || c->log_bytes > 0)
		read_content(l, q, m, &qm);
}

/* As it went on its way: a header that was changed stands in the route. */
static void
read_content(
    struct logged *l, struct qmgr *q, struct mail *m, const struct qmessage *qm)
{
	const struct config *c = q->config;
	uint64_t head = qm->content.header_len, skip = qm->route.skip;
	uint64_t want = c->n_log_headers > 0 ? HEADER_READ_MAX : 0;
	struct buf stored, plain;

	head = head > skip ? head - skip : 0;
	want = head < want ? head : want;
	if (c->log_bytes > want)
		want = c->log_bytes;
	if (want > m->content_len)
		want = m->content_len;
	buf_init(&stored, PREPEND_MAX + HEADER_READ_MAX);
	buf_init(&plain, PREPEND_MAX + HEADER_READ_MAX);
	buf_add_str(&stored, qm->route.prepend);
	if (q->out->content(q->out_arg, m, qm, want, &stored, NULL) == 0) {
		wire_unstuff(buf_str(&stored), &plain);
		take_headers(l, c, buf_str(&plain));
		l->message = arena_str(
		    &l->mem, str_sub(buf_str(&plain), 0, c->log_bytes));
	}
	buf_fini(&stored);
	buf_fini(&plain);
}

static void
take_headers(struct logged *l, const struct config *c, struct str header)
{
	struct ev_header *v = arena_array(&l->mem, 100, sizeof(*v));
	struct header_field f;
	struct str rest;

	l->headers.v = v;
	for (size_t i = 0; i < c->n_log_headers; i++)
		for (rest = header; header_next(&rest, &f);) {
			if (!str_eq_nocase(f.name, c->log_headers[i]))
				continue;
			if (l->headers.n == 100)
				return;
			v[l->headers.n++] =
			    (struct ev_header){ c->log_headers[i],
				    unfolded(l, f.value) };
		}
}

static struct str
unfolded(struct logged *l, struct str value)
{
	struct str all = str_trim(value);
	char *p = arena_alloc(&l->mem, all.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < all.n && n < LOG_VALUE_MAX; i++)
		if (all.p[i] != '\r' && all.p[i] != '\n')
			p[n++] = all.p[i];
	return (struct str){ p, n };
}

static void
record(struct logged *l, struct qmgr *q, const struct logged_end *end,
    struct str what)
{
	struct mail *m = end->parcel->mail;
	struct ev_rcpt rcpts[RCPTS_PER_RECORD];
	struct event_DELIVERY_RECORD e = { .what = what,
		.mid = m->mid,
		.arrival = m->arrival,
		.size = m->content_len,
		.from = mail_sender(m),
		.status = str_of(end->verdict->status),
		.reason = str_of(end->verdict->reason),
		.code = str_of(end->verdict->code),
		.text = end->text,
		.rcpts = { 0, rcpts } };

	need(l, q, m);
	e.headers = l->headers;
	e.message = l->message;
	e.source_ip = l->source;
	if (end->conn != NULL)
		e.ip = end->conn->ep.ip;
	for (size_t i = 0; i < end->n; i += e.rcpts.n) {
		e.rcpts.n = list_rcpts(l, end, i, rcpts);
		event_emit(EVENT_DELIVERY_RECORD, &e);
	}
}

static size_t
list_rcpts(struct logged *l, const struct logged_end *end, size_t from,
    struct ev_rcpt *v)
{
	char addr[ADDR_MAX + 1];
	size_t n = 0;

	for (; n < RCPTS_PER_RECORD && from + n < end->n; n++) {
		uint32_t rid = end->rids[from + n].rid;
		const struct recipient *r = find(end->parcel, rid);

		v[n] = (struct ev_rcpt){ .rid = rid,
			.to = arena_str(
			    &l->mem, parcel_addr(end->parcel, r, addr)),
			.attempts = end->attempts };
	}
	return n;
}

static const struct recipient *
find(const struct parcel *p, uint32_t rid)
{
	for (size_t i = 0; i < p->n; i++)
		if (parcel_rcpt(p, i)->rid == rid)
			return parcel_rcpt(p, i);
	panic("a recipient of another parcel");
}

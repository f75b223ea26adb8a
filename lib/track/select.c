/* select.c - the first walk of a search: which messages fit */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/mime.h"
#include "track/inner.h"

#define DAY_US INT64_C(86400000000)
#define TIDY   65536

/* Conditions that were seen to be met. */
enum {
	GOT_SENDER = 1,
	GOT_RCPT = 2,
	GOT_SUBJECT = 4,
	GOT_ID = 8,
	GOT_IP = 16,
	GOT_HOST = 32,
	GOT_GROUP = 64,
	GOT_KIND = 128 /* never met by itself: kinds are counted */
};
#define GOT_CONN (GOT_IP | GOT_HOST | GOT_GROUP)

struct conn {
	struct conn *next;
	uint64_t icid;
	int64_t when;
	unsigned got, kinds;
	bool refused;
};

static void start_over(struct track_select *, uint64_t part);
static unsigned needed(const struct track_query *);
static bool wants(void *, const struct track_seen *);
static bool see(void *, const struct track_seen *);
static void note_gap(void *, const struct track_gap *);
static struct member *begin(
    struct track_select *, uint64_t mid, uint64_t icid, int64_t when);
static void got(struct track_select *, const struct track_seen *, unsigned bit,
    struct str text, struct str wanted);
static void link_part(struct track_select *, uint64_t of, uint64_t part);
static bool fits(struct track_select *, struct cand *);
static void reject_conns(struct track_select *);
static int newest_first(const void *, const void *);

static const select_fn seers[EVENT_N];
/* What is looked at only for these conditions. */
static const uint8_t only_for[EVENT_N] = {
	[EVENT_MID_RCPT] = GOT_RCPT,
	[EVENT_SUBJECT] = GOT_SUBJECT,
	[EVENT_MESSAGE_ID] = GOT_ID,
	[EVENT_TLS_FAILED] = GOT_KIND,
	[EVENT_TLS_MISSING] = GOT_KIND,
	[EVENT_LOG_ENTRY] = GOT_KIND,
	[EVENT_SPAM_VERDICT] = GOT_KIND,
	[EVENT_VIRUS_VERDICT] = GOT_KIND,
	[EVENT_OUTBREAK_THREAT] = GOT_KIND,
	[EVENT_QUARANTINED] = GOT_KIND,
	[EVENT_SPAM_QUARANTINED] = GOT_KIND,
	[EVENT_RELEASED_FROM_ALL] = GOT_KIND,
	[EVENT_DELETED_FROM_ALL] = GOT_KIND,
	[EVENT_SPAM_DELETED] = GOT_KIND,
	[EVENT_MID_ABORTED] = GOT_KIND,
	[EVENT_MESSAGE_DONE] = GOT_KIND,
	[EVENT_POSSIBLE] = GOT_KIND,
	[EVENT_DELAYED] = GOT_KIND,
	[EVENT_BOUNCED] = GOT_KIND,
	[EVENT_DOUBLE_BOUNCE] = GOT_KIND,
	[EVENT_DROPPED_BY_ROUTE] = GOT_KIND,
	[EVENT_DELETED] = GOT_KIND,
	[EVENT_CORRUPT] = GOT_KIND,
	[EVENT_MID_DONE] = GOT_KIND,
};

int
track_select(struct track_select *s, int dir, struct err *err)
{
	struct track_walk walk = {
		.from = s->q->from > DAY_US ? s->q->from - DAY_US : 0,
		.to = INT64_MAX,
		.mid = s->q->mid, /* nothing of it stands before it began */
		.arg = s,
		.wants = wants,
		.event = see,
		.gap = note_gap
	};
	uint64_t parent;

	do {
		start_over(s, walk.mid);
		if (track_read(dir, &walk, err) == -1)
			return -1;
		parent = s->parent;
		if (parent != 0)
			track_select_end(s);
		walk.mid = parent;
	} while (parent != 0);
	reject_conns(s);
	return 0;
}

/* part: who is that a part of? */
static void
start_over(struct track_select *s, uint64_t part)
{
	arena_init(&s->mem, SEARCH_MEM);
	arena_init(&s->scratch, SEARCH_MEM);
	idmap_init(&s->members, &s->mem);
	idmap_init(&s->conns, &s->mem);
	s->all_conns = NULL;
	s->cands = NULL;
	s->need = needed(s->q);
	s->asked = s->need | (s->q->kinds != 0 ? GOT_KIND : 0);
	s->part = part;
	s->parent = 0;
	s->found->n_gaps = 0;
}

void
track_select_end(struct track_select *s)
{
	idmap_fini(&s->members);
	idmap_fini(&s->conns);
	arena_free(&s->mem);
	arena_free(&s->scratch);
}

struct cand **
track_selected(struct track_select *s, size_t *n, size_t *total)
{
	struct cand **v = NULL;
	size_t cap = 0;

	*n = 0;
	for (struct cand *c = s->cands; c != NULL; c = c->next) {
		if (!fits(s, c))
			continue;
		v = mem_room(v, &cap, *n, sizeof(struct cand *));
		v[(*n)++] = c;
	}
	*total = *n;
	if (*n > 1)
		qsort(v, *n, sizeof(struct cand *), newest_first);
	if (*n > s->q->limit)
		*n = s->q->limit;
	return v;
}

static unsigned
needed(const struct track_query *q)
{
	return (q->sender.n > 0 ? GOT_SENDER : 0) |
	       (q->rcpt.n > 0 ? GOT_RCPT : 0) |
	       (q->subject.n > 0 ? GOT_SUBJECT : 0) |
	       (q->message_id.n > 0 ? GOT_ID : 0) | (q->by_ip ? GOT_IP : 0) |
	       (q->host.n > 0 ? GOT_HOST : 0) |
	       (q->group.n > 0 ? GOT_GROUP : 0);
}

static bool
wants(void *arg, const struct track_seen *e)
{
	const struct track_select *s = arg;
	unsigned only = only_for[e->id];

	return (seers[e->id] != NULL || select_kinds[e->id] != NULL) &&
	       (only == 0 || (only & s->asked));
}

static bool
see(void *arg, const struct track_seen *e)
{
	struct track_select *s = arg;

	if (seers[e->id] != NULL)
		seers[e->id](s, e);
	else
		select_kinds[e->id](s, e);
	return true;
}

static void
note_gap(void *arg, const struct track_gap *gap)
{
	struct track_select *s = arg;
	struct track_found *f = s->found;

	if (gap->to < s->q->from)
		return;
	f->gaps = mem_room(f->gaps, &f->cap_gaps, f->n_gaps, sizeof(*gap));
	f->gaps[f->n_gaps++] = *gap;
}

/* --- messages --- */

/* Of a message of the time asked for; a part of another one may be later. */
static struct member *
begin(struct track_select *s, uint64_t mid, uint64_t icid, int64_t when)
{
	struct member *m = idmap_get(&s->members, mid);

	if (m != NULL || mid == 0 || when < s->q->from || when > s->q->to)
		return m;
	m = arena_alloc(&s->mem, sizeof(*m));
	m->mid = mid;
	m->of = arena_alloc(&s->mem, sizeof(*m->of));
	*m->of = (struct cand){ .next = s->cands,
		.mid = mid,
		.icid = icid,
		.when = when,
		.members = m };
	s->cands = m->of;
	idmap_put(&s->members, mid, m);
	return m;
}

struct member *
select_member(struct track_select *s, uint64_t mid)
{
	return idmap_get(&s->members, mid);
}

/* What the message, or else the connection, has. */
static void
got(struct track_select *s, const struct track_seen *e, unsigned bit,
    struct str text, struct str wanted)
{
	struct member *m = select_member(s, e->ids.mid);
	struct conn *c = m == NULL ? idmap_get(&s->conns, e->ids.icid) : NULL;
	enum track_text how = bit == GOT_SUBJECT ? s->q->how : TRACK_CONTAINS;

	if ((m == NULL && c == NULL) || wanted.n == 0 ||
	    !track_fits(text, wanted, how))
		return;
	if (m != NULL)
		m->of->got |= bit;
	else
		c->got |= bit;
}

void
select_kind(
    struct track_select *s, const struct track_seen *e, enum track_kind k)
{
	struct member *m = select_member(s, e->ids.mid);
	struct conn *c = m == NULL ? idmap_get(&s->conns, e->ids.icid) : NULL;

	if (m != NULL)
		m->of->kinds |= 1u << k;
	else if (c != NULL)
		c->kinds |= 1u << k;
}

/* What it was thought to be by itself becomes a part. */
static void
link_part(struct track_select *s, uint64_t of, uint64_t mid)
{
	struct member *whole = select_member(s, of), *m = select_member(s, mid);
	struct member **end;

	if (whole == NULL && mid == s->part && of < mid)
		s->parent = of;
	if (whole == NULL || (m != NULL && m->of == whole->of))
		return;
	if (m == NULL) {
		m = arena_alloc(&s->mem, sizeof(*m));
		m->mid = mid;
		idmap_put(&s->members, mid, m);
	} else {
		whole->of->got |= m->of->got;
		whole->of->kinds |= m->of->kinds;
		m->of->members = NULL; /* nothing any more */
	}
	m->of = whole->of;
	for (end = &whole->of->members; *end != NULL; end = &(*end)->next)
		;
	*end = m;
}

static bool
fits(struct track_select *s, struct cand *c)
{
	const struct conn *conn = idmap_get(&s->conns, c->icid);
	unsigned have = c->got | (conn != NULL ? conn->got & GOT_CONN : 0);
	bool one = s->q->mid == 0;

	if (conn != NULL && c->mid != 0)
		c->kinds |= conn->kinds & 1u << TRACK_TLS_FAILED;
	for (const struct member *m = c->members; m != NULL; m = m->next) {
		one |= m->mid == s->q->mid;
		if (!m->over || m->held > 0)
			c->kinds |= 1u << TRACK_HELD;
	}
	return one && (c->members != NULL || c->mid == 0) &&
	       (have & s->need) == s->need &&
	       (s->q->kinds == 0 || c->kinds & s->q->kinds);
}

/* Connections that were rejected stand for themselves. */
static void
reject_conns(struct track_select *s)
{
	for (const struct conn *conn = s->all_conns; conn != NULL;
	     conn = conn->next) {
		struct cand *c;

		if (!conn->refused || conn->when < s->q->from ||
		    conn->when > s->q->to || s->q->mid != 0)
			continue;
		c = arena_alloc(&s->mem, sizeof(*c));
		*c = (struct cand){ .next = s->cands,
			.icid = conn->icid,
			.when = conn->when,
			.got = conn->got,
			.kinds = conn->kinds };
		s->cands = c;
	}
}

static int
newest_first(const void *pa, const void *pb)
{
	const struct cand *a = *(struct cand *const *)pa,
			  *b = *(struct cand *const *)pb;

	if (a->when != b->when)
		return a->when > b->when ? -1 : 1;
	return a->mid > b->mid ? -1 : a->mid < b->mid;
}

/* --- events --- */

static void
new_icid(struct track_select *s, const struct track_seen *e)
{
	const struct event_NEW_ICID *ev = e->fields;
	struct conn *c = arena_alloc(&s->mem, sizeof(*c));

	c->next = s->all_conns;
	s->all_conns = c;
	c->icid = ev->icid;
	c->when = e->when;
	if (s->q->by_ip && ip_range_has(&s->q->ip, &ev->ip))
		c->got |= GOT_IP;
	if (s->q->host.n > 0 &&
	    track_fits(ev->host, s->q->host, TRACK_CONTAINS))
		c->got |= GOT_HOST;
	idmap_put(&s->conns, ev->icid, c);
}

static void
hat(struct track_select *s, const struct track_seen *e)
{
	const struct event_HAT *ev = e->fields;
	struct conn *c = idmap_get(&s->conns, ev->icid);

	if (c == NULL)
		return;
	if (s->q->group.n > 0 && str_eq_nocase(ev->group, s->q->group))
		c->got |= GOT_GROUP;
	c->refused = str_is(ev->behaviour, "REJECT") ||
		     str_is(ev->behaviour, "TCPREFUSE");
	if (c->refused)
		c->kinds |= 1u << TRACK_REJECTED;
}

static void
start_mid(struct track_select *s, const struct track_seen *e)
{
	begin(s, e->ids.mid, e->ids.icid, e->when);
}

static void
mid_from(struct track_select *s, const struct track_seen *e)
{
	const struct event_MID_FROM *ev = e->fields;

	begin(s, e->ids.mid, e->ids.icid, e->when);
	got(s, e, GOT_SENDER, ev->addr, s->q->sender);
}

static void
mid_rcpt(struct track_select *s, const struct track_seen *e)
{
	const struct event_MID_RCPT *ev = e->fields;

	got(s, e, GOT_RCPT, ev->addr, s->q->rcpt);
}

static void
alias(struct track_select *s, const struct track_seen *e)
{
	const struct event_DROPPED_BY_ALIAS *ev = e->fields;

	got(s, e, GOT_RCPT, ev->addr, s->q->rcpt);
	select_kind(s, e, TRACK_DROPPED);
}

static void
rcpt_rejected(struct track_select *s, const struct track_seen *e)
{
	const struct event_RCPT_REJECTED *ev = e->fields;

	got(s, e, GOT_RCPT, ev->addr, s->q->rcpt);
	select_kind(s, e, TRACK_REJECTED);
}

static void
bounce_rejected(struct track_select *s, const struct track_seen *e)
{
	const struct event_BOUNCE_REJECTED *ev = e->fields;

	got(s, e, GOT_RCPT, ev->addr, s->q->rcpt);
	select_kind(s, e, TRACK_REJECTED);
}

/* A sender that was refused has no message to speak of. */
static void
sender_rejected(struct track_select *s, const struct track_seen *e)
{
	const struct event_SENDER_REJECTED *ev = e->fields;
	struct conn *c = idmap_get(&s->conns, e->ids.icid);

	if (c == NULL)
		return;
	c->refused = true;
	c->kinds |= 1u << TRACK_REJECTED;
	got(s, e, GOT_SENDER, ev->addr, s->q->sender);
}

static void
subject(struct track_select *s, const struct track_seen *e)
{
	const struct event_SUBJECT *ev = e->fields;

	if (s->q->subject.n == 0)
		return;
	if (s->scratch.used > TIDY)
		arena_free(&s->scratch);
	got(s, e, GOT_SUBJECT, mime_field_text(ev->text, STR(""), &s->scratch),
	    s->q->subject);
}

static void
message_id(struct track_select *s, const struct track_seen *e)
{
	const struct event_MESSAGE_ID *ev = e->fields;

	got(s, e, GOT_ID, ev->text, s->q->message_id);
}

static void
split(struct track_select *s, const struct track_seen *e)
{
	link_part(s, e->ids.mid, e->ids.other);
}

static void
rewritten(struct track_select *s, const struct track_seen *e)
{
	const struct event_MID_REWRITTEN *ev = e->fields;

	link_part(s, e->ids.mid, e->ids.other);
	if (track_by_filter(ev->by))
		select_kind(s, e, TRACK_FILTER);
}

static void
generated(struct track_select *s, const struct track_seen *e)
{
	const struct event_MID_GENERATED *ev = e->fields;
	struct track_seen of = *e;

	of.ids.mid = e->ids.other;
	if (track_by_filter(ev->by))
		select_kind(s, &of, TRACK_FILTER);
}

static void
reinjected(struct track_select *s, const struct track_seen *e)
{
	link_part(s, e->ids.mid, e->ids.other);
}

static void
tls_failed(struct track_select *s, const struct track_seen *e)
{
	struct conn *c = idmap_get(&s->conns, e->ids.icid);

	if (c != NULL)
		c->kinds |= 1u << TRACK_TLS_FAILED;
}

static const select_fn seers[EVENT_N] = {
	[EVENT_NEW_ICID] = new_icid,
	[EVENT_HAT] = hat,
	[EVENT_TLS_FAILED] = tls_failed,
	[EVENT_TLS_MISSING] = tls_failed,
	[EVENT_SENDER_REJECTED] = sender_rejected,
	[EVENT_START_MID] = start_mid,
	[EVENT_MID_FROM] = mid_from,
	[EVENT_MID_RCPT] = mid_rcpt,
	[EVENT_RCPT_REJECTED] = rcpt_rejected,
	[EVENT_BOUNCE_REJECTED] = bounce_rejected,
	[EVENT_DROPPED_BY_ALIAS] = alias,
	[EVENT_SUBJECT] = subject,
	[EVENT_MESSAGE_ID] = message_id,
	[EVENT_MID_SPLIT] = split,
	[EVENT_MID_REWRITTEN] = rewritten,
	[EVENT_MID_GENERATED] = generated,
	[EVENT_SPAM_REINJECTED] = reinjected,
};

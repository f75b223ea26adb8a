/* collect.c - the second walk of a search: all about the messages found */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/mime.h"
#include "track/collect.h"

#define DAY_US   INT64_C(86400000000)
#define LIST_MAX 4000 /* bytes of what is put in one line */

static void add_message(struct collect *, struct cand *);
static struct track_part *add_part(
    struct collect *, struct track_message *, uint64_t mid);
static bool wants(void *, const struct track_seen *);
static bool see(void *, const struct track_seen *);
static void append_text(struct collect *, struct str *list, struct str text);
static size_t room_of(size_t n);
static void add_link(
    struct collect *, uint64_t of, uint64_t mid, const char *kind, bool parent);

static const collect_fn seers[EVENT_N];

int
track_collect(
    struct track_found *f, int dir, struct cand **v, size_t n, struct err *err)
{
	struct collect c = { .f = f, .mem = &f->mem };
	struct track_walk walk = {
		.to = INT64_MAX, .arg = &c, .wants = wants, .event = see
	};
	int64_t from = INT64_MAX;
	int rc;

	idmap_init(&c.parts, c.mem);
	idmap_init(&c.icids, c.mem);
	idmap_init(&c.dcids, c.mem);
	f->v = arena_array(&f->mem, n + 1, sizeof(*f->v));
	for (size_t i = 0; i < n; i++) {
		add_message(&c, v[i]);
		if (v[i]->when < from)
			from = v[i]->when;
	}
	walk.from = from > DAY_US && n > 0 ? from - DAY_US : 0;
	rc = n > 0 ? track_read(dir, &walk, err) : 0;
	for (size_t i = 0; i < f->n; i++)
		track_settle(&f->v[i]);
	idmap_fini(&c.parts);
	idmap_fini(&c.icids);
	idmap_fini(&c.dcids);
	return rc;
}

static void
add_message(struct collect *c, struct cand *cand)
{
	struct track_message *m = &c->f->v[c->f->n++];
	struct list *l = arena_alloc(c->mem, sizeof(*l));

	*m = (struct track_message){ .mid = cand->mid,
		.icid = cand->icid,
		.when = cand->when,
		.kinds = cand->kinds & ~(1u << TRACK_HELD) };
	for (const struct member *p = cand->members; p != NULL; p = p->next)
		add_part(c, m, p->mid);
	*l = (struct list){ idmap_get(&c->icids, m->icid), m };
	if (m->icid != 0)
		idmap_put(&c->icids, m->icid, l);
}

/* In order, the one that came first. */
static struct track_part *
add_part(struct collect *c, struct track_message *m, uint64_t mid)
{
	struct track_part *p = arena_alloc(c->mem, sizeof(*p)), **end;

	p->mid = mid;
	p->of = m;
	p->tail = &p->rcpts;
	for (end = &m->parts; *end != NULL; end = &(*end)->next)
		;
	*end = p;
	idmap_put(&c->parts, mid, p);
	return p;
}

static bool
wants(void *arg, const struct track_seen *e)
{
	struct collect *c = arg;

	if (seers[e->id] == NULL && collect_ends[e->id] == NULL)
		return false;
	if (e->id == EVENT_NEW_DCID)
		return true;
	return (idmap_get(&c->parts, e->ids.mid)) ||
	       (idmap_get(&c->parts, e->ids.other)) ||
	       (idmap_get(&c->icids, e->ids.icid));
}

static bool
see(void *arg, const struct track_seen *e)
{
	struct collect *c = arg;

	if (seers[e->id] != NULL)
		seers[e->id](c, e);
	else
		collect_ends[e->id](c, e);
	return true;
}

struct str
collect_keep(struct collect *c, struct str s)
{
	return arena_str(c->mem, s);
}

/* There may be hundreds of each message found: it is copied when its room is
 * full, not each time. */
static void
append_text(struct collect *c, struct str *list, struct str text)
{
	const char *between = list->n > 0 ? ", " : "";
	size_t n = list->n + strlen(between) + text.n;
	char *room = (char *)list->p;

	if (list->n >= LIST_MAX || text.n == 0)
		return;
	if (list->n == 0 || room_of(n) > room_of(list->n)) {
		room = arena_alloc(c->mem, room_of(n));
		if (list->n > 0)
			memcpy(room, list->p, list->n);
	}
	memcpy(room + list->n, between, strlen(between));
	memcpy(room + n - text.n, text.p, text.n);
	*list = (struct str){ room, n };
}

static size_t
room_of(size_t n)
{
	size_t room = 64;

	while (room < n)
		room *= 2;
	return room;
}

struct track_part *
collect_part(struct collect *c, const struct track_seen *e)
{
	return idmap_get(&c->parts, e->ids.mid);
}

void
collect_add_rcpt(struct collect *c, struct track_part *p, uint32_t rid,
    struct str addr, int64_t when)
{
	struct track_rcpt *r = collect_rcpt(p, rid);

	if (r != NULL)
		return;
	r = arena_alloc(c->mem, sizeof(*r));
	*r = (struct track_rcpt){ .mid = p->mid,
		.rid = rid,
		.addr = collect_keep(c, addr),
		.when = when };
	*p->tail = r;
	p->tail = &r->next;
	if (rid >= p->beyond)
		p->beyond = (uint64_t)rid + 1;
}

/* There may be thousands, and they are mostly asked for in order. */
struct track_rcpt *
collect_rcpt(struct track_part *p, uint32_t rid)
{
	struct track_rcpt *from = p->at != NULL ? p->at : p->rcpts, *r = from;

	if (rid >= p->beyond)
		return NULL;
	while (r != NULL && r->rid != rid)
		r = r->next;
	if (r == NULL) {
		for (r = p->rcpts; r != from && r->rid != rid; r = r->next)
			;
		if (r == from)
			return NULL;
	}
	p->at = r;
	return r;
}

static void
add_link(
    struct collect *c, uint64_t of, uint64_t mid, const char *kind, bool parent)
{
	struct track_part *p = idmap_get(&c->parts, of);
	struct track_link *l;

	if (p == NULL)
		return;
	l = arena_alloc(c->mem, sizeof(*l));
	*l = (struct track_link){ p->of->links, mid, kind, parent };
	p->of->links = l;
}

/* --- events --- */

static void
new_icid(struct collect *c, const struct track_seen *e)
{
	const struct event_NEW_ICID *ev = e->fields;

	for (struct list *l = idmap_get(&c->icids, ev->icid); l != NULL;
	     l = l->next) {
		l->m->ip = ev->ip;
		l->m->host = collect_keep(c, ev->host);
		l->m->verified = collect_keep(c, ev->verified);
		l->m->interface = collect_keep(c, ev->interface);
	}
}

static void
hat(struct collect *c, const struct track_seen *e)
{
	const struct event_HAT *ev = e->fields;

	for (struct list *l = idmap_get(&c->icids, ev->icid); l != NULL;
	     l = l->next) {
		l->m->group = collect_keep(c, ev->group);
		l->m->flow_policy = collect_keep(c, ev->policy);
		l->m->behaviour = collect_keep(c, ev->behaviour);
	}
}

/* What had not come by then never will. */
static void
icid_gone(struct collect *c, const struct track_seen *e)
{
	for (struct list *l = idmap_get(&c->icids, e->ids.icid); l != NULL;
	     l = l->next)
		if (l->m->parts != NULL && !l->m->parts->ready)
			l->m->parts->aborted = true;
}

static void
new_dcid(struct collect *c, const struct track_seen *e)
{
	const struct event_NEW_DCID *ev = e->fields;
	struct endpoint ep = { ev->ip, ev->port };
	struct dcid *d = arena_alloc(c->mem, sizeof(*d));
	char text[IP_TEXT + 8];

	d->host = collect_keep(c, str_of(endpoint_text(&ep, text)));
	idmap_put(&c->dcids, ev->dcid, d);
}

static void
mid_from(struct collect *c, const struct track_seen *e)
{
	const struct event_MID_FROM *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	if (p != NULL && p == p->of->parts)
		p->of->sender = collect_keep(c, ev->addr);
}

static void
mid_rcpt(struct collect *c, const struct track_seen *e)
{
	const struct event_MID_RCPT *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	if (p != NULL)
		collect_add_rcpt(c, p, ev->rid, ev->addr, e->when);
}

static void
rejected(struct collect *c, struct track_part *p, const struct track_seen *e,
    struct str addr)
{
	if (p != NULL) {
		append_text(c, &p->of->rejected, addr);
		return;
	}
	for (struct list *l = idmap_get(&c->icids, e->ids.icid); l != NULL;
	     l = l->next)
		if (l->m->mid == 0)
			append_text(c, &l->m->rejected, addr);
}

static void
rcpt_rejected(struct collect *c, const struct track_seen *e)
{
	const struct event_RCPT_REJECTED *ev = e->fields;

	rejected(c, collect_part(c, e), e, ev->addr);
}

static void
bounce_rejected(struct collect *c, const struct track_seen *e)
{
	const struct event_BOUNCE_REJECTED *ev = e->fields;

	rejected(c, collect_part(c, e), e, ev->addr);
}

static void
sender_rejected(struct collect *c, const struct track_seen *e)
{
	const struct event_SENDER_REJECTED *ev = e->fields;

	for (struct list *l = idmap_get(&c->icids, ev->icid); l != NULL;
	     l = l->next)
		if (l->m->mid == 0)
			l->m->sender = collect_keep(c, ev->addr);
}

static void
subject(struct collect *c, const struct track_seen *e)
{
	const struct event_SUBJECT *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	if (p != NULL && p == p->of->parts)
		p->of->subject =
		    collect_keep(c, mime_field_text(ev->text, STR(""), c->mem));
}

static void
message_id(struct collect *c, const struct track_seen *e)
{
	const struct event_MESSAGE_ID *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	if (p != NULL && p == p->of->parts)
		p->of->message_id = collect_keep(c, ev->text);
}

static void
ready(struct collect *c, const struct track_seen *e)
{
	const struct event_MID_READY *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	if (p == NULL)
		return;
	p->ready = true;
	p->aborted = false;
	if (p == p->of->parts)
		p->of->size = ev->size;
}

static void
policy(struct collect *c, struct track_message *m, struct str name,
    struct str table)
{
	if (str_search(m->policies, name) == m->policies.n)
		append_text(c, &m->policies, name);
	m->direction = collect_keep(c, table);
}

static void
matched(struct collect *c, const struct track_seen *e)
{
	const struct event_MATCHED_ALL *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	if (p != NULL)
		policy(c, p->of, ev->policy, ev->table);
}

static void
split(struct collect *c, const struct track_seen *e)
{
	const struct event_MID_SPLIT *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	if (p == NULL)
		return;
	add_link(c, ev->mid, ev->other, "split", false);
	policy(c, p->of, ev->policy, ev->table);
}

/* Who it goes to is said only when it was released. */
static void
rewritten(struct collect *c, const struct track_seen *e)
{
	const struct event_MID_REWRITTEN *ev = e->fields;
	struct track_part *p = collect_part(c, e),
			  *to = idmap_get(&c->parts, ev->other);

	add_link(c, ev->mid, ev->other,
	    str_is(ev->by, "System Quarantine") ? "released" : "rewritten",
	    false);
	if (p == NULL || to == NULL)
		return;
	p->passed = true;
	p->n_held = 0;
	to->ready = true;
	for (struct track_rcpt *r = p->rcpts; r != NULL && to->tail != NULL;
	     r = r->next)
		if (r->state < TRACK_WAS_DELIVERED)
			collect_add_rcpt(c, to, r->rid, r->addr, e->when);
}

static void
reinjected(struct collect *c, const struct track_seen *e)
{
	add_link(c, e->ids.mid, e->ids.other, "released", false);
}

static void
generated(struct collect *c, const struct track_seen *e)
{
	add_link(c, e->ids.other, e->ids.mid, "copy", false);
	add_link(c, e->ids.mid, e->ids.other, "copy", true);
}

static void
bounce(struct collect *c, const struct track_seen *e)
{
	const char *kind =
	    e->id == EVENT_BOUNCE_GENERATED ? "bounce" : "delay warning";

	add_link(c, e->ids.other, e->ids.mid, kind, false);
	add_link(c, e->ids.mid, e->ids.other, kind, true);
}

static void
held(struct collect *c, const struct track_seen *e)
{
	const struct event_QUARANTINED *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n_held; i++)
		if (str_eq(p->held[i], ev->quarantine))
			return;
	if (p->n_held < HELD_MAX)
		p->held[p->n_held++] = collect_keep(c, ev->quarantine);
}

static void
left(struct collect *c, const struct track_seen *e)
{
	const struct event_QUARANTINE_RELEASED *ev = e->fields;
	struct track_part *p = collect_part(c, e);

	(void)c;
	for (size_t i = 0; p != NULL && i < p->n_held; i++)
		if (str_eq(p->held[i], ev->quarantine)) {
			p->held[i] = p->held[--p->n_held];
			return;
		}
}

static void
left_all(struct collect *c, const struct track_seen *e)
{
	struct track_part *p = collect_part(c, e);

	if (p == NULL)
		return;
	p->n_held = 0;
	p->dropped |= e->id == EVENT_DELETED_FROM_ALL;
}

static void
spam_held(struct collect *c, const struct track_seen *e)
{
	struct track_part *p = collect_part(c, e);

	if (p != NULL)
		p->spam = true;
}

static const collect_fn seers[EVENT_N] = {
	[EVENT_NEW_ICID] = new_icid,
	[EVENT_HAT] = hat,
	[EVENT_ICID_CLOSE] = icid_gone,
	[EVENT_ICID_LOST] = icid_gone,
	[EVENT_DISCONNECTED] = icid_gone,
	[EVENT_NEW_DCID] = new_dcid,
	[EVENT_MID_FROM] = mid_from,
	[EVENT_MID_RCPT] = mid_rcpt,
	[EVENT_RCPT_REJECTED] = rcpt_rejected,
	[EVENT_BOUNCE_REJECTED] = bounce_rejected,
	[EVENT_SENDER_REJECTED] = sender_rejected,
	[EVENT_SUBJECT] = subject,
	[EVENT_MESSAGE_ID] = message_id,
	[EVENT_MID_READY] = ready,
	[EVENT_MATCHED_ALL] = matched,
	[EVENT_MID_SPLIT] = split,
	[EVENT_MID_REWRITTEN] = rewritten,
	[EVENT_SPAM_REINJECTED] = reinjected,
	[EVENT_MID_GENERATED] = generated,
	[EVENT_BOUNCE_GENERATED] = bounce,
	[EVENT_WARNING_GENERATED] = bounce,
	[EVENT_QUARANTINED] = held,
	[EVENT_QUARANTINE_RELEASED] = left,
	[EVENT_QUARANTINE_DELETED] = left,
	[EVENT_RELEASED_FROM_ALL] = left_all,
	[EVENT_DELETED_FROM_ALL] = left_all,
	[EVENT_SPAM_QUARANTINED] = spam_held,
};

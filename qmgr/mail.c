/* mail.c - messages, parcels and recipients in memory */
#include "qmgr/mail.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/addr.h"
#include "qmgr/dest.h"
#include "qmgr/ordered.h"
#include "qmgr/retry.h"
#include "qmgr/settle.h"
#include "qmgr/subject.h"
#include "qmgr/sweep.h"

/* What the recipients of one JOB may take of its frame, and what one of them
 * may take beside its address: ORCPT, numbers. */
#define JOB_RCPTS_BYTES (IPC_FRAME_MAX - PREPEND_MAX - SLOT_CONTENT_MAX - 4096)
#define JOB_RCPT_EXTRA  (500 + 16)

/* A recipient on its way into a parcel. */
struct sorting {
	struct dest *dest;
	const struct mail_rcpt *rcpt;
};

static int by_parcel(const void *, const void *);
static size_t cut(struct qmgr *, struct sorting *, size_t n, uint32_t *ends);
static size_t text_size(
    const struct mail_info *, const struct sorting *, struct str subject);
static struct str own_text(const struct sorting *);
static uint32_t put_text(char *texts, size_t *at, struct str);
static void fill(struct qmgr *, struct mail *, const struct mail_info *,
    const struct sorting *, const uint32_t *ends, struct str subject);
static void enqueue(struct qmgr *, struct mail *, const struct sorting *);
static void link_up(struct qmgr *, struct mail *);
static void grow_table(struct qmgr *);
static uint16_t profile_index(struct qmgr *, struct str);
static char *texts_of(const struct mail *);
static const char *text_of(const struct mail *, const struct recipient *);
static struct str host_for(const struct mail_info *, const struct mail_rcpt *);
static void gauges(struct qmgr *, int64_t messages, int64_t bytes);

struct mail *
mail_new(struct qmgr *q, struct mail_info *in)
{
	char short_subject[SUBJECT_SHORT];
	struct str subject;
	struct sorting *s;
	uint32_t *ends;
	struct mail *m;
	size_t n_parcels, size;

	if (in->n_rcpts == 0 || mail_find(q, in->mid) != NULL)
		return NULL;
	s = mem_array(in->n_rcpts, sizeof(*s));
	ends = mem_array(in->n_rcpts, sizeof(*ends));
	for (size_t i = 0; i < in->n_rcpts; i++) {
		s[i].rcpt = &in->rcpts[i];
		s[i].dest = dest_get(q, host_for(in, &in->rcpts[i]),
		    in->gateway, dest_wish(in->flags, in->wire_flags));
	}
	if (in->n_rcpts > 1)
		qsort(s, in->n_rcpts, sizeof(*s), by_parcel);
	n_parcels = cut(q, s, in->n_rcpts, ends);
	subject = subject_short(in->subject, short_subject);
	size = sizeof(*m) + n_parcels * sizeof(struct parcel) +
	       in->n_rcpts * sizeof(struct recipient) +
	       text_size(in, s, subject);
	m = mem_alloc(size);
	m->n_parcels = (uint32_t)n_parcels;
	m->n_rcpts = m->n_open = (uint32_t)in->n_rcpts;
	fill(q, m, in, s, ends, subject);
	link_up(q, m);
	enqueue(q, m, s);
	free(s);
	free(ends);
	return m;
}

void
mail_free(struct qmgr *q, struct mail *m)
{
	struct mail **p = &q->mids[m->mid & (q->n_mids - 1)];

	sweep_skip(q, m);
	ordered_drop(q, m);
	if (m->active != NULL) {
		settle_drop(q, m);
		q->out->forget(q->out_arg, m);
		free(m->active);
	}
	while (*p != m)
		p = &(*p)->chain;
	*p = m->chain;
	*(m->older != NULL ? &m->older->newer : &q->oldest) = m->newer;
	*(m->newer != NULL ? &m->newer->older : &q->newest) = m->older;
	q->n_mails--;
	gauges(q, -1, -(int64_t)m->content_len);
	free(m->moved);
	free(m);
}

struct mail *
mail_find(const struct qmgr *q, uint64_t mid)
{
	struct mail *m;

	if (q->n_mids == 0)
		return NULL;
	m = q->mids[mid & (q->n_mids - 1)];
	while (m != NULL && m->mid != mid)
		m = m->chain;
	return m;
}

struct str
mail_sender(const struct mail *m)
{
	return str_of(texts_of(m));
}

struct str
mail_subject(const struct mail *m)
{
	return str_of(texts_of(m) + m->subject);
}

const struct bounce_profile *
mail_profile(const struct qmgr *q, const struct mail *m)
{
	return q->profiles[m->profile].found;
}

const struct bounce_profile *
parcel_profile(const struct qmgr *q, const struct parcel *p)
{
	struct str own = p->dest->limits->bounce_profile;

	return own.n > 0 ? config_bounce_profile(q->config, own)
			 : mail_profile(q, p->mail);
}

uint16_t
parcel_profile_at(struct qmgr *q, const struct parcel *p)
{
	struct str own = p->dest->limits->bounce_profile;

	return own.n > 0 ? profile_index(q, own) : p->mail->profile;
}

struct recipient *
parcel_rcpt(const struct parcel *p, size_t i)
{
	return &p->mail->rcpts[p->first + i];
}

struct str
parcel_addr(const struct parcel *p, const struct recipient *r, char *out)
{
	struct str text = str_of(text_of(p->mail, r));
	size_t domain = strlen(p->dest->name);

	if (r->flags & RECIPIENT_WHOLE || text.n + 1 + domain > ADDR_MAX)
		return text;
	memcpy(out, text.p, text.n);
	out[text.n] = '@';
	memcpy(out + text.n + 1, p->dest->name, domain + 1);
	return (struct str){ out, text.n + 1 + domain };
}

/*
 * The name of the old destination was a part of the addresses: they are now
 * kept whole, in a block of their own.
 */
void
parcel_redirect(struct qmgr *q, struct parcel *p, struct dest *to)
{
	struct mail *m = p->mail;
	char addr[ADDR_MAX + 1];
	struct buf texts;

	buf_init(&texts, SIZE_MAX);
	for (size_t i = 0; i < p->n; i++) {
		struct recipient *r = parcel_rcpt(p, i);
		struct str whole = parcel_addr(p, r, addr);

		if (r->flags & RECIPIENT_WHOLE)
			continue;
		r->text = (uint32_t)(m->n_moved + texts.len);
		r->flags |= RECIPIENT_WHOLE | RECIPIENT_MOVED;
		buf_add_str(&texts, whole);
		buf_putc(&texts, '\0');
	}
	if (texts.len > 0) { /* who was moved before has a text already */
		m->moved = mem_grow(m->moved, m->n_moved + texts.len);
		memcpy(m->moved + m->n_moved, texts.data, texts.len);
		m->n_moved += (uint32_t)texts.len;
	}
	buf_fini(&texts);
	dest_take(p);
	dest_move(q, p, to);
}

struct active *
mail_activate(struct mail *m)
{
	if (m->active == NULL) {
		m->active = mem_alloc(sizeof(*m->active));
		m->active->mail = m;
	}
	return m->active;
}

void
mail_calm(struct qmgr *q, struct mail *m)
{
	struct active *a = m->active;

	if (a == NULL || m->n_sent > 0 || a->saving != NULL ||
	    a->unsaved != NULL || a->notice != NULL)
		return;
	/* While something is due the descriptor will be wanted soon; whoever
	 * holds it knows how many it can hold. */
	for (uint32_t i = 0; a->held != NULL && i < m->n_parcels; i++)
		if (m->parcels[i].state == PARCEL_DUE)
			return;
	q->out->forget(q->out_arg, m);
	free(a);
	m->active = NULL;
}

bool
mail_is_moving(const struct mail *m)
{
	return m->active != NULL && m->active->saving != NULL &&
	       m->active->saving->move;
}

void
mail_config(struct qmgr *q)
{
	for (size_t i = 0; i < q->n_profiles; i++)
		q->profiles[i].found =
		    config_bounce_profile(q->config, q->profiles[i].name);
}

/* --- from a list of recipients to parcels --- */

static int
by_parcel(const void *x, const void *y)
{
	const struct sorting *a = x, *b = y;

	if (a->dest != b->dest)
		return a->dest->serial < b->dest->serial ? -1 : 1;
	if (a->rcpt->ordered != b->rcpt->ordered)
		return a->rcpt->ordered < b->rcpt->ordered ? -1 : 1;
	if (a->rcpt->next != b->rcpt->next)
		return a->rcpt->next < b->rcpt->next ? -1 : 1;
	if (a->rcpt->attempts != b->rcpt->attempts)
		return a->rcpt->attempts < b->rcpt->attempts ? -1 : 1;
	return a->rcpt->rid < b->rcpt->rid ? -1 : a->rcpt->rid > b->rcpt->rid;
}

/* Where the parcels end; their number. */
static size_t
cut(struct qmgr *q, struct sorting *s, size_t n, uint32_t *ends)
{
	size_t n_parcels = 0, begin = 0, bytes = 0, max;

	for (size_t i = 1; i <= n; i++) {
		dest_refresh(q, s[begin].dest);
		max = s[begin].dest->limits->max_recipients;
		if (max == 0 || max > 1000) /* a JOB holds so many */
			max = 1000;
		bytes += s[i - 1].rcpt->addr.n + JOB_RCPT_EXTRA;
		if (i < n && i - begin < max && s[i].dest == s[begin].dest &&
		    bytes + ADDR_MAX + JOB_RCPT_EXTRA <= JOB_RCPTS_BYTES &&
		    s[i].rcpt->ordered == s[begin].rcpt->ordered &&
		    s[i].rcpt->next == s[begin].rcpt->next &&
		    s[i].rcpt->attempts == s[begin].rcpt->attempts)
			continue;
		ends[n_parcels++] = (uint32_t)i;
		begin = i;
		bytes = 0;
	}
	return n_parcels;
}

static size_t
text_size(
    const struct mail_info *in, const struct sorting *s, struct str subject)
{
	size_t n = in->sender.n + 1 + subject.n + 1;

	for (size_t i = 0; i < in->n_rcpts; i++)
		n += own_text(&s[i]).n + 1;
	return n;
}

/* The local part alone, when the destination knows the rest. */
static struct str
own_text(const struct sorting *s)
{
	struct str addr = s->rcpt->addr;
	struct str domain = addr_domain(addr);

	if (domain.n > 0 && str_is(domain, s->dest->name))
		return str_sub(addr, 0, addr.n - domain.n - 1);
	return addr;
}

static uint32_t
put_text(char *texts, size_t *at, struct str s)
{
	size_t begin = *at;

	memcpy(texts + begin, s.n > 0 ? s.p : "", s.n);
	*at += s.n + 1; /* the NUL is there: fresh memory */
	return (uint32_t)begin;
}

static void
fill(struct qmgr *q, struct mail *m, const struct mail_info *in,
    const struct sorting *s, const uint32_t *ends, struct str subject)
{
	size_t at = 0, rcpt = 0;
	char *texts;

	m->mid = in->mid;
	m->arrival = in->arrival;
	m->born = retry_born(in->arrival, q->wall, q->now);
	m->loaded = (uint32_t)(q->now / 1000);
	m->content_off = in->content_off;
	m->content_len = in->content_len;
	m->flags = in->flags;
	m->ret = in->ret;
	m->place = (uint8_t)in->place;
	m->slot = in->slot;
	m->profile = profile_index(q, in->profile);
	m->rcpts = (struct recipient *)&m->parcels[m->n_parcels];
	texts = texts_of(m);
	put_text(texts, &at, in->sender);
	m->subject = put_text(texts, &at, subject);
	for (size_t i = 0; i < m->n_parcels; i++) {
		struct parcel *p = &m->parcels[i];

		p->mail = m;
		p->dest = s[rcpt].dest;
		p->first = (uint32_t)rcpt;
		p->n = p->n_open = (uint16_t)(ends[i] - rcpt);
		p->attempts = (uint16_t)s[rcpt].rcpt->attempts;
		p->ordered = s[rcpt].rcpt->ordered;
		for (; rcpt < ends[i]; rcpt++) {
			struct recipient *r = &m->rcpts[rcpt];
			struct str text = own_text(&s[rcpt]);

			r->rid = s[rcpt].rcpt->rid;
			r->notify = s[rcpt].rcpt->notify;
			r->warned = s[rcpt].rcpt->warned;
			if (text.n == s[rcpt].rcpt->addr.n)
				r->flags = RECIPIENT_WHOLE;
			r->text = put_text(texts, &at, text);
		}
	}
}

static void
enqueue(struct qmgr *q, struct mail *m, const struct sorting *s)
{
	for (size_t i = 0; i < m->n_parcels; i++)
		dest_add(q, &m->parcels[i], s[m->parcels[i].first].rcpt->next);
}

static void
link_up(struct qmgr *q, struct mail *m)
{
	struct mail **bucket, *before = q->newest;

	if (q->n_mails >= q->n_mids)
		grow_table(q);
	bucket = &q->mids[m->mid & (q->n_mids - 1)];
	m->chain = *bucket;
	*bucket = m;
	/* They come in order, nearly. */
	while (before != NULL && before->arrival > m->arrival)
		before = before->older;
	m->older = before;
	m->newer = before != NULL ? before->newer : q->oldest;
	*(m->older != NULL ? &m->older->newer : &q->oldest) = m;
	*(m->newer != NULL ? &m->newer->older : &q->newest) = m;
	q->n_mails++;
	gauges(q, 1, (int64_t)m->content_len);
}

static void
grow_table(struct qmgr *q)
{
	size_t n = q->n_mids > 0 ? q->n_mids * 2 : 1024;
	struct mail **v = mem_array(n, sizeof(struct mail *));

	for (size_t i = 0; i < q->n_mids; i++)
		for (struct mail *m = q->mids[i], *next; m != NULL; m = next) {
			next = m->chain;
			m->chain = v[m->mid & (n - 1)];
			v[m->mid & (n - 1)] = m;
		}
	free(q->mids);
	q->mids = v;
	q->n_mids = n;
}

static uint16_t
profile_index(struct qmgr *q, struct str name)
{
	struct profile *p;
	char *copy;

	for (size_t i = 0; i < q->n_profiles; i++)
		if (str_eq(q->profiles[i].name, name))
			return (uint16_t)i;
	if (q->n_profiles >= PROFILES_MAX)
		return 0;
	q->profiles = mem_room(
	    q->profiles, &q->cap_profiles, q->n_profiles, sizeof(*q->profiles));
	p = &q->profiles[q->n_profiles];
	/* it comes from a peer: a NUL in it must not make it shorter */
	copy = mem_alloc(name.n + 1);
	memcpy(copy, name.n > 0 ? name.p : "", name.n);
	p->name = (struct str){ copy, name.n };
	p->found = config_bounce_profile(q->config, p->name);
	return (uint16_t)q->n_profiles++;
}

static char *
texts_of(const struct mail *m)
{
	return (char *)&m->rcpts[m->n_rcpts];
}

static const char *
text_of(const struct mail *m, const struct recipient *r)
{
	return (r->flags & RECIPIENT_MOVED ? m->moved : texts_of(m)) + r->text;
}

static struct str
host_for(const struct mail_info *in, const struct mail_rcpt *r)
{
	if (r->host.n > 0)
		return r->host;
	return in->host.n > 0 ? in->host : addr_domain(r->addr);
}

static void
gauges(struct qmgr *q, int64_t messages, int64_t bytes)
{
	q->bytes += (uint64_t)bytes;
	stats_gauge_add(q->stats, STATS_GAUGE_queue_messages, messages);
	stats_gauge_add(q->stats, STATS_GAUGE_queue_bytes, bytes);
}

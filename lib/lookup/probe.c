/*
 * probe.c - ask other SMTP servers, one after the other, until one answers
 *
 * An errand is what is asked of the servers; all who ask the same while it is
 * under way are told what it came to.
 */
#include "lookup/probe.h"

#include <stdlib.h>

#include "base/mem.h"

#define MX_MAX 100 /* of one domain that are looked at */
/* Hosts of a frame, each with MX_MAX others. */
#define PROBE_MEM ((size_t)8 * 1024 * 1024)

struct probes {
	struct loop *loop;
	struct lookups *lookups;
	const struct client_tls *tls;
	struct errand *first;
	size_t n;
};

/* A name whose addresses are to be found. */
struct name {
	struct str name;
	uint16_t port, preference;
	bool mx; /* ask for its MX records first */
	struct name *next;
};

struct probing {                      /* who asks */
	struct probing *next, **prev; /* of the same errand */
	struct errand *errand;
	probe_finished done;
	void *arg;
};

struct errand {
	struct probes *all;
	struct errand *next, **prev;
	struct probing *first, **last;
	struct arena mem;
	struct probe what; /* texts and hosts in mem */
	struct str text;   /* PROBE_MAIL */
	struct loop_timer *timer;
	struct lookup *lookup;
	struct client *client;
	struct endpoint to; /* of client, or whom it waits for */
	bool waits;
	struct name *names;           /* still to be looked at, in order */
	struct name *name;            /* at work; its addresses: */
	struct ip addresses[2 * 100]; /* not tried yet */
	size_t n_addresses, at;
	bool second; /* AAAA was asked, A is */
	size_t n_tried;
	bool over; /* its answer is being told */
	char why[200];
};

static struct probing *asker_new(struct errand *, probe_finished, void *arg);
static struct errand *errand_new(struct probes *, const struct probe *);
static void errand_free(struct errand *);
static struct errand *find_same(const struct probes *, const struct probe *);
static bool same_hosts(const struct codec_list *, const struct codec_list *);
static void copy_hosts(struct errand *, const struct codec_list *);
static void leave(struct probing *);
static void work(void *arg);
static bool next_name(struct errand *);
static void next_address(struct errand *);
static void query(struct errand *, enum lookup_kind);
static void on_mx(void *arg, const struct answer *);
static void on_addresses(void *arg, const struct answer *);
static void add_mx(struct errand *, const struct answer *);
static bool is_full(const struct errand *);
static void connect_to(struct errand *);
static void left(struct probes *, const struct endpoint *);
static void on_client(void *arg, const struct client_result *);
static void on_time(void *arg);
static void finish(struct errand *, uint8_t answer, uint32_t code, struct str);
static void note(struct errand *, const char *what, struct str why);

struct probes *
probes_new(
    struct loop *loop, struct lookups *lookups, const struct client_tls *tls)
{
	struct probes *all = mem_alloc(sizeof(*all));

	all->loop = loop;
	all->lookups = lookups;
	all->tls = tls;
	return all;
}

void
probes_free(struct probes **allp)
{
	struct probes *all = *allp;

	*allp = NULL;
	while (all != NULL && all->first != NULL) {
		struct errand *p = all->first;

		while (p->first != NULL)
			leave(p->first);
		errand_free(p);
	}
	free(all);
}

struct probing *
probe_start(struct probes *all, const struct probe *what, probe_finished done,
    void *arg)
{
	struct errand *p = find_same(all, what);

	if (p == NULL)
		p = errand_new(all, what);
	return asker_new(p, done, arg);
}

struct probing *
probe_post(
    struct probes *all, const struct post *m, probe_finished done, void *arg)
{
	struct probe what = { .kind = PROBE_MAIL,
		.timeout_ms = m->timeout_ms,
		.helo = m->helo,
		.sender = m->sender,
		.rcpt = m->rcpt,
		.user = STR(""),
		.password = STR(""),
		.tls = m->tls,
		.hosts = m->hosts };
	struct errand *p = errand_new(all, &what);

	p->text = arena_str(&p->mem, m->text);
	return asker_new(p, done, arg);
}

void
probe_stop(struct probing **askerp)
{
	struct probing *asker = *askerp;
	struct errand *p;

	*askerp = NULL;
	if (asker == NULL)
		return;
	p = asker->errand;
	leave(asker);
	if (p->first == NULL && !p->over)
		errand_free(p);
}

static struct probing *
asker_new(struct errand *p, probe_finished done, void *arg)
{
	struct probing *asker = mem_alloc(sizeof(*asker));

	asker->errand = p;
	asker->done = done;
	asker->arg = arg;
	asker->prev = p->last;
	*p->last = asker;
	p->last = &asker->next;
	return asker;
}

static struct errand *
errand_new(struct probes *all, const struct probe *what)
{
	struct errand *p = mem_alloc(sizeof(*p));

	p->all = all;
	p->last = &p->first;
	arena_init(&p->mem, PROBE_MEM);
	p->what = *what;
	p->what.helo = arena_str(&p->mem, what->helo);
	p->what.sender = arena_str(&p->mem, what->sender);
	p->what.rcpt = arena_str(&p->mem, what->rcpt);
	p->what.user = arena_str(&p->mem, what->user);
	p->what.password = arena_str(&p->mem, what->password);
	copy_hosts(p, &what->hosts);
	p->next = all->first;
	if (p->next != NULL)
		p->next->prev = &p->next;
	p->prev = &all->first;
	all->first = p;
	p->timer = loop_timer(all->loop, work, p);
	if (++all->n > PROBES_MAX) {
		note(p, "too many questions at a time", STR(""));
		p->names = NULL;
	}
	/* From the loop, not from here. */
	loop_timer_in(p->timer, 0);
	return p;
}

static void
errand_free(struct errand *p)
{
	lookup_cancel(&p->lookup);
	loop_timer_free(&p->timer);
	*p->prev = p->next;
	if (p->next != NULL)
		p->next->prev = p->prev;
	p->all->n--;
	if (p->client != NULL) {
		client_close(&p->client);
		left(p->all, &p->to);
	}
	arena_free(&p->mem);
	free(p);
}

/* Of recipients only: a password is nobody else's. */
static struct errand *
find_same(const struct probes *all, const struct probe *what)
{
	struct errand *p = all->first;

	if (what->kind != PROBE_CALLAHEAD)
		return NULL;
	while (
	    p != NULL && (p->over || p->what.kind != what->kind ||
			     !str_eq(p->what.rcpt, what->rcpt) ||
			     !str_eq(p->what.sender, what->sender) ||
			     !str_eq(p->what.helo, what->helo) ||
			     p->what.timeout_ms != what->timeout_ms ||
			     p->what.max_connections != what->max_connections ||
			     p->what.tls != what->tls ||
			     !same_hosts(&p->what.hosts, &what->hosts)))
		p = p->next;
	return p;
}

static bool
same_hosts(const struct codec_list *a, const struct codec_list *b)
{
	const struct probe_host *x = a->v, *y = b->v;

	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!str_eq(x[i].host, y[i].host) || x[i].port != y[i].port ||
		    x[i].no_mx != y[i].no_mx)
			return false;
	return true;
}

static void
copy_hosts(struct errand *p, const struct codec_list *hosts)
{
	const struct probe_host *from = hosts->v;
	struct probe_host *v = arena_array(&p->mem, hosts->n, sizeof(*v));
	struct name **last = &p->names;

	for (size_t i = 0; i < hosts->n; i++) {
		struct name *n = arena_alloc(&p->mem, sizeof(*n));

		v[i] = from[i];
		v[i].host = arena_str(&p->mem, from[i].host);
		n->name = v[i].host;
		n->port = v[i].port;
		n->mx = !v[i].no_mx;
		*last = n;
		last = &n->next;
	}
	p->what.hosts = (struct codec_list){ hosts->n, v };
}

static void
leave(struct probing *asker)
{
	*asker->prev = asker->next;
	if (asker->next != NULL)
		asker->next->prev = asker->prev;
	else
		asker->errand->last = asker->prev;
	free(asker);
}

/* The first call: the clock of all that follows starts. */
static void
work(void *arg)
{
	struct errand *p = arg;
	struct loop_timer *begun = p->timer;

	p->timer = loop_timer(p->all->loop, on_time, p);
	loop_timer_free(&begun);
	loop_timer_in(p->timer, p->what.timeout_ms);
	if (!next_name(p))
		finish(p, RECIPIENT_NO_ANSWER, 0, str_of(p->why));
}

/* False: there is none left. */
static bool
next_name(struct errand *p)
{
	struct name *n = p->names;
	struct ip ip;

	if (n == NULL)
		return false;
	p->names = n->next;
	p->name = n;
	p->n_addresses = p->at = 0;
	p->second = false;
	if (ip_parse(&ip, n->name)) {
		p->addresses[p->n_addresses++] = ip;
		next_address(p);
	} else if (n->mx) {
		query(p, LOOKUP_MX);
	} else {
		query(p, LOOKUP_AAAA);
	}
	return true;
}

static void
query(struct errand *p, enum lookup_kind kind)
{
	struct query q = { .kind = (uint8_t)kind,
		.name = p->name->name,
		.timeout_ms = p->what.timeout_ms };

	p->lookup = lookup_ask(
	    p->all->lookups, &q, kind == LOOKUP_MX ? on_mx : on_addresses, p);
}

static void
on_mx(void *arg, const struct answer *a)
{
	struct errand *p = arg;

	p->lookup = NULL;
	switch (a->end) {
	case LOOKUP_FOUND:
		add_mx(p, a);
		if (!next_name(p))
			finish(p, RECIPIENT_NO_ANSWER, 0, str_of(p->why));
		break;
	case LOOKUP_NOT_FOUND:
		query(p, LOOKUP_AAAA);
		break;
	default:
		note(p, "MX", a->reason);
		if (!next_name(p))
			finish(p, RECIPIENT_NO_ANSWER, 0, str_of(p->why));
	}
}

/* In place of the domain, its hosts by preference. */
static void
add_mx(struct errand *p, const struct answer *a)
{
	const struct dns_rr *rr = a->rrs.v;
	struct name *rest = p->names;

	p->names = NULL;
	for (size_t i = 0; i < a->rrs.n && i < MX_MAX; i++) {
		struct name *n = arena_alloc(&p->mem, sizeof(*n));
		struct name **at = &p->names;

		if (rr[i].name.n == 0) {
			note(p, "null MX", STR("")); /* RFC 7505 */
			continue;
		}
		n->name = arena_str(&p->mem, rr[i].name);
		n->port = p->name->port;
		n->preference = rr[i].preference;
		while (*at != NULL && (*at)->preference <= n->preference)
			at = &(*at)->next;
		n->next = *at;
		*at = n;
	}
	for (struct name **at = &p->names;; at = &(*at)->next) {
		if (*at == NULL) {
			*at = rest;
			break;
		}
	}
}

static void
on_addresses(void *arg, const struct answer *a)
{
	struct errand *p = arg;
	const struct dns_rr *rr = a->rrs.v;

	p->lookup = NULL;
	for (size_t i = 0; a->end == LOOKUP_FOUND && i < a->rrs.n &&
			   p->n_addresses < NELEM(p->addresses);
	     i++) {
		if (!ip_is_unroutable(&rr[i].ip))
			p->addresses[p->n_addresses++] = rr[i].ip;
	}
	if (a->end != LOOKUP_FOUND)
		note(p, "no address", a->reason);
	if (p->second) {
		next_address(p);
		return;
	}
	p->second = true;
	query(p, LOOKUP_A);
}

static void
next_address(struct errand *p)
{
	if (p->at == p->n_addresses || p->n_tried >= PROBE_ADDRESSES_MAX) {
		if (p->n_tried >= PROBE_ADDRESSES_MAX || !next_name(p))
			finish(p, RECIPIENT_NO_ANSWER, 0, str_of(p->why));
		return;
	}
	p->n_tried++;
	p->to.ip = p->addresses[p->at++];
	p->to.port = p->name->port;
	p->waits = is_full(p);
	if (!p->waits)
		connect_to(p);
}

static bool
is_full(const struct errand *p)
{
	uint32_t n = 0;

	for (const struct errand *q = p->all->first; q != NULL; q = q->next)
		n += q->client != NULL && q->to.port == p->to.port &&
		     ip_equal(&q->to.ip, &p->to.ip);
	return p->what.max_connections > 0 && n >= p->what.max_connections;
}

static void
connect_to(struct errand *p)
{
	char *host = arena_strz(&p->mem, p->name->name);
	struct client_errand errand = { &p->what, p->text };

	p->client = client_open(
	    p->all->loop, p->all->tls, &p->to, host, &errand, on_client, p);
}

/* A connection to that address has ended: the oldest of those who wait for
 * one is the last in the list. */
static void
left(struct probes *all, const struct endpoint *to)
{
	struct errand *oldest = NULL;

	for (struct errand *p = all->first; p != NULL; p = p->next)
		if (p->waits && p->to.port == to->port &&
		    ip_equal(&p->to.ip, &to->ip))
			oldest = p;
	if (oldest == NULL || is_full(oldest))
		return;
	oldest->waits = false;
	connect_to(oldest);
}

static void
on_client(void *arg, const struct client_result *r)
{
	struct errand *p = arg;

	p->client = NULL;
	left(p->all, &p->to);
	if (r->answered && r->answer != RECIPIENT_NO_ANSWER) {
		finish(p, r->answer, r->code, r->text);
		return;
	}
	note(p, arena_strz(&p->mem, p->name->name), r->text);
	next_address(p);
}

static void
on_time(void *arg)
{
	struct errand *p = arg;

	note(p, "no answer in time", STR(""));
	finish(p, RECIPIENT_NO_ANSWER, 0, str_of(p->why));
}

static void
finish(struct errand *p, uint8_t answer, uint32_t code, struct str text)
{
	struct probe_done d = { .kind = p->what.kind,
		.answer = answer,
		.code = code,
		.text = str_sub(text, 0, REPLY_TEXT_MAX) };

	p->over = true;
	while (p->first != NULL) {
		struct probing asker = *p->first;

		leave(p->first);
		asker.done(asker.arg, &d);
	}
	errand_free(p);
}

/* The last thing that went wrong. */
static void
note(struct errand *p, const char *what, struct str why)
{
	struct err e;

	err_set(&e, ERR_TEMP, "%s%s%.*s", what, why.n > 0 ? ": " : "",
	    (int)(why.n < 100 ? why.n : 100), why.p);
	str_copy(p->why, sizeof(p->why), str_of(e.text));
}

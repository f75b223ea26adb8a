/* sts.c - MTA-STS policies: found in the DNS, fetched, kept */
#include "lookup/sts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "lookup/sts_policy.h"

#define NO_FETCH   "sts-policy-fetch-error"
#define NO_POLICY  "sts-policy-invalid"
#define FETCH_MS   30000
#define FETCHES    20 /* at a time: each has a megabyte of authorities */
#define RETRY_MS   (5 * 60 * 1000)
#define KEPT_MAX   10000              /* policies */
#define KEPT_BYTES ((size_t)32 << 20) /* of their texts */
#define ANSWER_TTL 300 /* s: then the record is looked up again */
#define MAGIC      "postern-mta-sts 1"
#define HEAD_MAX   (DOMAIN_MAX + STS_ID_MAX + 50)

struct kept {
	char id[STS_ID_MAX + 1];
	int64_t expires;  /* monotonic ms; 0: there is no policy */
	int64_t retry_at; /* the last fetch failed: none before */
	uint64_t used;    /* the greater the later */
	char *text;       /* of the policy, which points into it */
	size_t size;      /* of the text */
	struct sts_policy policy;
};

/* One of them, when some have to go. */
struct known {
	struct str domain;
	struct kept *kept;
};

struct sts {
	struct loop *loop;
	struct lookups *lookups;
	struct http *http;
	void (*say)(struct str domain, const char *result, const char *why);
	size_t n_fetches;
	struct sts_asking *first, **last; /* wait for a fetch to end */
	struct map kept;                  /* by domain */
	size_t bytes;                     /* of all texts */
	uint64_t uses;
	void (*news)(void *arg); /* NULL: nobody wants to hear */
	void *news_arg;
};

struct sts_asking {
	struct sts *all;
	lookup_done done;
	void *arg;
	char domain[DOMAIN_MAX + 1];
	char id[STS_ID_MAX + 1];
	struct lookup *lookup;
	struct sts_asking *next, **prev; /* of those that wait; prev NULL: no */
	int64_t since;                   /* monotonic */
	struct http_get *get;
	struct ip addrs[HTTP_ADDRS_MAX];
	size_t n_addrs;
};

static void look(
    struct sts_asking *, enum lookup_kind, const char *prefix, lookup_done);
static void on_record(void *arg, const struct answer *);
static void on_v6(void *arg, const struct answer *);
static void on_v4(void *arg, const struct answer *);
static void take_addresses(struct sts_asking *, const struct answer *);
static void fetch(struct sts_asking *);
static void put_last(struct sts_asking *);
static void take(struct sts_asking *);
static void next_fetch(struct sts *, bool give_up);
static void begin_fetch(struct sts_asking *);
static void on_policy(void *arg, const struct http_answer *);
static void take_policy(struct sts_asking *, const struct http_answer *);
static void failed(struct sts_asking *, const char *result, const char *why);
static struct kept *kept_of(struct sts *, const char *domain);
static void put_text(struct sts *, struct kept *, char *text, size_t);
static void make_room(struct sts *);
static int by_use(const void *, const void *);
static bool is_in_force(const struct sts *, const struct kept *);
static void finish(struct sts_asking *);
static void kept_free(void *);
static bool unpack_one(struct sts *, struct str *rest, int64_t now);

struct sts *
sts_new(struct loop *loop, struct lookups *lookups, struct http *http,
    void (*say)(struct str domain, const char *result, const char *why))
{
	struct sts *s = mem_alloc(sizeof(*s));

	*s = (struct sts){
		.loop = loop, .lookups = lookups, .http = http, .say = say
	};
	s->last = &s->first;
	map_init(&s->kept);
	return s;
}

void
sts_free(struct sts **sp)
{
	if (*sp != NULL)
		map_fini(&(*sp)->kept, kept_free);
	free(*sp);
	*sp = NULL;
}

void
sts_on_news(struct sts *s, void (*news)(void *arg), void *arg)
{
	s->news = news;
	s->news_arg = arg;
}

void
sts_pack(const struct sts *s, int64_t now, struct buf *out)
{
	int64_t mono = loop_now(s->loop);

	buf_puts(out, MAGIC "\n");
	MAP_FOREACH (&s->kept, it) {
		const struct kept *k = it.value;
		size_t n = k->text != NULL ? strlen(k->text) : 0;

		if (!is_in_force(s, k) ||
		    out->len + n + HEAD_MAX > STS_PACK_MAX)
			continue;
		buf_printf(out, "%.*s %s %lld %zu\n%s\n", STR_ARG(it.key),
		    k->id, (long long)(now + k->expires - mono), n, k->text);
	}
}

int
sts_unpack(struct sts *s, struct str text, int64_t now, struct err *err)
{
	if (!str_is(str_cut(&text, '\n'), MAGIC))
		return err_set(
		    err, ERR_USAGE, "not a file of MTA-STS policies");
	while (text.n > 0)
		if (!unpack_one(s, &text, now))
			return err_set(err, ERR_USAGE,
			    "kept MTA-STS policies: the rest cannot be read");
	return 0;
}

static bool
unpack_one(struct sts *s, struct str *rest, int64_t now)
{
	struct str line = str_cut(rest, '\n'), head = line,
		   domain = str_word(&head), id = str_word(&head),
		   when = str_word(&head), text;
	struct err ignored = ERR_INIT;
	struct sts_policy p;
	struct kept *k;
	uint64_t expires, n;
	char name[DOMAIN_MAX + 1];
	char *copy;

	if (str_find(line, '\0') != line.n || domain.n == 0 ||
	    !str_copy(name, sizeof(name), domain) || id.n == 0 ||
	    id.n > STS_ID_MAX || !str_u64(when, INT64_MAX / 2, &expires) ||
	    !str_u64(str_word(&head), STS_TEXT_MAX, &n) || n >= rest->n ||
	    rest->p[n] != '\n')
		return false;
	text = str_sub(*rest, 0, n);
	*rest = str_sub(*rest, n + 1, rest->n);
	copy = mem_strndup(text.p, text.n);
	if (strlen(copy) != n ||
	    sts_parse((struct str){ copy, n }, &p, &ignored) == -1) {
		free(copy);
		return false;
	}
	k = (int64_t)expires > now ? kept_of(s, name) : NULL;
	if (k == NULL || k->text != NULL) {
		free(copy);
		return true;
	}
	if ((int64_t)expires - now > (int64_t)p.max_age * 1000)
		expires = (uint64_t)now + (uint64_t)p.max_age * 1000;
	put_text(s, k, copy, n);
	k->policy = p;
	k->expires = loop_now(s->loop) + ((int64_t)expires - now);
	str_copy(k->id, sizeof(k->id), id);
	return true;
}

struct sts_asking *
sts_ask(struct sts *all, const struct query *query, lookup_done done, void *arg)
{
	struct sts_asking *a = mem_alloc(sizeof(*a));

	a->all = all;
	a->done = done;
	a->arg = arg;
	str_copy(a->domain, sizeof(a->domain), query->name);
	str_lower(a->domain);
	look(a, LOOKUP_TXT, "_mta-sts.", on_record);
	return a;
}

void
sts_stop(struct sts_asking **ap)
{
	struct sts_asking *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	lookup_cancel(&a->lookup);
	if (a->prev != NULL)
		take(a);
	if (a->get != NULL) {
		http_stop(&a->get);
		a->all->n_fetches--;
		next_fetch(a->all, false); /* nobody is called back */
	}
	free(a);
}

static void
look(struct sts_asking *a, enum lookup_kind kind, const char *prefix,
    lookup_done done)
{
	char name[DOMAIN_MAX + 16];
	struct query q = { .kind = (uint8_t)kind };

	snprintf(name, sizeof(name), "%s%s", prefix, a->domain);
	q.name = str_sub(str_of(name), 0, DOMAIN_MAX);
	a->lookup = lookup_ask(a->all->lookups, &q, done, a);
}

/* Exactly one such record (RFC 8461 3.1). */
static void
on_record(void *arg, const struct answer *answer)
{
	const struct dns_rr *rrs = answer->rrs.v;
	struct sts_asking *a = arg;
	const struct kept *k = map_get(&a->all->kept, str_of(a->domain));
	size_t n = 0;
	char id[STS_ID_MAX + 1];

	a->lookup = NULL;
	for (size_t i = 0; i < answer->rrs.n; i++)
		if (sts_record(rrs[i].text, id)) {
			str_copy(a->id, sizeof(a->id), str_of(id));
			n++;
		}
	if (n != 1 || (k != NULL && (k->retry_at > loop_now(a->all->loop) ||
					(is_in_force(a->all, k) &&
					    str_is(str_of(a->id), k->id))))) {
		finish(a);
		return;
	}
	look(a, LOOKUP_AAAA, "mta-sts.", on_v6);
}

static void
on_v6(void *arg, const struct answer *answer)
{
	take_addresses(arg, answer);
	look(arg, LOOKUP_A, "mta-sts.", on_v4);
}

static void
on_v4(void *arg, const struct answer *answer)
{
	struct sts_asking *a = arg;

	take_addresses(a, answer);
	if (a->n_addrs > 0)
		fetch(a);
	else
		failed(a, NO_FETCH, "its host has no address");
}

static void
take_addresses(struct sts_asking *a, const struct answer *answer)
{
	const struct dns_rr *rrs = answer->rrs.v;

	a->lookup = NULL;
	for (size_t i = 0; i < answer->rrs.n && a->n_addrs < HTTP_ADDRS_MAX;
	     i++)
		if (!ip_is_unset(&rrs[i].ip) && !ip_is_unroutable(&rrs[i].ip))
			a->addrs[a->n_addrs++] = rrs[i].ip;
}

/* Strangers may bring us to ask for any number at a time. */
static void
fetch(struct sts_asking *a)
{
	if (a->all->n_fetches < FETCHES)
		begin_fetch(a);
	else
		put_last(a);
}

static void
put_last(struct sts_asking *a)
{
	struct sts *all = a->all;

	a->since = loop_now(all->loop);
	a->prev = all->last;
	*all->last = a;
	all->last = &a->next;
}

static void
take(struct sts_asking *a)
{
	*a->prev = a->next;
	if (a->next != NULL)
		a->next->prev = a->prev;
	else
		a->all->last = a->prev;
	a->next = NULL;
	a->prev = NULL;
}

/* A fetch has ended. Who has waited for as long as one may take gives up,
 * since mail waits for him. */
static void
next_fetch(struct sts *all, bool give_up)
{
	struct sts_asking *a;

	while ((a = all->first) != NULL && all->n_fetches < FETCHES) {
		take(a);
		if (!give_up || loop_now(all->loop) - a->since < FETCH_MS)
			begin_fetch(a);
		else
			failed(a, NO_FETCH, "too many are fetched at a time");
	}
}

static void
begin_fetch(struct sts_asking *a)
{
	char url[DOMAIN_MAX + 64];
	const struct http_request r = { .url = url,
		.addrs = a->addrs,
		.n_addrs = a->n_addrs,
		.max = STS_TEXT_MAX,
		.ms = FETCH_MS };

	snprintf(url, sizeof(url), "https://mta-sts.%s/.well-known/mta-sts.txt",
	    a->domain);
	a->all->n_fetches++;
	a->get = http_get(a->all->http, &r, on_policy, a);
}

static void
on_policy(void *arg, const struct http_answer *answer)
{
	struct sts_asking *a = arg;
	struct sts *all = a->all;

	a->get = NULL;
	all->n_fetches--;
	take_policy(a, answer);
	next_fetch(all, true);
}

/* The last touch of a. */
static void
take_policy(struct sts_asking *a, const struct http_answer *answer)
{
	struct err err = ERR_INIT;
	struct sts_policy p;
	struct kept *k;
	char *text;

	if (answer->status != 200) {
		failed(a, answer->untrusted ? "sts-webpki-invalid" : NO_FETCH,
		    answer->error != NULL ? answer->error
					  : "the answer is not 200");
		return;
	}
	if (memchr(answer->body.p, '\0', answer->body.n) != NULL) {
		failed(a, NO_POLICY, "it has a NUL");
		return;
	}
	text = mem_strndup(answer->body.p, answer->body.n);
	if (sts_parse((struct str){ text, answer->body.n }, &p, &err) == -1) {
		free(text);
		failed(a, NO_POLICY, err.text);
		return;
	}
	k = kept_of(a->all, a->domain);
	put_text(a->all, k, text, answer->body.n);
	k->policy = p;
	k->retry_at = 0;
	k->expires = loop_now(a->all->loop) + (int64_t)p.max_age * 1000;
	str_copy(k->id, sizeof(k->id), str_of(a->id));
	if (a->all->news != NULL)
		a->all->news(a->all->news_arg);
	finish(a);
}

static void
failed(struct sts_asking *a, const char *result, const char *why)
{
	kept_of(a->all, a->domain)->retry_at =
	    loop_now(a->all->loop) + RETRY_MS;
	a->all->say(str_of(a->domain), result, why);
	finish(a);
}

static struct kept *
kept_of(struct sts *s, const char *domain)
{
	struct kept *k;

	if (s->kept.n >= KEPT_MAX || s->bytes > KEPT_BYTES)
		make_room(s);
	k = map_get(&s->kept, str_of(domain));
	if (k == NULL) {
		k = mem_alloc(sizeof(*k));
		map_put(&s->kept, str_of(domain), k);
	}
	k->used = ++s->uses;
	return k;
}

static void
put_text(struct sts *s, struct kept *k, char *text, size_t n)
{
	s->bytes += n - k->size;
	free(k->text);
	k->text = text;
	k->size = n;
}

/* A quarter goes: first what is not in force, then what was not asked for in
 * the longest time. So strangers with many domains do not make us forget those
 * that mail is sent to. */
static void
make_room(struct sts *s)
{
	struct known *v = mem_array(s->kept.n, sizeof(*v));
	size_t n = 0, i;

	MAP_FOREACH (&s->kept, it) {
		struct kept *k = it.value;

		if (!is_in_force(s, k))
			k->used = 0;
		v[n++] = (struct known){ it.key, k };
	}
	qsort(v, n, sizeof(*v), by_use);
	for (i = 0; i < n && (s->kept.n > KEPT_MAX / 4 * 3 ||
				 s->bytes > KEPT_BYTES / 4 * 3);
	     i++) {
		s->bytes -= v[i].kept->size;
		map_remove(&s->kept, v[i].domain);
		kept_free(v[i].kept);
	}
	free(v);
}

static int
by_use(const void *x, const void *y)
{
	const struct known *a = x, *b = y;

	if (a->kept->used != b->kept->used)
		return a->kept->used < b->kept->used ? -1 : 1;
	return 0;
}

static bool
is_in_force(const struct sts *s, const struct kept *k)
{
	return k->expires > loop_now(s->loop);
}

/* The last touch of a. */
static void
finish(struct sts_asking *a)
{
	struct kept *k = map_get(&a->all->kept, str_of(a->domain));
	struct dns_rr rrs[STS_MX_MAX] = { 0 };
	struct answer answer = { .kind = LOOKUP_STS,
		.end = LOOKUP_NOT_FOUND,
		.ttl = ANSWER_TTL,
		.rrs = { 0, rrs } };

	if (k != NULL && is_in_force(a->all, k)) {
		k->used = ++a->all->uses;
		answer.end = LOOKUP_FOUND;
		answer.sts = (uint8_t)k->policy.mode;
		for (size_t i = 0; i < k->policy.n_mx; i++)
			rrs[answer.rrs.n++].name = k->policy.mx[i];
	}
	a->done(a->arg, &answer);
	free(a);
}

static void
kept_free(void *p)
{
	struct kept *k = p;

	free(k->text);
	free(k);
}

/* feed.c - the feed of outbreak rules: when it is fetched, what is taken */
#include "lookup/feed.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/map.h"
#include "base/mem.h"

#define FIRST_MS      500   /* after the start: for what was kept */
#define JITTER_MS     30000 /* not all gateways at once */
#define FETCH_MS      30000
#define LOOKUP_MS     10000
#define SIGNATURE_MAX 4096
#define ALERT_AT      3 /* failures in a row */
#define OLD_MS        ((int64_t)7 * 86400 * 1000)
#define URL_MAX       1100
#define TOLD_MAX      20 /* rules of which people are told */

struct asker {
	struct asker *next;
	feed_done done;
	void *arg;
};

struct feed {
	struct loop *loop;
	struct http *http;
	struct lookups *lookups;
	const struct config *config;
	struct feed_owner owner;
	struct loop_timer *timer;
	struct asker *askers;

	/* being fetched */
	bool under_way, again;
	char url[URL_MAX + 8];
	char host[HTTP_HOST_MAX + 1];
	enum lookup_kind asked; /* A, then AAAA */
	struct lookup *lookup;
	struct http_get *get;
	struct ip addrs[HTTP_ADDRS_MAX];
	size_t n_addrs;
	struct buf json;
	char etag[HTTP_ETAG_MAX + 1];

	/* what there is */
	struct outbreak_rules *rules;
	char kept_etag[HTTP_ETAG_MAX + 1];
	char key[128]; /* that they were signed with */
	int64_t checked;
	unsigned failures;
	char error[500];
	bool old; /* people were told */
};

static const struct outbreak_global *settings(const struct feed *);
static void on_time(void *arg);
static void begin(struct feed *);
static void look_up(struct feed *, enum lookup_kind);
static void on_addresses(void *arg, const struct answer *);
static void fetch(struct feed *, const char *end, http_done);
static void on_rules(void *arg, const struct http_answer *);
static void on_signature(void *arg, const struct http_answer *);
static bool got(struct feed *, const struct http_answer *, const char *what);
static void judge(struct feed *, const char signature[FEED_SIGNATURE]);
static bool is_newer(struct feed *, const struct outbreak_rules *);
static void take(struct feed *, struct outbreak_rules *,
    const char signature[FEED_SIGNATURE]);
static void compare(struct feed *, const struct outbreak_rules *old,
    const struct outbreak_rules *new,
    void (*tell)(struct feed *, const struct outbreak_rule *));
static uint32_t threshold_of(const struct config *);
static void say_rising(struct feed *, const struct outbreak_rule *);
static void say_falling(struct feed *, const struct outbreak_rule *);
static void failed(struct feed *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void finish(struct feed *, enum feed_end);
static void next_time(struct feed *);
static void check_age(struct feed *);
static void stop(struct feed *);
static void say(struct feed *, enum feed_word, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

struct feed *
feed_new(struct loop *loop, struct http *http, struct lookups *lookups,
    const struct config *config, const struct feed_owner *owner)
{
	struct feed *f = mem_alloc(sizeof(*f));

	f->loop = loop;
	f->http = http;
	f->lookups = lookups;
	f->config = config;
	f->owner = *owner;
	f->timer = loop_timer(loop, on_time, f);
	buf_init(&f->json, OUTBREAK_SET_MAX + 1);
	loop_timer_in(f->timer, FIRST_MS);
	return f;
}

void
feed_free(struct feed **fp)
{
	struct feed *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	stop(f);
	while (f->askers != NULL)
		feed_forget_asker(f, f->askers->arg);
	loop_timer_free(&f->timer);
	buf_fini(&f->json);
	outbreak_free(&f->rules);
	free(f);
}

/* Another feed, or another key: what the old one said is not believed. */
void
feed_config(struct feed *f, const struct config *next)
{
	const struct outbreak_global *o = settings(f);
	const struct outbreak_global *n = &next->work.outbreak;
	bool same =
	    str_eq(o->url, n->url) && str_eq(o->public_key, n->public_key) &&
	    str_eq(o->authorities, n->authorities) && o->enabled == n->enabled;
	bool same_key = str_eq(o->public_key, n->public_key);

	f->config = next;
	if (!same_key) {
		outbreak_free(&f->rules);
		f->kept_etag[0] = '\0';
	}
	if (same)
		return;
	if (f->under_way)
		failed(f, "the settings have changed");
	f->failures = 0;
	f->error[0] = '\0';
	loop_timer_in(f->timer, FIRST_MS);
}

void
feed_kept(struct feed *f, struct str packed)
{
	struct feed_file file;
	struct err err = ERR_INIT;

	if (f->rules != NULL || packed.n == 0 || settings(f)->public_key.n == 0)
		return;
	f->rules = feed_load(packed, settings(f)->public_key, &err);
	if (f->rules == NULL)
		say(f, FEED_WARNING,
		    "the rules that were kept are not used: %s", err.text);
	else if (feed_unpack(packed, &file))
		str_copy(f->kept_etag, sizeof(f->kept_etag), file.etag);
}

void
feed_update(struct feed *f, bool again, feed_done done, void *arg)
{
	struct asker *a = mem_alloc(sizeof(*a));

	*a = (struct asker){ f->askers, done, arg };
	f->askers = a;
	f->again |= again;
	if (!f->under_way)
		loop_timer_in(f->timer, 0);
}

void
feed_forget_asker(struct feed *f, void *arg)
{
	struct asker **at = &f->askers, *a;

	while ((a = *at) != NULL) {
		if (a->arg != arg) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		free(a);
	}
}

void
feed_flush(struct feed *f)
{
	outbreak_free(&f->rules);
	f->kept_etag[0] = '\0';
	f->owner.keep(f->owner.arg, STR(""));
	say(f, FEED_NOTICE, "the rules of the feed were dropped");
}

struct feed_state
feed_state(const struct feed *f)
{
	return (struct feed_state){ .rules = f->rules,
		.checked = f->checked,
		.failures = f->failures,
		.error = f->error[0] != '\0' ? f->error : NULL,
		.under_way = f->under_way };
}

static const struct outbreak_global *
settings(const struct feed *f)
{
	return &f->config->work.outbreak;
}

/* --- fetching --- */

static void
on_time(void *arg)
{
	struct feed *f = arg;
	const struct outbreak_global *o = settings(f);

	if (f->under_way)
		return;
	if (o->url.n == 0 || (!o->enabled && f->askers == NULL)) {
		finish(f, FEED_NONE);
		return;
	}
	f->under_way = true;
	begin(f);
}

static void
begin(struct feed *f)
{
	struct ip ip;

	snprintf(f->url, sizeof(f->url), "%.*s", STR_ARG(settings(f)->url));
	f->n_addrs = 0;
	if (!http_host(f->url, f->host))
		failed(f, "%s is no address", f->url);
	else if (ip_parse(&ip, str_of(f->host)))
		fetch(f, "", on_rules);
	else
		look_up(f, LOOKUP_A);
}

static void
look_up(struct feed *f, enum lookup_kind kind)
{
	struct query q = { .kind = (uint8_t)kind,
		.name = str_of(f->host),
		.timeout_ms = LOOKUP_MS };

	f->asked = kind;
	f->lookup = lookup_ask(f->lookups, &q, on_addresses, f);
}

static void
on_addresses(void *arg, const struct answer *a)
{
	const struct dns_rr *rrs = a->rrs.v;
	struct feed *f = arg;

	f->lookup = NULL;
	for (size_t i = 0; i < a->rrs.n && f->n_addrs < HTTP_ADDRS_MAX; i++)
		f->addrs[f->n_addrs++] = rrs[i].ip;
	if (f->asked == LOOKUP_A)
		look_up(f, LOOKUP_AAAA);
	else if (f->n_addrs > 0)
		fetch(f, "", on_rules);
	else
		failed(
		    f, "%s has no address (%.*s)", f->host, STR_ARG(a->reason));
}

static void
fetch(struct feed *f, const char *end, http_done done)
{
	char url[URL_MAX + 16];
	bool first = end[0] == '\0';
	struct http_request r = { .url = url,
		.etag = first && !f->again ? f->kept_etag : NULL,
		.authorities = settings(f)->authorities_pem,
		.addrs = f->addrs,
		.n_addrs = f->n_addrs,
		.max = first ? OUTBREAK_SET_MAX : SIGNATURE_MAX,
		.ms = FETCH_MS };

	snprintf(url, sizeof(url), "%s%s", f->url, end);
	f->get = http_get(f->http, &r, done, f);
}

static void
on_rules(void *arg, const struct http_answer *a)
{
	struct feed *f = arg;

	f->get = NULL;
	if (a->status == 304 && f->rules != NULL) {
		finish(f, FEED_SAME);
		return;
	}
	if (!got(f, a, ""))
		return;
	buf_reset(&f->json);
	buf_add_str(&f->json, a->body);
	str_copy(f->etag, sizeof(f->etag), a->etag);
	fetch(f, ".sig", on_signature);
}

static void
on_signature(void *arg, const struct http_answer *a)
{
	char signature[FEED_SIGNATURE];
	struct feed *f = arg;

	f->get = NULL;
	if (!got(f, a, ".sig"))
		return;
	if (feed_signature(a->body, signature))
		judge(f, signature);
	else
		failed(f, "%s.sig is no Ed25519 signature", f->url);
}

static bool
got(struct feed *f, const struct http_answer *a, const char *what)
{
	if (a->status == 200)
		return true;
	if (a->status == 0)
		failed(f, "%s%s: %s", f->url, what, a->error);
	else
		failed(f, "%s%s: the server says %u", f->url, what, a->status);
	return false;
}

/* --- what was fetched --- */

static void
judge(struct feed *f, const char signature[FEED_SIGNATURE])
{
	struct outbreak_rules *r;
	struct err err = ERR_INIT;

	if (!feed_is_signed(
		settings(f)->public_key, buf_str(&f->json), signature)) {
		failed(f, "%s is not signed by the key that is configured",
		    f->url);
		return;
	}
	r = outbreak_parse(buf_str(&f->json), &err);
	if (r == NULL)
		failed(f, "%s: %s", f->url, err.text);
	else if (is_newer(f, r))
		take(f, r, signature);
	else
		outbreak_free(&r);
}

/* Who can make us take an old feed can take rules back. */
static bool
is_newer(struct feed *f, const struct outbreak_rules *r)
{
	if (f->rules == NULL || r->serial > f->rules->serial)
		return true;
	if (r->serial == f->rules->serial)
		finish(f, FEED_SAME);
	else
		failed(f,
		    "%s has serial %" PRIu64 ", which is older than what is "
		    "there (%" PRIu64 ")",
		    f->url, r->serial, f->rules->serial);
	return false;
}

static void
take(struct feed *f, struct outbreak_rules *r,
    const char signature[FEED_SIGNATURE])
{
	struct feed_file file = { .etag = str_of(f->etag),
		.json = buf_str(&f->json) };
	struct buf packed;

	memcpy(file.signature, signature, FEED_SIGNATURE);
	buf_init(&packed, FEED_FILE_MAX);
	feed_pack(&file, &packed);
	compare(f, f->rules, r, say_rising);
	compare(f, r, f->rules, say_falling);
	outbreak_free(&f->rules);
	f->rules = r;
	memcpy(f->kept_etag, f->etag, sizeof(f->etag));
	say(f, FEED_NOTICE, "serial %" PRIu64 ", %zu rules", r->serial, r->n);
	if (r->n_skipped > 0)
		say(f, FEED_WARNING,
		    "%zu rules ask for what this version does not know",
		    r->n_skipped);
	f->owner.keep(f->owner.arg, buf_str(&packed));
	buf_fini(&packed);
	f->old = false;
	finish(f, FEED_NEW);
}

/* Those of the new set at or above the threshold that the old one did not have
 * there; the first ones, if they are many. */
static void
compare(struct feed *f, const struct outbreak_rules *old,
    const struct outbreak_rules *new,
    void (*tell)(struct feed *, const struct outbreak_rule *))
{
	uint32_t threshold = threshold_of(f->config);
	unsigned n = 0;
	struct map had;

	map_init(&had);
	for (size_t i = 0; old != NULL && i < old->n; i++)
		if (old->v[i].level >= threshold)
			map_put(&had, old->v[i].id, (void *)&old->v[i]);
	for (size_t i = 0; new != NULL &&i < new->n &&n < TOLD_MAX; i++)
		if (new->v[i].level >= threshold &&
		    map_get(&had, new->v[i].id) == NULL) {
			tell(f, &new->v[i]);
			n++;
		}
	map_fini(&had, NULL);
}

static uint32_t
threshold_of(const struct config *c)
{
	const struct mail_policy *p =
	    config_mail_policy(c, INCOMING, STR("DEFAULT"));

	return p != NULL ? p->outbreak.threshold : OUTBREAK_LEVEL_MAX;
}

static void
say_rising(struct feed *f, const struct outbreak_rule *r)
{
	say(f, FEED_NOTICE, "%.*s is at level %u now: %.*s", STR_ARG(r->id),
	    (unsigned)r->level, STR_ARG(r->description));
}

static void
say_falling(struct feed *f, const struct outbreak_rule *r)
{
	say(f, FEED_NOTICE, "%.*s is withdrawn", STR_ARG(r->id));
}

/* --- the end --- */

static void
failed(struct feed *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->error, sizeof(f->error), fmt, ap);
	va_end(ap);
	f->failures++;
	if (f->failures == ALERT_AT)
		say(f, FEED_ALERT, "could not be updated %u times: %s",
		    f->failures, f->error);
	else
		say(f, FEED_WARNING, "not updated: %s", f->error);
	finish(f, FEED_FAILED);
}

static void
finish(struct feed *f, enum feed_end end)
{
	struct asker *a;

	stop(f);
	if (end == FEED_NEW || end == FEED_SAME) {
		f->checked = f->owner.wall();
		f->failures = 0;
		f->error[0] = '\0';
	}
	check_age(f);
	next_time(f);
	while ((a = f->askers) != NULL) {
		f->askers = a->next;
		a->done(a->arg, end, f->error);
		free(a);
	}
}

static void
stop(struct feed *f)
{
	lookup_cancel(&f->lookup);
	http_stop(&f->get);
	f->under_way = f->again = false;
}

static void
next_time(struct feed *f)
{
	uint32_t n = 0;

	if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
		n = 0;
	loop_timer_in(
	    f->timer, (int64_t)settings(f)->interval * 1000 + n % JITTER_MS);
}

static void
check_age(struct feed *f)
{
	bool old = f->rules != NULL && settings(f)->url.n > 0 &&
		   f->owner.wall() - f->rules->generated > OLD_MS;

	if (old && !f->old)
		say(f, FEED_WARNING, "the rules are older than 7 days");
	f->old = old;
}

static void
say(struct feed *f, enum feed_word word, const char *fmt, ...)
{
	char text[600];
	size_t n;
	va_list ap;

	n = (size_t)snprintf(text, sizeof(text), "outbreak rules: ");
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	va_end(ap);
	f->owner.say(f->owner.arg, word, text);
}

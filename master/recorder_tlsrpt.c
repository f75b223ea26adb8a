/* recorder_tlsrpt.c - what became of TLS to whom, on one day (RFC 8460) */
#include "master/recorder_tlsrpt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ip.h"
#include "base/map.h"
#include "base/mem.h"

#define TEXT_LEN 300

enum { POLICY_TLSA, POLICY_STS, POLICY_NONE, POLICIES };
static const char *const policies[POLICIES] = { "tlsa", "sts",
	"no-policy-found" };
/* RFC 8460 4.3; one that holds is "". */
static const char *const results[] = { "", "starttls-not-supported",
	"certificate-host-mismatch", "certificate-expired",
	"certificate-not-trusted", "validation-failure", "tlsa-invalid",
	"dnssec-invalid", "dane-required", "sts-policy-fetch-error",
	"sts-policy-invalid", "sts-webpki-invalid" };

/* One kind of failure; texts are clean. */
struct failure {
	size_t result;
	char source[IP_TEXT], ip[IP_TEXT]; /* "": not known */
	char host[DOMAIN_MAX + 1];
	char why[TEXT_LEN + 1];
};
struct detail {
	struct detail *next;
	uint64_t n;
	size_t result;
	char *source, *ip, *host, *why;
};
struct side { /* a policy of a domain */
	uint64_t ok, failed;
	struct detail *details, **last;
	size_t n_details;
};
struct domain {
	char *name;
	struct side sides[POLICIES];
};
struct recorder_tlsrpt {
	char date[TLSRPT_DATE];
	struct map domains;
	size_t n_domains, n_details;
	uint64_t uncounted;
};

static void domain_free(void *);
static struct domain *domain_of(struct recorder_tlsrpt *, const char *name);
static void add_failure(
    struct recorder_tlsrpt *, struct side *, const struct failure *, uint64_t);
static bool is_same(const struct detail *, const struct failure *);
static size_t word_of(const char *const *, size_t n, struct str);
static void clean(char *out, size_t size, struct str);
static void address(char out[IP_TEXT], const struct ip *);
static json_t *list(const struct recorder_tlsrpt *, struct str domain);
static int by_name(const void *, const void *);
static void show_domain(const struct domain *, json_t *out);
static json_t *show_details(const struct side *);
static void set_known(json_t *, const char *key, const char *text);
static void load_policy(struct recorder_tlsrpt *, const json_t *);
static void load_detail(
    struct recorder_tlsrpt *, struct side *, const json_t *);
static struct str text_of(const json_t *, const char *key);
static uint64_t number_of(const json_t *, const char *key);

struct recorder_tlsrpt *
recorder_tlsrpt_new(const char *date)
{
	struct recorder_tlsrpt *t = mem_alloc(sizeof(*t));

	str_copy(t->date, sizeof(t->date), str_of(date));
	map_init(&t->domains);
	return t;
}

void
recorder_tlsrpt_free(struct recorder_tlsrpt **tp)
{
	struct recorder_tlsrpt *t = *tp;

	*tp = NULL;
	map_fini(&t->domains, domain_free);
	free(t);
}

const char *
recorder_tlsrpt_date(const struct recorder_tlsrpt *t)
{
	return t->date;
}

void
recorder_tlsrpt_day(int64_t wall_ms, char out[TLSRPT_DATE])
{
	time_t when = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(out, TLSRPT_DATE, "%Y-%m-%d", &tm);
}

bool
recorder_tlsrpt_is_date(struct str s)
{
	char text[TLSRPT_DATE], again[TLSRPT_DATE];
	struct tm tm = { 0 };
	const char *end;

	if (s.n != TLSRPT_DATE - 1)
		return false;
	str_copy(text, sizeof(text), s);
	end = strptime(text, "%Y-%m-%d", &tm);
	if (end == NULL || *end != '\0')
		return false;
	recorder_tlsrpt_day((int64_t)timegm(&tm) * 1000, again);
	return strcmp(text, again) == 0;
}

/* --- events --- */

bool
recorder_tlsrpt_hear(
    struct recorder_tlsrpt *t, enum event_id id, const void *fields)
{
	const struct event_TLS_SESSION *e = fields;
	char name[DOMAIN_MAX + 1];
	struct failure f;
	struct domain *d;
	size_t policy;

	if (id != EVENT_TLS_SESSION)
		return false;
	policy = word_of(policies, POLICIES, e->policy);
	f.result = word_of(results, NELEM(results), e->result);
	if (policy == POLICIES || f.result == NELEM(results))
		return false;
	clean(name, sizeof(name), e->domain);
	d = domain_of(t, name);
	if (d == NULL) {
		t->uncounted++;
	} else if (f.result == 0) {
		d->sides[policy].ok++;
	} else {
		address(f.source, &e->source);
		address(f.ip, &e->ip);
		clean(f.host, sizeof(f.host), e->host);
		clean(f.why, sizeof(f.why), e->text);
		d->sides[policy].failed++;
		add_failure(t, &d->sides[policy], &f, 1);
	}
	return true;
}

/* NULL: there is no room for it. */
static struct domain *
domain_of(struct recorder_tlsrpt *t, const char *name)
{
	struct domain *d = map_get(&t->domains, str_of(name));

	if (d != NULL || t->n_domains >= TLSRPT_DOMAINS)
		return d;
	d = mem_alloc(sizeof(*d));
	d->name = mem_strdup(name);
	for (size_t i = 0; i < POLICIES; i++)
		d->sides[i].last = &d->sides[i].details;
	map_put(&t->domains, str_of(name), d);
	t->n_domains++;
	return d;
}

static void
domain_free(void *p)
{
	struct domain *d = p;

	for (size_t i = 0; i < POLICIES; i++) {
		struct detail *x, *next;

		for (x = d->sides[i].details; x != NULL; x = next) {
			next = x->next;
			free(x->source);
			free(x->ip);
			free(x->host);
			free(x->why);
			free(x);
		}
	}
	free(d->name);
	free(d);
}

static void
add_failure(struct recorder_tlsrpt *t, struct side *s, const struct failure *f,
    uint64_t n)
{
	struct detail *d = s->details;

	while (d != NULL && !is_same(d, f))
		d = d->next;
	if (d != NULL) {
		d->n += n;
		return;
	}
	if (s->n_details >= TLSRPT_DETAILS ||
	    t->n_details >= TLSRPT_DETAILS_ALL)
		return;
	d = mem_alloc(sizeof(*d));
	*d = (struct detail){ .n = n,
		.result = f->result,
		.source = mem_strdup(f->source),
		.ip = mem_strdup(f->ip),
		.host = mem_strdup(f->host),
		.why = mem_strdup(f->why) };
	*s->last = d;
	s->last = &d->next;
	s->n_details++;
	t->n_details++;
}

static bool
is_same(const struct detail *d, const struct failure *f)
{
	return d->result == f->result && strcmp(d->ip, f->ip) == 0 &&
	       strcmp(d->source, f->source) == 0 &&
	       strcmp(d->host, f->host) == 0 && strcmp(d->why, f->why) == 0;
}

/* n: it is none of them. */
static size_t
word_of(const char *const *words, size_t n, struct str word)
{
	size_t i = 0;

	while (i < n && !str_is(word, words[i]))
		i++;
	return i;
}

/* Printable ASCII: it is text of strangers, and JSON wants UTF-8. */
static void
clean(char *out, size_t size, struct str in)
{
	str_copy(out, size, in);
	for (; *out != '\0'; out++)
		if (*out < ' ' || *out > '~')
			*out = '?';
}

static void
address(char out[IP_TEXT], const struct ip *ip)
{
	*out = '\0';
	if (!ip_is_unset(ip))
		ip_text(ip, out);
}

/* --- the document --- */

json_t *
recorder_tlsrpt_report(const struct recorder_tlsrpt *t,
    const struct tlsrpt_author *by, struct str domain)
{
	char name[DOMAIN_MAX + 1];
	json_t *j, *id;

	clean(name, sizeof(name), domain);
	id = domain.n > 0
		 ? json_sprintf(
		       "%s_%s@%.*s", t->date, name, STR_ARG(by->organization))
		 : json_sprintf("%s@%.*s", t->date, STR_ARG(by->organization));
	j = json_pack("{s:s%, s:{s:o, s:o}, s:s%, s:o, s:o}",
	    "organization-name", by->organization.p, by->organization.n,
	    "date-range", "start-datetime",
	    json_sprintf("%sT00:00:00Z", t->date), "end-datetime",
	    json_sprintf("%sT23:59:59Z", t->date), "contact-info",
	    by->contact.p, by->contact.n, "report-id", id, "policies",
	    list(t, domain));
	if (domain.n == 0 && t->uncounted > 0)
		json_object_set_new(j, "uncounted-session-count",
		    json_integer((json_int_t)t->uncounted));
	return j;
}

static json_t *
list(const struct recorder_tlsrpt *t, struct str domain)
{
	const struct domain **all = mem_array(t->n_domains + 1, sizeof(*all));
	json_t *out = json_array();
	size_t n = 0;

	MAP_FOREACH (&t->domains, it) {
		if (domain.n == 0 || str_eq_nocase(it.key, domain))
			all[n++] = it.value;
	}
	qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 0; i < n; i++)
		show_domain(all[i], out);
	free(all);
	return out;
}

static int
by_name(const void *x, const void *y)
{
	const struct domain *const *a = x, *const *b = y;

	return strcmp((*a)->name, (*b)->name);
}

static void
show_domain(const struct domain *d, json_t *out)
{
	for (size_t i = 0; i < POLICIES; i++) {
		const struct side *s = &d->sides[i];

		if (s->ok + s->failed == 0)
			continue;
		json_array_append_new(out,
		    json_pack("{s:{s:s, s:s}, s:{s:I, s:I}, s:o}", "policy",
			"policy-type", policies[i], "policy-domain", d->name,
			"summary", "total-successful-session-count",
			(json_int_t)s->ok, "total-failure-session-count",
			(json_int_t)s->failed, "failure-details",
			show_details(s)));
	}
}

static json_t *
show_details(const struct side *s)
{
	json_t *out = json_array();

	for (const struct detail *d = s->details; d != NULL; d = d->next) {
		json_t *j = json_object();

		set_known(j, "result-type", results[d->result]);
		set_known(j, "sending-mta-ip", d->source);
		set_known(j, "receiving-mx-hostname", d->host);
		set_known(j, "receiving-ip", d->ip);
		json_object_set_new(
		    j, "failed-session-count", json_integer((json_int_t)d->n));
		set_known(j, "failure-reason-code", d->why);
		json_array_append_new(out, j);
	}
	return out;
}

static void
set_known(json_t *j, const char *key, const char *text)
{
	if (*text != '\0')
		json_object_set_new(j, key, json_string(text));
}

/* --- and back --- */

void
recorder_tlsrpt_load(struct recorder_tlsrpt *t, const json_t *j)
{
	json_t *one;
	size_t i;

	t->uncounted += number_of(j, "uncounted-session-count");
	json_array_foreach(json_object_get(j, "policies"), i, one)
	    load_policy(t, one);
}

static void
load_policy(struct recorder_tlsrpt *t, const json_t *j)
{
	const json_t *policy = json_object_get(j, "policy");
	const json_t *sum = json_object_get(j, "summary");
	char name[DOMAIN_MAX + 1];
	struct domain *d;
	struct side *s;
	json_t *one;
	size_t i;

	i = word_of(policies, POLICIES, text_of(policy, "policy-type"));
	clean(name, sizeof(name), text_of(policy, "policy-domain"));
	d = i < POLICIES ? domain_of(t, name) : NULL;
	if (d == NULL)
		return;
	s = &d->sides[i];
	s->ok += number_of(sum, "total-successful-session-count");
	s->failed += number_of(sum, "total-failure-session-count");
	json_array_foreach(json_object_get(j, "failure-details"), i, one)
	    load_detail(t, s, one);
}

static void
load_detail(struct recorder_tlsrpt *t, struct side *s, const json_t *j)
{
	struct failure f;

	f.result = word_of(results, NELEM(results), text_of(j, "result-type"));
	if (f.result == 0 || f.result == NELEM(results))
		return;
	clean(f.source, sizeof(f.source), text_of(j, "sending-mta-ip"));
	clean(f.ip, sizeof(f.ip), text_of(j, "receiving-ip"));
	clean(f.host, sizeof(f.host), text_of(j, "receiving-mx-hostname"));
	clean(f.why, sizeof(f.why), text_of(j, "failure-reason-code"));
	add_failure(t, s, &f, number_of(j, "failed-session-count"));
}

/* "": it is not there */
static struct str
text_of(const json_t *j, const char *key)
{
	return str_of(json_string_value(json_object_get(j, key)));
}

static uint64_t
number_of(const json_t *j, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(j, key));

	return n > 0 ? (uint64_t)n : 0;
}

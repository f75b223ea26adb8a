/*
 * cmd_daneverify.c - `daneverify`: does DANE work for a domain? (spec
 * delivery-admin 5.9)
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/attempt_show.h"
#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/verdict.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "lookup/lookup.h"
#include "qmgr/resolve.h"

#define TEXT_SIZE (4u * 1024 * 1024)

struct dane {
	struct tool *tool;
	struct attempt_how how;
	struct attempt_host domain;
	struct attempt attempt;
	const char *hosts[RESOLVE_MX_MAX]; /* each once, in order */
	size_t n_hosts, n_good;
	char why[400]; /* the first thing that is wrong; "": nothing is */
};

static int run(struct tool *, int argc, char **argv);
static int ask(struct dane *);
static int verify(struct dane *);
static void look_up(struct dane *);
static void judge_mx(struct dane *);
static void list_hosts(struct dane *);
static void try_host(struct dane *, const char *host);
static void show_addresses(struct dane *, const char *host);
static bool judge_tlsa(struct dane *, const char *host);
static void connect_to(struct dane *, const char *host);
static const struct attempt_lookup *find(
    const struct dane *, enum lookup_kind, const char *name);
static const char *state_of(const struct attempt_lookup *);
static void wrong(struct dane *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static int finish(struct dane *);
static void print_json(struct dane *, const struct tls_verdict *);
static void say(struct dane *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void on_connecting(struct attempt *, const struct attempt_conn *);
static void on_connected(struct attempt *, const struct attempt_conn *);
static void on_secured(struct attempt *, const struct attempt_conn *);
static void on_ended(struct attempt *, const struct attempt_conn *);

static const struct attempt_hooks hooks = {
	.connecting = on_connecting,
	.connected = on_connected,
	.secured = on_secured,
	.ended = on_ended,
};

const struct tool_command cmd_daneverify = {
	.name = "daneverify",
	.usage = "DOMAIN [--interface NAME] [--timeout SECONDS] [--working]",
	.summary = "Verify DANE of a destination",
	.help = "Says step by step whether mail to a domain can be sent with "
		"DANE: whether its MX records, the addresses of each host and "
		"the TLSA records are validated by DNSSEC, and whether the "
		"certificate that each host shows fits its TLSA records. It "
		"succeeds when all hosts do. Whether DANE is asked for makes "
		"no difference; what delivery does with the settings in force "
		"is said at the end.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct dane d = { .tool = t, .how = { false, "", ATTEMPT_TIMEOUT } };
	const struct tool_option options[] = {
		{ "--interface", &d.how.interface, NULL },
		{ "--timeout", &d.how.timeout, NULL },
		{ "--working", NULL, &d.how.working },
	};

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (argc == 1 && t->asks)
		return ask(&d);
	if (argc != 2)
		return tool_usage(t, NULL);
	if (!attempt_take_host(&d.domain, argv[1]) || d.domain.direct)
		return tool_usage(
		    t, "DOMAIN is one that mail goes to: example.com");
	return verify(&d);
}

static int
ask(struct dane *d)
{
	char line[DIALOGUE_LINE];

	do {
		if (!dialogue_needed(&d->tool->dialogue,
			"Enter the domain to verify DANE of:", line,
			sizeof(line)))
			return tool_abandoned(d->tool);
	} while (!attempt_take_host(&d->domain, line) || d->domain.direct);
	return verify(d);
}

static int
verify(struct dane *d)
{
	struct err err = ERR_INIT;
	int status;

	if (attempt_open(&d->attempt, d->tool, &d->how, &hooks, d, &err) ==
	    -1) {
		status = tool_fail(d->tool, &err);
	} else {
		look_up(d);
		for (size_t i = 0; i < d->n_hosts; i++)
			try_host(d, d->hosts[i]);
		status = finish(d);
	}
	attempt_close(&d->attempt);
	return status;
}

/* Opportunistic, so that hosts without TLSA records are there too. */
static void
look_up(struct dane *d)
{
	struct attempt *a = &d->attempt;
	struct str domain = str_of(d->domain.name);
	struct destination limits = *config_destination(a->config, domain);
	struct attempt_to to = { .domain = domain, .limits = &limits };
	struct err err = ERR_INIT;

	limits.dane = DANE_OPPORTUNISTIC;
	limits.mta_sts = false;
	if (attempt_target(a, &to, &err) == -1) {
		judge_mx(d);
		list_hosts(d);
		wrong(d, "%s", err.text);
	} else if (a->dest->hosts->routed) {
		wrong(d, "mail for %s goes by an SMTP route", d->domain.name);
	} else {
		judge_mx(d);
		list_hosts(d);
	}
}

static void
judge_mx(struct dane *d)
{
	const struct attempt_lookup *mx = find(d, LOOKUP_MX, d->domain.name);
	const struct dns_rr *rrs;

	if (mx == NULL)
		return;
	rrs = mx->answer.rrs.v;
	if (mx->answer.end != LOOKUP_FOUND)
		say(d, "%s no MX record found for %s: %.*s\n", state_of(mx),
		    d->domain.name, STR_ARG(mx->answer.reason));
	for (size_t i = 0; i < mx->answer.rrs.n; i++)
		say(d, "%s MX record(%.*s) found for %s\n", state_of(mx),
		    STR_ARG(rrs[i].name), d->domain.name);
	if (!mx->answer.secure)
		wrong(d, "its MX records are not validated");
}

/* Also those of which no address may be tried. */
static void
list_hosts(struct dane *d)
{
	const struct attempt *a = &d->attempt;

	for (size_t i = 0; i < a->n_lookups; i++) {
		const struct attempt_lookup *l = &a->lookups[i];
		size_t k = 0;

		if (l->kind != LOOKUP_A && l->kind != LOOKUP_AAAA)
			continue;
		while (k < d->n_hosts && strcmp(d->hosts[k], l->name) != 0)
			k++;
		if (k == d->n_hosts && k < RESOLVE_MX_MAX)
			d->hosts[d->n_hosts++] = l->name;
	}
}

static void
try_host(struct dane *d, const char *host)
{
	show_addresses(d, host);
	if (judge_tlsa(d, host))
		connect_to(d, host);
}

static void
show_addresses(struct dane *d, const char *host)
{
	static const struct {
		enum lookup_kind kind;
		const char *name;
	} kinds[] = { { LOOKUP_A, "A" }, { LOOKUP_AAAA, "AAAA" } };
	char ip[IP_TEXT];

	for (size_t k = 0; k < NELEM(kinds); k++) {
		const struct attempt_lookup *l = find(d, kinds[k].kind, host);
		const struct dns_rr *rrs;

		if (l == NULL)
			continue;
		rrs = l->answer.rrs.v;
		for (size_t i = 0; i < l->answer.rrs.n; i++)
			say(d, "%s %s record (%s) found for MX(%s) in %s\n",
			    state_of(l), kinds[k].name, ip_text(&rrs[i].ip, ip),
			    host, d->domain.name);
		if (l->answer.end == LOOKUP_FAILED)
			say(d, "%s %s record of MX(%s) in %s: %.*s\n",
			    state_of(l), kinds[k].name, host, d->domain.name,
			    STR_ARG(l->answer.reason));
		if (l->answer.end != LOOKUP_FAILED && !l->answer.secure)
			wrong(d, "the addresses of %s are not validated", host);
	}
}

/* Whether it is worth a connection. */
static bool
judge_tlsa(struct dane *d, const char *host)
{
	const struct attempt_lookup *l = find(d, LOOKUP_TLSA, host);
	const struct hosts *h = d->attempt.dest->hosts;

	if (l != NULL && l->answer.end == LOOKUP_FOUND)
		say(d, "%s TLSA record found for MX(%s) in %s\n", state_of(l),
		    host, d->domain.name);
	else if (l != NULL && l->answer.end == LOOKUP_FAILED)
		say(d, "%s TLSA record of MX(%s) in %s: %.*s\n", state_of(l),
		    host, d->domain.name, STR_ARG(l->answer.reason));
	else if (l != NULL)
		say(d, "%s no TLSA record found for MX(%s) in %s\n",
		    state_of(l), host, d->domain.name);
	for (size_t i = 0; h != NULL && i < h->n; i++)
		if (h->v[i].dane && str_is_nocase(str_of(h->v[i].host), host))
			return true;
	wrong(d, "%s has no validated TLSA records", host);
	return false;
}

static void
connect_to(struct dane *d, const char *host)
{
	const struct attempt_conn *c = NULL, *last = NULL;
	struct buf why;

	attempt_only(&d->attempt, host);
	do {
		c = attempt_next(&d->attempt, NULL);
		last = c != NULL ? c : last;
	} while (c != NULL && c->end != ATTEMPT_UP);
	if (c != NULL && c->peer.dane && c->peer.verified) {
		d->n_good++;
	} else if (c != NULL) {
		/* RFC 7672 2.2: then TLS is all that is wanted */
		wrong(d, "no TLSA record of %s is usable", host);
	} else if (last != NULL) {
		buf_init(&why, 65536);
		attempt_show_why(&why, last);
		wrong(d, "%s: %s", host, why.data);
		buf_fini(&why);
	}
}

static const struct attempt_lookup *
find(const struct dane *d, enum lookup_kind kind, const char *name)
{
	const struct attempt *a = &d->attempt;

	for (size_t i = 0; i < a->n_lookups; i++)
		if (a->lookups[i].kind == kind &&
		    str_is_nocase(str_of(name), a->lookups[i].name))
			return &a->lookups[i];
	return NULL;
}

static const char *
state_of(const struct attempt_lookup *l)
{
	if (l->answer.end == LOOKUP_FAILED)
		return str_is(l->answer.reason, "bogus") ? "BOGUS" : "FAILED";
	return l->answer.secure ? "SECURE" : "INSECURE";
}

static void
wrong(struct dane *d, const char *fmt, ...)
{
	va_list ap;

	if (d->why[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(d->why, sizeof(d->why), fmt, ap);
	va_end(ap);
}

static int
finish(struct dane *d)
{
	bool good = d->why[0] == '\0' && d->n_good > 0;
	const struct attempt_host any = { .name = "" };
	struct tls_verdict verdict;
	struct err err = ERR_INIT;
	struct buf out;

	if (!good)
		say(d, "Reason: %s.\n", d->why);
	say(d, "DANE %s for %s\n\n", good ? "SUCCESS" : "FAILED",
	    d->domain.name);
	if (verdict_find(&verdict, d->tool, &d->how, str_of(d->domain.name),
		&any, &err) == -1) {
		tool_fail(d->tool, &err);
		good = false;
	} else {
		buf_init(&out, TEXT_SIZE);
		verdict_show(&out, &verdict);
		say(d, "%s", out.data);
		buf_fini(&out);
		if (d->tool->json)
			print_json(d, &verdict);
	}
	verdict_free(&verdict);
	return good ? TOOL_DONE : TOOL_FAILED;
}

static void
print_json(struct dane *d, const struct tls_verdict *verdict)
{
	bool good = d->why[0] == '\0' && d->n_good > 0;
	json_t *j = json_pack("{s:s, s:b, s:o}", "domain", d->domain.name,
	    "dane", good, "reason", good ? json_null() : json_string(d->why));

	attempt_json_target(j, &d->attempt);
	attempt_json_conns(j, &d->attempt);
	verdict_json(j, verdict);
	tool_print_json(d->tool, j);
	json_decref(j);
}

/* --- as it happens --- */

static void
say(struct dane *d, const char *fmt, ...)
{
	FILE *out = d->tool->dialogue.out;
	va_list ap;

	if (d->tool->json)
		return;
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fflush(out);
}

static void
on_connecting(struct attempt *a, const struct attempt_conn *c)
{
	char ip[IP_TEXT];

	say(a->arg, "Connecting to %s on port %u.\n",
	    ip_text(&c->demand.ip, ip), c->demand.port);
}

static void
on_connected(struct attempt *a, const struct attempt_conn *c)
{
	char ip[IP_TEXT], source[IP_TEXT];

	say(a->arg,
	    "Connected to %s from interface %s.\nChecking TLS connection.\n",
	    ip_text(&c->demand.ip, ip), ip_text(&c->source, source));
}

static void
on_secured(struct attempt *a, const struct attempt_conn *c)
{
	say(a->arg, "TLS connection established: protocol %s, cipher %s.\n",
	    c->version, c->cipher);
	if (c->peer.verified)
		say(a->arg, "Certificate verification successful\n");
}

static void
on_ended(struct attempt *a, const struct attempt_conn *c)
{
	struct dane *d = a->arg;
	char ip[IP_TEXT];
	struct buf why;

	ip_text(&c->demand.ip, ip);
	if (c->end == ATTEMPT_UP) {
		say(d, "TLS connection to %s succeeded.\n", ip);
		return;
	}
	buf_init(&why, 65536);
	attempt_show_why(&why, c);
	say(d, "%s.\nTLS connection to %s failed.\n", why.data, ip);
	buf_fini(&why);
}

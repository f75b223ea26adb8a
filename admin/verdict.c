/* verdict.c - what delivery does with a server's TLS, and by whose order */
#include "admin/verdict.h"

#include <stdio.h>

#include "admin/attempt_show.h"
#include "admin/fields.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "lookup/sts_policy.h"

#define WHY_SIZE 1000

static const struct attempt_hooks no_hooks;
static const char *const dane_names[] = { "off", "opportunistic", "mandatory" };

static int reopen(struct tls_verdict *, struct tool *,
    const struct attempt_how *, struct str domain, const struct attempt_host *,
    struct err *);
static bool is_listed(const struct tls_verdict *, const struct attempt_host *);
static void connect_all(struct tls_verdict *);
static const struct destination *limits_of(const struct tls_verdict *);
static const struct address *address_of(const struct tls_verdict *);
static const char *dane_of(const struct tls_verdict *);
static const char *sts_of(const struct tls_verdict *);
static const struct attempt_lookup *lookup_of(
    const struct tls_verdict *, enum lookup_kind);
static void why(const struct tls_verdict *, struct buf *);

int
verdict_find(struct tls_verdict *v, struct tool *t,
    const struct attempt_how *how, struct str domain,
    const struct attempt_host *host, struct err *err)
{
	struct attempt_to to = { .domain = domain };

	*v = (struct tls_verdict){ .how = VERDICT_NONE };
	if (attempt_open(&v->attempt, t, how, &no_hooks, NULL, err) == -1)
		return -1;
	v->resolved = attempt_target(&v->attempt, &to, &v->err) == 0;
	if (host->name[0] != '\0' && !is_listed(v, host))
		return reopen(v, t, how, domain, host, err);
	if (v->resolved && host->name[0] != '\0')
		attempt_only(&v->attempt, host->name);
	connect_all(v);
	return 0;
}

void
verdict_free(struct tls_verdict *v)
{
	attempt_close(&v->attempt);
}

void
verdict_show(struct buf *out, const struct tls_verdict *v)
{
	const struct destination *d = limits_of(v);

	buf_printf(out, "Destination controls of %s (entry %.*s): TLS %s.\n",
	    v->attempt.dest->name, STR_ARG(d->domain),
	    attempt_level_name(d->tls));
	buf_printf(out, "DANE %s: %s.\n", dane_names[d->dane], dane_of(v));
	buf_printf(out, "MTA-STS: %s.\n", sts_of(v));
	if (v->taken_for_granted)
		buf_printf(out,
		    "%.*s is not where mail for %s goes now; a route to it is "
		    "taken for granted.\n",
		    STR_ARG(v->attempt.target.host), v->attempt.dest->name);
	buf_puts(out, "Delivery: ");
	why(v, out);
	buf_puts(out, ".\n");
}

void
verdict_json(json_t *out, const struct tls_verdict *v)
{
	static const char *const names[] = { [VERDICT_NONE] = "none",
		[VERDICT_CLEAR] = "clear",
		[VERDICT_TLS] = "tls" };
	const struct destination *d = limits_of(v);
	struct buf text;

	json_object_set_new(out, "policy",
	    json_pack("{s:s%, s:s, s:s, s:s, s:b, s:s}", "entry", d->domain.p,
		d->domain.n, "tls", attempt_level_name(d->tls), "dane",
		dane_names[d->dane], "dane_state", dane_of(v), "mta_sts",
		d->mta_sts, "mta_sts_state", sts_of(v)));
	json_object_set_new(out, "delivery", json_string(names[v->how]));
	buf_init(&text, 65536);
	why(v, &text);
	json_object_set_new(out, "delivery_reason", json_string(text.data));
	buf_fini(&text);
	json_object_set_new(
	    out, "as_if_routed", json_boolean(v->taken_for_granted));
}

static int
reopen(struct tls_verdict *v, struct tool *t, const struct attempt_how *how,
    struct str domain, const struct attempt_host *host, struct err *err)
{
	struct attempt_to to = {
		.domain = domain, .host = str_of(host->name), .port = host->port
	};

	attempt_close(&v->attempt);
	v->taken_for_granted = true;
	if (attempt_open(&v->attempt, t, how, &no_hooks, NULL, err) == -1)
		return -1;
	v->resolved = attempt_target(&v->attempt, &to, &v->err) == 0;
	connect_all(v);
	return 0;
}

static bool
is_listed(const struct tls_verdict *v, const struct attempt_host *host)
{
	const struct hosts *h = v->attempt.dest->hosts;

	for (size_t i = 0; h != NULL && i < h->n; i++)
		if (str_is_nocase(str_of(h->v[i].host), host->name) &&
		    h->v[i].ep.port == host->port)
			return true;
	return false;
}

/* Until one would take mail, or none is left. */
static void
connect_all(struct tls_verdict *v)
{
	const struct attempt_conn *c = NULL;

	if (!v->resolved)
		return;
	do {
		c = attempt_next(&v->attempt, NULL);
		if (c != NULL)
			v->conn = c;
	} while (c != NULL && !c->up);
	if (c != NULL)
		v->how = c->secured ? VERDICT_TLS : VERDICT_CLEAR;
}

/* --- reasons --- */

static const struct destination *
limits_of(const struct tls_verdict *v)
{
	return v->attempt.dest->limits;
}

/* The one of the connection that decides. */
static const struct address *
address_of(const struct tls_verdict *v)
{
	const struct hosts *h = v->attempt.dest->hosts;

	for (size_t i = 0; v->conn != NULL && i < h->n; i++)
		if (ip_equal(&h->v[i].ep.ip, &v->conn->demand.ip) &&
		    h->v[i].ep.port == v->conn->demand.port)
			return &h->v[i];
	return NULL;
}

static const char *
dane_of(const struct tls_verdict *v)
{
	const struct hosts *h = v->attempt.dest->hosts;
	const struct address *at = address_of(v);
	const struct attempt_lookup *mx = lookup_of(v, LOOKUP_MX);

	if (limits_of(v)->dane == DANE_OFF)
		return "not asked for";
	if (h != NULL && h->routed)
		return "not used, mail goes by a route";
	if (mx != NULL && !mx->answer.secure)
		return "not used, the MX records are not validated";
	if (at == NULL)
		return "no host may be tried";
	return at->dane ? "TLS is a must, and a TLSA record has to fit"
			: "the host has no validated TLSA records";
}

static const char *
sts_of(const struct tls_verdict *v)
{
	const struct hosts *h = v->attempt.dest->hosts;
	const struct attempt_lookup *sts = lookup_of(v, LOOKUP_STS);
	enum sts_mode mode =
	    sts != NULL ? (enum sts_mode)sts->answer.sts : STS_NONE;

	if (!limits_of(v)->mta_sts)
		return "not asked for";
	if (h != NULL && h->routed)
		return "not used, mail goes by a route";
	if (v->attempt.alone)
		return "not known, since the gateway does not run";
	if (mode == STS_NONE)
		return "there is no policy";
	return mode == STS_ENFORCE
		   ? "policy enforce, the certificate has to verify with the "
		     "name of the host"
		   : "policy testing, what is wrong is logged only";
}

static const struct attempt_lookup *
lookup_of(const struct tls_verdict *v, enum lookup_kind kind)
{
	for (size_t i = 0; i < v->attempt.n_lookups; i++)
		if (v->attempt.lookups[i].kind == kind)
			return &v->attempt.lookups[i];
	return NULL;
}

static void
why(const struct tls_verdict *v, struct buf *out)
{
	const struct attempt_conn *c = v->conn;
	char ip[IP_TEXT];

	if (!v->resolved) {
		buf_puts(out, "mail would wait, or bounce: ");
		fields_show(out, v->err.text, LOG_VALUE_MAX);
		return;
	}
	if (v->how == VERDICT_NONE) {
		buf_puts(out, "mail would wait: ");
		if (c != NULL)
			attempt_show_why(out, c);
		return;
	}
	buf_printf(out, "mail would go to %s (%s) ", c->host,
	    ip_text(&c->demand.ip, ip));
	if (v->how == VERDICT_CLEAR)
		buf_puts(out, "in the clear");
	else if (c->peer.verified)
		buf_printf(out, "under TLS, verified %s",
		    c->peer.dane ? "by DANE" : "by its certificate");
	else if (c->peer.why[0] != '\0')
		buf_printf(
		    out, "under TLS, though not verified: %s", c->peer.why);
	else
		buf_puts(out, "under TLS, which nobody is asked to verify");
}

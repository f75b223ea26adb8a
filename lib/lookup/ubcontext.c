/* ubcontext.c - libunbound with our settings, ready to be asked */
#include "lookup/ubcontext.h"

#include <stdio.h>
#include <stdlib.h>
#include <unbound.h>
/* needs the types of the one above */
#include <unbound-event.h>

#include "base/bounds.h"
#include "base/mem.h"

#define CLASS_IN 1

/*
 * Fixed options. The default zones of the library would answer for test. and
 * for private addresses without asking; with servers of one's own these are
 * ordinary names. Caches are bounded by bytes (threats DNS-02).
 */
static const struct {
	const char *name, *value;
} options[] = {
	{ "do-not-query-localhost:", "no" },
	{ "rrset-roundrobin:", "no" }, /* qmgr shuffles, by preference */
	{ "unblock-lan-zones:", "yes" },
	{ "insecure-lan-zones:", "yes" },
	{ "msg-cache-size:", "16m" },
	{ "rrset-cache-size:", "32m" },
	{ "key-cache-size:", "4m" },
	{ "neg-cache-size:", "1m" },
	{ "infra-cache-numhosts:", "10000" },
	{ "cache-max-ttl:", "604800" }, /* TTL_MAX */
	{ "cache-max-negative-ttl:", "300" },
	{ "infra-host-ttl:", "60" }, /* a dead server gets another chance */
	{ "num-queries-per-thread:", "4096" },
	{ "outgoing-range:", "1024" },
	{ "edns-buffer-size:", "1232" },
	{ "do-daemonize:", "no" },
	{ "use-syslog:", "no" },
};
#define LOOPBACK6                                                              \
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."     \
	"ip6.arpa."
static const char *const unblocked[] = { "test.", "localhost.",
	"127.in-addr.arpa.", LOOPBACK6 };

static int configure(
    struct ub_ctx *, const struct resolver_settings *, struct err *);
static int add_server(struct ub_ctx *, const struct endpoint *, struct err *);
static int add_hosts(
    struct ub_ctx *, const struct lookup_system *, struct err *);
static int prime(struct ub_ctx *, struct err *);
static void primed(void *, int, void *, int, int, char *, int);

struct ub_ctx *
ubcontext_new(struct ub_event_base *base, const struct resolver_settings *s,
    struct err *err)
{
	struct ub_ctx *ub = ub_ctx_create_ub_event(base);

	if (ub == NULL) {
		err_set(err, ERR_TEMP, "libunbound: no memory");
		return NULL;
	}
	if (configure(ub, s, err) == 0 && prime(ub, err) == 0)
		return ub;
	ub_ctx_delete(ub);
	return NULL;
}

static int
configure(struct ub_ctx *ub, const struct resolver_settings *s, struct err *err)
{
	const struct endpoint *servers = s->servers;
	size_t n = s->n_servers;
	int rc;

	/* What it would print on its own we get as outcomes; and a sandbox
	 * may be one where printing ends the process. */
	ub_ctx_debugout(ub, NULL);
	for (size_t i = 0; i < NELEM(options); i++) {
		rc = ub_ctx_set_option(ub, options[i].name, options[i].value);
		if (rc != 0)
			return err_set(err, ERR_TEMP, "libunbound: %s %s: %s",
			    options[i].name, options[i].value, ub_strerror(rc));
	}
	if (n == 0 && s->system != NULL) {
		servers = s->system->servers;
		n = s->system->n_servers;
	}
	for (size_t i = 0; i < n; i++)
		if (add_server(ub, &servers[i], err) == -1)
			return -1;
	if (s->anchor.n > 0) {
		char *text = mem_strndup(s->anchor.p, s->anchor.n);

		rc = ub_ctx_add_ta(ub, text);
		free(text);
		if (rc != 0)
			return err_set(err, ERR_USAGE,
			    "dns.trust_anchor is not an anchor: %s",
			    ub_strerror(rc));
	}
	for (size_t i = 0; i < NELEM(unblocked); i++)
		ub_ctx_zone_remove(ub, unblocked[i]);
	if (s->n_servers == 0 && s->system != NULL)
		return add_hosts(ub, s->system, err);
	return 0;
}

static int
add_server(struct ub_ctx *ub, const struct endpoint *ep, struct err *err)
{
	char text[IP_TEXT + 8], ip[IP_TEXT];
	int rc;

	snprintf(text, sizeof(text), "%s@%u", ip_text(&ep->ip, ip), ep->port);
	rc = ub_ctx_set_fwd(ub, text);
	if (rc != 0)
		return err_set(
		    err, ERR_TEMP, "DNS server %s: %s", text, ub_strerror(rc));
	return 0;
}

static int
add_hosts(
    struct ub_ctx *ub, const struct lookup_system *system, struct err *err)
{
	char line[2 * DOMAIN_MAX + 40], ip[IP_TEXT], reverse[80];

	for (size_t i = 0; i < system->n_hosts; i++) {
		const struct lookup_host *h = &system->hosts[i];
		int rc;

		snprintf(line, sizeof(line), "%.*s. %s %s", STR_ARG(h->name),
		    ip_is_v4(&h->ip) ? "A" : "AAAA", ip_text(&h->ip, ip));
		rc = ub_ctx_data_add(ub, line);
		if (rc == 0 && h->is_first) {
			ip_reverse_name(&h->ip, reverse);
			snprintf(line, sizeof(line), "%s. PTR %.*s.", reverse,
			    STR_ARG(h->name));
			rc = ub_ctx_data_add(ub, line);
		}
		if (rc != 0)
			return err_set(err, ERR_TEMP, "hosts: %s: %s", line,
			    ub_strerror(rc));
	}
	return 0;
}

/*
 * The first question makes the library open and allocate what it needs for
 * good: that is to happen before the sandbox closes. The library answers
 * this one by itself (RFC 6761: nothing is below invalid.).
 */
static int
prime(struct ub_ctx *ub, struct err *err)
{
	int rc = ub_resolve_event(
	    ub, "prime.invalid.", 1, CLASS_IN, NULL, primed, NULL);

	if (rc != 0)
		return err_set(
		    err, ERR_TEMP, "libunbound: %s", ub_strerror(rc));
	return 0;
}

static void
primed(void *arg, int rcode, void *packet, int len, int secure, char *why,
    int limited)
{
	(void)arg, (void)rcode, (void)packet, (void)len, (void)secure;
	(void)why, (void)limited;
}

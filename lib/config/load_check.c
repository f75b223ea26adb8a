/*
 * load_check.c - what concerns more than one value: names, ports, ends
 */
#include "base/map.h"
#include "base/mem.h"
#include "config/load_tables.h"
#include "config/load_warn.h"
#include "config/load_work.h"
#include "config/loader.h"

#define QUOTA_MIN (UINT64_C(1) << 20)

static void check_memory(struct load *, const struct at *top);
static void check_quotas(struct load *, const struct at *top);
static void check_quota(
    struct load *, const struct at *top, const char *section, uint64_t);
static void check_alerts(struct load *, const struct at *top);
static void check_ports(struct load *, const struct at *listeners);
static void check_policies(
    struct load *, const struct at *listeners, load_misfit *);
static void check_listener(
    struct load *, const struct at *, const struct listener *, load_misfit *);
static void note_limits(struct config *);
static void note_tags(struct config *);

void
load_check(struct load *ld, const struct at *top)
{
	struct at listeners = at_key(top, "listeners");

	load_check_unique(ld, top, "interfaces", "name");
	load_check_unique(ld, top, "interface_groups", "name");
	load_check_unique(ld, top, "address_lists", "name");
	load_check_unique(ld, top, "certificates", "name");
	load_check_unique(ld, top, "dkim_keys", "name");
	load_check_unique(ld, top, "dkim_profiles", "name");
	load_check_unique(ld, top, "auth_profiles", "name");
	load_check_unique(ld, top, "callahead_profiles", "name");
	load_check_unique(ld, top, "listeners", "name");
	load_check_unique(ld, top, "bounce_profiles", "name");
	load_check_unique(ld, top, "destinations", "domain");
	load_check_unique(ld, top, "logs", "name");
	load_check_unique(ld, top, "alert_recipients", "address");
	check_memory(ld, top);
	check_quotas(ld, top);
	check_alerts(ld, top);
	check_ports(ld, &listeners);
	check_policies(ld, &listeners, load_tls_misfit);
	check_policies(ld, &listeners, load_auth_misfit);
	load_check_gateways(ld);
	load_check_groups(ld, top);
	load_check_work(ld, top);
	note_limits(ld->config);
	load_log_note(ld->config);
	note_tags(ld->config);
	load_warn(ld);
}

void
load_interface_finish(struct load *ld, const struct at *at, void *object)
{
	struct interface *i = object;

	(void)at;
	if (i->hostname.n == 0)
		i->hostname = ld->config->hostname;
}

void
load_bounce_finish(struct load *ld, const struct at *at, void *object)
{
	struct bounce_profile *p = object;

	if (str_is_nocase(p->name, "Default"))
		p->name = STR("Default");
	if (p->max_retry < p->initial_retry)
		load_error(ld, at,
		    "max_retry (%u s) is less than initial_retry (%u s)",
		    (unsigned)p->max_retry, (unsigned)p->initial_retry);
	if (p->max_host_retry < p->initial_host_retry)
		load_error(ld, at,
		    "max_host_retry (%u s) is less than initial_host_retry "
		    "(%u s)",
		    (unsigned)p->max_host_retry,
		    (unsigned)p->initial_host_retry);
}

void
load_destination_finish(struct load *ld, const struct at *at, void *object)
{
	struct destination *d = object;
	char *lower;

	if (d->dane != DANE_OFF && ld->config->dnssec_anchor.n == 0)
		load_error(ld, at,
		    "dane needs dns.trust_anchor: without it no answer is "
		    "validated");
	if (str_is_nocase(d->domain, "Default")) {
		d->domain = STR("Default");
		return;
	}
	lower = arena_strz(ld->mem, d->domain);
	str_lower(lower);
	d->domain = (struct str){ lower, d->domain.n };
}

void
load_check_unique(
    struct load *ld, const struct at *top, const char *list, const char *id)
{
	struct at at = at_key(top, list);
	struct map seen;
	size_t i = 0;
	char quoted[100];

	if (at.node == NULL || at.node->kind != NODE_LIST)
		return;
	map_init(&seen);
	for (const struct node *n = at.node->child; n != NULL; n = n->next) {
		struct at item = at_item(&at, n, i++);
		struct at key = at_key(&item, id);
		const struct str *s = key.node != NULL ? &key.node->text : NULL;

		if (s == NULL || s->n == 0 || s->n > 1000)
			continue;
		if (map_put(&seen, *s, &seen) != NULL)
			load_error(ld, &key, "there is another %s in %s",
			    load_quote(quoted, *s), list);
	}
	map_fini(&seen, NULL);
}

static void
check_memory(struct load *ld, const struct at *top)
{
	struct at system = at_key(top, "system");
	struct at halt = at_key(&system, "memory_halt");
	const struct config *c = ld->config;

	if (c->memory_halt <= c->memory_start)
		load_error(ld, &halt,
		    "memory_halt (%u) is not more than memory_start (%u)",
		    (unsigned)c->memory_halt, (unsigned)c->memory_start);
}

static void
check_quotas(struct load *ld, const struct at *top)
{
	check_quota(ld, top, "log_settings", ld->config->log_quota);
	check_quota(ld, top, "tracking", ld->config->tracking.quota);
}

/* A unit that was forgotten would cost all that is old. */
static void
check_quota(
    struct load *ld, const struct at *top, const char *section, uint64_t bytes)
{
	struct at settings = at_key(top, section);
	struct at quota = at_key(&settings, "quota");

	if (bytes > 0 && bytes < QUOTA_MIN)
		load_error(ld, &quota,
		    "a quota of %llu bytes is less than 1M; 0: a tenth of the "
		    "disk",
		    (unsigned long long)bytes);
}

/* The waits grow: they cannot end below where they begin. */
static void
check_alerts(struct load *ld, const struct at *top)
{
	struct at alerts = at_key(top, "alerts");
	struct at maximum = at_key(&alerts, "maximum");
	const struct alerts_config *c = &ld->config->alerts;

	if (c->maximum < c->initial)
		load_error(ld, &maximum,
		    "maximum (%u s) is less than initial (%u s): the waits "
		    "between equal alerts begin with the one and grow up to "
		    "the other",
		    (unsigned)c->maximum, (unsigned)c->initial);
}

static void
check_ports(struct load *ld, const struct at *listeners)
{
	const struct config *c = ld->config;
	const struct node *n =
	    listeners->node != NULL ? listeners->node->child : NULL;

	for (size_t i = 0; i < c->n_listeners && n != NULL; i++, n = n->next) {
		const struct listener *l = &c->listeners[i];
		struct at at = at_item(listeners, n, i);

		for (size_t j = 0; j < i; j++) {
			const struct listener *o = &c->listeners[j];

			if (l->interface == NULL || o->interface == NULL ||
			    l->port != o->port ||
			    !ip_equal(&l->interface->ip, &o->interface->ip))
				continue;
			load_error(ld, &at,
			    "Port %u on %.*s is already used by listener "
			    "\"%.*s\".",
			    l->port, STR_ARG(l->interface->name),
			    STR_ARG(o->name));
			break;
		}
	}
}

static void
check_policies(struct load *ld, const struct at *listeners, load_misfit *misfit)
{
	const struct config *c = ld->config;
	const struct node *n =
	    listeners->node != NULL ? listeners->node->child : NULL;

	for (size_t i = 0; i < c->n_listeners && n != NULL; i++, n = n->next) {
		struct at at = at_item(listeners, n, i);

		check_listener(ld, &at, &c->listeners[i], misfit);
	}
}

/* One complaint per listener is enough: the first error, else the first
 * warning. */
static void
check_listener(struct load *ld, const struct at *at, const struct listener *l,
    load_misfit *misfit)
{
	const struct policy *warned = NULL;
	const char *warning = NULL;
	char quoted[100];

	for (size_t i = 0; i < l->hat.n_groups; i++) {
		const struct policy *p = l->hat.groups[i].policy;
		bool error = false;
		const char *text = misfit(ld->config, l, &p->p, &error);

		if (text != NULL && error) {
			load_error(ld, at, "policy %s %s",
			    load_quote(quoted, p->name), text);
			return;
		}
		if (text != NULL && warned == NULL) {
			warned = p;
			warning = text;
		}
	}
	if (warned != NULL)
		load_warning(ld, at, "policy %s %s",
		    load_quote(quoted, warned->name), warning);
}

/* What one policy limits is counted for all of them (receiving 8.5). */
static void
note_limits(struct config *c)
{
	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct hat *hat = &c->listeners[i].hat;

		for (size_t k = 0; k < hat->n_groups; k++) {
			const struct policy_params *p =
			    &hat->groups[k].policy->p;

			c->count_hosts |= p->max_rcpts_per_hour != UNLIMITED;
			c->count_senders |=
			    p->max_rcpts_per_sender != UNLIMITED;
		}
	}
}

static void
note_tags(struct config *c)
{
	for (size_t i = 0; i < c->n_destinations; i++)
		c->bounce_tags |= c->destinations[i].bounce_verification;
}

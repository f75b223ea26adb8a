/*
 * load_warn.c - what loads, and is hardly meant
 */
#include "config/load_warn.h"

#include "base/bounds.h"
#include "config/load_work.h"
#include "config/rat_index.h"
#include "config/table.h"

static void warn_overlaps(struct load *);
static bool overlap(const struct listener *, const struct listener *);
static bool is_any(const struct ip *);
static void warn_classes(struct load *, const struct listener *);
static bool is_harmless(const struct hat *, const struct policy *);
static void warn_lists(struct load *, const struct listener *);
static void warn_list(struct load *, const struct where *, struct str policy,
    const struct policy_params *, const struct policy_params *base);
static void warn_empty(struct load *, const struct where *, struct str policy,
    struct str list, const char *key, const char *effect);
static void warn_domain_map(struct load *, struct listener *);
static void warn_directory(struct load *, const struct listener *);
static void warn_old_tls(struct load *, const struct listener *);
static bool may_accept(const struct rat *, struct str target);
static bool accepts_some_user(const struct rat *, struct str domain);

void
load_warn(struct load *ld)
{
	struct config *c = ld->config;

	if (ld->problems->no_warnings || ld->problems->n_errors > 0)
		return;
	warn_overlaps(ld);
	for (size_t i = 0; i < c->n_listeners; i++) {
		load_warn_hat(ld, &c->listeners[i]);
		load_warn_rat(ld, &c->listeners[i]);
		warn_classes(ld, &c->listeners[i]);
		warn_lists(ld, &c->listeners[i]);
		warn_domain_map(ld, &c->listeners[i]);
		warn_directory(ld, &c->listeners[i]);
		warn_old_tls(ld, &c->listeners[i]);
	}
	load_warn_work(ld);
}

/* The same address twice is an error; this may work for a while, until the
 * one that came first is opened again. */
static void
warn_overlaps(struct load *ld)
{
	const struct config *c = ld->config;

	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct listener *l = &c->listeners[i];

		for (size_t k = 0; k < i; k++) {
			const struct listener *o = &c->listeners[k];

			if (overlap(l, o))
				load_warning_where(ld, &l->where,
				    "port %u of %.*s and that of listener "
				    "\"%.*s\", on %.*s, are the same for some "
				    "clients: only one of them can be opened; "
				    "give one another port or interface",
				    l->port, STR_ARG(l->interface->name),
				    STR_ARG(o->name),
				    STR_ARG(o->interface->name));
		}
	}
}

static bool
overlap(const struct listener *a, const struct listener *b)
{
	const struct ip *x = &a->interface->ip, *y = &b->interface->ip;

	return a->port == b->port && ip_is_v4(x) == ip_is_v4(y) &&
	       !ip_equal(x, y) && (is_any(x) || is_any(y));
}

static bool
is_any(const struct ip *ip)
{
	static const struct ip v4 = { { [10] = 0xff, [11] = 0xff } };

	return ip_is_unset(ip) || ip_equal(ip, &v4);
}

/* Receiving 4.6: who breaks his own DNS must gain nothing by it. */
static void
warn_classes(struct load *ld, const struct listener *l)
{
	for (size_t i = 0; i < l->hat.n_groups; i++) {
		const struct hat_group *g = &l->hat.groups[i];

		if (is_harmless(&l->hat, g->policy))
			continue;
		for (size_t k = 0; k < g->n_entries; k++) {
			const struct hat_entry *e = &g->entries[k];

			if (e->kind != HAT_HOST_CLASS)
				continue;
			load_warning_where(ld, &e->where,
			    "%.*s puts hosts without a verified name under %s "
			    "%.*s, which neither rejects nor throttles: "
			    "anybody can be such a host; choose another "
			    "policy for them",
			    STR_ARG(e->text),
			    g->policy->name.n > 0 ? "policy" : "behaviour",
			    STR_ARG(g->policy->name.n > 0
					? g->policy->name
					: str_of(behaviour_name(
					      g->policy->behaviour))));
			break;
		}
	}
}

/* Rejects, goes on, or has a limit that the listener's defaults have not. */
static bool
is_harmless(const struct hat *hat, const struct policy *policy)
{
	const struct policy_params *p = &policy->p, *d = &hat->defaults;

	if (policy->behaviour != ACCEPT && policy->behaviour != RELAY)
		return true;
	return p->max_rcpts_per_hour != UNLIMITED ||
	       p->max_concurrency < d->max_concurrency ||
	       p->max_msgs_per_session < d->max_msgs_per_session ||
	       p->max_rcpts_per_msg < d->max_rcpts_per_msg ||
	       p->max_message_size < d->max_message_size;
}

static void
warn_lists(struct load *ld, const struct listener *l)
{
	const struct hat *hat = &l->hat;

	warn_list(ld, &l->where, STR("the defaults"), &hat->defaults, NULL);
	for (size_t i = 0; i < hat->n_policies; i++)
		warn_list(ld, &hat->policies[i].where, hat->policies[i].name,
		    &hat->policies[i].p, &hat->defaults);
	for (size_t i = 0; i < hat->n_groups; i++) {
		const struct hat_group *g = &hat->groups[i];

		if (g->policy->name.n == 0)
			warn_list(ld, &g->where,
			    str_of(behaviour_name(g->policy->behaviour)),
			    &g->policy->p, &hat->defaults);
	}
}

/* Not once more of what comes from base. */
static void
warn_list(struct load *ld, const struct where *where, struct str policy,
    const struct policy_params *p, const struct policy_params *base)
{
	if (base == NULL ||
	    !str_eq(p->sender_exceptions, base->sender_exceptions))
		warn_empty(ld, where, policy, p->sender_exceptions,
		    "sender_exceptions", "no sender is excepted");
	if (base == NULL ||
	    !str_eq(p->tls_mandatory_list, base->tls_mandatory_list))
		warn_empty(ld, where, policy, p->tls_mandatory_list,
		    "tls_mandatory_list", "no sender must use TLS");
}

static void
warn_empty(struct load *ld, const struct where *where, struct str policy,
    struct str list, const char *key, const char *effect)
{
	const struct addr_list *found = config_addr_list(ld->config, list);

	if (found != NULL && found->n == 0)
		load_warning_where(ld, where,
		    "%s of %.*s names the address list %.*s, which is empty: "
		    "%s; add addresses to the list, or remove the key",
		    key, STR_ARG(policy), STR_ARG(list), effect);
}

/* What is mapped somewhere else is then judged by the recipient table. */
static void
warn_domain_map(struct load *ld, struct listener *l)
{
	struct rat rat = l->rat;
	struct str left, right;
	struct where where;

	if (l->domain_map == NULL || l->type != LISTENER_PUBLIC)
		return;
	rat_index_make(&rat);
	for (size_t i = 0; table_entry(l->domain_map, i, &left, &right, &where);
	     i++) {
		if (!may_accept(&rat, right))
			load_warning_where(ld, &where,
			    "%.*s becomes %.*s, which the recipient access "
			    "table of listener \"%.*s\" does not accept: such "
			    "mail is refused; add the domain to the table, or "
			    "remove the mapping",
			    STR_ARG(left), STR_ARG(right), STR_ARG(l->name));
	}
	rat_index_free(&rat);
}

/* user@domain, or @domain for every user. */
static bool
may_accept(const struct rat *rat, struct str target)
{
	char lower[ADDR_MAX + 1];
	struct str addr, user, domain;
	size_t at;

	if (!str_copy(lower, sizeof(lower), target))
		return true;
	str_lower(lower);
	addr = str_of(lower);
	at = str_rfind(addr, '@');
	user = str_sub(addr, 0, at);
	domain = str_sub(addr, at + 1, addr.n);
	return rat_index_find(rat, addr, user, domain)->accept ||
	       (user.n == 0 && accepts_some_user(rat, domain));
}

static bool
accepts_some_user(const struct rat *rat, struct str domain)
{
	for (size_t i = 0; i < rat->n; i++) {
		const struct rat_entry *e = &rat->entries[i];
		size_t at = str_rfind(e->key, '@');

		if (e->accept &&
		    (e->kind == RAT_USER ||
			(e->kind == RAT_ADDR &&
			    str_eq(str_sub(e->key, at + 1, e->key.n), domain))))
			return true;
	}
	return false;
}

/* Until there are directories. */
static void
warn_directory(struct load *ld, const struct listener *l)
{
	const struct ldap_accept *a = &l->ldap_accept;

	if (a->query.n > 0)
		load_warning_where(ld, &l->where,
		    "ldap_accept of listener \"%.*s\" names the query %.*s, "
		    "but this version cannot ask a directory: %s; remove the "
		    "query",
		    STR_ARG(l->name), STR_ARG(a->query),
		    a->unreachable_accept
			? "every recipient is taken to be known"
			: "recipients are rejected with 451");
}

/* Threats TLS-04. */
static void
warn_old_tls(struct load *ld, const struct listener *l)
{
	if (l->tls_least < TLS_1_2)
		load_warning_where(ld, &l->where,
		    "tls_min_version of listener \"%.*s\" lets in TLS 1.%d, "
		    "whose ciphers and signatures do not protect mail any "
		    "more; remove it, or keep it for a listener of old "
		    "machines alone",
		    STR_ARG(l->name), l->tls_least);
}

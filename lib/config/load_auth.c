/*
 * load_auth.c - profiles of SMTP AUTH, and who uses them
 */
#include "base/mem.h"
#include "config/loader.h"

static void check_listener(
    struct load *, const struct at *, const struct listener *);

void
load_auth_servers(struct load *ld, const struct at *at, void *object)
{
	struct auth_profile *a = object;

	load_servers(ld, at, &a->servers, &a->n_servers);
}

void
print_auth_servers(struct print *p, const void *object)
{
	const struct auth_profile *a = object;

	print_servers(p, a->servers, a->n_servers);
}

void
load_auth_finish(struct load *ld, const struct at *at, void *object)
{
	struct auth_profile *a = object;

	if (a->kind == AUTH_FORWARD && a->n_servers == 0)
		load_error(ld, at,
		    "forwards to nobody; write servers: HOST, or type: local");
	if (a->kind == AUTH_LOCAL && a->n_servers > 0)
		load_error(ld, at, "servers belong to type: forward");
	if (a->kind == AUTH_FORWARD)
		a->users_file = STR("");
	else if (a->users_file.n == 0)
		a->users_file = str_of(
		    arena_printf(ld->mem, "%.*s.users", STR_ARG(a->name)));
}

void
load_auth_profile(struct load *ld, const struct at *at, void *object)
{
	struct listener *l = object;
	struct str name;
	char quoted[100];

	if (at->node == NULL || !load_scalar(ld, at, &name) || name.n == 0)
		return;
	l->auth = config_auth_profile(ld->config, name);
	if (l->auth == NULL)
		load_error(ld, at, "there is no profile %s below auth_profiles",
		    load_quote(quoted, name));
}

void
print_auth_profile(struct print *p, const void *object)
{
	const struct listener *l = object;

	if (l->auth != NULL || p->all)
		print_line(p, "auth_profile",
		    l->auth != NULL ? l->auth->name : STR(""));
}

void
load_check_auth(struct load *ld, const struct at *listeners)
{
	const struct config *c = ld->config;
	const struct node *n =
	    listeners->node != NULL ? listeners->node->child : NULL;

	for (size_t i = 0; i < c->n_listeners && n != NULL; i++, n = n->next) {
		struct at at = at_item(listeners, n, i);

		check_listener(ld, &at, &c->listeners[i]);
	}
}

/* One of a kind per listener is enough. */
static void
check_listener(struct load *ld, const struct at *at, const struct listener *l)
{
	char quoted[100];

	for (size_t i = 0; i < l->hat.n_groups; i++) {
		const struct policy *policy = l->hat.groups[i].policy;
		const struct policy_params *p;

		if (policy == NULL || policy->p.smtp_auth == 0)
			continue;
		p = &policy->p;
		if (l->auth == NULL && p->smtp_auth == 2)
			load_error(ld, at,
			    "policy %s requires authentication, and the "
			    "listener has no profile for it: nobody could "
			    "send; write auth_profile: NAME",
			    load_quote(quoted, policy->name));
		else if (l->auth == NULL)
			load_warning(ld, at,
			    "policy %s has smtp_auth on, and the listener has "
			    "no auth_profile: AUTH is not offered",
			    load_quote(quoted, policy->name));
		else if (p->auth_require_tls &&
			 (p->tls == 0 || l->certificate == NULL))
			load_warning(ld, at,
			    "policy %s offers AUTH under TLS only, and there "
			    "is no TLS: set tls and a certificate, or "
			    "auth_require_tls: off",
			    load_quote(quoted, policy->name));
		else
			continue;
		return;
	}
}

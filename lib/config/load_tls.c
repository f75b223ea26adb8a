/*
 * load_tls.c - certificates: their files, and who uses them
 */
#include "base/mem.h"
#include "config/loader.h"

static void check_listener(
    struct load *, const struct at *, const struct listener *);
static void check_params(struct load *, const struct at *,
    const struct listener *, const struct policy *);

void
load_certificate_finish(struct load *ld, const struct at *at, void *object)
{
	struct certificate *c = object;

	(void)at;
	if (c->chain_file.n == 0)
		c->chain_file =
		    str_of(arena_printf(ld->mem, "%.*s.crt", STR_ARG(c->name)));
	if (c->key_file.n == 0)
		c->key_file =
		    str_of(arena_printf(ld->mem, "%.*s.key", STR_ARG(c->name)));
}

void
load_certificate(struct load *ld, const struct at *at, void *object)
{
	struct listener *l = object;
	struct str name;
	char quoted[100];

	if (at->node == NULL || !load_scalar(ld, at, &name) || name.n == 0)
		return;
	l->certificate = config_certificate(ld->config, name);
	if (l->certificate == NULL)
		load_error(ld, at,
		    "there is no certificate %s below certificates",
		    load_quote(quoted, name));
}

void
print_certificate(struct print *p, const void *object)
{
	const struct listener *l = object;

	if (l->certificate != NULL || p->all)
		print_line(p, "certificate",
		    l->certificate != NULL ? l->certificate->name : STR(""));
}

void
load_check_tls(struct load *ld, const struct at *listeners)
{
	const struct config *c = ld->config;
	const struct node *n =
	    listeners->node != NULL ? listeners->node->child : NULL;

	for (size_t i = 0; i < c->n_listeners && n != NULL; i++, n = n->next) {
		struct at at = at_item(listeners, n, i);

		check_listener(ld, &at, &c->listeners[i]);
	}
}

/* Of each kind of mistake one per listener is enough. */
static void
check_listener(struct load *ld, const struct at *at, const struct listener *l)
{
	size_t before = ld->problems->n;

	for (size_t i = 0; i < l->hat.n_groups && ld->problems->n == before;
	     i++)
		if (l->hat.groups[i].policy != NULL)
			check_params(ld, at, l, l->hat.groups[i].policy);
}

static void
check_params(struct load *ld, const struct at *at, const struct listener *l,
    const struct policy *policy)
{
	const struct policy_params *p = &policy->p;
	char quoted[100];

	if (p->tls == 0)
		return;
	if (l->certificate == NULL && p->tls == 2)
		load_error(ld, at,
		    "policy %s requires TLS, and the listener has no "
		    "certificate: nobody could send; write certificate: NAME",
		    load_quote(quoted, policy->name));
	else if (l->certificate == NULL)
		load_warning(ld, at,
		    "policy %s has tls on, and the listener has no "
		    "certificate: STARTTLS is not offered",
		    load_quote(quoted, policy->name));
	else if (p->tls_verify && ld->config->client_ca.n == 0)
		load_error(ld, at,
		    "policy %s has tls_verify on, and there is no "
		    "tls.client_ca to verify against",
		    load_quote(quoted, policy->name));
}

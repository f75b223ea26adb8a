/*
 * load_tls.c - certificates: their files, and who uses them
 */
#include "base/mem.h"
#include "config/loader.h"

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
load_web_finish(struct load *ld, const struct at *at, void *object)
{
	struct config *c = object;
	const struct interface *i =
	    load_find(c, "interfaces", c->web.interface_name);

	ip_parse(&c->web.ip, STR("127.0.0.1"));
	if (i != NULL)
		c->web.ip = i->ip;
	if (c->web.on && c->web.certificate.n == 0)
		load_error(ld, at,
		    "is enabled and has no certificate: write certificate: "
		    "NAME");
}

const char *
load_tls_misfit(const struct config *c, const struct listener *l,
    const struct policy_params *p, bool *error)
{
	if (p->tls == 0)
		return NULL;
	*error = p->tls == 2;
	if (l->certificate == NULL)
		return *error ? "requires TLS, and the listener has no "
				"certificate: nobody could send; write "
				"certificate: NAME"
			      : "has tls on, and the listener has no "
				"certificate: STARTTLS is not offered";
	*error = p->tls_verify && c->client_ca.n == 0;
	return *error ? "has tls_verify on, and there is no tls.client_ca to "
			"verify against"
		      : NULL;
}

/*
 * load_auth.c - profiles of SMTP AUTH, and who uses them
 */
#include "base/mem.h"
#include "config/loader.h"

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

const char *
load_auth_misfit(const struct config *c, const struct listener *l,
    const struct policy_params *p, bool *error)
{
	(void)c;
	if (p->smtp_auth == 0)
		return NULL;
	*error = l->auth == NULL && p->smtp_auth == 2;
	if (*error)
		return "requires authentication, and the listener has no "
		       "profile for it: nobody could send; write "
		       "auth_profile: NAME";
	if (l->auth == NULL)
		return "has smtp_auth on, and the listener has no "
		       "auth_profile: AUTH is not offered";
	if (p->auth_require_tls && (p->tls == 0 || l->certificate == NULL))
		return "offers AUTH under TLS only, and there is no TLS: set "
		       "tls and a certificate, or auth_require_tls: off";
	return NULL;
}

/*
 * load_auth.c - profiles of SMTP AUTH, and who uses them
 */
#include "base/mem.h"
#include "config/loader.h"
#include "config/name.h"

static void set_file(struct load *, const struct auth_profile *, enum auth_kind,
    struct str *file, const char *suffix);

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
	struct err err = ERR_INIT;

	if (a->kind == AUTH_FORWARD && a->n_servers == 0)
		load_error(ld, at,
		    "forwards to nobody; write servers: HOST, or type: local");
	if (a->kind != AUTH_FORWARD && a->n_servers > 0)
		load_error(ld, at, "servers belong to type: forward");
	if (a->kind == AUTH_OUTGOING && a->user.n == 0)
		load_error(
		    ld, at, "does not say as whom we log in; write user: NAME");
	if (a->kind == AUTH_OUTGOING && !name_file(a->name, &err))
		load_error(ld, at, "name: %s", err.text);
	set_file(ld, a, AUTH_LOCAL, &a->users_file, "users");
	set_file(ld, a, AUTH_OUTGOING, &a->secret_file, "secret");
}

/* What it is called where nothing is said; none where it is not used. */
static void
set_file(struct load *ld, const struct auth_profile *a, enum auth_kind kind,
    struct str *file, const char *suffix)
{
	if (a->kind != kind)
		*file = STR("");
	else if (file->n == 0)
		*file = str_of(
		    arena_printf(ld->mem, "%.*s.%s", STR_ARG(a->name), suffix));
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

/*
 * load_sdr.c - sender domain reputation: whose mail is not looked up, if any
 */
#include "config/loader.h"

void
load_sdr_exceptions(struct load *ld, const struct at *at, void *object)
{
	struct config *c = object;

	c->sdr_exceptions = load_named(ld, at, "address list", "address_lists");
}

void
print_sdr_exceptions(struct print *p, const void *object)
{
	const struct config *c = object;

	print_named(p, "exceptions",
	    c->sdr_exceptions != NULL ? &c->sdr_exceptions->name : NULL);
}

void
load_sdr_finish(struct load *ld, const struct at *at, void *object)
{
	const struct config *c = object;
	struct at enabled = at_key(at, "enabled");

	if (c->sdr)
		load_warning(ld, &enabled,
		    "this version has no service to ask: no message gets a "
		    "verdict");
}

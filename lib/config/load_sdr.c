/*
 * load_sdr.c - sender domain reputation: whose mail is not looked up, if any
 */
#include "config/loader.h"

void
load_sdr_finish(struct load *ld, const struct at *at, void *object)
{
	struct config *c = object;
	struct at enabled = at_key(at, "enabled");

	c->sdr_exceptions =
	    load_find(c, "address_lists", c->sdr_exceptions_name);
	if (c->sdr)
		load_warning(ld, &enabled,
		    "this version has no service to ask: no message gets a "
		    "verdict");
}

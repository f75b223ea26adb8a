/*
 * load_callahead.c - profiles of SMTP call-ahead, and who uses them
 */
#include "config/loader.h"

static void check_code(
    struct load *, const struct at *, const char *key, uint32_t code);

void
load_callahead_servers(struct load *ld, const struct at *at, void *object)
{
	struct callahead_profile *p = object;

	load_servers(ld, at, &p->servers, &p->n_servers);
}

void
print_callahead_servers(struct print *p, const void *object)
{
	const struct callahead_profile *c = object;

	print_servers(p, c->servers, c->n_servers);
}

void
load_callahead_finish(struct load *ld, const struct at *at, void *object)
{
	const struct callahead_profile *p = object;

	check_code(ld, at, "failure_code", p->failure_code);
	check_code(ld, at, "temporary_code", p->temporary_code);
}

static void
check_code(struct load *ld, const struct at *at, const char *key, uint32_t code)
{
	struct at value = at_key(at, key);

	if (code > 250 && code < 400)
		load_error(ld, &value,
		    "must be 250 (accept) or a reply code from 400 to 599");
}

/* dkim_choice.c - which DKIM profile signs a message */
#include "pipeline/dkim_choice.h"

#include "base/mem.h"
#include "config/pattern.h"
#include "mail/header.h"
#include "mail/prvs.h"

static struct str address_in(
    struct str header, const char *name, struct arena *);
static const struct dkim_profile *best(const struct config *, struct str addr);
static unsigned says(const struct addr_pattern *);

struct dkim_choice
dkim_choose(const struct config *c, struct str header, struct str sender,
    struct arena *mem)
{
	struct dkim_choice out = { .addr = STR("") };
	struct prvs untagged;
	struct str addrs[3];

	if (prvs_split(sender, &untagged, mem))
		sender = untagged.bare;
	addrs[0] = address_in(header, "From", mem);
	addrs[1] = address_in(header, "Sender", mem);
	addrs[2] = sender;
	for (size_t i = 0; i < NELEM(addrs); i++) {
		if (addrs[i].n == 0)
			continue;
		out.profile = best(c, addrs[i]);
		if (out.profile != NULL || out.addr.n == 0)
			out.addr = addrs[i];
		if (out.profile != NULL)
			break;
	}
	return out;
}

const char *
dkim_refusal(const struct dkim_choice *d, struct arena *mem)
{
	if (d->profile == NULL)
		return arena_printf(
		    mem, "no profile matches %.*s", STR_ARG(d->addr));
	if (d->profile->key == NULL)
		return arena_printf(mem,
		    "no signing key specified for profile %.*s",
		    STR_ARG(d->profile->name));
	return NULL;
}

void
dkim_terms_of(
    const struct dkim_profile *p, int64_t wall_ms, struct dkim_terms *t)
{
	*t = (struct dkim_terms){ .algorithm = p->key->algorithm,
		.header = p->header,
		.body = p->body,
		.domain = p->domain,
		.selector = p->selector,
		.identity = p->identity,
		.at = p->time ? wall_ms / 1000 : 0,
		.until = p->valid > 0 ? wall_ms / 1000 + p->valid : 0,
		.fields = p->signed_fields,
		.n_fields = p->n_signed_fields,
		.twice = p->twice };
}

/* The first address in the first field of that name. */
static struct str
address_in(struct str header, const char *name, struct arena *mem)
{
	struct header_field f;
	struct header_addr *v;
	size_t n;

	while (header_next(&header, &f))
		if (str_is_nocase(f.name, name))
			return header_addrs(f.value, &v, &n, mem) && n > 0
				   ? v[0].addr
				   : STR("");
	return STR("");
}

/* Of equals, the first. */
static const struct dkim_profile *
best(const struct config *c, struct str addr)
{
	const struct dkim_profile *found = NULL;
	unsigned most = 0;

	for (size_t i = 0; i < c->n_dkim_profiles; i++) {
		const struct dkim_profile *p = &c->dkim_profiles[i];

		for (size_t k = 0; k < p->n_senders; k++) {
			if (says(&p->senders[k]) <= most ||
			    !pattern_matches(&p->senders[k], addr))
				continue;
			most = says(&p->senders[k]);
			found = p;
		}
	}
	return found;
}

/* An address more than a domain, that more than all below it, the more the
 * longer that is; least a user of any domain. */
static unsigned
says(const struct addr_pattern *p)
{
	switch (p->kind) {
	case PATTERN_ADDR:
		return 100000;
	case PATTERN_DOMAIN:
		return 50000;
	case PATTERN_SUBDOMAIN:
		return 2 + (unsigned)p->key.n;
	case PATTERN_USER:
		return 1;
	}
	return 0;
}

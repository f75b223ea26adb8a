/* unsubscribe.c - addresses that get no mail from us */
#include "config/unsubscribe.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"

static bool counts(const struct config *);
static const struct unsubscribed *find(
    const struct config *, enum addr_pattern_kind, struct str key);

const struct unsubscribed *
unsubscribed_addr(const struct config *c, struct str addr)
{
	size_t at = str_rfind(addr, '@');
	struct str domain = str_sub(addr, at + 1, addr.n);
	char lower[ADDR_MAX + 1];
	const struct unsubscribed *u;

	if (!counts(c) || addr.n > ADDR_MAX || at == addr.n)
		return NULL;
	str_copy(lower, sizeof(lower), addr);
	str_lower(lower);
	addr.p = lower;
	domain.p = lower + at + 1;
	u = find(c, PATTERN_ADDR, addr);
	if (u == NULL)
		u = find(c, PATTERN_USER, str_sub(addr, 0, at + 1));
	if (u == NULL)
		u = find(c, PATTERN_DOMAIN, domain);
	while (u == NULL && (at = str_find(domain, '.')) < domain.n) {
		u = find(c, PATTERN_SUBDOMAIN, str_sub(domain, at, domain.n));
		domain = str_sub(domain, at + 1, domain.n);
	}
	return u;
}

const struct unsubscribed *
unsubscribed_ip(const struct config *c, const struct ip *ip)
{
	const struct unsubscribed key = { .is_ip = true, .ip = *ip };

	if (!counts(c))
		return NULL;
	return bsearch(&key, c->unsubscribed, c->n_unsubscribed, sizeof(key),
	    unsubscribed_cmp);
}

int
unsubscribed_cmp(const void *a, const void *b)
{
	const struct unsubscribed *x = a, *y = b;

	if (x->is_ip != y->is_ip)
		return x->is_ip ? -1 : 1;
	if (x->is_ip)
		return ip_cmp(&x->ip, &y->ip);
	if (x->pattern.kind != y->pattern.kind)
		return x->pattern.kind < y->pattern.kind ? -1 : 1;
	if (x->pattern.key.n != y->pattern.key.n)
		return x->pattern.key.n < y->pattern.key.n ? -1 : 1;
	if (x->pattern.key.n == 0)
		return 0;
	return memcmp(x->pattern.key.p, y->pattern.key.p, x->pattern.key.n);
}

static bool
counts(const struct config *c)
{
	return c->unsubscribe && c->n_unsubscribed > 0;
}

static const struct unsubscribed *
find(const struct config *c, enum addr_pattern_kind kind, struct str key)
{
	const struct unsubscribed u = { .pattern = {
					    .kind = kind, .key = key } };

	return bsearch(&u, c->unsubscribed, c->n_unsubscribed, sizeof(u),
	    unsubscribed_cmp);
}

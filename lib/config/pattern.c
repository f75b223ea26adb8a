/*
 * pattern.c - patterns of addresses in lists
 */
#include "config/pattern.h"

#include "base/bounds.h"
#include "config/name.h"
#include "config/rat_pattern.h"

static bool parse(struct addr_pattern *, struct str, struct arena *);
static struct str canonical_domain(struct str, struct arena *);

bool
pattern_parse(
    struct addr_pattern *p, struct str text, struct arena *mem, struct err *err)
{
	text = str_trim(text);
	p->text = arena_str(mem, text);
	if (parse(p, text, mem))
		return true;
	err_set(err, ERR_USAGE,
	    "must be user@example.com, user@, @example.com, @.example.com (all "
	    "below it) or an address in brackets behind the @");
	return false;
}

bool
pattern_matches(const struct addr_pattern *p, struct str addr)
{
	size_t at = str_rfind(addr, '@');
	struct str domain = str_sub(addr, at + 1, addr.n);

	switch (p->kind) {
	case PATTERN_ADDR:
		return str_eq_nocase(addr, p->key);
	case PATTERN_USER:
		return p->key.n == at + 1 &&
		       str_starts_nocase(p->key, str_sub(addr, 0, at));
	case PATTERN_DOMAIN:
		return at < addr.n && str_eq_nocase(domain, p->key);
	case PATTERN_SUBDOMAIN:
		return at < addr.n && domain.n > p->key.n &&
		       str_ends_nocase(domain, p->key);
	}
	return false;
}

const struct addr_pattern *
addr_list_find(const struct addr_list *list, struct str addr)
{
	for (size_t i = 0; i < list->n; i++) {
		if (pattern_matches(&list->entries[i], addr))
			return &list->entries[i];
	}
	return NULL;
}

static bool
parse(struct addr_pattern *p, struct str text, struct arena *mem)
{
	size_t at = str_rfind(text, '@');
	struct str user = str_sub(text, 0, at);
	struct str domain = str_sub(text, at + 1, text.n);
	bool suffix = domain.n > 0 && domain.p[0] == '.';
	char *key;

	if (at == text.n || text.n > ADDR_MAX || (at > 0 && !name_user(user)))
		return false;
	if (domain.n > 0) {
		domain = canonical_domain(domain, mem);
		if (domain.n == 0 || (at > 0 && suffix))
			return false;
	} else if (at == 0) {
		return false;
	}
	p->kind = at == 0         ? suffix ? PATTERN_SUBDOMAIN : PATTERN_DOMAIN
		  : domain.n == 0 ? PATTERN_USER
				  : PATTERN_ADDR;
	key = arena_printf(mem, "%.*s%s%.*s", STR_ARG(user), at > 0 ? "@" : "",
	    STR_ARG(domain));
	str_lower(key);
	p->key = str_of(key);
	return true;
}

/* n 0: it is none. */
static struct str
canonical_domain(struct str domain, struct arena *mem)
{
	if (domain.p[0] == '[')
		return rat_literal(domain, mem);
	return name_domain_or_suffix(domain, NULL) ? domain
						   : (struct str){ "", 0 };
}

/*
 * rat_pattern.c - one pattern of a recipient access table, from its text
 */
#include "config/rat_pattern.h"

#include "base/bounds.h"
#include "config/name.h"

static bool parse(struct rat_entry *, struct str, struct arena *);
static struct str join(struct str user, struct str domain, struct arena *);
static struct str lower(struct str, struct arena *);

int
rat_pattern_parse(
    struct rat_entry *e, struct str text, struct arena *mem, struct err *err)
{
	char shown[80];

	text = str_trim(text);
	e->text = arena_str(mem, text);
	if (parse(e, text, mem))
		return 0;
	str_escape(shown, sizeof(shown), text, 40);
	return err_set(err, ERR_USAGE,
	    "Invalid recipient: \"%s\": write example.com, .example.com, "
	    "user@example.com, user@, [192.0.2.1] or ALL",
	    shown);
}

struct str
rat_literal(struct str text, struct arena *mem)
{
	bool v6 = false;
	char address[IP_TEXT];
	struct ip ip;

	if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
		text = str_sub(text, 1, text.n - 2);
	if (str_starts_nocase(text, STR("IPv6:"))) {
		text = str_sub(text, 5, text.n - 5);
		v6 = true;
	}
	if (!ip_parse(&ip, text) || (v6 && str_find(text, ':') == text.n))
		return (struct str){ "", 0 };
	ip_text(&ip, address);
	return str_of(
	    arena_printf(mem, ip_is_v4(&ip) ? "[%s]" : "[ipv6:%s]", address));
}

static bool
parse(struct rat_entry *e, struct str text, struct arena *mem)
{
	size_t at = str_rfind(text, '@');
	struct str domain =
	    at < text.n ? str_sub(text, at + 1, text.n - at - 1) : text;
	struct str literal = STR("");

	if (str_is_nocase(text, "ALL")) {
		e->kind = RAT_ALL;
		e->key = STR("ALL");
		return true;
	}
	if (at < text.n && !name_user(str_sub(text, 0, at)))
		return false;
	if (at < text.n && domain.n == 0) {
		e->kind = RAT_USER;
		e->key = lower(text, mem);
		return true;
	}
	if (domain.n > 0 && domain.p[0] == '[') {
		literal = rat_literal(domain, mem);
		if (literal.n == 0)
			return false;
		domain = literal;
	} else if (!name_domain_or_suffix(domain, NULL)) {
		return false;
	}
	if (at < text.n && domain.p[0] == '.')
		return false;
	e->kind = at < text.n          ? RAT_ADDR
		  : domain.p[0] == '.' ? RAT_SUBDOMAIN
				       : RAT_DOMAIN;
	e->key = at < text.n ? join(str_sub(text, 0, at), domain, mem)
			     : lower(domain, mem);
	return true;
}

static struct str
join(struct str user, struct str domain, struct arena *mem)
{
	char *p =
	    arena_printf(mem, "%.*s@%.*s", STR_ARG(user), STR_ARG(domain));

	str_lower(p);
	return str_of(p);
}

static struct str
lower(struct str s, struct arena *mem)
{
	char *p = arena_strz(mem, s);

	str_lower(p);
	return (struct str){ p, s.n };
}

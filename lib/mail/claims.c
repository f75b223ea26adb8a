/* claims.c - fields that speak for a gateway */
#include "mail/claims.h"

#include "base/mem.h"
#include "mail/addr.h"

static bool take_value(struct str *s, struct str *out, struct arena *mem);
static bool take_quoted(struct str *s, struct str *out, struct arena *mem);
static bool skip_blanks(struct str *s);
static bool skip_comment(struct str *s);
static bool is_token(unsigned char c);

enum claim
claim_of_candidate(struct str name)
{
	static const struct {
		bool prefix;
		struct str name;
		enum claim claim;
	} rows[] = {
		{ true, { "x-postern-", 10 }, CLAIM_OURS },
		{ true, { "x-ironport-", 11 }, CLAIM_IRONPORT },
		{ false, { "authentication-results", 22 }, CLAIM_RESULTS },
		{ false, { "return-path", 11 }, CLAIM_RETURN },
	};

	for (size_t i = 0; i < NELEM(rows); i++)
		if (rows[i].prefix ? str_starts_nocase(name, rows[i].name)
				   : str_eq_nocase(name, rows[i].name))
			return rows[i].claim;
	return CLAIM_NONE;
}

/* [CFWS] authserv-id [CFWS version] [CFWS] ";" ... */
bool
claim_results_by(struct str value, struct str *by, struct arena *mem)
{
	struct str domain, version;

	if (!skip_blanks(&value) || !take_value(&value, by, mem) ||
	    !skip_blanks(&value))
		return false;
	if (value.n > 0 && value.p[0] != ';' &&
	    (!take_value(&value, &version, mem) || !str_is(version, "1") ||
		!skip_blanks(&value)))
		return false;
	if (value.n > 0 && value.p[0] != ';')
		return false;
	if (addr_domain_ok(*by, &domain, mem))
		*by = domain;
	return true;
}

/* A token or a quoted string; never empty. */
static bool
take_value(struct str *s, struct str *out, struct arena *mem)
{
	size_t n = 0;

	if (s->n > 0 && s->p[0] == '"')
		return take_quoted(s, out, mem);
	while (n < s->n && is_token((unsigned char)s->p[n]))
		n++;
	*out = str_sub(*s, 0, n);
	*s = str_sub(*s, n, s->n);
	return n > 0;
}

static bool
take_quoted(struct str *s, struct str *out, struct arena *mem)
{
	char *p = arena_array(mem, s->n, 1);
	size_t i = 1, n = 0;

	for (; i < s->n && s->p[i] != '"'; i++) {
		if (s->p[i] == '\\' && i + 1 < s->n)
			i++;
		if (s->p[i] != '\r' && s->p[i] != '\n')
			p[n++] = s->p[i];
	}
	if (i == s->n)
		return false;
	*out = str_trim((struct str){ p, n });
	*s = str_sub(*s, i + 1, s->n);
	return out->n > 0;
}

/* Blanks, line ends of folds, comments. False: a comment has no end. */
static bool
skip_blanks(struct str *s)
{
	while (s->n > 0) {
		char c = s->p[0];

		if (c == '(') {
			if (!skip_comment(s))
				return false;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			*s = str_sub(*s, 1, s->n);
		} else {
			break;
		}
	}
	return true;
}

static bool
skip_comment(struct str *s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s->n; i++) {
		char c = s->p[i];

		if (c == '\\')
			i++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0) {
			*s = str_sub(*s, i + 1, s->n);
			return true;
		}
	}
	return false;
}

/* More than RFC 2045 has: what people write without quotes. */
static bool
is_token(unsigned char c)
{
	return c > ' ' && c != 0x7f && c != ';' && c != '(' && c != ')' &&
	       c != '"' && c != '\\';
}

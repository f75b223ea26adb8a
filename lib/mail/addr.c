/*
 * addr.c - mail addresses: one canonical form comes out, or an error
 *
 * One parser for both modes: loose adds comments, missing and nested
 * brackets; what strict accepts, loose reads the same (threats REL-04). The
 * local part is taken apart to its bare content and written anew, quoted
 * only when it must be, so that "a\b"@c and ab@c are one address.
 */
#include "mail/addr.h"

#include <string.h>

#define COMMENT_DEPTH 16 /* threats REL-04 */
#define NESTING       16 /* of < */

struct scan { /* where the parser is, and under what rules */
	const char *p, *end;
	const struct addr_rules *rules;
	struct arena *mem;
	struct err *err;
	enum addr_problem problem;
	char local[LOCALPART_MAX]; /* bare content: neither quotes nor \ */
	size_t n_local;
};

static bool path(struct scan *, struct addr *, bool allow_null);
static bool open_brackets(struct scan *, unsigned *depth);
static bool close_brackets(struct scan *, unsigned depth);
static bool source_route(struct scan *);
static bool local_part(struct scan *);
static bool local_quoted(struct scan *);
static bool local_add(struct scan *, char c);
static bool local_check(struct scan *);
static struct str local_print(struct scan *);
static bool domain_part(struct scan *, struct str *domain);
static bool domain_name(struct scan *, struct str *domain);
static bool domain_literal(struct scan *, struct str *domain);
static bool general_literal(struct str body);
static void finish(struct scan *, struct addr *, struct str domain);
static bool rest_ok(struct scan *, struct str *rest);
static bool skip_comments(struct scan *, bool blanks);
static bool comment(struct scan *);
static bool at(const struct scan *, char c);
static bool take(struct scan *, char c);
static bool bad(struct scan *, enum addr_problem, const char *why);

static bool utf8_harmless(struct str s);
static bool is_alnum(char c);
static bool is_atom(char c);
static bool is_domain(char c);
static bool is_8bit(char c);
static size_t quoted_end(struct str addr);
static struct str view(const char *from, const char *to);

enum addr_problem
addr_parse_path(struct addr *a, struct str in, const struct addr_rules *rules,
    bool allow_null, struct str *rest, struct arena *mem, struct err *err)
{
	struct scan s = { .rules = rules, .mem = mem, .err = err };

	*a = (struct addr){ STR(""), STR(""), STR("") };
	*rest = STR("");
	s.p = in.n > 0 ? in.p : "";
	s.end = s.p + in.n;
	if (path(&s, a, allow_null) && rest_ok(&s, rest))
		return ADDR_OK;
	return s.problem;
}

enum addr_problem
addr_parse(struct addr *a, struct str text, struct arena *mem, struct err *err)
{
	static const struct addr_rules rules = { .strict = true,
		.allow_partial = true,
		.source_route_reject = true,
		.smtputf8 = true };
	struct str rest;
	enum addr_problem problem;

	text = str_trim(text);
	if (text.n == 0 || text.p[0] != '<')
		text = str_of(arena_printf(mem, "<%.*s>", STR_ARG(text)));
	problem = addr_parse_path(a, text, &rules, true, &rest, mem, err);
	if (problem == ADDR_OK && rest.n > 0) {
		err_set(err, ERR_PERM, "text after the address");
		return ADDR_SYNTAX;
	}
	if (problem == ADDR_OK && a->text.n > 0 && a->domain.n == 0) {
		err_set(err, ERR_PERM, "the domain is missing");
		return ADDR_SYNTAX;
	}
	return problem;
}

struct str
addr_domain(struct str addr)
{
	size_t from = quoted_end(addr);
	const char *sep;

	if (from > addr.n)
		return STR("");
	sep = memrchr(addr.p + from, '@', addr.n - from);
	if (sep == NULL)
		return STR("");
	return view(sep + 1, addr.p + addr.n);
}

struct str
addr_local(struct str addr)
{
	struct str domain = addr_domain(addr);
	size_t n = addr.n;

	if (domain.n > 0)
		n -= domain.n + 1;
	else if (n > 0 && addr.p[n - 1] == '@')
		n--;
	return str_sub(addr, 0, n);
}

bool
addr_is_clean(struct str addr)
{
	size_t from = quoted_end(addr);
	size_t n_at = 0;

	if (addr.n > ADDR_MAX || from > addr.n)
		return false;
	for (size_t i = 0; i < addr.n; i++) {
		unsigned char c = (unsigned char)addr.p[i];

		if (c <= ' ' || c == 0x7f || c == '<' || c == '>')
			return false;
		if (i < from)
			continue;
		if (c == '"' || c == '\\')
			return false;
		n_at += c == '@';
	}
	if (from > 0 && from < addr.n && addr.p[from] != '@')
		return false;
	return n_at <= 1 && str_valid_utf8(addr) && utf8_harmless(addr);
}

static bool
path(struct scan *s, struct addr *a, bool allow_null)
{
	unsigned depth = 0;
	struct str domain = STR("");

	if (!skip_comments(s, true) || !open_brackets(s, &depth))
		return false;
	if (depth > 0 && at(s, '>')) {
		if (!allow_null)
			return bad(s, ADDR_SYNTAX, "an address is missing");
		return close_brackets(s, depth);
	}
	if (at(s, '@') && !source_route(s))
		return false;
	if (!local_part(s) || !skip_comments(s, false))
		return false;
	if (take(s, '@') &&
	    (!skip_comments(s, false) || !domain_part(s, &domain)))
		return false;
	if (domain.n == 0 && !s->rules->allow_partial)
		return bad(s, ADDR_SYNTAX, "the domain is missing");
	if (!skip_comments(s, false) || !close_brackets(s, depth))
		return false;
	finish(s, a, domain);
	return true;
}

static bool
open_brackets(struct scan *s, unsigned *depth)
{
	while (take(s, '<')) {
		if (++*depth > (s->rules->strict ? 1 : NESTING))
			return bad(s, ADDR_SYNTAX, "too many '<'");
		if (!skip_comments(s, false))
			return false;
	}
	if (*depth == 0 && s->rules->strict)
		return bad(s, ADDR_SYNTAX, "'<' expected");
	return true;
}

static bool
close_brackets(struct scan *s, unsigned depth)
{
	for (; depth > 0; depth--) {
		if (!skip_comments(s, false))
			return false;
		if (!take(s, '>'))
			return bad(s, ADDR_SYNTAX, "'>' expected");
	}
	return true;
}

/* @one,@two:user@host: skipped by its shape, and forgotten (REL-03). */
static bool
source_route(struct scan *s)
{
	do {
		const char *from;
		bool literal = false;

		if (!take(s, '@'))
			return bad(s, ADDR_SYNTAX, "'@' expected in the route");
		for (from = s->p; s->p < s->end; s->p++) {
			if (at(s, '[') || at(s, ']'))
				literal = at(s, '[');
			else if (!is_domain(*s->p) && !(literal && at(s, ':')))
				break;
		}
		if (s->p == from)
			return bad(s, ADDR_SYNTAX, "empty domain in the route");
	} while (take(s, ','));
	if (!take(s, ':'))
		return bad(s, ADDR_SYNTAX, "':' expected after the route");
	if (s->rules->source_route_reject)
		return bad(s, ADDR_ROUTED, "source routes are not accepted");
	return true;
}

static bool
local_part(struct scan *s)
{
	if (at(s, '"')) {
		s->p++;
		return local_quoted(s) && local_check(s);
	}
	while (s->p < s->end && (is_atom(*s->p) || *s->p == '.')) {
		if (!local_add(s, *s->p++))
			return false;
	}
	if (s->n_local == 0)
		return bad(s, ADDR_SYNTAX, "the local part is missing");
	return local_check(s);
}

/* After the opening quote. No blanks, no < or >, escaped or not: RFC 5321
 * has them, other mail programs stumble over them (threats REL-06). */
static bool
local_quoted(struct scan *s)
{
	while (s->p < s->end && *s->p != '"') {
		bool escaped = take(s, '\\');
		char c = s->p < s->end ? *s->p++ : '\0';

		if ((c <= ' ' && !is_8bit(c)) || c == 0x7f || c == '<' ||
		    c == '>' || (escaped && is_8bit(c)))
			return bad(s, ADDR_SYNTAX, "bad character in quotes");
		if (!local_add(s, c))
			return false;
	}
	if (!take(s, '"'))
		return bad(s, ADDR_SYNTAX, "closing quote missing");
	return true;
}

static bool
local_add(struct scan *s, char c)
{
	if (s->n_local == sizeof(s->local))
		return bad(s, ADDR_TOO_LONG, "local part too long");
	s->local[s->n_local++] = c;
	return true;
}

/* What the listener refuses, in quotes or not (threats REL-02, STM-07). */
static bool
local_check(struct scan *s)
{
	const struct addr_rules *r = s->rules;
	struct str local = { s->local, s->n_local };
	bool high = false;

	for (size_t i = 0; i < local.n; i++) {
		high = high || is_8bit(local.p[i]);
		if (r->reject_chars.n > 0 &&
		    memchr(r->reject_chars.p, local.p[i], r->reject_chars.n))
			return bad(s, ADDR_CHARS, "character not allowed");
	}
	if (!high)
		return true;
	if (!r->smtputf8 && !r->allow_8bit_user)
		return bad(s, ADDR_8BIT, "8-bit local part");
	if (!str_valid_utf8(local) || !utf8_harmless(local))
		return bad(s, ADDR_SYNTAX, "bad UTF-8 in the local part");
	return true;
}

/* The canonical local part: quoted when it is not just atoms and dots. */
static struct str
local_print(struct scan *s)
{
	char *out = arena_alloc(s->mem, 2 * s->n_local + 3), *p = out;
	bool quote = s->n_local == 0;

	for (size_t i = 0; i < s->n_local; i++)
		quote = quote || !(is_atom(s->local[i]) || s->local[i] == '.');
	if (quote)
		*p++ = '"';
	for (size_t i = 0; i < s->n_local; i++) {
		if (s->local[i] == '"' || s->local[i] == '\\')
			*p++ = '\\';
		*p++ = s->local[i];
	}
	if (quote)
		*p++ = '"';
	return view(out, p);
}

/* After the "@". Nothing there: joe@, for the default domain. */
static bool
domain_part(struct scan *s, struct str *domain)
{
	return at(s, '[') ? domain_literal(s, domain) : domain_name(s, domain);
}

static bool
domain_name(struct scan *s, struct str *domain)
{
	const char *from = s->p;
	bool high = false;

	for (; s->p < s->end; s->p++) {
		if (!is_domain(*s->p))
			break;
		high = high || is_8bit(*s->p);
	}
	*domain = view(from, s->p);
	if (domain->n == 0)
		return true;
	if (domain->n > DOMAIN_MAX + 1)
		return bad(s, ADDR_TOO_LONG, "domain too long");
	if (high && !s->rules->smtputf8 && !s->rules->allow_8bit_domain)
		return bad(s, ADDR_8BIT, "8-bit domain");
	if (!addr_domain_ok(*domain, domain, s->mem))
		return bad(s, ADDR_SYNTAX, "malformed domain");
	if (!s->rules->allow_partial && str_find(*domain, '.') == domain->n)
		return bad(s, ADDR_SYNTAX, "domain without a dot");
	return true;
}

static bool
domain_literal(struct scan *s, struct str *domain)
{
	const char *from = s->p;
	const char *close = memchr(from, ']', (size_t)(s->end - from));
	char text[IP_TEXT];
	struct ip ip;

	if (close == NULL)
		return bad(s, ADDR_SYNTAX, "']' expected");
	s->p = close + 1;
	*domain = view(from, s->p);
	if (addr_literal(*domain, &ip)) {
		*domain = str_of(arena_printf(s->mem, "[%s%s]",
		    ip_is_v4(&ip) ? "" : "IPv6:", ip_text(&ip, text)));
		return true;
	}
	if (!s->rules->literal_accept || domain->n > DOMAIN_MAX ||
	    !general_literal(view(from + 1, close)))
		return bad(s, ADDR_SYNTAX, "unknown address literal");
	*domain = arena_str(s->mem, *domain);
	str_lower((char *)(uintptr_t)domain->p);
	return true;
}

/* RFC 5321 General-address-literal: tag ":" content. Only harmless content:
 * what we hand on must not look like anything else. */
static bool
general_literal(struct str body)
{
	struct str tag = str_cut(&body, ':');

	if (tag.n == 0 || body.n == 0 || str_is_nocase(tag, "IPv6"))
		return false;
	for (size_t i = 0; i < tag.n; i++) {
		if (!is_alnum(tag.p[i]) && tag.p[i] != '-')
			return false;
	}
	for (size_t i = 0; i < body.n; i++) {
		if (is_8bit(body.p[i]) ||
		    !(is_domain(body.p[i]) || body.p[i] == ':'))
			return false;
	}
	return is_alnum(tag.p[tag.n - 1]);
}

static void
finish(struct scan *s, struct addr *a, struct str domain)
{
	struct str local = local_print(s);
	char *text = arena_alloc(s->mem, local.n + domain.n + 2);
	size_t n = local.n;

	memcpy(text, local.p, local.n);
	if (domain.n > 0) {
		text[n++] = '@';
		memcpy(text + n, domain.p, domain.n);
		n += domain.n;
	}
	a->text = view(text, text + n);
	a->local = view(text, text + local.n);
	a->domain = view(text + n - domain.n, text + n);
}

/* After the path comes nothing, or a blank and parameters. */
static bool
rest_ok(struct scan *s, struct str *rest)
{
	const char *from = s->p;

	if (!skip_comments(s, true))
		return false;
	if (s->p < s->end && s->p == from)
		return bad(s, ADDR_SYNTAX, "text after the address");
	if (s->p < s->end && !is_alnum(*s->p))
		return bad(s, ADDR_SYNTAX, "text after the address");
	*rest = view(s->p, s->end);
	return true;
}

/* Comments (loose mode) and, where they may be, blanks. */
static bool
skip_comments(struct scan *s, bool blanks)
{
	for (;;) {
		while (blanks && s->p < s->end && (at(s, ' ') || at(s, '\t')))
			s->p++;
		if (s->rules->strict || !at(s, '('))
			return true;
		if (!comment(s))
			return false;
	}
}

static bool
comment(struct scan *s)
{
	unsigned depth = 0;

	while (s->p < s->end) {
		char c = *s->p++;

		bool escaped = c == '\\' && s->p < s->end;

		if (escaped)
			c = *s->p++;
		if ((c < ' ' && !is_8bit(c)) || c == 0x7f)
			return bad(s, ADDR_SYNTAX, "control in a comment");
		if (escaped)
			continue;
		if (c == '(' && ++depth > COMMENT_DEPTH)
			return bad(s, ADDR_SYNTAX, "comments nested too deep");
		if (c == ')' && --depth == 0)
			return true;
	}
	return bad(s, ADDR_SYNTAX, "comment without an end");
}

static bool
at(const struct scan *s, char c)
{
	return s->p < s->end && *s->p == c;
}

static bool
take(struct scan *s, char c)
{
	if (!at(s, c))
		return false;
	s->p++;
	return true;
}

static bool
bad(struct scan *s, enum addr_problem problem, const char *why)
{
	s->problem = problem;
	err_set(s->err, ERR_PERM, "%s", why);
	return false;
}

/* No character that shows as something else than it is: C1 controls, line
 * and paragraph separators, bidirectional controls, other forms of "@". */
static bool
utf8_harmless(struct str s)
{
	static const struct {
		const char *lo, *hi; /* first and last, in UTF-8 */
	} refused[] = {
		{ "\xc2\x80", "\xc2\x9f" },         /* C1 controls */
		{ "\xd8\x9c", "\xd8\x9c" },         /* U+061C */
		{ "\xe2\x80\x8b", "\xe2\x80\x8f" }, /* U+200B-200F */
		{ "\xe2\x80\xa8", "\xe2\x80\xae" }, /* U+2028-202E */
		{ "\xe2\x81\xa0", "\xe2\x81\xaf" }, /* U+2060-206F */
		{ "\xef\xb9\xab", "\xef\xb9\xab" }, /* U+FE6B small @ */
		{ "\xef\xbb\xbf", "\xef\xbb\xbf" }, /* U+FEFF */
		{ "\xef\xbc\xa0", "\xef\xbc\xa0" }, /* U+FF20 wide @ */
	};

	for (size_t i = 0; i < s.n; i++) {
		size_t k = 0;

		if (!is_8bit(s.p[i]))
			continue;
		for (; k < sizeof(refused) / sizeof(refused[0]); k++) {
			size_t n = strlen(refused[k].lo);

			if (n <= s.n - i &&
			    memcmp(s.p + i, refused[k].lo, n) >= 0 &&
			    memcmp(s.p + i, refused[k].hi, n) <= 0)
				return false;
		}
	}
	return true;
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static bool
is_atom(char c)
{
	return is_alnum(c) || is_8bit(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_domain(char c)
{
	return is_alnum(c) || is_8bit(c) || c == '.' || c == '-' || c == '_';
}

static bool
is_8bit(char c)
{
	return (c & 0x80) != 0;
}

/* Where the quoted local part ends; 0: not quoted; past the end: broken. */
static size_t
quoted_end(struct str addr)
{
	if (addr.n == 0 || addr.p[0] != '"')
		return 0;
	for (size_t i = 1; i < addr.n; i++) {
		if (addr.p[i] == '"')
			return i + 1;
		i += addr.p[i] == '\\';
	}
	return addr.n + 1;
}

static struct str
view(const char *from, const char *to)
{
	return (struct str){ from, (size_t)(to - from) };
}

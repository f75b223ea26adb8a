/*
 * header_addrs.c - the addresses in a header field
 *
 *	list	item *("," item)	an item may be missing
 *	item	run			a bare address: joe
 *		run "@" domain		joe@example.com
 *		*run "<" address ">"	Joe Blogs <joe@example.com>
 *		1*run ":" list ";"	a group; not within another
 *
 * A run is what stands together: atoms, dots, quoted strings and encoded
 * words. Blanks, folds and comments may stand between any two things. People
 * write names with unquoted dots and brackets, and names that look like an
 * address: that is accepted before "<", nothing else is guessed.
 */
#include <string.h>

#include "base/mem.h"
#include "mail/addr.h"
#include "mail/header.h"

#define COMMENT_DEPTH 16

struct parser {
	const char *p, *end;
	struct arena *mem;
	struct header_addr *v;
	size_t n, cap;
};

/* One run, and whether it may be a local part. */
struct run {
	struct str text;
	bool phrase_only;
};

static bool list(struct parser *);
static bool item(struct parser *, bool *in_group);
static bool plain(struct parser *, const struct run *, unsigned n_runs);
static bool with_domain(struct parser *, const struct run *);
static bool bracketed(struct parser *);
static bool route(struct parser *);
static bool domain(struct parser *, struct str *out);
static bool take_run(struct parser *, struct run *);
static bool quoted(struct parser *);
static bool encoded_word(struct parser *);
static bool skip(struct parser *);
static bool comment(struct parser *);
static void found(struct parser *, struct str local, struct str domain);
static bool at(const struct parser *, char c);
static bool at_end_of_item(const struct parser *);
static bool is_control(char c);
static bool is_special(char c);

bool
header_addrs(
    struct str value, struct header_addr **v, size_t *n, struct arena *mem)
{
	struct parser ps = { .p = value.p, .mem = mem };
	bool ok;

	ps.end = ps.p + value.n;
	ok = list(&ps);
	*v = ps.v;
	*n = ps.n;
	return ok;
}

static bool
list(struct parser *ps)
{
	bool in_group = false;

	for (;;) {
		if (!skip(ps))
			return false;
		if (ps->p == ps->end)
			return !in_group;
		if (at(ps, ',')) {
			ps->p++;
		} else if (at(ps, ';') && in_group) {
			ps->p++;
			in_group = false;
			if (!skip(ps) || (ps->p < ps->end && !at(ps, ',')))
				return false;
		} else if (!item(ps, &in_group)) {
			return false;
		}
	}
}

/* Up to what separates it from the next, or behind the ":" of a group. */
static bool
item(struct parser *ps, bool *in_group)
{
	struct run run = { STR(""), false };
	unsigned n_runs = 0;
	size_t n_found = ps->n;

	while (ps->p < ps->end && !is_special(*ps->p)) {
		if (!take_run(ps, &run) || !skip(ps))
			return false;
		n_runs++;
	}
	if (at(ps, ':')) {
		if (n_runs == 0 || *in_group)
			return false;
		ps->p++;
		*in_group = true;
		return true;
	}
	if (!at(ps, '<') && !plain(ps, &run, n_runs))
		return false;
	if (at(ps, '<')) {
		ps->n = n_found; /* that was a name */
		if (!bracketed(ps))
			return false;
	}
	return at_end_of_item(ps);
}

static bool
plain(struct parser *ps, const struct run *run, unsigned n_runs)
{
	if (n_runs != 1)
		return false;
	if (at(ps, '@'))
		return with_domain(ps, run);
	if (!run->phrase_only)
		found(ps, run->text, (struct str){ NULL, 0 });
	return true;
}

/* Behind the local part. */
static bool
with_domain(struct parser *ps, const struct run *local)
{
	struct str d;

	ps->p++;
	if (!skip(ps) || !domain(ps, &d) || !skip(ps))
		return false;
	if (!local->phrase_only)
		found(ps, local->text, d);
	return true;
}

/* <joe@example.com>, <joe>, <@a,@b:joe@example.com>, <> */
static bool
bracketed(struct parser *ps)
{
	struct run local;

	ps->p++;
	if (!skip(ps) || (at(ps, '@') && !route(ps)))
		return false;
	if (!at(ps, '>')) {
		if (ps->p == ps->end || is_special(*ps->p) ||
		    !take_run(ps, &local) || !skip(ps))
			return false;
		if (at(ps, '>') && !local.phrase_only)
			found(ps, local.text, (struct str){ NULL, 0 });
		else if (at(ps, '@') && !with_domain(ps, &local))
			return false;
	}
	if (!at(ps, '>'))
		return false;
	ps->p++;
	return skip(ps);
}

static bool
route(struct parser *ps)
{
	struct str ignored;

	while (at(ps, '@')) {
		ps->p++;
		if (!skip(ps) || !domain(ps, &ignored) || !skip(ps))
			return false;
		while (at(ps, ',')) {
			ps->p++;
			if (!skip(ps))
				return false;
		}
	}
	if (!at(ps, ':'))
		return false;
	ps->p++;
	return skip(ps);
}

/* A name or a literal. Whether it is a good one is found() to say. */
static bool
domain(struct parser *ps, struct str *out)
{
	const char *from = ps->p;

	if (at(ps, '[')) {
		while (ps->p < ps->end && *ps->p != ']') {
			if (is_control(*ps->p) || *ps->p == ' ')
				return false;
			ps->p++;
		}
		if (ps->p == ps->end)
			return false;
		ps->p++;
	} else {
		while (ps->p < ps->end && !is_control(*ps->p) &&
		       *ps->p != ' ' && !is_special(*ps->p) && *ps->p != '(' &&
		       *ps->p != '"' && *ps->p != '[' && *ps->p != '\\')
			ps->p++;
	}
	*out = (struct str){ from, (size_t)(ps->p - from) };
	return out->n > 0;
}

static bool
take_run(struct parser *ps, struct run *run)
{
	const char *from = ps->p;

	run->phrase_only = false;
	while (ps->p < ps->end && !is_special(*ps->p) && *ps->p != ' ' &&
	       *ps->p != '(' && !is_control(*ps->p)) {
		if (at(ps, '"')) {
			if (!quoted(ps))
				return false;
		} else if (encoded_word(ps)) {
			run->phrase_only = true;
		} else {
			run->phrase_only |= memchr("[]\\", *ps->p, 3) != NULL;
			ps->p++;
		}
	}
	run->text = (struct str){ from, (size_t)(ps->p - from) };
	return run->text.n > 0;
}

static bool
quoted(struct parser *ps)
{
	for (ps->p++; ps->p < ps->end && *ps->p != '"'; ps->p++) {
		if (at(ps, '\\') && ps->end - ps->p > 1)
			ps->p++;
		if (is_control(*ps->p) && memchr("\t\r\n", *ps->p, 3) == NULL)
			return false;
	}
	if (ps->p == ps->end)
		return false;
	ps->p++;
	return true;
}

/* =?charset?B?text?= (RFC 2047). People leave specials in the text. */
static bool
encoded_word(struct parser *ps)
{
	struct str in = { ps->p, (size_t)(ps->end - ps->p) };
	size_t i = 2;

	if (!str_starts(in, STR("=?")))
		return false;
	for (int mark = 0; mark < 3; mark++) {
		size_t from = i;

		while (i < in.n && in.p[i] > ' ' && in.p[i] < 0x7f &&
		       in.p[i] != '?')
			i++;
		if (i >= in.n || in.p[i] != '?' || (mark < 2 && i == from))
			return false;
		i++;
	}
	if (i >= in.n || in.p[i] != '=')
		return false;
	ps->p += i + 1;
	return true;
}

/* Blanks, folds, comments. */
static bool
skip(struct parser *ps)
{
	while (ps->p < ps->end) {
		if (at(ps, '(')) {
			if (!comment(ps))
				return false;
		} else if (memchr(" \t\r\n", *ps->p, 4) != NULL) {
			ps->p++;
		} else {
			return !is_control(*ps->p);
		}
	}
	return true;
}

static bool
comment(struct parser *ps)
{
	unsigned depth = 0;

	for (; ps->p < ps->end; ps->p++) {
		if (is_control(*ps->p) && memchr("\t\r\n", *ps->p, 3) == NULL)
			return false;
		if (at(ps, '\\') && ps->end - ps->p > 1)
			ps->p++;
		else if (at(ps, '(') && ++depth > COMMENT_DEPTH)
			return false;
		else if (at(ps, ')') && --depth == 0)
			break;
	}
	if (ps->p == ps->end)
		return false;
	ps->p++;
	return true;
}

/* What has a canonical form is one. */
static void
found(struct parser *ps, struct str local, struct str domain)
{
	static const struct addr_rules rules = { .strict = true,
		.allow_8bit_user = true,
		.allow_8bit_domain = true,
		.allow_partial = true,
		.source_route_reject = true,
		.literal_accept = true,
		.smtputf8 = true };
	struct str rest, text;
	struct addr a;

	if (local.n + domain.n > ADDR_MAX * 2)
		return;
	text = str_of(arena_printf(ps->mem, "<%.*s%s%.*s>", STR_ARG(local),
	    domain.p != NULL ? "@" : "", STR_ARG(domain)));
	if (addr_parse_path(&a, text, &rules, false, &rest, ps->mem, NULL) !=
		ADDR_OK ||
	    rest.n > 0)
		return;
	if (ps->n == ps->cap) {
		struct header_addr *v;

		ps->cap = ps->cap == 0 ? 8 : 2 * ps->cap;
		v = arena_array(ps->mem, ps->cap, sizeof(*v));
		if (ps->n > 0)
			memcpy(v, ps->v, ps->n * sizeof(*v));
		ps->v = v;
	}
	ps->v[ps->n++] = (struct header_addr){ a.text, local, domain };
}

static bool
at(const struct parser *ps, char c)
{
	return ps->p < ps->end && *ps->p == c;
}

static bool
at_end_of_item(const struct parser *ps)
{
	return ps->p == ps->end || at(ps, ',') || at(ps, ';');
}

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static bool
is_special(char c)
{
	return c != '\0' && strchr("<>,;:@)", c) != NULL;
}

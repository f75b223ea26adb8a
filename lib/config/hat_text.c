/*
 * hat_text.c - a host access table as text, read
 *
 *	file     = { defaults | policy | group | entry }
 *	defaults = "DEFAULTS {" block
 *	policy   = "$NAME" NEWLINE BLANKS behaviour [ "{" block ]
 *	group    = "NAME:" { NEWLINE BLANKS entry-text } verdict
 *	entry    = entry-text verdict
 *	verdict  = NEWLINE BLANKS ( policy-name | behaviour [ "{" block ] )
 *	           [ "(" comment ")" ]
 *
 * An item begins with a line that is not indented. One that is wrong is
 * passed over, so that all errors of a file are found at once. What names
 * and values are good is the loader's business.
 */
#include "config/hat_text.h"

#include "config/access_text.h"
#include "config/name.h"

struct reader {
	struct lines lines;
	struct grow top, policies, groups;
	struct node *defaults;
	bool has_all;
};

static void read_item(struct reader *);
static void read_defaults(struct reader *);
static void read_policy(struct reader *);
static void read_group(struct reader *);
static void read_single(struct reader *);
static void read_verdict(struct reader *, struct grow *group);
static void read_parameters(
    struct reader *, struct grow *group, struct str *rest);
static bool opens_item(struct reader *);
static bool is_group(struct str line);
static bool is_verdict(struct str line);
static struct str first_word(struct str *line);

struct node *
hat_text_read(struct load *ld, struct str text)
{
	struct reader r;

	lines_begin(&r.lines, ld, text);
	r.top = grow_begin(&r.lines, NODE_MAP, text);
	r.policies = grow_begin(&r.lines, NODE_LIST, text);
	r.groups = grow_begin(&r.lines, NODE_LIST, text);
	r.defaults = NULL;
	r.has_all = false;
	while (lines_next(&r.lines))
		read_item(&r);
	if (!r.has_all)
		lines_error(&r.lines, (struct str){ r.lines.begin, 0 },
		    "ALL is missing: at the end two lines must say what "
		    "happens to everybody else, such as ALL and, indented, "
		    "$BLOCKED");
	if (r.defaults != NULL)
		grow_put(&r.top, "defaults", r.defaults);
	grow_put(&r.top, "policies", r.policies.node);
	grow_put(&r.top, "groups", r.groups.node);
	return r.top.node;
}

static void
read_item(struct reader *r)
{
	struct str line = r->lines.text;

	if (r->lines.indented) {
		lines_error(&r->lines, line,
		    "is indented, but belongs to nothing above it");
		lines_skip(&r->lines);
	} else if (line.p[0] == '$') {
		read_policy(r);
	} else if (line.p[line.n - 1] == '{') {
		read_defaults(r);
	} else if (is_group(line)) {
		read_group(r);
	} else {
		read_single(r);
	}
}

static void
read_defaults(struct reader *r)
{
	struct lines *l = &r->lines;
	struct str line = l->text;
	struct grow map = grow_begin(l, NODE_MAP, line);
	struct str word = str_trim(str_sub(line, 0, line.n - 1)), rest;

	if (!str_is(word, "DEFAULTS"))
		lines_error(l, line, "must be \"DEFAULTS {\"");
	else if (r->defaults != NULL)
		lines_error(l, line, "the defaults stand in line %d already",
		    r->defaults->line);
	else
		r->defaults = map.node;
	if (block_read(l, &map, &rest) && rest.n > 0)
		lines_error(l, rest, "there must be nothing behind the }");
}

static void
read_policy(struct reader *r)
{
	struct lines *l = &r->lines;
	struct grow map = grow_begin(l, NODE_MAP, l->text);
	struct str rest, word;

	grow_put(&map, "name", node_text(l, l->text, l->text));
	if (!lines_next(l) || !l->indented) {
		lines_error(l, l->text,
		    "policy %.*s: in the next line must stand, indented, its "
		    "behaviour",
		    STR_ARG(str_sub(map.node->child->text, 0, 40)));
		lines_back(l);
		return;
	}
	rest = l->text;
	word = first_word(&rest);
	grow_put(&map, "behaviour", node_text(l, word, word));
	if (str_is(rest, "{")) {
		if (!block_read(l, &map, &rest))
			return;
	}
	if (rest.n > 0) {
		lines_error(l, rest,
		    "behind the behaviour of a policy may only stand a block "
		    "{ ... }");
		lines_skip(l);
		return;
	}
	grow_add(&r->policies, map.node);
}

static void
read_group(struct reader *r)
{
	struct lines *l = &r->lines;
	struct grow map = grow_begin(l, NODE_MAP, l->text);
	struct grow entries = grow_begin(l, NODE_LIST, l->text);
	struct str name = str_sub(l->text, 0, l->text.n - 1);
	bool counts = opens_item(r);

	grow_put(&map, "name", node_text(l, name, name));
	grow_put(&map, "entries", entries.node);
	while (lines_next(l) && l->indented) {
		if (is_verdict(l->text)) {
			read_verdict(r, &map);
			if (counts)
				grow_add(&r->groups, map.node);
			return;
		}
		grow_add(&entries, node_text(l, l->text, l->text));
	}
	lines_error(l, l->text,
	    "group %.*s: behind its entries must stand, indented, a policy or "
	    "behaviour",
	    STR_ARG(name));
	lines_back(l);
}

static void
read_single(struct reader *r)
{
	struct lines *l = &r->lines;
	struct grow map = grow_begin(l, NODE_MAP, l->text);
	bool counts = opens_item(r), all = str_is_nocase(l->text, "ALL");

	r->has_all = r->has_all || all;
	grow_put(
	    &map, all ? "name" : "entries", node_text(l, l->text, l->text));
	if (!lines_next(l) || !l->indented || !is_verdict(l->text)) {
		lines_error(l, l->text,
		    "entry %.*s: in the next line must stand, indented, a "
		    "policy or behaviour",
		    STR_ARG(str_sub(map.node->child->text, 0, 60)));
		lines_back(l);
		if (l->indented)
			lines_skip(l);
		return;
	}
	read_verdict(r, &map);
	if (counts)
		grow_add(&r->groups, map.node);
}

static void
read_verdict(struct reader *r, struct grow *group)
{
	struct lines *l = &r->lines;
	struct str rest = l->text, comment;
	struct str word = first_word(&rest);

	grow_put(group, "policy", node_text(l, word, word));
	if (rest.n > 0 && rest.p[0] == '{')
		read_parameters(r, group, &rest);
	if (rest.n == 0)
		return;
	if (parenthesized(rest, &comment))
		grow_put(group, "comment", node_text(l, rest, comment));
	else
		lines_error(l, rest,
		    "behind a policy or behaviour may only stand a comment in "
		    "parentheses, or { for parameters at the end of the line");
}

/* *rest: "{", then what stands behind the "}". */
static void
read_parameters(struct reader *r, struct grow *group, struct str *rest)
{
	struct lines *l = &r->lines;
	struct grow block = grow_begin(l, NODE_MAP, *rest);

	if (rest->n != 1)
		return;
	*rest = STR("");
	if (block_read(l, &block, rest))
		grow_put(group, "parameters", block.node);
}

/* False, reported: behind ALL there can be no more. */
static bool
opens_item(struct reader *r)
{
	if (r->has_all)
		lines_error(&r->lines, r->lines.text,
		    "stands behind ALL and is never reached; ALL must be last");
	return !r->has_all;
}

/* "NAME:"; an IPv6 address that ends with a colon has more of them. */
static bool
is_group(struct str line)
{
	return line.p[line.n - 1] == ':' &&
	       name_group(str_sub(line, 0, line.n - 1), NULL);
}

/* No entry begins so. */
static bool
is_verdict(struct str line)
{
	struct str word = first_word(&line);

	for (int b = ACCEPT; b <= CONTINUE; b++) {
		if (str_is_nocase(word, behaviour_name(b)))
			return true;
	}
	return word.n > 0 && word.p[0] == '$';
}

/* Up to a blank, a parenthesis or a brace. */
static struct str
first_word(struct str *line)
{
	size_t n = 0;
	struct str word;

	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t' &&
	       line->p[n] != '(' && line->p[n] != '{')
		n++;
	word = str_sub(*line, 0, n);
	*line = str_trim(str_sub(*line, n, line->n));
	return word;
}

/*
 * table_alias.c - the alias table
 *
 *	admin@example.com: administrator@example.com
 *	[ example.com, .example.net ]
 *	joe, fred: joseph@example.com,
 *		mary@example.com
 *
 * Spec receiving 6.4. A user in a context becomes a key for each of its
 * domains; before the first context, one for all domains.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "config/name.h"
#include "config/pattern.h"
#include "config/table_draft.h"

#define CONTINUES                                                              \
	"; a line that begins with a blank continues the line before it"

struct context {
	struct str *v; /* heap: domains, ".domain" for all below it */
	size_t n, cap;
};

static void read_context(struct draft *, struct context *);
static void read_domain(struct draft *, struct context *, struct str item);
static void read_alias(struct draft *, const struct context *);
static bool read_lefts(
    struct draft *, const struct context *, struct str *rest, struct str *left);
static void read_left(struct draft *, const struct context *, struct str item);
static void read_address(struct draft *, struct str item);
static void read_user(struct draft *, const struct context *, struct str);
static struct str read_rights(struct draft *, struct str rest);
static struct str read_right(struct draft *, struct str item);
static bool is_foreign(struct str item);
static struct str lower(struct draft *, struct str);
static struct str unknown_target(
    const struct table *, const struct draft_key *, struct str targets);
static bool knows(const struct table *, struct str user, struct str domain);

void
table_read_aliases(struct draft *d)
{
	struct context context = { .n = 0 };

	while (draft_next(d, true)) {
		if (d->line.p[0] == ' ' || d->line.p[0] == '\t')
			draft_error(d, d->line.p,
			    "there is no line before it" CONTINUES);
		else if (d->line.p[0] == '[')
			read_context(d, &context);
		else if (draft_entry(d))
			read_alias(d, &context);
	}
	free(context.v);
}

/* Chains end in addresses: what is none must be an alias wherever the entry
 * that names it counts. */
void
table_check_aliases(struct draft *d, const struct table *t)
{
	struct str *unknown = mem_array(d->n_entries + 1, sizeof(*unknown));
	char quoted[100];

	for (size_t i = 0; i < d->n_keys; i++) {
		const struct draft_key *k = &d->keys[i];

		if (unknown[k->order].n == 0)
			unknown[k->order] =
			    unknown_target(t, k, d->entries[k->order].right);
	}
	for (size_t i = 0; i < d->n_entries; i++) {
		if (unknown[i].n > 0)
			load_error_mark(&d->load, d->entries[i].line, 1,
			    "%s is neither an address nor an alias that "
			    "counts for %.*s",
			    load_quote(quoted, unknown[i]),
			    STR_ARG(d->entries[i].left));
	}
	free(unknown);
}

static void
read_context(struct draft *d, struct context *c)
{
	struct str rest = str_sub(d->line, 1, d->line.n);

	c->n = 0;
	for (;;) {
		read_domain(d, c, draft_item(&rest, ",]"));
		draft_skip(&rest);
		if (rest.n == 0 || rest.p[0] != ',')
			break;
		rest = str_sub(rest, 1, rest.n);
	}
	if (rest.n == 0 || rest.p[0] != ']') {
		draft_error(d, rest.p,
		    "expected , or ]: a context is [ example.com, "
		    ".example.net ]");
		return;
	}
	rest = str_sub(rest, 1, rest.n);
	draft_skip(&rest);
	if (rest.n > 0)
		draft_error(d, rest.p, "text behind a context" CONTINUES);
}

static void
read_domain(struct draft *d, struct context *c, struct str item)
{
	struct err err = ERR_INIT;
	char quoted[100];

	if (!name_domain_or_suffix(item, &err)) {
		draft_error(d, item.p,
		    "%s: each part of a context %s, or one "
		    "with a dot before it",
		    load_quote(quoted, item), err.text);
		return;
	}
	c->v = mem_room(c->v, &c->cap, c->n, sizeof(*c->v));
	c->v[c->n++] = lower(d, item);
}

static void
read_alias(struct draft *d, const struct context *context)
{
	struct str rest = d->line, left;

	if (read_lefts(d, context, &rest, &left))
		draft_sides(d, left, read_rights(d, rest));
}

/* Up to the colon. */
static bool
read_lefts(struct draft *d, const struct context *context, struct str *rest,
    struct str *left)
{
	struct buf names;

	buf_init(&names, 2 * TABLE_LINE_MAX);
	for (;;) {
		struct str item = draft_item(rest, ",:");

		read_left(d, context, item);
		if (names.len > 0)
			buf_puts(&names, ", ");
		buf_add_str(&names, item);
		draft_skip(rest);
		if (rest->n == 0 || rest->p[0] != ',')
			break;
		*rest = str_sub(*rest, 1, rest->n);
	}
	*left = arena_str(&d->mem, buf_str(&names));
	buf_fini(&names);
	if (rest->n == 0 || rest->p[0] != ':') {
		draft_error(d, rest->p,
		    "expected a colon: an entry is joe, fred: "
		    "joseph@example.com");
		return false;
	}
	*rest = str_sub(*rest, 1, rest->n);
	return true;
}

static void
read_left(struct draft *d, const struct context *context, struct str item)
{
	char quoted[100];

	if (str_find(item, '@') < item.n)
		read_address(d, item);
	else if (name_user(item))
		read_user(d, context, item);
	else
		draft_error(d, item.p,
		    "%s cannot be an alias: write a user or a whole address",
		    load_quote(quoted, item));
}

static void
read_address(struct draft *d, struct str item)
{
	struct addr_pattern p = { .kind = PATTERN_USER };
	char quoted[100];

	if (pattern_parse(&p, item, &d->mem, NULL) && p.kind == PATTERN_ADDR)
		draft_key(d, SHAPE_ADDR, p.key);
	else
		draft_error(d, item.p,
		    "%s cannot be an alias: write a user or a whole address",
		    load_quote(quoted, item));
}

static void
read_user(struct draft *d, const struct context *c, struct str user)
{
	char *key;

	if (c->n == 0) {
		key = arena_printf(&d->mem, "%.*s@", STR_ARG(user));
		str_lower(key);
		draft_key(d, SHAPE_USER, str_of(key));
	}
	for (size_t i = 0; i < c->n && !d->full; i++) {
		key = arena_printf(
		    &d->mem, "%.*s@%.*s", STR_ARG(user), STR_ARG(c->v[i]));
		str_lower(key);
		draft_key(d,
		    c->v[i].p[0] == '.' ? SHAPE_USER_BELOW : SHAPE_ADDR,
		    str_of(key));
	}
}

static struct str
read_rights(struct draft *d, struct str rest)
{
	struct str targets;
	struct buf list;

	buf_init(&list, 2 * TABLE_LINE_MAX);
	for (;;) {
		struct str item = read_right(d, draft_item(&rest, ","));

		if (list.len > 0)
			buf_puts(&list, ", ");
		buf_add_str(&list, item);
		draft_skip(&rest);
		if (rest.n == 0)
			break;
		if (rest.p[0] != ',') {
			draft_error(d, rest.p,
			    "expected a comma between targets" CONTINUES);
			break;
		}
		rest = str_sub(rest, 1, rest.n);
	}
	targets = arena_str(&d->mem, buf_str(&list));
	buf_fini(&list);
	return targets;
}

static struct str
read_right(struct draft *d, struct str item)
{
	char quoted[100];

	if (item.n == 0)
		draft_error(d, item.p, "an address or alias is missing here");
	else if (str_is(item, "/dev/null"))
		return item;
	else if (is_foreign(item))
		draft_error(d, item.p,
		    "%s: files, programs and :include: are not supported; "
		    "only /dev/null is",
		    load_quote(quoted, item));
	else if (str_find(item, '@') < item.n)
		return draft_target(d, item);
	else if (!name_user(item) || item.p[item.n - 1] == ':')
		draft_error(d, item.p,
		    "%s is neither an address nor an alias" CONTINUES,
		    load_quote(quoted, item));
	return item;
}

static bool
is_foreign(struct str item)
{
	if (item.p[0] == '"')
		item = str_sub(item, 1, item.n);
	return str_starts(item, STR("/")) || str_starts(item, STR("|")) ||
	       str_starts_nocase(item, STR(":include:"));
}

static struct str
lower(struct draft *d, struct str s)
{
	char *p = arena_strz(&d->mem, s);

	str_lower(p);
	return (struct str){ p, s.n };
}

/* The first target of the list that leads nowhere; n 0: none does. */
static struct str
unknown_target(
    const struct table *t, const struct draft_key *key, struct str targets)
{
	size_t at = str_rfind(key->text, '@');
	struct str domain = str_sub(key->text, at + 1, key->text.n);

	while (targets.n > 0) {
		struct str target = str_trim(str_cut(&targets, ','));

		if (str_find(target, '@') == target.n && target.p[0] != '/' &&
		    target.p[0] != '"' && !knows(t, target, domain))
			return target;
	}
	return (struct str){ "", 0 };
}

/* Of ".example.com" any name below it will do that no entry can have. */
static bool
knows(const struct table *t, struct str user, struct str domain)
{
	struct table_hit hit;
	struct arena mem;
	bool found;

	arena_init(&mem, 65536);
	found = table_find(t,
	    str_of(arena_printf(&mem, "%.*s@%s%.*s", STR_ARG(user),
		domain.n > 0 && domain.p[0] == '.' ? "*" : "",
		STR_ARG(domain))),
	    &hit, &mem);
	arena_free(&mem);
	return found;
}

/*
 * table_columns.c - tables of two columns: domain map, masquerading,
 * altsrchost, safelists and blocklists
 *
 *	left [, left ...]	right		# comment
 *
 * Spec receiving 6.2, 6.3, 6.5. What a line may say depends on the kind of
 * the table and on the shape of its left side.
 */
#include <string.h>

#include "base/bounds.h"
#include "config/listed.h"
#include "config/name.h"
#include "config/pattern.h"
#include "config/table_draft.h"

#define ADDRS   (SHAPE_ADDR | SHAPE_USER_BELOW)
#define DOMAINS (SHAPE_DOMAIN | SHAPE_BELOW)

struct left {
	int shape; /* 0: it is none */
	struct str key;
};

struct columns {
	bool list; /* several on the left, separated by commas */
	int shapes;
	int full, domain; /* left sides that may become user@domain, @domain */
	const char *left_form;
};

static const struct columns columns_of[] = {
	[TABLE_DOMAIN_MAP] = {
		.shapes = ADDRS | DOMAINS,
		.full = ADDRS | DOMAINS,
		.domain = DOMAINS,
		.left_form = "user@example.com, user@.example.com, "
			     "@example.com or @.example.com",
	},
	[TABLE_MASQUERADE] = {
		.list = true,
		.shapes = SHAPE_ADDR | SHAPE_USER | DOMAINS | SHAPE_ALL,
		.full = SHAPE_ADDR | SHAPE_USER,
		.domain = DOMAINS | SHAPE_ALL,
		.left_form = "user, user@example.com, @example.com, "
			     "@.example.com or ALL",
	},
	[TABLE_GATEWAYS] = {
		.shapes = SHAPE_ADDR | SHAPE_USER | DOMAINS,
		.left_form = "192.0.2.1, user@example.com, user@, "
			     "@example.com or @.example.com",
	},
	[TABLE_LISTS] = {
		.shapes = SHAPE_ADDR,
		.left_form = "user@example.com",
	},
};

static void read_line(struct draft *, const struct columns *);
static struct str without_comment(struct str line);
static int read_left(struct draft *, const struct columns *, struct str item);
static struct left parse_left(struct draft *, struct str item);
static struct left parse_below(struct draft *, struct str item, size_t at);
static struct left parse_pattern(struct draft *, struct str item);
static struct left parse_client(struct draft *, struct str item);
static struct str read_right(
    struct draft *, const struct columns *, struct str text, int shapes);
static struct str read_name(struct draft *, struct str);
static struct str read_items(struct draft *, struct str);
static struct str read_domain(struct draft *, struct str);

void
table_read_columns(struct draft *d)
{
	while (draft_next(d, false))
		read_line(d, &columns_of[d->kind]);
}

static void
read_line(struct draft *d, const struct columns *c)
{
	struct str rest = without_comment(d->line), item, left, right;
	int shapes = 0;

	if (!draft_entry(d))
		return;
	draft_skip(&rest);
	left = rest;
	for (;;) {
		item = draft_item(&rest, c->list ? "," : "");
		left.n = (size_t)(rest.p - left.p);
		shapes |= read_left(d, c, item);
		draft_skip(&rest);
		if (!c->list || rest.n == 0 || rest.p[0] != ',')
			break;
		rest = str_sub(rest, 1, rest.n);
	}
	right = str_trim(rest);
	if (right.n == 0) {
		draft_error(d, rest.p, "the right side is missing");
		return;
	}
	right = read_right(d, c, right, shapes);
	draft_sides(d, left, right);
}

/* A # begins one where a word could begin. */
static struct str
without_comment(struct str line)
{
	bool quoted = false;

	for (size_t i = 0; i < line.n; i++) {
		char before = i > 0 ? line.p[i - 1] : ' ';

		if (line.p[i] == '"' && before != '\\')
			quoted = !quoted;
		if (line.p[i] == '#' && !quoted &&
		    (before == ' ' || before == '\t'))
			return str_sub(line, 0, i);
	}
	return line;
}

/* Returns its shape. */
static int
read_left(struct draft *d, const struct columns *c, struct str item)
{
	struct left left = parse_left(d, item);
	char quoted[100];

	if (!(left.shape & c->shapes)) {
		draft_error(d, item.p, "%s cannot stand on the left: write %s",
		    load_quote(quoted, item), c->left_form);
		return 0;
	}
	if (left.shape == SHAPE_ALL && !d->private) {
		draft_error(d, item.p, "ALL is for private listeners only");
		return 0;
	}
	draft_key(d, left.shape, left.key);
	return left.shape;
}

static struct left
parse_left(struct draft *d, struct str item)
{
	size_t at = str_rfind(item, '@');

	if (d->kind == TABLE_GATEWAYS && at == item.n)
		return parse_client(d, item);
	if (at == item.n && str_is(item, "ALL"))
		return (struct left){ SHAPE_ALL, STR("ALL") };
	if (at == item.n && name_user(item)) {
		char *key = arena_printf(&d->mem, "%.*s@", STR_ARG(item));

		str_lower(key);
		return (struct left){ SHAPE_USER, str_of(key) };
	}
	/* With its @ a user is only where the table says so. */
	if (at + 1 == item.n && d->kind != TABLE_GATEWAYS)
		return (struct left){ .shape = 0 };
	if (at > 0 && at + 1 < item.n && item.p[at + 1] == '.')
		return parse_below(d, item, at);
	return parse_pattern(d, item);
}

static struct left
parse_below(struct draft *d, struct str item, size_t at)
{
	struct str user = str_sub(item, 0, at);
	struct str tail = str_sub(item, at + 1, item.n);
	char *key;

	if (!name_user(user) || !name_domain_or_suffix(tail, NULL))
		return (struct left){ .shape = 0 };
	key = arena_strz(&d->mem, item);
	str_lower(key);
	return (struct left){ SHAPE_USER_BELOW, { key, item.n } };
}

static struct left
parse_pattern(struct draft *d, struct str item)
{
	static const int shapes[] = {
		[PATTERN_ADDR] = SHAPE_ADDR,
		[PATTERN_USER] = SHAPE_USER,
		[PATTERN_DOMAIN] = SHAPE_DOMAIN,
		[PATTERN_SUBDOMAIN] = SHAPE_BELOW,
	};
	struct addr_pattern p = { .kind = PATTERN_ADDR };
	struct left left;

	if (!pattern_parse(&p, item, &d->mem, NULL))
		return (struct left){ .shape = 0 };
	/* Domains in the map are names: a literal is never mapped. */
	if (d->kind == TABLE_DOMAIN_MAP && p.key.p[p.key.n - 1] == ']')
		return (struct left){ .shape = 0 };
	left = (struct left){ shapes[p.kind], p.key };
	if (left.shape & DOMAINS)
		left.key =
		    str_of(arena_printf(&d->mem, "@%.*s", STR_ARG(p.key)));
	return left;
}

static struct left
parse_client(struct draft *d, struct str item)
{
	char text[IP_TEXT];
	struct ip ip;

	if (!ip_parse(&ip, item))
		return (struct left){ .shape = 0 };
	return (struct left){ SHAPE_ADDR,
		str_of(arena_strdup(&d->mem, ip_text(&ip, text))) };
}

/* shapes: of all that stands on the left. */
static struct str
read_right(
    struct draft *d, const struct columns *c, struct str text, int shapes)
{
	struct str rest = text, item;
	char quoted[100];

	if (d->kind == TABLE_GATEWAYS)
		return read_name(d, text);
	if (d->kind == TABLE_LISTS)
		return read_items(d, text);
	item = draft_item(&rest, "");
	draft_skip(&rest);
	if (rest.n > 0) {
		draft_error(d, rest.p, "%s: text behind the right side",
		    load_quote(quoted, rest));
	} else if (item.p[0] == '@' && !(shapes & ~c->domain)) {
		return read_domain(d, item);
	} else if (item.p[0] == '@') {
		draft_error(d, item.p,
		    "%s: what stands on the left can only become a whole "
		    "address, such as joe@example.com",
		    load_quote(quoted, item));
	} else if (shapes & ~c->full) {
		draft_error(d, item.p,
		    "%s: what stands on the left can only become a domain, "
		    "such as @example.com",
		    load_quote(quoted, item));
	} else {
		return draft_target(d, item);
	}
	return (struct str){ "", 0 };
}

static struct str
read_name(struct draft *d, struct str name)
{
	struct err err = ERR_INIT;

	if (!name_printable(name, &err))
		draft_error(d, name.p, "the name of an interface %s", err.text);
	return name;
}

static struct str
read_items(struct draft *d, struct str text)
{
	struct err err = ERR_INIT;
	struct str items = { "", 0 };
	size_t n;

	if (!listed_canonical(text, &items, &n, &d->mem, &err))
		draft_error(d, text.p, "%s", err.text);
	return items;
}

static struct str
read_domain(struct draft *d, struct str item)
{
	struct err err = ERR_INIT;
	char *domain = arena_strz(&d->mem, item);
	char quoted[100];

	if (!name_domain(str_sub(item, 1, item.n), &err))
		draft_error(d, item.p, "%s: what follows the @ %s",
		    load_quote(quoted, item), err.text);
	str_lower(domain);
	return str_of(domain);
}

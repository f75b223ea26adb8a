/*
 * load_tables.c - tables of addresses: which file, compiled or not
 *
 * A table that two listeners name is loaded once. The compiled form is taken
 * where the bundle has one: bytes of the bundle, which the configuration
 * then keeps. Else the text is compiled here.
 */
#include "config/load_tables.h"

#include <stdio.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "config/table.h"
#include "config/tree.h"

static const struct table *load_table(
    struct load *, const struct at *, enum table_kind, bool private);
static struct table *read_table(struct load *, const struct at *,
    enum table_kind, const char *file, bool private);
static struct table *open_compiled(struct load *, enum table_kind,
    const char *file, const struct bundle_file *text);
static void check_all(
    struct load *, const struct at *, const struct table *, bool private);
static void print_table(struct print *, const char *key, const struct table *);
static bool same_choice(const struct masquerade *, const struct masquerade *);

bool
table_name_ok(struct str name, struct err *err)
{
	if (!name_file(name, err))
		return false;
	if (name.n > NAME_MAX_LEN - (sizeof(TABLE_SUFFIX) - 1)) {
		err_set(err, ERR_USAGE, "must be at most %zu characters",
		    NAME_MAX_LEN - (sizeof(TABLE_SUFFIX) - 1));
		return false;
	}
	if (!str_ends_nocase(name, STR(TABLE_SUFFIX)))
		return true;
	err_set(err, ERR_USAGE,
	    "must not end in " TABLE_SUFFIX ": those are "
	    "made by commit");
	return false;
}

void
load_domain_map(struct load *ld, const struct at *at, void *object)
{
	struct listener *l = object;

	l->domain_map = load_table(ld, at, TABLE_DOMAIN_MAP, true);
}

void
load_masquerade(struct load *ld, const struct at *at, void *object)
{
	struct listener *l = object;
	struct at table = *at;

	schema_defaults(
	    &schema_masquerade, ld->column, &l->masquerade, ld->mem);
	if (at->node != NULL && at->node->kind == NODE_MAP) {
		load_section(ld, &schema_masquerade, at, &l->masquerade, NULL);
		table = at_key(at, "table");
		if (table.node == NULL)
			load_error(ld, at, "needs the key \"table\"");
	}
	l->masquerade.table = load_table(
	    ld, &table, TABLE_MASQUERADE, l->type != LISTENER_PUBLIC);
}

void
load_aliases(struct load *ld, const struct at *at, void *object)
{
	struct config *c = object;

	c->aliases = load_table(ld, at, TABLE_ALIASES, true);
}

void
load_gateways(struct load *ld, const struct at *at, void *object)
{
	struct config *c = object;

	c->gateways = load_table(ld, at, TABLE_GATEWAYS, true);
}

void
load_lists(struct load *ld, const struct at *at, void *object)
{
	struct config *c = object;

	c->lists = load_table(ld, at, TABLE_LISTS, true);
}

void
print_domain_map(struct print *p, const void *object)
{
	const struct listener *l = object;

	print_table(p, "domain_map", l->domain_map);
}

void
print_masquerade(struct print *p, const void *object)
{
	const struct listener *l = object;
	struct masquerade usual = { .table = NULL };

	schema_defaults(&schema_masquerade, p->column, &usual, &p->mem);
	if (l->masquerade.table == NULL ||
	    (!p->all && same_choice(&l->masquerade, &usual))) {
		print_table(p, "masquerade", l->masquerade.table);
		return;
	}
	print_open(p, "masquerade");
	print_table(p, "table", l->masquerade.table);
	print_section(p, &schema_masquerade, &l->masquerade, &usual);
	print_close(p);
}

void
print_aliases(struct print *p, const void *object)
{
	print_table(p, "aliases", ((const struct config *)object)->aliases);
}

void
print_gateways(struct print *p, const void *object)
{
	print_table(p, "altsrchost", ((const struct config *)object)->gateways);
}

void
print_lists(struct print *p, const void *object)
{
	print_table(
	    p, "safelist_blocklist", ((const struct config *)object)->lists);
}

/* Each mapping to an interface or group that there is. */
void
load_check_gateways(struct load *ld)
{
	const struct config *c = ld->config;
	struct load in = *ld;
	struct str left, right, last = STR("");
	struct where where;
	char quoted[100];

	for (size_t i = 0; c->gateways != NULL &&
			   table_entry(c->gateways, i, &left, &right, &where);
	     i++) {
		if (str_eq(right, last))
			continue;
		last = right;
		if (config_interface(c, right) != NULL ||
		    config_interface_group(c, right) != NULL)
			continue;
		in.file = where.file;
		load_error_mark(&in, where.line, 1,
		    "there is no interface and no interface group %s",
		    load_quote(quoted, right));
	}
}

/* NULL: none is wanted, or there was an error. */
static const struct table *
load_table(
    struct load *ld, const struct at *at, enum table_kind kind, bool private)
{
	struct err err = ERR_INIT;
	struct table *t;
	struct str name;
	const char *file;
	char quoted[100];

	if (at->node == NULL || !load_scalar(ld, at, &name) || name.n == 0)
		return NULL;
	if (!table_name_ok(name, &err)) {
		load_error(ld, at, "%s: the name of a file below tables %s",
		    load_quote(quoted, name), err.text);
		return NULL;
	}
	file = arena_printf(ld->mem, TABLE_FOLDER "%.*s", STR_ARG(name));
	t = tree_table(ld->config, file);
	if (t != NULL && table_kind(t) != kind) {
		load_error(ld, at, "%s is a table of another kind already",
		    load_quote(quoted, name));
		return NULL;
	}
	if (t == NULL) {
		t = read_table(ld, at, kind, file, private);
		if (t == NULL)
			return NULL;
		tree_own_table(ld->config, t);
	}
	check_all(ld, at, t, private);
	return t;
}

static struct table *
read_table(struct load *ld, const struct at *at, enum table_kind kind,
    const char *file, bool private)
{
	const struct bundle_file *text = bundle_find(ld->bundle, file);
	struct table *t = open_compiled(ld, kind, file, text);

	if (t != NULL)
		return t;
	if (text != NULL)
		return table_parse(
		    kind, file, text->text, private, ld->problems);
	load_error(ld, at, "there is no file %s", file);
	return NULL;
}

/* NULL: it does not belong to the text, or is damaged, or of another version
 * or kind: then the text counts. Without a text somebody else looked. */
static struct table *
open_compiled(struct load *ld, enum table_kind kind, const char *file,
    const struct bundle_file *text)
{
	char name[NAME_MAX_LEN + sizeof(TABLE_FOLDER TABLE_SUFFIX)];
	const struct bundle_file *compiled;
	struct table *t;

	snprintf(name, sizeof(name), "%s" TABLE_SUFFIX, file);
	compiled = bundle_find(ld->bundle, name);
	if (compiled == NULL || (text != NULL && table_check(compiled->text,
						     text->text, NULL) == -1))
		return NULL;
	t = table_open(kind, file, compiled->text, NULL);
	if (t != NULL)
		tree_hold_bundle(ld->config, ld->bundle);
	return t;
}

/* A table that was read for another listener, or compiled. */
static void
check_all(
    struct load *ld, const struct at *at, const struct table *t, bool private)
{
	struct table_hit hit;

	if (!private && table_get(t, STR("ALL"), &hit))
		load_error(ld, at,
		    "has the entry ALL in line %d, which is for private "
		    "listeners only",
		    hit.where.line);
}

static void
print_table(struct print *p, const char *key, const struct table *t)
{
	struct str file = STR("");

	if (t == NULL && !p->all)
		return;
	if (t != NULL)
		file = str_of(table_file(t) + sizeof(TABLE_FOLDER) - 1);
	print_line(p, key, file);
}

static bool
same_choice(const struct masquerade *a, const struct masquerade *b)
{
	return a->sender == b->sender && a->from == b->from && a->to == b->to &&
	       a->cc == b->cc && a->reply_to == b->reply_to;
}

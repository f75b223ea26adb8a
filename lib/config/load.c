/*
 * load.c - a bundle becomes a configuration: the walk along the schema
 */
#include "config/load.h"

#include <string.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "config/loader.h"
#include "config/tree.h"

static struct config *load(const struct bundle *, uint64_t revision, bool brief,
    struct config_problems *);
static struct config *load_simple(
    const struct bundle *, uint64_t revision, bool brief, struct err *);
static void load_file(struct load *, const struct bundle *);
static void load_filters(struct load *);
static void load_keys(struct load *, const struct schema_section *,
    const struct at *, void *object);
static void load_key(
    struct load *, const struct schema_key *, const struct at *, void *object);
static void load_value(
    struct load *, const struct schema_key *, const struct at *, void *field);
static void load_list(
    struct load *, const struct schema_key *, const struct at *, void *object);
static void load_items(
    struct load *, const struct schema_key *, const struct at *, void *v);
static void load_inheriting(struct load *, const struct schema_key *,
    const struct at *, void **v, size_t *n);
static void refuse_default_only(
    struct load *, const struct schema_section *, const struct at *item);
static void reset_own(
    struct load *, const struct schema_section *, void *object);
static bool is_default_item(const struct schema_key *, const struct node *);

struct config *
config_load(
    const struct bundle *b, uint64_t revision, struct config_problems *problems)
{
	return load(b, revision, false, problems);
}

struct config *
config_load_simple(const struct bundle *b, uint64_t revision, struct err *err)
{
	return load_simple(b, revision, false, err);
}

struct config *
config_load_brief(const struct bundle *b, uint64_t revision, struct err *err)
{
	return load_simple(b, revision, true, err);
}

void
load_section(struct load *ld, const struct schema_section *s,
    const struct at *at, void *object, const void *base)
{
	if (s->begin != NULL)
		s->begin(ld, at, object);
	if (base == NULL) {
		schema_defaults(s, ld->column, object, ld->mem);
	} else {
		memcpy(object, base, s->size);
		reset_own(ld, s, object);
	}
	if (s->where != SCHEMA_NO_WHERE)
		*(struct where *)((char *)object + s->where) = at_where(ld, at);
	if (!node_is_empty(at->node) && at->node->kind != NODE_MAP) {
		load_error(ld, at, "must be keys with values (\"key: value\")");
		return;
	}
	load_unknown(ld, s, at);
	load_keys(ld, s, at, object);
	if (s->finish != NULL)
		s->finish(ld, at, object);
}

void
load_unknown(
    struct load *ld, const struct schema_section *s, const struct at *at)
{
	char quoted[100];

	if (at->node == NULL)
		return;
	for (const struct node *n = at->node->child; n != NULL; n = n->next) {
		struct node mark = { .line = n->key_line,
			.column = n->key_column };
		struct at here = *at;
		const char *near;

		if (schema_find(s, n->key) != NULL)
			continue;
		here.node = &mark;
		/* Beyond what is kept, no trouble is taken. */
		near = ld->problems->n_errors < PROBLEMS_MAX
			   ? schema_near(s, n->key)
			   : NULL;
		load_error(ld, &here, "unknown key %s%s%s%s",
		    load_quote(quoted, n->key),
		    near != NULL ? "; did you mean \"" : "",
		    near != NULL ? near : "", near != NULL ? "\"?" : "");
	}
}

bool
load_scalar(struct load *ld, const struct at *at, struct str *text)
{
	if (at->node->kind != NODE_SCALAR) {
		load_error(ld, at, "must be a single value, not a %s",
		    at->node->kind == NODE_LIST
			? "list"
			: "map (put it in quotes if \": \" belongs to it)");
		return false;
	}
	if (node_is_empty(at->node)) {
		load_error(ld, at,
		    "has no value; write one, or \"\" for an empty text");
		return false;
	}
	*text = at->node->text;
	return true;
}

const void *
load_refer(
    struct load *ld, const struct at *at, const char *list, struct str name)
{
	const struct schema_key *key = schema_find(&schema_top, str_of(list));
	const void *object;
	char quoted[100];

	object = load_find(ld->config, list, name);
	if (object == NULL)
		load_error(ld, at, "there is no %s %s below %s",
		    key->section->name, load_quote(quoted, name), list);
	return object;
}

/* What names an entry of a list is its first key. */
const void *
load_find(const struct config *c, const char *list, struct str name)
{
	const struct schema_key *key = schema_find(&schema_top, str_of(list));
	const struct schema_section *s = key->section;
	const char *v = *(char *const *)((const char *)c + key->off);
	size_t n = *(const size_t *)((const char *)c + key->n_off);

	for (; n > 0; n--, v += s->size) {
		if (str_eq(*(const struct str *)(v + s->keys[0].off), name))
			return v;
	}
	return NULL;
}

size_t
load_each(struct load *ld, const struct at *at, void *arg,
    void (*each)(struct load *, const struct at *, struct str, void *arg))
{
	struct str text;
	size_t i = 0;

	if (node_is_empty(at->node))
		return 0;
	if (at->node->kind != NODE_LIST) {
		if (load_scalar(ld, at, &text))
			each(ld, at, text, arg);
		return 1;
	}
	for (const struct node *n = at->node->child; n != NULL; n = n->next) {
		struct at item = at_item(at, n, i++);

		if (load_scalar(ld, &item, &text))
			each(ld, &item, text, arg);
	}
	return i;
}

static struct config *
load(const struct bundle *b, uint64_t revision, bool brief,
    struct config_problems *problems)
{
	struct config *c = tree_new(revision);
	struct load ld = { .config = c,
		.bundle = b,
		.mem = tree_arena(c),
		.problems = problems,
		.file = "postern.yaml",
		.brief = brief };
	size_t before = problems->n_errors;

	arena_init(&ld.scratch, TREE_MAX);
	load_file(&ld, b);
	arena_free(&ld.scratch);
	if (problems->n_errors == before) {
		tree_index(c);
		tree_compile(c, &ld);
	}
	if (problems->n_errors > before)
		config_unref(&c);
	return c;
}

static struct config *
load_simple(
    const struct bundle *b, uint64_t revision, bool brief, struct err *err)
{
	struct config_problems ps = { .no_warnings = true };
	struct config *c = load(b, revision, brief, &ps);
	struct buf line;

	for (size_t i = 0; c == NULL && i < ps.n; i++) {
		if (ps.v[i].warning)
			continue;
		buf_init(&line, 4096);
		config_problem_print(&ps.v[i], &line);
		err_set(err, ERR_USAGE, "%.*s", STR_ARG(buf_str(&line)));
		buf_fini(&line);
		break;
	}
	config_problems_free(&ps);
	return c;
}

static void
load_file(struct load *ld, const struct bundle *b)
{
	const struct bundle_file *f = bundle_find(b, ld->file);
	struct at top = { 0 };

	if (f == NULL) {
		load_error_mark(ld, 1, 1, "there is no file postern.yaml");
		return;
	}
	top.node = node_read(ld, f->text);
	if (top.node == NULL)
		return;
	load_section(ld, &schema_top, &top, ld->config, NULL);
	load_filters(ld);
	load_check(ld, &top);
}

/* Their source; what it says is for the compiler. */
static void
load_filters(struct load *ld)
{
	const struct bundle_file *f = bundle_find(ld->bundle, FILTERS_FILE);
	const char *file = ld->file;

	if (f == NULL)
		return;
	ld->file = FILTERS_FILE;
	if (f->text.n > FILTER_SOURCE_MAX)
		load_error_mark(ld, 1, 1, "the file is larger than %zu MiB",
		    FILTER_SOURCE_MAX >> 20);
	else
		ld->config->work.filters_source = arena_str(ld->mem, f->text);
	ld->file = file;
}

static void
load_keys(struct load *ld, const struct schema_section *s, const struct at *at,
    void *object)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];

		if (key->name == NULL)
			load_keys(
			    ld, key->section, at, (char *)object + key->off);
		else
			load_key(ld, key, at, object);
	}
}

static void
load_key(struct load *ld, const struct schema_key *key, const struct at *up,
    void *object)
{
	struct at at = at_key(up, key->name);

	if (at.node == NULL && key->flags & KEY_REQUIRED) {
		load_error(ld, up, "needs the key \"%s\"", key->name);
		return;
	}
	if (key->custom.load != NULL) {
		key->custom.load(ld, &at, object);
	} else if (key->list) {
		load_list(ld, key, &at, object);
	} else if (key->section != NULL) {
		/* Its defaults stand already, those of begin() too. */
		if (at.node != NULL || key->flags & KEY_ALWAYS)
			load_section(ld, key->section, &at,
			    (char *)object + key->off, NULL);
	} else if (key->type != NULL && at.node != NULL) {
		load_value(ld, key, &at, (char *)object + key->off);
	}
}

static void
load_value(struct load *ld, const struct schema_key *key, const struct at *at,
    void *field)
{
	struct err err = ERR_INIT;
	struct str text;
	const char *dflt;
	char quoted[100];

	if (!load_scalar(ld, at, &text))
		return;
	if (key->type->parse(key, text, field, ld->mem, &err) == -1) {
		if (key->type == &value_text)
			load_error(ld, at, "%s %s", load_quote(quoted, text),
			    err.text);
		else
			load_error(ld, at, "%s", err.text);
		return;
	}
	if (key->refers != NULL && text.n > 0 && !ld->alone)
		load_refer(ld, at, key->refers, text);
	if (!(key->flags & KEY_NOT_YET))
		return;
	dflt = schema_default(key, ld->column);
	struct buf now;
	buf_init(&now, 4096);
	key->type->print(key, field, &now);
	if (!str_is(buf_str(&now), dflt))
		load_error(ld, at,
		    "this version of Postern knows only the value \"%s\"",
		    dflt);
	buf_fini(&now);
}

static void
load_list(struct load *ld, const struct schema_key *key, const struct at *at,
    void *object)
{
	void **v = (void **)((char *)object + key->off);
	size_t *n = (size_t *)((char *)object + key->n_off);
	size_t size = key->section != NULL ? key->section->size : key->width;
	bool empty = node_is_empty(at->node);

	*v = NULL;
	*n = 0;
	if (!empty && at->node->kind != NODE_LIST) {
		load_error(ld, at, "must be a list (lines with \"- \")");
		return;
	}
	if (!empty && at->node->n > key->max) {
		load_error(ld, at, "has %zu entries; %llu are allowed",
		    at->node->n, (unsigned long long)key->max);
		return;
	}
	if (key->flags & KEY_INHERIT) {
		load_inheriting(ld, key, at, v, n);
		return;
	}
	if (empty)
		return;
	*n = at->node->n;
	*v = arena_array(ld->mem, *n, size);
	load_items(ld, key, at, *v);
}

static void
load_items(
    struct load *ld, const struct schema_key *key, const struct at *at, void *v)
{
	size_t size = key->section != NULL ? key->section->size : key->width;
	size_t i = 0;

	for (const struct node *n = at->node->child; n != NULL; n = n->next) {
		struct at item = at_item(at, n, i);
		void *object = (char *)v + size * i++;

		if (key->section != NULL)
			load_section(ld, key->section, &item, object, NULL);
		else
			load_value(ld, key, &item, object);
	}
}

/* The entry Default, written or not, becomes [0]; what the others do not say
 * they take from it. */
static void
load_inheriting(struct load *ld, const struct schema_key *key,
    const struct at *at, void **v, size_t *n)
{
	const struct schema_section *s = key->section;
	const struct node *first =
	    node_is_empty(at->node) ? NULL : at->node->child;
	size_t count = node_is_empty(at->node) ? 0 : at->node->n, i = 0;
	bool found = false;

	*v = arena_array(ld->mem, count + 1, s->size);
	schema_defaults(s, ld->column, *v, ld->mem);
	*(struct str *)((char *)*v + s->keys[0].off) = STR("Default");
	*n = 1;
	for (const struct node *e = first; e != NULL; e = e->next, i++) {
		struct at item = at_item(at, e, i);

		if (is_default_item(key, e) && !found) {
			load_section(ld, s, &item, *v, NULL);
			found = true;
		}
	}
	i = 0;
	found = false;
	for (const struct node *e = first; e != NULL; e = e->next, i++) {
		struct at item = at_item(at, e, i);

		if (is_default_item(key, e) && !found) {
			found = true;
			continue;
		}
		load_section(ld, s, &item, (char *)*v + s->size * (*n)++, *v);
		refuse_default_only(ld, s, &item);
	}
}

static void
refuse_default_only(
    struct load *ld, const struct schema_section *s, const struct at *item)
{
	for (size_t i = 0; i < s->n; i++) {
		struct at at = at_key(item, s->keys[i].name);

		if (s->keys[i].flags & KEY_DEFAULT_ONLY && at.node != NULL)
			load_error(
			    ld, &at, "belongs to the %s Default only", s->name);
	}
}

/* What names an entry is its own. */
static void
reset_own(struct load *ld, const struct schema_section *s, void *object)
{
	char *fresh = arena_alloc(&ld->scratch, s->size);

	schema_defaults(s, ld->column, fresh, ld->mem);
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];

		if (key->flags & KEY_OWN)
			memcpy((char *)object + key->off, fresh + key->off,
			    key->width);
	}
}

static bool
is_default_item(const struct schema_key *key, const struct node *n)
{
	const struct node *id = node_get(n, key->section->keys[0].name);

	return id != NULL && id->kind == NODE_SCALAR &&
	       str_is_nocase(id->text, "Default");
}

/*
 * edit.c - changing a YAML file: the operations
 */
#include "config/edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "config/edit_parts.h"
#include "config/tree.h"

static bool read_text(struct edit *);
static void learn_style(struct edit *, const struct node *);
static bool begin(struct edit *);
static int finish(struct edit *, bool understood, const struct change *,
    bool had_eol, struct err *);
static bool apply(struct str text, const struct change *, struct buf *);
static void drop_eol(struct buf *, const char *nl);
static int find(struct edit *, struct trail *, const char *path, struct err *);
static struct node *last(const struct trail *);
static struct node *read_value(struct edit *, struct str yaml, struct err *);
static void forget_flow(struct node *);
static int set(struct edit *, const char *path, struct node *, struct err *);
static int insert(
    struct edit *, const char *path, size_t at, struct node *, struct err *);
static int replace(struct edit *, const struct trail *, size_t depth,
    struct node *value, struct err *);
static int add(struct edit *, struct node *parent, size_t at, struct str key,
    struct node *value, struct err *);
static int add_first(
    struct edit *, struct str key, struct node *value, struct err *);
static int no_such(const struct edit *, const char *path, struct err *);

struct edit *
edit_new(const char *file, struct str text, struct config_problems *ps)
{
	struct edit *e = mem_alloc(sizeof(*e));

	e->file = mem_strdup(file);
	e->ld = (struct load){ .file = e->file, .problems = &e->problems };
	arena_init(&e->ld.scratch, TREE_MAX);
	buf_init(&e->text, EDIT_TEXT_MAX);
	buf_add_str(&e->text, text);
	if (!e->text.failed && read_text(e))
		return e;
	if (e->text.failed)
		load_error_mark(&e->ld, 1, 1, "the file is larger than %d MiB",
		    CONFIG_FILE_MAX >> 20);
	config_problems_free(ps);
	*ps = e->problems;
	e->problems = (struct config_problems){ 0 };
	edit_free(&e);
	return NULL;
}

void
edit_free(struct edit **ep)
{
	struct edit *e = *ep;

	if (e == NULL)
		return;
	config_problems_free(&e->problems);
	arena_free(&e->ld.scratch);
	buf_fini(&e->text);
	free(e->file);
	free(e);
	*ep = NULL;
}

struct str
edit_text(const struct edit *e)
{
	return buf_str(&e->text);
}

int
edit_set(struct edit *e, const char *path, struct str yaml, struct err *err)
{
	struct node *value = read_value(e, yaml, err);

	return value != NULL ? set(e, path, value, err) : -1;
}

int
edit_set_text(
    struct edit *e, const char *path, struct str value, struct err *err)
{
	return set(e, path, tree_text(&e->ld.scratch, value), err);
}

int
edit_insert(struct edit *e, const char *path, size_t at, struct str yaml,
    struct err *err)
{
	struct node *value = read_value(e, yaml, err);

	return value != NULL ? insert(e, path, at, value, err) : -1;
}

int
edit_insert_text(struct edit *e, const char *path, size_t at, struct str value,
    struct err *err)
{
	return insert(e, path, at, tree_text(&e->ld.scratch, value), err);
}

int
edit_delete(struct edit *e, const char *path, struct err *err)
{
	struct change ch = { .n = 0 };
	struct node *parent, *node;
	struct trail t;
	size_t d;
	bool ok, eol;

	if (find(e, &t, path, err) == -1)
		return -1;
	if (t.depth != t.path.n || t.path.n == 0)
		return no_such(e, path, err);
	d = t.depth;
	if (t.path.v[d - 1].key.p == NULL && t.nodes[d]->kind == NODE_SCALAR &&
	    t.nodes[d] == t.nodes[d - 1])
		return replace(e, &t, d - 1,
		    tree_new_node(&e->ld.scratch, NODE_LIST), err);
	while (d > 1 && t.nodes[d - 1]->n == 1 &&
	       t.nodes[d - 1]->kind == NODE_MAP &&
	       t.nodes[d - 2]->kind == NODE_MAP)
		d--;
	parent = t.nodes[d - 1];
	node = t.nodes[d];
	if (parent->n == 1 && (d > 1 || parent->flow))
		return replace(e, &t, d - 1,
		    tree_new_node(&e->ld.scratch, parent->kind), err);
	eol = begin(e);
	ok = parent->flow ? flow_remove(e, &ch, parent, node)
			  : block_remove(e, &ch, parent, node);
	tree_remove(parent, node);
	return finish(e, ok, &ch, eol, err);
}

int
edit_move(
    struct edit *e, const char *path, size_t from, size_t to, struct err *err)
{
	struct change ch = { .n = 0 };
	struct node *list, *node;
	struct trail t;
	bool ok, eol;

	if (find(e, &t, path, err) == -1)
		return -1;
	list = last(&t);
	if (list == NULL || list->kind != NODE_LIST || from >= list->n ||
	    to >= list->n)
		return no_such(e, path, err);
	if (from == to)
		return 0;
	eol = begin(e);
	ok = list->flow ? flow_move(e, &ch, list, from, to)
			: block_move(e, &ch, list, from, to);
	node = tree_child(list, from);
	tree_remove(list, node);
	tree_insert(list, to, node);
	return finish(e, ok, &ch, eol, err);
}

int
edit_rename(struct edit *e, const char *path, struct str key, struct err *err)
{
	struct change ch = { .n = 0 };
	struct step step = { key, 0 };
	struct node *node;
	struct trail t;
	struct buf out;
	bool eol;

	if (find(e, &t, path, err) == -1)
		return -1;
	node = last(&t);
	if (node == NULL || node->key.n == 0)
		return no_such(e, path, err);
	if (str_eq(node->key, key))
		return 0;
	if (tree_step(t.nodes[t.depth - 1], &step) != NULL)
		return err_set(err, ERR_USAGE, "%s: \"%.*s\" is there already",
		    e->file, STR_ARG(key));
	eol = begin(e);
	buf_init(&out, EDIT_TEXT_MAX);
	print_scalar(&out, key);
	change_add(&ch, node->key_from, node->key_to - node->key_from,
	    change_text(e, &out));
	buf_fini(&out);
	node->key = arena_str(&e->ld.scratch, key);
	return finish(e, true, &ch, eol, err);
}

bool
edit_has(const struct edit *e, const char *path)
{
	struct trail t;

	return find((struct edit *)e, &t, path, NULL) == 0 && last(&t) != NULL;
}

bool
edit_get(const struct edit *e, const char *path, struct str *value)
{
	struct trail t;
	const struct node *n;

	if (find((struct edit *)e, &t, path, NULL) == -1)
		return false;
	n = last(&t);
	if (n == NULL || n->kind != NODE_SCALAR || node_is_empty(n))
		return false;
	*value = n->text;
	return true;
}

size_t
edit_count(const struct edit *e, const char *path)
{
	struct trail t;
	const struct node *n;

	if (find((struct edit *)e, &t, path, NULL) == -1)
		return 0;
	n = last(&t);
	if (n == NULL || node_is_empty(n))
		return 0;
	return n->kind == NODE_SCALAR ? 1 : n->n;
}

bool
edit_find(const struct edit *e, const char *path, const char *key,
    struct str value, size_t *index)
{
	struct trail t;
	const struct node *list;
	size_t i = 0;

	if (find((struct edit *)e, &t, path, NULL) == -1)
		return false;
	list = last(&t);
	if (list == NULL || list->kind != NODE_LIST)
		return false;
	for (const struct node *c = list->child; c != NULL; c = c->next, i++) {
		const struct node *n = node_get(c, key);

		if (n != NULL && n->kind == NODE_SCALAR &&
		    str_eq(n->text, value)) {
			*index = i;
			return true;
		}
	}
	return false;
}

struct str
change_text(struct edit *e, const struct buf *out)
{
	return arena_str(&e->ld.scratch, buf_str(out));
}

void
change_add(struct change *ch, size_t at, size_t n, struct str text)
{
	if (ch->n == NELEM(ch->v))
		panic("edit: too many splices");
	ch->v[ch->n++] = (struct splice){ at, n, text };
}

/* The tree of e->text; what was there before is gone. */
static bool
read_text(struct edit *e)
{
	struct str text = buf_str(&e->text);
	size_t eol = str_find(text, '\n');

	arena_free(&e->ld.scratch);
	config_problems_free(&e->problems);
	e->ld.n_nodes = 0;
	e->root = node_read(&e->ld, text);
	if (e->root == NULL || e->problems.n_errors > 0)
		return false;
	e->nl =
	    eol < text.n && eol > 0 && text.p[eol - 1] == '\r' ? "\r\n" : "\n";
	e->indent = e->list_indent = 2;
	e->found = e->list_found = false;
	learn_style(e, e->root);
	return true;
}

/* From the first map in a map, and the first list in one. */
static void
learn_style(struct edit *e, const struct node *n)
{
	for (const struct node *c = n->child;
	     c != NULL && !(e->found && e->list_found); c = c->next) {
		size_t deeper = (size_t)(c->column - c->key_column);

		if (!tree_is_block(c) || c->column < c->key_column)
			continue;
		if (n->kind == NODE_MAP && c->kind == NODE_MAP && !e->found) {
			e->indent = deeper;
			e->found = true;
		}
		if (n->kind == NODE_MAP && c->kind == NODE_LIST &&
		    !e->list_found) {
			e->list_indent = deeper;
			e->list_found = true;
		}
		learn_style(e, c);
	}
}

/* Until finish, every line ends in a newline. Whether it had one already. */
static bool
begin(struct edit *e)
{
	struct str t = buf_str(&e->text);
	bool had = t.n == 0 || t.p[t.n - 1] == '\n';

	if (!had)
		buf_puts(&e->text, e->nl);
	return had;
}

/* The tree is as it shall be; is that what the new text says? */
static int
finish(struct edit *e, bool understood, const struct change *ch, bool had_eol,
    struct err *err)
{
	struct node *want = e->root;
	struct arena kept = e->ld.scratch;
	struct buf before = e->text;
	bool good;

	buf_init(&e->text, EDIT_TEXT_MAX);
	good = understood && apply(buf_str(&before), ch, &e->text);
	if (!had_eol) {
		drop_eol(&e->text, e->nl);
		drop_eol(&before, e->nl);
	}
	arena_init(&e->ld.scratch, TREE_MAX);
	good = good && read_text(e) && tree_same(e->root, want);
	arena_free(&kept);
	if (good) {
		buf_fini(&before);
		return 0;
	}
	buf_fini(&e->text);
	e->text = before;
	read_text(e);
	return err_set(err, ERR_USAGE,
	    "%s: this place is written in a form that cannot be changed by a "
	    "command; change it with an editor",
	    e->file);
}

static bool
apply(struct str t, const struct change *ch, struct buf *out)
{
	size_t at = 0;

	for (size_t i = 0; i < ch->n; i++) {
		const struct splice *s = &ch->v[i];

		if (s->at < at || s->at + s->n > t.n)
			return false;
		buf_add_str(out, str_sub(t, at, s->at - at));
		buf_add_str(out, s->text);
		at = s->at + s->n;
	}
	buf_add_str(out, str_sub(t, at, t.n));
	return !out->failed;
}

static void
drop_eol(struct buf *b, const char *nl)
{
	size_t n = strlen(nl);

	if (b->len < n || memcmp(b->data + b->len - n, nl, n) != 0)
		return;
	b->len -= n;
	b->data[b->len] = '\0';
}

/* A single value is also the item [0] of itself. */
static int
find(struct edit *e, struct trail *t, const char *path, struct err *err)
{
	struct arena *mem = &e->ld.scratch;

	t->depth = 0;
	t->nodes[0] = e->root;
	if (path_parse(&t->path, str_of(path), mem, err) == -1)
		return err_in(err, "%s", e->file);
	while (t->depth < t->path.n) {
		const struct step *s = &t->path.v[t->depth];
		struct node *n = t->nodes[t->depth], *next = tree_step(n, s);

		if (next == NULL && s->key.p == NULL && s->index == 0 &&
		    n->kind == NODE_SCALAR && !node_is_empty(n))
			next = n;
		if (next == NULL)
			break;
		t->nodes[++t->depth] = next;
	}
	return 0;
}

static struct node *
last(const struct trail *t)
{
	return t->depth == t->path.n ? t->nodes[t->depth] : NULL;
}

static struct node *
read_value(struct edit *e, struct str yaml, struct err *err)
{
	size_t before = e->problems.n_errors;
	struct node *n = node_read(&e->ld, yaml);

	if (n != NULL && e->problems.n_errors == before) {
		forget_flow(n);
		return n;
	}
	err_set(err, ERR_USAGE, "not a value: %s",
	    e->problems.n > 0 ? e->problems.v[0].text : "too much");
	config_problems_free(&e->problems);
	return NULL;
}

/* The style is that of where it is put. */
static void
forget_flow(struct node *n)
{
	n->flow = false;
	for (struct node *c = n->child; c != NULL; c = c->next)
		forget_flow(c);
}

static int
set(struct edit *e, const char *path, struct node *value, struct err *err)
{
	struct arena *mem = &e->ld.scratch;
	const struct step *missing;
	struct node *parent;
	struct trail t;

	if (find(e, &t, path, err) == -1)
		return -1;
	if (t.depth == t.path.n)
		return t.depth == 0 ? no_such(e, path, err)
				    : replace(e, &t, t.depth, value, err);
	for (size_t i = t.path.n - 1; i > t.depth; i--) {
		if (t.path.v[i].key.p == NULL)
			return no_such(e, path, err);
		value = tree_wrap(mem, NODE_MAP, t.path.v[i].key, value);
	}
	parent = t.nodes[t.depth];
	missing = &t.path.v[t.depth];
	if (missing->key.p == NULL ||
	    (parent->kind != NODE_MAP && !node_is_empty(parent)))
		return no_such(e, path, err);
	if (parent->n > 0)
		return add(e, parent,
		    parent->flow ? parent->n : block_place(parent, value),
		    missing->key, value, err);
	if (t.depth == 0 && !parent->flow)
		return add_first(e, missing->key, value, err);
	return replace(
	    e, &t, t.depth, tree_wrap(mem, NODE_MAP, missing->key, value), err);
}

static int
insert(struct edit *e, const char *path, size_t at, struct node *value,
    struct err *err)
{
	struct arena *mem = &e->ld.scratch;
	struct node *list, *item;
	struct trail t;

	if (find(e, &t, path, err) == -1)
		return -1;
	list = last(&t);
	if ((list == NULL || node_is_empty(list) ||
		(list->kind == NODE_LIST && list->n == 0)) &&
	    (at == 0 || at == EDIT_END))
		return set(e, path,
		    tree_wrap(mem, NODE_LIST, (struct str){ NULL, 0 }, value),
		    err);
	if (list == NULL || list->kind == NODE_MAP)
		return no_such(e, path, err);
	if (list->kind == NODE_SCALAR) {
		if (at > 1 && at != EDIT_END)
			return no_such(e, path, err);
		item = tree_text(mem, list->text);
		list = tree_wrap(mem, NODE_LIST, (struct str){ NULL, 0 }, item);
		tree_insert(list, at, value);
		return set(e, path, list, err);
	}
	if (at == EDIT_END)
		at = list->n;
	if (at > list->n)
		return no_such(e, path, err);
	return add(e, list, at, (struct str){ NULL, 0 }, value, err);
}

/* The node at this depth of the trail becomes the value. */
static int
replace(struct edit *e, const struct trail *t, size_t depth, struct node *value,
    struct err *err)
{
	struct node *old = t->nodes[depth], *parent;
	struct change ch = { .n = 0 };
	bool eol = begin(e), ok;
	struct buf out;

	while (depth > 0 && t->nodes[depth - 1] == old)
		depth--; /* [0] of a single value */
	if (depth == 0) {
		buf_init(&out, EDIT_TEXT_MAX);
		print_flow(&out, value);
		change_add(
		    &ch, old->from, old->to - old->from, change_text(e, &out));
		buf_fini(&out);
		e->root = value;
		return finish(e, true, &ch, eol, err);
	}
	parent = t->nodes[depth - 1];
	ok = parent->flow ? flow_replace(e, &ch, parent, old, value)
			  : block_replace(e, &ch, parent, old, value);
	value->key = old->key;
	tree_insert(parent, tree_index_of(parent, old), value);
	tree_remove(parent, old);
	return finish(e, ok, &ch, eol, err);
}

static int
add(struct edit *e, struct node *parent, size_t at, struct str key,
    struct node *value, struct err *err)
{
	struct change ch = { .n = 0 };
	bool eol = begin(e), ok;

	value->key = key;
	ok = parent->flow ? flow_insert(e, &ch, parent, at, key, value)
			  : block_insert(e, &ch, parent, at, key, value);
	tree_insert(parent, at, value);
	return finish(e, ok, &ch, eol, err);
}

/* Into a file of nothing but comments. */
static int
add_first(struct edit *e, struct str key, struct node *value, struct err *err)
{
	struct change ch = { .n = 0 };
	bool eol = begin(e);
	struct buf out;

	buf_init(&out, EDIT_TEXT_MAX);
	print_scalar(&out, key);
	buf_putc(&out, ':');
	print_behind(e, &out, value, 0, false);
	buf_puts(&out, e->nl);
	change_add(&ch, e->text.len, 0, change_text(e, &out));
	buf_fini(&out);
	value->key = key;
	tree_insert(e->root, 0, value);
	return finish(e, true, &ch, eol, err);
}

static int
no_such(const struct edit *e, const char *path, struct err *err)
{
	return err_set(err, ERR_USAGE, "%s: there is no %s", e->file, path);
}

/*
 * objects.c - which objects of the configuration differ
 */
#include "config/objects.h"

#include "base/bounds.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/loader.h"

#define FILE_NAME  "postern.yaml"
#define NAME_SHOWN 200

/* The trees of both sides, and where names go. */
struct compare {
	struct load from, to;
	struct config_problems ignored;
	struct buf *out;
	size_t found;
};

/* Keys whose value names an entry of a list. */
static const char *const names[] = { "name", "domain" };

static void yaml_changed(struct compare *, struct str from, struct str to);
static const struct node *read_tree(
    struct load *, struct compare *, struct str);
static void each_pair(struct compare *, const struct node *from,
    const struct node *to,
    void (*)(struct compare *, struct str key, const struct node *,
	const struct node *, struct str above),
    struct str above);
static void top_key(struct compare *, struct str key, const struct node *,
    const struct node *, struct str above);
static void sub_key(struct compare *, struct str key, const struct node *,
    const struct node *, struct str above);
static void items(struct compare *, struct str key, const struct node *from,
    const struct node *to);
static void index_items(struct map *, const struct node *list);
static bool is_map(const struct node *);
static bool is_named_list(const struct node *);
static struct str item_name(const struct node *);
static bool same(const struct node *, const struct node *);
static void tell(struct compare *, struct str a, const char *open, struct str b,
    const char *close);

void
objects_changed(
    const struct bundle *from, const struct bundle *to, struct buf *out)
{
	struct compare c = { .out = out };

	for (size_t i = 0; i < to->n; i++) {
		const struct bundle_file *f = &to->files[i];
		const struct bundle_file *old = bundle_get(from, f->name);

		if (old != NULL && str_eq(old->text, f->text))
			continue;
		if (old != NULL && str_is(f->name, FILE_NAME))
			yaml_changed(&c, old->text, f->text);
		else
			tell(&c, f->name, "", STR(""), "");
	}
	for (size_t i = 0; i < from->n; i++)
		if (bundle_get(to, from->files[i].name) == NULL)
			tell(&c, from->files[i].name, "", STR(""), "");
	config_problems_free(&c.ignored);
}

static void
yaml_changed(struct compare *c, struct str from, struct str to)
{
	const struct node *a, *b;

	c->found = 0;
	a = read_tree(&c->from, c, from);
	b = read_tree(&c->to, c, to);
	if (is_map(a) && is_map(b))
		each_pair(c, a, b, top_key, STR(""));
	if (!is_map(a) || !is_map(b) || c->found == 0)
		tell(c, STR(FILE_NAME), "", STR(""), "");
	arena_free(&c->from.scratch);
	arena_free(&c->to.scratch);
}

static const struct node *
read_tree(struct load *ld, struct compare *c, struct str text)
{
	*ld = (struct load){ .problems = &c->ignored, .file = FILE_NAME };
	arena_init(&ld->scratch, (size_t)1 << 30);
	return node_read(ld, text);
}

/* All keys of the new side in their order, then those that are gone. Either
 * may be NULL. */
static void
each_pair(struct compare *c, const struct node *from, const struct node *to,
    void (*each)(struct compare *, struct str key, const struct node *,
	const struct node *, struct str above),
    struct str above)
{
	struct map old, new;

	map_init(&old);
	map_init(&new);
	for (const struct node *n = from != NULL ? from->child : NULL;
	     n != NULL; n = n->next)
		map_put(&old, n->key, (void *)n);
	for (const struct node *n = to != NULL ? to->child : NULL; n != NULL;
	     n = n->next) {
		map_put(&new, n->key, (void *)n);
		each(c, n->key, map_get(&old, n->key), n, above);
	}
	for (const struct node *n = from != NULL ? from->child : NULL;
	     n != NULL; n = n->next)
		if (map_get(&new, n->key) == NULL)
			each(c, n->key, n, NULL, above);
	map_fini(&old, NULL);
	map_fini(&new, NULL);
}

static void
top_key(struct compare *c, struct str key, const struct node *from,
    const struct node *to, struct str above)
{
	bool no_from = node_is_empty(from), no_to = node_is_empty(to);

	(void)above;
	if ((no_from && no_to) || same(from, to))
		return;
	if ((no_from || is_map(from)) && (no_to || is_map(to)))
		each_pair(
		    c, no_from ? NULL : from, no_to ? NULL : to, sub_key, key);
	else if ((no_from || is_named_list(from)) &&
		 (no_to || is_named_list(to)))
		items(c, key, no_from ? NULL : from, no_to ? NULL : to);
	else
		tell(c, key, "", STR(""), "");
}

static void
sub_key(struct compare *c, struct str key, const struct node *from,
    const struct node *to, struct str above)
{
	if (!same(from, to))
		tell(c, above, ".", key, "");
}

static void
items(struct compare *c, struct str key, const struct node *from,
    const struct node *to)
{
	struct map old, new;

	map_init(&old);
	map_init(&new);
	index_items(&old, from);
	index_items(&new, to);
	for (const struct node *n = to != NULL ? to->child : NULL; n != NULL;
	     n = n->next)
		if (!same(map_get(&old, item_name(n)), n))
			tell(c, key, "[", item_name(n), "]");
	for (const struct node *n = from != NULL ? from->child : NULL;
	     n != NULL; n = n->next)
		if (map_get(&new, item_name(n)) == NULL)
			tell(c, key, "[", item_name(n), "]");
	map_fini(&old, NULL);
	map_fini(&new, NULL);
}

static void
index_items(struct map *m, const struct node *list)
{
	for (const struct node *n = list != NULL ? list->child : NULL;
	     n != NULL; n = n->next)
		map_put(m, item_name(n), (void *)n);
}

static bool
is_map(const struct node *n)
{
	return n != NULL && n->kind == NODE_MAP;
}

static bool
is_named_list(const struct node *n)
{
	if (n->kind != NODE_LIST || n->n == 0)
		return false;
	for (n = n->child; n != NULL; n = n->next)
		if (item_name(n).n == 0)
			return false;
	return true;
}

static struct str
item_name(const struct node *item)
{
	for (size_t i = 0; i < NELEM(names); i++) {
		const struct node *n = node_get(item, names[i]);

		if (n != NULL && n->kind == NODE_SCALAR &&
		    n->text.n <= NAME_SHOWN)
			return n->text;
	}
	return STR("");
}

/* Maps are the same in any order of their keys, lists are not. */
static bool
same(const struct node *a, const struct node *b)
{
	const struct node *y;

	if (a == NULL || b == NULL)
		return a == b;
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == NODE_SCALAR)
		return str_eq(a->text, b->text) &&
		       node_is_empty(a) == node_is_empty(b);
	y = b->child;
	for (const struct node *x = a->child; x != NULL; x = x->next) {
		if (a->kind == NODE_MAP && !str_eq(x->key, y->key)) {
			char key[NAME_SHOWN];

			str_copy(key, sizeof(key), x->key);
			if (!same(x, node_get(b, key)))
				return false;
		} else if (!same(x, y)) {
			return false;
		}
		y = y->next;
	}
	return true;
}

static void
tell(struct compare *c, struct str a, const char *open, struct str b,
    const char *close)
{
	char shown[2][4 * NAME_SHOWN + 8];

	str_escape(shown[0], sizeof(shown[0]), a, NAME_SHOWN);
	str_escape(shown[1], sizeof(shown[1]), b, NAME_SHOWN);
	buf_printf(c->out, "%s%s%s%s\n", shown[0], open, shown[1], close);
	c->found++;
}

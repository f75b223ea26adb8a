/*
 * edit_tree.c - paths, and changes of the tree of nodes
 */
#include "config/edit_parts.h"

static bool take_key(struct str *text, struct str *key, struct arena *);
static bool take_index(struct str *text, size_t *index);
static bool is_word(char);

int
path_parse(struct path *p, struct str text, struct arena *mem, struct err *err)
{
	struct str rest = text;

	p->n = 0;
	while (rest.n > 0) {
		struct step *s = &p->v[p->n];

		if (p->n == CONFIG_DEPTH_MAX)
			return err_set(err, ERR_USAGE, "the path is too deep");
		*s = (struct step){ { NULL, 0 }, 0 };
		if (rest.p[0] == '[' ? !take_index(&rest, &s->index)
				     : !take_key(&rest, &s->key, mem))
			return err_set(err, ERR_USAGE, "not a path: \"%.*s\"",
			    STR_ARG(text));
		p->n++;
		if (rest.n > 1 && rest.p[0] == '.')
			rest = str_sub(rest, 1, rest.n);
		else if (rest.n > 0 && rest.p[0] != '[')
			return err_set(err, ERR_USAGE, "not a path: \"%.*s\"",
			    STR_ARG(text));
	}
	return 0;
}

void
edit_path_key(struct buf *path, struct str key)
{
	bool plain = key.n > 0;

	if (path->len > 0)
		buf_putc(path, '.');
	for (size_t i = 0; i < key.n; i++)
		plain = plain && is_word(key.p[i]);
	if (plain) {
		buf_add_str(path, key);
		return;
	}
	buf_putc(path, '"');
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] == '"' || key.p[i] == '\\')
			buf_putc(path, '\\');
		buf_putc(path, key.p[i]);
	}
	buf_putc(path, '"');
}

struct node *
tree_step(const struct node *n, const struct step *s)
{
	if (s->key.p != NULL) {
		if (n->kind != NODE_MAP)
			return NULL;
		for (struct node *c = n->child; c != NULL; c = c->next) {
			if (str_eq(c->key, s->key))
				return c;
		}
		return NULL;
	}
	return n->kind == NODE_LIST ? tree_child(n, s->index) : NULL;
}

struct node *
tree_child(const struct node *n, size_t index)
{
	struct node *c = n->child;

	while (c != NULL && index-- > 0)
		c = c->next;
	return c;
}

size_t
tree_index_of(const struct node *parent, const struct node *child)
{
	size_t i = 0;

	for (const struct node *c = parent->child; c != child; c = c->next)
		i++;
	return i;
}

struct node *
tree_new_node(struct arena *mem, enum node_kind kind)
{
	struct node *n = arena_alloc(mem, sizeof(*n));

	n->kind = kind;
	return n;
}

struct node *
tree_text(struct arena *mem, struct str value)
{
	struct node *n = tree_new_node(mem, NODE_SCALAR);

	n->text = arena_str(mem, value);
	n->quoted = value.n == 0;
	return n;
}

struct node *
tree_wrap(
    struct arena *mem, enum node_kind kind, struct str key, struct node *child)
{
	struct node *n = tree_new_node(mem, kind);

	child->key = key;
	tree_insert(n, 0, child);
	return n;
}

void
tree_insert(struct node *parent, size_t at, struct node *child)
{
	struct node **p = &parent->child;

	while (*p != NULL && at-- > 0)
		p = &(*p)->next;
	child->next = *p;
	*p = child;
	parent->n++;
}

void
tree_remove(struct node *parent, const struct node *child)
{
	struct node **p = &parent->child;

	while (*p != child)
		p = &(*p)->next;
	*p = child->next;
	parent->n--;
}

bool
tree_same(const struct node *a, const struct node *b)
{
	const struct node *x = a->child, *y = b->child;

	if (a->kind != b->kind || a->n != b->n || !str_eq(a->text, b->text) ||
	    node_is_empty(a) != node_is_empty(b))
		return false;
	for (; x != NULL && y != NULL; x = x->next, y = y->next) {
		if ((a->kind == NODE_MAP && !str_eq(x->key, y->key)) ||
		    !tree_same(x, y))
			return false;
	}
	return true;
}

bool
tree_is_block(const struct node *n)
{
	return n->kind != NODE_SCALAR && n->n > 0 && !n->flow;
}

/* From the front of text; with what is quoted undone. */
static bool
take_key(struct str *text, struct str *key, struct arena *mem)
{
	size_t n = 0, i = 1;
	char *out;

	if (text->p[0] != '"') {
		while (n < text->n && is_word(text->p[n]))
			n++;
		*key = arena_str(mem, str_sub(*text, 0, n));
		*text = str_sub(*text, n, text->n);
		return n > 0;
	}
	out = arena_alloc(mem, text->n);
	for (; i < text->n && text->p[i] != '"'; i++) {
		if (text->p[i] == '\\' && i + 1 < text->n)
			i++;
		out[n++] = text->p[i];
	}
	*key = (struct str){ out, n };
	if (i >= text->n)
		return false;
	*text = str_sub(*text, i + 1, text->n);
	return true;
}

static bool
take_index(struct str *text, size_t *index)
{
	struct str digits = str_sub(*text, 1, str_find(*text, ']') - 1);
	uint64_t n;

	if (str_find(*text, ']') == text->n || !str_u64(digits, SIZE_MAX, &n))
		return false;
	*index = n;
	*text = str_sub(*text, digits.n + 2, text->n);
	return true;
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/*
 * edit_parts.h - inside of editing: the tree, the text, the change
 *
 * Used by edit*.c only. An operation first finds which bytes to replace
 * (edit_block.c, edit_flow.c), then does the same to the tree (edit_tree.c);
 * edit.c compares.
 */
#ifndef CONFIG_EDIT_PARTS_H
#define CONFIG_EDIT_PARTS_H

#include "base/bounds.h"
#include "config/edit.h"
#include "config/loader.h"

#define EDIT_TEXT_MAX ((size_t)CONFIG_FILE_MAX)

struct step {
	struct str key; /* p NULL: the item at index */
	size_t index;
};
struct path {
	struct step v[CONFIG_DEPTH_MAX];
	size_t n;
};

/* As far as the tree has it: nodes[0] is the root, nodes[depth] the last one
 * found, which is what was looked for when depth == path.n. */
struct trail {
	struct path path;
	struct node *nodes[CONFIG_DEPTH_MAX + 1];
	size_t depth;
};

struct edit {
	char *file;
	struct buf text;
	struct load ld;
	struct config_problems problems;
	struct node *root;
	/* how the file is written */
	const char *nl;         /* "\n", "\r\n" */
	size_t indent;          /* of a map in a map */
	size_t list_indent;     /* of the dashes of a list in a map */
	bool found, list_found; /* seen in the file, not assumed */
};

/* Bytes [at, at + n) become text. In ascending order. */
struct splice {
	size_t at, n;
	struct str text;
};
struct change {
	struct splice v[4];
	size_t n;
};

/* --- edit_tree.c --- */

int path_parse(
    struct path *, struct str text, struct arena *mem, struct err *err);
struct node *tree_step(const struct node *, const struct step *);
struct node *tree_child(const struct node *, size_t index);
size_t tree_index_of(const struct node *parent, const struct node *child);
struct node *tree_new_node(struct arena *, enum node_kind);
struct node *tree_text(struct arena *, struct str value);
/* A map or list with this one child; the key is of a map. */
struct node *tree_wrap(
    struct arena *, enum node_kind, struct str key, struct node *child);
void tree_insert(struct node *parent, size_t at, struct node *child);
void tree_remove(struct node *parent, const struct node *child);
/* The same value, whatever its style. */
bool tree_same(const struct node *, const struct node *);
bool tree_is_block(const struct node *); /* printed on lines of its own */

/* --- edit_print.c --- */

/* What stands behind "key:" or "-" that begins at this column. */
void print_behind(const struct edit *, struct buf *, const struct node *,
    size_t column, bool dash);
/* On one line. */
void print_flow(struct buf *, const struct node *);

/* --- edit_block.c, edit_flow.c: false: not understood ---
 * The parent has children. */

bool block_replace(struct edit *, struct change *, const struct node *parent,
    const struct node *child, const struct node *value);
bool block_insert(struct edit *, struct change *, const struct node *parent,
    size_t at, struct str key, const struct node *value);
/* The last child only of the root. */
bool block_remove(struct edit *, struct change *, const struct node *parent,
    const struct node *child);
bool block_move(struct edit *, struct change *, const struct node *parent,
    size_t from, size_t to);
/* Where a new key stands well: before the first one with a block. */
size_t block_place(const struct node *parent, const struct node *value);

bool flow_replace(struct edit *, struct change *, const struct node *parent,
    const struct node *child, const struct node *value);
bool flow_insert(struct edit *, struct change *, const struct node *parent,
    size_t at, struct str key, const struct node *value);
bool flow_remove(struct edit *, struct change *, const struct node *parent,
    const struct node *child);
bool flow_move(struct edit *, struct change *, const struct node *parent,
    size_t from, size_t to);

/* The text of a splice, which lives until the next operation. */
struct str change_text(struct edit *, const struct buf *);
void change_add(struct change *, size_t at, size_t n, struct str text);

#endif

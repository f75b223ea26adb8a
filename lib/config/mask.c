/*
 * mask.c - secrets that stand in postern.yaml, hidden
 *
 * The tree of the file is walked beside the schema, so that a key counts as
 * a secret only where it is one; the values found are replaced in the text.
 */
#include "config/mask.h"

#include "base/bounds.h"
#include "config/edit.h"
#include "config/loader.h"

#define FILE_NAME "postern.yaml"
#define PATH_LEN  4096

/* What is done with each secret value. */
struct walk {
	struct edit *edit; /* NULL: only look for masked ones */
	struct buf path;
	bool failed;
	int masked_at; /* line; 0: none */
};

static bool has_secrets(const struct schema_section *);
static const struct node *read_tree(
    struct load *, struct config_problems *, struct str text);
static void walk_section(
    struct walk *, const struct schema_section *, const struct node *);
static void walk_value(
    struct walk *, const struct schema_key *, const struct node *);
static void walk_items(
    struct walk *, const struct schema_key *, const struct node *);
static void found(struct walk *, const struct node *);
static void mask_lines(
    const struct schema_section *, struct str text, struct buf *out);
static bool is_secret_line(const struct schema_section *, struct str line);
static size_t indent_of(struct str line);

bool
mask_concerns(struct str file_name)
{
	return str_is(file_name, FILE_NAME);
}

void
mask_yaml(struct str text, struct buf *out)
{
	mask_yaml_by(&schema_top, text, out);
}

bool
mask_is_masked(struct str text, int *line)
{
	return mask_is_masked_by(&schema_top, text, line);
}

void
mask_yaml_by(const struct schema_section *top, struct str text, struct buf *out)
{
	struct config_problems ignored = { 0 };
	struct walk w = { .failed = false };
	const struct node *tree;
	struct load ld;

	if (!has_secrets(top)) {
		buf_add_str(out, text);
		return;
	}
	tree = read_tree(&ld, &ignored, text);
	if (tree != NULL)
		w.edit = edit_new(FILE_NAME, text, &ignored);
	if (w.edit != NULL) {
		buf_init(&w.path, PATH_LEN);
		walk_section(&w, top, tree);
		buf_fini(&w.path);
	}
	if (w.edit != NULL && !w.failed)
		buf_add_str(out, edit_text(w.edit));
	else
		mask_lines(top, text, out);
	edit_free(&w.edit);
	arena_free(&ld.scratch);
	config_problems_free(&ignored);
}

bool
mask_is_masked_by(const struct schema_section *top, struct str text, int *line)
{
	struct config_problems ignored = { 0 };
	struct walk w = { .edit = NULL };
	const struct node *tree;
	struct load ld;

	if (!has_secrets(top))
		return false;
	tree = read_tree(&ld, &ignored, text);
	buf_init(&w.path, PATH_LEN);
	if (tree != NULL)
		walk_section(&w, top, tree);
	buf_fini(&w.path);
	arena_free(&ld.scratch);
	config_problems_free(&ignored);
	*line = w.masked_at;
	return w.masked_at != 0;
}

static bool
has_secrets(const struct schema_section *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->keys[i].flags & KEY_SECRET ||
		    (s->keys[i].section != NULL &&
			has_secrets(s->keys[i].section)))
			return true;
	return false;
}

static const struct node *
read_tree(struct load *ld, struct config_problems *ignored, struct str text)
{
	*ld = (struct load){ .problems = ignored, .file = FILE_NAME };
	arena_init(&ld->scratch, (size_t)1 << 30);
	return node_read(ld, text);
}

/* --- along the schema --- */

static void
walk_section(
    struct walk *w, const struct schema_section *s, const struct node *map)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];
		const struct node *value;
		size_t from = w->path.len;

		if (key->name == NULL) {
			walk_section(w, key->section, map);
			continue;
		}
		value = node_get(map, key->name);
		if (value == NULL)
			continue;
		edit_path_key(&w->path, value->key);
		walk_value(w, key, value);
		w->path.len = from;
	}
}

static void
walk_value(
    struct walk *w, const struct schema_key *key, const struct node *value)
{
	if (value->kind == NODE_LIST)
		walk_items(w, key, value);
	else if (key->flags & KEY_SECRET)
		found(w, value);
	else if (key->section != NULL)
		walk_section(w, key->section, value);
}

static void
walk_items(
    struct walk *w, const struct schema_key *key, const struct node *list)
{
	size_t i = 0, from = w->path.len;

	for (const struct node *n = list->child; n != NULL; n = n->next) {
		buf_printf(&w->path, "[%zu]", i++);
		if (key->flags & KEY_SECRET)
			found(w, n);
		else if (key->section != NULL)
			walk_section(w, key->section, n);
		w->path.len = from;
	}
}

static void
found(struct walk *w, const struct node *value)
{
	char path[PATH_LEN + 1];

	if (value->kind == NODE_SCALAR && str_is(value->text, MASK) &&
	    w->masked_at == 0)
		w->masked_at = value->line;
	if (w->edit == NULL || node_is_empty(value))
		return;
	w->failed |= !str_copy(path, sizeof(path), buf_str(&w->path)) ||
		     w->path.failed ||
		     edit_set_text(w->edit, path, STR(MASK), NULL) == -1;
}

/* --- by the names of keys, where there is no tree --- */

/* Whatever stands behind such a name, and deeper below it. */
static void
mask_lines(const struct schema_section *top, struct str text, struct buf *out)
{
	size_t hidden = SIZE_MAX; /* lines deeper than this are left out */

	while (text.n > 0) {
		struct str line = str_cut(&text, '\n');
		size_t indent = indent_of(line);

		if (str_trim(line).n > 0 && indent <= hidden)
			hidden = SIZE_MAX;
		if (hidden != SIZE_MAX)
			continue;
		if (is_secret_line(top, line)) {
			buf_add_str(out, str_sub(line, 0, indent));
			buf_puts(out, MASK "\n");
			hidden = indent;
			continue;
		}
		buf_add_str(out, line);
		buf_putc(out, '\n');
	}
}

static bool
is_secret_line(const struct schema_section *s, struct str line)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];
		struct str rest = line;

		if (key->section != NULL && is_secret_line(key->section, line))
			return true;
		if (!(key->flags & KEY_SECRET))
			continue;
		for (; rest.n > 0; rest = str_sub(rest, 1, rest.n))
			if (str_starts(rest, str_of(key->name)))
				return true;
	}
	return false;
}

static size_t
indent_of(struct str line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] == ' ')
		n++;
	return n;
}

/*
 * table_parse.c - a text becomes a table
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "config/table_draft.h"
#include "config/tree.h"

static struct table *finish(struct draft *, struct str text);
static void sort_keys(struct draft *);
static int by_key(const void *, const void *);
static void drop_doubles(struct draft *);
static void report_double(struct draft *, const struct draft_key *first,
    const struct draft_key *again);
static int build(
    struct draft *, struct str text, struct buf *out, struct err *);
static size_t largest_record(const struct draft *);
static void add_entries(struct draft *, struct image_builder *);
static void add_keys(struct draft *, struct image_builder *);

struct table *
table_parse(enum table_kind kind, const char *file, struct str text,
    bool private, struct config_problems *problems)
{
	struct draft d = { .kind = kind,
		.private = private,
		.load = { .problems = problems, .file = file },
		.rest = text,
		.next_line = 1 };
	size_t before = problems->n_errors;
	struct table *t = NULL;

	if (text.n > TABLE_FILE_MAX) {
		load_error_mark(&d.load, 1, 1,
		    "the table is larger than %d MiB", TABLE_FILE_MAX >> 20);
		return NULL;
	}
	if (str_starts(text, STR("\xef\xbb\xbf")))
		d.rest = str_sub(text, 3, text.n);
	arena_init(&d.mem, TREE_MAX);
	if (kind == TABLE_ALIASES)
		table_read_aliases(&d);
	else
		table_read_columns(&d);
	sort_keys(&d);
	drop_doubles(&d);
	if (problems->n_errors == before)
		t = finish(&d, text);
	if (problems->n_errors > before)
		table_free(&t);
	arena_free(&d.mem);
	free(d.entries);
	free(d.keys);
	return t;
}

static struct table *
finish(struct draft *d, struct str text)
{
	struct err err = ERR_INIT;
	struct table *t;
	struct buf bytes;

	buf_init(&bytes, IMAGE_MAX);
	if (build(d, text, &bytes, &err) == -1) {
		load_error_mark(&d->load, 1, 1, "%s", err.text);
		return NULL;
	}
	t = table_open(d->kind, d->load.file, buf_str(&bytes), &err);
	if (t == NULL)
		panic("a table just built: %s", err.text);
	t->own = buf_take(&bytes);
	t->image.bytes.p = t->own;
	if (d->kind == TABLE_ALIASES)
		table_check_aliases(d, t);
	return t;
}

static void
sort_keys(struct draft *d)
{
	if (d->n_keys > 0)
		qsort(d->keys, d->n_keys, sizeof(*d->keys), by_key);
}

/* As the table keeps them; the first in the file before the others. */
static int
by_key(const void *a, const void *b)
{
	const struct draft_key *x = a, *y = b;
	size_t n = x->text.n < y->text.n ? x->text.n : y->text.n;
	int order = memcmp(x->text.p, y->text.p, n);

	if (order != 0)
		return order;
	if (x->text.n != y->text.n)
		return x->text.n < y->text.n ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void
drop_doubles(struct draft *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->n_keys; i++) {
		if (kept > 0 && str_eq(d->keys[kept - 1].text, d->keys[i].text))
			report_double(d, &d->keys[kept - 1], &d->keys[i]);
		else
			d->keys[kept++] = d->keys[i];
	}
	d->n_keys = kept;
}

/* Where one of two must be wrong it is an error; aliases and masquerading
 * are defined by what comes first. */
static void
report_double(struct draft *d, const struct draft_key *first,
    const struct draft_key *again)
{
	int line = d->entries[again->order].line;
	int before = d->entries[first->order].line;
	char quoted[100];

	load_quote(quoted, again->text);
	if (d->kind == TABLE_DOMAIN_MAP || d->kind == TABLE_GATEWAYS ||
	    d->kind == TABLE_LISTS)
		load_error_mark(&d->load, line, 1,
		    "%s stands in line %d already", quoted, before);
	else
		draft_warning(d, line,
		    "%s stands in line %d already, and the first counts",
		    quoted, before);
}

static int
build(struct draft *d, struct str text, struct buf *out, struct err *err)
{
	struct image_about about = {
		.version = IMAGE_VERSION,
		.kind = d->kind,
		.n_entries = (uint32_t)d->n_entries,
		.n_keys = (uint32_t)d->n_keys,
		.shapes = d->shapes,
		.text_size = (uint32_t)text.n,
		.text_crc = hash_crc32c(0, text.p, text.n),
	};
	struct image_builder *b = image_begin(&about, largest_record(d));

	add_entries(d, b);
	add_keys(d, b);
	return image_end(b, out, err);
}

static size_t
largest_record(const struct draft *d)
{
	size_t largest = ENTRY_KEY + ENTRY_HEADER;

	for (size_t i = 0; i < d->n_entries; i++) {
		size_t n = d->entries[i].left.n + d->entries[i].right.n +
			   ENTRY_KEY + ENTRY_HEADER;

		largest = n > largest ? n : largest;
	}
	for (size_t i = 0; i < d->n_keys; i++) {
		size_t n = d->keys[i].text.n + sizeof(uint32_t);

		largest = n > largest ? n : largest;
	}
	return largest;
}

static void
add_entries(struct draft *d, struct image_builder *b)
{
	struct entry_key *keys =
	    arena_array(&d->mem, d->n_entries + 1, sizeof(*keys));
	struct buf data;

	buf_init(&data, PAIR_MAX);
	for (size_t i = 0; i < d->n_entries; i++) {
		const struct draft_entry *e = &d->entries[i];
		unsigned char head[ENTRY_HEADER] = {
			[4] = (unsigned char)(e->left.n >> 8),
			[5] = (unsigned char)e->left.n
		};

		image_put_u32(head, (uint32_t)e->line);
		buf_reset(&data);
		buf_add(&data, head, sizeof(head));
		buf_add_str(&data, e->left);
		buf_add_str(&data, e->right);
		keys[i] = table_entry_key((uint32_t)i);
		image_add(b, (struct str){ keys[i].text, sizeof(keys[i].text) },
		    buf_str(&data));
	}
	buf_fini(&data);
}

static void
add_keys(struct draft *d, struct image_builder *b)
{
	for (size_t i = 0; i < d->n_keys; i++) {
		char order[4];

		image_put_u32(order, d->keys[i].order);
		image_add(
		    b, d->keys[i].text, (struct str){ order, sizeof(order) });
	}
}

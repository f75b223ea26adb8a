/*
 * table_build.c - the bytes of a table, from records in order
 *
 * Leaves are filled one after the other, so that they come out full; then
 * each level of internal pages above them, until one page is enough: that is
 * page 1, where Berkeley DB wants the root. The same records give the same
 * bytes, on whatever day.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/table_image.h"

#define FIRST_LEAF 2

struct child { /* a page of the level below */
	uint32_t number;
	struct str key; /* the least that divides it from the page before */
};

struct level {
	struct child *v; /* heap */
	size_t n, cap;
};

struct image_builder {
	struct buf pages; /* from page 0 */
	uint32_t page_size, n_pages;
	size_t n_items, free_end; /* of the last page */
	struct level level;       /* that is being written */
	struct str last;          /* key of the last record */
};

static uint32_t page_size_for(size_t largest);
static void add_about(struct image_builder *, const struct image_about *);
static void build_levels(struct image_builder *);
static void open_page(struct image_builder *, int type, int level);
static void close_page(struct image_builder *);
static bool fits(const struct image_builder *, size_t bytes, size_t items);
static char *put_item(struct image_builder *, struct str, size_t header);
static size_t item_size(size_t n, size_t header);
static void add_child(struct image_builder *, struct str key);
static struct str divider(struct str before, struct str key);
static void link_leaves(struct image_builder *);
static void move_to_root(struct image_builder *);
static void write_meta(struct image_builder *);
static char *page_at(struct image_builder *, uint32_t number);
static void put_u32(char *p, uint32_t n);
static void put_u16(char *p, size_t n);

struct image_builder *
image_begin(const struct image_about *about, size_t largest)
{
	struct image_builder *b = mem_alloc(sizeof(*b));

	b->page_size = page_size_for(largest);
	buf_init(&b->pages, IMAGE_MAX);
	for (b->n_pages = 0; b->n_pages < FIRST_LEAF; b->n_pages++) {
		memset(buf_room(&b->pages, b->page_size), '\0', b->page_size);
		buf_grew(&b->pages, b->page_size);
	}
	open_page(b, PAGE_LEAF, 1);
	add_child(b, STR(""));
	add_about(b, about);
	return b;
}

void
image_add(struct image_builder *b, struct str key, struct str data)
{
	size_t bytes =
	    item_size(key.n, ITEM_HEADER) + item_size(data.n, ITEM_HEADER);

	if (!fits(b, bytes, 2)) {
		close_page(b);
		open_page(b, PAGE_LEAF, 1);
		add_child(b, divider(b->last, key));
	}
	put_item(b, key, ITEM_HEADER);
	put_item(b, data, ITEM_HEADER);
	b->last = key;
}

int
image_end(struct image_builder *b, struct buf *out, struct err *err)
{
	int rc = 0;

	close_page(b);
	if (!b->pages.failed)
		link_leaves(b);
	build_levels(b);
	if (b->pages.failed) {
		rc = err_set(err, ERR_USAGE,
		    "compiled, the table is larger than %d MiB",
		    IMAGE_MAX >> 20);
	} else {
		move_to_root(b);
		write_meta(b);
		buf_fini(out);
		*out = b->pages;
		buf_init(&b->pages, IMAGE_MAX);
	}
	buf_fini(&b->pages);
	free(b->level.v);
	free(b);
	return rc;
}

static uint32_t
page_size_for(size_t largest)
{
	uint32_t size = IMAGE_PAGE_MIN;

	if (largest > PAIR_MAX)
		panic("table: a record of %zu bytes", largest);
	/* Two items, their places, what aligns them. */
	while (size < PAGE_HEADER + 2 * (ITEM_HEADER + 3 + 2) + largest)
		size *= 2;
	return size;
}

static void
add_about(struct image_builder *b, const struct image_about *about)
{
	const uint32_t numbers[ABOUT_NUMBERS] = { about->version, about->kind,
		about->n_entries, about->n_keys, about->shapes,
		about->text_size, about->text_crc };
	char data[4 * ABOUT_NUMBERS];

	for (size_t i = 0; i < ABOUT_NUMBERS; i++)
		image_put_u32(data + 4 * i, numbers[i]);
	image_add(b, IMAGE_ABOUT_KEY, (struct str){ data, sizeof(data) });
}

/* From the pages of the level below, until one is left. */
static void
build_levels(struct image_builder *b)
{
	for (int level = 2; b->level.n > 1 && !b->pages.failed; level++) {
		struct level below = b->level;

		b->level = (struct level){ .v = NULL };
		for (size_t i = 0; i < below.n && !b->pages.failed; i++) {
			struct str key = below.v[i].key;
			char *item;

			if (i == 0 ||
			    !fits(b, item_size(key.n, INTERNAL_HEADER), 1)) {
				if (i > 0)
					close_page(b);
				open_page(b, PAGE_INTERNAL, level);
				add_child(b, key);
				key = STR("");
			}
			item = put_item(b, key, INTERNAL_HEADER);
			if (item != NULL)
				put_u32(item + 4, below.v[i].number);
		}
		close_page(b);
		free(below.v);
	}
}

static void
open_page(struct image_builder *b, int type, int level)
{
	char *page = buf_room(&b->pages, b->page_size);

	b->n_items = 0;
	b->free_end = b->page_size;
	if (page == NULL)
		return;
	memset(page, '\0', b->page_size);
	buf_grew(&b->pages, b->page_size);
	put_u32(page + PAGE_PGNO, b->n_pages++);
	page[PAGE_TYPE] = (char)type;
	page[PAGE_LEVEL] = (char)level;
}

static void
close_page(struct image_builder *b)
{
	char *page;

	if (b->pages.failed)
		return;
	page = page_at(b, b->n_pages - 1);
	put_u16(page + PAGE_ENTRIES, b->n_items);
	put_u16(page + PAGE_FREE_END, b->free_end);
}

static bool
fits(const struct image_builder *b, size_t bytes, size_t items)
{
	return PAGE_HEADER + 2 * (b->n_items + items) + bytes <= b->free_end;
}

/* The caller has looked whether it fits; NULL: all is too large by now. */
static char *
put_item(struct image_builder *b, struct str s, size_t header)
{
	char *page, *item;

	if (b->pages.failed)
		return NULL;
	page = page_at(b, b->n_pages - 1);
	b->free_end -= item_size(s.n, header);
	item = page + b->free_end;
	put_u16(page + PAGE_HEADER + 2 * b->n_items++, b->free_end);
	put_u16(item, s.n);
	item[2] = ITEM_KEYDATA;
	if (s.n > 0)
		memcpy(item + header, s.p, s.n);
	return item;
}

/* Items begin at multiples of four. */
static size_t
item_size(size_t n, size_t header)
{
	return (n + header + 3) & ~(size_t)3;
}

static void
add_child(struct image_builder *b, struct str key)
{
	struct level *l = &b->level;

	l->v = mem_room(l->v, &l->cap, l->n, sizeof(*l->v));
	l->v[l->n++] = (struct child){ b->n_pages - 1, key };
}

/* As much of key as makes it greater than what stands before it. */
static struct str
divider(struct str before, struct str key)
{
	size_t n = 0;

	while (n < before.n && n < key.n && before.p[n] == key.p[n])
		n++;
	return str_sub(key, 0, n + 1);
}

static void
link_leaves(struct image_builder *b)
{
	for (uint32_t i = FIRST_LEAF; i < b->n_pages; i++) {
		char *page = page_at(b, i);

		put_u32(page + PAGE_PREV, i > FIRST_LEAF ? i - 1 : 0);
		put_u32(page + PAGE_NEXT, i + 1 < b->n_pages ? i + 1 : 0);
	}
}

/* The last page is the top of the tree. */
static void
move_to_root(struct image_builder *b)
{
	char *root = page_at(b, 1);

	memcpy(root, page_at(b, --b->n_pages), b->page_size);
	put_u32(root + PAGE_PGNO, 1);
	b->pages.len -= b->page_size;
}

static void
write_meta(struct image_builder *b)
{
	char *meta = page_at(b, 0);

	put_u32(meta + META_MAGIC, DB_BTREE_MAGIC);
	put_u32(meta + META_VERSION, DB_BTREE_VERSION);
	put_u32(meta + META_PAGE_SIZE, b->page_size);
	meta[META_TYPE] = PAGE_BTREE_META;
	put_u32(meta + META_LAST_PAGE, b->n_pages - 1);
	put_u32(meta + META_MIN_KEY, 2);
	put_u32(meta + META_ROOT, 1);
	image_put_u32(meta + META_UID, image_checksum(buf_str(&b->pages)));
}

static char *
page_at(struct image_builder *b, uint32_t number)
{
	return b->pages.data + (size_t)number * b->page_size;
}

static void
put_u32(char *p, uint32_t n)
{
	memcpy(p, &n, sizeof(n));
}

static void
put_u16(char *p, size_t n)
{
	uint16_t u = (uint16_t)n;

	memcpy(p, &u, sizeof(u));
}

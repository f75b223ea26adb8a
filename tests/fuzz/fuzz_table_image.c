/*
 * fuzz_table_image.c - look-ups in bytes that may be anything
 *
 * With the first byte odd the rest gets a sound first page, so that what is
 * behind it is met. Nothing outside of the bytes is read, nothing runs for
 * ever; what is found lies within them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/table.h"
#include "config/table_image.h"

static char *make_image(const uint8_t *data, size_t n, size_t *size);
static void put(char *p, uint32_t n);
static void look(struct str bytes);
static void within(struct str bytes, struct str found);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t size;
	char *image;

	if (n == 0)
		return 0;
	image = make_image(data, n, &size);
	look((struct str){ image, size });
	free(image);
	return 0;
}

static char *
make_image(const uint8_t *data, size_t n, size_t *size)
{
	size_t page = (size_t)IMAGE_PAGE_MIN << ((data[0] >> 1) % 3), pages;
	char *image;

	*size = n - 1;
	if (!(data[0] & 1))
		return mem_dup(data + 1, n - 1);
	pages = 1 + (n - 1 + page - 1) / page;
	*size = pages * page;
	image = mem_alloc(*size);
	memcpy(image + page, data + 1, n - 1);
	put(image + META_MAGIC, DB_BTREE_MAGIC);
	put(image + META_VERSION, DB_BTREE_VERSION);
	put(image + META_PAGE_SIZE, (uint32_t)page);
	put(image + META_LAST_PAGE, (uint32_t)(pages - 1));
	put(image + META_ROOT, 1);
	image[META_TYPE] = PAGE_BTREE_META;
	return image;
}

static void
put(char *p, uint32_t n)
{
	memcpy(p, &n, sizeof(n));
}

static void
look(struct str bytes)
{
	static const char *const keys[] = { "joe@example.com", "joe@", "a",
		"@example.com", "zzz@zzz.zzz", "" };
	struct str key, data, left, right;
	struct table_hit hit;
	struct where where;
	struct image image;
	struct arena mem;

	arena_init(&mem, 1 << 20);
	table_check(bytes, STR(""), NULL);
	for (size_t i = 0;
	     image_open(&image, bytes, NULL) == 0 && i < NELEM(keys); i++) {
		if (!image_find(&image, str_of(keys[i]), &key, &data))
			continue;
		within(bytes, key);
		within(bytes, data);
	}
	for (int kind = 0; kind < 4; kind++) {
		struct table *t = table_open(kind, "x", bytes, NULL);

		for (size_t i = 0; t != NULL && i < NELEM(keys); i++) {
			if (table_find(t, str_of(keys[i]), &hit, &mem))
				within(bytes, hit.value);
			if (table_entry(t, i, &left, &right, &where))
				within(bytes, right);
		}
		table_free(&t);
	}
	arena_free(&mem);
}

static void
within(struct str bytes, struct str found)
{
	if (found.p < bytes.p || found.p > bytes.p + bytes.n ||
	    found.n > (size_t)(bytes.p + bytes.n - found.p))
		panic("found outside of the bytes");
}

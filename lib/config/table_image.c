/*
 * table_image.c - finding a record in the bytes of a table
 *
 * Whatever the bytes are, nothing outside of them is read and every search
 * ends: levels count down to the leaves.
 */
#include "config/table_image.h"

#include <string.h>

#include "base/hash.h"

#define LEVELS_MAX 32 /* with the smallest fan-out, far more than 4 GiB */

static uint32_t get_u32(const char *p);
static uint16_t get_u16(const char *p);
static const char *get_page(const struct image *, uint32_t number, int level);
static bool get_item(const struct image *, const char *page, uint32_t index,
    size_t header, struct str *out);
static uint32_t find_child(
    const struct image *, const char *page, struct str key);
static bool find_leaf(const struct image *, const char *page, struct str key,
    struct str *key_r, struct str *data);
static int compare(struct str a, struct str b);

int
image_open(struct image *im, struct str bytes, struct err *err)
{
	uint32_t size, last;

	*im = (struct image){ .bytes = bytes };
	if (bytes.n < META_SIZE ||
	    get_u32(bytes.p + META_MAGIC) != DB_BTREE_MAGIC ||
	    bytes.p[META_TYPE] != PAGE_BTREE_META)
		return err_set(err, ERR_PERM, "not a Berkeley DB table");
	if (get_u32(bytes.p + META_VERSION) != DB_BTREE_VERSION)
		return err_set(
		    err, ERR_PERM, "a Berkeley DB table of another version");
	size = get_u32(bytes.p + META_PAGE_SIZE);
	last = get_u32(bytes.p + META_LAST_PAGE);
	if (size < IMAGE_PAGE_MIN || size > IMAGE_PAGE_MAX ||
	    (size & (size - 1)) != 0 || bytes.n % size != 0 || last == 0 ||
	    bytes.n / size != (size_t)last + 1 ||
	    get_u32(bytes.p + META_ROOT) != 1)
		return err_set(err, ERR_PERM, "a damaged Berkeley DB table");
	im->page_size = size;
	im->n_pages = last + 1;
	return 0;
}

int
image_check(const struct image *im, struct err *err)
{
	if (image_checksum(im->bytes) == image_get_u32(im->bytes.p + META_UID))
		return 0;
	return err_set(err, ERR_PERM, "damaged: its checksum is wrong");
}

bool
image_find(
    const struct image *im, struct str key, struct str *key_r, struct str *data)
{
	const char *page = get_page(im, 1, 0);
	int level = page != NULL ? (unsigned char)page[PAGE_LEVEL] : 0;

	if (level > LEVELS_MAX)
		return false;
	for (; level > 1 && page != NULL; level--)
		page = get_page(im, find_child(im, page, key), level - 1);
	return page != NULL && page[PAGE_TYPE] == PAGE_LEAF &&
	       find_leaf(im, page, key, key_r, data);
}

/* Of everything but the checksum itself. */
uint32_t
image_checksum(struct str bytes)
{
	uint32_t crc = hash_crc32c(0, bytes.p, META_UID);

	return hash_crc32c(crc, bytes.p + META_UID + 4, bytes.n - META_UID - 4);
}

uint32_t
image_get_u32(const void *p)
{
	const unsigned char *u = p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	       (uint32_t)u[2] << 8 | u[3];
}

void
image_put_u32(void *p, uint32_t n)
{
	unsigned char *u = p;

	u[0] = (unsigned char)(n >> 24);
	u[1] = (unsigned char)(n >> 16);
	u[2] = (unsigned char)(n >> 8);
	u[3] = (unsigned char)n;
}

/* Berkeley DB writes numbers as the machine has them. */
static uint32_t
get_u32(const char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}

static uint16_t
get_u16(const char *p)
{
	uint16_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}

/* Level 0: any. */
static const char *
get_page(const struct image *im, uint32_t number, int level)
{
	const char *page;

	if (number == 0 || number >= im->n_pages)
		return NULL;
	page = im->bytes.p + (size_t)number * im->page_size;
	if (level != 0 && (unsigned char)page[PAGE_LEVEL] != level)
		return NULL;
	if (page[PAGE_TYPE] != PAGE_LEAF && page[PAGE_TYPE] != PAGE_INTERNAL)
		return NULL;
	if (get_u16(page + PAGE_ENTRIES) > (im->page_size - PAGE_HEADER) / 2)
		return NULL;
	return page;
}

static bool
get_item(const struct image *im, const char *page, uint32_t index,
    size_t header, struct str *out)
{
	size_t off = get_u16(page + PAGE_HEADER + 2 * (size_t)index);

	if (off + header > im->page_size || page[off + 2] != ITEM_KEYDATA)
		return false;
	*out = (struct str){ page + off + header, get_u16(page + off) };
	return out->n <= im->page_size - off - header;
}

/* The last one whose key is not greater; the first has no key. 0: none. */
static uint32_t
find_child(const struct image *im, const char *page, struct str key)
{
	uint32_t lo = 0, hi = get_u16(page + PAGE_ENTRIES);
	struct str at;

	if (page[PAGE_TYPE] != PAGE_INTERNAL || hi == 0)
		return 0;
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (!get_item(im, page, mid, INTERNAL_HEADER, &at))
			return 0;
		if (compare(at, key) <= 0)
			lo = mid;
		else
			hi = mid;
	}
	if (!get_item(im, page, lo, INTERNAL_HEADER, &at))
		return 0;
	return get_u32(at.p - INTERNAL_HEADER + 4);
}

static bool
find_leaf(const struct image *im, const char *page, struct str key,
    struct str *key_r, struct str *data)
{
	uint32_t lo = 0, hi = get_u16(page + PAGE_ENTRIES) / 2;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int order;

		if (!get_item(im, page, 2 * mid, ITEM_HEADER, key_r))
			return false;
		order = compare(*key_r, key);
		if (order == 0)
			return get_item(
			    im, page, 2 * mid + 1, ITEM_HEADER, data);
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* As Berkeley DB compares: bytes, then the shorter is less. */
static int
compare(struct str a, struct str b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

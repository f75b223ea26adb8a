/*
 * table_image.h - the bytes of a table: a Berkeley DB file of the B-tree kind
 *
 * Used by the files of lib/config only. A table, compiled or not, is the
 * bytes that Berkeley DB 5.3 would have on disk: db5.3_dump and db5.3_verify
 * read them, and so do we, with a reader of our own that only computes. It
 * checks every offset against the bytes that are there, because a program
 * that faces the network must not depend on a file being whole.
 *
 *	page 0		meta page: magic, version, page size, checksum of all
 *	page 1		root
 *	leaf pages	key, data, key, data ... in order of the keys
 *
 * Records, numbers with the high byte first:
 *
 *	"\0"			struct image_about
 *	"\0" number (4)		entry: line (4), length of left (2), left, right
 *	key of table.h		number of the entry (4)
 */
#ifndef CONFIG_TABLE_IMAGE_H
#define CONFIG_TABLE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "config/table.h"

#define IMAGE_VERSION  1 /* of our records */
#define IMAGE_PAGE_MIN 4096
#define IMAGE_PAGE_MAX 65536
#define IMAGE_MAX      TABLE_COMPILED_MAX
#define PAIR_MAX       65000 /* key and data: one page holds them */

/* Berkeley DB's numbers and the places of its fields. */
#define DB_BTREE_MAGIC   0x053162u
#define DB_BTREE_VERSION 9
#define PAGE_HEADER      26
#define META_SIZE        512
enum { PAGE_INTERNAL = 3, PAGE_LEAF = 5, PAGE_BTREE_META = 9 };
enum {
	META_PGNO = 8,
	META_MAGIC = 12,
	META_VERSION = 16,
	META_PAGE_SIZE = 20,
	META_TYPE = 25,
	META_LAST_PAGE = 32,
	META_UID = 52, /* 20 bytes: ours begin with the checksum */
	META_MIN_KEY = 76,
	META_ROOT = 88
};
enum {
	PAGE_PGNO = 8,
	PAGE_PREV = 12,
	PAGE_NEXT = 16,
	PAGE_ENTRIES = 20,
	PAGE_FREE_END = 22,
	PAGE_LEVEL = 24,
	PAGE_TYPE = 25
};
/* An item: length (2), type (1), then its bytes; on internal pages, behind
 * an unused byte, page (4), records (4), then the bytes of the key. */
#define ITEM_HEADER     3
#define INTERNAL_HEADER 12
#define ITEM_KEYDATA    1

struct image {
	struct str bytes;
	uint32_t page_size, n_pages;
};

struct image_about {
	uint32_t version, kind;
	uint32_t n_entries, n_keys;
	uint32_t shapes; /* which shapes of keys there are: table_def.h */
	uint32_t text_size, text_crc;
};
#define ABOUT_NUMBERS   7
#define IMAGE_ABOUT_KEY ((struct str){ "", 1 }) /* a NUL */

/* The bytes, if they can be such a file at all; -1 with err. */
int image_open(struct image *, struct str bytes, struct err *);
/* Compares the checksum: reads every byte. */
int image_check(const struct image *, struct err *);
/* key_r: the key where it stands in the image. */
bool image_find(
    const struct image *, struct str key, struct str *key_r, struct str *data);
uint32_t image_checksum(struct str bytes); /* at least META_SIZE */

/*
 * Building: image_begin writes the first record, then come the others in the
 * order of their keys, each key once, no pair larger than `largest`.
 */
struct image_builder;
struct image_builder *image_begin(const struct image_about *, size_t largest);
void image_add(struct image_builder *, struct str key, struct str data);
/* Ends and frees the builder. -1: larger than IMAGE_MAX. */
int image_end(struct image_builder *, struct buf *out, struct err *);

uint32_t image_get_u32(const void *); /* high byte first */
void image_put_u32(void *, uint32_t);

#endif

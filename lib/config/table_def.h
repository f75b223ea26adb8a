/*
 * table_def.h - what is behind a struct table
 *
 * Used by table*.c only.
 */
#ifndef CONFIG_TABLE_DEF_H
#define CONFIG_TABLE_DEF_H

#include "config/table.h"
#include "config/table_image.h"

/* Shapes of keys. What no key of a table has is never looked for. */
enum {
	SHAPE_ADDR = 1,   /* joe@example.com, or a client */
	SHAPE_USER = 2,   /* joe@ */
	SHAPE_DOMAIN = 4, /* @example.com */
	SHAPE_BELOW = 8,  /* @.example.com */
	SHAPE_USER_BELOW = 16,
	SHAPE_ALL = 32
};

struct table {
	enum table_kind kind;
	char *file;
	struct image image;
	struct image_about about;
	char *own; /* the bytes, when they are ours; else NULL */
};

/* The record of an entry: its key; what stands before left and right. */
#define ENTRY_KEY    5
#define ENTRY_HEADER 6
struct entry_key {
	char text[ENTRY_KEY];
};
struct entry_key table_entry_key(uint32_t order);

#endif

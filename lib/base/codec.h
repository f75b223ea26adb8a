/*
 * codec.h - structures to bytes and back, from one declaration
 *
 * Messages between processes, events and the records of queue files are all
 * declared as lists of fields; this turns such a struct into bytes and back.
 * The decoder treats the bytes as hostile: every length, count and number is
 * checked against the declaration before anything is allocated or read.
 *
 * Declaring (see ipc/messages.h, event/events.h):
 *
 *	#define REC_POINT(S, F, L) F(S, U32, x, 0) F(S, STR, label, 80)
 *	CODEC_STRUCT(point, REC_POINT);		-> struct point { ... }
 *	CODEC_SCHEMA(point, REC_POINT);		-> const struct codec
 *point_codec
 *
 * F(S, type, name, max): max is the byte limit of STR; for numbers the
 * greatest value allowed, 0 meaning no limit. L(S, record, name, max): a list
 * of at most max records of that kind. S passes the struct's name through.
 *
 * Bytes: numbers as LEB128 varints (U8..U64), I64 zig-zag, STR and lists with
 * a varint count before them, IP as 16 bytes. Fields stand in order, without
 * tags: both ends are built from the same declaration, and formats that
 * outlive a build carry a version of their own.
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/str.h"

enum codec_type {
	CODEC_U8,
	CODEC_U16,
	CODEC_U32,
	CODEC_U64,
	CODEC_I64,
	CODEC_STR, /* struct str: after decoding a view of the input */
	CODEC_IP,
	CODEC_LIST /* struct codec_list: decoded into the arena */
};

typedef uint8_t codec_U8;
typedef uint16_t codec_U16;
typedef uint32_t codec_U32;
typedef uint64_t codec_U64;
typedef int64_t codec_I64;
typedef struct str codec_STR;
typedef struct ip codec_IP;

struct codec_list {
	size_t n;
	void *v; /* n structs of the record's kind, contiguous */
};

struct codec;
struct codec_field {
	const char *name;
	enum codec_type type;
	size_t off;
	uint64_t max;
	const struct codec *sub; /* CODEC_LIST: the record */
};

struct codec {
	const char *name;
	size_t size; /* of the struct */
	const struct codec_field *fields;
	size_t n;
};

#define CODEC_MEMBER_F(S, type, name, max)   codec_##type name;
#define CODEC_MEMBER_L(S, record, name, max) struct codec_list name;
#define CODEC_FIELD_F(S, type, name, max)                                      \
	{ #name, CODEC_##type, offsetof(struct S, name), max, NULL },
#define CODEC_FIELD_L(S, record, name, max)                                    \
	{ #name, CODEC_LIST, offsetof(struct S, name), max, &record##_codec },

#define CODEC_STRUCT(S, LIST)                                                  \
	struct S {                                                             \
		LIST(S, CODEC_MEMBER_F, CODEC_MEMBER_L)                        \
	};                                                                     \
	extern const struct codec S##_codec

#define CODEC_SCHEMA(S, LIST)                                                  \
	static const struct codec_field S##_fields[] = { LIST(                 \
	    S, CODEC_FIELD_F, CODEC_FIELD_L) };                                \
	const struct codec S##_codec = { #S, sizeof(struct S), S##_fields,     \
		sizeof(S##_fields) / sizeof(struct codec_field) }

/* The unsigned number at p, of the field's width. */
uint64_t codec_number(const struct codec_field *, const void *p);

/* Appends the encoding of *s to out; limits are asserted (our own data). */
void codec_encode(const struct codec *c, const void *s, struct buf *out);

/*
 * Fills *s from exactly `in` (bytes left over are an error). Strings point
 * into `in`; lists are allocated in mem. Returns -1 with ERR_PROTO on
 * malformed input, then *s is not to be used. mem may be NULL if the record
 * has no list.
 */
int codec_decode(const struct codec *c, void *s, struct str in,
    struct arena *mem, struct err *err);
/* As above, but takes what it needs from the front of *in. */
int codec_decode_part(const struct codec *c, void *s, struct str *in,
    struct arena *mem, struct err *err);

/* Greatest length of an encoding; SIZE_MAX: no limit was declared. */
size_t codec_max(const struct codec *c);

/* "name: x=1 label='a'" for people; escapes what is not printable. */
void codec_print(const struct codec *c, const void *s, struct buf *out);

#endif

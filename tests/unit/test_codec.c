/*
 * test_codec.c - every record of every message and event: there and back,
 * cut off, damaged
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "event/event.h"
#include "ipc/ipc.h"
#include "random_record.h"

#define ROUNDS  20
#define MEM_MAX (8 * 1024 * 1024)
#define DAMAGED 400 /* of longer encodings only so many places */

#define OF_RECORD(S, LIST)                &S##_codec,
#define OF_EVENT(id, level, text, FIELDS) &event_##id##_codec,
static const struct codec *const codecs[] = { IPC_RECORDS(OF_RECORD)
	    EVENTS(OF_EVENT) };

/* Encoding what was decoded must give the same bytes. */
static void
check_same(const struct codec *c, const void *s, struct str bytes)
{
	struct buf again;

	buf_init(&again, MEM_MAX);
	codec_encode(c, s, &again);
	if (!str_eq(buf_str(&again), bytes))
		fail_msg("%s: encoded again it is different", c->name);
	buf_fini(&again);
}

/* Decodes from memory of exactly that size, so that ASan sees any read too
 * far. Returns what codec_decode says; a valid struct is also printed. */
static int
try_decode(const struct codec *c, struct str bytes)
{
	struct err err = ERR_INIT;
	struct arena mem;
	struct buf text;
	char *copy = malloc(bytes.n != 0 ? bytes.n : 1);
	void *s = mem_alloc(c->size);
	int rc;

	if (bytes.n != 0)
		memcpy(copy, bytes.p, bytes.n);
	arena_init(&mem, MEM_MAX);
	buf_init(&text, MEM_MAX);
	rc = codec_decode(c, s, (struct str){ copy, bytes.n }, &mem, &err);
	if (rc == 0) {
		check_same(c, s, bytes);
		codec_print(c, s, &text);
		assert_int_equal(text.failed, 0);
	} else {
		assert_int_equal(err.kind, ERR_PROTO);
		assert_true(err.text[0] != '\0');
	}
	buf_fini(&text);
	arena_free(&mem);
	free(copy);
	free(s);
	return rc;
}

static void
check_damage(const struct codec *c, struct str bytes, uint64_t *seed)
{
	char *copy = mem_dup(bytes.p, bytes.n);
	size_t n = bytes.n < DAMAGED ? bytes.n : DAMAGED;

	for (size_t i = 0; i < n; i++) {
		size_t at = n == bytes.n ? i : rnd(seed) % bytes.n;

		if (try_decode(c, str_sub(bytes, 0, at)) == 0)
			fail_msg("%s: cut at %zu of %zu is accepted", c->name,
			    at, bytes.n);
		for (int bit = 0; bit < 8; bit++) {
			copy[at] = (char)(bytes.p[at] ^ 1 << bit);
			try_decode(c, (struct str){ copy, bytes.n });
		}
		copy[at] = bytes.p[at];
	}
	free(copy);
}

static void
check_record(const struct codec *c, uint64_t *seed, bool damage)
{
	struct arena mem;
	struct buf out;
	void *s = mem_alloc(c->size);

	arena_init(&mem, MEM_MAX);
	buf_init(&out, MEM_MAX);
	rnd_record(seed, c, s, &mem);
	codec_encode(c, s, &out);
	if (out.failed || out.len > codec_max(c))
		fail_msg(
		    "%s: %zu bytes of %zu", c->name, out.len, codec_max(c));
	if (try_decode(c, buf_str(&out)) == -1)
		fail_msg("%s: own encoding is refused", c->name);
	if (damage)
		check_damage(c, buf_str(&out), seed);
	buf_putc(&out, '\0');
	if (try_decode(c, buf_str(&out)) == 0)
		fail_msg("%s: a byte left over is accepted", c->name);
	buf_fini(&out);
	arena_free(&mem);
	free(s);
}

static void
test_ipc_01_every_record(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < NELEM(codecs); i++)
		for (int round = 0; round < ROUNDS; round++)
			check_record(codecs[i], &seed, round < 2);
}

static void
test_ipc_01_random_bytes(void **state)
{
	uint64_t seed = 2;
	char bytes[64];

	(void)state;
	for (size_t i = 0; i < NELEM(codecs); i++)
		for (int round = 0; round < 200; round++) {
			size_t n = rnd(&seed) % sizeof(bytes);

			for (size_t j = 0; j < n; j++)
				bytes[j] = (char)rnd(&seed);
			try_decode(codecs[i], (struct str){ bytes, n });
		}
}

/* --- single properties --- */

#define REC_POINT(S, F, L) F(S, U32, x, 0) F(S, STR, label, 5)
CODEC_STRUCT(point, REC_POINT);
CODEC_SCHEMA(point, REC_POINT);
#define REC_SHAPE(S, F, L)                                                     \
	F(S, U8, small, 9)                                                     \
	F(S, U16, word, 0) F(S, I64, sign, 0) L(S, point, points, 3)
CODEC_STRUCT(shape, REC_SHAPE);
CODEC_SCHEMA(shape, REC_SHAPE);

static const struct {
	const char *why;
	struct str bytes;
	bool good;
} cases[] = {
	{ "least", STR("\0\0\0\0"), true },
	{ "all fields", STR("\x09\xff\xff\x03\x01\x01\x05\x02xy"), true },
	{ "empty", STR(""), false },
	{ "small over its limit", STR("\x0a\0\0\0"), false },
	{ "word over 16 bits", STR("\0\x80\x80\x04\0\0"), false },
	{ "overlong zero", STR("\x80\0\0\0\0"), false },
	{ "greatest I64", STR("\0\0\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\0"),
	    true },
	{ "number over 64 bits",
	    STR("\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\0"), false },
	{ "number without end",
	    STR("\0\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\0"), false },
	{ "four of three points", STR("\0\0\0\x04\0\0\0\0\0\0\0\0"), false },
	{ "a point is missing", STR("\0\0\0\x02\0\0"), false },
	{ "label over its limit",
	    STR("\0\0\0\x01\0\x06"
		"abcdef"),
	    false },
	{ "label over the end",
	    STR("\0\0\0\x01\0\x05"
		"abcd"),
	    false },
	{ "huge label", STR("\0\0\0\x01\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
	    false },
};

static void
test_single_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if ((try_decode(&shape_codec, cases[i].bytes) == 0) !=
		    cases[i].good)
			fail_msg("%s", cases[i].why);
}

static void
test_lists_need_room(void **state)
{
	struct err err = ERR_INIT;
	struct shape s;
	struct arena mem;
	struct str two = STR("\0\0\0\x02\0\0\0\0");

	(void)state;
	assert_int_equal(codec_decode(&shape_codec, &s, two, NULL, &err), -1);
	arena_init(&mem, 2 * sizeof(struct point) - 1);
	assert_int_equal(codec_decode(&shape_codec, &s, two, &mem, &err), -1);
	assert_int_equal(mem.used, 0);
	arena_free(&mem);
	arena_init(&mem, 2 * sizeof(struct point));
	assert_int_equal(codec_decode(&shape_codec, &s, two, &mem, &err), 0);
	assert_int_equal(s.points.n, 2);
	arena_free(&mem);
}

static void
test_print(void **state)
{
	struct point v[] = { { 1, STR("a\n") }, { 2, STR("") } };
	struct shape s = { 3, 4, -5, { 2, v } };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	codec_print(&shape_codec, &s, &out);
	assert_string_equal(out.data,
	    "shape: small=3 word=4 sign=-5 points=[{ x=1 label='a\\n' }, "
	    "{ x=2 label='' }]");
	buf_fini(&out);
}

static void
test_errors_name_the_place(void **state)
{
	struct err err = ERR_INIT;
	struct shape s;
	struct arena mem;

	(void)state;
	arena_init(&mem, 1000);
	assert_int_equal(codec_decode(&shape_codec, &s,
			     STR("\0\0\0\x02\0\0\0\x06zz"), &mem, &err),
	    -1);
	assert_string_equal(
	    err.text, "shape: points[1]: point: label: bad length");
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipc_01_every_record),
		cmocka_unit_test(test_ipc_01_random_bytes),
		cmocka_unit_test(test_single_cases),
		cmocka_unit_test(test_lists_need_room),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_errors_name_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_base_hash.c - checksums, maps, heaps */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/mem.h"

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* The check value of the catalogue, and the examples of RFC 3720 B.4. */
static void
test_crc32c(void **state)
{
	unsigned char up[32], down[32], ones[32], zero[32] = { 0 };
	uint32_t crc;

	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		up[i] = (unsigned char)i;
		down[i] = (unsigned char)(31 - i);
		ones[i] = 0xff;
	}
	assert_int_equal(hash_crc32c(0, "123456789", 9), 0xe3069283u);
	assert_int_equal(hash_crc32c(0, zero, 32), 0x8a9136aau);
	assert_int_equal(hash_crc32c(0, ones, 32), 0x62a8ab43u);
	assert_int_equal(hash_crc32c(0, up, 32), 0x46dd794eu);
	assert_int_equal(hash_crc32c(0, down, 32), 0x113fdb5cu);
	assert_int_equal(hash_crc32c(0, "", 0), 0);
	for (unsigned cut = 0; cut <= 32; cut++) {
		crc = hash_crc32c(0, up, cut);
		crc = hash_crc32c(crc, up + cut, 32 - cut);
		assert_int_equal(crc, 0x46dd794eu);
	}
}

/*
 * Key 00..0f, messages 00 01 02 .. of growing length. The values come from a
 * second implementation that also yields the vector of the SipHash paper.
 */
static void
test_siphash_lim_13(void **state)
{
	static const uint64_t key[2] = { 0x0706050403020100ull,
		0x0f0e0d0c0b0a0908ull };
	static const struct {
		size_t n;
		uint64_t hash;
	} cases[] = {
		{ 0, 0xabac0158050fc4dcull },
		{ 1, 0xc9f49bf37d57ca93ull },
		{ 7, 0xd3927d989bb11140ull },
		{ 8, 0x369095118d299a8eull },
		{ 9, 0x25a48eb36c063de4ull },
		{ 15, 0xd320d86d2a519956ull },
		{ 16, 0xcc4fdd1a7d908b66ull },
		{ 31, 0x2370dd1f8c21d1bcull },
		{ 63, 0x9d199062b7bbb3a8ull },
	};
	unsigned char in[64];

	(void)state;
	for (unsigned i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)i;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (hash_sip_key(key, in, cases[i].n) != cases[i].hash)
			fail_msg("length %zu", cases[i].n);
	assert_true(hash_sip(in, 9) == hash_sip(in, 9));
	assert_true(hash_sip(in, 9) != hash_sip_key(key, in, 9));
}

static void
test_map(void **state)
{
	enum { N = 5000 };
	static int values[N];
	struct map m;
	char key[32];
	size_t seen = 0;

	(void)state;
	map_init(&m);
	assert_null(map_get(&m, STR("x")));
	assert_null(map_remove(&m, STR("x")));
	MAP_FOREACH (&m, none)
		fail_msg("%s", none.key.p);
	for (int i = 0; i < N; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		assert_null(map_put(&m, str_of(key), &values[i]));
	}
	assert_int_equal(m.n, N);
	assert_ptr_equal(map_put(&m, STR("key-7"), &values[8]), &values[7]);
	assert_ptr_equal(map_put(&m, STR("key-7"), &values[7]), &values[8]);
	for (int i = 0; i < N; i += 2) {
		snprintf(key, sizeof(key), "key-%d", i);
		assert_ptr_equal(map_remove(&m, str_of(key)), &values[i]);
		assert_null(map_remove(&m, str_of(key)));
	}
	for (int i = 0; i < N; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		assert_ptr_equal(
		    map_get(&m, str_of(key)), i % 2 != 0 ? &values[i] : NULL);
	}
	MAP_FOREACH (&m, it) {
		int *v = it.value;

		assert_int_equal(atol(it.key.p + 4), v - values);
		assert_int_equal(*v, 0);
		*v = 1;
		seen++;
	}
	assert_int_equal(seen, N / 2);
	map_fini(&m, NULL);
	assert_int_equal(m.n, 0);
}

static void
test_map_keys(void **state)
{
	struct map m;

	(void)state;
	map_init(&m);
	map_put(&m, STR(""), mem_strdup("empty"));
	map_put(&m, STR("a\0b"), mem_strdup("nul"));
	map_put(&m, STR("a"), mem_strdup("a"));
	map_put_u64(&m, 0, mem_strdup("zero"));
	map_put_u64(&m, UINT64_MAX, mem_strdup("max"));
	assert_string_equal(map_get(&m, STR("")), "empty");
	assert_string_equal(map_get(&m, str_of(NULL)), "empty");
	assert_string_equal(map_get(&m, STR("a\0b")), "nul");
	assert_string_equal(map_get(&m, STR("a")), "a");
	assert_string_equal(map_get_u64(&m, 0), "zero");
	assert_string_equal(map_get_u64(&m, UINT64_MAX), "max");
	assert_null(map_get_u64(&m, 1));
	free(map_remove_u64(&m, 0));
	assert_null(map_get_u64(&m, 0));
	map_fini(&m, free);
}

struct item {
	struct heap_node node;
	uint64_t key;
	bool in;
};

/* Random puts, removals, changes, pops, compared with a plain search. */
static void
test_heap_property(void **state)
{
	enum { N = 200 };
	static struct item items[N];
	struct heap h = { 0 };
	uint32_t seed = 42;
	size_t n = 0;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		struct item *it = &items[next(&seed) % N];
		unsigned what = next(&seed) % 4;
		uint64_t key = next(&seed) % 500, least = UINT64_MAX;

		if (what < 2 || (what == 2 && n == 0)) {
			heap_rekey(&h, &it->node, key);
			n += !it->in;
			it->in = true;
			it->key = key;
		} else if (what == 2) {
			it = HEAP_OBJ(heap_pop(&h), struct item, node);
			assert_true(it->in);
			it->in = false;
			n--;
		} else {
			heap_remove(&h, &it->node);
			n -= it->in;
			it->in = false;
		}
		for (size_t i = 0; i < N; i++) {
			assert_int_equal(items[i].in, items[i].node.at != 0);
			if (items[i].in && items[i].key < least)
				least = items[i].key;
		}
		assert_int_equal(h.n, n);
		assert_true(
		    n == 0 ? heap_top(&h) == NULL : heap_top(&h)->key == least);
	}
	heap_fini(&h);
}

static void
test_heap_order(void **state)
{
	struct heap h = { 0 };
	struct item items[100];
	uint64_t last = 0;

	(void)state;
	assert_null(heap_pop(&h));
	for (unsigned i = 0; i < 100; i++) {
		items[i].node.at = 0;
		heap_put(&h, &items[i].node, i * 37 % 100);
	}
	for (unsigned i = 0; i < 100; i++) {
		struct heap_node *node = heap_pop(&h);

		assert_int_equal(node->key, last++);
		assert_int_equal(node->at, 0);
	}
	assert_null(heap_top(&h));
	heap_fini(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc32c),
		cmocka_unit_test(test_siphash_lim_13),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_keys),
		cmocka_unit_test(test_heap_property),
		cmocka_unit_test(test_heap_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

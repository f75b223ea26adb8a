/* test_base_buf.c - buffers, arenas, errors */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

static void
test_buf_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_true(buf_str(&b).n == 0 && buf_str(&b).p != NULL);
	assert_true(buf_add(&b, "abc", 3));
	assert_false(buf_add(&b, "de", 2)); /* not even in part */
	assert_true(b.failed);
	assert_false(buf_putc(&b, 'd')); /* would fit, but it failed */
	assert_int_equal(b.len, 3);
	assert_string_equal(b.data, "abc");
	buf_reset(&b);
	assert_false(b.failed);
	assert_true(buf_puts(&b, "1234"));
	assert_null(buf_room(&b, 1));
	assert_true(b.failed);
	buf_release(&b);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
	assert_false(b.failed);
}

static void
test_buf_queue(void **state)
{
	struct buf b;
	unsigned in = 0, out = 0;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int turn = 0; turn < 5000; turn++) {
		for (int k = turn % 7; k >= 0; k--, in++)
			assert_true(buf_add(&b, &in, sizeof(in)));
		for (int k = turn % 6; k >= 0 && b.len != 0; k--, out++) {
			unsigned v;

			memcpy(&v, b.data, sizeof(v));
			assert_int_equal(v, out);
			buf_consume(&b, sizeof(v));
		}
		assert_int_equal(b.len, (in - out) * sizeof(in));
		assert_true(b.data == NULL || b.data[b.len] == '\0');
	}
	buf_fini(&b);
}

static void
test_buf_printf_take(void **state)
{
	struct buf b;
	char *text, big[2000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	buf_init(&b, 4000);
	assert_true(buf_printf(&b, "%d-%s", 5, "a"));
	assert_true(buf_printf(&b, "%s", big));
	assert_int_equal(b.len, 3 + 1999);
	assert_false(buf_printf(&b, "%s", big));
	buf_consume(&b, 2);
	text = buf_take(&b);
	assert_int_equal(strlen(text), 2000);
	assert_memory_equal(text, "axx", 3);
	free(text);
	text = buf_take(&b);
	assert_string_equal(text, "");
	free(text);
	buf_fini(&b);
}

static void
test_buf_room(void **state)
{
	struct buf b;
	char *to;

	(void)state;
	buf_init(&b, 100);
	to = buf_room(&b, 50);
	assert_non_null(to);
	memset(to, 'y', 20);
	buf_grew(&b, 20);
	assert_int_equal(b.len, 20);
	assert_int_equal(b.data[20], '\0');
	assert_non_null(buf_room(&b, 80));
	assert_null(buf_room(&b, 81));
	buf_fini(&b);
}

static void
test_arena(void **state)
{
	static const unsigned char zero[3000];
	struct arena a;
	struct str s;
	char *first;

	(void)state;
	arena_init(&a, 1 << 20);
	first = arena_strdup(&a, "first");
	for (size_t n = 0; n < 3000; n += 37) {
		unsigned char *p = arena_alloc(&a, n);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		assert_memory_equal(p, zero, n);
		memset(p, 0xff, n);
	}
	s = arena_str(&a, STR("a\0b"));
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "a\0b", 4);
	assert_non_null(arena_str(&a, str_of(NULL)).p);
	assert_string_equal(arena_printf(&a, "%s %d", "n", 7), "n 7");
	assert_int_equal(strlen(arena_printf(&a, "%*d", 1000, 7)), 1000);
	s = arena_join(&a, (struct str[]){ STR("a"), STR(""), STR("bc") }, 3);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.p, "abc");
	assert_string_equal(first, "first");
	arena_free(&a);
	assert_int_equal(a.used, 0);
	assert_string_equal(arena_strz(&a, STR("again")), "again");
	arena_free(&a);
}

static int
fails(struct err *err)
{
	errno = ENOENT;
	return err_sys(err, ERR_TEMP, "open %s", "x");
}

static void
test_err(void **state)
{
	struct err err = ERR_INIT;
	char big[1000];

	(void)state;
	assert_int_equal(fails(NULL), -1);
	assert_int_equal(fails(&err), -1);
	assert_int_equal(err_in(&err, "table %d", 7), -1);
	assert_string_equal(
	    err.text, "table 7: open x: No such file or directory");
	assert_int_equal(err.sys, ENOENT);
	assert_int_equal(err.kind, ERR_TEMP);
	err_set(&err, ERR_PERM, "no");
	assert_int_equal(err.sys, 0);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_in(&err, "%s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void
test_mem(void **state)
{
	size_t cap = 0, n;
	int *v = NULL;
	char *s;

	(void)state;
	for (n = 0; n < 1000; n++) {
		v = mem_room(v, &cap, n, sizeof(*v));
		v[n] = (int)n;
	}
	for (n = 0; n < 1000; n++)
		assert_int_equal(v[n], n);
	free(v);
	s = mem_strndup("abcdef", 3);
	assert_string_equal(s, "abc");
	free(s);
	s = mem_strndup("ab", 30);
	assert_string_equal(s, "ab");
	free(s);
	s = mem_dup(NULL, 0);
	assert_non_null(s);
	free(s);
	s = mem_array(0, 8);
	assert_non_null(s);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_limit),
		cmocka_unit_test(test_buf_queue),
		cmocka_unit_test(test_buf_printf_take),
		cmocka_unit_test(test_buf_room),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_err),
		cmocka_unit_test(test_mem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

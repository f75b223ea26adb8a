/* test_base_base64.c - base64: what is right, and what only looks like it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/mem.h"

static void
test_both_ways(void **state)
{
	static const struct {
		struct str plain, coded;
	} table[] = {
		{ { "", 0 }, { "", 0 } },
		{ { "f", 1 }, { "Zg==", 4 } },
		{ { "fo", 2 }, { "Zm8=", 4 } },
		{ { "foo", 3 }, { "Zm9v", 4 } },
		{ { "foob", 4 }, { "Zm9vYg==", 8 } },
		{ { "\0joe\0pw", 7 }, { "AGpvZQBwdw==", 12 } },
		{ { "\xff\xfe\xfd", 3 }, { "//79", 4 } },
	};
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	for (size_t i = 0; i < NELEM(table); i++) {
		buf_reset(&out);
		base64_encode(table[i].plain, &out);
		if (!str_eq(buf_str(&out), table[i].coded))
			fail_msg("encoding %zu", i);
		buf_reset(&out);
		assert_true(base64_decode(table[i].coded, &out));
		if (out.len != table[i].plain.n ||
		    !str_eq(buf_str(&out), table[i].plain))
			fail_msg("decoding %zu", i);
	}
	buf_fini(&out);
}

static void
test_stm_08_not_base64(void **state)
{
	static const char *const table[] = { "Z", "Zg", "Zg=", "Zg===", "=",
		"====", "Z===", "Zg==Zg==", "Z=g=", "Zh==", "Zm9=", "Zm 9",
		"Zm9v\n", "Zm-v", "Zm_v", "*", "Zm9*", "=Zm9" };
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	buf_puts(&out, "x");
	for (size_t i = 0; i < NELEM(table); i++) {
		if (base64_decode(str_of(table[i]), &out))
			fail_msg("\"%s\" was decoded", table[i]);
		assert_int_equal(out.len, 1);
	}
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_stm_08_not_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

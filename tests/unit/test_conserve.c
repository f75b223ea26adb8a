/* test_conserve.c - how much clients are held back (delivery-admin 6.2) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "master/conserve.h"

static void
test_memory(void **state)
{
	static const struct {
		unsigned before;
		double use;
		unsigned want;
	} v[] = {
		{ 0, 0, 0 },
		{ 0, 42, 0 },
		{ 0, 45, 0 },
		{ 0, 45.1, 1 },
		{ 0, 46, 4 },
		{ 0, 52.5, 30 },
		{ 0, 59.9, 60 },
		{ 0, 60, 999 },
		{ 0, 99, 999 },
		{ 60, 60, 999 },
		/* not to and fro at an edge */
		{ 999, 59, 999 },
		{ 999, 57, 999 },
		{ 999, 56.9, 48 },
		{ 48, 57.5, 50 },
		{ 5, 45, 1 },
		{ 1, 42, 1 },
		{ 1, 41.9, 0 },
		{ 0, 44, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(v); i++) {
		const struct pressure p = { "memory", v[i].use, 45, 60, 0 };
		size_t worst;
		unsigned got = conserve_degree(v[i].before, &p, 1, &worst);

		if (got != v[i].want)
			fail_msg("%u, %.1f: %u is not %u", v[i].before,
			    v[i].use, got, v[i].want);
	}
}

static void
test_the_worst_decides(void **state)
{
	const struct pressure p[] = { { "memory", 46, 45, 60, 0 },
		{ "disk", 90, 80, 100, 0 }, { "queue", 10, 80, 100, 0 } };
	size_t worst;

	(void)state;
	assert_int_equal(conserve_degree(0, p, 3, &worst), 30);
	assert_int_equal(worst, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_the_worst_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

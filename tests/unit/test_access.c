/*
 * test_access.c - the one-time password of those who help
 *
 * The vectors were made with "openssl kdf -keylen 20 ... HKDF" and base32.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "admin/access.h"
#include "base/mem.h"

#define DAY INT64_C(86400000)

static const struct {
	const char *seed, *serial, *credential;
} vectors[] = {
	{ "correct horse battery", "5254001A2B3C-0F00AA11",
	    "NE6WFBNWZYPWBPYPV6EXNROQQRNZCRI6" },
	{ "correct horse battery", "5254001A2B3C-0F00AA12",
	    "FJHEQDV4NNRVPWEVQVDS2YJHC3TCSZY6" },
	{ "0123456789abcdef", "929DEC30AE09-6B408D95",
	    "WVOTZM3YL7MYOGGXBPV2EE3XFZFWL3SK" },
};

static void
test_credential(void **state)
{
	char out[ACCESS_CREDENTIAL];

	(void)state;
	for (size_t i = 0; i < NELEM(vectors); i++) {
		access_credential(
		    str_of(vectors[i].seed), str_of(vectors[i].serial), out);
		if (strcmp(out, vectors[i].credential) != 0)
			fail_msg("%s: %s", vectors[i].seed, out);
	}
}

static void
test_seeds_differ(void **state)
{
	char one[ACCESS_CREDENTIAL], other[ACCESS_CREDENTIAL];

	(void)state;
	access_make_seed(one);
	access_make_seed(other);
	assert_true(strlen(one) >= ACCESS_SEED_MIN);
	assert_string_not_equal(one, other);
}

/* Never later than seven days, never earlier than six. */
static void
test_end(void **state)
{
	const int64_t starts[] = { 0, 1, DAY - 1, DAY, 20000 * DAY + 4711 };

	(void)state;
	for (size_t i = 0; i < NELEM(starts); i++) {
		int64_t end = access_end(starts[i]);

		if (end % DAY != 0 || end > starts[i] + 7 * DAY ||
		    end <= starts[i] + 6 * DAY)
			fail_msg("%zu: %lld", i, (long long)end);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credential),
		cmocka_unit_test(test_seeds_differ),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

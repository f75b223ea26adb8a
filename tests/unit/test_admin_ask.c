/* test_admin_ask.c - values of the configuration in dialogues */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/ask.h"
#include "base/mem.h"
#include "config/mask.h"

struct thing {
	struct str text;
	uint32_t number;
	bool flag;
};

#define FIELD(member)                                                          \
	.off = offsetof(struct thing, member),                                 \
	.width = sizeof(((struct thing *)NULL)->member)

static const struct schema_key keys[] = {
	{ .name = "text", FIELD(text), .type = &value_text, .max = 100 },
	{ .name = "secret",
	    FIELD(text),
	    .type = &value_text,
	    .max = 100,
	    .flags = KEY_SECRET },
	{ .name = "number", FIELD(number), .type = &value_count, .max = 99 },
	{ .name = "flag", FIELD(flag), .type = &value_bool },
};

/* ADM-11: a secret is on no screen, neither printed nor as a default. */
static void
test_adm_11_secrets_are_masked(void **state)
{
	static const struct {
		const char *key, *text, *want;
	} table[] = {
		{ "text", "geheim", "=geheim" },
		{ "secret", "geheim", "=" MASK },
		{ "secret", "", "=" },
		{ "number", "geheim", "=7" },
		{ "flag", "geheim", "=yes" },
	};
	struct thing thing = { .number = 7, .flag = true };
	struct buf out;

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		for (size_t k = 0; k < NELEM(keys); k++) {
			if (strcmp(keys[k].name, table[i].key) != 0)
				continue;
			thing.text = str_of(table[i].text);
			buf_init(&out, 1000);
			buf_putc(&out, '=');
			ask_present(&keys[k], &thing, &out);
			if (!str_is(buf_str(&out), table[i].want))
				fail_msg("%s \"%s\": %s", table[i].key,
				    table[i].text, out.data);
			buf_fini(&out);
		}
	}
}

static void
test_values_are_checked(void **state)
{
	static const struct {
		size_t key;
		const char *text, *want; /* NULL: wrong */
	} table[] = {
		{ 0, "a b", "a b" },
		{ 2, "99", "99" },
		{ 2, "100", NULL },
		{ 2, "x", NULL },
		{ 3, "on", "yes" },
		{ 3, "maybe", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct err err = ERR_INIT;
		struct buf out;
		bool good;

		buf_init(&out, 1000);
		good = ask_check(
		    &keys[table[i].key], str_of(table[i].text), &out, &err);
		if (good != (table[i].want != NULL) ||
		    (good && !str_is(buf_str(&out), table[i].want)) ||
		    (!good && err.text[0] == '\0'))
			fail_msg("%s: %d \"%.*s\" %s", table[i].text, good,
			    STR_ARG(buf_str(&out)), err.text);
		buf_fini(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adm_11_secrets_are_masked),
		cmocka_unit_test(test_values_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

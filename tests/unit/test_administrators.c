/*
 * test_administrators.c - who may administer the gateway (tls/administrators,
 * tls/holds)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/commands.h"
#include "tls/administrators.h"
#include "tls/holds.h"
#include "tls/roles.h"

#define SALT "AAAAAAAAAAAAAAAAAAAAAA=="
#define KEY  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define HASH "$scrypt$ln=15,r=8,p=1$" SALT "$" KEY

static void
test_what_a_file_may_say(void **state)
{
	static const struct {
		const char *text;
		const char *wrong; /* NULL: nothing */
	} cases[] = {
		{ "", NULL },
		{ "# nobody\n\n", NULL },
		{ "joe:operator:enabled:17:" HASH ":Joe Smith\n", NULL },
		{ "joe:Operator:change:0:" HASH ":", NULL },
		{ "joe:guest:locked:17:" HASH ":J\303\266rg\nann:helpdesk:"
		  "enabled:1:" HASH ":\n",
		    NULL },
		{ "joe:guest:locked:17:" HASH "\n", NULL },
		{ "joe:guest:locked:17:" HASH ":\njoe:guest:locked:17:" HASH
		  ":\n",
		    "f:2: joe is there already" },
		{ "Joe:guest:locked:17:" HASH ":\n", "f:1: a user's name" },
		{ "../x:guest:locked:17:" HASH ":\n", "f:1: a user's name" },
		{ ":guest:locked:17:" HASH ":\n", "f:1: a user's name" },
		{ "joe:none:locked:17:" HASH ":\n", "f:1: the role" },
		{ "joe:root:locked:17:" HASH ":\n", "f:1: the role" },
		{ "joe:guest:open:17:" HASH ":\n", "f:1: the state" },
		{ "joe:guest:enabled:-1:" HASH ":\n", "f:1: the fourth" },
		{ "joe:guest:enabled::" HASH ":\n", "f:1: the fourth" },
		{ "joe:guest:enabled:1:secret:\n", "f:1: the hash" },
		{ "joe:guest:enabled:1:$6$abc$def:\n", "f:1: the hash" },
		/* less than may be guessed, more than there is memory for */
		{ "joe:guest:enabled:1:$scrypt$ln=1,r=8,p=1$" SALT "$" KEY ":",
		    "f:1: the hash" },
		{ "joe:guest:enabled:1:$scrypt$ln=20,r=8,p=1$" SALT "$" KEY ":",
		    "f:1: the hash" },
		{ "joe:guest:enabled:1:$scrypt$ln=15,r=8,p=255$" SALT "$" KEY
		  ":",
		    "f:1: the hash" },
		{ "joe:guest:enabled:1:$scrypt$ln=15,r=8,p=1$AAAA$" KEY ":",
		    "f:1: the hash" },
		{ "joe:guest:enabled:1:" HASH ":a\033[1mb\n", "f:1: the full" },
		{ "joe:guest:enabled:1:" HASH ":a:b\n", "f:1: the full" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct administrators a;
		struct err err = ERR_INIT;
		int rc;

		administrators_init(&a);
		rc = administrators_parse(&a, str_of(cases[i].text), "f", &err);
		if ((rc == 0) != (cases[i].wrong == NULL) ||
		    (rc == -1 && strncmp(err.text, cases[i].wrong,
				     strlen(cases[i].wrong)) != 0))
			fail_msg("case %zu: %d %s", i, rc, err.text);
		administrators_fini(&a);
	}
}

static void
test_as_it_is_written_it_is_read(void **state)
{
	struct administrators a, again;
	struct administrator *joe, *ann;
	struct err err = ERR_INIT;
	struct buf text, twice;

	(void)state;
	administrators_init(&a);
	administrators_init(&again);
	buf_init(&text, ADMINS_TEXT_MAX);
	buf_init(&twice, ADMINS_TEXT_MAX);
	joe = administrators_add(&a, STR("joe"), STR("Joe Smith"));
	joe->role = ROLE_OPERATOR;
	joe->set = 1764000000;
	admin_hash_make(&joe->hash, STR("correct horse"));
	ann = administrators_add(&a, STR("ann"), STR(""));
	ann->role = ROLE_ADMINISTRATOR;
	ann->state = ADMIN_CHANGE;
	admin_hash_make(&ann->hash, STR("correct horse"));
	assert_memory_not_equal(joe->hash.key, ann->hash.key, ADMIN_KEY);
	administrators_print(&a, &text);
	assert_null(memmem(text.data, text.len, "horse", 5));
	assert_int_equal(
	    administrators_parse(&again, buf_str(&text), "f", &err), 0);
	administrators_print(&again, &twice);
	assert_string_equal(text.data, twice.data);

	assert_ptr_equal(
	    administrators_check(&again, STR("joe"), STR("correct horse")),
	    administrators_find(&again, STR("joe")));
	assert_null(
	    administrators_check(&again, STR("joe"), STR("correct horsf")));
	assert_null(
	    administrators_check(&again, STR("joe"), STR("correct horse\0")));
	assert_null(
	    administrators_check(&again, STR("jo"), STR("correct horse")));
	assert_null(administrators_check(&again, STR("joe"), STR("")));

	administrators_remove(&a, joe);
	assert_int_equal(a.n, 1);
	assert_null(administrators_find(&a, STR("joe")));
	assert_non_null(administrators_find(&a, STR("ann")));
	buf_fini(&text);
	buf_fini(&twice);
	administrators_fini(&a);
	administrators_fini(&again);
}

/* Whoever was logged in as this, is so no longer. */
static void
test_a_stamp_changes(void **state)
{
	struct administrator a = { .role = ROLE_OPERATOR };
	uint64_t was = admin_stamp(&a);

	(void)state;
	assert_int_equal(admin_stamp(&a), was);
	a.full = STR("another name");
	assert_int_equal(admin_stamp(&a), was);
	a.role = ROLE_GUEST;
	assert_true(admin_stamp(&a) != was);
	a.role = ROLE_OPERATOR;
	a.state = ADMIN_CHANGE;
	assert_true(admin_stamp(&a) != was);
	a.state = ADMIN_ENABLED;
	a.hash.key[0] ^= 1;
	assert_true(admin_stamp(&a) != was);
}

static void
test_passphrases(void **state)
{
	static const struct {
		const char *name, *passphrase;
		bool ok;
	} cases[] = {
		{ "joe", "1234567", false },
		{ "joe", "12345678", true },
		{ "operator", "operator", false },
		{ "operator", "OperatoR", false },
		{ "operator", "operator1", true },
		{ "joe", "", false },
	};
	char longest[ADMIN_PASS_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (admin_passphrase_ok(str_of(cases[i].name),
			str_of(cases[i].passphrase), 8, NULL) != cases[i].ok)
			fail_msg("case %zu", i);
	memset(longest, 'a', sizeof(longest));
	assert_true(admin_passphrase_ok(
	    STR("joe"), (struct str){ longest, ADMIN_PASS_MAX }, 8, NULL));
	assert_false(admin_passphrase_ok(
	    STR("joe"), (struct str){ longest, ADMIN_PASS_MAX + 1 }, 8, NULL));
}

/* --- roles --- */

static void
test_adm_06_who_may_what(void **state)
{
	static const struct {
		const char *command, *who; /* A, O, R, G, H */
	} cases[] = {
		{ "status", "AORGH" },
		{ "whoami", "AORGH" },
		{ "tracking", "AORH" },
		{ "hoststatus", "AOR" },
		{ "displayalerts", "AR" },
		{ "delivernow", "AO" },
		{ "deleterecipients", "AO" },
		{ "userconfig", "A" },
		{ "showconfig", "A" },
		{ "techsupport", "A" },
		{ "no such command", "A" },
		{ "", "A" },
	};
	static const char letters[ROLE_N + 1] = "-AORGH";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int r = 0; r < ROLE_N + 1; r++)
			if (role_may(
				(enum admin_role)r, str_of(cases[i].command)) !=
			    (letters[r] != '\0' &&
				strchr(cases[i].who, letters[r]) != NULL))
				fail_msg("%s, role %d", cases[i].command, r);
}

/* Whoever adds a command says whom it is for. */
static void
test_adm_06_every_command_has_roles(void **state)
{
#define COMMAND_NAME(name) #name,
	static const char *const names[] = { COMMANDS(COMMAND_NAME) };
	const char *last = "";

	(void)state;
	for (size_t i = 0; role_command(i) != NULL; i++) {
		if (strcmp(last, role_command(i)) >= 0)
			fail_msg("%s is out of order", role_command(i));
		last = role_command(i);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t k = 0;

		while (role_command(k) != NULL &&
		       strcmp(role_command(k), names[i]) != 0)
			k++;
		if (role_command(k) == NULL)
			fail_msg("lib/tls/roles.c has no %s", names[i]);
	}
}

/* --- holds --- */

static struct ip
address(const char *text)
{
	struct ip ip;

	assert_true(ip_parse(&ip, str_of(text)));
	return ip;
}

static int64_t
fail_times(
    struct holds *h, const char *name, const char *from, int n, int64_t now)
{
	struct holds_rule rule = { 5, 1000, now };
	struct ip ip = address(from);
	int64_t until = 0;

	while (n-- > 0)
		until = holds_failed(h, str_of(name), &ip, &rule);
	return until;
}

static bool
is_held(struct holds *h, const char *name, const char *from, int64_t now)
{
	struct ip ip = address(from);

	return holds_until(h, str_of(name), &ip, now) != 0;
}

static void
test_a_user_at_an_address_is_held_for_a_while(void **state)
{
	struct holds *h = holds_new();

	(void)state;
	assert_int_equal(fail_times(h, "joe", "192.0.2.1", 4, 100), 0);
	assert_false(is_held(h, "joe", "192.0.2.1", 100));
	assert_int_equal(fail_times(h, "joe", "192.0.2.1", 1, 100), 1100);
	assert_true(is_held(h, "joe", "192.0.2.1", 1099));
	assert_false(is_held(h, "joe", "192.0.2.1", 1100));
	/* others are not concerned, nor is he elsewhere */
	assert_false(is_held(h, "ann", "192.0.2.1", 500));
	assert_false(is_held(h, "joe", "192.0.2.2", 500));
	/* and it begins anew */
	assert_int_equal(fail_times(h, "joe", "192.0.2.1", 4, 1100), 0);
	assert_true(holds_clear(h, STR("joe"), 0));
	assert_false(holds_clear(h, STR("joe"), 0));
	/* failures of long ago count no more */
	assert_int_equal(fail_times(h, "ann", "192.0.2.9", 4, 0), 0);
	assert_int_equal(fail_times(h, "ann", "192.0.2.9", 1, 1000), 0);
	/* one network of IPv6 is one address */
	assert_int_not_equal(fail_times(h, "eve", "2001:db8::1", 5, 0), 0);
	assert_true(is_held(h, "eve", "2001:db8::2:3", 1));
	assert_false(is_held(h, "eve", "2001:db8:0:1::1", 1));
	holds_free(&h);
}

/* An attacker must not keep the administrator out. */
static void
test_adm_09_many_addresses_hold_all_but_who_was_there(void **state)
{
	struct ip home = address("198.51.100.1");
	struct holds *h = holds_new();
	char from[32];

	(void)state;
	holds_right(h, STR("joe"), &home, 0);
	for (int i = 0; i < 50; i++) {
		snprintf(from, sizeof(from), "192.0.2.%d", i);
		fail_times(h, "joe", from, 1, 1);
	}
	assert_true(is_held(h, "joe", "203.0.113.1", 2));
	assert_false(is_held(h, "joe", "198.51.100.1", 2));
	assert_false(is_held(h, "ann", "203.0.113.1", 2));
	/* there, too, one may not guess for ever */
	fail_times(h, "joe", "198.51.100.1", 5, 2);
	assert_true(is_held(h, "joe", "198.51.100.1", 3));
	assert_true(holds_clear(h, STR("joe"), 3));
	assert_false(is_held(h, "joe", "203.0.113.1", 3));
	/* nor at one address through all names */
	for (int i = 0; i < 50; i++) {
		snprintf(from, sizeof(from), "user%d", i);
		fail_times(h, from, "192.0.2.77", 1, 5);
	}
	assert_true(is_held(h, "somebody", "192.0.2.77", 6));
	holds_free(&h);
}

/* Names without end do not fill the memory, nor drive out who was there. */
static void
test_holds_are_bounded(void **state)
{
	struct ip home = address("198.51.100.1");
	struct holds *h = holds_new();
	char name[32];

	(void)state;
	holds_right(h, STR("joe"), &home, 0);
	for (int i = 0; i < HOLDS_ENTRIES / 2 + 200; i++) {
		snprintf(name, sizeof(name), "user%d", i);
		fail_times(h, name, "192.0.2.77", 1, i);
	}
	fail_times(h, "joe", "192.0.2.1", 50, 100000);
	assert_false(is_held(h, "joe", "198.51.100.1", 100001));
	assert_true(is_held(h, "joe", "192.0.2.2", 100001));
	holds_free(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_file_may_say),
		cmocka_unit_test(test_as_it_is_written_it_is_read),
		cmocka_unit_test(test_a_stamp_changes),
		cmocka_unit_test(test_passphrases),
		cmocka_unit_test(test_adm_06_who_may_what),
		cmocka_unit_test(test_adm_06_every_command_has_roles),
		cmocka_unit_test(test_a_user_at_an_address_is_held_for_a_while),
		cmocka_unit_test(
		    test_adm_09_many_addresses_hold_all_but_who_was_there),
		cmocka_unit_test(test_holds_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

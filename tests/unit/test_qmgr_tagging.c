/*
 * test_qmgr_tagging.c - which senders leave with a bounce verification tag
 * (spec delivery-admin 1.12)
 */
#include "qmgr/tagging.h"
#include "qmgr_double.h"

static const char yaml[] = "hostname: mx.postern.test\n"
			   "routes: { ALL: \"198.51.100.1:25\" }\n";

#define LONG "a123456789b123456789c123456789d123456789e12345678"

static const struct {
	const char *why, *sender;
	uint32_t flags;
	bool on, tagged;
} table[] = {
	{ "relayed", "joe@example.com", ENV_RELAYED, true, true },
	{ "... to a destination without", "joe@example.com", ENV_RELAYED, false,
	    false },
	{ "from outside", "joe@example.com", 0, true, false },
	{ "the null sender", "", ENV_RELAYED, true, false },
	{ "a notice", "", ENV_NOTICE, true, false },
	{ "tagged already", "prvs=joe=123ABCDEF0@example.com", ENV_RELAYED,
	    true, false },
	{ "too long", LONG "@example.com", ENV_RELAYED, true, false },
};

/* The mail of that sender, with these flags. */
static struct mail *
mail_of(struct twin *t, uint64_t mid, size_t i)
{
	static const char *const rcpts[] = { "r@far.test", NULL };
	struct mail *m = twin_message(t, mid, table[i].sender, rcpts);

	m->flags = table[i].flags;
	return m;
}

static void
test_who_is_tagged(void **state)
{
	struct tag_key_msg key = { .day = 7,
		.key = STR("the key of a day, 32 bytes of it") };
	struct tagging tagging = { .told = false };

	(void)state;
	tagging_key(&tagging, &key);
	for (size_t i = 0; i < NELEM(table); i++) {
		struct twin *t = twin_new(yaml);
		struct destination d = { .bounce_verification = table[i].on };
		struct mail *m = mail_of(t, 1, i);
		struct str sender, want = str_of(table[i].sender);
		struct arena mem;

		arena_init(&mem, 4096);
		assert_true(tagging_sender(&tagging, &d, m, &sender, &mem));
		if (table[i].tagged)
			want = tag_address(tagging.key, 7, want, &mem);
		if (!str_eq(sender, want) ||
		    str_eq(sender, str_of(table[i].sender)) == table[i].tagged)
			fail_msg("%s: %.*s", table[i].why, STR_ARG(sender));
		arena_free(&mem);
		twin_free(t);
	}
}

/* keyd has not said anything; it says that there are no keys; it has one. */
static void
test_what_keyd_says(void **state)
{
	struct destination on = { .bounce_verification = true }, off = { 0 };
	struct tagging tagging = { .told = false };
	struct twin *t = twin_new(yaml);
	struct mail *m = mail_of(t, 1, 0);
	struct str sender;
	struct arena mem;

	(void)state;
	arena_init(&mem, 4096);
	assert_false(tagging_sender(&tagging, &on, m, &sender, &mem));
	assert_true(tagging_sender(&tagging, &off, m, &sender, &mem));
	tagging_key(&tagging, &(struct tag_key_msg){ .key = STR("") });
	assert_true(tagging_sender(&tagging, &on, m, &sender, &mem));
	assert_true(str_is(sender, "joe@example.com"));
	tagging_key(
	    &tagging, &(struct tag_key_msg){ .day = 8,
			  .key = STR("the key of a day, 32 bytes of it") });
	assert_true(tagging_sender(&tagging, &on, m, &sender, &mem));
	assert_true(str_starts(sender, STR("prvs=joe=008")));
	arena_free(&mem);
	twin_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_tagged),
		cmocka_unit_test(test_what_keyd_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

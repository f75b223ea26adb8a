/* test_access_text_random.c - what is printed reads back as the same */
#include "access_kit.h"
#include "tests/unit/random_hat.h"

static const char *
random_comment(uint64_t *seed)
{
	static const char *const comments[] = { "", "x", "two words", "(in)",
		") {", "a (b) c", "# no comment", "\"quoted\"", "{",
		"\xc3\xa4\xc3\xb6", "$X", "back\\slash\\n", "REJECT" };

	return comments[rnd(seed) % NELEM(comments)];
}

static void
random_parameters(uint64_t *seed, const char *margin, struct buf *out)
{
	static const char *const parameters[] = { "max_message_size: 1k",
		"max_message_size: 123457", "max_concurrency: unlimited",
		"max_rcpts_per_hour: 20k", "max_rcpts_per_hour: unlimited",
		"dhap_limit: 0", "dhap_limit: 7", "spam_check: off",
		"virus_check: no", "tls: preferred", "tls: off",
		"tls_verify: on", "significant_bits: 24",
		"significant_bits: off", "override_hostname: none",
		"max_rcpts_per_hour_text: \"a\\\\b \\\"c\\\" $Group\\nd} {\"",
		"max_rcpts_per_hour_code: 451", "dhap_text: '# x'",
		"sender_malformed_text: ' two  blanks'" };
	size_t at = rnd(seed) % NELEM(parameters);

	for (size_t i = rnd(seed) % 4; i > 0; i--) {
		/* no key twice: those of one name stand side by side */
		buf_printf(out, "%s%s\n", margin, parameters[at]);
		at += 3;
		if (at >= NELEM(parameters))
			break;
	}
}

static void
random_group(uint64_t *seed, int i, struct buf *out)
{
	static const char *const policies[] = { "$BLOCKED", "$P0", "$P1" };
	static const char *const behaviours[] = { "ACCEPT", "RELAY", "REJECT",
		"TCPREFUSE", "CONTINUE" };
	bool named = rnd(seed) % 2, inlined = rnd(seed) % 3 == 0;

	buf_printf(out, "    - policy: %s\n",
	    inlined ? behaviours[rnd(seed) % NELEM(behaviours)]
		    : policies[rnd(seed) % NELEM(policies)]);
	if (named)
		buf_printf(out, "      name: G%d_-x\n", i);
	buf_printf(out, "      comment: '%s'\n", random_comment(seed));
	if (inlined) {
		buf_puts(out, "      parameters:\n");
		random_parameters(seed, "        ", out);
	}
	buf_puts(out, "      entries:\n");
	for (size_t k = named ? rnd(seed) % 6 : 1; k > 0; k--) {
		const char *comment = random_comment(seed);
		char text[RANDOM_TEXT];

		random_entry(seed, text);
		buf_printf(out, "      - '%s%s%s%s'\n", text,
		    *comment != '\0' ? " (" : "", comment,
		    *comment != '\0' ? ")" : "");
	}
}

static void
random_yaml(uint64_t seed, struct buf *out)
{
	buf_printf(out, HEAD "  hat:\n    defaults:\n");
	random_parameters(&seed, "      ", out);
	buf_puts(out, "    policies:\n");
	for (int i = 0; i < 2; i++) {
		buf_printf(out, "    - name: $P%d\n      behaviour: %s\n", i,
		    rnd(&seed) % 2 ? "ACCEPT" : "REJECT");
		random_parameters(&seed, "      ", out);
	}
	buf_puts(out, "    groups:\n");
	for (int i = (int)(rnd(&seed) % 8); i >= 0; i--)
		random_group(&seed, i, out);
	buf_puts(out, "  rat:\n");
	for (size_t i = rnd(&seed) % 8; i > 0; i--) {
		bool accept = rnd(&seed) % 2;
		char text[RANDOM_TEXT];

		random_pattern(&seed, text);
		buf_printf(
		    out, "  - %s: '%s'\n", accept ? "accept" : "reject", text);
		if (rnd(&seed) % 2)
			buf_printf(out,
			    "    reply: \"%d say \\\"%s\\\" (or) "
			    "{\\n\\\\n\"\n",
			    accept ? 250 : 551, text);
		if (rnd(&seed) % 2)
			buf_puts(out, "    bypass_ldap_accept: yes\n");
		if (rnd(&seed) % 2)
			buf_puts(out, "    bypass_callahead: yes\n");
	}
	if (rnd(&seed) % 2)
		buf_puts(out, "  - {reject: ALL, reply: 450 later}\n");
}

static void
same_params(const struct policy_params *a, const struct policy_params *b,
    const char *what)
{
	for (size_t i = 0; i < MFP_N; i++) {
		const struct schema_key *key = &schema_policy_params.keys[i];
		struct buf x, y;

		buf_init(&x, 1 << 16);
		buf_init(&y, 1 << 16);
		key->type->print(key, (const char *)a + key->off, &x);
		key->type->print(key, (const char *)b + key->off, &y);
		if (!str_eq(buf_str(&x), buf_str(&y)))
			fail_msg("%s: %s: %.*s, not %.*s", what, key->name,
			    STR_ARG(buf_str(&y)), STR_ARG(buf_str(&x)));
		buf_fini(&x);
		buf_fini(&y);
	}
}

static void
same_policy(const struct policy *a, const struct policy *b)
{
	assert_true(str_eq(a->name, b->name));
	assert_int_equal(a->behaviour, b->behaviour);
	assert_memory_equal(a->set, b->set, sizeof(a->set));
	same_params(&a->p, &b->p, "policy");
}

static void
same_hat(const struct hat *a, const struct hat *b)
{
	same_params(&a->defaults, &b->defaults, "defaults");
	assert_int_equal(a->n_policies, b->n_policies);
	for (size_t i = 0; i < a->n_policies; i++)
		same_policy(&a->policies[i], &b->policies[i]);
	assert_int_equal(a->n_groups, b->n_groups);
	for (size_t i = 0; i < a->n_groups; i++) {
		const struct hat_group *x = &a->groups[i], *y = &b->groups[i];

		assert_true(str_eq(x->name, y->name));
		assert_true(str_eq(x->comment, y->comment));
		same_policy(x->policy, y->policy);
		assert_int_equal(x->n_entries, y->n_entries);
		for (size_t k = 0; k < x->n_entries; k++) {
			const struct hat_entry *e = &x->entries[k];
			const struct hat_entry *f = &y->entries[k];

			assert_int_equal(e->kind, f->kind);
			assert_true(str_eq(e->comment, f->comment));
			if (e->kind == HAT_SCORE)
				assert_true(e->score.lo == f->score.lo &&
					    e->score.hi == f->score.hi);
			else if (e->kind != HAT_SCORE_NONE)
				assert_true(str_eq(e->text, f->text));
		}
	}
}

static void
same_rat(const struct rat *a, const struct rat *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct rat_entry *e = &a->entries[i];
		const struct rat_entry *f = &b->entries[i];

		assert_true(str_eq(e->text, f->text));
		assert_true(str_eq(e->reply, f->reply));
		assert_int_equal(e->accept, f->accept);
		assert_int_equal(e->code, f->code);
		assert_int_equal(e->bypass_control, f->bypass_control);
		assert_int_equal(e->bypass_ldap, f->bypass_ldap);
		assert_int_equal(e->bypass_callahead, f->bypass_callahead);
	}
}

/* By import, and as files of the configuration. */
static void
test_round_trip(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 1500; seed++) {
		struct buf yaml, hat, rat, value;
		struct config_problems ps = { 0 };
		struct config *c, *by_import, *by_file;

		buf_init(&yaml, 1 << 20);
		buf_init(&hat, 1 << 20);
		buf_init(&rat, 1 << 20);
		buf_init(&value, 1 << 20);
		random_yaml(seed, &yaml);
		c = load_yaml(buf_str(&yaml));
		hat_text_print(&c->listeners[0].hat, &hat);
		rat_text_print(&c->listeners[0].rat, &rat);
		struct bundle_file files[] = {
			{ STR("postern.yaml"),
			    STR(HEAD
				"  hat_file: h.txt\n  rat_file: r.txt\n") },
			{ STR("tables/h.txt"), buf_str(&hat) },
			{ STR("tables/r.txt"), buf_str(&rat) },
		};
		by_file = load_files(files, NELEM(files), true);
		same_hat(&c->listeners[0].hat, &by_file->listeners[0].hat);
		same_rat(&c->listeners[0].rat, &by_file->listeners[0].rat);

		hat_text_import(
		    &by_file->listeners[0], "h", buf_str(&hat), &value, &ps);
		by_import = load_value_of("hat", buf_str(&value));
		same_hat(&c->listeners[0].hat, &by_import->listeners[0].hat);
		config_unref(&by_import);
		buf_reset(&value);
		rat_text_import(
		    &by_file->listeners[0], "r", buf_str(&rat), &value, &ps);
		by_import = load_value_of("rat", buf_str(&value));
		same_rat(&c->listeners[0].rat, &by_import->listeners[0].rat);
		config_unref(&by_import);
		config_unref(&by_file);
		config_unref(&c);
		config_problems_free(&ps);
		buf_fini(&yaml);
		buf_fini(&hat);
		buf_fini(&rat);
		buf_fini(&value);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

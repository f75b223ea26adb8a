/* test_hat_index.c - the indexes of access tables against a plain walk */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/hat_entry.h"
#include "config/hat_index.h"
#include "config/rat_index.h"
#include "config/rat_pattern.h"
#include "mail/addr.h"
#include "pipeline/stages.h"
#include "tests/unit/hat_oracle.h"
#include "tests/unit/random_hat.h"

#define TABLES  1500
#define CLIENTS 40

static void
random_hat(uint64_t *seed, struct hat *hat, struct arena *mem)
{
	size_t n = 1 + rnd(seed) % 12;

	*hat = (struct hat){ .n_groups = n };
	hat->groups = arena_array(mem, n, sizeof(*hat->groups));
	for (size_t i = 0; i < n; i++) {
		struct hat_group *g = &hat->groups[i];
		struct policy *p = arena_alloc(mem, sizeof(*p));
		size_t most = rnd(seed) % 8 == 0 ? 60 : 6;

		p->behaviour =
		    rnd(seed) % 3 == 0 && i + 1 < n ? CONTINUE : ACCEPT;
		g->policy = p;
		g->n_entries = i + 1 < n ? rnd(seed) % most : 1;
		g->entries =
		    arena_array(mem, g->n_entries, sizeof(*g->entries));
		for (size_t k = 0; k < g->n_entries; k++) {
			char text[RANDOM_TEXT] = "ALL";
			struct err err = ERR_INIT;

			if (i + 1 < n)
				random_entry(seed, text);
			if (hat_entry_parse(
				&g->entries[k], str_of(text), mem, &err) == -1)
				fail_msg("%s: %s", text, err.text);
		}
	}
}

static void
random_zones(uint64_t *seed, struct facts *f, struct arena *mem)
{
	static const char *const zones[] = { "a.test", "bb.test", "mail.test",
		"x-1.test", "ex.test" };

	for (size_t i = 0; i < NELEM(zones); i++) {
		uint64_t what = rnd(seed) % 5;

		if (what == 0)
			continue;
		if (what == 1)
			fact_fail(f, mem, FACT_DNSLIST, str_of(zones[i]));
		else
			fact_put(f, mem, FACT_DNSLIST, str_of(zones[i]),
			    (struct fact){ FACT_KNOWN, FACT_LOOKED_UP })
			    ->number = what == 2;
	}
}

static enum fact_state
random_state(uint64_t *seed)
{
	uint64_t what = rnd(seed) % 6;

	return what == 0 ? FACT_UNKNOWN : what == 1 ? FACT_FAILED : FACT_KNOWN;
}

static void
random_client(uint64_t *seed, struct facts *f, struct arena *mem)
{
	static const char *const codes[] = { "", "XX", "yy", "ZZ", "QQ" };
	char text[RANDOM_TEXT];

	*f = (struct facts){ .host = STR("") };
	random_address(seed, text);
	assert_true(ip_parse(&f->client, str_of(text)));
	for (int id = FACT_HOST; id <= FACT_COUNTRY; id++)
		fact_set(f, id, random_state(seed), FACT_GIVEN);
	f->host_class = HOST_VERIFIED;
	if (rnd(seed) % 2)
		f->host_class = 1 + rnd(seed) % HOST_NOT_CONFIRMED;
	random_name(seed, text);
	if (f->host_class == HOST_VERIFIED)
		f->host = arena_str(mem, str_of(text));
	f->reputation = (int64_t)(rnd(seed) % 221) - 110;
	if (rnd(seed) % 4 == 0)
		f->reputation = REPUTATION_NONE;
	f->owner = rnd(seed) % 4;
	str_copy(f->country, sizeof(f->country),
	    str_of(codes[rnd(seed) % NELEM(codes)]));
	random_zones(seed, f, mem);
}

static void
compare(const struct listener *l, const struct facts *f, struct arena *mem,
    uint64_t seed)
{
	struct subject s = { .listener = l };
	struct stage_out out = {
		.explain = true, .mem = mem, .needs = { .mem = mem }
	};
	struct oracle_answer want = oracle_hat(l, f);
	enum stage_answer answer = hat_decide(&s, f, &out);
	size_t passed = 0;

	if ((answer == STAGE_NEEDS) != (want.test == ORACLE_NEEDS))
		fail_msg("seed %llu: %s", (unsigned long long)seed,
		    answer == STAGE_NEEDS ? "asks" : "does not ask");
	for (size_t i = 0; i < out.n_notes; i++)
		passed += out.notes[i].kind == NOTE_HAT_PASSED;
	/* of more than there is room for the last is the match */
	if (passed != want.passed && want.passed < NOTES_MAX)
		fail_msg("seed %llu: %zu groups passed, not %zu",
		    (unsigned long long)seed, passed, want.passed);
	if (answer == STAGE_NEEDS &&
	    (out.needs.v[0].id != want.need.id ||
		!str_eq(out.needs.v[0].key, want.need.key)))
		fail_msg("seed %llu: asks for %s %.*s, not %s %.*s",
		    (unsigned long long)seed, fact_name(out.needs.v[0].id),
		    STR_ARG(out.needs.v[0].key), fact_name(want.need.id),
		    STR_ARG(want.need.key));
	if (answer == STAGE_DONE &&
	    (out.effects[0].policy.group != want.group ||
		out.effects[0].policy.entry != want.entry))
		fail_msg("seed %llu: %.*s, not %.*s", (unsigned long long)seed,
		    STR_ARG(out.effects[0].policy.entry->text),
		    STR_ARG(want.entry->text));
}

static void
test_random_tables(void **state)
{
	size_t ends[3] = { 0 };

	(void)state;
	for (uint64_t table = 1; table <= TABLES; table++) {
		uint64_t seed = table;
		struct listener l = { .reputation = table % 3 != 0 };
		struct arena mem;

		arena_init(&mem, 16 << 20);
		random_hat(&seed, &l.hat, &mem);
		l.hat.index = hat_index_new(&l.hat);
		for (int i = 0; i < CLIENTS; i++) {
			struct facts f;

			random_client(&seed, &f, &mem);
			compare(&l, &f, &mem, table);
			ends[oracle_hat(&l, &f).test]++;
		}
		hat_index_free(&l.hat.index);
		arena_free(&mem);
	}
	/* the generator reaches both ends, and often */
	assert_int_equal(ends[ORACLE_MISS], 0);
	assert_true(ends[ORACLE_MATCH] > TABLES * CLIENTS / 5);
	assert_true(ends[ORACLE_NEEDS] > TABLES * CLIENTS / 5);
}

/* Ranges at both ends of the address space, each in all the others. */
static void
test_nested_ranges(void **state)
{
	enum { N = 2000 };
	struct listener l = { .hat = { .n_groups = N + 1 } };
	struct hat_group *groups = calloc(N + 1, sizeof(*groups));
	struct hat_entry *entries = calloc(N + 1, sizeof(*entries));
	struct policy go_on = { .behaviour = CONTINUE };
	struct policy stop = { .behaviour = ACCEPT };
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 24);
	for (size_t i = 0; i <= N; i++) {
		struct hat_entry *e = &entries[i];

		groups[i] = (struct hat_group){ .entries = e,
			.n_entries = 1,
			.policy = i < N ? &go_on : &stop };
		e->kind = i < N ? HAT_RANGE : HAT_ALL;
		e->text = STR("x");
		e->range.lo.b[15] = (uint8_t)i;
		e->range.lo.b[14] = (uint8_t)(i >> 8);
		for (size_t k = 0; k < 16; k++)
			e->range.hi.b[k] = (uint8_t)~e->range.lo.b[k];
	}
	l.hat.groups = groups;
	l.hat.index = hat_index_new(&l.hat);
	for (size_t i = 0; i <= N; i += 97) {
		struct facts f = { .client = entries[i].range.lo };

		compare(&l, &f, &mem, i);
		f.client = entries[i].range.hi;
		compare(&l, &f, &mem, i);
	}
	hat_index_free(&l.hat.index);
	arena_free(&mem);
	free(groups);
	free(entries);
}

static void
test_long_names(void **state)
{
	static const char *const entries[] = { ".net", "a.net", ".a.net" };
	struct listener l = { .hat = { .n_groups = 2 } };
	struct hat_group groups[2] = { 0 };
	struct policy stop = { .behaviour = ACCEPT };
	struct facts f = { .host_class = HOST_VERIFIED };
	struct arena mem;
	char name[700];

	(void)state;
	arena_init(&mem, 1 << 26);
	groups[0].policy = groups[1].policy = &stop;
	groups[0].entries = arena_array(&mem, 3, sizeof(struct hat_entry));
	groups[1].entries = arena_array(&mem, 1, sizeof(struct hat_entry));
	for (size_t i = 0; i < NELEM(entries); i++)
		assert_int_equal(hat_entry_parse(&groups[0].entries[i],
				     str_of(entries[i]), &mem, NULL),
		    0);
	hat_entry_parse(groups[1].entries, STR("ALL"), &mem, NULL);
	groups[0].n_entries = 3;
	groups[1].n_entries = 1;
	l.hat.groups = groups;
	l.hat.index = hat_index_new(&l.hat);
	for (int id = FACT_HOST; id <= FACT_COUNTRY; id++)
		fact_set(&f, id, FACT_KNOWN, FACT_GIVEN);
	for (size_t n = 0; n + 8 < sizeof(name); n++) {
		memset(name, n % 3 == 0 ? '.' : 'x', n);
		for (size_t i = 1; i < n && n % 3 == 1; i += 2)
			name[i] = '.';
		for (size_t i = 0; i < 3; i++) {
			str_copy(name + n, 8, str_of(entries[i]));
			f.host = str_of(name);
			compare(&l, &f, &mem, n);
		}
	}
	hat_index_free(&l.hat.index);
	arena_free(&mem);
}

static void
random_rat(uint64_t *seed, struct rat *rat, struct arena *mem)
{
	*rat = (struct rat){ .n = 1 + rnd(seed) % 30 };
	rat->entries = arena_array(mem, rat->n, sizeof(*rat->entries));
	for (size_t i = 0; i < rat->n; i++) {
		char text[RANDOM_TEXT] = "ALL";

		if (i + 1 < rat->n)
			random_pattern(seed, text);
		if (rat_pattern_parse(
			&rat->entries[i], str_of(text), mem, NULL) == -1)
			fail_msg("%s", text);
	}
}

static void
test_random_recipients(void **state)
{
	static const char *const odd[] = { "", "a", "a@", "@", "@net", "all",
		"ALL", "a@all", ".net", "a@.net", "a@b@net", "a@[192.0.2.1]" };
	size_t decided = 0;

	(void)state;
	for (uint64_t table = 1; table <= TABLES; table++) {
		uint64_t seed = table;
		struct arena mem;
		struct rat rat;

		arena_init(&mem, 1 << 20);
		random_rat(&seed, &rat, &mem);
		rat_index_make(&rat);
		for (int i = 0; i < CLIENTS; i++) {
			char text[RANDOM_TEXT], name[RANDOM_TEXT];
			const struct rat_entry *want, *got;
			struct str addr, user, domain;

			random_name(&seed, name);
			snprintf(text, sizeof(text), "%s@%.150s",
			    random_label(&seed), name);
			if (i % 4 == 0)
				snprintf(text, sizeof(text), "%s",
				    odd[rnd(&seed) % NELEM(odd)]);
			str_lower(text);
			addr = str_of(text);
			user = addr_local(addr);
			domain = addr_domain(addr);
			want = oracle_rat(&rat, addr, user, domain);
			got = rat_index_find(&rat, addr, user, domain);
			if (got != want)
				fail_msg("table %llu, %s: %.*s, not %.*s",
				    (unsigned long long)table, text,
				    STR_ARG(got->text), STR_ARG(want->text));
			decided += want->kind != RAT_ALL;
		}
		rat_index_free(&rat);
		arena_free(&mem);
	}
	assert_true(decided > TABLES * CLIENTS / 5);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_tables),
		cmocka_unit_test(test_nested_ranges),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_random_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

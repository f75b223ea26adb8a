/* test_survey_random.c - any damage, and death at any call of a repair */
#include "survey_kit.h"

#include <sys/syscall.h>

#include "killed_at.h"

/* --- anything --- */

static void
any_damage(struct fix *x)
{
	uint64_t mid = 1 + roll(x, MAILS);
	char path[128], other[160];
	struct stat st;

	str_copy(path, sizeof(path), str_of(file_of(x, mid)));
	if (lstat(path, &st) == -1 || !S_ISREG(st.st_mode))
		return;
	switch (roll(x, 9)) {
	case 0:
	case 1:
	case 2:
		for (uint32_t n = 1 + roll(x, 3); n > 0 && st.st_size > 0; n--)
			flip(path, roll(x, (uint32_t)st.st_size));
		break;
	case 3: /* records, above all */
		for (uint32_t n = 1 + roll(x, 3); n > 0 && st.st_size > 200;
		     n--)
			flip(path, st.st_size - 1 - roll(x, 150));
		break;
	case 4:
		assert_int_equal(
		    truncate(path, roll(x, (uint32_t)st.st_size + 1)), 0);
		break;
	case 5:
		snprintf(other, sizeof(other), "%s/incoming/%02x/%llu",
		    x->kit.path, roll(x, 3), (unsigned long long)mid);
		if (access(other, F_OK) == -1)
			copy(path, other);
		break;
	case 6:
		snprintf(other, sizeof(other), "%s/deferred/%02x/%u",
		    x->kit.path, roll(x, 3), 1 + roll(x, 2 * MAILS));
		assert_true(link(path, other) == 0 || errno == EEXIST);
		break;
	case 7:
		chmod(path, (mode_t)(0600 | roll(x, 0200)));
		break;
	default:
		write_at(path, st.st_size, &x->dice, 1 + roll(x, 4));
	}
}

static void
test_dur_08_any_damage(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 100; seed++) {
		char title[40];
		struct fix x;

		open_fix(&x);
		snprintf(title, sizeof(title), "seed %u", seed);
		x.title = title;
		x.dice = seed * 2654435761u;
		fill(&x);
		for (uint32_t n = 1 + roll(&x, 8); n > 0; n--)
			any_damage(&x);
		buf_puts(&x.report, "");
		repair(&x);
		judge(&x);
		close_fix(&x);
	}
}

/* --- death --- */

static const int changes[] = { SYS_openat, SYS_pwritev, SYS_pwrite64, SYS_fsync,
	SYS_unlinkat, SYS_renameat, SYS_renameat2, SYS_ftruncate, SYS_mkdirat,
	SYS_fchmod, -1 };

static void
child_repairs(void *arg)
{
	repair(arg);
}

static void
damaged_files(struct fix *x)
{
	fill(x);
	do_record(x);
	do_content(x);
	do_tail(x);
	do_no_route(x);
	do_pipe(x);
	assert_int_equal(link(file_of(x, 2), path_in(x, "incoming/00/2")), 0);
	flip(file_of(x, 9), length(file_of(x, 9)) - 100);
}

static void
damaged_slots(struct fix *x)
{
	slot_mails(x, 4);
	for (uint64_t mid = 5; mid <= MAILS; mid++)
		memset(x->done[mid], true, sizeof(x->done[mid]));
	flip(path_in(x, "incoming/slots.0"), SLOT_SIZE + 90);
	flip(path_in(x, "incoming/slots.0"), 3 * SLOT_SIZE - 100);
}

static void
cut_slots(struct fix *x)
{
	slot_mails(x, 4);
	for (uint64_t mid = 5; mid <= MAILS; mid++)
		memset(x->done[mid], true, sizeof(x->done[mid]));
	assert_int_equal(
	    truncate(path_in(x, "incoming/slots.0"), 5 * SLOT_SIZE + 9), 0);
}

static void
slots_without_state(struct fix *x)
{
	slot_mails(x, 4);
	for (uint64_t mid = 5; mid <= MAILS; mid++)
		memset(x->done[mid], true, sizeof(x->done[mid]));
	unlink(path_in(x, "incoming/slots.0.state"));
}

/* Then the gateway starts, once with another repair before, once at once. */
static void
test_dur_07_death_while_mending(void **state)
{
	static const struct {
		const char *title;
		void (*damage)(struct fix *);
	} v[] = {
		{ "files", damaged_files },
		{ "slots", damaged_slots },
		{ "slots cut off", cut_slots },
		{ "slots without state", slots_without_state },
	};

	(void)state;
	for (size_t i = 0; i < 2 * NELEM(v); i++) {
		bool killed = true, again = i % 2 == 0;

		/* each of the first, then every third: it takes a while */
		for (int n = 1; killed; n += i < 2 && n < 40 ? 1 : 3) {
			struct fix x;
			char title[80];

			open_fix(&x);
			snprintf(title, sizeof(title), "%s, death at call %d",
			    v[i / 2].title, n);
			x.title = title;
			v[i / 2].damage(&x);
			buf_puts(&x.report, "");
			killed = killed_at(n, changes, child_repairs, &x);
			if (again)
				repair(&x);
			judge_left(&x, !again);
			close_fix(&x);
			if (n > 2000)
				fail_msg("it does not come to an end");
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dur_08_any_damage),
		cmocka_unit_test(test_dur_07_death_while_mending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

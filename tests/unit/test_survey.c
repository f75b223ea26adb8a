/* test_survey.c - each kind of fault: what is found, and what mending leaves */
#include "survey_kit.h"

#include "queue/slots.h"

/* --- one kind of damage each --- */

static void
do_header(struct fix *x)
{
	flip(file_of(x, 1), 20);
}

static void
do_envelope(struct fix *x)
{
	flip(file_of(x, 1), 80);
}

static void
do_route(struct fix *x)
{
	off_t n = length(file_of(x, 1));

	flip(file_of(x, 1), n - 60);
}

static void
do_cut(struct fix *x)
{
	assert_int_equal(truncate(file_of(x, 3), 300), 0);
}

static void
do_cut_deferred(struct fix *x)
{
	assert_int_equal(truncate(file_of(x, 1), 300), 0);
}

static void
do_wrong_folder(struct fix *x)
{
	assert_int_equal(rename(file_of(x, 1), path_in(x, "deferred/07/1")), 0);
}

static void
do_wrong_name(struct fix *x)
{
	assert_int_equal(
	    rename(file_of(x, 1), path_in(x, "deferred/00/44")), 0);
}

static void
do_odd_name(struct fix *x)
{
	str_copy(x->paths[1], sizeof(x->paths[1]), STR("deferred/00/1.bak"));
	assert_int_equal(
	    rename(file_of(x, 1), path_in(x, "deferred/00/1.bak")), 0);
}

static void
do_copy(struct fix *x)
{
	copy(file_of(x, 1), path_in(x, "incoming/00/1"));
}

static void
do_link(struct fix *x)
{
	assert_int_equal(link(file_of(x, 1), path_in(x, "outside")), 0);
}

static void
do_moving(struct fix *x)
{
	assert_int_equal(link(file_of(x, 1), path_in(x, "incoming/00/1")), 0);
}

static void
do_symlink(struct fix *x)
{
	assert_int_equal(
	    symlink("/etc/passwd", path_in(x, "incoming/00/33")), 0);
}

static void
do_mode(struct fix *x)
{
	assert_int_equal(chmod(file_of(x, 1), 0644), 0);
}

static void
do_leftovers(struct fix *x)
{
	write_at(file_of(x, 3), 0, "", 0);
	close(open(path_in(x, "corrupt/9.new"), O_CREAT | O_WRONLY, 0600));
	close(
	    open(path_in(x, "deferred/.state.new"), O_CREAT | O_WRONLY, 0600));
	close(open(path_in(x, "deferred/core"), O_CREAT | O_WRONLY, 0600));
	close(open(path_in(x, "incoming/00/40"), O_CREAT | O_WRONLY, 0600));
}

static void
do_no_folder(struct fix *x)
{
	assert_int_equal(rmdir(path_in(x, "deferred/1f")), 0);
}

static const struct {
	const char *title;
	void (*damage)(struct fix *);
	enum fault_kind kind;
	size_t n;  /* faults */
	bool kept; /* none is in corrupt afterwards */
} cases[] = {
	{ "header", do_header, FAULT_DAMAGED, 1, false },
	{ "envelope", do_envelope, FAULT_DAMAGED, 1, false },
	{ "content", do_content, FAULT_DAMAGED, 1, false },
	{ "record", do_record, FAULT_RECORD, 1, false },
	{ "ROUTE", do_route, FAULT_RECORD, 1, false },
	{ "torn tail", do_tail, FAULT_TAIL, 1, true },
	{ "cut off in incoming", do_cut, FAULT_DRAFT, 1, false },
	{ "cut off in deferred", do_cut_deferred, FAULT_DAMAGED, 1, false },
	{ "wrong folder", do_wrong_folder, FAULT_ELSEWHERE, 1, true },
	{ "another's name", do_wrong_name, FAULT_ELSEWHERE, 1, true },
	{ "odd name", do_odd_name, FAULT_STRANGER, 1, false },
	{ "deferred without ROUTE", do_no_route, FAULT_ELSEWHERE, 1, true },
	{ "a copy", do_copy, FAULT_TWICE, 1, false },
	{ "a second name", do_link, FAULT_LINKED, 1, true },
	{ "a move that did not end", do_moving, FAULT_MOVE, 1, true },
	{ "a link", do_symlink, FAULT_STRANGER, 1, true },
	{ "a pipe", do_pipe, FAULT_STRANGER, 1, true },
	{ "mode", do_mode, FAULT_RIGHTS, 1, true },
	{ "leftovers", do_leftovers, FAULT_DRAFT, 4, false },
	{ "a folder is gone", do_no_folder, FAULT_FOLDER, 1, true },
};

static unsigned
n_aside(struct fix *x)
{
	DIR *dir = opendir(path_in(x, "corrupt"));
	unsigned n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2;
}

static void
test_each_fault_is_found_and_mended(void **state)
{
	struct survey_accounts accounts = us();

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct fix x;
		struct survey *s;
		unsigned aside;

		open_fix(&x);
		x.title = cases[i].title;
		fill(&x);
		s = survey_new(x.root, &accounts, false);
		look(&x, s);
		if (x.n_faults != 0)
			fail_msg("%s: before: %s", x.title, x.faults[0].what);
		assert_int_equal(x.sums.n_messages, MAILS);
		assert_int_equal(x.sums.max_mid, MAILS);
		survey_free(&s);
		cases[i].damage(&x);
		s = survey_new(x.root, &accounts, false);
		look(&x, s);
		if (x.n_faults != cases[i].n ||
		    x.faults[0].kind != cases[i].kind)
			fail_msg("%s: %zu faults, the first: %s: %s", x.title,
			    x.n_faults,
			    x.n_faults > 0 ? fault_word(x.faults[0].kind) : "",
			    x.n_faults > 0 ? x.faults[0].what : "");
		survey_free(&s);
		repair(&x);
		aside = n_aside(&x);
		if ((aside == 0) != cases[i].kept)
			fail_msg("%s: %u in corrupt", x.title, aside);
		judge(&x);
		repair(&x);
		assert_int_equal(n_aside(&x), aside);
		close_fix(&x);
	}
}

/* Who is recorded behind the damage does not get it again. */
static void
test_records_behind_damage_count(void **state)
{
	struct left l = { 0 };
	const struct recover_handler handler = { left_found, left_corrupt,
		NULL };
	struct err err = ERR_INIT;
	uint64_t max = 0;
	struct fix x;

	(void)state;
	open_fix(&x);
	x.title = "records behind damage";
	fill(&x);
	do_record(&x);
	repair(&x);
	kit_reopen(&x.kit);
	l.x = &x;
	assert_int_equal(spool_recover(x.kit.spool, QUEUE_DEFERRED, false,
			     &handler, &l, &max, &err),
	    0);
	assert_true(l.open[1][1]);
	assert_false(l.open[1][2]);
	close_fix(&x);
}

/* --- slots --- */

static void
test_slots_are_emptied_into_files(void **state)
{
	static const struct {
		const char *title, *file;
		off_t cut; /* -1: it is removed */
		off_t flip;
		size_t n_lost;
	} v[] = {
		{ "state gone", "incoming/slots.0.state", -1, 0, 0 },
		{ "state is not ours", "incoming/slots.0.state", -2, 0, 0 },
		{ "state cut", "incoming/slots.0.state", 100, 0, 0 },
		{ "slots cut", "incoming/slots.0", 3 * SLOT_SIZE + 100, 0, 0 },
		{ "one damaged", "incoming/slots.0", 0, SLOT_SIZE + 90, 0 },
		{ "its header", "incoming/slots.0", 0, SLOT_SIZE + 9, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(v); i++) {
		const char *path;
		struct fix x;

		open_fix(&x);
		x.title = v[i].title;
		slot_mails(&x, 3);
		for (uint64_t mid = 4; mid <= MAILS; mid++)
			memset(x.done[mid], true, sizeof(x.done[mid]));
		path = path_in(&x, v[i].file);
		if (v[i].flip != 0)
			flip(path, v[i].flip);
		else if (v[i].cut == -1)
			unlink(path);
		else if (v[i].cut == -2)
			assert_int_equal(
			    link(path, path_in(&x, "incoming/slots.1x")), 0);
		else
			assert_int_equal(truncate(path, v[i].cut), 0);
		repair(&x);
		if (v[i].flip == 0)
			judge(&x);
		else
			assert_non_null(
			    strstr(x.report.data, "corrupt/2.slot"));
		close_fix(&x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_fault_is_found_and_mended),
		cmocka_unit_test(test_records_behind_damage_count),
		cmocka_unit_test(test_slots_are_emptied_into_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

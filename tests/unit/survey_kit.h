/*
 * survey_kit.h - damaged queues, for tests of lib/queue/survey.h
 *
 * A model knows of each recipient whether he was recorded as done. Whatever
 * was done to the spool, after mending each other one is there to be
 * delivered to, or his message stands in spool/corrupt and the report names
 * it; and nothing is wrong any more.
 */
#ifndef UNIT_SURVEY_KIT_H
#define UNIT_SURVEY_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>

#include "queue/restore.h"
#include "queue/slots.h"
#include "queue/survey.h"
#include "queue_kit.h"

#define BASE   "/dev/shm"
#define MAILS  12
#define RCPTS  3
#define FAULTS 400
#define PASSES 4

struct fix {
	struct kit kit;
	int root;
	bool done[MAILS + 1][RCPTS];
	bool routed[MAILS + 1];
	struct fault faults[FAULTS];
	size_t n_faults;
	struct buf report;
	struct survey_sums sums;
	char paths[MAILS + 1][128]; /* where damage was done, if it was */
	uint32_t dice;
	bool in_slots;
	const char *title;
};

static inline uint32_t
roll(struct fix *x, uint32_t n)
{
	x->dice = x->dice * 1664525u + 1013904223u;
	return (x->dice >> 8) % n;
}

/* --- a spool --- */

static inline void
append(struct fix *x, enum queue_place place, uint64_t mid,
    enum queue_rec_type type, const void *rec)
{
	struct err err = ERR_INIT;
	int fd = spool_open_mid(x->kit.spool, place, mid, O_RDWR, &err);

	if (fd == -1 || qrec_append(fd, mid, type, rec, false, &err) == -1)
		panic("%s", err.text);
	close(fd);
}

static inline void
one_done(struct fix *x, enum queue_place place, uint64_t mid, uint32_t rid)
{
	struct rid_rec rids[1] = { { rid } };
	struct done_rec done = { .how = RCPT_DELIVERED, .rids = { 1, rids } };

	append(x, place, mid, QREC_DONE, &done);
	x->done[mid][rid] = true;
}

static inline void
others_deferred(struct fix *x, enum queue_place place, uint64_t mid)
{
	struct rid_rec rids[2] = { { 1 }, { 2 } };
	struct defer_rec defer = {
		.attempts = 1, .reply = STR("450 later"), .rids = { 2, rids }
	};

	append(x, place, mid, QREC_DEFER, &defer);
}

static inline void
held(struct fix *x, uint64_t mid)
{
	struct held_rec rec = { .quarantine = STR("Policy"),
		.state = HELD_IN,
		.reason = STR("a filter") };

	append(x, QUEUE_QUARANTINE, mid, QREC_HELD, &rec);
}

static inline void
move(struct fix *x, uint64_t mid, enum queue_place to)
{
	struct err err = ERR_INIT;

	if (spool_move(x->kit.spool, mid, QUEUE_INCOMING, to, &err) == -1)
		panic("%s", err.text);
}

/* Of each kind some: in incoming with and without ROUTE, deferred with a
 * recipient done, held. */
static inline void
fill(struct fix *x)
{
	for (uint64_t mid = 1; mid <= MAILS; mid++) {
		uint64_t at = mid;

		x->routed[mid] = mid % 4 != 0;
		kit_mail(&x->kit, at, mid % 5 == 0 ? 20000 : 700 * mid,
		    x->routed[mid]);
		if (mid % 4 == 1) {
			one_done(x, QUEUE_INCOMING, mid, 0);
			others_deferred(x, QUEUE_INCOMING, mid);
			move(x, mid, QUEUE_DEFERRED);
			if (mid % 8 == 1)
				one_done(x, QUEUE_DEFERRED, mid, 2);
		} else if (mid % 4 == 2) {
			move(x, mid, QUEUE_QUARANTINE);
			held(x, mid);
		}
	}
}

static inline void
slot_mails(struct fix *x, unsigned n)
{
	struct err err = ERR_INIT;

	x->in_slots = true;
	spool_writer(x->kit.spool, 0);
	if (spool_use_slots(x->kit.spool, &err) == -1 ||
	    spool_slots(x->kit.spool) == NULL)
		fail_msg("no slots: %s", err.text);
	for (uint64_t mid = 1; mid <= n; mid++) {
		x->routed[mid] = true;
		kit_mail(&x->kit, mid, 500, true);
	}
}

static inline const char *
place_of(uint64_t mid)
{
	return mid % 4 == 1   ? "deferred"
	       : mid % 4 == 2 ? "quarantine"
			      : "incoming";
}

static inline const char *
file_of(struct fix *x, uint64_t mid)
{
	return kit_file(&x->kit, place_of(mid), mid);
}

static inline void
open_fix(struct fix *x)
{
	*x = (struct fix){ 0 };
	kit_open(&x->kit, BASE);
	x->root = open(x->kit.path, O_RDONLY | O_DIRECTORY);
	assert_int_not_equal(x->root, -1);
	buf_init(&x->report, SIZE_MAX);
}

static inline void
close_fix(struct fix *x)
{
	close(x->root);
	buf_fini(&x->report);
	kit_close(&x->kit);
}

/* --- survey and mending --- */

static inline void
on_fault(void *arg, const struct fault *f)
{
	struct fix *x = arg;

	if (x->n_faults < FAULTS)
		x->faults[x->n_faults++] = *f;
	else
		fail_msg("%s: too many faults", x->title);
}

static inline void
on_restored(void *arg, const char *file, const char *what)
{
	struct fix *x = arg;

	buf_printf(&x->report, "%s: %s\n", file, what);
}

static inline struct survey_accounts
us(void)
{
	return (struct survey_accounts){ geteuid(), geteuid(), getegid() };
}

static inline void
look(struct fix *x, struct survey *s)
{
	struct err err = ERR_INIT;

	x->n_faults = 0;
	if (survey_run(s, on_fault, NULL, x, &x->sums, &err) == -1)
		fail_msg("%s: %s", x->title, err.text);
}

/* Until nothing is wrong any more. */
static inline void
repair(struct fix *x)
{
	struct survey_accounts accounts = us();
	struct survey *s = survey_new(x->root, &accounts, false);
	char done[MENDED_MAX], file[FAULT_FILE];
	struct err err = ERR_INIT;

	look(x, s);
	for (int pass = 0; x->n_faults > 0 && pass < PASSES; pass++) {
		(void)restore_rights(x->root, &accounts, on_restored, x, &err);
		for (size_t i = 0; i < x->n_faults; i++) {
			const struct fault *f = &x->faults[i];

			if (survey_mend(s, f, done, &err) == -1)
				fail_msg("%s: %s", x->title, err.text);
			buf_printf(&x->report, "%s: %s: %s\n",
			    fault_file(f, file), f->what, done);
		}
		look(x, s);
	}
	if (x->n_faults > 0)
		fail_msg("%s: still wrong: %s: %s\n%.*s", x->title,
		    fault_file(&x->faults[0], file), x->faults[0].what,
		    STR_ARG(buf_str(&x->report)));
	survey_free(&s);
}

/* --- what is left --- */

struct left {
	struct fix *x;
	bool open[MAILS + 1][RCPTS];
	bool unmended; /* there may be damage yet */
};
static struct left *left_now;

static inline void
left_found(void *arg, const struct qmessage *m, enum queue_place place)
{
	struct left *l = arg;

	(void)place;
	if (m->mid > MAILS)
		return;
	for (size_t i = 0; i < m->n_rcpts && i < RCPTS; i++)
		l->open[m->mid][i] |= !m->rcpts[i].done;
}

static inline void
left_corrupt(void *arg, uint64_t mid, const struct err *why)
{
	struct left *l = arg;

	if (l->unmended)
		return; /* and it is set aside */
	fail_msg("%s: recovery finds MID %llu: %s", l->x->title,
	    (unsigned long long)mid, why->text);
}

static inline int
is_of_left(const char *path, const struct stat *st, int type, struct FTW *f)
{
	struct str name = str_of(path + f->base), mid = str_cut(&name, '.');
	uint64_t n;

	(void)st;
	if (type == FTW_F && f->level == 1 && str_u64(mid, MAILS, &n) &&
	    !str_is(name, "new"))
		for (size_t r = 0; r < RCPTS; r++)
			left_now->open[n][r] = true;
	return 0;
}

static inline void
left_slot(void *arg, int slot, const struct qmessage *m)
{
	(void)slot;
	left_found(arg, m, QUEUE_SLOT);
}

/* These stay where they are, for people. */
static inline void
left_damaged_slot(void *arg, int slot, uint64_t mid, const struct err *why)
{
	struct left *l = arg;

	(void)slot, (void)why;
	for (size_t r = 0; r < RCPTS && mid <= MAILS; r++)
		l->open[mid][r] = true;
}

/* The gateway goes without these slots: they wait for a repair. */
static inline void
judge_waiting(
    struct fix *x, const struct slots_handler *handler, struct left *l)
{
	struct slots *slots;
	struct err err = ERR_INIT;

	if (slots_look(&slots, x->kit.spool, 0, &err) == -1 ||
	    slots_recover(slots, false, handler, l, &err) == -1)
		fail_msg("%s: %s", x->title, err.text);
	slots_close(&slots);
}

/* As the gateway finds it when it starts; after a repair that was killed,
 * if unmended. */
static inline void
judge_left(struct fix *x, bool unmended)
{
	const struct slots_handler slots = { left_slot, left_damaged_slot };
	static const enum queue_place places[] = { QUEUE_QUARANTINE,
		QUEUE_DEFERRED, QUEUE_INCOMING };
	const struct recover_handler handler = { left_found, left_corrupt,
		NULL };
	struct left l = { .x = x, .unmended = unmended };
	struct err err = ERR_INIT;
	char corrupt[128];
	uint64_t max = 0;

	kit_reopen(&x->kit);
	for (size_t i = 0; i < NELEM(places); i++)
		assert_int_equal(spool_recover(x->kit.spool, places[i], false,
				     &handler, &l, &max, &err),
		    0);
	spool_writer(x->kit.spool, 0);
	if (x->in_slots)
		assert_int_equal(spool_use_slots(x->kit.spool, &err), 0);
	if (spool_slots(x->kit.spool) != NULL)
		assert_int_equal(slots_recover(spool_slots(x->kit.spool), true,
				     &slots, &l, &err),
		    0);
	else if (x->in_slots && err.kind != ERR_NONE)
		judge_waiting(x, &slots, &l);
	left_now = &l;
	snprintf(corrupt, sizeof(corrupt), "%s/corrupt", x->kit.path);
	assert_int_equal(nftw(corrupt, is_of_left, 10, FTW_PHYS), 0);
	for (uint64_t mid = 1; mid <= MAILS; mid++)
		for (size_t r = 0; r < RCPTS; r++) {
			bool told = x->paths[mid][0] != '\0' &&
				    strstr(x->report.data, x->paths[mid]);

			if (!x->done[mid][r] && !l.open[mid][r] && !told)
				fail_msg("%s: MID %llu RID %zu is lost\n%.*s",
				    x->title, (unsigned long long)mid, r,
				    STR_ARG(buf_str(&x->report)));
		}
}

static inline void
judge(struct fix *x)
{
	judge_left(x, false);
}

static inline void
write_at(const char *path, off_t at, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY);

	assert_int_not_equal(fd, -1);
	assert_int_equal(pwrite(fd, p, n, at), n);
	close(fd);
}

static inline off_t
length(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static inline void
flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	char c;

	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 0x10;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

static inline void
copy(const char *from, const char *to)
{
	char cmd[400];

	snprintf(cmd, sizeof(cmd), "cp -p %s %s", from, to);
	assert_int_equal(system(cmd), 0);
}

static inline const char *
path_in(struct fix *x, const char *name)
{
	static char path[2][256];
	static int i;

	i = !i;
	snprintf(path[i], sizeof(path[i]), "%s/%s", x->kit.path, name);
	return path[i];
}

/* --- damage --- */

static inline void
do_content(struct fix *x)
{
	flip(file_of(x, 5), 9000);
}

/* The last but one: recipient 2 is recorded behind it. */
static inline void
do_record(struct fix *x)
{
	off_t n = length(file_of(x, 1));

	flip(file_of(x, 1), n - 20);
}

static inline void
do_tail(struct fix *x)
{
	const char *path = file_of(x, 3);

	write_at(path, length(path), "\3\0\0\0\377\377", 6);
}

static inline void
do_no_route(struct fix *x)
{
	assert_int_equal(rename(file_of(x, 4), path_in(x, "deferred/00/4")), 0);
}

static inline void
do_pipe(struct fix *x)
{
	assert_int_equal(mkfifo(path_in(x, "quarantine/00/34"), 0600), 0);
}

#endif

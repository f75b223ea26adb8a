/*
 * test_queue_crash.c - death at every system call (threats 5.1, M3)
 *
 * A child works on a spool under ptrace and is killed when it is about to
 * make its n-th call that changes files, for n = 1, 2, .. until it
 * gets through. Shared memory tells which step it was in. Recovery must then
 * find what the table of states says: what stood before that step, or after.
 *
 * Errors of calls (M2) are made by a seccomp filter in a child.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "killed_at.h"
#include "queue_kit.h"

/* Where no real disk is, a thousand syncs cost nothing. */
#define BASE "/dev/shm"

enum { SMALL = 1, LARGE = 2, GIVEN_UP = 3, DROPPED = 4, N_MIDS };

enum step {
	STEP_NONE,
	COMMIT_SMALL,
	ROUTE_SMALL,
	DONE_FIRST,
	DEFER_OTHERS,
	MOVE,
	COMMIT_LARGE,
	ROUTE_LARGE,
	UNLINK_LARGE,
	GIVE_UP,
	COMMIT_DROPPED,
	UNLINK_DROPPED,
	ALL_STEPS
};

struct progress {
	volatile int begun, ended;
};
static struct progress *progress; /* shared with the child */

/* What recovery says of one message. */
struct seen {
	int times;
	int place; /* -1: nowhere */
	bool routed, first_done;
	uint32_t attempts;
};

/* The calls that change what is on disk; openat when it creates. Between two
 * of them it makes no difference where death comes. */
static const int counted[] = { SYS_openat, SYS_pwritev, SYS_pwrite64, SYS_fsync,
	SYS_sync_file_range, SYS_linkat, SYS_unlinkat, SYS_renameat,
	SYS_renameat2, SYS_ftruncate, -1 };

/* --- the child --- */

static void
put_record(struct kit *k, enum queue_rec_type type, const void *rec)
{
	struct err err = ERR_INIT;
	int fd = spool_open_mid(k->spool, QUEUE_INCOMING, SMALL, O_RDWR, &err);

	if (fd == -1 || qrec_append(fd, SMALL, type, rec, true, &err) == -1)
		panic("%s", err.text);
	close(fd);
}

static void
do_step(struct kit *k, struct qfile *q[N_MIDS], enum step step)
{
	static const struct route_rec route = { .prepend = { "", 0 },
		.bounce_profile = { "", 0 },
		.gateway = { "", 0 } };
	struct rid_rec first = { 0 }, others[2] = { { 1 }, { 2 } };
	struct done_rec done = { .how = RCPT_BOUNCED, .rids = { 1, &first } };
	struct defer_rec defer = {
		.attempts = 1, .reply = STR("450"), .rids = { 2, others }
	};
	struct err err = ERR_INIT;
	int rc = 0;

	switch (step) {
	case COMMIT_SMALL:
		kit_commit(k, q[SMALL] = kit_draft(k, SMALL, 5000));
		break;
	case ROUTE_SMALL:
		rc = qfile_route(q[SMALL], &route, &err);
		break;
	case DONE_FIRST:
		put_record(k, QREC_DONE, &done);
		break;
	case DEFER_OTHERS:
		put_record(k, QREC_DEFER, &defer);
		break;
	case MOVE:
		rc = spool_move(
		    k->spool, SMALL, QUEUE_INCOMING, QUEUE_DEFERRED, &err);
		break;
	case COMMIT_LARGE:
		kit_commit(k, q[LARGE] = kit_draft(k, LARGE, 200000));
		break;
	case ROUTE_LARGE:
		qfile_park(q[LARGE]);
		rc = qfile_route(q[LARGE], &route, &err);
		break;
	case UNLINK_LARGE:
		rc = spool_unlink(k->spool, QUEUE_INCOMING, LARGE, &err);
		if (rc == 0)
			rc = spool_sync_folders(k->spool, &err);
		break;
	case GIVE_UP:
		q[GIVEN_UP] = kit_draft(k, GIVEN_UP, 200000);
		qfile_free(&q[GIVEN_UP]);
		break;
	case COMMIT_DROPPED:
		kit_commit(k, q[DROPPED] = kit_draft(k, DROPPED, 10));
		break;
	case UNLINK_DROPPED:
		rc = qfile_unlink(q[DROPPED], &err);
		break;
	case STEP_NONE:
	case ALL_STEPS:
		break;
	}
	if (rc == -1 || k->last.kind != ERR_NONE)
		panic("step %d: %s%s", step, err.text, k->last.text);
}

static void
child_writes(void *arg)
{
	struct kit *k = arg;
	struct qfile *q[N_MIDS] = { NULL };

	kit_start(k, 1);
	for (enum step s = COMMIT_SMALL; s < ALL_STEPS; s++) {
		progress->begun = s;
		do_step(k, q, s);
		progress->ended = s;
	}
}

/* --- what is found, and what should be --- */

static void
see(void *arg, const struct qmessage *m, enum queue_place place)
{
	struct seen *seen = arg;

	assert_in_range(m->mid, 1, N_MIDS - 1);
	seen += m->mid;
	seen->times++;
	seen->place = (int)place;
	seen->routed = m->routed;
	seen->first_done = m->rcpts[0].done;
	seen->attempts = m->rcpts[1].attempts;
}

static void
see_corrupt(void *arg, uint64_t mid, const struct err *why)
{
	(void)arg;
	fail_msg("MID %d is corrupt: %s", (int)mid, why->text);
}

/* As the programs do: cleanup for the drafts, then qmgr. */
static void
look(struct kit *k, struct seen seen[N_MIDS])
{
	static const struct recover_handler handler = { see, see_corrupt,
		NULL };
	static const struct recover_handler drafts = { see, see_corrupt, NULL };
	struct seen first[N_MIDS];
	struct err err = ERR_INIT;
	uint64_t max = 0;

	memset(first, 0, sizeof(first));
	memset(seen, 0, N_MIDS * sizeof(*seen));
	for (int i = 0; i < N_MIDS; i++)
		seen[i].place = -1;
	if (spool_recover(k->spool, QUEUE_INCOMING, true, &drafts, first, &max,
		&err) == -1 ||
	    spool_recover(k->spool, QUEUE_DEFERRED, false, &handler, seen, &max,
		&err) == -1 ||
	    spool_recover(k->spool, QUEUE_INCOMING, false, &handler, seen, &max,
		&err) == -1)
		fail_msg("%s", err.text);
}

/* The table: what there is after a step. */
static struct seen
expected(int mid, int step)
{
	struct seen none = { .place = -1 }, s = { .times = 1 };

	switch (mid) {
	case SMALL:
		if (step < COMMIT_SMALL)
			return none;
		s.routed = step >= ROUTE_SMALL;
		s.first_done = step >= DONE_FIRST;
		s.attempts = step >= DEFER_OTHERS;
		s.place = step >= MOVE ? QUEUE_DEFERRED : QUEUE_INCOMING;
		return s;
	case LARGE:
		s.routed = step >= ROUTE_LARGE;
		return step >= COMMIT_LARGE && step < UNLINK_LARGE ? s : none;
	case DROPPED:
		return step >= COMMIT_DROPPED && step < UNLINK_DROPPED ? s
								       : none;
	default:
		return none;
	}
}

static bool
same(const struct seen *a, const struct seen *b)
{
	return a->times == b->times && a->place == b->place &&
	       a->routed == b->routed && a->first_done == b->first_done &&
	       a->attempts == b->attempts;
}

static void
check(int n, const struct progress *p, const struct seen seen[N_MIDS])
{
	for (int mid = 1; mid < N_MIDS; mid++) {
		struct seen before = expected(mid, p->ended);
		struct seen after = expected(mid, p->begun);

		if (!same(&seen[mid], &before) && !same(&seen[mid], &after))
			fail_msg("killed at call %d, in step %d: MID %d: "
				 "%d times, place %d, routed %d, done %d, "
				 "attempts %u",
			    n, p->begun, mid, seen[mid].times, seen[mid].place,
			    seen[mid].routed, seen[mid].first_done,
			    seen[mid].attempts);
	}
}

/* Names in all folders of the spool. */
static int
count_files(const struct kit *k)
{
	char cmd[128];
	FILE *f;
	int n;

	snprintf(cmd, sizeof(cmd), "find %s -type f | wc -l", k->path);
	f = popen(cmd, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &n), 1);
	pclose(f);
	return n;
}

static struct progress *
new_progress(void)
{
	struct progress *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static void
test_dur_07_killed_at_every_call(void **state)
{
	struct progress *p = progress = new_progress();
	struct seen seen[N_MIDS], again[N_MIDS];
	bool killed = true;
	int n, files;

	kit_late = *state != NULL;
	for (n = 1; killed; n++) {
		struct kit k;

		p->begun = p->ended = STEP_NONE;
		kit_make(&k, BASE);
		killed = killed_at(n, counted, child_writes, &k);
		look(&k, seen);
		check(n, p, seen);
		files = 0;
		for (int mid = 1; mid < N_MIDS; mid++)
			files += seen[mid].times;
		if (count_files(&k) != files)
			fail_msg("call %d: a draft is left", n);
		look(&k, again);
		for (int mid = 1; mid < N_MIDS; mid++)
			if (!same(&seen[mid], &again[mid]))
				fail_msg(
				    "call %d: recovery changed MID %d", n, mid);
		kit_close(&k);
	}
	assert_int_equal(p->ended, UNLINK_DROPPED);
	/* fewer would mean that not all calls are counted */
	assert_in_range(n, 35, 100);
	munmap(p, sizeof(*p));
	kit_late = false;
}

/* --- recovery is killed --- */

/* One of each state that a crash leaves. */
static void
make_mess(struct kit *k)
{
	char from[128];
	FILE *f;

	kit_start(k, 1);
	kit_mail(k, SMALL, 5000, true); /* a move that did not end */
	snprintf(from, sizeof(from), "%s", kit_file(k, "incoming", SMALL));
	if (link(from, kit_file(k, "deferred", SMALL)) == -1)
		panic("link");
	kit_mail(k, LARGE, 70000, true); /* a torn record */
	f = fopen(kit_file(k, "incoming", LARGE), "a");
	if (f == NULL || fputs("torn", f) == EOF || fclose(f) == EOF)
		panic("tear");
	f = fopen(kit_file(k, "incoming", GIVEN_UP), "w"); /* a draft */
	if (f == NULL || fclose(f) == EOF)
		panic("draft");
	kit_mail(k, DROPPED, 10, false); /* before its ROUTE */
	committer_free(&k->committer);
	loop_free(&k->loop);
}

static void
child_recovers(void *arg)
{
	struct seen seen[N_MIDS];

	look(arg, seen);
}

static void
test_dur_07_recovery_killed(void **state)
{
	struct seen seen[N_MIDS];
	bool killed = true;
	int n;

	(void)state;
	for (n = 1; killed; n++) {
		struct kit k;

		kit_make(&k, BASE);
		make_mess(&k);
		killed = killed_at(n, counted, child_recovers, &k);
		look(&k, seen);
		if (seen[SMALL].times != 1 ||
		    seen[SMALL].place != QUEUE_DEFERRED ||
		    seen[LARGE].times != 1 || !seen[LARGE].routed ||
		    seen[GIVEN_UP].times != 0 || seen[DROPPED].times != 1 ||
		    seen[DROPPED].routed || count_files(&k) != 3)
			fail_msg("killed at call %d of recovery", n);
		kit_close(&k);
	}
	assert_in_range(n, 6, 100);
}

/* --- calls fail --- */

static const struct {
	const char *why;
	int call, error;
	bool folder; /* only when it is about the folder */
	size_t size;
} faults[] = {
	{ "create", SCMP_SYS(openat), EROFS, false, 100 },
	{ "no inodes", SCMP_SYS(openat), ENOSPC, false, 100 },
	{ "write", SCMP_SYS(pwritev), ENOSPC, false, 100 },
	{ "write, large", SCMP_SYS(pwritev), EDQUOT, false, 70000 },
	{ "sync", SCMP_SYS(fsync), EIO, false, 100 },
	{ "sync, large", SCMP_SYS(fsync), EIO, false, 70000 },
	{ "sync of the folder", SCMP_SYS(fsync), EIO, true, 100 },
};

static int
folder_of(const struct kit *k, uint64_t mid)
{
	char path[128], link[64], target[160];
	ssize_t n;

	snprintf(path, sizeof(path), "%s", kit_file(k, "incoming", mid));
	*strrchr(path, '/') = '\0';
	for (int fd = 3; fd < 200; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		if (n > 0 && (size_t)n == strlen(path) &&
		    memcmp(path, target, (size_t)n) == 0)
			return fd;
	}
	panic("folder of MID %d is not open", (int)mid);
}

/* Exit status: 0 as it should be. */
static int
commit_with_fault(struct kit *k, size_t i)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	struct qfile *q = kit_draft(k, 5, faults[i].size);
	uint32_t act = SCMP_ACT_ERRNO((uint16_t)faults[i].error);
	int rc;

	kit_start(k, 1);
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (faults[i].folder)
		rc = seccomp_rule_add(ctx, act, faults[i].call, 1,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)folder_of(k, 5)));
	else
		rc = seccomp_rule_add(ctx, act, faults[i].call, 0);
	if (rc != 0 || seccomp_load(ctx) != 0)
		return 2;
	kit_commit(k, q);
	return k->n_done != 1 || k->last.kind != ERR_TEMP ||
	       k->last.sys != faults[i].error;
}

static void
test_dur_02_calls_fail(void **state)
{
	struct seen seen[N_MIDS];

	(void)state;
	for (size_t i = 0; i < NELEM(faults); i++) {
		struct kit k;
		pid_t child;
		int status;

		kit_make(&k, BASE);
		child = fork();
		if (child == 0)
			_exit(commit_with_fault(&k, i));
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("%s: status %x", faults[i].why, status);
		look(&k, seen);
		if (count_files(&k) != 0)
			fail_msg("%s: a file is left", faults[i].why);
		kit_close(&k);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dur_07_killed_at_every_call),
		{ "test_dur_07_killed_at_every_call, late envelope",
		    test_dur_07_killed_at_every_call, NULL, NULL, &kit_late },
		cmocka_unit_test(test_dur_07_recovery_killed),
		cmocka_unit_test(test_dur_02_calls_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

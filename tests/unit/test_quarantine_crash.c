/*
 * test_quarantine_crash.c - death at every system call of a hold (DUR-04)
 *
 * qmgr's threads write HELD records and move a message from incoming to
 * quarantine, then record its release and remove it. They die before their
 * n-th call that changes files, for n = 1, 2, .. until they get through. What
 * the next start finds must be one message, in one place, with all that was
 * said to be on disk; and none only after it was removed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <sys/syscall.h>

#include "event/event.h"
#include "killed_at.h"
#include "qmgr/store.h"
#include "queue_kit.h"

#define MID 1000

static const int counted[] = { SYS_openat, SYS_pwritev, SYS_pwrite64, SYS_fsync,
	SYS_linkat, SYS_unlinkat, SYS_ftruncate, -1 };

/* How far it came, for sure. */
enum reached { NOTHING, HELD, RELEASED, REMOVING };
static volatile int *reached;

static void
saved(void *arg, struct save *v)
{
	if (v->err.kind != ERR_NONE)
		panic("%s", v->err.text);
	(*reached)++;
	loop_stop(arg);
}

static void
write_down(struct store *s, struct loop *loop, uint8_t state, bool move)
{
	const struct held_rec rec = { .quarantine = STR("Policy"),
		.state = state,
		.entered = 5,
		.expires = 6,
		.reason = STR("message filter:f") };
	struct save v = { .mid = MID,
		.place = move ? QUEUE_INCOMING : QUEUE_QUARANTINE,
		.to = QUEUE_QUARANTINE,
		.move = move,
		.helds = &rec,
		.n_helds = 1,
		.releasing = move ? 0 : 2000 };

	store_save(s, &v);
	loop_run(loop);
}

static void
work(void *arg)
{
	const struct kit *k = arg;
	struct loop *loop = loop_new();
	struct store *s;

	if (store_open(&s, k->path, 1, NULL) == -1)
		panic("no store");
	store_start(s, loop, saved, loop);
	write_down(s, loop, HELD_IN, true);
	write_down(s, loop, HELD_RELEASED, false);
	*reached = REMOVING;
	store_unlink(s, QUEUE_QUARANTINE, MID, NULL);
	store_close(&s);
}

struct seen {
	unsigned n, helds;
	enum queue_place place;
	uint8_t state;
	uint64_t releasing;
};

static void
see(void *arg, const struct qmessage *m, enum queue_place place)
{
	struct seen *s = arg;

	s->n++;
	s->place = place;
	s->helds = (unsigned)m->n_helds;
	s->state = m->n_helds > 0 ? m->helds[0].state : 0;
	s->releasing = m->releasing;
}

static void
see_corrupt(void *arg, uint64_t mid, const struct err *why)
{
	(void)arg;
	fail_msg("MID %d is corrupt: %s", (int)mid, why->text);
}

/* As qmgr does at its start; twice, since it may die there, too. */
static struct seen
start_again(struct kit *k)
{
	static const struct recover_handler handler = { see, see_corrupt,
		NULL };
	static const enum queue_place places[] = { QUEUE_QUARANTINE,
		QUEUE_DEFERRED, QUEUE_INCOMING };
	struct err err = ERR_INIT;
	struct seen s = { 0 };
	uint64_t max = 0;

	for (int i = 0; i < 2; i++) {
		kit_reopen(k);
		s = (struct seen){ 0 };
		for (size_t p = 0; p < NELEM(places); p++)
			if (spool_recover(k->spool, places[p], false, &handler,
				&s, &max, &err) == -1)
				fail_msg("%s", err.text);
	}
	return s;
}

static void
check(int n, const struct seen *s)
{
	bool good = s->n == 1;

	switch (*reached) {
	case NOTHING:
		break; /* still in incoming, or there already */
	case HELD:
		good = good && s->place == QUEUE_QUARANTINE && s->helds == 1;
		break;
	case RELEASED:
		good =
		    good && s->state == HELD_RELEASED && s->releasing == 2000;
		break;
	default:
		good = s->n <= 1;
	}
	if (s->place == QUEUE_INCOMING && s->state == HELD_RELEASED)
		good = false;
	if (!good)
		fail_msg("call %d, reached %d: %u found, place %d, state %d", n,
		    *reached, s->n, (int)s->place, s->state);
}

static void
test_dur_04_killed_anywhere(void **state)
{
	unsigned most = 0;
	bool killed = true;

	(void)state;
	reached = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int n = 1; killed; n++) {
		struct seen s;
		struct kit k;

		kit_open(&k, "/dev/shm");
		kit_mail(&k, MID, 5000, true);
		/* a child may find a lock that a thread has at its birth */
		committer_free(&k.committer);
		*reached = NOTHING;
		killed = killed_at(n, counted, work, &k);
		s = start_again(&k);
		check(n, &s);
		most += s.n;
		if (!killed)
			assert_int_equal(s.n, 0);
		kit_close(&k);
	}
	/* it has died on its way, not before it */
	assert_true(most > 8);
	munmap((void *)(uintptr_t)reached, 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dur_04_killed_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* store.c - the threads that wait for the disk */
#include "qmgr/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/event.h"

#define THREADS_MAX 8
#define SYNC_MS     1000 /* threats DUR-06 */
#define PLACES                                                                 \
	(1u << QUEUE_INCOMING | 1u << QUEUE_DEFERRED | 1u << QUEUE_QUARANTINE)

struct worker {
	struct store *store;
	struct spool *spool; /* this thread's own */
	int64_t synced;      /* when its folders were */
	pthread_t thread;
};

struct store {
	struct worker workers[THREADS_MAX];
	unsigned n_workers;
	bool started;

	/* Names are removed through the one while a thread syncs the folders
	 * of the other: they share nothing. */
	struct spool *spools[2];
	unsigned current;
	bool unlinked;    /* something, through the current one */
	uint64_t n_begun; /* syncs */
	struct slots *slots[WORKERS_MAX]; /* by writer; NULL: not open */

	struct loop *loop;
	struct loop_watch *watch;
	struct loop_timer *timer;
	void (*saved)(void *arg, struct save *);
	void *arg;
	size_t n_busy;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wanted;
	struct save *todo_first, *todo_last, *done_first, *done_last;
	struct spool *to_sync;
	bool syncing; /* to_sync was given, and is not done */
	uint64_t n_synced;
	struct err sync_err;
	bool stop;
	int wake; /* eventfd: something is done */
};

static void *worker_main(void *);
static bool next_work(struct store *, struct save **, struct spool **);
static void perform(struct worker *, struct save *);
static int append_all(struct save *, int fd);
static void report(struct store *, struct save *, const struct err *);
static void sync_all(struct store *, struct spool *, struct err *);
static void will_sync(struct store *);
static void woken(void *arg, int ready);
static void sync_due(void *arg);

int
store_open(
    struct store **out, const char *path, unsigned n_threads, struct err *err)
{
	struct store *s = mem_alloc(sizeof(*s));
	int rc = 0;

	s->wake = -1;
	s->n_workers = n_threads < 1 ? 1 : n_threads;
	if (s->n_workers > THREADS_MAX)
		s->n_workers = THREADS_MAX;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wanted, NULL);
	for (unsigned i = 0; i < 2 && rc == 0; i++)
		rc = spool_open(
		    &s->spools[i], path, PLACES | 1u << QUEUE_CORRUPT, err);
	for (unsigned i = 0; i < s->n_workers && rc == 0; i++) {
		s->workers[i].store = s;
		rc = spool_open(&s->workers[i].spool, path, PLACES, err);
	}
	if (rc == 0) {
		s->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (s->wake == -1)
			rc = err_sys(err, ERR_TEMP, "eventfd");
	}
	if (rc == -1) {
		store_close(&s);
		return -1;
	}
	*out = s;
	return 0;
}

void
store_start(struct store *s, struct loop *loop,
    void (*saved)(void *arg, struct save *), void *arg)
{
	sigset_t all, before;

	s->loop = loop;
	s->saved = saved;
	s->arg = arg;
	s->watch = loop_watch(loop, s->wake, LOOP_READ, woken, s);
	s->timer = loop_timer(loop, sync_due, s);
	/* Signals are the loop's affair. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < s->n_workers; i++)
		if (pthread_create(&s->workers[i].thread, NULL, worker_main,
			&s->workers[i]) != 0)
			fatal("no thread for the disk");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	s->started = true;
}

void
store_close(struct store **sp)
{
	struct store *s = *sp;

	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->wanted);
	pthread_mutex_unlock(&s->lock);
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (s->started)
			pthread_join(s->workers[i].thread, NULL);
		spool_close(&s->workers[i].spool);
	}
	if (s->started) {
		loop_unwatch(&s->watch);
		loop_timer_free(&s->timer);
	}
	if (s->spools[s->current] != NULL)
		spool_sync_folders(s->spools[s->current], NULL);
	for (size_t i = 0; i < WORKERS_MAX; i++)
		slots_close(&s->slots[i]);
	spool_close(&s->spools[0]);
	spool_close(&s->spools[1]);
	if (s->wake != -1)
		close(s->wake);
	pthread_cond_destroy(&s->wanted);
	pthread_mutex_destroy(&s->lock);
	free(s);
	*sp = NULL;
}

void
store_save(struct store *s, struct save *w)
{
	w->next = NULL;
	s->n_busy++;
	pthread_mutex_lock(&s->lock);
	if (s->todo_first == NULL)
		s->todo_first = w;
	else
		s->todo_last->next = w;
	s->todo_last = w;
	pthread_cond_signal(&s->wanted);
	pthread_mutex_unlock(&s->lock);
}

struct slots *
store_slots(struct store *s, uint32_t writer, struct err *err)
{
	if (writer >= WORKERS_MAX)
		return NULL;
	if (s->slots[writer] == NULL)
		(void)slots_open(
		    &s->slots[writer], s->spools[0], writer, false, err);
	return s->slots[writer];
}

void
store_slot_done(struct store *s, uint32_t slot, uint64_t mid)
{
	slots_done(s->slots[slot / SLOTS_N], (int)(slot % SLOTS_N), mid);
	will_sync(s);
}

int
store_slot_leave(struct store *s, uint32_t slot, uint64_t mid, struct err *err)
{
	if (slots_spill(s->slots[slot / SLOTS_N], (int)(slot % SLOTS_N), mid,
		s->spools[s->current], QUEUE_INCOMING, err) == -1)
		return -1;
	store_slot_done(s, slot, mid);
	return 0;
}

int
store_unlink(
    struct store *s, enum queue_place place, uint64_t mid, struct err *err)
{
	will_sync(s);
	return spool_unlink(s->spools[s->current], place, mid, err);
}

void
store_sync(struct store *s)
{
	struct err err = ERR_INIT;

	sync_all(s, s->spools[s->current], &err);
	if (err.kind != ERR_NONE)
		EMIT(WARNING, .text = str_of(err.text));
}

/* 1 more than the syncs that it takes. */
uint64_t
store_mark(const struct store *s)
{
	return 1 + s->n_begun + s->unlinked;
}

bool
store_reached(struct store *s, uint64_t mark)
{
	uint64_t n;

	pthread_mutex_lock(&s->lock);
	n = s->n_synced;
	pthread_mutex_unlock(&s->lock);
	return n + 1 >= mark;
}

int
store_reader(
    struct store *s, enum queue_place place, uint64_t mid, struct err *err)
{
	enum queue_place other =
	    place == QUEUE_INCOMING ? QUEUE_DEFERRED : QUEUE_INCOMING;
	struct spool *spool = s->spools[s->current];
	int fd = spool_open_mid(spool, place, mid, O_RDONLY, err);

	if (fd == -1 && err != NULL && err->sys == ENOENT)
		fd = spool_open_mid(spool, other, mid, O_RDONLY, err);
	return fd;
}

struct spool *
store_spool(struct store *s)
{
	return s->spools[s->current];
}

size_t
store_busy(const struct store *s)
{
	return s->n_busy;
}

/* --- on the threads --- */

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	struct spool *sync;
	struct save *save;

	while (next_work(w->store, &save, &sync)) {
		struct err err = ERR_INIT;

		if (sync != NULL)
			sync_all(w->store, sync, &err);
		if (save != NULL)
			perform(w, save);
		report(w->store, save, sync != NULL ? &err : NULL);
	}
	return NULL;
}

/* Names that went away, and what was said done in slots. */
static void
sync_all(struct store *s, struct spool *spool, struct err *err)
{
	spool_sync_folders(spool, err);
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (s->slots[i] != NULL)
			slots_sync(s->slots[i], err);
}

static bool
next_work(struct store *s, struct save **save, struct spool **sync)
{
	*save = NULL;
	*sync = NULL;
	pthread_mutex_lock(&s->lock);
	while (!s->stop && s->todo_first == NULL && s->to_sync == NULL)
		pthread_cond_wait(&s->wanted, &s->lock);
	if (s->to_sync != NULL) {
		*sync = s->to_sync;
		s->to_sync = NULL;
	} else if (s->todo_first != NULL) {
		*save = s->todo_first;
		s->todo_first = (*save)->next;
	}
	pthread_mutex_unlock(&s->lock);
	/* When it is to stop, what is known is still written. */
	return *save != NULL || *sync != NULL;
}

/*
 * Touches nothing but the save and this thread's folders. The old name of a
 * moved file need not be gone for good at once: recovery knows such pairs.
 */
static void
perform(struct worker *t, struct save *w)
{
	enum queue_place at = w->place;
	int64_t now = clock_mono_ms();
	int fd;

	if (w->place == QUEUE_SLOT) {
		at = w->to;
		if (slots_spill(
			w->slots, w->slot, w->mid, t->spool, at, &w->err) == -1)
			return;
		w->moved = true; /* whatever becomes of the records */
	}
	fd = spool_open_mid(t->spool, at, w->mid, O_RDWR, &w->err);
	if (fd == -1)
		return;
	if (append_all(w, fd) == 0 && w->move && !w->moved)
		w->moved =
		    spool_move(t->spool, w->mid, w->place, w->to, &w->err) == 0;
	close(fd);
	if (w->moved && now - t->synced >= SYNC_MS) {
		t->synced = now;
		spool_sync_folders(t->spool, NULL);
	}
}

static int
append_all(struct save *w, int fd)
{
	const struct releasing_rec releasing = { .mid = w->releasing };
	size_t left =
	    w->n_dones + w->n_defers + w->n_helds + (w->releasing != 0 ? 1 : 0);

	/* One sync, with the last of them. */
	for (size_t i = 0; i < w->n_dones; i++)
		if (qrec_append(fd, w->mid, QREC_DONE, &w->dones[i],
			--left == 0, &w->err) == -1)
			return -1;
	for (size_t i = 0; i < w->n_defers; i++)
		if (qrec_append(fd, w->mid, QREC_DEFER, &w->defers[i],
			--left == 0, &w->err) == -1)
			return -1;
	for (size_t i = 0; i < w->n_helds; i++)
		if (qrec_append(fd, w->mid, QREC_HELD, &w->helds[i],
			--left == 0, &w->err) == -1)
			return -1;
	if (w->releasing == 0)
		return 0;
	return qrec_append(
	    fd, w->mid, QREC_RELEASING, &releasing, true, &w->err);
}

static void
report(struct store *s, struct save *w, const struct err *sync_err)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&s->lock);
	if (sync_err != NULL) {
		s->syncing = false;
		s->n_synced++;
		s->sync_err = *sync_err;
	}
	if (w != NULL) {
		w->next = NULL;
		if (s->done_first == NULL)
			s->done_first = w;
		else
			s->done_last->next = w;
		s->done_last = w;
	}
	pthread_mutex_unlock(&s->lock);
	while (write(s->wake, &one, sizeof(one)) == -1 && errno == EINTR)
		;
}

/* --- on the loop --- */

static void
woken(void *arg, int ready)
{
	struct store *s = arg;
	struct save *w, *next;
	struct err err;
	uint64_t n;

	(void)ready;
	if (read(s->wake, &n, sizeof(n)) == -1)
		return;
	pthread_mutex_lock(&s->lock);
	w = s->done_first;
	s->done_first = s->done_last = NULL;
	err = s->sync_err;
	s->sync_err = (struct err)ERR_INIT;
	pthread_mutex_unlock(&s->lock);
	if (err.kind != ERR_NONE)
		EMIT(WARNING, .text = str_of(err.text));
	for (; w != NULL; w = next) {
		next = w->next;
		s->n_busy--;
		s->saved(s->arg, w);
	}
}

/* A name went away or a slot became free: to be synced within a second. */
static void
will_sync(struct store *s)
{
	if (!s->unlinked && s->started)
		loop_timer_in(s->timer, SYNC_MS);
	s->unlinked = true;
}

static void
sync_due(void *arg)
{
	struct store *s = arg;
	bool busy;

	pthread_mutex_lock(&s->lock);
	busy = s->syncing;
	if (!busy) {
		s->syncing = true;
		s->n_begun++;
		s->to_sync = s->spools[s->current];
		s->current = !s->current;
		s->unlinked = false;
		pthread_cond_signal(&s->wanted);
	}
	pthread_mutex_unlock(&s->lock);
	if (busy)
		loop_timer_in(s->timer, SYNC_MS);
}

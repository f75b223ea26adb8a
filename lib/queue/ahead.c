/* ahead.c - a few threads before the one that reads */
#include "queue/ahead.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define FEW     512  /* not worth it */
#define THREADS 8    /* requests that a disk may have at once */
#define WINDOW  4096 /* files ahead: some 40 MB, read and not yet used */
#define BEGIN   8192 /* as much as is looked at of most */
#define SKIP    64   /* of those that are in memory already, one is read */
#define WARM_US 50   /* it was */
#define NOTHING SIZE_MAX

struct reader_thread {
	struct ahead *ahead;
	pthread_t thread;
	size_t has;  /* the file it has open; NOTHING: none */
	size_t skip; /* so many are in memory, as it seems */
};

struct ahead {
	const struct spool *spool;
	enum queue_place place;
	const uint64_t *mids;
	size_t n;
	struct reader_thread threads[THREADS];
	unsigned n_threads;

	pthread_mutex_t lock; /* of what follows, and of `has` */
	pthread_cond_t moved; /* the reader, or the end */
	pthread_cond_t closed;
	size_t reached, next;
	bool stop;
};

static void *read_ahead(void *);
static bool take_next(struct reader_thread *);
static bool is_open(const struct ahead *, size_t i);

struct ahead *
ahead_start(const struct spool *spool, enum queue_place place,
    const uint64_t *mids, size_t n)
{
	struct ahead *a;
	sigset_t all, before;

	if (n < FEW)
		return NULL;
	a = mem_alloc(sizeof(*a));
	a->spool = spool;
	a->place = place;
	a->mids = mids;
	a->n = n;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->moved, NULL);
	pthread_cond_init(&a->closed, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		a->threads[i].ahead = a;
		a->threads[i].has = NOTHING;
	}
	/* Signals are the loop's affair. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (a->n_threads < THREADS &&
	       pthread_create(&a->threads[a->n_threads].thread, NULL,
		   read_ahead, &a->threads[a->n_threads]) == 0)
		a->n_threads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return a;
}

void
ahead_reach(struct ahead *a, size_t i)
{
	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	a->reached = i;
	if (a->next <= i)
		a->next = i + 1;
	while (is_open(a, i))
		pthread_cond_wait(&a->closed, &a->lock);
	/* now and then, so that they are not woken for each file */
	if (i % (WINDOW / 4) == 0)
		pthread_cond_broadcast(&a->moved);
	pthread_mutex_unlock(&a->lock);
}

void
ahead_stop(struct ahead **ap)
{
	struct ahead *a = *ap;

	if (a == NULL)
		return;
	*ap = NULL;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_broadcast(&a->moved);
	pthread_mutex_unlock(&a->lock);
	for (unsigned i = 0; i < a->n_threads; i++)
		pthread_join(a->threads[i].thread, NULL);
	pthread_cond_destroy(&a->closed);
	pthread_cond_destroy(&a->moved);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/* What cannot be opened or read, the one who comes after will find so. */
static void *
read_ahead(void *arg)
{
	struct reader_thread *t = arg;
	struct ahead *a = t->ahead;
	char begin[BEGIN], name[MID_NAME];

	while (take_next(t)) {
		int64_t begun = clock_mono_us();
		uint64_t mid = a->mids[t->has];
		int fd = openat(spool_folder_fd(a->spool, a->place, mid),
		    spool_name(mid, name),
		    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

		if (fd != -1) {
			(void)!pread(fd, begin, sizeof(begin), 0);
			close(fd);
		}
		if (clock_mono_us() - begun > WARM_US)
			t->skip = 0;
		else if (t->skip < SKIP)
			t->skip = t->skip * 2 + 1;
	}
	return NULL;
}

/* Gives up the one it had, which is closed. */
static bool
take_next(struct reader_thread *t)
{
	struct ahead *a = t->ahead;
	bool more;

	pthread_mutex_lock(&a->lock);
	if (t->has == a->reached)
		pthread_cond_signal(&a->closed);
	t->has = NOTHING;
	while (!a->stop && a->next < a->n && a->next > a->reached + WINDOW)
		pthread_cond_wait(&a->moved, &a->lock);
	a->next += t->skip;
	more = !a->stop && a->next < a->n;
	if (more)
		t->has = a->next++;
	pthread_mutex_unlock(&a->lock);
	return more;
}

static bool
is_open(const struct ahead *a, size_t i)
{
	for (unsigned t = 0; t < a->n_threads; t++)
		if (a->threads[t].has == i)
			return true;
	return false;
}

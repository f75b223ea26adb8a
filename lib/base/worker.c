/* worker.c - slow computations beside the loop */
#include "base/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

#define THREADS_MAX 16

struct jobs {
	struct worker_job *first, **last;
};

struct worker {
	struct loop_watch *watch;
	int wake;
	unsigned pending; /* loop's thread only */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;
	struct jobs waiting, finished;
	bool stop;
	unsigned n_threads;
	pthread_t threads[THREADS_MAX];
};

static void *thread_main(void *);
static void on_wake(void *arg, int ready);
static void put(struct jobs *, struct worker_job *);
static struct worker_job *take(struct jobs *);

struct worker *
worker_new(struct loop *loop, unsigned n_threads)
{
	struct worker *w = mem_alloc(sizeof(*w));
	sigset_t all, old;

	w->waiting.last = &w->waiting.first;
	w->finished.last = &w->finished.first;
	w->n_threads = n_threads < 1             ? 1
		       : n_threads > THREADS_MAX ? THREADS_MAX
						 : n_threads;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	w->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->wake == -1)
		panic("worker: no eventfd");
	w->watch = loop_watch(loop, w->wake, LOOP_READ, on_wake, w);
	/* Signals are for the loop's thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned i = 0; i < w->n_threads; i++)
		if (pthread_create(&w->threads[i], NULL, thread_main, w) != 0)
			panic("worker: no thread");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return w;
}

void
worker_free(struct worker **wp)
{
	struct worker *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->work);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->n_threads; i++)
		pthread_join(w->threads[i], NULL);
	loop_unwatch(&w->watch);
	close(w->wake);
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void
worker_do(struct worker *w, struct worker_job *job)
{
	w->pending++;
	pthread_mutex_lock(&w->lock);
	put(&w->waiting, job);
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
}

unsigned
worker_pending(const struct worker *w)
{
	return w->pending;
}

static void *
thread_main(void *arg)
{
	struct worker *w = arg;
	struct worker_job *job;
	const uint64_t one = 1;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		job = take(&w->waiting);
		if (job == NULL) {
			pthread_cond_wait(&w->work, &w->lock);
			continue;
		}
		pthread_mutex_unlock(&w->lock);
		job->run(job);
		pthread_mutex_lock(&w->lock);
		put(&w->finished, job);
		if (write(w->wake, &one, sizeof(one)) == -1)
			continue; /* it is full: the loop wakes all the same */
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void
on_wake(void *arg, int ready)
{
	struct worker *w = arg;
	struct worker_job *job;
	uint64_t n;

	(void)ready;
	if (read(w->wake, &n, sizeof(n)) == -1)
		return;
	for (;;) {
		pthread_mutex_lock(&w->lock);
		job = take(&w->finished);
		pthread_mutex_unlock(&w->lock);
		if (job == NULL)
			return;
		w->pending--;
		job->done(job);
	}
}

static void
put(struct jobs *l, struct worker_job *job)
{
	job->next = NULL;
	*l->last = job;
	l->last = &job->next;
}

static struct worker_job *
take(struct jobs *l)
{
	struct worker_job *job = l->first;

	if (job == NULL)
		return NULL;
	l->first = job->next;
	if (l->first == NULL)
		l->last = &l->first;
	return job;
}

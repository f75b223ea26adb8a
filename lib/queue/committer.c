/*
 * committer.c - the threads that make queue files durable
 *
 * A thread takes all that waits as one batch and does each step for
 * the whole batch before the next: write all, start the I/O of all, sync
 * all, sync each distinct folder once. The first sync of a batch then
 * commits the journal for everybody, and those after it find little left to
 * do; the same holds between the threads (docs/decisions/0001).
 *
 * Lists change hands under one lock; a file belongs to exactly one list or
 * one thread. Completions are gathered and told to the loop through an
 * eventfd, once for all that came in since it last looked.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/io.h"
#include "queue/qfile.h"

#define BATCH_MAX   64
#define THREADS_MAX 64

struct list {
	struct qfile *first, **last;
	unsigned n;
};

struct committer {
	struct loop *loop;
	struct loop_job give; /* at the end of a turn */
	struct loop_watch *watch;
	int wake;          /* eventfd */
	unsigned pending;  /* not yet called back; loop's thread only */
	struct list fresh; /* of this turn; loop's thread only */

	sem_t work;           /* a condition would make the lock contended */
	pthread_mutex_t lock; /* guards what follows */
	struct list todo, finished;
	unsigned idle; /* threads that wait for work and are not woken yet */
	bool stop;

	unsigned n_threads;
	pthread_t threads[THREADS_MAX];
};

static void list_init(struct list *);
static void list_put(struct list *, struct qfile *);
static struct qfile *list_take(struct list *);
static void list_move(struct list *from, struct list *to);
static void put(struct qfile *, struct committer *,
    void (*done)(void *arg, const struct err *err), void *arg);
static void give(void *arg);
static bool wakes(struct committer *);
static void *thread_main(void *);
static unsigned take_batch(struct committer *, struct qfile **batch);
static void make_durable(struct qfile **batch, unsigned n);
static void sync_slots(struct qfile **batch, unsigned n);
static void sync_folders(struct qfile **batch, unsigned n);
static void give_back(struct committer *, struct qfile **batch, unsigned n);
static void woken(void *arg, int ready);
static void complete(struct committer *);
static void committed(struct qfile *);
static void synced(struct qfile *);

struct committer *
committer_new(struct loop *loop, unsigned n_threads)
{
	struct committer *c = mem_alloc(sizeof(*c));
	sigset_t all, old;

	c->n_threads = n_threads < 1             ? 1
		       : n_threads > THREADS_MAX ? THREADS_MAX
						 : n_threads;
	c->loop = loop;
	c->give = (struct loop_job){ .cb = give, .arg = c };
	list_init(&c->fresh);
	list_init(&c->todo);
	list_init(&c->finished);
	pthread_mutex_init(&c->lock, NULL);
	sem_init(&c->work, 0, 0);
	c->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->wake == -1)
		panic("committer: no eventfd");
	c->watch = loop_watch(loop, c->wake, LOOP_READ, woken, c);
	/* Signals are for the loop's thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned i = 0; i < c->n_threads; i++)
		if (pthread_create(&c->threads[i], NULL, thread_main, c) != 0)
			panic("committer: no thread");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return c;
}

void
committer_free(struct committer **cp)
{
	struct committer *c = *cp;

	if (c == NULL)
		return;
	loop_undefer(&c->give);
	give(c);
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->n_threads; i++)
		sem_post(&c->work);
	for (unsigned i = 0; i < c->n_threads; i++)
		pthread_join(c->threads[i], NULL);
	complete(c);
	loop_unwatch(&c->watch);
	close(c->wake);
	sem_destroy(&c->work);
	pthread_mutex_destroy(&c->lock);
	free(c);
	*cp = NULL;
}

unsigned
committer_pending(const struct committer *c)
{
	return c->pending;
}

void
qfile_commit(struct qfile *q, struct committer *c, const struct content *found,
    void (*done)(void *arg, const struct err *err), void *arg)
{
	if (q->state != QFILE_DRAFT)
		panic("qfile_commit: not a draft");
	qfile_seal(q, found);
	put(q, c, done, arg);
}

/* What is in a slot is synced with all that is in slots. */
void
qfile_sync_route(struct qfile *q, struct committer *c,
    void (*done)(void *arg, const struct err *err), void *arg)
{
	if (q->state != QFILE_MAIL || (q->slot == -1 && q->fd == -1))
		panic("qfile_sync_route: nothing was written");
	q->state = QFILE_SYNCING;
	put(q, c, done, arg);
}

static void
put(struct qfile *q, struct committer *c,
    void (*done)(void *arg, const struct err *err), void *arg)
{
	q->done = done;
	q->arg = arg;
	c->pending++;
	list_put(&c->fresh, q);
	loop_defer(c->loop, &c->give);
}

static void
list_init(struct list *l)
{
	l->first = NULL;
	l->last = &l->first;
	l->n = 0;
}

static void
list_put(struct list *l, struct qfile *q)
{
	q->next = NULL;
	*l->last = q;
	l->last = &q->next;
	l->n++;
}

static struct qfile *
list_take(struct list *l)
{
	struct qfile *q = l->first;

	if (q == NULL)
		return NULL;
	l->first = q->next;
	if (l->first == NULL)
		l->last = &l->first;
	l->n--;
	q->next = NULL;
	return q;
}

static void
list_move(struct list *from, struct list *to)
{
	if (from->n == 0)
		return;
	*to->last = from->first;
	to->last = from->last;
	to->n += from->n;
	list_init(from);
}

/* All of a turn at once, to one thread: few wake-ups, large batches. */
static void
give(void *arg)
{
	struct committer *c = arg;
	bool wake;

	if (c->fresh.n == 0)
		return;
	pthread_mutex_lock(&c->lock);
	list_move(&c->fresh, &c->todo);
	wake = wakes(c);
	pthread_mutex_unlock(&c->lock);
	if (wake)
		sem_post(&c->work);
}

/* Is there somebody to wake? With the lock; the caller does, without. */
static bool
wakes(struct committer *c)
{
	if (c->todo.n == 0 || c->idle == 0)
		return false;
	c->idle--;
	return true;
}

static void *
thread_main(void *arg)
{
	struct committer *c = arg;
	struct qfile *batch[BATCH_MAX];
	unsigned n;

	while ((n = take_batch(c, batch)) > 0) {
		make_durable(batch, n);
		give_back(c, batch, n);
	}
	return NULL;
}

/* Waits for work; 0: stop, and nothing is left. */
static unsigned
take_batch(struct committer *c, struct qfile **batch)
{
	unsigned n = 0;
	bool more;

	pthread_mutex_lock(&c->lock);
	while (c->todo.n == 0 && !c->stop) {
		c->idle++;
		pthread_mutex_unlock(&c->lock);
		while (sem_wait(&c->work) == -1)
			continue; /* EINTR */
		pthread_mutex_lock(&c->lock);
	}
	while (n < BATCH_MAX && c->todo.n > 0)
		batch[n++] = list_take(&c->todo);
	more = wakes(c);
	pthread_mutex_unlock(&c->lock);
	if (more)
		sem_post(&c->work);
	return n;
}

static void
make_durable(struct qfile **batch, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		qfile_put(batch[i]);
	for (unsigned i = 0; n > 1 && i < n; i++)
		qfile_start_io(batch[i]);
	for (unsigned i = 0; i < n; i++)
		qfile_sync(batch[i]);
	sync_slots(batch, n);
	sync_folders(batch, n);
}

/* One call for all that went into slots: no name to be made safe. */
static void
sync_slots(struct qfile **batch, unsigned n)
{
	struct err err = ERR_INIT;
	bool any = false;

	for (unsigned i = 0; i < n; i++)
		any |= batch[i]->slot != -1;
	if (!any || fdatasync(slots_fd(batch[0]->spool->slots)) == 0)
		return;
	err_sys(&err, ERR_TEMP, "sync");
	for (unsigned i = 0; i < n; i++)
		if (batch[i]->slot != -1)
			qfile_fail(batch[i], &err);
}

/*
 * It is mail only when its name is safe as well: a synced file in an unsynced
 * folder can be gone after a power cut, so there is no 250 before this
 * (threats DUR-01).
 */
static void
sync_folders(struct qfile **batch, unsigned n)
{
	struct err errs[QUEUE_FOLDERS];
	uint32_t tried = 0, failed = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned f = spool_folder(batch[i]->mid);

		if (batch[i]->err != NULL || batch[i]->slot != -1 ||
		    batch[i]->state == QFILE_SYNCING)
			continue;
		if (!(tried & 1u << f)) {
			tried |= 1u << f;
			errs[f] = (struct err)ERR_INIT;
			if (io_sync(spool_folder_fd(batch[i]->spool,
					QUEUE_INCOMING, batch[i]->mid),
				&errs[f]) == -1)
				failed |= 1u << f;
		}
		if (failed & 1u << f)
			qfile_fail(batch[i], &errs[f]);
	}
}

static void
give_back(struct committer *c, struct qfile **batch, unsigned n)
{
	uint64_t one = 1;
	bool wake;

	pthread_mutex_lock(&c->lock);
	wake = c->finished.n == 0;
	for (unsigned i = 0; i < n; i++)
		list_put(&c->finished, batch[i]);
	pthread_mutex_unlock(&c->lock);
	/* EAGAIN would mean 2^64 wake-ups that nobody read. */
	if (wake && write(c->wake, &one, sizeof(one)) == -1)
		panic("committer: eventfd");
}

static void
woken(void *arg, int ready)
{
	struct committer *c = arg;
	uint64_t n;

	(void)ready;
	if (read(c->wake, &n, sizeof(n)) == -1 && errno != EAGAIN)
		panic("committer: eventfd");
	complete(c);
}

static void
complete(struct committer *c)
{
	struct list mine;
	struct qfile *q;

	list_init(&mine);
	pthread_mutex_lock(&c->lock);
	list_move(&c->finished, &mine);
	pthread_mutex_unlock(&c->lock);
	while ((q = list_take(&mine)) != NULL) {
		c->pending--;
		if (q->state == QFILE_SYNCING)
			synced(q);
		else
			committed(q);
	}
}

/* Both: done may free q. */
static void
committed(struct qfile *q)
{
	q->state = q->err == NULL ? QFILE_MAIL : QFILE_GONE;
	buf_fini(&q->head);
	if (q->slot == -1)
		buf_fini(&q->body);
	else
		slots_committed(q->spool->slots, q->slot, q->mid);
	q->done(q->arg, q->err);
}

static void
synced(struct qfile *q)
{
	struct err *err = q->err;

	q->state = QFILE_MAIL;
	q->err = NULL;
	q->done(q->arg, err);
	free(err);
}

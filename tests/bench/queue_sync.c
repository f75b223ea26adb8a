/*
 * queue_sync.c - what does it cost to make small files durable?
 *
 *	queue_sync FOLDER MESSAGES IN_FLIGHT THREADS HOW SPREAD
 *
 * Keeps IN_FLIGHT messages of 5 KB in the works on THREADS threads, unlinks
 * each when it is durable, and prints wall and CPU time for a message. HOW:
 *
 *	single	create, write, fsync, fsync of the folder: one after another
 *	tmpfile	the same with O_TMPFILE and linkat
 *	all	a thread takes all that waits: creates and writes all, starts
 *		the I/O of all (sync_file_range), syncs all, folders once
 *	share	the same, but a thread takes its share of what waits
 *	plain	all, without the sync_file_range
 *	data	all, with fdatasync for the files
 *	syncfs	all, with one syncfs in place of all syncs
 *
 * SPREAD: run (messages of a moment share a folder) or each (MID modulo).
 * Stands alone on purpose: it measured what lib/queue was then built on; the
 * results are in docs/decisions/0001-queue-drafts.md.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FOLDERS 32
#define BATCH   64
#define PENDING 1024

enum how { SINGLE, TMPFILE, ALL, SHARE, PLAIN, DATA, SYNCFS };
static const char *const hows[] = { "single", "tmpfile", "all", "share",
	"plain", "data", "syncfs" };

static struct bench {
	enum how how;
	bool run;
	unsigned threads;
	int folders[FOLDERS];
	int wake;
	pthread_mutex_t lock;
	pthread_cond_t work;
	unsigned long todo[PENDING], finished[PENDING];
	unsigned n_todo, n_finished, idle;
	bool stop;
} b = { .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER };

static char content[5000];

static unsigned
folder_of(unsigned long mid)
{
	return (unsigned)((b.run ? mid / 64 : mid) % FOLDERS);
}

static int
create(unsigned long mid)
{
	struct iovec iov[2] = { { content, 200 }, { content, 5000 } };
	char name[32];
	int fd, dir = b.folders[folder_of(mid)];

	snprintf(name, sizeof(name), "%lu", mid);
	if (b.how == TMPFILE)
		fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	else
		fd = openat(
		    dir, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd == -1 || pwritev(fd, iov, 2, 0) != 5200)
		err(1, "create");
	return fd;
}

static void
give_name(int fd, unsigned long mid)
{
	char name[32], self[64];

	snprintf(name, sizeof(name), "%lu", mid);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, b.folders[folder_of(mid)], name,
		AT_SYMLINK_FOLLOW) == -1)
		err(1, "linkat");
}

static void
make_durable(const unsigned long *mids, unsigned n)
{
	unsigned done = 0;
	int fds[BATCH] = { -1 };

	for (unsigned i = 0; i < n; i++)
		fds[i] = create(mids[i]);
	for (unsigned i = 0; i < n && b.how == TMPFILE; i++)
		give_name(fds[i], mids[i]);
	for (unsigned i = 0;
	     n > 1 && b.how != PLAIN && b.how != SYNCFS && i < n; i++)
		sync_file_range(fds[i], 0, 0, SYNC_FILE_RANGE_WRITE);
	if (b.how == SYNCFS && syncfs(fds[0]) == -1)
		err(1, "syncfs");
	for (unsigned i = 0; i < n && b.how != SYNCFS; i++)
		if ((b.how == DATA ? fdatasync(fds[i]) : fsync(fds[i])) == -1)
			err(1, "fsync");
	for (unsigned i = 0; i < n && b.how != SYNCFS; i++) {
		unsigned f = folder_of(mids[i]);

		if (!(done & 1u << f) && fsync(b.folders[f]) == -1)
			err(1, "fsync folder");
		done |= 1u << f;
	}
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
}

static void *
worker(void *arg)
{
	unsigned long mine[BATCH];
	unsigned long one = 1;

	(void)arg;
	for (;;) {
		unsigned n = 0, share;

		pthread_mutex_lock(&b.lock);
		while (b.n_todo == 0 && !b.stop) {
			b.idle++;
			pthread_cond_wait(&b.work, &b.lock);
			b.idle--;
		}
		if (b.n_todo == 0)
			break;
		share = b.n_todo;
		if (b.how <= TMPFILE)
			share = 1;
		else if (b.how == SHARE)
			share = (b.n_todo + b.threads - 1) / b.threads;
		while (n < share && n < BATCH)
			mine[n++] = b.todo[--b.n_todo];
		pthread_mutex_unlock(&b.lock);
		make_durable(mine, n);
		pthread_mutex_lock(&b.lock);
		if (b.n_finished == 0 && write(b.wake, &one, sizeof(one)) == -1)
			err(1, "eventfd");
		for (unsigned i = 0; i < n; i++)
			b.finished[b.n_finished++] = mine[i];
		pthread_mutex_unlock(&b.lock);
	}
	pthread_mutex_unlock(&b.lock);
	return NULL;
}

static void
give(unsigned long mid)
{
	bool wake;

	pthread_mutex_lock(&b.lock);
	b.todo[b.n_todo++] = mid;
	wake = b.idle > 0;
	pthread_mutex_unlock(&b.lock);
	if (wake)
		pthread_cond_signal(&b.work);
}

static void
run(unsigned long total, unsigned in_flight)
{
	unsigned long mine[PENDING], given = 0, done = 0, turn;
	char name[32];

	while (given < in_flight)
		give(++given);
	while (done < total) {
		unsigned n;

		if (read(b.wake, &turn, sizeof(turn)) == -1)
			err(1, "eventfd");
		pthread_mutex_lock(&b.lock);
		n = b.n_finished;
		memcpy(mine, b.finished, n * sizeof(*mine));
		b.n_finished = 0;
		pthread_mutex_unlock(&b.lock);
		for (unsigned i = 0; i < n; i++) {
			snprintf(name, sizeof(name), "%lu", mine[i]);
			if (unlinkat(b.folders[folder_of(mine[i])], name, 0) ==
			    -1)
				err(1, "unlink");
			if (given < total)
				give(++given);
		}
		done += n;
	}
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int
main(int argc, char **argv)
{
	unsigned long total;
	unsigned in_flight;
	struct timespec t0, t1;
	struct rusage ru;
	pthread_t threads[64];
	double wall;

	if (argc != 7)
		errx(2, "see the head of the source");
	total = strtoul(argv[2], NULL, 10);
	in_flight = (unsigned)strtoul(argv[3], NULL, 10);
	b.threads = (unsigned)strtoul(argv[4], NULL, 10);
	while (strcmp(hows[b.how], argv[5]) != 0)
		if (++b.how > SYNCFS)
			errx(2, "no such way");
	b.run = strcmp(argv[6], "run") == 0;
	if (in_flight > PENDING || b.threads > 64)
		errx(2, "too many");
	for (int i = 0; i < FOLDERS; i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%02x", argv[1], i);
		mkdir(path, 0700);
		b.folders[i] = open(path, O_RDONLY | O_DIRECTORY);
		if (b.folders[i] == -1)
			err(1, "%s", path);
	}
	b.wake = eventfd(0, 0);
	for (unsigned i = 0; i < b.threads; i++)
		pthread_create(&threads[i], NULL, worker, NULL);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	run(total, in_flight);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	getrusage(RUSAGE_SELF, &ru);
	b.stop = true;
	pthread_cond_broadcast(&b.work);
	for (unsigned i = 0; i < b.threads; i++)
		pthread_join(threads[i], NULL);
	wall = (double)(t1.tv_sec - t0.tv_sec) +
	       (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
	printf("%-8s %-4s in flight %3u threads %u: wall %6.0f us, cpu %5.0f "
	       "us, switches %.1f\n",
	    argv[5], argv[6], in_flight, b.threads, wall * 1e6 / (double)total,
	    (seconds(ru.ru_utime) + seconds(ru.ru_stime)) * 1e6 / (double)total,
	    (double)(ru.ru_nvcsw + ru.ru_nivcsw) / (double)total);
	return 0;
}

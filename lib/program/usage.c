/* usage.c - what this process uses, told in the shared counters */
#include "program/usage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Its own line of /proc, which no sandbox lets it open later. -1: none. */
static int statm = -1;
static uint64_t cpu_told; /* us */
static uint64_t apart;    /* us that are told as a feature's already */

static uint64_t cpu_used(void);
static int64_t memory_used(void);

void
program_usage_begin(void)
{
	statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

void
program_usage(struct daemon *d)
{
	enum stats_counter of = d->program->kind == PROGRAM_RECORDER
				    ? STATS_cpu_reporting
				    : STATS_cpu_mta;
	uint64_t cpu = cpu_used(), used = cpu - cpu_told;
	/* the two clocks need not agree to the microsecond */
	uint64_t not_ours = apart < used ? apart : used;

	stats_add(d->stats, of, used - not_ours);
	apart -= not_ours;
	cpu_told = cpu;
	stats_gauge_set(d->stats, STATS_GAUGE_ram_used, memory_used());
}

void
program_usage_of(struct daemon *d, enum stats_counter of, int64_t us)
{
	if (us <= 0)
		return;
	stats_add(d->stats, of, (uint64_t)us);
	apart += (uint64_t)us;
}

static uint64_t
cpu_used(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) == -1)
		return cpu_told;
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Pages: size, resident, shared, ... */
static int64_t
memory_used(void)
{
	char text[200], *at = text;
	ssize_t n = statm != -1 ? pread(statm, text, sizeof(text) - 1, 0) : -1;
	long long resident, shared;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	strtoll(at, &at, 10);
	resident = strtoll(at, &at, 10);
	shared = strtoll(at, &at, 10);
	return (resident - shared) * (int64_t)sysconf(_SC_PAGESIZE);
}

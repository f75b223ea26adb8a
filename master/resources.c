/*
 * resources.c - memory, disk and queue: what is used of them
 *
 * Every two seconds the degree of conservation is worked out from what the
 * programs say they use (lib/program), and from the disk of the queue; smtpd
 * reads it where all counters are.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/mem.h"
#include "event/alert.h"
#include "master/conserve.h"
#include "master/master.h"

#define EVERY_MS    2000
#define DISK_MS     10000 /* over which use of the disk is taken */
#define DISK_START  25    /* per cent: four times the reserve is free */
#define QUEUE_START 80    /* per cent of the limit */
#define FULL        100

static void look(void *master);
static void look_at_disk(struct master *);
static bool disk_busy(const char *spool, uint64_t *busy);
static size_t pressures(struct master *, struct pressure *);
static void add_disk(const struct master *, struct pressure *, size_t *n);
static void add_queue(struct pressure *, size_t *n, const char *what,
    int64_t used, uint64_t limit, enum alert_id);
static uint64_t budget(const struct master *);
static uint64_t cgroup_limit(void);
static bool read_line(const char *path, char *out, size_t size);
static void tell(unsigned before, unsigned now, const struct pressure *);

void
resources_watch(struct master *m)
{
	m->resources = loop_timer(m->self.loop, look, m);
	look(m);
}

static void
look(void *arg)
{
	struct master *m = arg;
	struct pressure p[4];
	size_t worst, n = pressures(m, p);
	unsigned before = m->conserving;

	m->conserving = conserve_degree(before, p, n, &worst);
	stats_gauge_set(
	    m->self.stats, STATS_GAUGE_resource_conservation, m->conserving);
	if ((before == 0) != (m->conserving == 0) ||
	    (before == CONSERVE_HALT) != (m->conserving == CONSERVE_HALT))
		tell(before, m->conserving, &p[worst]);
	look_at_disk(m);
	loop_timer_in(m->resources, EVERY_MS);
}

/* Of the last seconds, the part in which the disk of the queue was busy. */
static void
look_at_disk(struct master *m)
{
	int64_t now = loop_now(m->self.loop), percent = -1;
	uint64_t busy;

	if (m->disk_at != 0 && now - m->disk_at < DISK_MS)
		return;
	if (disk_busy(m->paths.spool, &busy) && m->disk_at != 0 &&
	    busy >= m->disk_busy)
		percent =
		    (int64_t)((busy - m->disk_busy) * 100) / (now - m->disk_at);
	m->disk_at = now;
	m->disk_busy = busy;
	stats_gauge_set(
	    m->self.stats, STATS_GAUGE_disk_io, percent > 100 ? 100 : percent);
}

/* ms since it is there, from the tenth number that the kernel has on it. */
static bool
disk_busy(const char *spool, uint64_t *busy)
{
	char path[80], line[512];
	struct str rest, one = STR("");
	struct stat st;

	*busy = 0;
	if (stat(spool, &st) == -1)
		return false;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/stat",
	    major(st.st_dev), minor(st.st_dev));
	if (!read_line(path, line, sizeof(line)))
		return false;
	rest = str_of(line);
	for (int n = 0; n < 10; n++) {
		while (rest.n > 0 && *rest.p == ' ')
			rest = str_sub(rest, 1, rest.n);
		one = str_cut(&rest, ' ');
	}
	return str_u64(one, UINT64_MAX, busy);
}

/* What is measured; the first is memory, which always is. */
static size_t
pressures(struct master *m, struct pressure *p)
{
	const struct config *cf = m->self.config;
	struct stats *s = m->self.stats;
	size_t n = 1;

	p[0] = (struct pressure){ "memory", 0, (double)cf->memory_start,
		(double)cf->memory_halt, ALERT_CONSERVE_MEMORY };
	p[0].use = 100.0 * (double)stats_gauge_sum(s, STATS_GAUGE_ram_used) /
		   (double)budget(m);
	stats_gauge_set(s, STATS_GAUGE_ram_utilization, (int64_t)p[0].use);
	add_disk(m, p, &n);
	add_queue(p, &n, "recipients in the queue",
	    stats_gauge_sum(s, STATS_GAUGE_active_recipients), cf->queue_limit,
	    ALERT_CONSERVE_QUEUE);
	add_queue(p, &n, "messages in the work queue",
	    stats_gauge_sum(s, STATS_GAUGE_workqueue_messages),
	    cf->workqueue_limit, ALERT_CONSERVE_WORKQ);
	return n;
}

static void
add_disk(const struct master *m, struct pressure *p, size_t *n)
{
	double reserve = (double)m->self.config->reserve;
	struct statvfs v;

	if (reserve == 0 || statvfs(m->paths.spool, &v) == -1)
		return;
	p[(*n)++] = (struct pressure){ "disk space of the queue",
		FULL * reserve / ((double)v.f_bavail * (double)v.f_frsize + 1),
		DISK_START, FULL, ALERT_CONSERVE_DISK };
}

static void
add_queue(struct pressure *p, size_t *n, const char *what, int64_t used,
    uint64_t limit, enum alert_id alert)
{
	if (limit != UNLIMITED)
		p[(*n)++] = (struct pressure){ what,
			FULL * (double)used / (double)limit, QUEUE_START, FULL,
			alert };
}

/* What the configuration says, else what this machine, or its part of it,
 * has. */
static uint64_t
budget(const struct master *m)
{
	uint64_t limit, all = UINT64_MAX;
	struct sysinfo si;

	if (m->self.config->memory != 0)
		return m->self.config->memory;
	if (sysinfo(&si) == 0)
		all = (uint64_t)si.totalram * si.mem_unit;
	limit = cgroup_limit();
	return limit < all ? limit : all;
}

static uint64_t
cgroup_limit(void)
{
	char line[1024], path[1200], text[64];
	uint64_t limit;

	if (!read_line("/proc/self/cgroup", line, sizeof(line)) ||
	    strncmp(line, "0::", 3) != 0)
		return UINT64_MAX;
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", line + 3);
	if (!read_line(path, text, sizeof(text)) ||
	    !str_u64(str_of(text), UINT64_MAX, &limit) || limit == 0)
		return UINT64_MAX; /* "max" */
	return limit;
}

static bool
read_line(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd != -1 ? read(fd, out, size - 1) : -1;

	if (fd != -1)
		close(fd);
	if (n <= 0)
		return false;
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return true;
}

static void
tell(unsigned before, unsigned now, const struct pressure *p)
{
	char text[300];

	if (now == 0) {
		alert_raise(ALERT_CONSERVE_END, STR(""),
		    STR("Resource conservation has ended: clients do not "
			"wait any more"));
		return;
	}
	if (now == CONSERVE_HALT)
		snprintf(text, sizeof(text),
		    "Resource conservation: %s at %.0f %% (limit %.0f %%): no "
		    "mail is accepted",
		    p->what, p->use, p->halt);
	else
		snprintf(text, sizeof(text),
		    "Resource conservation: %s at %.0f %% (from %.0f %%): "
		    "clients wait %u seconds",
		    p->what, p->use, p->start, now);
	if (now > before)
		alert_raise(p->alert, STR(""), str_of(text));
	else
		EMIT(NOTICE, .text = str_of(text));
}

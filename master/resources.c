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
static void look_at_ops(struct master *, int64_t ms, uint64_t ops);
static void look_at_cpu(struct master *);
static bool cpu_ticks(uint64_t *idle, uint64_t *all);
static void look_at_swap(struct master *);
static uint64_t vmstat(const char *text, const char *name);
static bool disk_use(const char *spool, uint64_t *busy, uint64_t *ops);
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
	uint64_t busy, ops;

	if (m->disk_at != 0 && now - m->disk_at < DISK_MS)
		return;
	if (disk_use(m->paths.spool, &busy, &ops) && m->disk_at != 0 &&
	    busy >= m->disk_busy) {
		percent =
		    (int64_t)((busy - m->disk_busy) * 100) / (now - m->disk_at);
		look_at_ops(m, now - m->disk_at, ops);
	}
	look_at_cpu(m);
	look_at_swap(m);
	m->disk_at = now;
	m->disk_busy = busy;
	m->disk_ops = ops;
	stats_gauge_set(
	    m->self.stats, STATS_GAUGE_disk_io, percent > 100 ? 100 : percent);
}

static void
look_at_ops(struct master *m, int64_t ms, uint64_t ops)
{
	struct stats *s = m->self.stats;
	int64_t rate =
	    ops >= m->disk_ops ? (int64_t)(ops - m->disk_ops) * 1000 / ms : 0;

	if (rate > stats_gauge_sum(s, STATS_GAUGE_disk_ops))
		stats_gauge_set(s, STATS_GAUGE_disk_ops, rate);
}

/* All of the machine: what the scanners use, too. */
static void
look_at_cpu(struct master *m)
{
	uint64_t idle, all;
	int64_t percent = -1;

	if (cpu_ticks(&idle, &all)) {
		if (m->cpu_all != 0 && all > m->cpu_all && idle >= m->cpu_idle)
			percent = 100 - (int64_t)((idle - m->cpu_idle) * 100 /
						  (all - m->cpu_all));
		m->cpu_idle = idle;
		m->cpu_all = all;
	}
	stats_gauge_set(
	    m->self.stats, STATS_GAUGE_cpu_machine, percent < 0 ? -1 : percent);
}

/* "cpu  user nice system idle iowait irq softirq steal ...": who waits for a
 * disk does not use a processor; the last two of ten are in others. */
static bool
cpu_ticks(uint64_t *idle, uint64_t *all)
{
	char line[512];
	struct str rest;
	uint64_t v;

	*idle = *all = 0;
	if (!read_line("/proc/stat", line, sizeof(line)))
		return false;
	rest = str_of(line);
	if (!str_is(str_cut(&rest, ' '), "cpu"))
		return false;
	rest = str_trim(rest);
	for (int n = 0; n < 8; n++) {
		if (!str_u64(str_cut(&rest, ' '), INT64_MAX, &v))
			return false;
		*all += v;
		if (n == 3 || n == 4)
			*idle += v;
	}
	return true;
}

static void
look_at_swap(struct master *m)
{
	int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	struct stats *s = m->self.stats;
	char text[16384];
	struct sysinfo si;
	ssize_t n;

	if (sysinfo(&si) == 0)
		stats_gauge_set(s, STATS_GAUGE_swap_used,
		    (int64_t)((uint64_t)(si.totalswap - si.freeswap) *
			      si.mem_unit));
	if (fd == -1)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	stats_gauge_set(
	    s, STATS_GAUGE_swap_in, (int64_t)vmstat(text, "\npswpin "));
	stats_gauge_set(
	    s, STATS_GAUGE_swap_out, (int64_t)vmstat(text, "\npswpout "));
}

static uint64_t
vmstat(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	struct str rest = str_of(at != NULL ? at + strlen(name) : "");
	uint64_t v;

	return str_u64(str_cut(&rest, '\n'), INT64_MAX, &v) ? v : 0;
}

/*
 * Of all the numbers that the kernel has on a disk since it is there: the
 * first and the fifth are reads and writes, the tenth is ms in which it was
 * busy.
 */
static bool
disk_use(const char *spool, uint64_t *busy, uint64_t *ops)
{
	char path[80], line[512];
	struct str rest, one = STR("");
	struct stat st;
	uint64_t v;

	*busy = *ops = 0;
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
		if ((n == 0 || n == 4) && str_u64(one, UINT64_MAX, &v))
			*ops += v;
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

	if (statvfs(m->paths.spool, &v) == -1)
		return;
	stats_gauge_set(m->self.stats, STATS_GAUGE_queue_free,
	    (int64_t)(v.f_bavail * v.f_frsize));
	if (reserve == 0)
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

/* clock.c - the two clocks */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"

#define SECOND  INT64_C(1000)
#define MINUTE  (60 * SECOND)
#define HOUR    (60 * MINUTE)
#define DAY     (24 * HOUR)
#define WEEK    (7 * DAY)
#define AGE_MAX (9999 * WEEK) /* fits into CLOCK_TEXT */

static int64_t read_ms(clockid_t);
static const char *format(int64_t wall_ms, const char *, char out[CLOCK_TEXT]);

int64_t
clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int64_t
clock_mono_us(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		panic("clock_gettime");
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

int64_t
clock_cpu_us(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) == -1)
		panic("clock_gettime");
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

int64_t
clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

const char *
clock_ctime(int64_t wall_ms, char out[CLOCK_TEXT])
{
	return format(wall_ms, "%a %b %e %H:%M:%S %Y", out);
}

const char *
clock_status(int64_t wall_ms, char out[CLOCK_TEXT])
{
	return format(wall_ms, "%a %b %d %H:%M:%S %Y %Z", out);
}

const char *
clock_rfc5322(int64_t wall_ms, char out[CLOCK_TEXT])
{
	return format(wall_ms, "%a, %d %b %Y %H:%M:%S %z", out);
}

const char *
clock_uptime(int64_t ms, char out[CLOCK_TEXT])
{
	static const struct {
		int64_t unit;
		char letter;
	} units[] = { { DAY, 'd' }, { HOUR, 'h' }, { MINUTE, 'm' } };
	int at = 0;

	if (ms < 0)
		ms = 0;
	for (size_t i = 0; i < 3; i++) {
		int64_t n = ms / units[i].unit;

		ms %= units[i].unit;
		if (n != 0 || at != 0)
			at += snprintf(out + at, (size_t)(CLOCK_TEXT - at),
			    at != 0 ? "%02" PRId64 "%c " : "%" PRId64 "%c ", n,
			    units[i].letter);
	}
	snprintf(out + at, (size_t)(CLOCK_TEXT - at),
	    at != 0 ? "%02" PRId64 "s" : "%" PRId64 "s", ms / SECOND);
	return out;
}

const char *
clock_age(int64_t ms, char out[CLOCK_TEXT])
{
	static const struct {
		int64_t unit;
		const char *name;
	} units[] = { { WEEK, "week" }, { DAY, "day" }, { HOUR, "hour" },
		{ MINUTE, "min" }, { SECOND, "sec" } };
	int at = 0;

	if (ms < 0)
		ms = 0;
	if (ms > AGE_MAX)
		ms = AGE_MAX;
	for (size_t i = 0; i < 5; i++) {
		int64_t n = ms / units[i].unit;

		ms %= units[i].unit;
		if (n != 0 || (i == 4 && at == 0))
			at += snprintf(out + at, (size_t)(CLOCK_TEXT - at),
			    "%s%" PRId64 " %s%s", at != 0 ? " " : "", n,
			    units[i].name, n != 1 ? "s" : "");
	}
	return out;
}

static int64_t
read_ms(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) == -1)
		panic("clock_gettime");
	return ts.tv_sec * SECOND + ts.tv_nsec / 1000000;
}

static const char *
format(int64_t wall_ms, const char *fmt, char out[CLOCK_TEXT])
{
	time_t t = (time_t)(wall_ms / SECOND - (wall_ms % SECOND < 0));
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL ||
	    strftime(out, CLOCK_TEXT, fmt, &tm) == 0)
		snprintf(out, CLOCK_TEXT, "(time %" PRId64 ")", wall_ms);
	return out;
}

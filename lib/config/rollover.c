/* rollover.c - when a new log file is begun by the clock */
#include "config/rollover.h"

#include <time.h>

#include "base/mem.h"

#define DAYS 7

struct moment {
	int weekday; /* 0 Sunday; -1: every day */
	int hour, minute;
};

static bool parse(struct str, struct moment *);
static int weekday(struct str);
static bool two_digits(struct str, int max, int *out);
static int64_t next_of(const struct moment *, int64_t after);

bool
rollover_ok(struct str s, struct err *err)
{
	struct moment m;

	if (parse(s, &m))
		return true;
	err_set(err, ERR_USAGE,
	    "a time of the day such as 00:00, or of the week: Mon 00:00");
	return false;
}

int64_t
rollover_next(const struct log_subscription *sub, int64_t begun)
{
	int64_t next = INT64_MAX, at;
	struct moment m;

	if (sub->rollover_every != 0)
		next = begun + (int64_t)sub->rollover_every * 1000;
	for (size_t i = 0; i < sub->n_rollover_at; i++) {
		if (!parse(sub->rollover_at[i], &m))
			continue; /* it was checked when it was loaded */
		at = next_of(&m, begun);
		if (at < next)
			next = at;
	}
	return next;
}

static bool
parse(struct str s, struct moment *m)
{
	struct str first = str_word(&s), second = str_word(&s), hour;

	m->weekday = -1;
	if (second.n != 0) {
		m->weekday = weekday(first);
		if (m->weekday == -1 || str_word(&s).n != 0)
			return false;
		first = second;
	}
	hour = str_cut(&first, ':');
	return two_digits(hour, 23, &m->hour) &&
	       two_digits(first, 59, &m->minute);
}

static int
weekday(struct str s)
{
	static const char *const names[DAYS] = { "Sun", "Mon", "Tue", "Wed",
		"Thu", "Fri", "Sat" };

	for (int i = 0; i < DAYS; i++)
		if (str_is_nocase(s, names[i]))
			return i;
	return -1;
}

static bool
two_digits(struct str s, int max, int *out)
{
	uint64_t v;

	if (s.n != 2 || !str_u64(s, (uint64_t)max, &v))
		return false;
	*out = (int)v;
	return true;
}

/* Day by day: a change of the clocks in between is the C library's. */
static int64_t
next_of(const struct moment *m, int64_t after)
{
	time_t now = after / 1000;

	for (int day = 0; day <= DAYS; day++) {
		struct tm tm;
		time_t t;

		localtime_r(&now, &tm);
		tm.tm_mday += day;
		tm.tm_hour = m->hour;
		tm.tm_min = m->minute;
		tm.tm_sec = 0;
		tm.tm_isdst = -1;
		t = mktime(&tm);
		if (t != -1 && t > now &&
		    (m->weekday == -1 || tm.tm_wday == m->weekday))
			return (int64_t)t * 1000;
	}
	return INT64_MAX;
}

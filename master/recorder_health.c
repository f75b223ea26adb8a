/* recorder_health.c - how the last day was, minute by minute */
#include "master/recorder_health.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "event/alert.h"
#include "master/recorder_state.h"

#define FILENAME     "health.json"
#define SAVE_MINUTES 10
#define MINUTE       60000 /* ms */
#define VALUES       (HEALTH_N + 1)
#define CONSERV      HEALTH_N /* the last of them */
#define UNKNOWN      (-1)
#define VERSION      1

struct minute {
	int64_t at; /* minutes since 1970; 0: unused */
	int64_t v[VALUES];
};

struct recorder_health {
	int dir;
	struct minute ring[HEALTH_MINUTES]; /* each at its number */
	/* of the minute that goes on */
	int64_t at;
	int64_t sum[HEALTH_N], n[HEALTH_N];
	int64_t swap_first; /* pages at its beginning */
	int64_t conserving; /* the most */
	bool partly;        /* it was not there from its beginning */
	struct health_sample last;
	bool over[HEALTH_N]; /* the minute before was */
};

static const struct {
	const char *name; /* and what stands before and behind a number */
	enum alert_id alert;
	const char *subject, *unit;
} kinds[VALUES] = {
	[HEALTH_WORKQUEUE] = { "workqueue", ALERT_HEALTH_WORKQ,
	    "The work queue", "messages" },
	[HEALTH_CPU] = { "cpu", ALERT_HEALTH_CPU, "The use of the processors",
	    "%" },
	[HEALTH_SWAP] = { "swap", ALERT_HEALTH_SWAP, "Swapping", "pages" },
	[CONSERV] = { "conservation", ALERT_N, NULL, NULL },
};

static struct health_sample measure(const struct stats *);
static void begin(struct recorder_health *, const struct health_sample *,
    int64_t at, bool partly);
static void end(
    struct recorder_health *, const struct health_config *, int64_t swapped);
static void judge(
    struct recorder_health *, const struct health_config *, int kind, int64_t);
static json_t *check(const struct recorder_health *, int kind, uint64_t limit,
    int64_t from, int64_t to);
static json_t *known(int64_t value);
static json_t *moment(int64_t minute);
static const struct minute *minute_of(
    const struct recorder_health *, int64_t at);
static json_t *save(const struct recorder_health *);
static void load(struct recorder_health *, const json_t *, int64_t now);

struct recorder_health *
recorder_health_open(int dir, int64_t now)
{
	struct recorder_health *h = mem_alloc(sizeof(*h));
	bool aside = false;
	json_t *j = recorder_state_read(dir, FILENAME, &aside, NULL);

	h->dir = dir;
	for (size_t i = 0; i < NELEM(h->last.now); i++)
		h->last.now[i] = UNKNOWN;
	h->last.conserving = UNKNOWN;
	load(h, j, now);
	json_decref(j);
	return h;
}

void
recorder_health_free(struct recorder_health **h)
{
	free(*h);
	*h = NULL;
}

void
recorder_health_tick(struct recorder_health *h, const struct stats *stats,
    const struct health_config *c, int64_t now)
{
	struct health_sample s = measure(stats);

	if (recorder_health_take(h, &s, c, now) && h->at % SAVE_MINUTES == 0)
		recorder_health_keep(h);
}

/* When nothing can be written, those who keep more say so. */
void
recorder_health_keep(struct recorder_health *h)
{
	json_t *j = save(h);

	recorder_state_write(h->dir, FILENAME, j, NULL);
	json_decref(j);
}

bool
recorder_health_take(struct recorder_health *h, const struct health_sample *s,
    const struct health_config *c, int64_t now)
{
	int64_t at = now / MINUTE;
	bool first = h->at == 0, ended = !first && at != h->at;

	if (ended) /* one that was left out has no value */
		end(h, c, s->now[HEALTH_SWAP]);
	if (first || ended)
		begin(h, s, at, first || at != h->at + 1);
	for (int i = 0; i < HEALTH_N; i++) {
		if (s->now[i] < 0)
			continue;
		h->sum[i] += s->now[i];
		h->n[i]++;
	}
	if (s->conserving > h->conserving)
		h->conserving = s->conserving;
	h->last = *s;
	return ended;
}

json_t *
recorder_health_show(const struct recorder_health *h,
    const struct health_config *c, unsigned minutes, int64_t now)
{
	int64_t to = now / MINUTE, from = to - minutes, since = 0, n = 0;
	json_t *checks = json_array();

	for (int64_t at = from; at < to; at++) {
		if (minute_of(h, at) == NULL)
			continue;
		since = since == 0 ? at : since;
		n++;
	}
	for (int i = 0; i < VALUES; i++)
		json_array_append_new(checks,
		    check(h, i, i < HEALTH_N ? c->limit[i] : 0, from, to));
	return json_pack("{s:I, s:o, s:I, s:o}", "status_as_of",
	    (json_int_t)now, "since", moment(since), "minutes", (json_int_t)n,
	    "checks", checks);
}

static struct health_sample
measure(const struct stats *s)
{
	struct health_sample now = { .conserving = stats_gauge_sum(s,
					 STATS_GAUGE_resource_conservation) };

	now.now[HEALTH_WORKQUEUE] =
	    stats_gauge_sum(s, STATS_GAUGE_workqueue_messages);
	now.now[HEALTH_CPU] = stats_gauge_sum(s, STATS_GAUGE_cpu_machine);
	now.now[HEALTH_SWAP] = stats_gauge_sum(s, STATS_GAUGE_swap_in) +
			       stats_gauge_sum(s, STATS_GAUGE_swap_out);
	return now;
}

static void
begin(struct recorder_health *h, const struct health_sample *s, int64_t at,
    bool partly)
{
	h->at = at;
	h->partly = partly;
	h->swap_first = s->now[HEALTH_SWAP];
	h->conserving = UNKNOWN;
	for (int i = 0; i < HEALTH_N; i++)
		h->sum[i] = h->n[i] = 0;
}

/* The pages of less than a minute would be too few to compare. */
static void
end(struct recorder_health *h, const struct health_config *c, int64_t swapped)
{
	struct minute *m = &h->ring[h->at % HEALTH_MINUTES];

	m->at = h->at;
	for (int i = 0; i < HEALTH_N; i++)
		m->v[i] = h->n[i] > 0 ? h->sum[i] / h->n[i] : UNKNOWN;
	m->v[HEALTH_SWAP] = UNKNOWN;
	if (!h->partly && swapped >= h->swap_first && h->swap_first >= 0)
		m->v[HEALTH_SWAP] = swapped - h->swap_first;
	m->v[CONSERV] = h->conserving;
	for (int i = 0; i < HEALTH_N; i++)
		judge(h, c, i, m->v[i]);
}

static void
judge(struct recorder_health *h, const struct health_config *c, int kind,
    int64_t value)
{
	bool over = c->limit[kind] != UNLIMITED && value >= 0 &&
		    (uint64_t)value > c->limit[kind];
	char text[200];

	if (over || h->over[kind])
		snprintf(text, sizeof(text),
		    over ? "%s: %" PRId64 " %s in the last minute; the "
			   "threshold is %" PRIu64
			 : "%s: %" PRId64 " %s in the last minute; it is not "
			   "above the threshold (%" PRIu64 ") any more",
		    kinds[kind].subject, value, kinds[kind].unit,
		    c->limit[kind]);
	if (over && c->alert[kind])
		alert_raise(kinds[kind].alert, STR(""), str_of(text));
	else if (over != h->over[kind] && c->limit[kind] != UNLIMITED &&
		 value >= 0)
		EMIT(NOTICE, .text = str_of(text));
	h->over[kind] = over;
}

/* The minutes from..to-1. */
static json_t *
check(const struct recorder_health *h, int kind, uint64_t limit, int64_t from,
    int64_t to)
{
	int64_t highest = UNKNOWN, highest_at = 0, last = 0, over = 0;
	int64_t now = kind < HEALTH_N ? h->last.now[kind] : h->last.conserving;
	const struct minute *m = minute_of(h, to - 1);

	if (kind == HEALTH_SWAP)
		now = m != NULL ? m->v[kind] : UNKNOWN;
	for (int64_t at = from; at < to; at++) {
		m = minute_of(h, at);
		if (m == NULL || m->v[kind] < 0)
			continue;
		if (m->v[kind] > highest) {
			highest = m->v[kind];
			highest_at = at;
		}
		if (limit != UNLIMITED && (uint64_t)m->v[kind] > limit) {
			last = at;
			over++;
		}
	}
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:I, s:b, s:o}", "check",
	    kinds[kind].name, "threshold",
	    limit == UNLIMITED ? json_null() : json_integer((json_int_t)limit),
	    "now", known(now), "highest", known(highest), "highest_at",
	    moment(highest_at), "over", (json_int_t)over, "over_now",
	    limit != UNLIMITED && now >= 0 && (uint64_t)now > limit,
	    "last_over", moment(last));
}

static json_t *
known(int64_t value)
{
	return value < 0 ? json_null() : json_integer(value);
}

static json_t *
moment(int64_t minute)
{
	return minute == 0 ? json_null() : json_integer(minute * MINUTE);
}

static const struct minute *
minute_of(const struct recorder_health *h, int64_t at)
{
	const struct minute *m = &h->ring[at > 0 ? at % HEALTH_MINUTES : 0];

	return m->at == at ? m : NULL;
}

static json_t *
save(const struct recorder_health *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < HEALTH_MINUTES; i++) {
		const struct minute *m = &h->ring[i];
		json_t *one = json_array();

		if (m->at != 0)
			json_array_append_new(one, json_integer(m->at));
		for (int k = 0; k < VALUES && m->at != 0; k++)
			json_array_append_new(one, json_integer(m->v[k]));
		if (m->at != 0)
			json_array_append(list, one);
		json_decref(one);
	}
	return json_pack("{s:i, s:o}", "version", VERSION, "minutes", list);
}

static void
load(struct recorder_health *h, const json_t *j, int64_t now)
{
	const json_t *one;
	size_t i;

	if (json_integer_value(json_object_get(j, "version")) != VERSION)
		return;
	json_array_foreach(json_object_get(j, "minutes"), i, one)
	{
		int64_t at = json_integer_value(json_array_get(one, 0));
		struct minute *m = &h->ring[at > 0 ? at % HEALTH_MINUTES : 0];

		/* a clock that was set back */
		if (at < now / MINUTE - HEALTH_MINUTES || at >= now / MINUTE ||
		    at <= 0 || json_array_size(one) != 1 + VALUES)
			continue;
		m->at = at;
		for (size_t k = 0; k < VALUES; k++) {
			const json_t *v = json_array_get(one, k + 1);

			m->v[k] =
			    json_is_integer(v) && json_integer_value(v) >= 0
				? json_integer_value(v)
				: UNKNOWN;
		}
	}
}

/* recorder_status.c - the answer to `status`, as JSON */
#include "master/recorder_status.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "base/err.h"
#include "base/mem.h"

static const struct {
	const char *key;
	unsigned seconds;
} windows[] = {
	{ "1_minute", 60 },
	{ "5_minutes", 300 },
	{ "15_minutes", 900 },
};

static json_t *counters(const struct recorder_status *);
static json_t *rates(const struct recorder_status *);
static json_t *ids(const struct stats *);
static json_t *gauges(const struct recorder_status *);
static void add_cpu(json_t *, const struct recorder_status *);
static void add_disk(json_t *, int folder);

char *
recorder_status_json(const struct recorder_status *s)
{
	json_t *reset = s->counts->reset_at != 0
			    ? json_integer(s->counts->reset_at)
			    : json_null();
	json_t *j = json_pack("{sI sI so so so so so}", "status_as_of",
	    (json_int_t)s->now, "up_since", (json_int_t)s->up_since,
	    "last_counter_reset", reset, "counters", counters(s), "rates",
	    rates(s), "ids", ids(s->stats), "gauges", gauges(s));
	char *text = json_dumps(j, JSON_COMPACT);

	json_decref(j);
	if (text == NULL)
		panic("no memory");
	return text;
}

static json_t *
counters(const struct recorder_status *s)
{
	json_t *all = json_object();

	for (int i = 0; i < STATS_N_COUNTERS; i++) {
		struct recorder_value v =
		    recorder_counts_value(s->counts, i, stats_sum(s->stats, i));

		json_object_set_new(all, stats_counter_name(i),
		    json_pack("{sI sI sI}", "reset", (json_int_t)v.reset,
			"uptime", (json_int_t)v.uptime, "lifetime",
			(json_int_t)v.lifetime));
	}
	return all;
}

static json_t *
rates(const struct recorder_status *s)
{
	json_t *all = json_object();

	for (size_t i = 0; i < RECORDER_RATES; i++) {
		json_t *one = json_object();

		for (size_t w = 0; w < NELEM(windows); w++)
			json_object_set_new(one, windows[w].key,
			    json_integer((json_int_t)recorder_rates_per_hour(
				s->rates, i, windows[w].seconds)));
		json_object_set_new(
		    all, stats_counter_name(recorder_rate_counters[i]), one);
	}
	return all;
}

static json_t *
ids(const struct stats *s)
{
	return json_pack("{sI sI sI}", "mid",
	    (json_int_t)stats_last_id(s, STATS_MID), "icid",
	    (json_int_t)stats_last_id(s, STATS_ICID), "dcid",
	    (json_int_t)stats_last_id(s, STATS_DCID));
}

static json_t *
gauges(const struct recorder_status *s)
{
	json_t *all = json_object();

	for (int i = 0; i < STATS_N_GAUGES; i++) {
		int64_t v = stats_gauge_sum(s->stats, i);

		if (v >= 0)
			json_object_set_new(
			    all, stats_gauge_name(i), json_integer(v));
	}
	add_cpu(all, s);
	add_disk(all, s->logs);
	return all;
}

static void
add_cpu(json_t *all, const struct recorder_status *s)
{
	int total = 0;
	char key[40];

	for (size_t i = 0; i < CPU_N; i++) {
		if (s->cpu[i] < 0)
			continue;
		snprintf(key, sizeof(key), "cpu_%s", recorder_cpus[i].name);
		json_object_set_new(all, key, json_integer(s->cpu[i]));
		total += s->cpu[i];
	}
	json_object_set_new(all, "cpu_total", json_integer(total));
}

static void
add_disk(json_t *all, int folder)
{
	struct statvfs v;
	uint64_t used;

	if (fstatvfs(folder, &v) == -1 || v.f_blocks == 0)
		return; /* not measured: absent */
	used = v.f_blocks - v.f_bfree;
	json_object_set_new(all, "logging_disk_usage",
	    json_integer((json_int_t)(used * 100 / v.f_blocks)));
	json_object_set_new(all, "logging_disk_available",
	    json_integer((json_int_t)(v.f_bavail * v.f_frsize / 1024)));
}

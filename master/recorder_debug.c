/* recorder_debug.c - how much debug logs have recorded, kept over a restart */
#include "master/recorder_debug.h"

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "config/log_match.h"
#include "event/alert.h"
#include "master/recorder_state.h"
#include "stats/debug.h"

#define FILENAME "debug.json"

struct recorder_debug {
	struct stats *stats;
	int state;
	json_t *saved; /* what the file has */
	bool failed;   /* said so already */
};

static bool has_count(const struct log_subscription *);
static json_t *describe(const struct stats *, const struct config *);
static json_t *subject(const struct log_subscription *);

struct recorder_debug *
recorder_debug_new(struct stats *s, int state, const struct config *c)
{
	struct recorder_debug *d = mem_alloc(sizeof(*d));
	struct err err = ERR_INIT;
	bool aside = false;

	*d = (struct recorder_debug){ .stats = s, .state = state };
	d->saved = recorder_state_read(state, FILENAME, &aside, &err);
	if (aside || err.kind != ERR_NONE)
		alert_raise(ALERT_APP_FAILURE, STR("debug logs"),
		    STR("The counts of debug logs cannot be read; they begin "
			"at 0."));
	for (size_t i = 0; i < c->n_logs; i++) {
		const struct log_subscription *log = &c->logs[i];
		const json_t *one = json_object_get(d->saved, log->name.p);
		json_t *about;
		json_int_t n;

		if (!has_count(log))
			continue;
		about = subject(log);
		n = json_integer_value(json_object_get(one, "taken"));
		if (n > 0 && json_equal(about, json_object_get(one, "of")))
			stats_debug_restore(s, log->name, (uint64_t)n);
		json_decref(about);
	}
	return d;
}

void
recorder_debug_change(struct recorder_debug *d, const struct config *now,
    const struct config *next)
{
	for (size_t i = 0; i < next->n_logs; i++) {
		const struct log_subscription *log = &next->logs[i];
		bool same = false;

		for (size_t j = 0; j < now->n_logs; j++)
			same |= log_same_subject(log, &now->logs[j]);
		if (!same)
			stats_debug_reset(d->stats, log->name);
	}
	recorder_debug_save(d, next);
}

void
recorder_debug_save(struct recorder_debug *d, const struct config *c)
{
	json_t *j = describe(d->stats, c);
	struct err err = ERR_INIT;

	if (json_equal(j, d->saved) ||
	    (d->saved == NULL && json_object_size(j) == 0)) {
		json_decref(j);
		return;
	}
	if (recorder_state_write(d->state, FILENAME, j, &err) == 0) {
		json_decref(d->saved);
		d->saved = j;
		d->failed = false;
		return;
	}
	json_decref(j);
	if (d->failed)
		return;
	d->failed = true;
	err_in(&err, "The counts of debug logs cannot be saved");
	alert_raise(ALERT_LOG_ERROR, STR("debug logs"), str_of(err.text));
}

static bool
has_count(const struct log_subscription *log)
{
	return log->type == LOG_DOMAIN_DEBUG ||
	       log->type == LOG_INJECTION_DEBUG;
}

/* NAME: { "of": ..., "taken": n } */
static json_t *
describe(const struct stats *s, const struct config *c)
{
	json_t *all = json_object();

	for (size_t i = 0; i < c->n_logs; i++) {
		const struct log_subscription *log = &c->logs[i];

		if (has_count(log))
			json_object_set_new(all, log->name.p,
			    json_pack("{s:o, s:I}", "of", subject(log), "taken",
				(json_int_t)stats_debug_taken(s, log->name)));
	}
	return all;
}

/* What log_same_subject compares. */
static json_t *
subject(const struct log_subscription *log)
{
	json_t *hosts = json_array();

	for (size_t i = 0; i < log->n_hosts; i++)
		json_array_append_new(
		    hosts, json_stringn(log->hosts[i].p, log->hosts[i].n));
	return json_pack("{s:i, s:s%, s:I, s:o}", "type", (int)log->type,
	    "domain", log->domain.n > 0 ? log->domain.p : "", log->domain.n,
	    "sessions", (json_int_t)log->sessions, "hosts", hosts);
}

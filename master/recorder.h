/*
 * recorder.h - the state of the recorder, and what its files share
 */
#ifndef MASTER_RECORDER_H
#define MASTER_RECORDER_H

#include "master/recorder_debug.h"
#include "master/recorder_health.h"
#include "master/recorder_http.h"
#include "master/recorder_mbox.h"
#include "master/recorder_post.h"
#include "master/recorder_quota.h"
#include "master/recorder_state.h"
#include "master/recorder_status.h"
#include "master/recorder_tls.h"
#include "master/recorder_track.h"
#include "master/recorder_turn.h"
#include "program/program.h"

struct recorder {
	struct daemon *daemon;
	struct recorder_turn turn;
	struct recorder_log **logs;
	size_t n_logs;
	uint64_t lost; /* of all logs, as counted already */

	struct recorder_state state;
	struct recorder_rates rates;
	struct loop_timer *tick, *last_word, *write;
	bool again;       /* the suite ran already when we were started */
	bool hearing;     /* of an event; it stays where it is */
	int64_t saved_at; /* monotonic ms */
	int64_t line_at;  /* of status logs; monotonic ms */
	uint64_t saved_sums[STATS_N_COUNTERS];
	bool save_failed; /* said so already */

	int folder; /* of all logs */
	struct recorder_quota quota;
	int64_t quota_at; /* of the last look, monotonic ms */
	struct recorder_mboxes *mboxes;
	struct {
		long processors;
		int64_t at;           /* monotonic ms */
		uint64_t seen[CPU_N]; /* us */
		int percent[CPU_N];   /* in the time before `at` */
	} cpu;
	struct recorder_http *http; /* NULL: nobody may ask */
	struct recorder_post *post; /* of alerts */
	struct recorder_tls *tls;   /* reports */
	struct recorder_debug *debug;
	struct recorder_health *health;
	struct recorder_track *track;
	struct ipc *lookupd; /* NULL: away */
};

/* --- recorder.c --- */

void recorder_sums(struct recorder *, uint64_t *sums, uint64_t *ids);
void recorder_save(struct recorder *, bool exact);
struct recorder_log *recorder_find_log(struct recorder *, struct str name);
/* Events up to that time, as lines. */
void recorder_write_until(struct recorder *, int64_t until_us);

/* --- recorder_commands.c --- */

void recorder_command(
    struct daemon *, struct ipc *, const struct command *, const char *user);
/* The text for Prometheus; arg: the recorder. */
void recorder_metrics_now(void *arg, struct buf *out);
struct recorder_status recorder_status_now(struct recorder *);

#endif

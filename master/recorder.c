/*
 * NAME
 *	recorder - write the logs, keep the counters
 * SYNOPSIS
 *	started by the master only
 * DESCRIPTION
 *	every program --EVENT--> RECORDER => mail logs, JSON logs
 *	cleanup --ARCHIVE--> RECORDER => mbox logs
 *	alerts among the events --POST--> lookupd => those who get them
 *	shared memory (lib/stats) -> RECORDER => counters, rates, ids
 *	Prometheus --GET /metrics--> RECORDER
 *	RECORDER => the tracking store
 *
 *	Events are held for a moment, put in order of time and written with
 *	one write per log. Counters are saved at most every
 *	10 seconds and at the stop. Ids are restored before any other program
 *	starts, so that none is ever given twice.
 * RIGHTS
 *	Writes below the log folder. No network but connections from this
 *	machine to metrics.address.
 * COMMANDS
 *	status, metrics, resetcounters, rollovernow [NAME|all], logs,
 *	displayalerts, tlsreport [DATE [DOMAIN]], healthcheck [MINUTES],
 *	tracking
 * FILES
 *	LOGS/NAME/NAME.@TIME.current	log being written
 *	LOGS/NAME/NAME.@TIME.s		saved log
 *	LOGS/ARCHIVE/ARCHIVE.@TIME.*	mbox logs, of filters that archive
 *	LOGS/.tracking/TIME.track	the tracking store, see track/store.h
 *	LOGS/.state/counters.json	counters, ids
 *	LOGS/.state/alerts.json		alerts, mails about them
 *	LOGS/.state/health.json		how the last day was
 *	LOGS/.state/tlsrpt-DATE.json	what became of TLS
 * SEE ALSO
 *	master, ../lib/event/events.h
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "event/alert.h"
#include "master/recorder.h"
#include "master/recorder_kind.h"
#include "master/recorder_line.h"
#include "program/events.h"

#define TICK_MS 1000 /* resolution of the rates */
/* Events wait so long for older ones: what gathering takes, and as much again
 * for a program that does not get its turn. */
#define HOLD_MS (2 * EVENTS_GATHER_MS)
/* ... and so long for a program that says that it has older ones. */
#define PATIENCE_MS  500
#define CPU_MS       10000 /* over which use of the processors is taken */
#define QUOTA_MS     60000
#define SAVE_MS      10000 /* at most so often */
#define LAST_WORD_MS 50    /* what the others said before they ended */

static int setup(struct daemon *, struct err *);
static void start(struct daemon *);
static int on_config(struct daemon *, struct config *, struct err *);
static const struct ipc_handler *on_peer(struct daemon *, enum program_kind,
    uint32_t worker, struct ipc *, void **arg);
static void on_listen(struct daemon *, const char *name, int fd);
static void on_unlisten(struct daemon *, const char *name, uint32_t wait);
static void on_stop(struct daemon *, uint32_t wait);

static void tell_lost(struct recorder *);
static int restore(struct recorder *, struct err *);
static void restore_ids(struct recorder *);
static void own_event(void *, enum event_id, const void *);
static void peer_gone(struct recorder *, const struct ipc *);
static int add_event(struct recorder *, struct str body, struct err *);
static int peer_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void peer_closed(void *, struct ipc *, const struct err *);
static int archive(struct recorder *, struct ipc_frame *, struct err *);
static void write_due(void *);
static void count_lost(struct recorder *);
static void change_logs(struct recorder *, const struct config *);
static unsigned left_out(const struct config *);
static void tick(void *);
static void status_line(struct recorder *, int64_t now);
static void look_at_quota(struct recorder *, int64_t now);
static void look_at_cpu(struct recorder *, int64_t now, const uint64_t *sums);
static void finish(void *);

static const char *const page_commands[] = { "status", NULL };

static const struct program recorder_program = {
	.kind = PROGRAM_RECORDER,
	.brief = true,
	.setup = setup,
	.start = start,
	.on_config = on_config,
	.on_peer = on_peer,
	.on_command = recorder_command,
	.page_commands = page_commands,
	.on_listen = on_listen,
	.on_unlisten = on_unlisten,
	.on_stop = on_stop,
};

static const struct ipc_handler peer_handler = {
	.frame = peer_frame,
	.closed = peer_closed,
};

int
main(int argc, char **argv)
{
	return program_main(&recorder_program, argc, argv);
}

/* --- start and stop --- */

/* Only the folder: what is made in it has to belong to our own account. */
static int
setup(struct daemon *d, struct err *err)
{
	struct recorder *r = mem_alloc(sizeof(*r));

	r->daemon = d;
	r->cpu.processors = sysconf(_SC_NPROCESSORS_ONLN);
	d->self = r;
	r->folder = open(d->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->folder == -1)
		return err_sys(err, ERR_TEMP, "log folder %s", d->folder);
	return 0;
}

/* Ends before the master hears that we are ready and starts the others. */
static void
start(struct daemon *d)
{
	struct recorder *r = d->self;
	struct err err = ERR_INIT;

	recorder_turn_init(&r->turn);
	r->write = loop_timer(d->loop, write_due, r);
	event_set_sink(&(struct event_sink){ own_event, r });
	if (restore(r, &err) == -1)
		fatal("log folder %s: %s", d->folder, err.text);
	r->post = recorder_post_new(d, r->state.dir, r->state.serial);
	r->tls = recorder_tls_new(d, r->state.dir);
	r->debug = recorder_debug_new(d->stats, r->state.dir, d->config);
	r->mboxes = recorder_mboxes_new(r->folder);
	r->health = recorder_health_open(r->state.dir, clock_wall_ms());
	change_logs(r, d->config);
	r->track = recorder_track_new(r->folder, r->again);
	recorder_track_config(r->track, d->config, clock_wall_ms() * 1000);
	tell_lost(r);
	look_at_quota(r, clock_mono_ms());
	r->tick = loop_timer(d->loop, tick, r);
	loop_timer_in(r->tick, TICK_MS);
}

/* What was on its way to the one before, or in its hands, when it died. */
static void
tell_lost(struct recorder *r)
{
	struct stats *stats = r->daemon->stats;
	uint64_t n = stats_events_between(stats);

	if (n == 0)
		return;
	stats_events_written(stats, n);
	stats_add(stats, STATS_log_lines_lost, n);
	EMIT(LINES_LOST, .n = n);
}

/* A ceiling for the ids of this run is on disk before there are any. */
static int
restore(struct recorder *r, struct err *err)
{
	struct stats *stats = r->daemon->stats;
	uint64_t sums[STATS_N_COUNTERS], ids[STATS_N_IDS];
	bool aside;

	if (recorder_state_load(
		&r->state, r->folder, stats_started(stats), &aside, err) == -1)
		return -1;
	if (aside)
		alert_raise(ALERT_FAILURE, STR(""),
		    STR("The saved counters were damaged and "
			"are set aside; they begin at 0."));
	r->again = stats_last_id(stats, STATS_MID) != 0;
	restore_ids(r);
	recorder_sums(r, sums, ids);
	r->saved_at = clock_mono_ms();
	memcpy(r->saved_sums, sums, sizeof(sums));
	recorder_rates_init(&r->rates, r->saved_at / 1000, sums);
	return recorder_state_save(&r->state, sums, ids, false, err);
}

/* When only the recorder was started again, ids simply go on. */
static void
restore_ids(struct recorder *r)
{
	struct stats *s = r->daemon->stats;

	for (int i = 0; i < STATS_N_IDS; i++)
		if (stats_last_id(s, i) == 0)
			stats_id_floor(s, i, r->state.ceilings[i]);
}

static void
on_listen(struct daemon *d, const char *name, int fd)
{
	struct recorder *r = d->self;

	(void)name;
	recorder_http_close(&r->http);
	r->http = recorder_http_open(d->loop, fd, recorder_metrics_now, r);
}

static void
on_unlisten(struct daemon *d, const char *name, uint32_t wait)
{
	struct recorder *r = d->self;

	(void)name, (void)wait;
	recorder_http_close(&r->http);
}

/* The others have ended, but their last events may still be under way. */
static void
on_stop(struct daemon *d, uint32_t wait)
{
	struct recorder *r = d->self;

	(void)wait;
	r->last_word = loop_timer(d->loop, finish, r);
	loop_timer_in(r->last_word, LAST_WORD_MS);
}

static void
finish(void *arg)
{
	struct recorder *r = arg;
	int64_t now = clock_wall_ms();

	recorder_write_until(r, INT64_MAX);
	recorder_post_save(r->post);
	recorder_tls_save(r->tls);
	recorder_health_keep(r->health);
	for (size_t i = 0; i < r->n_logs; i++)
		recorder_log_close(&r->logs[i], now);
	r->n_logs = 0;
	recorder_mboxes_free(&r->mboxes);
	recorder_track_free(&r->track, now * 1000);
	recorder_save(r, true);
	loop_stop(r->daemon->loop);
}

/* --- events --- */

static const struct ipc_handler *
on_peer(struct daemon *d, enum program_kind kind, uint32_t worker,
    struct ipc *ipc, void **arg)
{
	struct recorder *r = d->self;

	(void)worker;
	if (kind == PROGRAM_LOOKUPD) {
		r->lookupd = ipc;
		recorder_post_peer(r->post, ipc);
	}
	*arg = r;
	return &peer_handler;
}

static int
peer_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct recorder *r = arg;

	switch (f->type) {
	case IPC_ARCHIVE:
		return archive(r, f, err);
	case IPC_PROBE_DONE:
		return ipc == r->lookupd ? recorder_post_answer(r->post, f, err)
					 : 0;
	default:
		return add_event(r, f->body, err);
	}
}

/* That a program died is the master's news; that one lies is ours. */
static void
peer_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	char text[600];

	peer_gone(arg, ipc);
	if (err->kind != ERR_PROTO)
		return;
	snprintf(text, sizeof(text), "%s sent a malformed event: %s",
	    ipc_peer(ipc), err->text);
	alert_raise(ALERT_APP_FAILURE, STR(""), str_of(text));
}

static void
peer_gone(struct recorder *r, const struct ipc *ipc)
{
	if (ipc != r->lookupd)
		return;
	r->lookupd = NULL;
	recorder_post_peer(r->post, NULL);
}

static int
add_event(struct recorder *r, struct str body, struct err *err)
{
	bool within = r->hearing;
	const void *fields;
	enum event_id id;

	/* who hears one may raise others: its fields stay until then */
	if (!within && recorder_turn_full(&r->turn, body.n))
		recorder_write_until(r, INT64_MAX);
	if (r->turn.n == 0)
		loop_timer_in(r->write, HOLD_MS);
	if (recorder_turn_add(&r->turn, body, clock_wall_ms() * 1000, err) ==
	    -1)
		return -1;
	fields = recorder_turn_last(&r->turn, &id);
	r->hearing = true;
	if (r->post != NULL)
		recorder_post_hear(r->post, id, fields);
	if (r->tls != NULL)
		recorder_tls_hear(r->tls, id, fields);
	r->hearing = within;
	return 0;
}

/* A subscription has the better right to its name. */
static int
archive(struct recorder *r, struct ipc_frame *f, struct err *err)
{
	struct err why = ERR_INIT;
	struct archive_msg a;
	char text[700];
	int rc = -1;

	if (ipc_decode(f, &a, NULL, err) == -1)
		return -1;
	if (recorder_find_log(r, a.log) != NULL)
		err_set(&why, ERR_PERM, "it is no mbox log");
	else
		rc = recorder_mbox_append(r->mboxes, &a, f->fds[0], &why);
	if (rc == 0)
		return 0;
	snprintf(text, sizeof(text), "not archived in \"%.*s\": %s",
	    STR_ARG(a.log), why.text);
	EMIT(MID_WARNING, .mid = a.mid, .text = str_of(text));
	return 0;
}

/* Our own events do not travel. */
static void
own_event(void *arg, enum event_id id, const void *fields)
{
	struct recorder *r = arg;
	struct buf b;

	buf_init(&b, IPC_FRAME_MAX);
	event_encode(id, clock_wall_ms() * 1000, fields, &b);
	if (!b.failed) {
		stats_events_sent(r->daemon->stats, 1);
		add_event(r, buf_str(&b), NULL);
	}
	buf_fini(&b);
}

/* What is so old that nothing older is on its way any more. */
static void
write_due(void *arg)
{
	struct recorder *r = arg;
	int64_t now = clock_wall_ms();
	int64_t until = (now - HOLD_MS + 1) * 1000;
	int64_t oldest = stats_events_oldest(r->daemon->stats);

	if (oldest <= until && oldest - 1 > (now - PATIENCE_MS) * 1000)
		until = oldest - 1;
	else if (oldest <= until)
		until = (now - PATIENCE_MS) * 1000;
	recorder_write_until(r, until);
	if (r->turn.n > 0)
		loop_timer_in(r->write, HOLD_MS);
}

void
recorder_write_until(struct recorder *r, int64_t until_us)
{
	const struct recorder_taker track = { recorder_track_take, r->track };
	int64_t now = clock_wall_ms();
	size_t n = r->turn.n;

	recorder_turn_write(&r->turn, r->logs, r->n_logs,
	    r->track != NULL ? &track : NULL, until_us);
	if (r->track != NULL)
		recorder_track_flush(r->track, now * 1000);
	for (size_t i = 0; i < r->n_logs; i++)
		recorder_log_flush(r->logs[i], now);
	stats_events_written(r->daemon->stats, n - r->turn.n);
	count_lost(r);
}

static void
count_lost(struct recorder *r)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < r->n_logs; i++)
		lost += r->logs[i]->lost_total;
	if (lost > r->lost)
		stats_add(
		    r->daemon->stats, STATS_log_lines_lost, lost - r->lost);
	r->lost = lost;
}

/* --- logs --- */

static int
on_config(struct daemon *d, struct config *next, struct err *err)
{
	struct recorder *r = d->self;

	(void)err;
	recorder_write_until(r, INT64_MAX);
	recorder_debug_change(r->debug, r->daemon->config, next);
	change_logs(r, next);
	recorder_post_config(r->post, next);
	recorder_track_config(r->track, next, clock_wall_ms() * 1000);
	r->quota_at = clock_mono_ms() - QUOTA_MS; /* soon */
	return 0;
}

/* Keeps the logs that go on, opens new ones, ends those that are gone. */
static void
change_logs(struct recorder *r, const struct config *c)
{
	struct recorder_log **logs = mem_array(c->n_logs + 1, sizeof(*logs));
	int64_t now = clock_wall_ms();

	for (size_t i = 0; i < c->n_logs; i++) {
		logs[i] = recorder_find_log(r, c->logs[i].name);
		if (logs[i] == NULL)
			logs[i] = recorder_log_open(
			    r->folder, r->state.serial, &c->logs[i], now);
		else
			recorder_log_change(logs[i], &c->logs[i], now);
		logs[i]->left_out = left_out(c);
	}
	for (size_t i = 0; i < r->n_logs; i++) {
		bool kept = false;

		for (size_t j = 0; j < c->n_logs; j++)
			kept |= logs[j] == r->logs[i];
		if (!kept)
			recorder_log_close(&r->logs[i], now);
	}
	free(r->logs);
	r->logs = logs;
	r->n_logs = c->n_logs;
	r->lost = 0;
	for (size_t i = 0; i < r->n_logs; i++)
		r->lost += r->logs[i]->lost_total;
}

static unsigned
left_out(const struct config *c)
{
	return (c->log_message_id ? 0 : RECORDER_NO_MESSAGE_ID) |
	       (c->log_subject ? 0 : RECORDER_NO_SUBJECT) |
	       (c->log_response ? 0 : RECORDER_NO_RESPONSE);
}

struct recorder_log *
recorder_find_log(struct recorder *r, struct str name)
{
	for (size_t i = 0; i < r->n_logs; i++)
		if (str_is(name, r->logs[i]->name))
			return r->logs[i];
	return NULL;
}

/* --- counters --- */

static void
tick(void *arg)
{
	struct recorder *r = arg;
	uint64_t sums[STATS_N_COUNTERS], ids[STATS_N_IDS];
	int64_t now = clock_mono_ms();

	recorder_sums(r, sums, ids);
	recorder_rates_tick(&r->rates, now / 1000, sums);
	for (size_t i = 0; i < r->n_logs; i++)
		recorder_log_tick(r->logs[i], clock_wall_ms());
	if (r->daemon->config->log_types & 1u << LOG_STATUS)
		status_line(r, now);
	if (now - r->cpu.at >= CPU_MS)
		look_at_cpu(r, now, sums);
	recorder_health_tick(r->health, r->daemon->stats,
	    &r->daemon->config->health, clock_wall_ms());
	if (now - r->quota_at >= QUOTA_MS)
		look_at_quota(r, now);
	if (recorder_state_low(&r->state, ids) ||
	    (now - r->saved_at >= SAVE_MS &&
		memcmp(sums, r->saved_sums, sizeof(sums)) != 0))
		recorder_save(r, false);
	loop_timer_in(r->tick, TICK_MS);
}

static void
status_line(struct recorder *r, int64_t now)
{
	int64_t every = (int64_t)r->daemon->config->status_interval * 1000;
	struct recorder_status s;
	char avail[RECORDER_AVAIL_MAX];
	struct event_STATUS e;

	if (r->line_at != 0 && now - r->line_at < every)
		return;
	/* in step, though we are called a little late each time */
	r->line_at = now - r->line_at < 2 * every ? r->line_at + every : now;
	s = recorder_status_now(r);
	recorder_line(&s, &e, avail);
	event_emit(EVENT_STATUS, &e);
}

static void
look_at_quota(struct recorder *r, int64_t now)
{
	r->quota_at = now;
	recorder_quota_look(&r->quota, r->folder, r->daemon->config);
	recorder_track_look(r->track);
}

static void
look_at_cpu(struct recorder *r, int64_t now, const uint64_t *sums)
{
	double all =
	    (double)(now - r->cpu.at) * 1000 * (double)r->cpu.processors;

	for (size_t i = 0; i < CPU_N; i++) {
		uint64_t used = sums[recorder_cpus[i].used];

		if (r->cpu.at != 0)
			r->cpu.percent[i] =
			    (int)(100.0 * (double)(used - r->cpu.seen[i]) /
				      all +
				  0.5);
		r->cpu.seen[i] = used;
	}
	r->cpu.at = now;
}

void
recorder_save(struct recorder *r, bool exact)
{
	uint64_t sums[STATS_N_COUNTERS], ids[STATS_N_IDS];
	struct err err = ERR_INIT;

	recorder_sums(r, sums, ids);
	recorder_debug_save(r->debug, r->daemon->config);
	r->saved_at = clock_mono_ms();
	memcpy(r->saved_sums, sums, sizeof(sums));
	if (recorder_state_save(&r->state, sums, ids, exact, &err) == 0) {
		r->save_failed = false;
	} else if (!r->save_failed) {
		r->save_failed = true;
		err_in(&err, "The counters cannot be saved");
		alert_raise(ALERT_LOG_ERROR, STR(""), str_of(err.text));
	}
}

void
recorder_sums(struct recorder *r, uint64_t *sums, uint64_t *ids)
{
	for (int i = 0; i < STATS_N_COUNTERS; i++)
		sums[i] = stats_sum(r->daemon->stats, i);
	for (int i = 0; i < STATS_N_IDS; i++)
		ids[i] = stats_last_id(r->daemon->stats, i);
}

/*
 * NAME
 *	recorder - write the logs, keep the counters
 * SYNOPSIS
 *	started by the master only
 * DESCRIPTION
 *	every program --EVENT--> RECORDER => mail logs, JSON logs
 *	cleanup --ARCHIVE--> RECORDER => mbox logs
 *	shared memory (lib/stats) -> RECORDER => counters, rates, ids
 *
 *	Events that arrive in one turn of the loop are put in order of time
 *	and written with one write per log. Counters are saved at most every
 *	10 seconds and at the stop. Ids are restored before any other program
 *	starts, so that none is ever given twice.
 * RIGHTS
 *	Writes below the log folder. No network.
 * COMMANDS
 *	status, resetcounters, rollovernow [NAME|all], logs
 * FILES
 *	LOGS/NAME/NAME.@TIME.current	log being written
 *	LOGS/NAME/NAME.@TIME.s		saved log
 *	LOGS/ARCHIVE/ARCHIVE.@TIME.*	mbox logs, of filters that archive
 *	LOGS/.state/counters.json	counters, ids
 * SEE ALSO
 *	master, ../lib/event/events.h
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "master/recorder_mbox.h"
#include "master/recorder_state.h"
#include "master/recorder_status.h"
#include "master/recorder_turn.h"
#include "program/events.h"
#include "program/program.h"

#define TICK_MS 1000 /* resolution of the rates */
/* Events wait so long for older ones: what gathering takes, and as much again
 * for a program that does not get its turn. */
#define HOLD_MS      (2 * EVENTS_GATHER_MS)
#define SAVE_MS      10000 /* at most so often */
#define LAST_WORD_MS 50    /* what the others said before they ended */

struct recorder {
	struct daemon *daemon;
	struct recorder_turn turn;
	struct recorder_log **logs;
	size_t n_logs;
	uint64_t lost; /* of all logs, as counted already */

	struct recorder_state state;
	struct recorder_rates rates;
	struct loop_timer *tick, *last_word, *write;
	int64_t saved_at; /* monotonic ms */
	uint64_t saved_sums[STATS_N_COUNTERS];
	bool save_failed; /* said so already */

	int folder; /* of all logs */
	struct recorder_mboxes *mboxes;
};

static int setup(struct daemon *, struct err *);
static void start(struct daemon *);
static int on_config(struct daemon *, struct config *, struct err *);
static const struct ipc_handler *on_peer(struct daemon *, enum program_kind,
    uint32_t worker, struct ipc *, void **arg);
static void on_command(
    struct daemon *, struct ipc *, const struct command *, const char *user);
static void on_stop(struct daemon *, uint32_t wait);

static int restore(struct recorder *, struct err *);
static void restore_ids(struct recorder *);
static void own_event(void *, enum event_id, const void *);
static int add_event(struct recorder *, struct str body, struct err *);
static int peer_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void peer_closed(void *, struct ipc *, const struct err *);
static int archive(struct recorder *, struct ipc_frame *, struct err *);
static void write_due(void *);
static void write_until(struct recorder *, int64_t until_us);
static void count_lost(struct recorder *);
static void change_logs(struct recorder *, const struct config *);
static struct recorder_log *find_log(struct recorder *, struct str name);
static void tick(void *);
static void save(struct recorder *, bool exact);
static void read_sums(struct recorder *, uint64_t *sums, uint64_t *ids);
static void cmd_status(
    struct recorder *, struct ipc *, struct str, const char *);
static void cmd_reset(
    struct recorder *, struct ipc *, struct str, const char *);
static void cmd_rollover(
    struct recorder *, struct ipc *, struct str, const char *);
static void cmd_logs(struct recorder *, struct ipc *, struct str, const char *);
static void answer(struct ipc *, json_t *);
static void finish(void *);

static const struct program recorder_program = {
	.kind = PROGRAM_RECORDER,
	.brief = true,
	.setup = setup,
	.start = start,
	.on_config = on_config,
	.on_peer = on_peer,
	.on_command = on_command,
	.on_stop = on_stop,
};

static const struct ipc_handler peer_handler = {
	.frame = peer_frame,
	.closed = peer_closed,
};

static const struct {
	const char *name;
	size_t max_words; /* after the name */
	void (*run)(
	    struct recorder *, struct ipc *, struct str word, const char *user);
} commands[] = {
	{ "status", 1, cmd_status },
	{ "resetcounters", 0, cmd_reset },
	{ "rollovernow", 1, cmd_rollover },
	{ "logs", 0, cmd_logs },
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
	event_set_sink(&(struct event_sink){ own_event, r });
	if (restore(r, &err) == -1)
		fatal("log folder %s: %s", d->folder, err.text);
	r->mboxes = recorder_mboxes_new(r->folder);
	change_logs(r, d->config);
	r->write = loop_timer(d->loop, write_due, r);
	r->tick = loop_timer(d->loop, tick, r);
	loop_timer_in(r->tick, TICK_MS);
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
		EMIT(ALERT, .text = STR("The saved counters were damaged and "
					"are set aside; they begin at 0."));
	restore_ids(r);
	read_sums(r, sums, ids);
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

	write_until(r, INT64_MAX);
	for (size_t i = 0; i < r->n_logs; i++)
		recorder_log_close(&r->logs[i], now);
	r->n_logs = 0;
	recorder_mboxes_free(&r->mboxes);
	save(r, true);
	loop_stop(r->daemon->loop);
}

/* --- events --- */

static const struct ipc_handler *
on_peer(struct daemon *d, enum program_kind kind, uint32_t worker,
    struct ipc *ipc, void **arg)
{
	(void)kind, (void)worker, (void)ipc;
	*arg = d->self;
	return &peer_handler;
}

static int
peer_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)ipc;
	return f->type == IPC_ARCHIVE ? archive(arg, f, err)
				      : add_event(arg, f->body, err);
}

/* That a program died is the master's news; that one lies is ours. */
static void
peer_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	char text[600];

	(void)arg;
	if (err->kind != ERR_PROTO)
		return;
	snprintf(text, sizeof(text), "%s sent a malformed event: %s",
	    ipc_peer(ipc), err->text);
	EMIT(ALERT, .text = str_of(text));
}

static int
add_event(struct recorder *r, struct str body, struct err *err)
{
	if (recorder_turn_full(&r->turn, body.n))
		write_until(r, INT64_MAX);
	if (r->turn.n == 0)
		loop_timer_in(r->write, HOLD_MS);
	return recorder_turn_add(&r->turn, body, clock_wall_ms() * 1000, err);
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
	if (find_log(r, a.log) != NULL)
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
	if (!b.failed)
		add_event(r, buf_str(&b), NULL);
	buf_fini(&b);
}

/* What is so old that nothing older is on its way any more. */
static void
write_due(void *arg)
{
	struct recorder *r = arg;

	write_until(r, (clock_wall_ms() - HOLD_MS + 1) * 1000);
	if (r->turn.n > 0)
		loop_timer_in(r->write, HOLD_MS);
}

static void
write_until(struct recorder *r, int64_t until_us)
{
	int64_t now = clock_wall_ms();

	recorder_turn_write(&r->turn, r->logs, r->n_logs, until_us);
	for (size_t i = 0; i < r->n_logs; i++)
		recorder_log_flush(r->logs[i], now);
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
	write_until(r, INT64_MAX);
	change_logs(r, next);
	return 0;
}

/* Keeps the logs that go on, opens new ones, ends those that are gone. */
static void
change_logs(struct recorder *r, const struct config *c)
{
	struct recorder_log **logs = mem_array(c->n_logs + 1, sizeof(*logs));
	int64_t now = clock_wall_ms();

	for (size_t i = 0; i < c->n_logs; i++) {
		logs[i] = find_log(r, c->logs[i].name);
		if (logs[i] == NULL)
			logs[i] = recorder_log_open(
			    r->folder, r->state.serial, &c->logs[i], now);
		else
			recorder_log_change(logs[i], &c->logs[i], now);
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

static struct recorder_log *
find_log(struct recorder *r, struct str name)
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

	read_sums(r, sums, ids);
	recorder_rates_tick(&r->rates, now / 1000, sums);
	if (recorder_state_low(&r->state, ids) ||
	    (now - r->saved_at >= SAVE_MS &&
		memcmp(sums, r->saved_sums, sizeof(sums)) != 0))
		save(r, false);
	loop_timer_in(r->tick, TICK_MS);
}

static void
save(struct recorder *r, bool exact)
{
	uint64_t sums[STATS_N_COUNTERS], ids[STATS_N_IDS];
	struct err err = ERR_INIT;

	read_sums(r, sums, ids);
	r->saved_at = clock_mono_ms();
	memcpy(r->saved_sums, sums, sizeof(sums));
	if (recorder_state_save(&r->state, sums, ids, exact, &err) == 0) {
		r->save_failed = false;
	} else if (!r->save_failed) {
		r->save_failed = true;
		err_in(&err, "The counters cannot be saved");
		EMIT(ALERT, .text = str_of(err.text));
	}
}

static void
read_sums(struct recorder *r, uint64_t *sums, uint64_t *ids)
{
	for (int i = 0; i < STATS_N_COUNTERS; i++)
		sums[i] = stats_sum(r->daemon->stats, i);
	for (int i = 0; i < STATS_N_IDS; i++)
		ids[i] = stats_last_id(r->daemon->stats, i);
}

/* --- commands --- */

static void
on_command(struct daemon *d, struct ipc *admin, const struct command *cmd,
    const char *user)
{
	const struct word *words = cmd->words.v;
	struct str first = cmd->words.n > 1 ? words[1].text : STR("");

	for (size_t i = 0; i < NELEM(commands); i++) {
		if (!str_is(words[0].text, commands[i].name))
			continue;
		if (cmd->words.n - 1 > commands[i].max_words)
			program_answer(admin, NULL, 2, "too many words");
		else
			commands[i].run(d->self, admin, first, user);
		return;
	}
	program_answer(admin, NULL, 2, "no such command here");
}

/* The answer is the same with and without "detail": the tool chooses. */
static void
cmd_status(
    struct recorder *r, struct ipc *admin, struct str word, const char *user)
{
	uint64_t sums[STATS_N_COUNTERS], ids[STATS_N_IDS];
	struct recorder_status s = {
		.now = clock_wall_ms(),
		.up_since = stats_started(r->daemon->stats),
		.stats = r->daemon->stats,
		.counts = &r->state.counts,
		.rates = &r->rates,
		.logs = r->folder,
	};
	char *json;

	(void)user;
	if (word.n != 0 && !str_is(word, "detail")) {
		program_answer(admin, NULL, 2, "usage: status [detail]");
		return;
	}
	read_sums(r, sums, ids);
	recorder_rates_tick(&r->rates, clock_mono_ms() / 1000, sums);
	json = recorder_status_json(&s);
	program_answer(admin, json, 0, NULL);
	free(json);
}

static void
cmd_reset(
    struct recorder *r, struct ipc *admin, struct str word, const char *user)
{
	uint64_t sums[STATS_N_COUNTERS], ids[STATS_N_IDS];
	char text[120];

	(void)word;
	read_sums(r, sums, ids);
	recorder_counts_reset(&r->state.counts, sums, clock_wall_ms());
	save(r, false);
	snprintf(text, sizeof(text), "Counters reset by %s", user);
	EMIT(NOTICE, .text = str_of(text));
	answer(admin, json_pack("{sI}", "counters_reset",
			  (json_int_t)r->state.counts.reset_at));
}

static void
cmd_rollover(
    struct recorder *r, struct ipc *admin, struct str word, const char *user)
{
	bool all = word.n == 0 || str_is(word, "all");
	json_t *rolled;
	char text[160];

	(void)user;
	if (!all && recorder_mbox_roll(r->mboxes, word)) {
		answer(admin, json_pack("{s[o]}", "rolled",
				  json_stringn(word.p, word.n)));
		return;
	}
	if (!all && find_log(r, word) == NULL) {
		snprintf(text, sizeof(text),
		    "There is no log subscription \"%.*s\".",
		    (int)(word.n < NAME_MAX_LEN ? word.n : NAME_MAX_LEN),
		    word.p);
		program_answer(admin, NULL, 1, text);
		return;
	}
	write_until(
	    r, INT64_MAX); /* what came before belongs to the old files */
	rolled = json_array();
	for (size_t i = 0; i < r->n_logs; i++) {
		if (!all && r->logs[i] != find_log(r, word))
			continue;
		recorder_log_roll(r->logs[i], clock_wall_ms());
		json_array_append_new(rolled, json_string(r->logs[i]->name));
	}
	answer(admin, json_pack("{so}", "rolled", rolled));
}

static void
cmd_logs(
    struct recorder *r, struct ipc *admin, struct str word, const char *user)
{
	static const char *const formats[] = {
		[LOG_TEXT] = "text", [LOG_JSON] = "json"
	};
	json_t *logs = json_array();

	(void)word, (void)user;
	for (size_t i = 0; i < r->n_logs; i++) {
		const struct recorder_log *l = r->logs[i];

		json_array_append_new(logs,
		    json_pack("{ss ss ss so sI si sI}", "name", l->name, "type",
			"mail", "format", formats[l->format], "current",
			l->fd == -1
			    ? json_null()
			    : json_sprintf("%s/%s/%s", r->daemon->folder,
				  l->name, l->current),
			"size", (json_int_t)l->size, "level", (int)l->level,
			"lost", (json_int_t)l->lost_total));
	}
	answer(admin, json_pack("{so}", "logs", logs));
}

static void
answer(struct ipc *admin, json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);

	json_decref(j);
	if (text == NULL)
		panic("no memory");
	program_answer(admin, text, 0, NULL);
	free(text);
}

/*
 * NAME
 *	postern-qmgr - the queue manager
 * SYNOPSIS
 *	started by postern-master
 * DESCRIPTION
 *	cleanup -> QMGR <-> smtp
 *	   keyd ->   |  <-> lookupd
 *	        spool/deferred
 *
 *	Keeps every message that has passed the work queue in memory, by
 *	destination; finds out where to deliver it; opens connections and
 *	hands out jobs; records on disk what became of each recipient; tries
 *	again; gives up, and then tells the sender.
 * RIGHTS
 *	Appends to, moves and removes files in spool/incoming,
 *	spool/deferred and spool/quarantine. No network. Of keys
 *	only that of today's bounce verification tags.
 * FILES
 *	spool/deferred/.state: delivery suspended, work queue paused
 *	spool/deferred/.hosts: what is counted of each destination
 *	spool/deferred/.orders: what administrators want done with messages
 * SEE ALSO
 *	postern-cleanup(8), postern-smtp(8), postern-lookupd(8)
 */
#include "base/clock.h"
#include "event/alert.h"
#include "mail/charset.h"
#include "program/usage.h"
#include "qmgr/answer.h"
#include "qmgr/commands.h"
#include "qmgr/schedule.h"
#include "qmgr/settle.h"
#include "qmgr/world.h"

#define STOP_POLL_MS 50
#define TELL_MS      1000 /* gauges that cost a search */

static int setup(struct daemon *, struct err *);
static void start(struct daemon *);
static void recover(struct world *);
static int on_config(struct daemon *, struct config *, struct err *);
static const struct ipc_handler *on_peer(struct daemon *, enum program_kind,
    uint32_t worker, struct ipc *, void **arg);
static void on_admin_gone(struct daemon *, struct ipc *);
static void on_stop(struct daemon *, uint32_t wait);
static void saved(void *arg, struct save *);
static void recorded(void *arg);
static void run_releases(struct world *);
static void tick_held(struct world *);
static void tick(void *arg);
static void try_stop(struct world *);
static void tell(struct world *);

static struct world world;

static const char *const page_commands[] = { "tophosts", "hoststatus",
	"countrecipients", "deleterecipients", "bouncerecipients",
	"redirectrecipients", "delivernow", "suspenddel", "resumedel", "queue",
	NULL };

static const struct program qmgr = {
	.kind = PROGRAM_QMGR,
	.brief = true,
	.setup = setup,
	.start = start,
	.on_config = on_config,
	.on_peer = on_peer,
	.on_command = commands_run,
	.page_commands = page_commands,
	.on_admin_gone = on_admin_gone,
	.on_stop = on_stop,
};

int
main(int argc, char **argv)
{
	return program_main(&qmgr, argc, argv);
}

void
world_enter(struct world *w)
{
	w->q.now = loop_now(w->daemon->loop);
	w->q.wall = clock_wall_ms();
}

void
world_leave(struct world *w)
{
	bool more;
	int64_t at, held, order, counts;

	rescore_run(w);
	tell(w);
	if (w->releases.first != NULL)
		run_releases(w);
	order = orders_run(w);
	more = schedule_run(&w->q);
	at = more ? w->q.now : qmgr_next(&w->q);
	held = quarantine_next(&w->quarantines);
	counts = counts_next(w->counts);
	if (held != 0 && (at == 0 || held < at))
		at = held;
	if (order != 0 && (at == 0 || order < at))
		at = order;
	if (counts != 0 && (at == 0 || counts < at))
		at = counts;
	if (w->stopping)
		try_stop(w);
	if (w->stopping && (at == 0 || at > w->q.now + STOP_POLL_MS))
		at = w->q.now + STOP_POLL_MS;
	if (at == w->timer_at)
		return;
	w->timer_at = at;
	if (at == 0)
		loop_timer_stop(w->timer);
	else
		loop_timer_in(w->timer, at > w->q.now ? at - w->q.now : 0);
}

static int
setup(struct daemon *d, struct err *err)
{
	struct err why = ERR_INIT;

	world.daemon = d;
	d->self = &world;
	charset_open_all();
	if (store_open(&world.store, d->folder, d->config->sync_threads, err) ==
	    -1)
		return -1;
	if (state_open(&world.state, d->folder, &why) == -1)
		EMIT(WARNING, .text = str_of(why.text));
	return world.state.folder == -1 ? err_set(err, why.kind, "%s", why.text)
					: 0;
}

static void
start(struct daemon *d)
{
	struct err err = ERR_INIT;

	qmgr_init(&world.q, d->config, d->stats, &world_outside, &world);
	world.helds.store = world.store;
	world.helds.q = &world.q;
	world.timer = loop_timer(d->loop, tick, &world);
	store_start(world.store, d->loop, saved, &world);
	world.q.suspended = world.state.suspended;
	world_enter(&world);
	quarantine_init(&world.quarantines, &world.q, &world_held_ops, &world);
	if (counts_open(&world.counts, &world.q, d->loop, world.state.folder,
		&err) == -1)
		EMIT(WARNING, .text = str_of(err.text));
	recover(&world);
	world_leave(&world);
}

/* What waits, and what was ordered of it. */
static void
recover(struct world *w)
{
	struct err err = ERR_INIT;
	bool all;

	if (ledger_open(&w->ledger, w->daemon->loop, w->state.folder, recorded,
		w, &err) == -1)
		alert_raise(ALERT_QUEUE_ERROR, STR(""), str_of(err.text));
	err = (struct err)ERR_INIT;
	all = intake_recover(w, &err) == 0;
	if (!all)
		alert_raise(ALERT_QUEUE_ERROR, STR(""), str_of(err.text));
	err = (struct err)ERR_INIT;
	if (ledger_begin(w->ledger, &w->q, all, &err) == -1)
		EMIT(WARNING, .text = str_of(err.text));
}

static int
on_config(struct daemon *d, struct config *next, struct err *err)
{
	(void)d, (void)err;
	world_enter(&world);
	qmgr_config(&world.q, next);
	quarantine_config(&world.quarantines);
	world_leave(&world);
	return 0;
}

static const struct ipc_handler *
on_peer(struct daemon *d, enum program_kind kind, uint32_t worker,
    struct ipc *ipc, void **arg)
{
	(void)d;
	return world_peer(&world, kind, worker, ipc, arg);
}

static void
on_admin_gone(struct daemon *d, struct ipc *admin)
{
	(void)d;
	orders_forget(&world, admin);
}

static void
on_stop(struct daemon *d, uint32_t wait)
{
	(void)d;
	world_enter(&world);
	world.stopping = true;
	world.stop_at = world.q.now + (int64_t)wait * 1000;
	schedule_suspend(&world.q, (int64_t)wait * 1000);
	settle_flush(&world.q);
	world_leave(&world);
}

static void
saved(void *arg, struct save *s)
{
	struct world *w = arg;

	world_enter(w);
	if (s->place == QUEUE_SLOT && s->moved)
		store_slot_done(w->store,
		    s->stored != NULL ? s->stored->slot : s->mail->slot,
		    s->mid);
	if (s->stored != NULL)
		quarantine_saved(&w->quarantines, s);
	else
		settle_saved(&w->q, s);
	world_leave(w);
}

/* Orders are on disk: somebody may wait for that. */
static void
recorded(void *arg)
{
	world_enter(arg);
	world_leave(arg);
}

static void
run_releases(struct world *w)
{
	int64_t began = clock_cpu_us();

	release_run(w);
	program_usage_of(
	    w->daemon, STATS_cpu_quarantine, clock_cpu_us() - began);
}

/* Most of the time there is nothing to do, and so nothing to measure. */
static void
tick_held(struct world *w)
{
	int64_t next = quarantine_next(&w->quarantines), began;

	if (next == 0 || next > w->q.now)
		return;
	began = clock_cpu_us();
	quarantine_tick(&w->quarantines);
	program_usage_of(
	    w->daemon, STATS_cpu_quarantine, clock_cpu_us() - began);
}

static void
tick(void *arg)
{
	struct world *w = arg;

	w->timer_at = 0;
	world_enter(w);
	qmgr_tick(&w->q);
	tick_held(w);
	counts_tick(w->counts);
	world_leave(w);
}

/* When connections have ended and results are on disk; or time is up. */
static void
try_stop(struct world *w)
{
	settle_flush(&w->q);
	if ((w->q.n_conns > 0 || store_busy(w->store) > 0 || orders_busy(w)) &&
	    w->q.now < w->stop_at)
		return;
	store_sync(w->store);
	counts_close(&w->counts);
	ledger_close(&w->ledger);
	loop_stop(w->daemon->loop);
	w->stopping = false;
}

/* Gauges that no counting keeps. The oldest message is looked for when the
 * first one is another, and now and then; while many end that nobody waits for
 * any more, only now and then. */
static void
tell(struct world *w)
{
	uint64_t first = w->q.oldest != NULL ? w->q.oldest->mid : 0;
	const struct mail *m;

	stats_gauge_set(
	    w->q.stats, STATS_GAUGE_delivery_suspended, w->state.suspended);
	stats_gauge_set(
	    w->q.stats, STATS_GAUGE_workqueue_paused, w->state.paused);
	if (w->q.now < w->told_at + TELL_MS &&
	    (first == w->told_first || w->q.n_todo > 0))
		return;
	w->told_first = first;
	w->told_at = w->q.now;
	m = answer_oldest(w);
	stats_gauge_set(w->q.stats, STATS_GAUGE_oldest_message,
	    m != NULL ? m->arrival / 1000 : 0);
}

/*
 * core.h - the queue manager's state, and what it asks of the world
 *
 *	mail.h	    messages, recipients, parcels: what waits
 *	dest.h	    destinations and their counters: what it waits for
 *	resolve.h   routes and DNS: where to
 *	schedule.h  connections and jobs: when, and which first
 *	deliver.h   results, one parcel at a time: what became of it
 *	settle.h    records on disk, the end of a message
 *	ordered.h   what an administrator wants done with it
 *	bounce.h    notices
 *
 * None of these touches a socket, a file or a clock: they call `outside`,
 * which is the real thing (peers.c, store.c) or the double of a test. Whoever
 * enters sets now and wall first and calls schedule_run at the end.
 */
#ifndef QMGR_CORE_H
#define QMGR_CORE_H

#include "base/heap.h"
#include "base/map.h"
#include "config/config.h"
#include "ipc/messages.h"
#include "queue/queue.h"
#include "stats/stats.h"

struct conn;
struct dest;
struct job_view;
struct mail;
struct notice;
struct order_rec;
struct parcel;
struct save;
struct sweep;

/* What the rest of the world does for us. A function that hands something
 * over returns false when it cannot be done at the moment. */
struct outside {
	/* A question to lookupd; the answer comes by resolve_answer. */
	bool (*ask)(void *arg, uint32_t txn, const struct query *);
	/* Open a connection: c->worker becomes who does it. */
	bool (*open)(void *arg, struct conn *c, const struct session *);
	/* A job for that connection. -1: the message cannot be read; err. 1:
	 * not at the moment. */
	int (*give)(void *arg, struct conn *c, struct parcel *, uint64_t job,
	    struct err *err);
	void (*quit)(void *arg, struct conn *c);
	void (*kill)(void *arg, struct conn *c);
	/* Append records, make them durable, perhaps move: settle_saved. */
	void (*save)(void *arg, struct save *);
	/* What an administrator ordered of a message: from now on it is in the
	 * ledger, and on disk before the administrator hears of it. */
	void (*order)(void *arg, const struct order_rec *);
	int (*unlink)(void *arg, enum queue_place, uint64_t mid, struct err *);
	/* What a message's file says; strings live in mem. */
	int (*read)(void *arg, struct mail *, struct qmessage *,
	    struct arena *mem, struct err *);
	/* The first n bytes of its content. */
	int (*content)(void *arg, struct mail *, const struct qmessage *,
	    uint64_t n, struct buf *out, struct err *);
	/* Queue a notice: envelope, stored content; bounce_answer. */
	bool (*notice)(void *arg, struct notice *, const struct envelope *,
	    struct str content, uint32_t wire_flags);
	/* Its message is done with: give back what is held for it. */
	void (*forget)(void *arg, struct mail *);
	uint32_t (*random)(void *arg);
};

/* A bounce profile by name, looked up once per configuration. */
struct profile {
	struct str name;
	const struct bounce_profile *found;
};
#define PROFILES_MAX 1000 /* names; more of them become Default */

/* Lists of destinations, in the order of their turn. */
struct dest_list {
	struct dest *first, *last;
};

struct qmgr {
	struct config *config; /* in force */
	uint64_t config_serial;
	struct stats *stats;
	const struct outside *out;
	void *out_arg;
	int64_t now;  /* monotonic ms */
	int64_t wall; /* for people and records */

	/* mail.c */
	struct mail **mids; /* hash table, chained */
	size_t n_mids;      /* buckets: a power of two */
	size_t n_mails;
	struct mail *oldest, *newest;
	struct profile *profiles;
	size_t n_profiles, cap_profiles;
	uint64_t bytes;

	/* dest.c */
	struct map dests; /* by domain */
	uint64_t last_dest;
	struct dest_list idle; /* empty ones, the longest idle first */
	size_t n_idle;
	uint64_t n_counted; /* grows whenever a counter changes */

	/* schedule.c */
	struct dest_list ready;   /* to be looked at, in turn */
	struct dest_list blocked; /* want a connection slot or a worker */
	struct heap timers;       /* destinations */
	struct heap idles;        /* connections without work */
	struct map conns;         /* by id */
	size_t n_conns;
	uint32_t last_conn;
	uint64_t last_job;
	bool retiring; /* one that was idle makes room for another */
	bool suspended;
	int64_t kill_at; /* suspended: what is open then is cut; 0: no */

	/* resolve.c */
	struct map questions;
	uint32_t last_question;

	/* settle.c */
	struct heap lazies; /* messages with results to be saved */

	/* sweep.c */
	struct sweep *sweeps; /* under way */

	/* ordered.c */
	struct rid_rec *order_rids; /* of the message that is looked at */
	size_t n_order_rids, cap_order_rids;
	uint64_t *todo; /* MIDs, from todo_at on */
	size_t todo_at, n_todo, cap_todo;
	size_t n_ordered;   /* messages that need the ledger */
	bool ledger_stays;  /* so does one that ended, as long as we run */
	uint64_t n_pending; /* recipients that are still to be bounced */

	/* bounce.c */
	struct notice *notices_first, *notices_last; /* to be sent */
	size_t n_notices; /* collected, to be sent, sent */
	bool notices_running;
	struct map notices_sent; /* by transaction: no answer yet */
	int64_t notices_at;      /* none before that time; 0: any time */
	int64_t notices_turn;    /* `now` of the turn of the loop, and */
	size_t n_notices_turn;   /* for how many recipients some were sent */
	uint32_t last_notice;
	struct map bounce_rates; /* by sender */
	int64_t bounce_hour;
};

void qmgr_init(struct qmgr *, struct config *, struct stats *,
    const struct outside *, void *out_arg);
void qmgr_fini(struct qmgr *);
/* A new configuration: takes a reference of its own. */
void qmgr_config(struct qmgr *, struct config *);

/* When something is to happen by itself; 0: nothing is. */
int64_t qmgr_next(const struct qmgr *);
/* Does what is due at q->now. True: there is more, call again soon. */
bool qmgr_tick(struct qmgr *);

#endif

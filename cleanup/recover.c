/*
 * recover.c - what an earlier life of this worker left is taken up again
 *
 * Slots of workers that are no more come first: they become files. What was
 * removed must be gone for good before anything is made anew.
 */
#include "cleanup/recover.h"

#include <stdio.h>

#include "cleanup/settle.h"
#include "cleanup/workqueue.h"
#include "event/event.h"
#include "pipeline/work.h"
#include "queue/slots.h"

static void slot_found(void *arg, int slot, const struct qmessage *);
static void take_up(struct cleanup *, const struct qmessage *, int slot);
static void slot_damaged(
    void *arg, int slot, uint64_t mid, const struct err *why);
static void adopt_slots(struct cleanup *, uint32_t worker);
static void slot_spill(void *arg, int slot, const struct qmessage *);
static const struct slots *own_slots(const struct cleanup *, uint32_t writer);
static void found(void *arg, const struct qmessage *, enum queue_place);
static void remember(struct cleanup *, const struct qmessage *);
static void corrupt(void *arg, uint64_t mid, const struct err *why);
static void blame(struct cleanup *, uint64_t mid, int slot);
static void alive(void *arg);

void
recover(struct cleanup *c)
{
	static const struct recover_handler handler = { found, corrupt, alive };
	static const struct slots_handler mine = { slot_found, slot_damaged };
	struct slots *slots = spool_slots(c->spool);
	struct err err = ERR_INIT;
	uint64_t max = 0;

	for (uint32_t w = c->daemon->worker + c->daemon->n_workers;
	     w < WORKERS_MAX; w += c->daemon->n_workers)
		adopt_slots(c, w);
	if (spool_recover(c->spool, QUEUE_INCOMING, true, &handler, c, &max,
		&err) == -1 ||
	    (slots != NULL && slots_recover(slots, true, &mine, c, &err) == -1))
		fatal("%s", err.text);
	if (settle_sync(c, &err) == -1)
		fatal("%s", err.text);
	stats_id_floor(c->daemon->stats, STATS_MID, max);
	if (c->ended_by != 0)
		blame(c, c->ended_by, c->ended_slot);
	stats_set_at(c->daemon->stats, 0);
}

/*
 * qmgr may know a message already, and may even be done with it: it says so in
 * the slot, or the file has no name any more; and it ignores what it has. But
 * what has ROUTE may as well not have been sent: its end came in between.
 */
static void
slot_found(void *arg, int slot, const struct qmessage *m)
{
	struct cleanup *c = arg;
	struct slots *slots = spool_slots(c->spool);

	stats_id_floor(c->daemon->stats, STATS_MID, m->mid);
	if (queue_is_unborn(c->spool, slots, m)) {
		slots_done(slots, slot, m->mid);
		c->must_sync = true;
	} else {
		take_up(c, m, slot);
	}
}

static void
take_up(struct cleanup *c, const struct qmessage *m, int slot)
{
	if (m->mid == stats_at(c->daemon->stats) && !m->routed) {
		c->ended_by = m->mid;
		c->ended_slot = slot;
	}
	remember(c, m);
	workqueue_add_mid(c->workqueue, m->mid, slot);
}

/*
 * The worker before this one ended while it was at that message. That may be
 * chance; but it is noted, so that nothing ends workers for ever. A disk that
 * does not take the note will be heard of when the message is run.
 */
static void
blame(struct cleanup *c, uint64_t mid, int slot)
{
	struct mail *m = mail_new(mid);
	struct err err = ERR_INIT;
	char text[100];

	m->slot = slot;
	m->loaded = false;
	if (mail_load(m, c->spool, &err) == 0 &&
	    qfile_attempt(m->file, m->attempts + 1, &err) == 0) {
		snprintf(text, sizeof(text),
		    "a worker ended while it was at it (%u of %u)",
		    (unsigned)m->attempts + 1, ATTEMPTS_MAX);
		EMIT(MID_WARNING, .mid = mid, .text = str_of(text));
	}
	mail_free(&m);
}

static void
slot_damaged(void *arg, int slot, uint64_t mid, const struct err *why)
{
	char text[600];

	(void)arg;
	snprintf(text, sizeof(text), "slot %d: %s", slot, why->text);
	EMIT(CORRUPT, .mid = mid, .text = str_of(text));
}

struct adoption {
	struct cleanup *cleanup;
	struct slots *slots;
};

static void
adopt_slots(struct cleanup *c, uint32_t worker)
{
	static const struct slots_handler handler = { slot_spill,
		slot_damaged };
	struct adoption a = { .cleanup = c };
	struct err err = ERR_INIT;

	if (slots_open(&a.slots, c->spool, worker, false, &err) == -1 ||
	    (a.slots != NULL &&
		(slots_recover(a.slots, true, &handler, &a, &err) == -1 ||
		    slots_sync(a.slots, &err) == -1)))
		fatal("%s", err.text);
	slots_close(&a.slots);
}

static void
slot_spill(void *arg, int slot, const struct qmessage *m)
{
	struct adoption *a = arg;
	struct err err = ERR_INIT;

	if (queue_is_unborn(a->cleanup->spool, a->slots, m)) {
		slots_done(a->slots, slot, m->mid);
		return;
	}
	if (m->routed)
		return; /* qmgr's, and perhaps it has it already */
	if (slots_spill(a->slots, slot, m->mid, a->cleanup->spool,
		QUEUE_INCOMING, &err) == -1)
		fatal("%s", err.text);
	slots_done(a->slots, slot, m->mid);
}

static void
found(void *arg, const struct qmessage *m, enum queue_place place)
{
	struct cleanup *c = arg;
	struct err err = ERR_INIT;

	if (m->writer % c->daemon->n_workers != c->daemon->worker)
		return;
	if (queue_is_unborn(c->spool, own_slots(c, m->writer), m)) {
		if (spool_unlink(c->spool, place, m->mid, &err) == -1)
			fatal("%s", err.text);
		c->must_sync = true;
	} else {
		take_up(c, m, -1);
	}
}

/* From a quarantine: qmgr may not know that it is here. */
static void
remember(struct cleanup *c, const struct qmessage *m)
{
	if (m->envelope.enters != ENTER_WHOLE)
		returned_put(&c->returned, m->mid, true);
}

/* Of workers that are no more nothing is left in slots. */
static const struct slots *
own_slots(const struct cleanup *c, uint32_t writer)
{
	return writer == c->daemon->worker ? spool_slots(c->spool) : NULL;
}

/* Names that cannot be ours; what is damaged inside is qmgr's to tell. */
static void
corrupt(void *arg, uint64_t mid, const struct err *why)
{
	struct cleanup *c = arg;

	if (c->daemon->worker == 0)
		EMIT(CORRUPT, .mid = mid, .text = str_of(why->text));
}

static void
alive(void *arg)
{
	struct cleanup *c = arg;

	program_still_alive(c->daemon);
}

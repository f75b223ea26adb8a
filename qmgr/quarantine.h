/*
 * quarantine.h - messages that quarantines hold (workqueue 10.1 to 10.4)
 *
 * A held message is one file in spool/quarantine and one `stored` here, with
 * an entry for each quarantine that it was put into. What happens to it:
 *
 *	comes in --room?--> HELD records, move --> held
 *	  entry: released | deleted | moved   (by hand, by time, for want of
 *room) no entry open, one deleted	--> unlinked
 *	no entry open			--> RELEASING, then to cleanup under a
 *					    new MID; unlinked when it is safe
 *
 * The spam quarantine (10.6) is one more of them, with room of its own: spam
 * comes to it instead of to its recipients, who each have an entry and go
 * their own ways; what is released goes straight to delivery.
 *
 *	the.euq.queue --room?--> HELD records, move --> held
 *	  recipient: deleted, or released --> HELD says under which MID, then
 *	    the.euq.release.queue, to cleanup; SENT when it is safe
 *	nobody left			--> unlinked
 *
 * Held messages never stand in the delivery queue: mail.h knows nothing of
 * them. Like the core this touches no file and no socket; `ops` does.
 *
 * Time: an entry ends when its wall time has come, on a clock that was set
 * from the wall clock at start and runs monotonically since (DUR-12).
 */
#ifndef QMGR_QUARANTINE_H
#define QMGR_QUARANTINE_H

#include "base/heap.h"
#include "qmgr/core.h"
#include "qmgr/settle.h"

#define QUARANTINE_SPAM_NAME "Spam Quarantine"
#define SPAM_QUEUE           "the.euq.queue"
#define RELEASE_QUEUE        "the.euq.release.queue"
#define HELD_STATES          (HELD_SENT + 1)
enum held_pool { POOL_COMMON, POOL_SPAM, HELD_POOLS };
enum room_alarm { ALARM_ALL, ALARM_OUTBREAK, ALARMS };

/* A quarantine. */
struct box {
	struct str name;
	const struct quarantine *config;
	struct heap by_age; /* whom want of room meets first */
	size_t n;
	uint64_t bytes;
};

struct entry {
	struct entry *next;
	struct stored *stored;
	struct box *box;
	struct heap_node expiry, age;
	int64_t entered, expires; /* wall ms */
	char *reason;
	uint32_t rcpt;   /* of the spam quarantine: 1 + its RID; 0: all */
	struct str addr; /* ... and its address */
	uint64_t going;  /* ... released under this MID; 0: not yet */
	uint8_t state;   /* enum held_state */
	bool early;      /* released for want of room */
	bool told;       /* that it came in */
	bool dirty;      /* the disk does not know its state yet */
};

struct stored {
	uint64_t mid;
	uint64_t releasing; /* its next MID; 0: not released by all */
	int64_t arrival;
	uint64_t size;
	char *sender, *subject, *rcpts; /* recipients, each on a line */
	uint32_t rcpt_at;               /* whose entry comes next */
	struct entry *entries, *last;   /* in the order they came */
	uint32_t n[HELD_STATES];        /* entries in each state */
	uint32_t n_dirty;
	struct heap_node later; /* when to try again */
	uint64_t rcid;          /* of its way into the spam quarantine */
	uint32_t shown[2];      /* recipients at the.euq.queue, .release. */
	uint32_t slot;          /* place QUEUE_SLOT */
	uint32_t n_rcpts;
	uint8_t place; /* enum queue_place */
	bool fits;     /* room was found for it */
	bool warned;   /* that there was none */
	uint8_t pool;  /* enum held_pool */
	bool saving, sending;
	bool arrived; /* the released message is known to be safe */
};

struct held_ops {
	/* Records and the move to spool/quarantine: quarantine_saved. */
	void (*save)(void *arg, struct save *);
	int (*unlink)(void *arg, const struct stored *, struct err *);
	/* Appends a record at once, so that it outlives this process; a save
	 * makes it durable. */
	int (*note)(void *arg, const struct stored *, const struct held_rec *,
	    struct err *);
	/* Hands it to cleanup: quarantine_sent. */
	void (*send)(void *arg, struct stored *);
};

struct quarantines {
	struct qmgr *q; /* clock, configuration, MIDs */
	const struct held_ops *ops;
	void *arg;
	struct map stored;          /* by MID */
	struct map releasing;       /* by next MID */
	struct map boxes;           /* by name */
	struct heap expiries;       /* entries */
	struct heap later;          /* messages */
	uint64_t bytes[HELD_POOLS]; /* of all that is held */
	struct quarantine spam;     /* as if it were one of the others */
	unsigned levels[ALARMS];    /* per cent that people were told of */
	int64_t base_wall, base_now;
};

/* What is known of a message that comes in. */
struct stored_info {
	uint64_t mid, releasing, size;
	int64_t arrival;
	struct str sender, subject;
	const struct rcpt *rcpts;
	size_t n_rcpts;
	enum queue_place place;
	uint32_t slot;
	bool spam; /* for the spam quarantine: there are no holds */
	const struct rcpt_held *rcpt_helds; /* as of qmessage */
	const struct hold_rec *holds;
	size_t n_holds;
	const struct held_rec *helds; /* what the disk says; n 0: nothing */
	size_t n_helds;
};

void quarantine_init(
    struct quarantines *, struct qmgr *, const struct held_ops *, void *arg);
void quarantine_fini(struct quarantines *);
/* After a new configuration: what was in quarantines that are no more goes to
 * Unclassified. */
void quarantine_config(struct quarantines *);

/* Takes it; one that is here already is left as it is. */
void quarantine_take(struct quarantines *, const struct stored_info *);
struct stored *quarantine_find(const struct quarantines *, uint64_t mid);
/* A message of that MID and arrival is in the system: if it is what one of
 * ours was released as, that one goes. */
void quarantine_seen(struct quarantines *, uint64_t mid, int64_t arrival);
/* ops.save has ended; the save is freed. */
void quarantine_saved(struct quarantines *, struct save *);
/* ops.send has ended: it is safe, or is to be sent again. */
void quarantine_sent(struct quarantines *, struct stored *, bool safe);

/* NULL: it is not, or no longer, in that quarantine; its first recipient. */
struct entry *quarantine_entry(
    const struct quarantines *, struct str name, uint64_t mid);
/* Likewise the next one after it, of the same message and quarantine. */
struct entry *quarantine_entry_after(const struct entry *);
struct box *quarantine_box(struct quarantines *, struct str name);
/*
 * What people, time and want of room do. why: as the log has it. The message
 * may be gone after it. Several of one message: with `more` for all but the
 * last, so that they go together.
 */
enum leave_why { LEAVE_MANUAL, LEAVE_EXPIRED, LEAVE_FULL, LEAVE_RULES };
void quarantine_release(
    struct quarantines *, struct entry *, enum leave_why, bool more);
void quarantine_delete(
    struct quarantines *, struct entry *, enum leave_why, bool more);
/* Deleted by hand, wherever it is held. For how many recipients; 0: it is on
 * its way out of there already. */
size_t quarantine_remove(struct quarantines *, struct stored *);
void quarantine_delay(struct quarantines *, struct entry *, int64_t expires);
void quarantine_move(struct quarantines *, struct entry *, struct box *to);

int64_t quarantine_clock(const struct quarantines *); /* wall ms */
void quarantine_tick(struct quarantines *);
int64_t quarantine_next(const struct quarantines *); /* monotonic; 0: never */

#endif

/*
 * settle.h - what the disk must know, and in which order
 *
 * Rules (threats DUR-05): when nobody is left, the unlink is the record and
 * nothing else is written. Otherwise results are appended and synced, within
 * half a second, by outside.save; a notice is sent only after that; and the
 * recipient whom it is about is recorded as done only when cleanup has said
 * that the notice is safe. A crash in between repeats, it never loses.
 * What an administrator orders is in the ledger (ledger.h) until it has come
 * so far, and not recorded here.
 *
 *	results --save--> on disk --> notices --accepted--> DONE --save-->
 *	       \                                                  \
 *	        `-- nobody left, no notice owed -------------------`-> unlink
 */
#ifndef QMGR_SETTLE_H
#define QMGR_SETTLE_H

#include "qmgr/mail.h"

#define SETTLE_LAZY_MS 500 /* results of one message gather so long */

/* Results on their way to the disk. */
struct save {
	struct mail *mail;
	uint64_t mid;
	enum queue_place place; /* where the file is */
	bool move;              /* to `to`, after the records */
	enum queue_place to;    /* deferred or quarantine */
	struct arena mem;
	struct done_rec *dones;
	size_t n_dones;
	struct defer_rec *defers;
	size_t n_defers, cap_defers;
	bool moved;          /* by whoever saved: it is there now */
	struct err err;      /* kind ERR_NONE: it is on disk */
	struct slots *slots; /* place QUEUE_SLOT: it becomes a file */
	int slot;
	/* Of a quarantine instead (mail NULL, no results). */
	struct stored *stored;
	const struct held_rec *helds;
	size_t n_helds;
	uint64_t releasing; /* 0: no */
	struct save *next;
};

/* This recipient is done with, and how. */
void settle_done(struct mail *, struct recipient *, enum rcpt_end);
/* These recipients are tried again at `next` (wall ms). */
void settle_deferred(struct mail *, const struct defer_rec *);
/* Does what can be done for the message now; it may be gone afterwards. */
void settle(struct qmgr *, struct mail *);
/* outside.save has ended; the save is freed. */
void settle_saved(struct qmgr *, struct save *);

void settle_tick(struct qmgr *);
int64_t settle_next(const struct qmgr *); /* 0: nothing planned */
/* The end is near: saves what there is to save. */
void settle_flush(struct qmgr *);
/* For mail_free and the end: forget what was to be saved. */
void settle_drop(struct qmgr *, struct mail *);

#endif

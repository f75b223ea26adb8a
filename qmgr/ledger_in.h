/*
 * ledger_in.h - the ledger (private to ledger.c and ledger_compact.c)
 */
#ifndef QMGR_LEDGER_IN_H
#define QMGR_LEDGER_IN_H

#include "base/worker.h"
#include "qmgr/ledger.h"

enum compacting {
	COMPACT_NO,
	COMPACT_READING, /* a thread reads the file */
	COMPACT_SIFTING, /* a slice in each turn */
	COMPACT_SIFTED,  /* names that went away must be gone for good */
	COMPACT_WRITING  /* a thread writes the new one */
};

/* A record of the file as it was read. */
struct entry {
	uint64_t mid;
	size_t at;
};

struct ledger {
	int folder, fd; /* fd -1: not open */
	void (*progress)(void *arg);
	void *arg;

	/* what stood there at the start, until ledger_begin */
	struct buf image;
	bool whole;            /* nothing but records */
	struct entry *entries; /* by MID and place */
	size_t n, cap;
	bool keep; /* the file has what nobody has read: it stays */
	bool expecting;

	uint64_t end;    /* where the next record will stand; 0: no file */
	struct buf next; /* not handed over yet */

	/* the job's, while it runs, and what it could not write */
	struct worker *worker;
	struct worker_job job;
	bool busy;
	struct buf writing;
	uint64_t at; /* where it goes */
	struct err err;
	int64_t again; /* monotonic: not before */

	/* ledger_compact.c */
	enum compacting compacting;
	size_t sifted;           /* in the image: looked at up to there */
	struct buf fresh, later; /* what is needed; what came meanwhile */
	uint64_t n_records;      /* in the file and on their way there */
	uint64_t floor;          /* not before the file is that long again */
	bool new_name; /* the folder is to be synced with the next write */
};

/* A message is here and needs the ledger. */
bool ledger_is_needed(const struct qmgr *, uint64_t mid);
/* Something is added: what is not being written yet is given up. True: it is
 * kept until that is done. */
bool ledger_compact_add(struct ledger *, const struct order_rec *);
/* What the thread does from now on is to write what was added. */
void ledger_writes(struct ledger *);
void ledger_compact_fini(struct ledger *);

#endif

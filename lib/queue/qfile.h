/*
 * qfile.h - a queue file being written, as the committer sees it (private
 * to lib/queue)
 */
#ifndef QUEUE_QFILE_H
#define QUEUE_QFILE_H

#include "queue/spool.h"

enum qfile_state {
	QFILE_DRAFT,
	QFILE_COMMITTING, /* a thread has it; nobody else touches it */
	QFILE_SYNCING,    /* likewise, only to be synced */
	QFILE_MAIL,
	QFILE_GONE /* removed, or never came to be */
};

struct qfile {
	struct spool *spool;
	uint64_t mid;
	enum qfile_state state;
	int fd;           /* -1: none, or closed for now */
	bool adopted;     /* there may be bytes after end */
	int slot;         /* where its image stands; -1: in a file */
	bool named;       /* the name is there: unlink takes it away */
	bool late;        /* the envelope comes after the content */
	struct buf head;  /* header and envelope; see qfile_envelope */
	struct buf route; /* payload of a ROUTE that goes with COMMIT */
	struct buf body;  /* content that is not written yet, then COMMIT; of
			   * a slot kept for who sends it on */
	uint64_t body_at; /* where body goes in the file, or comes from */
	uint32_t content_off; /* of mail: as after ROUTE */
	uint64_t content_len;
	uint32_t content_crc;
	uint32_t envelope_len, envelope_crc;
	uint64_t end; /* length of the file, when it is mail */

	struct qfile *next; /* in a list of the committer */
	void (*done)(void *arg, const struct err *err);
	void *arg;
	struct err *err; /* why it failed; NULL: it did not */
};

/* Header and COMMIT are made; from here on the state is COMMITTING. */
void qfile_seal(struct qfile *, const struct content *found);

/* The steps of a commit; each sets q->err and removes the file when it
 * fails, and does nothing when an earlier one has. On any thread. */
void qfile_put(struct qfile *);      /* create if need be, write the rest */
void qfile_start_io(struct qfile *); /* begin to write it to disk */
void qfile_sync(struct qfile *);
void qfile_fail(struct qfile *, const struct err *);

#endif

/*
 * qreader.h - a queue file while it is read (private to qmessage.c, which
 * finds its records, and qrecords.c, which knows what they say)
 */
#ifndef QUEUE_QREADER_H
#define QUEUE_QREADER_H

#include "base/buf.h"
#include "queue/format.h"
#include "queue/spool.h"

/* Where the bytes come from: a file, a window at a time, or memory. */
struct source {
	int fd; /* -1: bytes are given */
	struct str bytes;
	uint64_t size;
	uint64_t at; /* place of the window in the file */
	struct buf window;
};

/* What a reader carries along. */
struct reader {
	struct source src;
	struct qmessage *m;
	struct arena *mem;    /* what stays */
	struct arena scratch; /* lists of one record */
	struct err *err;
	struct qheader head;
	bool progress; /* DONE or DEFER was seen */
	size_t reply_bytes;
};

/* One record behind COMMIT, whole and of that type. -1: err, it has no place
 * here. */
int qreader_apply(struct reader *, uint32_t type, struct str payload);
/* The recipients are those of the envelope, and nothing is known of them. */
void qreader_rcpts(struct reader *);

#endif

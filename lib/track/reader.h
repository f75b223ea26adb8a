/*
 * reader.h - reading the tracking store
 *
 * One walk over the files from the oldest to the newest, in order of time.
 * What the walk is not about is passed over by the head of its block. Files
 * may grow, come and go meanwhile. They are not trusted: whoever writes them
 * has fewer rights than those who read may have.
 */
#ifndef TRACK_READER_H
#define TRACK_READER_H

#include "track/store.h"

struct track_seen {
	enum event_id id;
	int64_t when; /* us */
	struct track_ids ids;
	const void *fields; /* until the call returns */
};

struct track_walk {
	int64_t from, to; /* us: events outside are left out; 0, INT64_MAX */
	uint64_t mid;     /* nothing lower is wanted; 0: all */
	void *arg;
	/* Is it wanted? Asked before it is taken apart, so seen has no
	 * fields yet. NULL: all are. */
	bool (*wants)(void *arg, const struct track_seen *);
	/* False: no more. */
	bool (*event)(void *arg, const struct track_seen *);
	/* NULL: not of interest. Also what is about no time of the walk. */
	void (*gap)(void *arg, const struct track_gap *);
};

/* dir: the folder. -1: err. */
int track_read(int dir, const struct track_walk *, struct err *);

/* How far the store goes back, us; INT64_MAX: it is empty. */
int64_t track_oldest(int dir);
/* The last block, and what it says when it is a GAP or END; false: there is
 * none. */
bool track_newest(int dir, struct track_head *, struct track_gap *);

/* The same of one file in memory, for tests. */
void track_read_bytes(struct str file, const struct track_walk *);

#endif

/*
 * survey_in.h - what survey.c, judge.c, mend.c and salvage.c share (private)
 */
#ifndef QUEUE_SURVEY_IN_H
#define QUEUE_SURVEY_IN_H

#include "base/arena.h"
#include "queue/slots.h"
#include "queue/spool.h"
#include "queue/survey.h"

#define ASIDE_NAME 96

/* A message, where it was found. */
struct sighting {
	uint64_t mid;
	int64_t arrival;
	enum queue_place place;
	uint32_t slot; /* of all: worker * SLOTS_N + slot */
};

struct survey {
	struct spool *spool;
	int root;
	struct survey_accounts accounts;
	bool running;

	/* of the run */
	void (*found)(void *arg, const struct fault *);
	void (*alive)(void *arg);
	void *arg;
	struct survey_sums sums;
	struct sighting *seen;
	size_t n_seen, cap_seen;

	unsigned n_aside; /* the last number that was tried for a name */
};

/* judge.c: what is wrong with that name in a hashed folder; false: nothing,
 * or it is gone. m: set when it is whole, strings in mem. busy: it is in use.
 */
struct judged {
	struct qmessage m;
	bool whole, busy, gone;
	struct stat st;
};
bool judge_name(struct survey *, enum queue_place, int folder, const char *name,
    struct judged *, struct arena *mem, struct fault *);

/* True: the name is a MID as files have it. */
bool judge_mid(const char *name, uint64_t *mid);
/* The same file, in another place, under that MID. */
bool judge_same(
    const struct survey *, enum queue_place, uint64_t mid, const struct stat *);

/* salvage.c: whole records behind what is damaged? */
bool salvage_more(int fd, const struct qmessage *);
/*
 * Makes a file of what can be read of that one, whose COMMIT is good, as
 * MID.new in corrupt, durable. *routed: whether it has its ROUTE. *lost: bytes
 * of records. -1: err.
 */
int salvage_file(struct survey *, int fd, uint64_t mid, bool *routed,
    uint64_t *lost, struct err *);
const char *salvage_name(uint64_t mid, char out[ASIDE_NAME]);
/* Copies len bytes, which begin at `at`, to `to`. */
int salvage_copy(int from, int to, uint64_t at, uint64_t len, struct err *);

#endif

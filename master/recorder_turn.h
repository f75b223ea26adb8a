/*
 * recorder_turn.h - the events of one turn of the loop, put in order
 *
 * Events of one message come from several programs, each of which gathers
 * them for a while, and so in any order. Each carries its time; they wait
 * until older ones can hardly come any more, and are sorted by it (stable)
 * before they are written, so that a log reads in order.
 */
#ifndef MASTER_RECORDER_TURN_H
#define MASTER_RECORDER_TURN_H

#include "master/recorder_log.h"

struct recorder_item;
struct recorder_turn {
	struct arena mem; /* owns the fields of all events */
	struct recorder_item *items;
	size_t n, cap;
	size_t seq; /* how many ever came */
	bool mixed; /* not in order as they came */
};

void recorder_turn_init(struct recorder_turn *);
void recorder_turn_fini(struct recorder_turn *);
/* So many events wait that they should be written now. */
bool recorder_turn_full(const struct recorder_turn *, size_t body);
/*
 * Checks and keeps one EVENT frame; it is copied. A time that cannot be (the
 * future, or more than a day ago) becomes now. -1: malformed.
 */
int recorder_turn_add(
    struct recorder_turn *, struct str body, int64_t now_us, struct err *err);
/* The one added last; dies with it. */
const void *recorder_turn_last(const struct recorder_turn *, enum event_id *);
/* Somebody else who gets them, as they came (body) and taken apart. */
struct recorder_taker {
	void (*take)(void *arg, enum event_id, int64_t when_us,
	    const void *fields, struct str body);
	void *arg;
};
/* Hands the events up to that time to the logs and to a taker (NULL: none),
 * in order; younger ones stay. INT64_MAX: all. */
void recorder_turn_write(struct recorder_turn *,
    struct recorder_log *const *logs, size_t n_logs,
    const struct recorder_taker *, int64_t until_us);

#endif

/*
 * feed.h - the feed of outbreak rules: when it is fetched, what is taken
 *
 *	idle --time, or asked--> names --> rules --> signature --> idle
 *
 * The rules are taken when their signature is right, they can be read, and
 * their serial is not below that of the rules there are (spec workqueue 8.3).
 * In all other cases these stay. Whoever owns the feed keeps what it says in a
 * safe place, and gives it back at the next start.
 */
#ifndef LOOKUP_FEED_H
#define LOOKUP_FEED_H

#include "lookup/feed_file.h"
#include "lookup/http.h"
#include "lookup/lookup.h"

struct feed;

enum feed_word { FEED_NOTICE, FEED_WARNING, FEED_ALERT };
struct feed_owner {
	/* New rules, packed; empty: there shall be none. */
	void (*keep)(void *arg, struct str packed);
	/* For the log. */
	void (*say)(void *arg, enum feed_word, const char *text);
	int64_t (*wall)(void); /* ms */
	void *arg;
};

/* http and lookups must live longer; config until the next one is given. */
struct feed *feed_new(struct loop *, struct http *, struct lookups *,
    const struct config *, const struct feed_owner *);
void feed_free(struct feed **);
void feed_config(struct feed *, const struct config *);
/* What was kept; empty: nothing was. */
void feed_kept(struct feed *, struct str packed);

enum feed_end { FEED_NEW, FEED_SAME, FEED_FAILED, FEED_NONE };
/* Called once, never from within. error: why it failed. */
typedef void (*feed_done)(void *arg, enum feed_end, const char *error);
/* Fetches now; again: also what has not changed. One that is under way
 * already tells all who have asked. */
void feed_update(struct feed *, bool again, feed_done, void *arg);
void feed_forget_asker(struct feed *, void *arg);
/* Drops the rules, also where they are kept. */
void feed_flush(struct feed *);

struct feed_state {
	const struct outbreak_rules *rules; /* NULL: none */
	int64_t
	    checked; /* wall ms of the last answer that was right; 0: none */
	unsigned failures; /* in a row */
	const char *error; /* of the last one; NULL: none */
	bool under_way;
};
struct feed_state feed_state(const struct feed *);

#endif

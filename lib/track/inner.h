/* inner.h - what the files of the search share */
#ifndef TRACK_INNER_H
#define TRACK_INNER_H

#include "track/idmap.h"
#include "track/search.h"

#define HELD_MAX   50
#define SEARCH_MEM ((size_t)8 * 1024 * 1024 * 1024)

/* One MID of a message. */
struct track_part {
	struct track_part *next;
	uint64_t mid;
	struct track_message *of;
	struct track_rcpt *rcpts, **tail;
	struct track_rcpt *at;     /* the last one asked for */
	uint64_t beyond;           /* all of their numbers; 0: there is none */
	struct str held[HELD_MAX]; /* names of quarantines */
	size_t n_held;
	bool ready, queued, over, aborted, dropped;
	bool passed; /* as a whole, to another part */
	bool spam;   /* it is, or was, in the spam quarantine */
};

/* --- select.c --- */

/* A MID found by the first walk, and the message that it is a part of. */
struct member {
	struct member *next; /* of the same message */
	uint64_t mid;
	struct cand *of;
	bool over;
	unsigned held;
};
struct cand {
	struct cand *next;
	uint64_t mid, icid;
	int64_t when;
	unsigned got, kinds;
	struct member *members;
};
struct conn;
struct track_select {
	const struct track_query *q;
	struct arena mem, scratch;
	struct idmap members; /* by MID */
	struct idmap conns;   /* by ICID */
	struct conn *all_conns;
	struct cand *cands;
	struct track_found *found; /* takes the gaps */
	unsigned need, asked;      /* conditions; and the kinds, too */
	uint64_t part, parent;     /* what is looked for; what it is part of */
};

typedef void (*select_fn)(struct track_select *, const struct track_seen *);
/* What those events say about kinds; NULL: nothing. */
extern const select_fn select_kinds[EVENT_N];
struct member *select_member(struct track_select *, uint64_t mid);
/* That happened to the message of the event, or else on its connection. */
void select_kind(
    struct track_select *, const struct track_seen *, enum track_kind);

int track_select(struct track_select *, int dir, struct err *);
/* The newest ones that fit, at most limit; the caller frees it. */
struct cand **track_selected(struct track_select *, size_t *n, size_t *total);
void track_select_end(struct track_select *);

/* --- collect.c --- */

int track_collect(
    struct track_found *, int dir, struct cand **, size_t n, struct err *);

/* --- state.c --- */

/* What became of each recipient and of all, when all was seen. */
void track_settle(struct track_message *);

/* Is it the same text, in any case of ASCII letters; contained, ...? */
bool track_fits(struct str text, struct str wanted, enum track_text);
/* "Dropped by filter 'x'", "message filter:x": a filter did it. */
bool track_by_filter(struct str text);

#endif

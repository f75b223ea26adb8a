/* collect.h - the second walk of a search, inside */
#ifndef TRACK_COLLECT_H
#define TRACK_COLLECT_H

#include "track/inner.h"

struct collect {
	struct track_found *f;
	struct arena *mem;
	struct idmap parts; /* struct track_part by MID */
	struct idmap icids; /* struct list by ICID */
	struct idmap dcids; /* struct dcid by DCID */
};

struct list { /* of messages that came by a connection */
	struct list *next;
	struct track_message *m;
};
struct dcid {
	struct str host;
};

typedef void (*collect_fn)(struct collect *, const struct track_seen *);
/* What those events say; NULL: not about an end. */
extern const collect_fn collect_ends[EVENT_N];

/* A copy that lives as long as what was found. */
struct str collect_keep(struct collect *, struct str);
/* The part that the event is about; NULL: none. */
struct track_part *collect_part(struct collect *, const struct track_seen *);
struct track_rcpt *collect_rcpt(struct track_part *, uint32_t rid);
/* Unless it is there. */
void collect_add_rcpt(struct collect *, struct track_part *, uint32_t rid,
    struct str addr, int64_t when);

#endif

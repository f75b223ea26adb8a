/*
 * search.h - finding messages in the tracking store, and their stories
 *
 * A message is known by the MID that it came with; those that it was split,
 * rewritten or released into are parts of it. Copies and notices that it was
 * the reason for are messages of their own. A connection that was rejected
 * is found, too: as one without a MID.
 *
 * Two walks over the files: the first notes of each message of the time asked
 * for which of the conditions something about it fits; the second one takes
 * in all about those that were found. Memory is for the second few of the
 * found ones, a few dozen bytes for each other one.
 */
#ifndef TRACK_SEARCH_H
#define TRACK_SEARCH_H

#include "base/map.h"
#include "track/reader.h"

#define TRACK_FOUND_MAX                                                        \
	5000 /* spec delivery-admin 9: an export has so many                   \
	      */

enum track_text { TRACK_CONTAINS, TRACK_BEGINS, TRACK_IS };

/* What may have happened to it; a bit each, 1 << kind. */
enum track_kind {
	TRACK_DELIVERED,
	TRACK_HARD_BOUNCED,
	TRACK_SOFT_BOUNCED,
	TRACK_HELD, /* now: in a quarantine, or not through with yet */
	TRACK_SPAM,
	TRACK_VIRUS,
	TRACK_FILTER, /* a message or content filter did something */
	TRACK_OUTBREAK,
	TRACK_DROPPED,
	TRACK_TLS_FAILED,
	TRACK_REJECTED, /* a connection, the sender, a recipient */
	TRACK_N_KINDS
};

/* Texts fit in any case of ASCII letters; empty: any. */
struct track_query {
	int64_t from, to; /* us: when it came */
	uint64_t mid;     /* 0: any */
	struct str sender, rcpt, message_id, host, group;
	struct str subject; /* as people read it */
	enum track_text how;
	bool by_ip;
	struct ip_range ip; /* of the sender's host */
	unsigned kinds;     /* any of them; 0: whatever happened */
	size_t limit;       /* the newest ones */
};

/* Of a recipient; the last four are ends. */
enum track_state {
	TRACK_PROCESSING,
	TRACK_QUEUED,
	TRACK_IN_QUARANTINE,
	TRACK_WAS_DELIVERED,
	TRACK_WAS_BOUNCED,
	TRACK_WAS_DROPPED,
	TRACK_WAS_ABORTED,
	TRACK_N_STATES
};
/* "Delivered" */
const char *track_state_name(enum track_state);

struct track_rcpt {
	struct track_rcpt *next;
	uint64_t mid; /* the part of the message that has it */
	uint32_t rid;
	struct str addr;
	enum track_state state;
	int64_t when;  /* us: of the last change */
	uint64_t dcid; /* 0: none */
	struct str host, response;
	bool passed; /* inside: another part has it */
};

struct track_link {
	struct track_link *next;
	uint64_t mid;
	const char *kind; /* "split", "rewritten", "copy", "bounce", ... */
	bool parent;      /* it was made of that; else that of it */
};

struct track_part;
struct track_message {
	uint64_t mid, icid; /* mid 0: a rejected connection; icid 0: ours */
	int64_t when;       /* us */
	struct str sender, subject, message_id;
	uint64_t size;
	/* of the connection */
	struct ip ip;
	struct str host, verified, interface, group, flow_policy, behaviour;
	/* of mail policies */
	struct str policies, direction; /* "inbound"; empty: none yet */
	struct track_rcpt *rcpts;
	struct str rejected; /* addresses, by ", " */
	struct track_link *links;
	char state[200]; /* "Delivered", "Quarantined (Policy)" */
	unsigned kinds;
	struct track_part *parts; /* inside */
};

struct track_found {
	struct arena mem; /* owns all */
	struct track_message *v;
	size_t n;     /* newest first */
	size_t total; /* how many there are */
	struct track_gap *gaps;
	size_t n_gaps, cap_gaps;
	int64_t oldest; /* us: so far back goes the store */
};

/* dir: the folder of the store. -1: err. */
int track_search(
    struct track_found *, int dir, const struct track_query *, struct err *);
void track_found_free(struct track_found *);

/* What mail logs say about it, in order of time: its parts, the connection
 * that it came by, those that it left by. -1: err. */
int track_story(int dir, const struct track_message *,
    void (*line)(void *arg, int64_t when, struct str text), void *arg,
    struct err *);

#endif

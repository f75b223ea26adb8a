/*
 * dest.h - a destination: one delivery domain, its queue and what is known
 *
 * Mail that a virtual gateway sends has destinations of its own beside that
 * of the domain: own queue, own connections, own state of the hosts, since
 * what a server thinks of us depends on where we come from (spec 1.10).
 *
 * Parcels that are due stand in a list in the order of their turn; those
 * that wait for a later attempt in a heap by time. What is counted here is
 * counted for the whole system in the same call, so that sums hold after
 * every event: completed = hard + delivered + deleted.
 */
#ifndef QMGR_DEST_H
#define QMGR_DEST_H

#include "base/heap.h"
#include "base/ip.h"
#include "qmgr/mail.h"
#include "qmgr/result.h"

enum dest_state { DEST_UNKNOWN, DEST_UP, DEST_DOWN };
const char *dest_state_name(enum dest_state);

enum dest_counter { /* order: spec hoststatus */
	DEST_SOFT,
	DEST_COMPLETED,
	DEST_HARD,
	DEST_DNS,
	DEST_5XX,
	DEST_FILTER,
	DEST_EXPIRED,
	DEST_OTHER,
	DEST_DELIVERED,
	DEST_DELETED,
	DEST_COUNTERS
};
const char *dest_counter_name(enum dest_counter);

/* What was sent of late: limits.h. */
struct window {
	int64_t ends; /* monotonic; 0: none has begun */
	uint64_t n;   /* recipients */
};

/* One way to reach it: no two have the same endpoint and host. */
struct address {
	struct endpoint ep;
	uint32_t order; /* 0 is tried first; equals take turns */
	uint32_t found; /* place in the answers */
	uint16_t preference;
	const char *host;       /* MX or route host */
	const char *route_host; /* as the route says; NULL: no route */
	int64_t down_until;
	uint32_t failures; /* in a row */
	uint32_t n_conns, window;
	struct window sent;
	uint32_t fail_code; /* last failure was this greeting; 0: other */
	uint8_t sts;        /* enum sts_mode: its own name must be proven */
	bool dane;          /* TLS is a must, and one of these must fit */
	struct tlsa *tlsas;
	size_t n_tlsas;
	int64_t clear_until; /* its TLS is broken: none where none need be */
};

struct mx_record {
	uint16_t preference;
	uint32_t ttl; /* s, when it was looked up */
	const char *name;
};

/* Outcome of routing and resolution; owns its strings. */
struct hosts {
	struct arena mem;
	struct address *v;
	size_t n;
	struct mx_record *mx;
	size_t n_mx;
	bool routed;
	int64_t looked_up, expires; /* monotonic */
};

enum resolution {
	RESOLUTION_NONE,
	RESOLUTION_ASKING,
	RESOLUTION_OK,
	RESOLUTION_HARD, /* cause says why; until hosts.expires */
	RESOLUTION_SOFT, /* ask again at blocked_until */
	RESOLUTION_DROP  /* routed to /dev/null */
};

/* Last thing a server said, or the DNS (no address). */
struct last_error {
	char *text; /* NULL: nothing */
	int64_t at; /* wall ms */
	struct ip ip;
};

enum conn_list { /* a destination's connections */
	CONNS_OPENING,
	CONNS_IDLE, /* up, no job */
	CONNS_HALF, /* up, one job */
	CONNS_FULL,
	CONNS_QUITTING,
	CONNS_LISTS
};

struct dest {
	char *name;
	char *gateway; /* NULL: none */
	enum tls_wish wish;
	struct dest *main;      /* of those of a gateway, or a wish; else NULL:
				 * the domain's own, which has the others */
	struct dest *beside;    /* main: its first; gateway: the next one */
	uint32_t gateway_rotor; /* turns among the addresses of a group */
	uint64_t serial;        /* in order of creation */
	bool internal;          /* the.euq.queue and the like */
	enum dest_state state;

	/* queue */
	struct parcel *due_first, *due_last;
	size_t n_due;
	struct heap wait;
	uint64_t n_unattempted, n_attempted; /* recipients */
	uint64_t n_inside; /* internal: those of quarantine.h */
	size_t n_parcels;

	/* settings, as of this configuration */
	uint64_t config_serial;
	const struct destination *limits;
	const struct route *route;

	/* where to */
	enum resolution resolution;
	enum cause cause; /* HARD */
	char *why;        /* HARD, SOFT: text for logs */
	struct hosts *hosts;
	struct resolve *resolve; /* ASKING */
	uint32_t rotor;          /* turns among equal addresses */
	uint32_t failures;       /* passes over all addresses in a row */
	int64_t blocked_until;   /* no connections before; 0: free */

	/* connections */
	struct conn *conns[CONNS_LISTS];
	size_t n_conns[CONNS_LISTS];
	size_t n_all; /* of the domain, its gateways included; only in main */
	bool hurry;   /* schedule_now */
	bool limited; /* it had one more, but for the domain's limit */
	struct window sent;
	int64_t limited_until; /* no recipient may be sent before, or no
				* address tried; 0: free */
	int64_t starved;       /* since when parcels found no free connection */
	int64_t patience_ends; /* then one more is opened; 0: not waiting */

	/* place in the scheduler */
	struct dest_list *list; /* ready, blocked, idle, or NULL */
	struct dest *next, *prev;
	struct heap_node timer;

	/* for people */
	uint64_t count[DEST_COUNTERS];
	int64_t last_activity; /* wall ms; 0: never */
	struct last_error last_5xx, last_error;
	struct last_error last_tls; /* gone with the next success */
	int64_t alerted;            /* monotonic: about that; 0: never */
	int64_t alerted_login;      /* likewise: we could not log in */
};

/* Spec 0.4: never looked up, always there. Ends with NULL. */
extern const char *const dest_internal_names[];
bool dest_is_internal(struct str domain); /* any case */

/* The destination of that domain (any case) and gateway ("": none), made when
 * there is none. Mail with a wish has one of its own, too: its connections
 * are not those of other mail (threats OUT-07). */
struct dest *dest_get(
    struct qmgr *, struct str domain, struct str gateway, enum tls_wish);
/* Of mail with these flags (ENV_*, WIRE_*). */
enum tls_wish dest_wish(uint32_t flags, uint32_t wire_flags);
/* The domain's own, by its name as people write it; those of gateways stand
 * beside it. NULL: there is none. */
struct dest *dest_find(const struct qmgr *, struct str domain);
/* Is d this destination, or of one of its gateways? */
bool dest_is_part(const struct dest *d, const struct dest *whole);
/* Connections to the domain that are or will be open, over all gateways. */
size_t dest_conns(const struct dest *);
/* Limits and route are those of the configuration in force after this. */
void dest_refresh(struct qmgr *, struct dest *);
/* It became empty, or is no longer: keeps the list of idle ones bounded. */
void dest_touch(struct qmgr *, struct dest *);
void dest_free_all(struct qmgr *);
void dest_reset_counters(struct qmgr *);
void hosts_free(struct hosts **);

/* --- its queue --- */

void dest_add(struct qmgr *, struct parcel *, int64_t at); /* new parcel */
/* From one to another, where it is due now; it must be in no list. */
void dest_move(struct qmgr *, struct parcel *, struct dest *to);
void dest_due(struct parcel *, bool front); /* SENT, or new -> DUE */
void dest_wait(struct parcel *, int64_t at);
/* Out of list or heap, into no state in particular. */
void dest_take(struct parcel *);
/* What waits until `now` becomes due; INT64_MAX: all of it. */
void dest_ripen(struct dest *, int64_t now);

/* --- counting: recipients --- */

void dest_count_soft(struct qmgr *, struct dest *, uint64_t n);
void dest_count_hard(struct qmgr *, struct dest *, enum hard_class);
void dest_count_delivered(struct qmgr *, struct dest *, uint64_t n);
/* An internal one: it goes on somewhere else. */
void dest_count_passed(struct qmgr *, struct dest *, uint64_t n);
/* n more of those that quarantine.h has there, or less. */
void dest_inside(struct qmgr *, struct dest *, int64_t n);
void dest_count_deleted(struct qmgr *, struct dest *, uint64_t n);
/* n recipients of the parcel left the queue; or its attempts grew. */
void dest_left(struct qmgr *, struct parcel *, uint64_t n);
void dest_attempted(struct qmgr *, struct parcel *);
void dest_error(struct last_error *, int64_t wall, const struct ip *,
    const char *code, struct str text);
void dest_error_clear(struct last_error *);
/* TLS did not come about, and mail waits for it if it must. An alert, if the
 * configuration wants one. */
void dest_tls_error(
    struct qmgr *, struct dest *, const struct ip *, struct str, bool must);

/* A server did not let us log in: mail waits for an administrator. An alert,
 * once an hour. */
void dest_login_error(
    struct qmgr *, struct dest *, const struct ip *, const char *text);

/* --- lists of destinations --- */

void dest_list_put(struct dest_list *, struct dest *); /* at the end */
void dest_list_remove(struct dest *);                  /* in none: fine */

#endif

/*
 * mail.h - what waits for delivery, in as little memory as it takes
 *
 * A mail is one message: one block of memory that holds the struct, its
 * parcels, its recipients and its strings. A parcel is what one transaction
 * carries: recipients of one message at one destination that are tried
 * together; it is the unit of all queues. Recipients of a parcel stand side
 * by side in the mail's array.
 *
 *	DUE --give--> SENT --result--> WAIT --time--> DUE
 *	                \-- nobody left --> OVER
 *
 * What is needed only while something is being done with a message (texts,
 * a descriptor, results on their way to the disk) hangs on mail.active.
 */
#ifndef QMGR_MAIL_H
#define QMGR_MAIL_H

#include "base/heap.h"
#include "qmgr/core.h"

enum recipient_state {
	RECIPIENT_OPEN,
	RECIPIENT_BOUNCING, /* refused for good; a notice is on its way */
	RECIPIENT_DONE
};
#define RECIPIENT_WHOLE   1u /* text is the whole address */
#define RECIPIENT_UNSAVED 2u /* DONE, and the disk does not know it yet */
#define RECIPIENT_MOVED   4u /* text is an offset in mail.moved */
#define RECIPIENT_HOW     4  /* shift: how it ended, enum rcpt_end */

struct recipient {
	uint32_t rid;
	uint32_t text; /* offset in the mail's strings */
	uint8_t state;
	uint8_t notify; /* enum dsn_notify */
	uint8_t warned; /* delay warnings sent */
	uint8_t flags;
};

enum parcel_state {
	PARCEL_DUE,  /* in its destination's list */
	PARCEL_WAIT, /* in its destination's heap */
	PARCEL_SENT, /* some connection has it */
	PARCEL_OVER
};

struct parcel {
	struct mail *mail;
	struct dest *dest; /* may be gone when n_open is 0 */
	union {
		struct {
			struct parcel *next, *prev;
		} due;
		struct heap_node wait; /* key: monotonic ms */
		struct {
			struct conn *conn;
			uint64_t job;
		} sent;
	};
	uint32_t first; /* recipients first .. first + n - 1 */
	uint16_t n, n_open;
	uint16_t attempts;
	uint8_t state;
	uint8_t ordered; /* ORDER_BOUNCE, and not carried out yet; or NONE */
};

/* What the ledger (ledger.h) has to do with a message. */
#define MAIL_ORDERED 1u /* it knows what the message's file does not */
#define MAIL_TODO    2u /* what it says is not carried out yet */
#define MAIL_MOVED   4u /* ... is that recipients go elsewhere */

struct mail {
	uint64_t mid;
	int64_t arrival; /* wall ms */
	int64_t born;    /* the same on the monotonic clock */
	uint32_t loaded; /* monotonic s when we learned of it */
	uint32_t content_off;
	uint64_t content_len;
	struct mail *chain; /* of its bucket */
	struct mail *older, *newer;
	struct active *active; /* NULL: nothing is going on */
	char *moved;           /* addresses of redirected parcels; NULL: none */
	uint32_t n_moved;      /* its bytes */
	struct recipient *rcpts; /* into this block */
	uint32_t n_rcpts, n_open, n_parcels;
	uint32_t flags;   /* ENV_* */
	uint32_t slot;    /* QUEUE_SLOT: writer * SLOTS_N + slot */
	uint32_t subject; /* offset in the strings; 0 is the sender's */
	uint16_t n_sent;  /* parcels that connections have */
	uint16_t profile; /* index in qmgr.profiles */
	uint8_t place;    /* enum queue_place */
	uint8_t ret;      /* RFC 3461 */
	uint8_t n_owed;   /* notices that cleanup has not accepted */
	bool dirty;       /* some recipient is UNSAVED */
	bool lived;       /* some recipient was not dropped by a route */
	uint8_t ordered;  /* MAIL_ORDERED ... */
	struct parcel parcels[];
};

/* What is going on with a message. */
struct active {
	struct mail *mail;
	void *held;            /* of whoever is outside: descriptor, texts */
	struct save *saving;   /* on its way to the disk */
	struct save *unsaved;  /* results that are not yet */
	struct notice *notice; /* being collected, by kind */
	struct heap_node lazy; /* when unsaved is saved at the latest */
};

/* What is known of a message when it comes in. */
struct mail_rcpt {
	struct str addr;
	uint32_t rid;
	uint8_t notify, warned;
	uint32_t attempts;
	int64_t next;    /* monotonic; at or before now: due */
	struct str host; /* redirected to; "": it was not */
	uint8_t ordered; /* ORDER_DELETE, ORDER_BOUNCE, or NONE */
};
struct mail_info {
	uint64_t mid;
	int64_t arrival;
	struct str sender, subject, profile;
	struct str gateway; /* virtual gateway; "": none */
	/* Where all of it goes, instead of to the domains of its recipients:
	 * a host, or one of dest_internal_names; "": to them. */
	struct str host;
	uint32_t flags;
	uint32_t wire_flags; /* WIRE_* */
	uint8_t ret;
	enum queue_place place;
	uint32_t slot;
	uint32_t content_off;
	uint64_t content_len;
	struct mail_rcpt *rcpts; /* sorted in place */
	size_t n_rcpts;
};
/* Takes it in and queues its parcels. NULL: that MID is here already. A
 * message without recipients is not taken. */
struct mail *mail_new(struct qmgr *, struct mail_info *);
/* Out of all lists; all parcels must be over. */
void mail_free(struct qmgr *, struct mail *);
struct mail *mail_find(const struct qmgr *, uint64_t mid);

struct str mail_sender(const struct mail *);
struct str mail_subject(const struct mail *); /* its beginning, subject.h */
const struct bounce_profile *mail_profile(
    const struct qmgr *, const struct mail *);
/* The destination's if it has one, else the message's (receiving 6.6): when it
 * is tried again, who hears of it, and how. */
const struct bounce_profile *parcel_profile(
    const struct qmgr *, const struct parcel *);
/* The same, as an index in qmgr.profiles. */
uint16_t parcel_profile_at(struct qmgr *, const struct parcel *);
struct recipient *parcel_rcpt(const struct parcel *, size_t i);
/* local@domain into out, which has ADDR_MAX + 1 bytes. */
struct str parcel_addr(
    const struct parcel *, const struct recipient *, char *out);
/* From now on it stands at another destination, and is due there. It must be
 * in no connection's hands. */
void parcel_redirect(struct qmgr *, struct parcel *, struct dest *to);
/* Its active part, made when there is none. */
struct active *mail_activate(struct mail *);
/* Away with the active part when nothing is going on. */
void mail_calm(struct qmgr *, struct mail *);

/* Its file has two names at the moment, and cannot be opened. */
bool mail_is_moving(const struct mail *);

void mail_config(struct qmgr *); /* profiles anew */

#endif

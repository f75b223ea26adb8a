/*
 * ledger.h - what administrators ordered, on disk until it is carried out
 *
 * A command about many recipients is answered when it stands here: one file,
 * a record for each message, one sync. What it costs to carry it out (names
 * removed, records in queue files, notices) comes afterwards (ordered.h). Where
 * a message goes instead stands here only, as long as there is the message.
 * After a crash, what is said here of a message that is still there holds;
 * the last order about a recipient counts. When no message needs it any more,
 * the file is removed; at the start, and when that is most of it, what is not
 * needed is left out.
 *
 *	0	"POSTERNO", version (4 bytes), 0 (4)
 *	16	records: length (4), crc32c of place and payload (4), payload
 *
 * Records are written and synced by a thread. The last of them may be torn:
 * then nobody was told that it holds. Damage costs the records that it is in,
 * and no others: a record is good only where it was written, so the next one
 * is found behind it.
 */
#ifndef QMGR_LEDGER_H
#define QMGR_LEDGER_H

#include "base/loop.h"
#include "qmgr/mail.h"

enum order_what {
	ORDER_NONE,
	ORDER_DELETE,
	ORDER_BOUNCE,  /* the sender is told */
	ORDER_REDIRECT /* from now on they go to `host` */
};
/* arrival tells a message from another that may get its MID one day. */
#define REC_ORDER(S, F, L)                                                     \
	F(S, U64, mid, 0)                                                      \
	F(S, I64, arrival, 0) /* wall ms */                                    \
	F(S, U8, what, 3)     /* enum order_what */                            \
	F(S, STR, host, DOMAIN_MAX)                                            \
	L(S, rid_rec, rids, RCPTS_MAX)
CODEC_STRUCT(order_rec, REC_ORDER);

struct ledger;

/* Reads the file in that folder. One that is not there is fine; -1: err,
 * something of it cannot be read; the rest stands, and a copy is kept as
 * .orders.damaged. progress is called on the loop whenever
 * something was written, or could not be. */
int ledger_open(struct ledger **, struct loop *, int folder,
    void (*progress)(void *arg), void *arg, struct err *);
/* Waits for what is being written; what is not by then was not answered. */
void ledger_close(struct ledger **);

/* At the start: what it says of those recipients, which are in order of RID;
 * sets ordered, host and, of who goes elsewhere, next. MAIL_ORDERED and
 * MAIL_MOVED, as the case is; 0: it says nothing. NULL: no ledger any more. */
unsigned ledger_recall(const struct ledger *, uint64_t mid, int64_t arrival,
    struct mail_rcpt *, size_t n);
/* This message is on disk, and not ours any more: after a power cut its ROUTE
 * is missing. When it comes again it is to be recalled: what stood there at
 * the start stays until then, and the file as long as we run. */
void ledger_expect(struct ledger *, uint64_t mid);
/* What there was to recall is in memory: what no message needs is dropped;
 * nothing is, ever, if not all messages are here. */
int ledger_begin(
    struct ledger *, const struct qmgr *, bool all_here, struct err *);

void ledger_add(struct ledger *, const struct order_rec *);
/* All that was added is on disk. */
bool ledger_is_safe(const struct ledger *);
/* Has much of it written, and with `all` the rest. When to call again,
 * monotonic ms; 0: when something was added. */
int64_t ledger_run(struct ledger *, int64_t now, bool all);
/* Nothing stands there that could be removed. */
bool ledger_is_empty(const struct ledger *);
/* No message needs it; it must be safe. */
void ledger_clear(struct ledger *);

/*
 * While we run: most of what stands there may be carried out, and the rest
 * keep the file from being removed for long. Then it is written anew without
 * what no message needs, all at once. When that began, it goes on with each
 * call, in slices; an order that comes before the new file is being written is
 * worth more, and ends it. The file stays as it is if not all that was ever
 * ordered is known (ledger_begin), or a name did not go.
 */
enum ledger_next {
	LEDGER_IDLE, /* there is nothing to do; or not now: progress */
	LEDGER_MORE, /* to be called again, in the next turn */
	LEDGER_NAMES /* when names that went away are gone for good:
		      * ledger_compact_end */
};
enum ledger_next ledger_compact(struct ledger *, const struct qmgr *);
void ledger_compact_end(struct ledger *);
bool ledger_is_compacting(const struct ledger *);

/* The same without a file: appends a record that will stand at byte `at`; the
 * head when that is 0. */
void ledger_pack(struct buf *out, uint64_t at, const struct order_rec *);
/* Calls found with each record and its place. Where the last one ends: before
 * the end of all when one after it is torn; 0: it is no ledger. *lost: how many
 * bytes before that are damaged. */
size_t ledger_unpack(struct str,
    void (*found)(void *arg, const struct order_rec *, size_t at), void *arg,
    size_t *lost);
/* Looks at n records from *at on (0: the first), appends those to `out` that a
 * message needs. False: there are no more; *at is the end of the last. */
bool ledger_sift(
    struct str, size_t *at, unsigned n, const struct qmgr *, struct buf *out);
/* The record at that byte; false: none that is whole. */
#define LEDGER_HEAD       16 /* bytes before the first */
#define LEDGER_RECORD_MEM ((size_t)1024 * 1024)
bool ledger_read(struct str, size_t at, struct order_rec *, struct arena *);

#define LEDGER_FILE  ".orders"              /* in deferred */
#define LEDGER_ASIDE LEDGER_FILE ".damaged" /* for people */

#endif

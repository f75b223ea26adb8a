/*
 * bounce.h - notices to senders: owed, written, queued, accepted
 *
 * Recipients of one message that end together share a notice of each kind, if
 * the same bounce profile holds for them. A
 * notice is a message like any other: it goes to cleanup as an envelope and
 * content, and counts as sent only when cleanup says that it is durable;
 * until then the recipients it is about are not done on disk. When cleanup
 * is away or cannot take it, notices wait.
 */
#ifndef QMGR_BOUNCE_H
#define QMGR_BOUNCE_H

#include "base/arena.h"
#include "mail/dsn.h"
#include "qmgr/dest.h"

/* What a notice will say about one recipient. */
struct bounce_about {
	enum dsn_kind kind;
	const char *status, *reason, *code;
	struct str text;  /* of the reply */
	const char *host; /* remote host; NULL: none */
};

/* Neighbours that heard the same share it. */
struct notice_said {
	struct str status, reason, code, text, host;
};
struct notice_rcpt {
	uint32_t index; /* in mail.rcpts */
	struct str addr;
	const struct notice_said *said;
};

struct notice {
	struct notice *next;
	struct mail *mail;
	enum dsn_kind kind;
	uint16_t profile; /* in qmgr.profiles */
	struct notice_rcpt *v;
	size_t n, cap;
	struct arena mem; /* what they point at */
	bool counted;     /* among those to this sender in this hour */
	uint32_t txn;     /* with cleanup; 0: not sent */
	uint64_t mid;     /* of the notice */
	void *worker;     /* outside.notice sets it: who has it */
};

/* Remembers that the sender is to be told, if the sender can and wants to
 * be (null sender, NOTIFY, profile). False: not owed. */
bool bounce_owe(struct qmgr *, struct parcel *, struct recipient *,
    const struct bounce_about *);
/* What was collected for the message may go out now. */
void bounce_queue(struct qmgr *, struct mail *);
/* Sends what can be sent; call when cleanup has come, or has drained. */
void bounce_run(struct qmgr *);
/* cleanup's answer. Unknown transactions are nobody's: false. */
bool bounce_answer(
    struct qmgr *, void *worker, uint32_t txn, uint32_t code, struct str text);
/* What it had not answered is sent again, to another. */
void bounce_worker_lost(struct qmgr *, void *worker);

void bounce_tick(struct qmgr *);
int64_t bounce_next(const struct qmgr *); /* 0: nothing planned */
/* mail_free: what was not queued yet. */
void bounce_drop(struct qmgr *, struct mail *);
void bounce_fini(struct qmgr *);

#endif

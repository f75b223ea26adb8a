/*
 * logged.h - what bounce and delivery logs want of a message
 *
 * The records that such logs are written from, and the header fields that all
 * logs show, cost something: a record is sent only when some subscription
 * takes it, and the message is read only when something of it is wanted, once
 * for all recipients of a parcel. What is said on a connection is told by smtp
 * when it was opened with the name of a debug log.
 */
#ifndef QMGR_LOGGED_H
#define QMGR_LOGGED_H

#include "event/event.h"
#include "qmgr/conn.h"
#include "qmgr/mail.h"

/* What was read of the message that something is being said about. */
struct logged {
	bool read;
	struct arena mem;
	struct codec_list headers; /* of struct ev_header */
	struct str message;        /* its first bytes */
	struct ip source;          /* who brought it; unset: not known */
};

void logged_init(struct logged *);
void logged_fini(struct logged *);

/* The fields that logs show; none when the message cannot be read. */
struct codec_list logged_headers(struct logged *, struct qmgr *, struct mail *);

/* What became of recipients of a parcel. conn NULL: nobody was asked. */
struct logged_end {
	struct parcel *parcel;
	const struct conn *conn;
	const struct verdict *verdict;
	struct str text; /* of the reply */
	uint32_t attempts;
	const struct ev_rid *rids; /* which recipients */
	size_t n;
};
void logged_delivered(
    struct logged *, struct qmgr *, const struct logged_end *);
void logged_delayed(struct logged *, struct qmgr *, const struct logged_end *);
void logged_bounced(struct logged *, struct qmgr *, const struct logged_end *);

/* The debug logs that hold another connection for that domain: it is counted
 * for them. */
#define LOGGED_DEBUGS 100
struct codec_list logged_debug(
    struct qmgr *, struct str domain, struct debug_log logs[LOGGED_DEBUGS]);

#endif

/*
 * signing.h - the DKIM signature of a message, while it is made
 *
 * Begins when MAIL is said, so that body and digests are done and keyd has
 * been asked while the server still thinks about recipients. A session has
 * one at a time: that of the transaction whose content goes next. A large
 * message is read in pieces, one a turn of the loop.
 *
 * What is signed are the bytes as they go out, with all that was put before
 * them. To the next server that gets the same message soon, it goes with the
 * signature that is there already.
 */
#ifndef SMTP_SIGNING_H
#define SMTP_SIGNING_H

#include "base/loop.h"
#include "smtp/transaction.h"

struct smtp_session;
struct signing;

/* Signatures that were made lately; in struct sessions. */
#define SIGNED_KEPT 32
struct signed_kept {
	struct signed_one {
		uint64_t mid;  /* 0: none */
		int64_t until; /* wall ms */
		char *field, *profile, *addr;
	} v[SIGNED_KEPT];
	size_t next;
};
void signed_forget(struct signed_kept *); /* all of them */

/* Of a transaction that wants it (ENV_DKIM). */
void signing_begin(struct smtp_session *, struct transaction *);
/* Is the signature of this transaction still to come? Then session_content is
 * called when it is there, or when there will be none. */
bool signing_waits(struct smtp_session *, const struct transaction *);
/* What goes before its content: the field, or nothing. */
struct str signing_field(
    const struct smtp_session *, const struct transaction *);
bool signing_asks(const struct smtp_session *); /* keyd */
/* What keyd says; empty: it does not sign. */
void signing_signed(struct smtp_session *, struct str signature);
/* That transaction is over; NULL: whichever it was. */
void signing_end(struct smtp_session *, const struct transaction *);

#endif

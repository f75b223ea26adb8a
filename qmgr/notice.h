/*
 * notice.h - the text and the envelope of one notice
 *
 * Reads the message it is about through `outside`, and lets lib/mail/dsn
 * write. Used by bounce.c.
 */
#ifndef QMGR_NOTICE_H
#define QMGR_NOTICE_H

#include "qmgr/bounce.h"

/* Larger originals are cut down to their header, whatever max_bounce_copy
 * says: a notice is made in memory. */
#define NOTICE_COPY_MAX (16u * 1024 * 1024)

/*
 * Makes the notice and hands it to outside.notice. n->mid and n->txn are set.
 * False: cannot be sent now. *wanted false: need not be sent at all (delay
 * warning to a machine).
 */
bool notice_send(struct qmgr *, struct notice *, bool *wanted);
/* Who gets it: the sender, or the profile's address. */
struct str notice_to(const struct qmgr *, const struct notice *);

#endif

/*
 * envelope.h - what peers may say in an envelope
 */
#ifndef CLEANUP_ENVELOPE_H
#define CLEANUP_ENVELOPE_H

#include "cleanup/mail.h"
#include "ipc/ipc.h"
#include "program/program.h"
#include "stats/stats.h"

/* Takes the ENVELOPE of such a program; the mail owns all of it then. -1: err,
 * that program has no right to say so. */
int envelope_take(
    struct mail *, const struct ipc_frame *, enum program_kind, struct err *);
/* Of an envelope that an administrator's tool makes only the recipients are
 * the tool's to say. From here on it is as one of qmgr's notices. */
void envelope_of_tool(struct mail *, struct stats *, const struct config *);

#endif

/*
 * intake.h - messages come in: frames of smtpd, notices of qmgr, and what
 * administrators send (from PROGRAM_MASTER, who let them in)
 *
 * The peer is taken for hostile (threats IPC-03): order, sizes, counts and
 * the stored form are checked again here. A message that fails is answered
 * with a code at its end; a peer that breaks the protocol is dropped.
 */
#ifndef CLEANUP_INTAKE_H
#define CLEANUP_INTAKE_H

#include "cleanup/cleanup.h"

struct intake; /* the transactions of one peer */

struct intake *intake_new(
    struct cleanup *, struct ipc *, enum program_kind from);
/* ENVELOPE, RCPT_MORE, DATA, END, ABORT. */
int intake_frame(struct intake *, struct ipc_frame *, struct err *);
/* The peer is gone: drafts go too, what is being committed goes on. */
void intake_lost(struct intake **);

#endif

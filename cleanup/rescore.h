/*
 * rescore.h - held messages that are judged once more by outbreak filters
 *
 * qmgr hears which rules are in force, and asks about each message that the
 * quarantine Outbreak holds when they have changed (workqueue 8.2). Here the
 * message runs through that one stage, as it stands in the quarantine, and
 * nothing becomes of it.
 */
#ifndef CLEANUP_RESCORE_H
#define CLEANUP_RESCORE_H

#include "cleanup/cleanup.h"

struct rescores;

struct rescores *rescores_new(struct cleanup *);
void rescores_connect(struct rescores *, struct ipc *qmgr);
void rescores_lost(struct rescores *, struct ipc *qmgr);
/* Tells qmgr, if the rules of this configuration are others than it knows. */
void rescores_tell(struct rescores *, const struct config *);
/* RESCORE */
int rescore_take(
    struct rescores *, struct ipc *, struct ipc_frame *, struct err *);

#endif

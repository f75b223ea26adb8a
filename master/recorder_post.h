/*
 * recorder_post.h - sends the mails of alerts, keeps their state on disk
 *
 * The way is one of its own: lookupd looks up where the mail goes and brings
 * it there (IPC_POST), so that it arrives when the queue does not move, when
 * delivery is suspended, and when qmgr, cleanup or smtp do not run. No filter
 * sees it and no destination limit holds it. While lookupd is away mails wait.
 * Every second try is in clear, for servers whose TLS fails.
 *
 * FILES
 *	LOGS/.state/alerts.json
 */
#ifndef MASTER_RECORDER_POST_H
#define MASTER_RECORDER_POST_H

#include <jansson.h>

#include "event/event.h"
#include "program/program.h"

struct recorder_post;

/* state: the folder, which stays open; system: the serial number. */
struct recorder_post *recorder_post_new(
    struct daemon *, int state, const char *system);
void recorder_post_config(struct recorder_post *, const struct config *);
void recorder_post_hear(
    struct recorder_post *, enum event_id, const void *fields);
/* lookupd came, went (NULL), told what became of a mail. */
void recorder_post_peer(struct recorder_post *, struct ipc *);
int recorder_post_answer(
    struct recorder_post *, const struct ipc_frame *, struct err *);
json_t *recorder_post_show(const struct recorder_post *);
/* At the end: what is to be saved is saved. */
void recorder_post_save(struct recorder_post *);

#endif

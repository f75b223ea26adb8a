/*
 * mail.h - a message that is ours: from its envelope to its hand-over
 *
 * Owns an arena with everything it points to, and its queue file. While it
 * waits without anybody needing it, it can be unloaded: then only its MID is
 * left, and loading reads the queue file again.
 */
#ifndef CLEANUP_MAIL_H
#define CLEANUP_MAIL_H

#include "base/arena.h"
#include "config/config.h"
#include "queue/queue.h"

/* What ends that many workers is not run again. */
#define ATTEMPTS_MAX 3

struct mail {
	struct mail *next; /* in the work queue */
	uint64_t mid;
	bool loaded;
	bool decided;      /* route is what the work queue said, */
	bool routed;       /* and ROUTE is on disk */
	uint32_t attempts; /* workers that it ended */
	bool again;        /* it was run before, in this life, for nothing */
	int slot;          /* of one that is not loaded; -1: it is a file */
	struct arena mem;
	struct envelope envelope;
	struct content found;
	struct route_rec route;
	struct qfile *file;
};

struct mail *mail_new(uint64_t mid); /* loaded, and empty */
void mail_free(struct mail **);      /* a draft is removed with it */
void mail_unload(struct mail *);
/* What is there already costs nothing. ERR_PERM: the file is no mail. */
int mail_load(struct mail *, struct spool *, struct err *);

/* Copies of these, with all that they point to, as the mail's own. */
void mail_set_envelope(struct mail *, const struct envelope *);
void mail_set_route(struct mail *, const struct route_rec *);

/* Decides that it is held, as nobody can say what else to do with it. */
void mail_give_up(struct mail *);

/* The message for qmgr; strings are the mail's. */
void mail_message(const struct mail *, struct message *);

#endif

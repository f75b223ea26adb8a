/*
 * held.h - descriptor and texts of messages that will be wanted soon
 *
 * cleanup sends them along with a message; for a later attempt they are read
 * from the file again. At most HELD_MAX messages have them at a time: the
 * one that came first gives way (its file is still there).
 */
#ifndef QMGR_HELD_H
#define QMGR_HELD_H

#include "base/arena.h"
#include "qmgr/mail.h"
#include "qmgr/store.h"

#define HELD_MAX 2000

struct held {
	struct mail *mail;
	int fd; /* -1: somebody else has it by now */
	uint32_t wire_flags;
	struct str prepend, envid;
	struct str content; /* of a message in a slot; n 0: it is in the file */
	struct str *orcpts; /* by RID; NULL: there are none */
	size_t n_orcpts;
	struct arena mem;
	struct held *next, *prev;
};

struct helds {
	struct held *first, *last;
	size_t n;
	struct store *store;
	struct qmgr *q;
	struct buf image; /* of the slot that was read last */
};

/* From what cleanup said; takes over fd (-1: the content came along). */
void held_from_message(
    struct helds *, struct mail *, const struct message *, int fd);
/* Finds it, or reads it from the file. NULL: err. */
struct held *held_get(struct helds *, struct mail *, struct err *);
/* A descriptor to be given away; -1: err. */
int held_fd(struct helds *, struct held *, struct err *);
void held_forget(struct helds *, struct mail *);

/* A read-only descriptor of its file, the caller's; what is in a slot leaves
 * it for that. -1: err. */
int held_open(struct helds *, struct mail *, struct err *);
/* Reads what its file, or slot, says; strings live in mem. */
int held_read(struct helds *, struct mail *, struct qmessage *,
    struct arena *mem, struct err *);
/* The first n bytes of its content. */
int held_content(struct helds *, struct mail *, const struct qmessage *,
    uint64_t n, struct buf *out, struct err *);

#endif

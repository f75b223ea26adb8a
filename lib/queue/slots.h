/*
 * slots.h - places for messages in flight, allocated once, used over and over
 *
 * Creating a file, making it and its name durable and removing it again is
 * most of what a message costs; overwriting blocks that are there already is
 * a fraction of it, and one sync serves all messages that were written since
 * the last (docs/decisions/0002-slots.md). So a small message is committed
 * into a slot; if it is delivered at the first attempt, nothing more happens
 * on the disk. Whatever must wait longer becomes an ordinary file.
 *
 *	incoming/slots.W	SLOTS_N slots of SLOT_SIZE bytes: each the
 *				bytes of a queue file (queue.h), from its start
 *	incoming/slots.W.state	for each slot two numbers (struct slot_state)
 *
 * W is the cleanup worker that writes; it maps the state. qmgr reads, and
 * says what is done by writing a number there. That may lag behind on the
 * disk by a second (threats DUR-06); what it can cause after a power cut is
 * that a message is delivered again.
 *
 *	FREE --write, sync--> committed = MID --delivered--> done = MID: FREE
 *
 * A slot holds mail when the image in it is whole and its MID is not the one
 * in `done`. An image that is not whole was being written when something
 * died: nobody was told 250, unless `committed` says so: then it is damaged.
 */
#ifndef QUEUE_SLOTS_H
#define QUEUE_SLOTS_H

#include "queue/queue.h"

#define SLOT_SIZE 32768u
#define SLOTS_N   512u
/* A slot takes an image of at most this size, so that ROUTE has room. */
#define SLOT_IMAGE_MAX (SLOT_SIZE - 4096u)

struct slots;

/*
 * The slots of a worker, in the spool's incoming folder. The writer makes
 * them where they are missing; when there is no room to spare (less than
 * eight times what they take) it goes without: *out is NULL, 0 is returned.
 * So it does, and err says so, when they are not as long as they must be and
 * messages may be in them: queue/survey.h makes files of these.
 * A reader (writer false) finds none: *out NULL, 0.
 */
int slots_open(struct slots **out, const struct spool *, uint32_t worker,
    bool writer, struct err *err);
/* For tools: as a reader, even when they are cut off or nothing says their
 * state. What is missing is empty. */
int slots_look(
    struct slots **out, const struct spool *, uint32_t worker, struct err *err);
/* What is wrong with their sizes; NULL: nothing. */
const char *slots_fault(const struct slots *);
void slots_close(struct slots **);

/* --- the writer --- */

/* A free slot for this message; -1: none, take a file. */
int slots_take(struct slots *, uint64_t mid);
/* The descriptor to write to and sync, and where the slot begins. */
int slots_fd(const struct slots *);
uint64_t slots_offset(int slot);
/* The image is durable: from now on a damaged image is damage. */
void slots_committed(struct slots *, int slot, uint64_t mid);

/* --- both --- */

/* This message needs the slot no longer. */
void slots_done(struct slots *, int slot, uint64_t mid);
bool slots_is_done(const struct slots *, int slot, uint64_t mid);
/* Makes what slots_done said durable; costs nothing when it said nothing. */
int slots_sync(struct slots *, struct err *err);

/* Reads the image of a slot; buf gets at most SLOT_SIZE bytes. */
int slots_read(const struct slots *, int slot, struct buf *, struct err *err);
/* What stands in a slot; MAIL only when it is of this MID and not done.
 * qm's strings point into image and mem. */
enum qread slots_message(const struct slots *, int slot, uint64_t mid,
    struct buf *image, struct qmessage *qm, struct arena *mem, struct err *err);

/*
 * Calls found for every slot that holds whole mail; damaged for those whose
 * committed message is not whole (they stay as they are, never used again).
 * The writer makes torn ones free.
 */
struct slots_handler {
	void (*found)(void *arg, int slot, const struct qmessage *);
	void (*damaged)(void *arg, int slot, uint64_t mid, const struct err *);
};
int slots_recover(struct slots *, bool writer, const struct slots_handler *,
    void *arg, struct err *err);

/*
 * Writes the image of a slot as an ordinary queue file of that place, durable
 * when it returns. That the file is there already, from a spill that did not
 * end, is fine. Does not say done. On any thread.
 */
int slots_spill(const struct slots *, int slot, uint64_t mid, struct spool *,
    enum queue_place to, struct err *err);

#endif

/*
 * part.h - what inspect tells of a part of a message, as a fact
 *
 * It comes in many frames, and what sends them is not to be trusted: it takes
 * strangers' files apart. Asked by cleanup, and by trace.
 */
#ifndef LOOKUP_PART_H
#define LOOKUP_PART_H

#include "config/config.h"
#include "fact/facts.h"
#include "ipc/ipc.h"

#define PART_TOLD ((size_t)16 << 20) /* bytes that are taken of an answer */

/* ms that it may take. */
int64_t part_time(const struct config *);
/* The question about a part of that many bytes. together: part_together(). */
struct inspect_msg part_question(
    const struct config *, uint64_t size, uint64_t together);
/* The number of all parts of a message in that version (work_key). run:
 * another one whenever they are asked about anew. */
uint64_t part_together(uint32_t run, struct str key);

struct part_told; /* what has come of an answer */

/* One frame of the answer; *told begins as NULL. 1: that was the last, and
 * the fact is filled in, in mem. -1: err, nobody in his right mind says so. */
int part_take(struct part_told **, const struct ipc_frame *,
    struct fact_answer *, struct arena *mem, struct err *err);
/* -1: err, that is no such frame. */
int part_check(const struct ipc_frame *, struct err *);
void part_forget(struct part_told **);

#define PART_TRIES 3 /* of a part that may be what ends inspect (MIM-12) */

#endif

/*
 * say.h - the log of a run: its notes in the order of time (workqueue 14)
 */
#ifndef CLEANUP_SAY_H
#define CLEANUP_SAY_H

#include "cleanup/outcome.h"

void say_outcome(const struct outcome *);
/* Why the run of that message counts for nothing. */
void say_later(const struct work *, uint64_t mid);

#endif

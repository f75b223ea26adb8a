/*
 * orders.h - commands about many recipients, carried out in slices
 *
 * showrecipients, countrecipients, deleterecipients, bouncerecipients,
 * redirectrecipients: one after the other, each a sweep (sweep.h) with an
 * admin tool that waits for its end, and until what it ordered is on disk. A
 * tool that goes away stops a list; what changes something goes on to its end
 * without it. What is left to do then (ordered.h) is done when no tool waits.
 */
#ifndef QMGR_ORDERS_H
#define QMGR_ORDERS_H

#include <stdbool.h>
#include <stdint.h>

struct ipc;
struct order;
struct world;

/* At the end of each turn. When to come back: wall clock of the loop; 0: there
 * is nothing to do. */
int64_t orders_run(struct world *);
void orders_forget(struct world *, const struct ipc *admin);
/* Somebody's order is not answered yet. */
bool orders_busy(const struct world *);

#endif

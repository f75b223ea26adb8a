/*
 * orders.h - commands about many recipients, carried out in slices
 *
 * showrecipients, countrecipients, deleterecipients, bouncerecipients,
 * redirectrecipients: one after the other, each a sweep (sweep.h) with an
 * admin tool that waits for its end. A tool that goes away stops a list; what
 * changes something goes on to its end without it.
 */
#ifndef QMGR_ORDERS_H
#define QMGR_ORDERS_H

#include <stdint.h>

struct ipc;
struct order;
struct world;

/* At the end of each turn. When to come back: wall clock of the loop; 0: there
 * is nothing to do. */
int64_t orders_run(struct world *);
void orders_forget(struct world *, const struct ipc *admin);

#endif

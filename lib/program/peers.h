/*
 * peers.h - who talks to whom, and what each may say
 *
 * One table (peers.c) from which the master wires the suite and every
 * program limits what it accepts from a peer: DESIGN section 2 as data.
 */
#ifndef PROGRAM_PEERS_H
#define PROGRAM_PEERS_H

#include <stdbool.h>

#include "program/program.h"

/* Is there a channel between programs of these kinds? Symmetric. */
bool peers_linked(enum program_kind a, enum program_kind b);

/* May `from` say anything to `to`? */
bool peers_speak(enum program_kind from, enum program_kind to);
/* Lets the channel accept what `from` may send to `to`, nothing else. */
void peers_accept(struct ipc *, enum program_kind from, enum program_kind to);

#endif

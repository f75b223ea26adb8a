/*
 * events.h - how a program's events reach the recorder
 *
 * Until there is a recorder, and while it is away, events wait in a bounded
 * buffer; what does not fit is counted and told when it is back.
 */
#ifndef PROGRAM_EVENTS_H
#define PROGRAM_EVENTS_H

#include "program/program.h"

/* From now on events of this process go to `recorder` (NULL: none now). */
void program_events_to(struct daemon *, struct ipc *recorder);

#endif

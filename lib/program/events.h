/*
 * events.h - how a program's events reach the recorder
 *
 * Events are gathered and sent together, at most EVENTS_GATHER_MS after the
 * first of them: the recorder is woken some times a second, not once for each
 * message. It puts them in order by their time, and waits that long for
 * stragglers (master/recorder.c); longer, where the shared memory says that a
 * program which does not get its turn still has older ones.
 *
 * Until there is a recorder, and while it is away, events wait in a bounded
 * buffer; what does not fit is counted and told when it is back.
 */
#ifndef PROGRAM_EVENTS_H
#define PROGRAM_EVENTS_H

#include "program/program.h"

#define EVENTS_GATHER_MS 20

/* From now on events of this process go to `recorder` (NULL: none now). */
void program_events_to(struct daemon *, struct ipc *recorder);
/* A message for an mbox log; fd becomes the channel's. False: the recorder is
 * away or far behind, fd stays the caller's. */
bool program_archive(const struct archive_msg *, int fd);
/* What was gathered goes now: the loop has ended. */
void program_events_flush(void);

#endif

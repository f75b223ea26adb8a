/*
 * recorder_mbox.h - mbox logs: messages that filters and scanners archive
 *
 *	NAME/NAME.@TIME.current		being written
 *	NAME/NAME.@TIME.s		saved
 *
 * Made when the first message for it comes. Each message stands behind a
 * line "From SENDER TIME", with lines that end in LF; lines of it that would
 * look like such a one have a > before them (mboxrd). One that cannot be
 * written whole is cut away again.
 */
#ifndef MASTER_RECORDER_MBOX_H
#define MASTER_RECORDER_MBOX_H

#include "ipc/messages.h"
#include "master/recorder_files.h"

#define MBOX_LOGS     100                  /* different ones */
#define MBOX_FILE_MAX (100u * 1024 * 1024) /* then it is rolled over */
#define MBOX_FILES    10                   /* saved ones that are kept */
#define MBOX_SIZE_MAX ((uint64_t)1 << 30)  /* of a message */

struct recorder_mboxes;

struct recorder_mboxes *recorder_mboxes_new(int logs);
void recorder_mboxes_free(struct recorder_mboxes **);
/* The message in fd, a regular file. */
int recorder_mbox_append(
    struct recorder_mboxes *, const struct archive_msg *, int fd, struct err *);
/* Begins a new file. False: there is no such log. */
bool recorder_mbox_roll(struct recorder_mboxes *, struct str name);

#endif

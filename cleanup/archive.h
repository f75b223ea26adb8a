/*
 * archive.h - messages for mbox logs: archive(), scanners
 *
 * A log, so nothing depends on it: it is written when the turn of a message is
 * over (settle.h), and what the recorder or the disk does not take is told.
 */
#ifndef CLEANUP_ARCHIVE_H
#define CLEANUP_ARCHIVE_H

#include "cleanup/outcome.h"

void archive_all(const struct outcome *);

#endif

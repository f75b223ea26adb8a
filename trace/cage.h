/*
 * cage.h - a child process that can look at things and do nothing else
 *
 * Its result is bytes, which whoever asked for them does not trust: it copies
 * them, or decodes them with base/codec.h (ADM-10).
 */
#ifndef TRACE_CAGE_H
#define TRACE_CAGE_H

#include "base/buf.h"
#include "base/err.h"

#define CAGE_FD         4 /* what it was given to read, in the child */
#define CAGE_RESULT_MAX (1u << 30)

/*
 * Calls work in a child: as root with an account of its own and an empty root
 * folder, always without files, network and other processes. fd: for it to
 * read, or -1; stays the caller's. What it puts into its buffer comes back in
 * result. -1: the child could not be made, or died.
 */
int cage_run(void (*work)(void *arg, struct buf *out), void *arg, int fd,
    struct buf *result, struct err *err);

#endif

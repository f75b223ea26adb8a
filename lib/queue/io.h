/*
 * io.h - the one writer and the one reader (private to lib/queue)
 *
 * Short counts and EINTR end here (threats DUR-03).
 */
#ifndef QUEUE_IO_H
#define QUEUE_IO_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/err.h"

/* Writes all of iov (which is used up) at `at`. */
int io_write(int fd, struct iovec *iov, int n, uint64_t at, struct err *err);
int io_write1(int fd, const void *p, size_t n, uint64_t at, struct err *err);
/* Reads up to n bytes; less only at the end of the file. */
ssize_t io_read(int fd, void *p, size_t n, uint64_t at, struct err *err);
int io_sync(int fd, struct err *err);

#endif

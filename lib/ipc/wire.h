/*
 * wire.h - what a frame looks like on the socket; inside lib/ipc only
 *
 * Numbers are in the byte order of the machine: both ends run on it.
 */
#ifndef IPC_WIRE_H
#define IPC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/err.h"
#include "ipc/messages.h"

struct wire_head {
	uint32_t length; /* of the body */
	uint16_t type;   /* enum ipc_type */
	uint16_t n_fds;
	uint32_t txn;
};
#define WIRE_HEAD      sizeof(struct wire_head)
#define WIRE_FDS_MAX   253 /* the kernel's limit of one sendmsg */
#define WIRE_FRAME_FDS 2   /* most descriptors that any message declares */

/* A head as received: the type exists, the number of descriptors and the
 * length are those declared for it. accepts: for each type,
 * whether this peer may send it; NULL: it may send any. */
int wire_head_check(
    const struct wire_head *, const bool accepts[IPC_N_TYPES], struct err *err);

/* Never blocks, never raises SIGPIPE. -1: see errno. */
ssize_t wire_send(
    int fd, const void *p, size_t n, const int *fds, size_t n_fds);
/* Never blocks. Received descriptors are put into fds, also when it returns
 * 0. -1: see errno; EPROTO: the descriptors did not all arrive. */
ssize_t wire_recv(int fd, struct iovec *iov, size_t n_iov,
    int fds[WIRE_FDS_MAX], size_t *n_fds);

/* Closes those that are not -1. */
void wire_close(const int *fds, size_t n_fds);

#endif

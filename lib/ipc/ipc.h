/*
 * ipc.h - channels between programs
 *
 * A channel is one end of a stream socket pair that the master made. Frames
 * on it are {length, type, descriptors, transaction}; a transaction number
 * lets many conversations share a channel. Sending only queues: everything
 * queued in one turn of the loop leaves in one system call at its end.
 *
 * The other end is treated as hostile (threats IPC-01, IPC-02): lengths are
 * checked against the declaration of the message before anything else, a
 * frame carries exactly the number of descriptors declared, and any fault
 * ends the channel (closed callback), never the process.
 */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"
#include "ipc/messages.h"

struct ipc;

struct ipc_frame {
	uint16_t type;   /* enum ipc_type; known to be valid */
	uint32_t txn;    /* transaction, as the sender chose it */
	struct str body; /* encoded message; valid during the callback */
	int *fds;        /* n_fds descriptors; set an entry to -1 to keep it, */
	size_t n_fds;    /* those left are closed after the callback */
};

struct ipc_handler {
	/* One frame arrived. Return -1 with err to end the channel. */
	int (*frame)(void *arg, struct ipc *, struct ipc_frame *, struct err *);
	/* The channel ended: end of file, error, protocol fault (err says).
	 * Called once; the channel is freed after it returns. */
	void (*closed)(void *arg, struct ipc *, const struct err *err);
	/* Optional: output that had piled up over IPC_BUSY has drained. */
	void (*drained)(void *arg, struct ipc *);
};

#define IPC_BUSY (512 * 1024) /* more than this queued: hold back */

/* Takes over fd and makes it non-blocking. */
struct ipc *ipc_new(struct loop *, int fd, const char *peer_name,
    const struct ipc_handler *, void *arg);
/* Which types the peer may send; default: none. Repeat to add. */
void ipc_accept(struct ipc *, enum ipc_type type);
void ipc_free(struct ipc **); /* closes; no callback; unsent output is lost */
const char *ipc_peer(const struct ipc *);

/*
 * Queues one message. msg is the struct declared for the type. fds: the
 * declared number of descriptors; they are duplicated by the kernel at
 * sending time and closed by the channel when sent (they become its own).
 */
void ipc_send(struct ipc *, enum ipc_type type, uint32_t txn, const void *msg);
void ipc_send_fds(struct ipc *, enum ipc_type type, uint32_t txn,
    const void *msg, const int *fds, size_t n_fds);
/* A message whose body is raw bytes (declared with IPC_RAW). */
void ipc_send_raw(
    struct ipc *, enum ipc_type type, uint32_t txn, const void *p, size_t n);
void ipc_flush(struct ipc *);          /* now, instead of at the end of turn */
size_t ipc_queued(const struct ipc *); /* bytes not yet sent */
bool ipc_busy(const struct ipc *);     /* queued > IPC_BUSY: hold back */
/* The peer takes nothing any more: what was queued is lost, and what is sent
 * from now on; closed will follow. */
bool ipc_is_deaf(const struct ipc *);
/* Stop / go on reading from this peer: back-pressure. */
void ipc_pause(struct ipc *, bool pause);

/* Decodes frame->body as the struct declared for its type. */
int ipc_decode(
    const struct ipc_frame *, void *msg, struct arena *mem, struct err *err);

/* Declaration of a type, for encoders, printers and fuzzers. */
struct ipc_spec {
	const char *name;
	const struct codec *codec; /* NULL: raw bytes */
	size_t n_fds;
	size_t max; /* greatest body length */
};
const struct ipc_spec *ipc_spec(enum ipc_type type); /* NULL: no such type */

/*
 * Blocking use, for admin tools and tests: one side of a control connection.
 * Both return -1 with err; wait for at most timeout_ms.
 */
int ipc_call_send(
    int fd, enum ipc_type type, uint32_t txn, const void *msg, struct err *err);
int ipc_call_send_raw(
    int fd, enum ipc_type type, uint32_t txn, struct str, struct err *err);
/* The body is put into *in (which grows from its start); fds_out, if not
 * NULL, receives up to *n_fds descriptors. */
int ipc_call_recv(int fd, struct ipc_frame *frame, struct buf *in, int *fds_out,
    size_t *n_fds, int timeout_ms, struct err *err);

#endif

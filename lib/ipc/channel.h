/*
 * channel.h - the insides of a channel; inside lib/ipc only
 *
 *	ipc.c		its life: made, paused, ended
 *	send.c		queue and flush
 *	receive.c	bytes to frames to the owner's callback
 */
#ifndef IPC_CHANNEL_H
#define IPC_CHANNEL_H

#include "ipc/ipc.h"
#include "ipc/wire.h"

#define SEND_MAX (2 * IPC_FRAME_MAX) /* bytes of one sendmsg */

struct out_fd {
	int fd;
	uint64_t at; /* place of its frame in all that was ever queued */
};

struct ipc {
	struct loop *loop;
	struct loop_watch *watch;
	struct loop_timer *retry; /* made when first needed */
	struct loop_job job;
	int fd;
	char *name;
	const struct ipc_handler *handler;
	void *arg;
	bool accepts[IPC_N_TYPES]; /* what the peer may send */

	struct buf out;
	uint64_t sent; /* bytes, ever */
	struct out_fd *out_fds;
	size_t n_out_fds, cap_out_fds;

	char *part;      /* start of a frame whose rest is to come */
	size_t part_len; /* bytes of it that are there */
	size_t part_cap; /* its whole size, once the head is there */
	int *in_fds;     /* arrived, not yet taken */
	size_t n_in_fds, cap_in_fds;
	size_t stray; /* bytes handled since one of them was taken */

	struct err fault;
	bool doomed;      /* closed() is due, fault says why */
	bool blocked;     /* the socket takes no more just now */
	bool later;       /* the kernel lacks memory: the timer goes on */
	bool deaf;        /* the peer does not read any more */
	bool was_busy;    /* drained() is due some time */
	bool paused;      /* we do not read just now */
	bool freed;       /* ipc_free came from within a callback */
	unsigned calling; /* callbacks we are in */
};

/* The first fault counts. The owner hears of it at the end of the turn. */
void channel_doom(struct ipc *, const struct err *fault);
/* Tells the loop what we wait for, after a flag has changed. */
void channel_set_want(struct ipc *);

void channel_flush(struct ipc *);
void channel_drop_output(struct ipc *);
void channel_tell_drained(struct ipc *);

/* One receive and all the frames that are whole then. */
void channel_read(struct ipc *);

#endif

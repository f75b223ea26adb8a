/*
 * receive.c - channels: from bytes to the owner's callback
 *
 * One recvmsg per turn and channel into a buffer that all channels share;
 * frames are handled where they lie. Only the start of a frame whose rest is
 * still to come is kept, in memory of just that frame's size; the rest is
 * received right behind it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ipc/channel.h"

#define BURST (256 * 1024) /* read at most per turn and channel */
/*
 * A descriptor may come this many bytes ahead of its frame: as many as went
 * out with it in one sendmsg. One that nobody takes by then is surplus.
 */
#define STRAY_MAX (SEND_MAX + BURST)

static ssize_t receive(struct ipc *, char *shared, size_t *have);
static void receive_failed(struct ipc *, ssize_t);
static void keep_fds(struct ipc *, const int *, size_t);
static void handle_part(struct ipc *);
static size_t handle_whole(struct ipc *, const char *, size_t);
static void handle_frame(
    struct ipc *, const struct wire_head *, const char *body);
static int take_fds(
    struct ipc *, const struct wire_head *, int *, struct err *);
static void keep_part(struct ipc *, const char *, size_t);

void
channel_read(struct ipc *c)
{
	static char *shared; /* of all channels of this process */
	size_t have = 0, used;
	ssize_t n;

	if (shared == NULL)
		shared = mem_grow(NULL, BURST);
	if (c->part_cap == 0 && c->part_len != 0) {
		have = c->part_len; /* not even a head: put it in front */
		memcpy(shared, c->part, have);
	}
	n = receive(c, shared, &have);
	if (n <= 0) {
		receive_failed(c, n);
		return;
	}
	if (c->part_cap == 0)
		c->part_len = 0;
	else if (c->part_len == c->part_cap)
		handle_part(c);
	used = handle_whole(c, shared, have);
	if (have > used && !c->doomed && !c->freed)
		keep_part(c, shared + used, have - used);
}

/* What is missing of a frame goes to its place, the rest to the shared
 * buffer, where `have` bytes are already. */
static ssize_t
receive(struct ipc *c, char *shared, size_t *have)
{
	struct iovec iov[2] = { { shared + *have, BURST - *have } };
	size_t n_iov = 1, n_fds, missing = 0;
	int fds[WIRE_FDS_MAX];
	ssize_t n;

	if (c->part_cap != 0) {
		missing = c->part_cap - c->part_len;
		iov[1] = iov[0];
		iov[0] = (struct iovec){ c->part + c->part_len, missing };
		n_iov = 2;
	}
	n = wire_recv(c->fd, iov, n_iov, fds, &n_fds);
	keep_fds(c, fds, n_fds);
	if (n <= 0)
		return n;
	if (missing > (size_t)n)
		missing = (size_t)n;
	c->part_len += missing;
	*have += (size_t)n - missing;
	return n;
}

static void
receive_failed(struct ipc *c, ssize_t n)
{
	struct err err = ERR_INIT;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1 && errno == EPROTO)
		err_set(&err, ERR_PROTO, "descriptors were lost");
	else if (n == -1)
		err_sys(&err, ERR_TEMP, "receive");
	else if (c->part_len != 0)
		err_set(&err, ERR_PROTO, "end of file within a message");
	else
		err_set(&err, ERR_TEMP, "end of file");
	channel_doom(c, &err);
}

static void
keep_fds(struct ipc *c, const int *fds, size_t n)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < n; i++) {
		c->in_fds = mem_room(
		    c->in_fds, &c->cap_in_fds, c->n_in_fds, sizeof(*c->in_fds));
		c->in_fds[c->n_in_fds++] = fds[i];
	}
	if (c->n_in_fds <= 2 * IPC_FDS_MAX)
		return;
	err_set(&err, ERR_PROTO, "%zu surplus descriptors", c->n_in_fds);
	channel_doom(c, &err);
}

static void
handle_part(struct ipc *c)
{
	struct wire_head h;
	char *part = c->part;

	memcpy(&h, part, WIRE_HEAD);
	c->part = NULL;
	c->part_len = c->part_cap = 0;
	handle_frame(c, &h, part + WIRE_HEAD);
	free(part);
}

/* Handles the whole frames at p; returns how many bytes they were. */
static size_t
handle_whole(struct ipc *c, const char *p, size_t n)
{
	struct err err = ERR_INIT;
	size_t used = 0;

	while (n - used >= WIRE_HEAD && !c->doomed && !c->freed) {
		struct wire_head h;

		memcpy(&h, p + used, WIRE_HEAD);
		if (wire_head_check(&h, c->accepts, &err) == -1) {
			channel_doom(c, &err);
			break;
		}
		if (n - used - WIRE_HEAD < h.length)
			break;
		handle_frame(c, &h, p + used + WIRE_HEAD);
		used += WIRE_HEAD + h.length;
	}
	return used;
}

static void
handle_frame(struct ipc *c, const struct wire_head *h, const char *body)
{
	int fds[WIRE_FRAME_FDS];
	struct ipc_frame f = { .type = h->type,
		.txn = h->txn,
		.body = { body, h->length },
		.fds = fds,
		.n_fds = h->n_fds };
	struct err err = ERR_INIT;

	if (c->doomed || c->freed)
		return;
	if (take_fds(c, h, fds, &err) == -1) {
		channel_doom(c, &err);
		return;
	}
	if (c->handler->frame(c->arg, c, &f, &err) == -1)
		channel_doom(c, &err);
	wire_close(fds, h->n_fds);
}

static int
take_fds(struct ipc *c, const struct wire_head *h, int *fds, struct err *err)
{
	size_t n = h->n_fds;

	if (n > c->n_in_fds)
		return err_set(err, ERR_PROTO, "%s without its descriptor",
		    ipc_spec(h->type)->name);
	if (c->n_in_fds == 0)
		return 0;
	if (n == 0) {
		c->stray += WIRE_HEAD + h->length;
		if (c->stray > STRAY_MAX)
			return err_set(err, ERR_PROTO,
			    "%zu surplus descriptors", c->n_in_fds);
		return 0;
	}
	memcpy(fds, c->in_fds, n * sizeof(*fds));
	c->n_in_fds -= n;
	memmove(c->in_fds, c->in_fds + n, c->n_in_fds * sizeof(*fds));
	c->stray = 0;
	return 0;
}

/* Its head, if it is there, has been checked. */
static void
keep_part(struct ipc *c, const char *p, size_t n)
{
	struct wire_head h;
	size_t size = WIRE_HEAD;

	if (n >= WIRE_HEAD) {
		memcpy(&h, p, WIRE_HEAD);
		size = WIRE_HEAD + h.length;
		c->part_cap = size;
	}
	free(c->part);
	c->part = mem_grow(NULL, size);
	memcpy(c->part, p, n);
	c->part_len = n;
}

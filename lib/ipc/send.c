/*
 * send.c - channels: queue messages, send them gathered
 *
 * Frames gather in `out`, their descriptors in `out_fds`; all of it leaves in
 * one sendmsg at the end of the turn. The kernel delivers the descriptors of
 * a sendmsg with its first bytes, so they come before or with their frame and
 * in order: the reader queues them up and gives each frame its number.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ipc/channel.h"

#define OUT_KEEP (16 * 1024) /* an idle channel keeps no more memory */
#define RETRY_MS 20          /* the kernel is out of memory just now */

static size_t put_head(struct ipc *);
static void put_fds(struct ipc *, size_t at, const int *, size_t);
static void put_frame(struct ipc *, size_t at, struct wire_head *);
static size_t fds_to_send(const struct ipc *, int *fds, size_t *bytes);
static void sent_some(struct ipc *, size_t bytes, size_t n_fds);
static void send_failed(struct ipc *);
static void retry(void *);

void
ipc_send(struct ipc *c, enum ipc_type type, uint32_t txn, const void *msg)
{
	ipc_send_fds(c, type, txn, msg, NULL, 0);
}

void
ipc_send_fds(struct ipc *c, enum ipc_type type, uint32_t txn, const void *msg,
    const int *fds, size_t n_fds)
{
	const struct ipc_spec *spec = ipc_spec(type);
	struct wire_head h = {
		.type = (uint16_t)type, .n_fds = (uint16_t)n_fds, .txn = txn
	};
	size_t at;

	if (spec == NULL || spec->codec == NULL || n_fds != spec->n_fds)
		panic("ipc: message %d with %zu descriptors", type, n_fds);
	if (c->doomed || c->deaf || c->freed) {
		wire_close(fds, n_fds);
		return;
	}
	at = put_head(c);
	codec_encode(spec->codec, msg, &c->out);
	put_fds(c, at, fds, n_fds);
	put_frame(c, at, &h);
}

void
ipc_send_raw(
    struct ipc *c, enum ipc_type type, uint32_t txn, const void *p, size_t n)
{
	const struct ipc_spec *spec = ipc_spec(type);
	struct wire_head h = { .type = (uint16_t)type, .txn = txn };
	size_t at;

	if (spec == NULL || spec->codec != NULL)
		panic("ipc: message %d is not raw", type);
	if (c->doomed || c->deaf || c->freed)
		return;
	at = put_head(c);
	buf_add(&c->out, p, n);
	put_frame(c, at, &h);
}

void
ipc_flush(struct ipc *c)
{
	if (c->doomed || c->freed)
		return;
	channel_flush(c);
	if (c->was_busy)
		loop_defer(c->loop, &c->job); /* it tells */
}

size_t
ipc_queued(const struct ipc *c)
{
	return c->out.len;
}

bool
ipc_busy(const struct ipc *c)
{
	return c->out.len > IPC_BUSY;
}

bool
ipc_is_deaf(const struct ipc *c)
{
	return c->deaf;
}

void
channel_flush(struct ipc *c)
{
	while (c->out.len != 0 && !c->blocked && !c->later) {
		int fds[IPC_FDS_MAX];
		size_t bytes = c->out.len;
		size_t n_fds = fds_to_send(c, fds, &bytes);
		ssize_t n = wire_send(c->fd, c->out.data, bytes, fds, n_fds);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			send_failed(c);
			return;
		}
		sent_some(c, (size_t)n, n_fds);
		if ((size_t)n < bytes) {
			c->blocked = true;
			channel_set_want(c);
		}
	}
}

void
channel_drop_output(struct ipc *c)
{
	for (size_t i = 0; i < c->n_out_fds; i++)
		close(c->out_fds[i].fd);
	c->n_out_fds = 0;
	buf_release(&c->out);
}

void
channel_tell_drained(struct ipc *c)
{
	if (!c->was_busy || c->out.len > IPC_BUSY / 2)
		return;
	c->was_busy = false;
	if (c->handler->drained != NULL)
		c->handler->drained(c->arg, c);
}

static size_t
put_head(struct ipc *c)
{
	size_t at = c->out.len;

	if (buf_room(&c->out, WIRE_HEAD) != NULL)
		buf_grew(&c->out, WIRE_HEAD);
	return at;
}

static void
put_fds(struct ipc *c, size_t at, const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		c->out_fds = mem_room(c->out_fds, &c->cap_out_fds, c->n_out_fds,
		    sizeof(*c->out_fds));
		c->out_fds[c->n_out_fds++] =
		    (struct out_fd){ fds[i], c->sent + at };
	}
}

/* The frame that began at `at` has its body now. */
static void
put_frame(struct ipc *c, size_t at, struct wire_head *h)
{
	struct err err = ERR_INIT;
	size_t n = c->out.len - at - WIRE_HEAD;

	if (c->out.failed) {
		err_set(&err, ERR_TEMP, "is %zu bytes behind", c->out.len);
		channel_doom(c, &err);
		return;
	}
	if (n > ipc_spec(h->type)->max)
		panic("ipc: %s of %zu bytes", ipc_spec(h->type)->name, n);
	h->length = (uint32_t)n;
	memcpy(c->out.data + at, h, WIRE_HEAD);
	if (c->out.len > IPC_BUSY)
		c->was_busy = true;
	loop_defer(c->loop, &c->job);
}

/*
 * How many bytes may leave in one go, and the descriptors that belong to
 * frames which begin in them. The frame whose descriptors are too many is
 * the first one of the next go.
 */
static size_t
fds_to_send(const struct ipc *c, int *fds, size_t *bytes)
{
	const struct out_fd *of = c->out_fds;
	size_t n = 0;

	if (*bytes > SEND_MAX)
		*bytes = SEND_MAX;
	while (n < c->n_out_fds && of[n].at < c->sent + *bytes &&
	       n < IPC_FDS_MAX) {
		fds[n] = of[n].fd;
		n++;
	}
	if (n < c->n_out_fds && of[n].at < c->sent + *bytes) {
		while (of[n].at == of[n - 1].at)
			n--;
		*bytes = of[n].at - c->sent;
	}
	return n;
}

static void
sent_some(struct ipc *c, size_t bytes, size_t n_fds)
{
	for (size_t i = 0; i < n_fds; i++)
		close(c->out_fds[i].fd);
	c->n_out_fds -= n_fds;
	if (n_fds != 0)
		memmove(c->out_fds, c->out_fds + n_fds,
		    c->n_out_fds * sizeof(*c->out_fds));
	c->sent += bytes;
	buf_consume(&c->out, bytes);
	if (c->out.len == 0 && c->out.cap > OUT_KEEP)
		buf_release(&c->out);
}

static void
send_failed(struct ipc *c)
{
	switch (errno) {
	case EAGAIN:
		c->blocked = true;
		channel_set_want(c);
		break;
	case ETOOMANYREFS: /* so many descriptors are under way already */
	case ENOBUFS:
	case ENOMEM:
		c->later = true;
		if (c->retry == NULL)
			c->retry = loop_timer(c->loop, retry, c);
		loop_timer_in(c->retry, RETRY_MS);
		break;
	default:
		/* It reads no more, but may have said something before. The
		 * end of file that follows ends the channel. */
		c->deaf = true;
		c->paused = false;
		channel_drop_output(c);
		channel_set_want(c);
	}
}

static void
retry(void *arg)
{
	struct ipc *c = arg;

	c->later = false;
	loop_defer(c->loop, &c->job);
}

/*
 * call.c - one message there and one back, waiting: admin tools, tests
 *
 * Reads exactly one frame, never more, so that nothing has to be kept from
 * one call to the next.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "ipc/ipc.h"
#include "ipc/wire.h"

#define SEND_MS 30000 /* a service that takes nothing for so long is stuck */

static int wait_for(int fd, short what, int64_t until, struct err *);
static int read_exactly(
    int fd, char *, size_t, struct ipc_frame *, int64_t until, struct err *);
static int pass_fds(
    struct ipc_frame *, int *fds_out, size_t *n_fds, struct err *);

int
ipc_call_send(
    int fd, enum ipc_type type, uint32_t txn, const void *msg, struct err *err)
{
	const struct ipc_spec *spec = ipc_spec(type);
	struct buf body;
	int rc;

	buf_init(&body, spec->max);
	codec_encode(spec->codec, msg, &body);
	rc = ipc_call_send_raw(fd, type, txn, buf_str(&body), err);
	buf_fini(&body);
	return rc;
}

int
ipc_call_send_raw(
    int fd, enum ipc_type type, uint32_t txn, struct str body, struct err *err)
{
	int64_t until = clock_mono_ms() + SEND_MS;
	const struct ipc_spec *spec = ipc_spec(type);
	struct wire_head h = {
		.length = (uint32_t)body.n, .type = (uint16_t)type, .txn = txn
	};
	struct buf out;
	int rc = 0;

	buf_init(&out, WIRE_HEAD + spec->max);
	buf_add(&out, &h, sizeof(h));
	buf_add_str(&out, body);
	while (rc == 0 && out.len != 0) {
		ssize_t n = wire_send(fd, out.data, out.len, NULL, 0);

		if (n > 0)
			buf_consume(&out, (size_t)n);
		else if (errno == EAGAIN)
			rc = wait_for(fd, POLLOUT, until, err);
		else if (errno != EINTR)
			rc = err_sys(err, ERR_TEMP, "send %s", spec->name);
	}
	buf_fini(&out);
	return rc;
}

int
ipc_call_recv(int fd, struct ipc_frame *f, struct buf *in, int *fds_out,
    size_t *n_fds, int timeout_ms, struct err *err)
{
	int64_t until = clock_mono_ms() + timeout_ms;
	int got[WIRE_FDS_MAX];
	struct wire_head h;
	char *body;
	int rc;

	*f = (struct ipc_frame){ .fds = got };
	buf_reset(in);
	rc = read_exactly(fd, (char *)&h, sizeof(h), f, until, err);
	if (rc == 0)
		rc = wire_head_check(&h, NULL, err);
	if (rc == 0) {
		body = buf_room(in, h.length);
		if (body == NULL)
			rc = err_set(
			    err, ERR_PROTO, "message of %u bytes", h.length);
		else
			rc = read_exactly(fd, body, h.length, f, until, err);
	}
	if (rc == -1) {
		wire_close(f->fds, f->n_fds);
		return -1;
	}
	buf_grew(in, h.length);
	f->type = h.type;
	f->txn = h.txn;
	f->body = buf_str(in);
	if (f->n_fds != h.n_fds) {
		wire_close(f->fds, f->n_fds);
		return err_set(err, ERR_PROTO, "%zu descriptors instead of %u",
		    f->n_fds, h.n_fds);
	}
	return pass_fds(f, fds_out, n_fds, err);
}

static int
wait_for(int fd, short what, int64_t until, struct err *err)
{
	struct pollfd p = { fd, what, 0 };
	int64_t left = until - clock_mono_ms();
	int n = left > 0 ? poll(&p, 1, (int)left) : 0;

	if (n == 0)
		return err_set(err, ERR_TEMP, "no answer in time");
	if (n == -1 && errno != EINTR)
		return err_sys(err, ERR_TEMP, "poll");
	return 0;
}

/* Descriptors that come along are added to f. */
static int
read_exactly(int fd, char *p, size_t len, struct ipc_frame *f, int64_t until,
    struct err *err)
{
	while (len != 0) {
		struct iovec iov = { p, len };
		int fds[WIRE_FDS_MAX];
		size_t n_fds;
		ssize_t n = wire_recv(fd, &iov, 1, fds, &n_fds);

		if (n_fds > WIRE_FDS_MAX - f->n_fds) {
			wire_close(fds, n_fds);
			return err_set(err, ERR_PROTO, "too many descriptors");
		}
		memcpy(f->fds + f->n_fds, fds, n_fds * sizeof(int));
		f->n_fds += n_fds;
		if (n == 0) {
			err_set(err, ERR_TEMP,
			    "the other side ended the connection");
			if (err != NULL)
				err->sys = ECONNRESET;
			return -1;
		}
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			if (wait_for(fd, POLLIN, until, err) == -1)
				return -1;
		} else if (errno != EINTR) {
			return err_sys(err, ERR_TEMP, "receive");
		}
	}
	return 0;
}

/* The caller's array gets them, as many as it takes. */
static int
pass_fds(struct ipc_frame *f, int *fds_out, size_t *n_fds, struct err *err)
{
	size_t room = fds_out != NULL ? *n_fds : 0;

	if (n_fds != NULL)
		*n_fds = 0;
	if (f->n_fds > room) {
		wire_close(f->fds, f->n_fds);
		return err_set(
		    err, ERR_PROTO, "%zu descriptors, not wanted", f->n_fds);
	}
	if (f->n_fds != 0) {
		memcpy(fds_out, f->fds, f->n_fds * sizeof(int));
		*n_fds = f->n_fds;
	}
	f->fds = fds_out;
	return 0;
}

/* wire.c - frames and descriptors on the socket; the table of messages */
#include "ipc/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/ipc.h"

#define SPEC_M(t, record, fds)                                                 \
	[IPC_##t] = { #t, &record##_codec, (fds), IPC_FRAME_MAX },
#define SPEC_X(t) [IPC_##t] = { #t, NULL, 0, IPC_FRAME_MAX },
static struct ipc_spec specs[IPC_N_TYPES] = { IPC_MESSAGES(SPEC_M, SPEC_X) };

#define FDS_M(t, record, fds)                                                  \
	_Static_assert((fds) <= WIRE_FRAME_FDS, "descriptors of " #t);
#define FDS_X(t)
IPC_MESSAGES(FDS_M, FDS_X)

static void set_limits(void);
static void collect_fds(struct msghdr *, int *, size_t *);

const struct ipc_spec *
ipc_spec(enum ipc_type type)
{
	if (type <= IPC_NONE || type >= IPC_N_TYPES)
		return NULL;
	set_limits();
	return &specs[type];
}

int
ipc_decode(
    const struct ipc_frame *f, void *msg, struct arena *mem, struct err *err)
{
	return codec_decode(specs[f->type].codec, msg, f->body, mem, err);
}

int
wire_head_check(
    const struct wire_head *h, const bool accepts[IPC_N_TYPES], struct err *err)
{
	const struct ipc_spec *spec = ipc_spec(h->type);

	if (spec == NULL)
		return err_set(
		    err, ERR_PROTO, "message of unknown type %u", h->type);
	if (accepts != NULL && !accepts[h->type])
		return err_set(err, ERR_PROTO, "%s is not for this peer to say",
		    spec->name);
	if (h->n_fds != spec->n_fds)
		return err_set(err, ERR_PROTO, "%s with %u descriptors",
		    spec->name, h->n_fds);
	if (h->length > spec->max)
		return err_set(
		    err, ERR_PROTO, "%s of %u bytes", spec->name, h->length);
	return 0;
}

ssize_t
wire_send(int fd, const void *p, size_t n, const int *fds, size_t n_fds)
{
	_Alignas(
	    struct cmsghdr) char room[CMSG_SPACE(sizeof(int) * IPC_FDS_MAX)];
	struct iovec iov = { (void *)(uintptr_t)p, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (n_fds > IPC_FDS_MAX)
		panic("ipc: %zu descriptors at once", n_fds);
	if (n_fds != 0) {
		m.msg_control = room;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		memset(room, 0, m.msg_controllen);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t
wire_recv(int fd, struct iovec *iov, size_t n_iov, int fds[WIRE_FDS_MAX],
    size_t *n_fds)
{
	_Alignas(
	    struct cmsghdr) char room[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
	struct msghdr m = { .msg_iov = iov,
		.msg_iovlen = n_iov,
		.msg_control = room,
		.msg_controllen = sizeof(room) };
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*n_fds = 0;
	if (n == -1)
		return -1;
	if (m.msg_controllen != 0)
		collect_fds(&m, fds, n_fds);
	if (m.msg_flags & MSG_CTRUNC) {
		wire_close(fds, *n_fds);
		*n_fds = 0;
		errno = EPROTO;
		return -1;
	}
	return n;
}

void
wire_close(const int *fds, size_t n_fds)
{
	for (size_t i = 0; i < n_fds; i++)
		if (fds[i] != -1)
			close(fds[i]);
}

/* The greatest length of each message, from its declaration. */
static void
set_limits(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	for (size_t i = 1; i < IPC_N_TYPES; i++) {
		struct ipc_spec *s = &specs[i];
		size_t max;

		if (s->codec == NULL)
			continue;
		max = codec_max(s->codec);
		if (max < s->max)
			s->max = max;
	}
}

static void
collect_fds(struct msghdr *m, int *fds, size_t *n_fds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	     c = CMSG_NXTHDR(m, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n > WIRE_FDS_MAX - *n_fds)
			panic("ipc: more descriptors than there was room for");
		memcpy(fds + *n_fds, CMSG_DATA(c), n * sizeof(int));
		*n_fds += n;
	}
}

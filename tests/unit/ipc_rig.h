/*
 * ipc_rig.h - a channel, and what is at its other end: a channel too, or a
 * bare socket that says whatever the test likes
 */
#ifndef TESTS_IPC_RIG_H
#define TESTS_IPC_RIG_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ipc/ipc.h"

#define GUARD_MS 5000

struct side {
	struct ipc *ipc;
	struct world *world;
	size_t frames, bytes, drained, closed;
	uint32_t last_txn;
	struct err err;     /* of closed */
	size_t stop_at;     /* frames after which the loop stops */
	bool free_in_frame; /* free the channel from the callback */
	bool refuse;        /* answer -1 */
	bool echo;          /* send each frame back */
	size_t fds_right;   /* descriptors that belong to their frame */
	size_t fds_wrong;
};

struct world {
	struct loop *loop;
	struct loop_timer *guard;
	struct side a, b; /* b: the other side, or the honest bystander */
	int raw;          /* bare end of a's socket */
	bool hung;
};

static inline int on_frame(
    void *, struct ipc *, struct ipc_frame *, struct err *);
static inline void on_closed(void *, struct ipc *, const struct err *);
static inline void on_drained(void *, struct ipc *);

static const struct ipc_handler handler = { on_frame, on_closed, on_drained };

/* Descriptors in these tests are files as long as the frame's number. */
static inline int
file_of_size(off_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd != -1);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

static inline off_t
file_size(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

static inline int
on_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct side *s = arg;

	assert_ptr_equal(ipc, s->ipc);
	s->frames++;
	s->bytes += f->body.n;
	s->last_txn = f->txn;
	for (size_t i = 0; i < f->n_fds; i++)
		if (file_size(f->fds[i]) == f->txn)
			s->fds_right++;
		else
			s->fds_wrong++;
	if (s->echo)
		ipc_send_raw(ipc, IPC_DATA, f->txn, f->body.p, f->body.n);
	if (s->frames == s->stop_at)
		loop_stop(s->world->loop);
	if (s->free_in_frame) {
		ipc_free(&s->ipc);
		assert_null(s->ipc);
	}
	return s->refuse ? err_set(err, ERR_PERM, "refused") : 0;
}

static inline void
on_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct side *s = arg;

	assert_ptr_equal(ipc, s->ipc);
	s->closed++;
	s->err = *err;
	s->ipc = NULL;
	loop_stop(s->world->loop);
}

static inline void
on_drained(void *arg, struct ipc *ipc)
{
	struct side *s = arg;

	assert_ptr_equal(ipc, s->ipc);
	s->drained++;
}

static inline void
hang(void *arg)
{
	struct world *w = arg;

	w->hung = true;
	loop_stop(w->loop);
}

static inline void
stop(void *arg)
{
	struct world *w = arg;

	loop_stop(w->loop);
}

static inline void
side_open(struct world *w, struct side *s, int fd, const char *name)
{
	static const enum ipc_type types[] = { IPC_DATA, IPC_READY, IPC_PEER,
		IPC_SETUP, IPC_MESSAGE };

	s->world = w;
	s->ipc = ipc_new(w->loop, fd, name, &handler, s);
	for (size_t i = 0; i < NELEM(types); i++)
		ipc_accept(s->ipc, types[i]);
}

static inline struct world *
world_new(bool raw)
{
	struct world *w = mem_alloc(sizeof(*w));
	int sv[2];

	w->loop = loop_new();
	w->guard = loop_timer(w->loop, hang, w);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	w->raw = -1;
	side_open(w, &w->a, sv[0], "a");
	if (raw)
		w->raw = sv[1];
	else
		side_open(w, &w->b, sv[1], "b");
	return w;
}

static inline void
world_free(struct world *w)
{
	ipc_free(&w->a.ipc);
	ipc_free(&w->b.ipc);
	if (w->raw != -1)
		close(w->raw);
	loop_timer_free(&w->guard);
	loop_free(&w->loop);
	free(w);
}

/* Until somebody stops the loop; a test that hangs fails. */
static inline void
run(struct world *w)
{
	loop_timer_in(w->guard, GUARD_MS);
	loop_run(w->loop);
	if (w->hung)
		fail_msg("nothing happens any more");
}

/* Until all that is under way has arrived. */
static inline void
run_idle(struct world *w)
{
	struct loop_timer *t = loop_timer(w->loop, stop, w);

	for (int i = 0; i < 3; i++) {
		loop_timer_in(t, 0);
		loop_run(w->loop);
	}
	loop_timer_free(&t);
}

static inline size_t
open_fds(void)
{
	struct stat st;
	size_t n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fstat(fd, &st) == 0;
	return n;
}

#endif

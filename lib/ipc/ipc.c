/*
 * ipc.c - channels between programs: their life
 *
 * A fault is only noted (channel_doom); the owner hears of it in the job at
 * the end of the turn, never from within a call of his. While one of his
 * callbacks runs, ipc_free only marks the channel.
 */
#include "ipc/ipc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "ipc/channel.h"

static void ready(void *, int);
static void at_turn_end(void *);
static void leave(struct ipc *);
static void destroy(struct ipc *);

struct ipc *
ipc_new(struct loop *l, int fd, const char *peer_name,
    const struct ipc_handler *handler, void *arg)
{
	struct ipc *c = mem_alloc(sizeof(*c));

	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		panic("ipc: %s: descriptor %d", peer_name, fd);
	c->loop = l;
	c->fd = fd;
	c->name = mem_strdup(peer_name);
	c->handler = handler;
	c->arg = arg;
	c->job.cb = at_turn_end;
	c->job.arg = c;
	c->job.last = true;
	buf_init(&c->out, IPC_OUT_MAX);
	c->watch = loop_watch(l, fd, LOOP_READ, ready, c);
	return c;
}

void
ipc_accept(struct ipc *c, enum ipc_type type)
{
	c->accepts[type] = true;
}

void
ipc_free(struct ipc **cp)
{
	struct ipc *c = *cp;

	*cp = NULL;
	if (c == NULL || c->freed)
		return;
	c->freed = true;
	if (c->calling == 0)
		destroy(c);
}

const char *
ipc_peer(const struct ipc *c)
{
	return c->name;
}

void
ipc_pause(struct ipc *c, bool pause)
{
	c->paused = pause;
	channel_set_want(c);
}

void
channel_doom(struct ipc *c, const struct err *fault)
{
	if (c->doomed)
		return;
	c->doomed = true;
	c->fault = *fault;
	channel_set_want(c);
	loop_defer(c->loop, &c->job);
}

void
channel_set_want(struct ipc *c)
{
	int want = 0;

	if (!c->doomed && !c->paused)
		want |= LOOP_READ;
	if (!c->doomed && c->blocked)
		want |= LOOP_WRITE;
	loop_want(c->watch, want);
}

static void
ready(void *arg, int what)
{
	struct ipc *c = arg;

	c->calling++;
	if (what == LOOP_WRITE) {
		c->blocked = false;
		channel_set_want(c);
		channel_flush(c);
		channel_tell_drained(c);
	} else {
		channel_read(c);
	}
	leave(c);
}

static void
at_turn_end(void *arg)
{
	struct ipc *c = arg;

	c->calling++;
	if (!c->doomed)
		channel_flush(c);
	if (!c->doomed)
		channel_tell_drained(c);
	if (c->doomed && !c->freed) {
		c->handler->closed(c->arg, c, &c->fault);
		c->freed = true;
	}
	leave(c);
}

/* Ends a stretch in which callbacks may have run: last touch of c. */
static void
leave(struct ipc *c)
{
	if (--c->calling == 0 && c->freed)
		destroy(c);
}

static void
destroy(struct ipc *c)
{
	loop_undefer(&c->job);
	loop_timer_free(&c->retry);
	loop_unwatch(&c->watch);
	close(c->fd);
	channel_drop_output(c);
	wire_close(c->in_fds, c->n_in_fds);
	buf_fini(&c->out);
	free(c->out_fds);
	free(c->in_fds);
	free(c->part);
	free(c->name);
	free(c);
}

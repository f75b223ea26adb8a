/*
 * fuzz_ipc.c - bytes from a peer that has been taken over
 *
 * First byte 0: the rest goes through a channel, cut in two at the second
 * byte, with a descriptor when the third one is odd. Else: the rest is the
 * body of the message of that type; what decodes must encode to the same
 * bytes and print.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/wire.h"

#define MEM_MAX  (16 * 1024 * 1024)
#define SEND_MAX 60000 /* what the socket takes without blocking */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
static void try_body(enum ipc_type, struct str);
static void try_channel(const uint8_t *, size_t);
static int on_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void on_closed(void *, struct ipc *, const struct err *);
static void turn(struct loop *);
static void stop(void *);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n >= 3 && p[0] == 0)
		try_channel(p + 1, n - 1);
	else if (n >= 1)
		try_body(1 + p[0] % (IPC_N_TYPES - 1),
		    (struct str){ (const char *)p + 1, n - 1 });
	return 0;
}

static void
try_body(enum ipc_type type, struct str body)
{
	const struct codec *c = ipc_spec(type)->codec;
	struct ipc_frame f = { .type = (uint16_t)type, .body = body };
	struct arena mem;
	struct buf out;
	void *msg;

	if (c == NULL)
		return;
	msg = mem_alloc(c->size);
	arena_init(&mem, MEM_MAX);
	buf_init(&out, MEM_MAX);
	if (ipc_decode(&f, msg, &mem, NULL) == 0) {
		codec_encode(c, msg, &out);
		if (!str_eq(buf_str(&out), body))
			panic("%s is not what it was", c->name);
		buf_reset(&out);
		codec_print(c, msg, &out);
	}
	buf_fini(&out);
	arena_free(&mem);
	free(msg);
}

static void
try_channel(const uint8_t *p, size_t n)
{
	static const struct ipc_handler handler = { on_frame, on_closed, NULL };
	size_t rest = n - 2 < SEND_MAX ? n - 2 : SEND_MAX;
	size_t cut = rest * p[0] / 255;
	struct loop *loop = loop_new();
	struct ipc *c;
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		panic("socketpair");
	c = ipc_new(loop, sv[0], "fuzz", &handler, &c);
	for (int t = 1; t < IPC_N_TYPES; t++)
		ipc_accept(c, (enum ipc_type)t);
	if (cut != 0)
		wire_send(sv[1], p + 2, cut, &sv[1], p[1] & 1);
	turn(loop);
	if (rest != cut)
		wire_send(
		    sv[1], p + 2 + cut, rest - cut, &sv[1], p[1] >> 1 & 1);
	turn(loop);
	close(sv[1]);
	turn(loop);
	ipc_free(&c);
	loop_free(&loop);
}

static int
on_frame(void *arg, struct ipc *c, struct ipc_frame *f, struct err *err)
{
	(void)arg, (void)c, (void)err;
	if (f->n_fds != ipc_spec(f->type)->n_fds)
		panic("%zu descriptors", f->n_fds);
	try_body(f->type, f->body);
	return 0;
}

static void
on_closed(void *arg, struct ipc *c, const struct err *err)
{
	(void)c;
	if (err->text[0] == '\0')
		panic("closed without a word");
	*(struct ipc **)arg = NULL;
}

static void
turn(struct loop *loop)
{
	struct loop_timer *t = loop_timer(loop, stop, loop);

	loop_timer_in(t, 0);
	loop_run(loop);
	loop_timer_free(&t);
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

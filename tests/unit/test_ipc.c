/*
 * test_ipc.c - channels, and peers that mean us harm
 *
 * One side is a channel; the other is a channel too, or a bare socket that
 * says whatever the test likes. A second, honest channel on the same loop
 * must never notice (threats IPC-01, IPC-02).
 */
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
#include "ipc/wire.h"
#include "random_record.h"

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

static int on_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void on_closed(void *, struct ipc *, const struct err *);
static void on_drained(void *, struct ipc *);

static const struct ipc_handler handler = { on_frame, on_closed, on_drained };

/* Descriptors in these tests are files as long as the frame's number. */
static int
file_of_size(off_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd != -1);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

static off_t
file_size(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

static int
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

static void
on_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct side *s = arg;

	assert_ptr_equal(ipc, s->ipc);
	s->closed++;
	s->err = *err;
	s->ipc = NULL;
	loop_stop(s->world->loop);
}

static void
on_drained(void *arg, struct ipc *ipc)
{
	struct side *s = arg;

	assert_ptr_equal(ipc, s->ipc);
	s->drained++;
}

static void
hang(void *arg)
{
	struct world *w = arg;

	w->hung = true;
	loop_stop(w->loop);
}

static void
stop(void *arg)
{
	struct world *w = arg;

	loop_stop(w->loop);
}

static void
side_open(struct world *w, struct side *s, int fd, const char *name)
{
	static const enum ipc_type types[] = { IPC_DATA, IPC_READY, IPC_PEER,
		IPC_SETUP, IPC_MESSAGE };

	s->world = w;
	s->ipc = ipc_new(w->loop, fd, name, &handler, s);
	for (size_t i = 0; i < NELEM(types); i++)
		ipc_accept(s->ipc, types[i]);
}

static struct world *
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

static void
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
static void
run(struct world *w)
{
	loop_timer_in(w->guard, GUARD_MS);
	loop_run(w->loop);
	if (w->hung)
		fail_msg("nothing happens any more");
}

/* Until all that is under way has arrived. */
static void
run_idle(struct world *w)
{
	struct loop_timer *t = loop_timer(w->loop, stop, w);

	for (int i = 0; i < 3; i++) {
		loop_timer_in(t, 0);
		loop_run(w->loop);
	}
	loop_timer_free(&t);
}

static size_t
open_fds(void)
{
	struct stat st;
	size_t n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fstat(fd, &st) == 0;
	return n;
}

/* --- honest peers --- */

static void
test_messages_arrive(void **state)
{
	struct world *w = world_new(false);
	struct ready ready = { .pid = 77 };

	(void)state;
	w->b.stop_at = 3;
	ipc_send(w->a.ipc, IPC_READY, 1, &ready);
	ipc_send_raw(w->a.ipc, IPC_DATA, 2, "hello", 5);
	ipc_send_raw(w->a.ipc, IPC_DATA, 3, "", 0);
	assert_true(ipc_queued(w->a.ipc) > 0);
	run(w);
	assert_int_equal(ipc_queued(w->a.ipc), 0);
	assert_int_equal(w->b.frames, 3);
	assert_int_equal(w->b.last_txn, 3);
	assert_string_equal(ipc_peer(w->a.ipc), "a");
	world_free(w);
}

static void
test_output_of_a_turn_is_one_send(void **state)
{
	struct world *w = world_new(true);
	char room[4096];

	(void)state;
	for (uint32_t i = 0; i < 50; i++)
		ipc_send_raw(w->a.ipc, IPC_DATA, i, "x", 1);
	ipc_flush(w->a.ipc);
	/* Stream sockets keep the borders of sends with descriptors only, so
	 * look at the length: everything is there at once. */
	assert_int_equal(read(w->raw, room, sizeof(room)), 50 * 13);
	world_free(w);
}

static void
test_large_frames_and_bursts(void **state)
{
	struct world *w = world_new(false);
	char *big = mem_alloc(IPC_FRAME_MAX);
	uint64_t seed = 7;
	size_t total = 0;

	(void)state;
	w->b.stop_at = 60;
	for (uint32_t i = 0; i < 60; i++) {
		size_t n = i % 10 == 0 ? IPC_FRAME_MAX : rnd(&seed) % 70000;

		total += n;
		ipc_send_raw(w->a.ipc, IPC_DATA, i, big, n);
	}
	assert_true(ipc_busy(w->a.ipc));
	run(w);
	assert_int_equal(w->b.bytes, total);
	assert_int_equal(w->b.last_txn, 59);
	run_idle(w);
	assert_int_equal(w->a.drained, 1);
	assert_false(ipc_busy(w->a.ipc));
	free(big);
	world_free(w);
}

static void
test_echo_between_two(void **state)
{
	struct world *w = world_new(false);

	(void)state;
	w->a.echo = w->b.echo = true;
	w->b.stop_at = 1000;
	ipc_send_raw(w->a.ipc, IPC_DATA, 9, "ping", 4);
	run(w);
	assert_true(w->a.frames >= 999);
	world_free(w);
}

/* More descriptors than one send takes; each must reach its own frame. */
static void
test_descriptors_reach_their_frames(void **state)
{
	enum { N = IPC_FDS_MAX + 55 };
	struct world *w = world_new(false);
	struct setup setup = { .folder = STR("/x") };
	struct peer_msg peer = { .kind = 1 };
	size_t before = open_fds();
	int fds[2];

	(void)state;
	w->b.stop_at = N;
	for (uint32_t i = 0; i < N; i++) {
		fds[0] = file_of_size(i);
		fds[1] = i % 3 == 0 ? file_of_size(i) : -1;
		if (i % 3 == 0)
			ipc_send_fds(w->a.ipc, IPC_SETUP, i, &setup, fds, 2);
		else
			ipc_send_fds(w->a.ipc, IPC_PEER, i, &peer, fds, 1);
		if (i % 7 == 0)
			ipc_send_raw(w->a.ipc, IPC_DATA, i, "x", 1);
	}
	w->b.stop_at = N + N / 7 + 1;
	run(w);
	assert_int_equal(w->b.fds_right, N + (N + 2) / 3);
	assert_int_equal(w->b.fds_wrong, 0);
	assert_int_equal(open_fds(), before);
	world_free(w);
}

/* The socket is full: descriptors go ahead of frames that are cut. */
static void
test_descriptors_behind_much_data(void **state)
{
	enum { N = 100 };
	struct world *w = world_new(false);
	struct peer_msg peer = { .kind = 1 };
	char *big = mem_alloc(100000);

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		int fd = file_of_size(i);

		ipc_send_raw(w->a.ipc, IPC_DATA, i, big, 1000 * i);
		ipc_send_fds(w->a.ipc, IPC_PEER, i, &peer, &fd, 1);
	}
	w->b.stop_at = 2 * N;
	run(w);
	assert_int_equal(w->b.fds_right, N);
	assert_int_equal(w->b.fds_wrong, 0);
	free(big);
	world_free(w);
}

static void
test_pause_holds_back(void **state)
{
	struct world *w = world_new(false);

	(void)state;
	ipc_pause(w->b.ipc, true);
	ipc_send_raw(w->a.ipc, IPC_DATA, 1, "x", 1);
	run_idle(w);
	assert_int_equal(w->b.frames, 0);
	ipc_pause(w->b.ipc, false);
	w->b.stop_at = 1;
	run(w);
	world_free(w);
}

/* What a peer said before it went away still counts. */
static void
test_last_words_are_heard(void **state)
{
	struct world *w = world_new(true);
	char frame[WIRE_HEAD + 1] = "";
	struct wire_head h = { .length = 1, .type = IPC_DATA };

	(void)state;
	memcpy(frame, &h, sizeof(h));
	ipc_send_raw(w->a.ipc, IPC_DATA, 1, "x", 1); /* gives EPIPE */
	assert_int_equal(write(w->raw, frame, sizeof(frame)), sizeof(frame));
	close(w->raw);
	w->raw = -1;
	run(w);
	assert_int_equal(w->a.frames, 1);
	assert_int_equal(w->a.closed, 1);
	assert_string_equal(w->a.err.text, "end of file");
	world_free(w);
}

static void
test_peer_gone_while_paused(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	ipc_pause(w->a.ipc, true);
	ipc_send_raw(w->a.ipc, IPC_DATA, 1, "x", 1);
	close(w->raw);
	w->raw = -1;
	run(w);
	assert_int_equal(w->a.closed, 1);
	world_free(w);
}

/* --- reentrancy --- */

static void
test_free_inside_the_callback(void **state)
{
	struct world *w = world_new(false);

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		ipc_send_raw(w->a.ipc, IPC_DATA, i, "x", 1);
	w->b.free_in_frame = true;
	run(w); /* a sees the end of file */
	assert_int_equal(w->b.frames, 1);
	assert_int_equal(w->b.closed, 0);
	assert_int_equal(w->a.closed, 1);
	world_free(w);
}

static void
test_free_and_refuse_at_once(void **state)
{
	struct world *w = world_new(false);

	(void)state;
	ipc_send_raw(w->a.ipc, IPC_DATA, 0, "x", 1);
	w->b.free_in_frame = true;
	w->b.refuse = true;
	run(w);
	assert_int_equal(w->b.closed, 0);
	world_free(w);
}

static void
test_refused_frame_ends_the_channel_once(void **state)
{
	struct world *w = world_new(false);

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		ipc_send_raw(w->a.ipc, IPC_DATA, i, "x", 1);
	w->b.refuse = true;
	run(w);
	assert_int_equal(w->b.frames, 1);
	assert_int_equal(w->b.closed, 1);
	assert_string_equal(w->b.err.text, "refused");
	run_idle(w);
	assert_int_equal(w->a.closed, 1);
	world_free(w);
}

/* --- hostile peers: what they send, what we say --- */

struct attack {
	const char *why;
	struct wire_head head;
	size_t body;  /* bytes that follow the head */
	size_t n_fds; /* descriptors that come along */
	const char *text;
};
static const struct attack attacks[] = {
	{ "type 0", { 0, 0, 0, 0 }, 0, 0, "message of unknown type 0" },
	{ "type beyond the last", { 0, 60000, 0, 0 }, 0, 0,
	    "message of unknown type 60000" },
	{ "type that is not its business", { 1, IPC_STOP, 0, 0 }, 1, 0,
	    "STOP is not for this peer to say" },
	{ "length beyond any frame", { UINT32_MAX, IPC_DATA, 0, 0 }, 0, 0,
	    "DATA of 4294967295 bytes" },
	{ "length beyond the declaration", { 11, IPC_READY, 0, 0 }, 0, 0,
	    "READY of 11 bytes" },
	{ "descriptors that are not declared", { 1, IPC_READY, 1, 0 }, 1, 1,
	    "READY with 1 descriptors" },
	{ "fewer descriptors than declared", { 2, IPC_PEER, 0, 0 }, 2, 0,
	    "PEER with 0 descriptors" },
	{ "descriptor announced, none there", { 2, IPC_PEER, 1, 0 }, 2, 0,
	    "PEER without its descriptor" },
	{ "one of two", { 10, IPC_SETUP, 2, 0 }, 10, 1,
	    "SETUP without its descriptor" },
};

static void
attack_one(const struct attack *at)
{
	struct world *w = world_new(true);
	size_t before = open_fds();
	char frame[100] = "";
	int fds[2];

	memcpy(frame, &at->head, WIRE_HEAD);
	for (size_t i = 0; i < at->n_fds; i++)
		fds[i] = file_of_size(0);
	assert_int_equal(
	    wire_send(w->raw, frame, WIRE_HEAD + at->body, fds, at->n_fds),
	    WIRE_HEAD + at->body);
	wire_close(fds, at->n_fds);
	run(w);
	if (w->a.closed != 1 || w->a.frames != 0 ||
	    strcmp(w->a.err.text, at->text) != 0 || w->a.err.kind != ERR_PROTO)
		fail_msg("%s: \"%s\"", at->why, w->a.err.text);
	assert_int_equal(open_fds(), before - 1); /* a's own is gone */
	world_free(w);
}

static void
test_ipc_01_attacks(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(attacks); i++)
		attack_one(&attacks[i]);
}

static void
test_ipc_01_half_a_frame_then_silence(void **state)
{
	struct world *w = world_new(true);
	struct wire_head h = { 100, IPC_DATA, 0, 0 };

	(void)state;
	assert_int_equal(write(w->raw, &h, sizeof(h)), sizeof(h));
	run_idle(w);
	assert_int_equal(w->a.closed, 0);
	close(w->raw);
	w->raw = -1;
	run(w);
	assert_int_equal(w->a.closed, 1);
	assert_string_equal(w->a.err.text, "end of file within a message");
	world_free(w);
}

static void
test_ipc_01_byte_by_byte(void **state)
{
	struct world *w = world_new(true);
	char frames[3 * (WIRE_HEAD + 20)];
	struct wire_head h = { 20, IPC_DATA, 0, 5 };

	(void)state;
	memset(frames, 'x', sizeof(frames));
	for (size_t i = 0; i < 3; i++)
		memcpy(frames + i * (WIRE_HEAD + 20), &h, sizeof(h));
	for (size_t i = 0; i < sizeof(frames); i++) {
		assert_int_equal(write(w->raw, frames + i, 1), 1);
		run_idle(w);
		assert_int_equal(w->a.frames, (i + 1) / (WIRE_HEAD + 20));
	}
	assert_int_equal(w->a.bytes, 60);
	assert_int_equal(w->a.closed, 0);
	world_free(w);
}

static void
test_ipc_01_random_bytes(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct world *w = world_new(true);
		char junk[512];

		for (size_t i = 0; i < sizeof(junk); i++)
			junk[i] = (char)rnd(&seed);
		assert_int_equal(
		    write(w->raw, junk, sizeof(junk)), sizeof(junk));
		run(w);
		assert_int_equal(w->a.closed, 1);
		world_free(w);
	}
}

/* Nobody declared them: they pile up until the channel ends. */
static void
test_ipc_02_surplus_descriptors(void **state)
{
	struct world *w = world_new(true);
	char frame[WIRE_HEAD + 1] = "";
	struct wire_head h = { 1, IPC_DATA, 0, 0 };
	size_t before = open_fds();
	int fds[100];

	(void)state;
	memcpy(frame, &h, sizeof(h));
	for (size_t i = 0; i < NELEM(fds); i++)
		fds[i] = file_of_size(0);
	for (int i = 0; i < 10 && w->a.closed == 0; i++) {
		if (wire_send(w->raw, frame, sizeof(frame), fds, NELEM(fds)) ==
		    -1)
			break;
		run_idle(w);
	}
	wire_close(fds, NELEM(fds));
	assert_int_equal(w->a.closed, 1);
	assert_string_equal(w->a.err.text, "500 surplus descriptors");
	assert_int_equal(open_fds(), before - 1);
	world_free(w);
}

/* One stray descriptor, then ordinary messages: found out in the end. */
static void
test_ipc_02_one_stray_descriptor(void **state)
{
	struct world *w = world_new(true);
	size_t size = WIRE_HEAD + IPC_FRAME_MAX, off = 0, n_fds = 1;
	char *frame = mem_alloc(size);
	struct wire_head h = { IPC_FRAME_MAX, IPC_DATA, 0, 0 };
	int fd = file_of_size(0);

	(void)state;
	memcpy(frame, &h, sizeof(h));
	for (int i = 0; i < 2000 && w->a.closed == 0; i++) {
		ssize_t n =
		    wire_send(w->raw, frame + off, size - off, &fd, n_fds);

		if (n > 0) {
			off = (off + (size_t)n) % size;
			n_fds = 0;
		}
		run_idle(w);
	}
	assert_int_equal(w->a.closed, 1);
	assert_string_equal(w->a.err.text, "1 surplus descriptors");
	assert_int_equal(w->a.frames, 2);
	close(fd);
	free(frame);
	world_free(w);
}

/* It stops reading: we tell its owner that it is busy, then cut it off. */
static void
test_ipc_02_peer_that_reads_nothing(void **state)
{
	struct world *w = world_new(true);
	char *big = mem_alloc(IPC_FRAME_MAX);
	int i;

	(void)state;
	for (i = 0; i < 100 && w->a.closed == 0; i++) {
		ipc_send_raw(w->a.ipc, IPC_DATA, 0, big, IPC_FRAME_MAX);
		assert_true(i == 0 || ipc_busy(w->a.ipc));
		run_idle(w);
	}
	assert_int_equal(w->a.closed, 1);
	assert_true(i >= 63 && i <= 66);
	assert_int_equal(w->a.drained, 0);
	free(big);
	world_free(w);
}

/* A flood on one channel: the other one is served in each turn too. */
static void
test_flood_does_not_starve_others(void **state)
{
	struct world *w = world_new(true);
	struct side good = { .stop_at = 1 };
	char *big = mem_alloc(IPC_FRAME_MAX);
	int sv[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	side_open(w, &w->b, w->raw, "flood");
	w->raw = -1;
	side_open(w, &good, sv[0], "good");
	for (int i = 0; i < 20; i++)
		ipc_send_raw(w->b.ipc, IPC_DATA, 0, big, IPC_FRAME_MAX);
	for (int i = 0; i < 1000; i++)
		ipc_send_raw(w->b.ipc, IPC_DATA, 0, "x", 1);
	ipc_flush(w->b.ipc);
	assert_int_equal(
	    write(sv[1], &(struct wire_head){ 0, IPC_DATA, 0, 0 }, WIRE_HEAD),
	    WIRE_HEAD);
	run(w);
	assert_int_equal(good.frames, 1);
	assert_true(w->a.frames < 20);
	ipc_free(&good.ipc);
	close(sv[1]);
	free(big);
	world_free(w);
}

/* --- blocking calls --- */

static void
test_call_there_and_back(void **state)
{
	int sv[2], fds[2] = { -1, -1 }, fd = file_of_size(4);
	struct ready ready = { .pid = 5 }, back;
	struct wire_head h = { 2, IPC_PEER, 1, 4 };
	char frame[WIRE_HEAD + 2] = "";
	struct err err = ERR_INIT;
	struct ipc_frame f;
	size_t n_fds = 2;
	struct buf in;

	(void)state;
	buf_init(&in, IPC_FRAME_MAX);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(ipc_call_send(sv[0], IPC_READY, 6, &ready, &err), 0);
	assert_int_equal(
	    ipc_call_recv(sv[1], &f, &in, NULL, NULL, 1000, &err), 0);
	assert_int_equal(f.type, IPC_READY);
	assert_int_equal(f.txn, 6);
	assert_int_equal(ipc_decode(&f, &back, NULL, &err), 0);
	assert_int_equal(back.pid, 5);
	memcpy(frame, &h, sizeof(h));
	wire_send(sv[0], frame, sizeof(frame), &fd, 1);
	assert_int_equal(
	    ipc_call_recv(sv[1], &f, &in, fds, &n_fds, 1000, &err), 0);
	assert_int_equal(n_fds, 1);
	assert_int_equal(file_size(fds[0]), 4);
	close(fds[0]);
	wire_send(sv[0], frame, sizeof(frame), &fd, 1);
	assert_int_equal(
	    ipc_call_recv(sv[1], &f, &in, NULL, NULL, 1000, &err), -1);
	close(fd);
	close(sv[0]);
	close(sv[1]);
	buf_fini(&in);
}

static void
test_call_ends_in_time(void **state)
{
	struct err err = ERR_INIT;
	struct ipc_frame f;
	struct buf in;
	int sv[2];

	(void)state;
	buf_init(&in, IPC_FRAME_MAX);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(write(sv[0], "abc", 3), 3);
	assert_int_equal(
	    ipc_call_recv(sv[1], &f, &in, NULL, NULL, 10, &err), -1);
	assert_string_equal(err.text, "no answer in time");
	close(sv[0]);
	assert_int_equal(
	    ipc_call_recv(sv[1], &f, &in, NULL, NULL, 10, &err), -1);
	assert_string_equal(err.text, "the other side ended the connection");
	assert_int_equal(
	    ipc_call_send(sv[1], IPC_READY, 0, &(struct ready){ 1 }, &err), -1);
	close(sv[1]);
	buf_fini(&in);
}

static void
test_every_message_is_declared(void **state)
{
	(void)state;
	assert_null(ipc_spec(IPC_NONE));
	assert_null(ipc_spec(IPC_N_TYPES));
	for (int t = 1; t < IPC_N_TYPES; t++) {
		const struct ipc_spec *s = ipc_spec((enum ipc_type)t);

		assert_non_null(s);
		assert_true(s->max > 0 && s->max <= IPC_FRAME_MAX);
		assert_true(s->n_fds <= WIRE_FRAME_FDS);
	}
	assert_string_equal(ipc_spec(IPC_SETUP)->name, "SETUP");
	assert_null(ipc_spec(IPC_DATA)->codec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_arrive),
		cmocka_unit_test(test_output_of_a_turn_is_one_send),
		cmocka_unit_test(test_large_frames_and_bursts),
		cmocka_unit_test(test_echo_between_two),
		cmocka_unit_test(test_descriptors_reach_their_frames),
		cmocka_unit_test(test_descriptors_behind_much_data),
		cmocka_unit_test(test_pause_holds_back),
		cmocka_unit_test(test_last_words_are_heard),
		cmocka_unit_test(test_peer_gone_while_paused),
		cmocka_unit_test(test_free_inside_the_callback),
		cmocka_unit_test(test_free_and_refuse_at_once),
		cmocka_unit_test(test_refused_frame_ends_the_channel_once),
		cmocka_unit_test(test_ipc_01_attacks),
		cmocka_unit_test(test_ipc_01_half_a_frame_then_silence),
		cmocka_unit_test(test_ipc_01_byte_by_byte),
		cmocka_unit_test(test_ipc_01_random_bytes),
		cmocka_unit_test(test_ipc_02_surplus_descriptors),
		cmocka_unit_test(test_ipc_02_one_stray_descriptor),
		cmocka_unit_test(test_ipc_02_peer_that_reads_nothing),
		cmocka_unit_test(test_flood_does_not_starve_others),
		cmocka_unit_test(test_call_there_and_back),
		cmocka_unit_test(test_call_ends_in_time),
		cmocka_unit_test(test_every_message_is_declared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

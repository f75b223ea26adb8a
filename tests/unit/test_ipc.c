/* test_ipc.c - channels between programs that mean well, and calls that wait */
#include "ipc/wire.h"
#include "ipc_rig.h"
#include "random_record.h"

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
	assert_int_equal(ipc_call_send(sv[1], IPC_READY, 0,
			     &(struct ready){ .pid = 1 }, &err),
	    -1);
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
		cmocka_unit_test(test_call_there_and_back),
		cmocka_unit_test(test_call_ends_in_time),
		cmocka_unit_test(test_every_message_is_declared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

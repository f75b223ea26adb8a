/*
 * test_ipc_hostile.c - peers that mean us harm
 *
 * A second, honest channel on the same loop must never notice (threats
 * IPC-01, IPC-02).
 */
#include "ipc/wire.h"
#include "ipc_rig.h"
#include "random_record.h"

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
	{ "length beyond the declaration", { 30, IPC_READY, 0, 0 }, 0, 0,
	    "READY of 30 bytes" },
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipc_01_attacks),
		cmocka_unit_test(test_ipc_01_half_a_frame_then_silence),
		cmocka_unit_test(test_ipc_01_byte_by_byte),
		cmocka_unit_test(test_ipc_01_random_bytes),
		cmocka_unit_test(test_ipc_02_surplus_descriptors),
		cmocka_unit_test(test_ipc_02_one_stray_descriptor),
		cmocka_unit_test(test_ipc_02_peer_that_reads_nothing),
		cmocka_unit_test(test_flood_does_not_starve_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

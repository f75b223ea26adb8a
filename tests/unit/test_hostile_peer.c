/*
 * test_hostile_peer.c - a malicious peer on each channel of each program
 *
 * Threats IPC-01, IPC-02, IPC-05: whatever comes in on a channel ends that
 * channel at most. The programs are the real ones, in their sandbox.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hostile_proof.h"
#include "ipc/channel.h"
#include "random_record.h"

#define RECORDS    150 /* of each type */
#define FLOOD      5000
#define SURPLUS    200
#define RECORD_MEM ((size_t)8 * 1024 * 1024)

/* One channel of one program. */
struct pair {
	enum program_kind program, peer;
};

struct world {
	struct rig *rig;
	enum program_kind peer;
	uint64_t accepts; /* what the peer may say */
	enum ipc_type allowed[8], forbidden[IPC_N_TYPES];
	size_t n_allowed, n_forbidden;
	int fd; /* the hostile channel */
	uint64_t seed;
};

static void
get_types(struct world *w)
{
	static const struct ipc_handler nobody;
	struct loop *loop = loop_new();
	struct ipc *c;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	c = ipc_new(loop, pair[0], "types", &nobody, NULL);
	peers_accept(c, w->peer, w->rig->kind);
	for (int t = 1; t < IPC_N_TYPES; t++) {
		if (c->accepts[t])
			w->allowed[w->n_allowed++] = t;
		else
			w->forbidden[w->n_forbidden++] = t;
	}
	ipc_free(&c);
	loop_free(&loop);
	close(pair[1]);
}

/* --- saying bad things --- */

static void
open_channel(struct world *w)
{
	if (w->fd != -1)
		close(w->fd);
	w->fd = rig_peer(w->rig, w->peer, 1);
}

static void
push_head(struct world *w, uint16_t type, uint32_t length, uint16_t n_fds)
{
	struct wire_head h = {
		.length = length, .type = type, .n_fds = n_fds, .txn = 1
	};

	rig_push(w->fd, &h, sizeof(h), NULL, 0);
}

/* What a peer of that kind may say, or anything when it may say nothing. */
static enum ipc_type
some_type(const struct world *w)
{
	return w->n_allowed > 0 ? w->allowed[0] : IPC_DATA;
}

/* No program may be led to talk to other machines by a test. */
static void
tame(enum ipc_type type, void *record)
{
	struct session *s = record;

	if (type != IPC_SESSION)
		return;
	ip_parse(&s->ip, STR("127.0.0.1"));
	memset(&s->source, 0, sizeof(s->source));
	s->port = 1;
}

static void
encode_random(struct world *w, struct buf *out, enum ipc_type type)
{
	const struct ipc_spec *spec = ipc_spec(type);
	/* small numbers, so that transactions meet each other */
	uint32_t txn = (uint32_t)(rnd(&w->seed) % 5);
	struct arena mem;
	void *record;

	arena_init(&mem, RECORD_MEM);
	if (spec->codec == NULL) {
		rig_encode_raw(out, type, txn, rnd_text(&w->seed, 3000, &mem));
	} else {
		record = arena_alloc(&mem, spec->codec->size);
		rnd_record(&w->seed, spec->codec, record, &mem);
		tame(type, record);
		rig_encode(out, type, txn, record);
	}
	arena_free(&mem);
}

/* Things that are no message file. */
static int
odd_descriptor(unsigned which)
{
	char path[] = "/var/tmp/postern-odd.XXXXXX";
	int fd;

	switch (which % 6) {
	case 0:
		return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	case 1:
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	case 2:
		fd = mkstemp(path);
		close(fd);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		unlink(path);
		return fd;
	case 3:
		return open("/dev/full", O_RDWR | O_CLOEXEC);
	case 4:
		return open("/dev/zero", O_RDONLY | O_CLOEXEC);
	default:
		return memfd_create("empty", MFD_CLOEXEC);
	}
}

/* --- attacks; true: the channel has to end by itself --- */

static bool
random_bytes(struct world *w)
{
	char bytes[4096];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)rnd(&w->seed);
	rig_push(w->fd, bytes, sizeof(bytes), NULL, 0);
	return true;
}

static bool
huge_length(struct world *w)
{
	push_head(w, (uint16_t)some_type(w), UINT32_MAX, 0);
	return true;
}

static bool
length_over_the_limit(struct world *w)
{
	enum ipc_type t = some_type(w);

	push_head(w, (uint16_t)t, (uint32_t)ipc_spec(t)->max + 1,
	    (uint16_t)ipc_spec(t)->n_fds);
	return true;
}

static bool
undeclared_type(struct world *w)
{
	static const uint16_t types[] = { IPC_NONE, IPC_N_TYPES, UINT16_MAX };

	for (size_t i = 0; i < NELEM(types); i++) {
		open_channel(w);
		push_head(w, types[i], 0, 0);
		assert_true(rig_ended(w->fd, PATIENCE_MS));
	}
	return true;
}

/* Well-formed, but not for this peer to say. */
static bool
other_direction(struct world *w)
{
	struct buf out;

	buf_init(&out, 4 * IPC_FRAME_MAX);
	for (size_t i = 0; i < w->n_forbidden; i++) {
		const struct ipc_spec *spec = ipc_spec(w->forbidden[i]);
		int fds[2] = { w->rig->door, w->rig->door };

		open_channel(w);
		encode_random(w, &out, w->forbidden[i]);
		rig_push(w->fd, out.data, out.len, fds, spec->n_fds);
		if (!rig_ended(w->fd, PATIENCE_MS))
			fail_msg("%s was taken", spec->name);
	}
	buf_fini(&out);
	return true;
}

/* The body ends too early, or goes on too long. */
static bool
wrong_body(struct world *w)
{
	struct buf out;
	struct wire_head h;

	buf_init(&out, 4 * IPC_FRAME_MAX);
	for (size_t i = 0; i < 2 * w->n_allowed; i++) {
		const struct ipc_spec *spec = ipc_spec(w->allowed[i / 2]);
		int fd = w->rig->stats_fd;

		/* of a raw body, and of one number, there is nothing to cut;
		 * a job of a session that is gone is not looked at */
		if (spec->codec == NULL || spec->max < 20 ||
		    w->allowed[i / 2] == IPC_JOB ||
		    w->allowed[i / 2] == IPC_JOB_INLINE)
			continue;
		open_channel(w);
		encode_random(w, &out, w->allowed[i / 2]);
		memcpy(&h, out.data, sizeof(h));
		if (i % 2 == 0) {
			h.length--;
		} else {
			h.length++;
			buf_add(&out, "x", 1);
		}
		memcpy(out.data, &h, sizeof(h));
		rig_push(
		    w->fd, out.data, WIRE_HEAD + h.length, &fd, spec->n_fds);
		if (!rig_ended(w->fd, PATIENCE_MS))
			fail_msg("%s of a wrong length was taken", spec->name);
	}
	buf_fini(&out);
	return false;
}

static bool
random_records(struct world *w)
{
	struct buf out;

	buf_init(&out, 4 * IPC_FRAME_MAX);
	for (size_t i = 0; i < w->n_allowed * RECORDS; i++) {
		enum ipc_type t = w->allowed[rnd(&w->seed) % w->n_allowed];
		int fd =
		    ipc_spec(t)->n_fds > 0 ? odd_descriptor((unsigned)i) : -1;

		encode_random(w, &out, t);
		if (!rig_push(
			w->fd, out.data, out.len, &fd, ipc_spec(t)->n_fds) ||
		    rig_ended(w->fd, 0))
			open_channel(w);
		if (fd != -1)
			close(fd);
		rig_drain(w->rig);
	}
	buf_fini(&out);
	return false;
}

static bool
descriptors_missing(struct world *w)
{
	struct buf out;

	buf_init(&out, 4 * IPC_FRAME_MAX);
	for (size_t i = 0; i < w->n_allowed; i++) {
		if (ipc_spec(w->allowed[i])->n_fds == 0)
			continue;
		open_channel(w);
		encode_random(w, &out, w->allowed[i]);
		rig_push(w->fd, out.data, out.len, NULL, 0);
		if (!rig_ended(w->fd, PATIENCE_MS))
			fail_msg("%s without a descriptor was taken",
			    ipc_spec(w->allowed[i])->name);
	}
	buf_fini(&out);
	return false;
}

static bool
descriptors_lied_about(struct world *w)
{
	enum ipc_type t = some_type(w);

	push_head(w, (uint16_t)t, 0, (uint16_t)(ipc_spec(t)->n_fds + 1));
	return true;
}

/* More than is said, with every byte there is. */
static bool
descriptors_surplus(struct world *w)
{
	struct wire_head h = { .type = (uint16_t)some_type(w) };
	int fds[SURPLUS];

	for (size_t i = 0; i < SURPLUS; i++)
		fds[i] = w->rig->stats_fd;
	for (size_t i = 0; i < sizeof(h); i++)
		if (!rig_push(w->fd, (char *)&h + i, 1, fds, SURPLUS))
			break;
	return true;
}

static bool
half_a_frame(struct world *w)
{
	push_head(w, (uint16_t)some_type(w), 1, 0);
	open_channel(w);
	rig_push(w->fd, "\1", 1, &w->rig->stats_fd, 1);
	shutdown(w->fd, SHUT_WR);
	return true;
}

/* As much as goes in while nothing is read: answers pile up. */
static bool
never_reads(struct world *w)
{
	struct pollfd p = { w->fd, POLLOUT, 0 };
	struct buf out;

	buf_init(&out, FLOOD * 100);
	for (uint32_t i = 0; i < FLOOD && w->n_allowed > 0; i++) {
		struct buf one;

		buf_init(&one, 4 * IPC_FRAME_MAX);
		encode_random(w, &one, w->allowed[i % w->n_allowed]);
		/* transactions of their own, each to be answered */
		memcpy(one.data + offsetof(struct wire_head, txn), &i, 4);
		if (one.len < 1000)
			buf_add_str(&out, buf_str(&one));
		buf_fini(&one);
	}
	while (out.len > 0 && !out.failed && poll(&p, 1, 200) == 1) {
		ssize_t n =
		    send(w->fd, out.data, out.len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n == -1 && errno != EAGAIN)
			break;
		if (n > 0)
			buf_consume(&out, (size_t)n);
		rig_drain(w->rig);
	}
	buf_fini(&out);
	return false;
}

static const struct {
	const char *name;
	bool (*run)(struct world *);
} attacks[] = {
	{ "random bytes", random_bytes },
	{ "a length of 2^32-1", huge_length },
	{ "a length over the limit", length_over_the_limit },
	{ "undeclared types", undeclared_type },
	{ "types of another direction", other_direction },
	{ "a body of a wrong length", wrong_body },
	{ "missing descriptors", descriptors_missing },
	{ "a wrong number of descriptors", descriptors_lied_about },
	{ "surplus descriptors", descriptors_surplus },
	{ "half a frame", half_a_frame },
	{ "random records", random_records },
	{ "never reading", never_reads },
};

static void
test_ipc_01_02_hostile_peer(void **state)
{
	const struct pair *p = *state;
	struct world w = { .peer = p->peer, .fd = -1, .seed = 42 };
	const char *complaint;

	w.rig = rig_start(p->program);
	rig_measure(w.rig);
	get_types(&w);
	for (size_t i = 0; i < NELEM(attacks); i++) {
		bool ends;

		open_channel(&w);
		ends = attacks[i].run(&w);
		if (ends && !rig_ended(w.fd, PATIENCE_MS))
			fail_msg("%s: the channel goes on", attacks[i].name);
		close(w.fd);
		w.fd = -1;
		/* of some peers there is only one, the last that came */
		if (w.rig->peers[w.peer] != -1)
			rig_connect(w.rig, w.peer);
		complaint = rig_complaint(w.rig);
		if (complaint != NULL)
			fail_msg("%s: %s (%ld KiB more)", attacks[i].name,
			    complaint, rig_kib(w.rig) - w.rig->kib);
	}
	print_message("%s <- %s: %ld KiB more, %ld descriptors\n",
	    program_name(p->program), program_name(p->peer),
	    rig_kib(w.rig) - w.rig->kib, rig_fds(w.rig));
	rig_stop(w.rig);
}

int
main(void)
{
	static struct pair pairs[PROGRAM_N * PROGRAM_N];
	static char names[NELEM(pairs)][64];
	static struct CMUnitTest tests[NELEM(pairs)];
	size_t n = 0;

	/* Every kind of peer, also those that have no business there. */
	for (int a = PROGRAM_RECORDER; a < PROGRAM_N; a++) {
		if (a == PROGRAM_CAPTURE) /* it has no peers */
			continue;
		for (int b = PROGRAM_MASTER; b < PROGRAM_N; b++) {
			if (b == PROGRAM_MASTER && a != PROGRAM_RECORDER)
				continue;
			pairs[n] = (struct pair){ a, b };
			snprintf(names[n], sizeof(names[n]),
			    "test_ipc_01_%s_from_%s", program_name(a),
			    program_name(b));
			tests[n] = (struct CMUnitTest){ names[n],
				test_ipc_01_02_hostile_peer, NULL, NULL,
				&pairs[n] };
			n++;
		}
	}
	signal(SIGPIPE, SIG_IGN);
	return _cmocka_run_group_tests("hostile_peer", tests, n, NULL, NULL);
}

/* wiring.c - socket pairs between programs, each end handed to its owner */
#include <sys/socket.h>
#include <unistd.h>

#include "event/alert.h"
#include "master/master.h"
#include "program/events.h"
#include "program/peers.h"

static void link_pair(struct child *a, struct child *b);
static void link_master(struct master *, struct child *recorder);
static void hand(
    struct child *to, enum program_kind kind, uint32_t worker, int fd);
static bool make_pair(int pair[2]);
static void recorder_closed(void *, struct ipc *, const struct err *);
static int recorder_frame(
    void *, struct ipc *, struct ipc_frame *, struct err *);

static const struct ipc_handler recorder_handler = {
	.frame = recorder_frame,
	.closed = recorder_closed,
};

void
wiring_connect(struct master *m, struct child *c)
{
	if (c->kind == PROGRAM_RECORDER)
		link_master(m, c);
	for (size_t i = 0; i < m->n_children; i++) {
		struct child *other = &m->children[i];

		if (other != c && other->state == CHILD_READY &&
		    peers_linked(c->kind, other->kind))
			link_pair(c, other);
	}
}

static void
link_pair(struct child *a, struct child *b)
{
	int pair[2];

	if (!make_pair(pair))
		return;
	hand(a, b->kind, b->worker, pair[0]);
	hand(b, a->kind, a->worker, pair[1]);
}

/* The master's own events go the way of everybody's. */
static void
link_master(struct master *m, struct child *recorder)
{
	int pair[2];

	if (!make_pair(pair))
		return;
	hand(recorder, PROGRAM_MASTER, 0, pair[0]);
	program_events_to(&m->self,
	    ipc_new(m->self.loop, pair[1], "recorder", &recorder_handler, m));
}

static void
hand(struct child *to, enum program_kind kind, uint32_t worker, int fd)
{
	struct peer_msg msg = { .kind = kind, .worker = worker };

	ipc_send_fds(to->ipc, IPC_PEER, 0, &msg, &fd, 1);
}

static bool
make_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0)
		return true;
	alert_raise(ALERT_FAILURE, STR(""),
	    STR("no more descriptors for channels between "
		"programs: raise the limit of open files"));
	return false;
}

/* The recorder never speaks to us: whatever it says ends the channel. */
static int
recorder_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)arg, (void)ipc;
	return err_set(err, ERR_PROTO, "message %u", f->type);
}

static void
recorder_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct master *m = arg;

	(void)ipc, (void)err;
	program_events_to(&m->self, NULL);
}

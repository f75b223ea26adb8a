/*
 * control.c - the control socket: the one door for admin tools
 *
 * A tool says which program it wants (CONNECT); the master checks who it is
 * by the kernel's word and hands the connection over. While that program is
 * being started, as it is just after a crash, the tool waits.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "master/master.h"

#define CONNECT_WAIT 5000 /* ms for the first frame, and for the program */
#define WAITING_MAX  64   /* connections that are not handed over yet */
#define ADMIN_GROUP  "postern-adm"
#define CALLED_MAX   65536 /* bytes of answers that webd has not read */

/* A connection that has not said yet which program it wants, or waits for
 * it. */
struct caller {
	struct master *master;
	struct caller *next;      /* of those that wait */
	struct loop_watch *watch; /* NULL: it has said */
	struct loop_timer *timeout;
	enum program_kind kind;
	uint32_t worker; /* and 1 more; 0: any */
	int fd;
	unsigned uid;
	pid_t pid;
	char user[65];
	bool web; /* webd asked for it */
};

static unsigned n_callers;
static struct caller *waiting; /* oldest first */

static void control_accept(void *arg, int ready);
static bool may_connect(const struct master *, int fd, struct caller *);
static void caller_read(void *arg, int ready);
static void caller_timeout(void *arg);
static void caller_end(struct caller *);
static bool may_be_called(uint32_t kind);
static bool hand_over(struct caller *);
static void wait_for_it(struct caller *);
static void turn_away(struct caller *, enum result_status, const char *why);

int
control_open(struct master *m, struct err *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const struct group *gr = m->root ? getgrnam(ADMIN_GROUP) : NULL;

	if (!str_copy(
		sa.sun_path, sizeof(sa.sun_path), str_of(m->paths.control)))
		return err_set(err, ERR_USAGE,
		    "the path of the control socket is longer than %zu: %s",
		    sizeof(sa.sun_path) - 1, m->paths.control);
	m->control_fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* a leftover of a master that was killed; the spool's lock is ours */
	unlink(m->paths.control);
	if (m->control_fd == -1 ||
	    bind(m->control_fd, (const struct sockaddr *)&sa, sizeof(sa)) ==
		-1 ||
	    (gr != NULL && chown(m->paths.control, 0, gr->gr_gid) == -1) ||
	    chmod(m->paths.control, 0660) == -1 ||
	    listen(m->control_fd, 64) == -1)
		return err_sys(
		    err, ERR_TEMP, "control socket %s", m->paths.control);
	loop_watch(m->self.loop, m->control_fd, LOOP_READ, control_accept, m);
	return 0;
}

void
control_close(struct master *m)
{
	unlink(m->paths.control);
}

/*
 * The other end is a caller that has said already which program it wants.
 * What it may want is what pages show; whose it is, is webd's word: it has
 * asked keyd. A webd that was taken over must not cost us our descriptors.
 */
void
control_call(struct child *webd, uint32_t txn, const struct call_msg *msg)
{
	static const struct called done = { 0 };
	struct master *m = webd->master;
	struct caller *c;
	int pair[2];

	if (!may_be_called(msg->kind) || n_callers > WAITING_MAX ||
	    commands_full() || ipc_queued(webd->ipc) > CALLED_MAX ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) == -1) {
		ipc_send(webd->ipc, IPC_NOT_CALLED, txn, &done);
		return;
	}
	ipc_send_fds(webd->ipc, IPC_CALLED, txn, &done, &pair[0], 1);
	c = mem_alloc(sizeof(*c));
	*c = (struct caller){ .master = m,
		.fd = pair[1],
		.kind = msg->kind,
		.pid = webd->pid,
		.web = true };
	n_callers++;
	str_copy(c->user, sizeof(c->user), msg->user);
	if (c->kind == PROGRAM_MASTER) {
		commands_serve(m, c->fd, c->pid, c->user, true);
		caller_end(c);
		return;
	}
	c->timeout = loop_timer(m->self.loop, caller_timeout, c);
	loop_timer_in(c->timeout, CONNECT_WAIT);
	if (!hand_over(c))
		wait_for_it(c);
}

void
control_again(void)
{
	struct caller *c = waiting, *next;

	waiting = NULL;
	for (; c != NULL; c = next) {
		next = c->next;
		if (!hand_over(c))
			wait_for_it(c);
	}
}

static void
control_accept(void *arg, int ready)
{
	struct master *m = arg;
	struct caller *c;
	int fd;

	(void)ready;
	fd = accept4(m->control_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1)
		return;
	c = mem_alloc(sizeof(*c));
	*c = (struct caller){ .master = m, .fd = fd };
	n_callers++;
	if (!may_connect(m, fd, c)) {
		turn_away(c, RESULT_DENIED, "you may not use this socket");
		return;
	}
	if (n_callers > WAITING_MAX) {
		turn_away(c, RESULT_FAILED, "too many tools wait already");
		return;
	}
	c->watch = loop_watch(m->self.loop, fd, LOOP_READ, caller_read, c);
	c->timeout = loop_timer(m->self.loop, caller_timeout, c);
	loop_timer_in(c->timeout, CONNECT_WAIT);
}

/* The socket's mode lets in root and the group; here it is checked again. */
static bool
may_connect(const struct master *m, int fd, struct caller *c)
{
	const struct group *gr = getgrnam(ADMIN_GROUP);
	const struct passwd *pw;
	struct ucred cred;
	gid_t groups[256];
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return false;
	c->uid = cred.uid;
	c->pid = cred.pid;
	pw = getpwuid(cred.uid);
	if (pw != NULL)
		str_copy(c->user, sizeof(c->user), str_of(pw->pw_name));
	else
		snprintf(c->user, sizeof(c->user), "uid%u", cred.uid);
	if (cred.uid == 0 || cred.uid == geteuid())
		return true;
	if (!m->root || gr == NULL)
		return false;
	if (cred.gid == gr->gr_gid)
		return true;
	len = sizeof(groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == gr->gr_gid)
			return true;
	return false;
}

/* The tool waits for an answer to CONNECT, so no more than that is there. */
static void
caller_read(void *arg, int ready)
{
	struct caller *c = arg;
	struct connect_msg msg;
	struct ipc_frame f;
	struct err err = ERR_INIT;
	struct buf in;

	(void)ready;
	buf_init(&in, 4096);
	if (ipc_call_recv(c->fd, &f, &in, NULL, NULL, 100, &err) == -1 ||
	    f.type != IPC_CONNECT || ipc_decode(&f, &msg, NULL, &err) == -1 ||
	    msg.kind >= PROGRAM_N) {
		turn_away(c, RESULT_NEGATIVE, "not a request of an admin tool");
	} else if (msg.kind == PROGRAM_MASTER) {
		commands_serve(c->master, c->fd, c->pid, c->user, false);
		caller_end(c);
	} else {
		loop_unwatch(&c->watch);
		c->kind = msg.kind;
		c->worker = msg.worker;
		if (!hand_over(c))
			wait_for_it(c);
	}
	buf_fini(&in);
}

static void
caller_timeout(void *arg)
{
	struct caller *c = arg, **cp = &waiting;
	char why[80];

	while (*cp != NULL && *cp != c)
		cp = &(*cp)->next;
	if (*cp == NULL) {
		close(c->fd);
		caller_end(c);
		return;
	}
	*cp = c->next;
	snprintf(why, sizeof(why), "%s is being started, but not ready yet%s",
	    program_name(c->kind),
	    c->kind == PROGRAM_QMGR ? ": it reads the queue" : "");
	turn_away(c, RESULT_FAILED, why);
}

/* The descriptor is closed or given away already. */
static void
caller_end(struct caller *c)
{
	n_callers--;
	loop_unwatch(&c->watch);
	loop_timer_free(&c->timeout);
	free(c);
}

static bool
may_be_called(uint32_t kind)
{
	static const enum program_kind kinds[] = { PROGRAM_MASTER,
		PROGRAM_RECORDER, PROGRAM_QMGR, PROGRAM_CAPTURE };

	for (size_t i = 0; i < NELEM(kinds); i++)
		if (kind == (uint32_t)kinds[i])
			return true;
	return false;
}

/* False: it is worth to wait. */
static bool
hand_over(struct caller *c)
{
	struct master *m = c->master;
	struct admin_msg msg = {
		.user = str_of(c->user), .uid = c->uid, .web = c->web
	};
	char why[WHY_DOWN];
	struct child *ch;

	if (c->kind == PROGRAM_CAPTURE &&
	    captures_hand(m, &msg, c->fd, c->web)) {
		caller_end(c);
		return true;
	}
	ch = children_ready(m, c->kind, c->worker);
	if (ch != NULL) {
		ipc_send_fds(ch->ipc, IPC_ADMIN, 0, &msg, &c->fd, 1);
		caller_end(c);
		return true;
	}
	if (children_expected(m, c->kind, c->worker, why))
		return false;
	turn_away(c, RESULT_FAILED, why);
	return true;
}

static void
wait_for_it(struct caller *c)
{
	struct caller **last = &waiting;

	while (*last != NULL)
		last = &(*last)->next;
	c->next = NULL;
	*last = c;
}

static void
turn_away(struct caller *c, enum result_status status, const char *why)
{
	struct result r = { .status = (uint8_t)status, .error = str_of(why) };
	struct err err = ERR_INIT;

	(void)ipc_call_send(c->fd, IPC_RESULT, 0, &r, &err);
	close(c->fd);
	caller_end(c);
}

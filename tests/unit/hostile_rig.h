/*
 * hostile_rig.h - one real program, alone, and a test that plays all others
 *
 * The test is its master (descriptor 3) and every peer. The programs are
 * those of the same build, in ../bin beside the test. Peers that behave are
 * kept in rig->peers; hostile ones are channels of their own.
 */
#ifndef TESTS_HOSTILE_RIG_H
#define TESTS_HOSTILE_RIG_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "config/bundle.h"
#include "ipc/wire.h"
#include "program/peers.h"
#include "queue_kit.h"
#include "stats/stats.h"

#define PATIENCE_MS 5000
#ifdef POSTERN_ASAN
#define GROWTH_MAX 0 /* freed memory is kept aside: no limit */
#else
#define GROWTH_MAX (10 * 1024) /* KiB */
#endif

struct rig {
	enum program_kind kind;
	pid_t pid;
	int master;
	int peers[PROGRAM_N]; /* that behave; -1 */
	struct kit kit;       /* the spool, and a folder for logs */
	struct stats *stats;
	int stats_fd;
	int door; /* smtpd, qmqpd: what it listens on; smtp: where it connects
		     to */
	uint16_t port;
	uint64_t mid;
	uint32_t txn;
	long fds, kib; /* before anything bad happened */
};

/* What a peer said to us. The body is valid until the next one. */
struct heard {
	struct ipc_frame f;
	int fds[WIRE_FRAME_FDS];
};

static const char rig_config[] =
    "hostname: mx.test\n"
    "dns: {enabled: %s}\n"
    "certificates: [{name: mx}]\n"
    "dkim_keys: [{name: rsa}, {name: ed, type: ed25519}, {name: none},\n"
    "  {name: wrong}]\n"
    "auth_profiles:\n"
    "  - {name: smart, type: outgoing, user: joe}\n"
    "  - {name: lost, type: outgoing, user: joe}\n"
    "  - {name: house, type: forward, servers: 127.0.0.1}\n"
    "interfaces:\n"
    "  - {name: Loopback, ip: 127.0.0.1}\n"
    "listeners:\n"
    "  - name: InboundMail\n"
    "    type: public\n"
    "    interface: Loopback\n"
    "    port: 2525\n"
    "    hat: {groups: [{name: ALL, policy: $ACCEPTED}]}\n"
    "    rat: [example.com]\n"
    "  - name: Generators\n"
    "    type: private\n"
    "    protocol: QMQP\n"
    "    interface: Loopback\n"
    "    hat: {groups: [{name: ALL, policy: $ACCEPTED}]}\n"
    "routes: {ALL: '127.0.0.1:2526'}\n"
    "logs:\n"
    "  - {name: mail_logs, type: mail, level: info}\n";

/* --- frames --- */

/* Bytes, with descriptors (which stay ours). False: it does not take them. */
static inline bool
rig_push(int fd, const void *p, size_t n, const int *fds, size_t n_fds)
{
	const char *at = p;

	while (n > 0) {
		struct pollfd pfd = { fd, POLLOUT, 0 };
		ssize_t sent = wire_send(fd, at, n, fds, n_fds);

		if (sent == -1 && errno == EAGAIN &&
		    poll(&pfd, 1, PATIENCE_MS) == 1)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
		n_fds = 0;
	}
	return true;
}

/* The head, to the place that was kept for it. */
static inline void
rig_head(struct buf *out, enum ipc_type type, uint32_t txn)
{
	struct wire_head h = { .length = (uint32_t)(out->len - WIRE_HEAD),
		.type = (uint16_t)type,
		.n_fds = (uint16_t)ipc_spec(type)->n_fds,
		.txn = txn };

	memcpy(out->data, &h, sizeof(h));
}

/* A whole message, alone in out. */
static inline void
rig_encode(struct buf *out, enum ipc_type type, uint32_t txn, const void *msg)
{
	struct wire_head room = { 0 };

	buf_reset(out);
	buf_add(out, &room, sizeof(room));
	codec_encode(ipc_spec(type)->codec, msg, out);
	rig_head(out, type, txn);
}

static inline void
rig_encode_raw(
    struct buf *out, enum ipc_type type, uint32_t txn, struct str body)
{
	struct wire_head room = { 0 };

	buf_reset(out);
	buf_add(out, &room, sizeof(room));
	buf_add_str(out, body);
	rig_head(out, type, txn);
}

static inline bool
rig_say(int fd, enum ipc_type type, uint32_t txn, const void *msg,
    const int *fds, size_t n_fds)
{
	struct buf out;
	bool ok;

	buf_init(&out, 2 * IPC_FRAME_MAX);
	rig_encode(&out, type, txn, msg);
	ok = rig_push(fd, out.data, out.len, fds, n_fds);
	buf_fini(&out);
	return ok;
}

static inline bool
rig_say_raw(int fd, enum ipc_type type, uint32_t txn, struct str body)
{
	struct buf out;
	bool ok;

	buf_init(&out, 2 * IPC_FRAME_MAX);
	rig_encode_raw(&out, type, txn, body);
	ok = rig_push(fd, out.data, out.len, NULL, 0);
	buf_fini(&out);
	return ok;
}

/* Descriptors that came with earlier bytes than their frames; by channel. */
#define RIG_CHANNELS 1024
static struct rig_stray {
	int fds[WIRE_FDS_MAX];
	size_t n;
} rig_stray[RIG_CHANNELS];

static inline void
rig_forget_stray(int fd)
{
	wire_close(rig_stray[fd].fds, rig_stray[fd].n);
	rig_stray[fd].n = 0;
}

/* False: the bytes do not come in time. */
static inline bool
rig_read(int fd, char *p, size_t len)
{
	struct rig_stray *stray = &rig_stray[fd];
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (len > 0 && clock_mono_ms() < until) {
		struct pollfd pfd = { fd, POLLIN, 0 };
		struct iovec iov = { p, len };
		int fds[WIRE_FDS_MAX];
		size_t n_fds;
		ssize_t n;

		if (poll(&pfd, 1, 100) != 1)
			continue;
		n = wire_recv(fd, &iov, 1, fds, &n_fds);
		if (n <= 0 || n_fds > WIRE_FDS_MAX - stray->n)
			return false;
		memcpy(stray->fds + stray->n, fds, n_fds * sizeof(int));
		stray->n += n_fds;
		p += n;
		len -= (size_t)n;
	}
	return len == 0;
}

/* The next frame of a peer; its descriptors are closed by the next call.
 * False: none came in time, or the channel ended. */
static inline bool
rig_hear(int fd, struct heard *h)
{
	static char body[IPC_FRAME_MAX];
	static int last[WIRE_FRAME_FDS];
	static size_t n_last;
	struct rig_stray *stray = &rig_stray[fd];
	struct err err = ERR_INIT;
	struct wire_head head;

	wire_close(last, n_last);
	n_last = 0;
	if (!rig_read(fd, (char *)&head, sizeof(head)) ||
	    wire_head_check(&head, NULL, &err) == -1 ||
	    !rig_read(fd, body, head.length) || stray->n < head.n_fds)
		return false;
	h->f = (struct ipc_frame){ .type = head.type,
		.txn = head.txn,
		.body = { body, head.length },
		.fds = h->fds,
		.n_fds = head.n_fds };
	n_last = head.n_fds;
	memcpy(last, stray->fds, n_last * sizeof(int));
	memcpy(h->fds, last, n_last * sizeof(int));
	stray->n -= n_last;
	memmove(stray->fds, stray->fds + n_last, stray->n * sizeof(int));
	return true;
}

/* Waits for a message of that type and decodes it. */
static inline bool
rig_expect(
    int fd, struct heard *h, enum ipc_type type, void *msg, struct arena *mem)
{
	struct err err = ERR_INIT;

	while (rig_hear(fd, h))
		if (h->f.type == type)
			return ipc_decode(&h->f, msg, mem, &err) == 0;
	return false;
}

/* Reads and forgets; true when the other side has ended the channel. */
static inline bool
rig_ended(int fd, int ms)
{
	static char room[65536];
	int64_t until = clock_mono_ms() + ms;
	int64_t left;

	while ((left = until - clock_mono_ms()) >= 0) {
		struct pollfd pfd = { fd, POLLIN, 0 };
		struct iovec iov = { room, sizeof(room) };
		int fds[WIRE_FDS_MAX];
		size_t n_fds;
		ssize_t n;

		if (poll(&pfd, 1, (int)left) != 1)
			return false;
		n = wire_recv(fd, &iov, 1, fds, &n_fds);
		wire_close(fds, n_fds);
		if (n == 0 || (n == -1 && errno != EAGAIN))
			return true;
	}
	return false;
}

/* --- the program --- */

static inline void
rig_listen(struct rig *r)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);

	r->door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->kind == PROGRAM_SMTPD || r->kind == PROGRAM_QMQPD ||
	    r->kind == PROGRAM_WEBD)
		fcntl(r->door, F_SETFL, O_NONBLOCK);
	if (r->door == -1 || bind(r->door, (struct sockaddr *)&sa, len) == -1 ||
	    listen(r->door, 16) == -1 ||
	    getsockname(r->door, (struct sockaddr *)&sa, &len) == -1)
		panic("rig: cannot listen");
	r->port = ntohs(sa.sin_port);
}

/* A new channel to the program, from a peer of that kind. */
static inline int
rig_peer(struct rig *r, enum program_kind kind, uint32_t worker)
{
	struct peer_msg msg = { .kind = kind, .worker = worker };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1 ||
	    !rig_say(r->master, IPC_PEER, 0, &msg, &pair[1], 1))
		panic("rig: cannot hand a channel on");
	close(pair[1]);
	rig_forget_stray(pair[0]);
	return pair[0];
}

/* The peer that behaves is there (again). */
static inline void
rig_connect(struct rig *r, enum program_kind kind)
{
	if (r->peers[kind] != -1)
		close(r->peers[kind]);
	r->peers[kind] = rig_peer(r, kind, 0);
	/* a qmgr says this first */
	if (r->kind == PROGRAM_CLEANUP && kind == PROGRAM_QMGR)
		rig_say(r->peers[kind], IPC_WORKQUEUE, 0,
		    &(struct workqueue){ .reason = STR("") }, NULL, 0);
}

static inline void
rig_exec(const struct rig *r, int channel)
{
	char path[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 40);

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL)
		_exit(126);
	snprintf(slash, 40, "/../bin/postern-%s", program_name(r->kind));
	if (dup2(channel, 3) == -1 || fcntl(3, F_SETFD, 0) == -1)
		_exit(126);
	execl(path, path, (char *)NULL);
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

static inline void
rig_setup(struct rig *r)
{
	struct setup setup = { .n_workers = 1,
		.slot = 1,
		.revision = 1,
		.folder = str_of(r->kind == PROGRAM_RECORDER ||
					 r->kind == PROGRAM_CLEANUP ||
					 r->kind == PROGRAM_QMGR
				     ? r->kit.path
				     : ""),
		.chroot = STR("") };
	struct err err = ERR_INIT;
	struct bundle bundle;
	struct ready ready;
	struct heard h;
	char text[2048];
	int fds[2];

	/* lookupd must ask nobody; others ask us */
	snprintf(text, sizeof(text), rig_config,
	    r->kind == PROGRAM_LOOKUPD ? "no" : "yes");
	bundle_from_text(&bundle, "postern.yaml", str_of(text));
	fds[0] = bundle_to_fd(&bundle, &err);
	fds[1] = r->stats_fd;
	if (fds[0] == -1 || !rig_say(r->master, IPC_SETUP, 0, &setup, fds, 2) ||
	    !rig_expect(r->master, &h, IPC_READY, &ready, NULL))
		panic("rig: %s does not start", program_name(r->kind));
	close(fds[0]);
	bundle_free(&bundle);
}

static inline struct rig *
rig_start(enum program_kind kind)
{
	struct rig *r = mem_alloc(sizeof(*r));
	struct err err = ERR_INIT;
	int pair[2];

	r->kind = kind;
	r->mid = 1000;
	kit_open(&r->kit, "/var/tmp");
	r->stats = stats_create(&r->stats_fd, &err);
	if (r->stats == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		panic("rig: %s", err.text);
	rig_listen(r);
	r->master = pair[0];
	r->pid = fork();
	if (r->pid == 0)
		rig_exec(r, pair[1]);
	close(pair[1]);
	rig_setup(r);
	for (int k = 0; k < PROGRAM_N; k++) {
		r->peers[k] = -1;
		if (k != PROGRAM_MASTER && peers_linked(kind, k))
			rig_connect(r, k);
	}
	if ((kind == PROGRAM_SMTPD || kind == PROGRAM_QMQPD ||
		kind == PROGRAM_WEBD) &&
	    !rig_say(r->master, IPC_LISTEN, 0,
		&(struct listen_msg){ kind == PROGRAM_SMTPD
					  ? STR("InboundMail")
					  : STR("Generators") },
		&r->door, 1))
		panic("rig: %s takes no listener", program_name(kind));
	return r;
}

static inline void
rig_stop(struct rig *r)
{
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	for (int k = 0; k < PROGRAM_N; k++)
		if (r->peers[k] != -1)
			close(r->peers[k]);
	close(r->master);
	close(r->door);
	close(r->stats_fd);
	stats_unmap(&r->stats);
	kit_close(&r->kit);
	free(r);
}

/* What it says to its recorder and master is not looked at. */
static inline void
rig_drain(struct rig *r)
{
	if (r->peers[PROGRAM_RECORDER] != -1)
		rig_ended(r->peers[PROGRAM_RECORDER], 0);
	rig_ended(r->master, 0);
}

static inline bool
rig_lives(struct rig *r)
{
	return waitpid(r->pid, NULL, WNOHANG) == 0;
}

/* Descriptors of the program; -1: /proc does not tell us (not root). */
static inline long
rig_fds(const struct rig *r)
{
	char path[40];
	long n = -2; /* . and .. */
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)r->pid);
	dir = opendir(path);
	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Memory of its own, in KiB. */
static inline long
rig_kib(const struct rig *r)
{
	char path[40], line[200];
	long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)r->pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kib;
}

#endif

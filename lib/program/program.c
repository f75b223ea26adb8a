/*
 * program.c - the skeleton of every daemon: from exec to the loop and out
 *
 *	exec -> SETUP -> configuration -> setup() -> sandbox -> READY -> loop
 *
 * Descriptor 3 is the channel to the master. Its end of file means that the
 * master is gone: the program ends at once, a new master starts afresh.
 */
#include "program/program.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/load.h"
#include "program/admins.h"
#include "program/events.h"
#include "program/peers.h"
#include "program/usage.h"
#include "sandbox/sandbox.h"

#define MASTER_FD      3
#define SETUP_TIMEOUT  30000 /* ms */
#define ALIVE_INTERVAL 5000  /* ms between signs of life to the master */

struct peer_link {
	struct daemon *daemon;
	enum program_kind kind;
	const struct ipc_handler *handler; /* of the program */
	void *arg;
};

static struct ipc *master;
static struct loop_timer *alive;
static int64_t said_alive; /* monotonic ms */
static bool started;

/* A configuration that waits for the word to come into force. */
static struct {
	struct config *config; /* NULL: none */
	uint32_t serial;
} loaded;

static void options(const struct program *, int argc, char **argv);
static void receive_setup(struct daemon *, struct sandbox_options *);
static struct config *load_config(
    struct daemon *, const struct bundle *, uint64_t revision, struct err *);
static void enter(struct daemon *, struct sandbox_options *);
static void say_alive(void *arg);
static int master_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void master_closed(void *, struct ipc *, const struct err *);
static int take_config(struct daemon *, struct ipc_frame *, struct err *);
static int take_switch(struct daemon *, struct ipc_frame *, struct err *);
static int switch_config(struct daemon *, uint32_t serial, struct err *);
static int take_peer(struct daemon *, struct ipc_frame *, struct err *);
static int peer_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void peer_closed(void *, struct ipc *, const struct err *);
static void peer_drained(void *, struct ipc *);
static int take_listen(struct daemon *, struct ipc_frame *, struct err *);
static int take_unlisten(struct daemon *, struct ipc_frame *, struct err *);
static int take_stop(struct daemon *, struct ipc_frame *, struct err *);
static int take_secret(struct daemon *, struct ipc_frame *, struct err *);
static int take_no_secret(struct daemon *, struct ipc_frame *, struct err *);
static int take_rules(struct daemon *, struct ipc_frame *, struct err *);
static int take_call(struct daemon *, struct ipc_frame *, struct err *);
static int take_no_call(struct daemon *, struct ipc_frame *, struct err *);
static int take_fd(struct ipc_frame *, size_t i);

static const struct ipc_handler master_handler = {
	.frame = master_frame,
	.closed = master_closed,
};
static const struct ipc_handler peer_handler = {
	.frame = peer_frame,
	.closed = peer_closed,
	.drained = peer_drained,
};

/* What the master may say, and who takes it. */
static const struct {
	enum ipc_type type;
	int (*take)(struct daemon *, struct ipc_frame *, struct err *);
} from_master[] = {
	{ IPC_CONFIG, take_config },
	{ IPC_CONFIG_SWITCH, take_switch },
	{ IPC_PEER, take_peer },
	{ IPC_LISTEN, take_listen },
	{ IPC_UNLISTEN, take_unlisten },
	{ IPC_STOP, take_stop },
	{ IPC_ADMIN, admins_take },
	{ IPC_SECRET, take_secret },
	{ IPC_NO_SECRET, take_no_secret },
	{ IPC_RULES, take_rules },
	{ IPC_NO_RULES, take_rules },
	{ IPC_CALLED, take_call },
	{ IPC_NOT_CALLED, take_no_call },
};

int
program_main(const struct program *p, int argc, char **argv)
{
	struct sandbox_options sb = { 0 };
	struct daemon d = { .program = p };
	struct err err = ERR_INIT;

	err_program(program_name(p->kind));
	options(p, argc, argv);
	/* Nothing but what the master meant us to have (threats FIL-04). */
	close_range(MASTER_FD + 1, ~0U, 0);
	/* Sockets of peers that are gone; some libraries write with write(). */
	signal(SIGPIPE, SIG_IGN);
	tzset(); /* these two read files: not possible later */
	json_object_seed(0);
	d.loop = loop_new();
	receive_setup(&d, &sb);
	if (p->kind != PROGRAM_RECORDER)
		program_events_to(&d, NULL);
	if (p->setup != NULL && p->setup(&d, &err) == -1)
		fatal("%s", err.text);
	program_usage_begin();
	enter(&d, &sb);

	master = ipc_new(d.loop, MASTER_FD, "master", &master_handler, &d);
	for (size_t i = 0; i < NELEM(from_master); i++)
		ipc_accept(master, from_master[i].type);
	alive = loop_timer(d.loop, say_alive, &d);
	said_alive = clock_mono_ms();
	if (p->start != NULL)
		p->start(&d);
	started = true;
	say_alive(&d);
	loop_run(d.loop);
	program_events_flush();
	return 0;
}

void
program_keep(enum kept_what what, struct str packed)
{
	struct feed_whole end = { .size = packed.n, .what = (uint8_t)what };

	while (packed.n > 0) {
		struct str piece = str_sub(packed, 0, IPC_FRAME_MAX / 2);

		ipc_send_raw(master, IPC_FEED, 0, piece.p, piece.n);
		packed = str_sub(packed, piece.n, packed.n);
	}
	ipc_send(master, IPC_FEED_WHOLE, 0, &end);
}

void
program_call(enum program_kind kind, uint32_t number, struct str user)
{
	struct call_msg msg = { .kind = kind, .user = user };

	ipc_send(master, IPC_CALL, number, &msg);
}

/* --- from exec to the loop --- */

static void
options(const struct program *p, int argc, char **argv)
{
	struct stat st;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--version") == 0) {
			printf("postern-%s %s\n", program_name(p->kind),
			    POSTERN_VERSION);
			exit(0);
		}
	}
	if (fstat(MASTER_FD, &st) == -1 || !S_ISSOCK(st.st_mode)) {
		fprintf(stderr,
		    "postern-%s is a part of Postern and is started by its "
		    "master.\nStart the whole with: postern-master\n",
		    program_name(p->kind));
		exit(2);
	}
}

static void
receive_setup(struct daemon *d, struct sandbox_options *sb)
{
	struct ipc_frame frame;
	struct bundle bundle;
	struct setup setup;
	struct err err = ERR_INIT;
	struct buf in;
	int fds[2] = { -1, -1 };
	size_t n_fds = 2;

	buf_init(&in, IPC_FRAME_MAX);
	if (ipc_call_recv(
		MASTER_FD, &frame, &in, fds, &n_fds, SETUP_TIMEOUT, &err) == -1)
		fatal("no set-up from the master: %s", err.text);
	if (frame.type != IPC_SETUP || n_fds != 2 ||
	    ipc_decode(&frame, &setup, NULL, &err) == -1)
		fatal("the master's set-up is wrong: %s", err.text);
	d->worker = setup.worker;
	d->n_workers = setup.n_workers;
	d->folder = mem_strndup(setup.folder.p, setup.folder.n);
	sb->uid = setup.uid;
	sb->gid = setup.gid;
	sb->log_only = setup.sandbox_log != 0;
	if (setup.chroot.n > 0)
		sb->chroot = mem_strndup(setup.chroot.p, setup.chroot.n);
	d->stats = stats_map(fds[1], false, &err);
	if (d->stats == NULL || bundle_from_fd(&bundle, fds[0], &err) == -1)
		fatal("%s", err.text);
	stats_use_slot(d->stats, setup.slot);
	d->config = load_config(d, &bundle, setup.revision, &err);
	if (d->config == NULL)
		fatal("%s", err.text);
	bundle_free(&bundle);
	close(fds[0]);
	close(fds[1]);
	buf_fini(&in);
}

static struct config *
load_config(struct daemon *d, const struct bundle *b, uint64_t revision,
    struct err *err)
{
	return d->program->brief ? config_load_brief(b, revision, err)
				 : config_load_simple(b, revision, err);
}

static void
enter(struct daemon *d, struct sandbox_options *sb)
{
	const char *name = program_name(d->program->kind);
	const struct sandbox_profile *profile = sandbox_profile(name);
	struct err err = ERR_INIT;

	if (profile == NULL)
		panic("no sandbox profile for %s", name);
	if (d->folder[0] != '\0')
		sb->folder = d->folder;
	if (sandbox_enter(profile, sb, &err) == -1)
		fatal("sandbox: %s", err.text);
}

/* READY, and again as a sign of life: the loop still turns. Before that, that
 * it is on its way to it: a long queue takes minutes to read. */
static void
say_alive(void *arg)
{
	struct daemon *d = arg;
	struct ready r = { .pid = (uint32_t)getpid(), .starting = !started };

	said_alive = clock_mono_ms();
	program_usage(d);
	ipc_send(master, IPC_READY, 0, &r);
	loop_timer_in(alive, ALIVE_INTERVAL);
}

void
program_still_alive(struct daemon *d)
{
	if (master == NULL || clock_mono_ms() - said_alive < ALIVE_INTERVAL)
		return;
	say_alive(d);
	ipc_flush(master);
}

/* --- the master's channel --- */

static int
master_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)ipc;
	for (size_t i = 0; i < NELEM(from_master); i++)
		if (from_master[i].type == f->type)
			return from_master[i].take(arg, f, err);
	return err_set(err, ERR_PROTO, "message %u", f->type);
}

static void
master_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	(void)arg, (void)ipc, (void)err;
	_exit(0); /* nothing acknowledged depends on what we still hold */
}

/* A new revision is only loaded here; see take_switch. */
static int
take_config(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	struct config_done done = { 0 };
	struct config_msg msg;
	struct bundle bundle;
	struct err why = ERR_INIT;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	config_unref(&loaded.config);
	loaded.serial = msg.serial;
	if (bundle_from_fd(&bundle, f->fds[0], &why) == 0) {
		loaded.config = load_config(d, &bundle, msg.revision, &why);
		bundle_free(&bundle);
	}
	done.serial = msg.serial;
	done.error = str_of(why.text);
	ipc_send(master, IPC_CONFIG_DONE, 0, &done);
	return 0;
}

static int
take_switch(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	struct config_done done = { .switched = 1 };
	struct config_switch msg;
	struct err why = ERR_INIT;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	if (!msg.go) {
		config_unref(&loaded.config);
		return 0;
	}
	switch_config(d, msg.serial, &why);
	done.serial = msg.serial;
	done.error = str_of(why.text);
	ipc_send(master, IPC_CONFIG_DONE, 0, &done);
	return 0;
}

/* In force only when the program agrees to it. */
static int
switch_config(struct daemon *d, uint32_t serial, struct err *err)
{
	struct config *next = loaded.config, *old = d->config;

	if (next == NULL || loaded.serial != serial)
		return err_set(
		    err, ERR_PROTO, "this configuration was not loaded");
	loaded.config = NULL;
	if (d->program->on_config != NULL &&
	    d->program->on_config(d, next, err) == -1) {
		config_unref(&next);
		return -1;
	}
	d->config = next;
	config_unref(&old);
	return 0;
}

static int
take_listen(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	struct listen_msg msg;
	char name[NAME_MAX_LEN + 1];

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	str_copy(name, sizeof(name), msg.listener);
	if (d->program->on_listen != NULL)
		d->program->on_listen(d, name, take_fd(f, 0));
	return 0;
}

static int
take_unlisten(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	struct unlisten msg;
	char name[NAME_MAX_LEN + 1];

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	str_copy(name, sizeof(name), msg.listener);
	if (d->program->on_unlisten != NULL)
		d->program->on_unlisten(d, name, msg.wait);
	return 0;
}

static int
take_stop(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	struct stop msg;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	d->stopping = true;
	if (d->program->on_stop != NULL)
		d->program->on_stop(d, msg.wait);
	else
		loop_stop(d->loop);
	return 0;
}

static int
take_secret(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	struct secret msg;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	if (d->program->on_secret != NULL)
		d->program->on_secret(d, msg.name, take_fd(f, 0), STR(""));
	return 0;
}

static int
take_no_secret(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	struct no_secret msg;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	if (d->program->on_secret != NULL)
		d->program->on_secret(d, msg.name, -1, msg.error);
	return 0;
}

static int
take_rules(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	void (*take)(struct daemon *, int fd);
	struct no_rules none = { 0 };
	struct rules_msg msg = { 0 };
	int rc = f->type == IPC_RULES ? ipc_decode(f, &msg, NULL, err)
				      : ipc_decode(f, &none, NULL, err);

	if (rc == -1)
		return -1;
	take = msg.what == KEPT_POLICIES || none.what == KEPT_POLICIES
		   ? d->program->on_policies
		   : d->program->on_rules;
	if (take != NULL)
		take(d, f->type == IPC_RULES ? take_fd(f, 0) : -1);
	return 0;
}

static int
take_call(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	struct called msg;
	int fd;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	fd = take_fd(f, 0);
	if (d->program->on_call != NULL)
		d->program->on_call(d, f->txn, fd);
	else
		close(fd);
	return 0;
}

static int
take_no_call(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	struct called msg;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	if (d->program->on_call != NULL)
		d->program->on_call(d, f->txn, -1);
	return 0;
}

/* --- peers --- */

static int
take_peer(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	enum program_kind self = d->program->kind;
	struct peer_msg msg;
	struct peer_link *p;
	struct ipc *ipc;
	char name[48];

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	if (msg.kind >= PROGRAM_N)
		return err_set(err, ERR_PROTO, "program %u", msg.kind);
	p = mem_alloc(sizeof(*p));
	p->daemon = d;
	p->kind = msg.kind;
	snprintf(
	    name, sizeof(name), "%s %u", program_name(p->kind), msg.worker);
	ipc = ipc_new(d->loop, take_fd(f, 0), name, &peer_handler, p);
	peers_accept(ipc, p->kind, self);
	if (p->kind == PROGRAM_RECORDER)
		program_events_to(d, ipc);
	/* most only tell the recorder, and never hear of it */
	if (d->program->on_peer != NULL &&
	    (p->kind != PROGRAM_RECORDER || peers_speak(p->kind, self)))
		p->handler =
		    d->program->on_peer(d, p->kind, msg.worker, ipc, &p->arg);
	return 0;
}

static int
peer_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct peer_link *p = arg;

	if (p->handler == NULL)
		return err_set(err, ERR_PROTO, "nobody expects this");
	return p->handler->frame(p->arg, ipc, f, err);
}

static void
peer_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct peer_link *p = arg;

	if (p->kind == PROGRAM_RECORDER)
		program_events_to(p->daemon, NULL);
	if (p->handler != NULL && p->handler->closed != NULL)
		p->handler->closed(p->arg, ipc, err);
	free(p);
}

static void
peer_drained(void *arg, struct ipc *ipc)
{
	struct peer_link *p = arg;

	if (p->handler != NULL && p->handler->drained != NULL)
		p->handler->drained(p->arg, ipc);
}

/* The i-th descriptor of a frame becomes ours. */
static int
take_fd(struct ipc_frame *f, size_t i)
{
	int fd = f->fds[i];

	f->fds[i] = -1;
	return fd;
}

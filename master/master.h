/*
 * master.h - inside the master: the supervisor's state and its parts
 *
 * The master starts every program, wires them together, binds the listening
 * sockets and hands them on, carries the configuration, and restarts what
 * dies. It keeps root where it has it, so it parses nothing that comes from
 * outside but the administrators' own commands.
 *
 *	master.c	options, start, signals, stop
 *	folders.c	folders of a root and their owners
 *	children.c	processes: start, death, restart
 *	wiring.c	channels between them
 *	secrets.c	files of keys, for keyd
 *	listeners.c	sockets: bind, suspend, resume
 *	reload.c	a new revision of the configuration
 *	control.c	the control socket of the admin tools
 *	notify.c	systemd
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include <sys/types.h>

#include "base/err.h"
#include "base/loop.h"
#include "config/config.h"
#include "config/paths.h"
#include "ipc/ipc.h"
#include "program/program.h"
#include "stats/stats.h"

enum child_state {
	CHILD_DOWN,     /* not running; a timer may start it */
	CHILD_STARTING, /* SETUP sent */
	CHILD_READY
};

struct master;

struct child {
	struct master *master;
	enum program_kind kind;
	uint32_t worker, slot;
	enum child_state state;
	pid_t pid; /* 0: none */
	struct ipc *ipc;
	struct loop_timer *restart;
	int64_t started; /* monotonic ms */
	int64_t alive;   /* last sign of life */
	unsigned quick;  /* deaths in a row soon after the start */
};

struct socket_entry {
	char name[NAME_MAX_LEN + 1];
	struct endpoint ep;
	int fd; /* -1: suspended, or not bound */
	bool suspended;
};

struct reload;
struct secrets;

struct master {
	struct daemon self; /* loop, config, stats: for events of our own */
	struct paths paths;
	const char *root_dir; /* --root as given; NULL: installed */
	char bin[PATH_MAX];   /* folder of the programs */
	bool root;            /* accounts and chroots are possible */
	bool sandbox_log;
	bool hints; /* tell what to try next when ready */
	bool ready; /* was announced */
	int stats_fd;
	int lock_fd;
	int control_fd;

	struct child *children;
	size_t n_children;
	uint32_t workers;

	struct socket_entry *sockets;
	size_t n_sockets;

	struct reload *reload; /* one in progress */
	struct secrets *secrets;
	int stop_step; /* 0: running */
	struct loop_timer *stop_timer, *health;
};

/* folders.c: makes what is missing, checks what is there, takes the lock. */
int folders_prepare(struct master *, struct err *err);

/* children.c */
void children_make(struct master *, uint32_t workers);
void children_start(struct master *); /* recorder first, then the rest */
void children_reap(struct master *);  /* after SIGCHLD */
void children_kill(struct master *, int signo);
bool children_all_ready(const struct master *);
void children_health(void *master); /* ends those without a sign of life */
size_t children_running(const struct master *, enum program_kind kind);

/* wiring.c: the child is READY: channels to all that are, too. */
void wiring_connect(struct master *, struct child *);

/* secrets.c: to keyd, if it is there: all files of the configuration. */
void secrets_hand(struct master *);

/* listeners.c */
int listeners_bind(struct master *, const struct config *, struct err *err);
void listeners_open(struct master *); /* listen and hand to the workers */
void listeners_hand(struct master *, struct child *smtpd);
void listeners_close(struct master *, uint32_t wait);
/* names: JSON list filled; names n 0: all. Returns how many changed. */
size_t listeners_suspend(struct master *, const struct str *names, size_t n,
    uint32_t wait, struct err *err);
size_t listeners_resume(
    struct master *, const struct str *names, size_t n, struct err *err);

/* reload.c: puts the current revision in force everywhere, or leaves the old
 * one everywhere. done is called once; err NULL: it is in force. */
void reload_start(
    struct master *, void (*done)(void *arg, const struct err *err), void *arg);
void reload_answer(struct master *, struct child *, const struct config_done *);
void reload_child_died(struct master *, struct child *);
/* The configuration in force as a sealed descriptor, the caller's. */
int reload_bundle(struct master *, struct err *err);

/* control.c */
int control_open(struct master *, struct err *err);
void control_close(struct master *);

/* notify.c */
void notify_send(const char *state); /* "READY=1"; no-op without systemd */
void notify_watchdog(struct loop *);

/* master.c */
void master_progress(struct master *); /* a child became ready or ended */
void master_stop(struct master *);     /* second call: at once */

#endif

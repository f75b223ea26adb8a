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
 *	sessions.c	who sits at a shell of the admin tools
 *	rules.c		rules of outbreak filters: kept, handed on
 *	listeners.c	sockets: bind, suspend, resume
 *	reload.c	a new revision of the configuration
 *	control.c	the control socket of the admin tools
 *	commands.c	commands to the master itself
 *	captures.c	packet captures
 *	notify.c	systemd
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include <jansson.h>
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
	int64_t started;    /* monotonic ms */
	int64_t restart_at; /* while it is DOWN; 0: no death so far */
	int64_t alive;      /* last sign of life */
	uint64_t revision;  /* it works by, or is about to start with */
	bool asked, loaded; /* in a reload: must answer; has answered yes */
	unsigned quick;     /* deaths in a row soon after the start */
	unsigned restarts;  /* deaths since the start of the suite */
	int64_t end_by;     /* told to end, by then; 0: it was not */
};

struct socket_entry {
	char name[NAME_MAX_LEN + 1];
	enum program_kind kind; /* who accepts on it */
	struct endpoint ep;
	int fd; /* -1: suspended, or not bound */
	bool suspended;
};

/* The sockets that a configuration asks for: those that stay, and new ones,
 * bound but deaf. */
struct socket_plan {
	struct socket_entry *v;
	size_t n;
};

struct reload;
struct secrets;
struct captures;

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

	int bundle_fd;         /* the configuration in force, sealed */
	struct reload *reload; /* one in progress */
	uint32_t reloads;      /* so far: the serial of the last */
	struct secrets *secrets;
	struct captures *captures; /* NULL: there was none yet */
	struct buf rules;          /* that lookupd is about to have kept, */
	bool rules_come;           /* when it has begun to say so */
	int stop_step;             /* 0: running */
	struct loop_timer *stop_timer, *health, *resources;
	int64_t health_at;   /* when it was looked after last, monotonic ms */
	unsigned conserving; /* conserve.h: the degree */
	int64_t disk_at;     /* when it was looked at last, monotonic ms */
	uint64_t disk_busy;  /* ms, by then */
	uint64_t disk_ops;   /* operations, by then */
	uint64_t cpu_idle, cpu_all; /* ticks of the machine, by then */
};

/* folders.c: makes what is missing, checks what is there, takes the lock. */
int folders_prepare(struct master *, struct err *err);

/* children.c */
void children_make(struct master *, uint32_t workers);
void children_start(struct master *);        /* recorder first, then the rest */
void children_start_wanted(struct master *); /* by a new configuration */
void children_reap(struct master *);         /* after SIGCHLD */
void children_kill(struct master *, int signo);
/* Those of a kind end gracefully, and are started anew. How many. */
size_t children_restart(struct master *, enum program_kind kind);
bool children_all_ready(const struct master *);
void children_health(void *master); /* ends those without a sign of life */
size_t children_running(const struct master *, enum program_kind kind);
/* One that is READY. worker: 0: any, else 1 more than its number. NULL: none.
 */
struct child *children_ready(
    const struct master *, enum program_kind kind, uint32_t worker);
/* There is none; is one about to be? False: why says what hinders it, and
 * when it is started next. */
#define WHY_DOWN 160
bool children_expected(const struct master *, enum program_kind kind,
    uint32_t worker, char why[WHY_DOWN]);

/* wiring.c: the child is READY: channels to all that are, too. */
void wiring_connect(struct master *, struct child *);

/* secrets.c: to keyd, if it is there: all files of a configuration, the one in
 * force or the one that is about to be. */
void secrets_hand(struct master *, struct config *);
/* Now, not only when it is time: something has changed. */
void secrets_look(struct master *);

/* sessions.c: a tool is there, for one command or, as a shell, for many; it
 * was given a line, or an answer, at that prompt; all shells, as JSON. */
struct shell;
struct shell *sessions_begin(pid_t, const char *user, bool stays);
void sessions_end(struct shell **); /* NULL: none */
void sessions_entered(struct master *, struct shell *, bool line,
    struct str input, struct str prompt);
json_t *sessions_json(void);

/* rules.c: what lookupd says, in pieces; then all of it is kept, and handed to
 * whoever uses it. */
void rules_piece(struct master *, struct str piece);
void rules_end(struct master *, enum kept_what, uint64_t size);
void rules_hand(struct master *, struct child *);

/* resources.c: begins to look at them, for good. */
void resources_watch(struct master *);

/* listeners.c */
/* Binds what `next` adds; nothing that is in use changes. -1: a port cannot
 * be had. Then one of the other two. */
int listeners_plan(struct master *, const struct config *next,
    struct socket_plan *, struct err *err);
void listeners_drop(struct master *, struct socket_plan *);
/* The plan becomes m->sockets: what is gone is closed. Conversations that
 * came in by it may end within `wait` seconds. */
void listeners_use(struct master *, struct socket_plan *, uint32_t wait);
void listeners_open(struct master *); /* listen and hand to the workers */
void listeners_hand(struct master *, struct child *);
void listeners_close(struct master *, uint32_t wait);
/* names: JSON list filled; names n 0: all. Returns how many changed. */
size_t listeners_suspend(struct master *, const struct str *names, size_t n,
    uint32_t wait, struct err *err);
size_t listeners_resume(
    struct master *, const struct str *names, size_t n, struct err *err);

/*
 * reload.c: puts a revision in force everywhere, or leaves the old one
 * everywhere; number 0: the current one. The revision is made the current
 * one at the moment when all programs have it. done is called once; err NULL:
 * it is in force.
 */
void reload_start(struct master *, uint64_t number,
    void (*done)(void *arg, const struct err *err), void *arg);
void reload_answer(struct master *, struct child *, const struct config_done *);
void reload_child_died(struct master *, struct child *);
/* It was started before the configuration changed: gets the new one. */
void reload_child_ready(struct master *, struct child *);
/* Reads the current revision at the start. */
int reload_first(struct master *, struct err *err);
/* The configuration in force as a sealed descriptor, the caller's. */
int reload_bundle(struct master *, struct err *err);

/* control.c */
int control_open(struct master *, struct err *err);
void control_close(struct master *);
/* A child became ready or died: those who wait for one may have waited for
 * it. */
void control_again(void);

/* webd asks for a connection, as a tool would. */
void control_call(struct child *webd, uint32_t txn, const struct call_msg *);

/* commands.c: answers them on a connection, and owns that. web: it is webd's,
 * and has only the commands that pages have. */
void commands_serve(
    struct master *, int fd, pid_t pid, const char *user, bool web);
/* webd has as many as it may. */
bool commands_full(void);

/* captures.c: one packet capture at a time. The answer to start comes when
 * it has begun, and when attached another when it has ended. */
void captures_start(struct master *, struct ipc *admin, const struct str *words,
    size_t n, bool web);
void captures_admin_gone(struct master *, const struct ipc *admin);
/* A tool that asks for it; false: none runs, and fd is still the caller's. */
bool captures_hand(struct master *, const struct admin_msg *, int fd, bool web);
void captures_stop(struct master *);
bool captures_reaped(struct master *, pid_t, int status); /* was it it? */
/* The name of the one that runs; NULL: none does. */
const char *captures_name(const struct master *);

/* captures_web.c: what pages do with captures, and tools do themselves */
/* The words of captures_start from those of a page: interfaces by name become
 * devices. Nothing that webd says is believed: err says what is wrong. */
#define CAPTURE_WORDS 32
struct capture_words {
	struct str v[CAPTURE_WORDS];
	size_t n;
	char devices[CAPTURE_WORDS][140];
};
int captures_web(const struct master *, const struct str *words, size_t n,
    struct capture_words *, struct err *err);
/* files, open NAME, delete NAME: answered. */
void captures_files(
    struct master *, struct ipc *admin, const struct str *words, size_t n);

/* notify.c */
void notify_send(const char *state); /* "READY=1"; no-op without systemd */
void notify_watchdog(struct loop *);

/* master.c */
void master_progress(struct master *); /* a child became ready or ended */
void master_stop(struct master *);     /* second call: at once */

#endif

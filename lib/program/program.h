/*
 * program.h - the skeleton of every daemon
 *
 * A program is a table: what it is called, what it may do, whom it talks to,
 * what is special about it. Options, the channel to the master, configuration
 * and its changes, wiring to peers, sandbox, loop, events, graceful stop are
 * here, written once.
 *
 *	static const struct program smtpd = { .kind = PROGRAM_SMTPD, ... };
 *	int main(int argc, char **argv)
 *	{
 *		return program_main(&smtpd, argc, argv);
 *	}
 *
 * Daemons are started by the master only, with the channel as descriptor 3;
 * started by hand they print what they are and exit 2.
 */
#ifndef PROGRAM_PROGRAM_H
#define PROGRAM_PROGRAM_H

#include "base/loop.h"
#include "config/config.h"
#include "ipc/ipc.h"
#include "stats/stats.h"

enum program_kind {
	PROGRAM_MASTER,
	PROGRAM_RECORDER,
	PROGRAM_LOOKUPD,
	PROGRAM_CLEANUP,
	PROGRAM_QMGR,
	PROGRAM_SMTPD,
	PROGRAM_SMTP,
	PROGRAM_KEYD,
	PROGRAM_QMQPD,
	PROGRAM_INSPECT,
	PROGRAM_CAPTURE, /* started for a while, and not by itself */
	PROGRAM_WEBD,
	PROGRAM_N
};
const char *program_name(enum program_kind); /* "smtpd" */
/* -1: no such program */
int program_kind_of(struct str name);

/* A running daemon's surroundings; one per process, passed everywhere. */
struct daemon {
	const struct program *program;
	struct loop *loop;
	struct config *config; /* in force; take a reference to keep it */
	struct stats *stats;
	uint32_t worker, n_workers;
	const char *folder; /* SETUP's; "" when the program has none */
	void *self;         /* the program's own state */
	bool stopping;
};

struct program {
	enum program_kind kind;
	bool brief; /* its configuration needs no long access tables */
	/* Before the sandbox: open what must be open. The configuration is
	 * loaded already. Failure is fatal. */
	int (*setup)(struct daemon *, struct err *err);
	/* After the sandbox, first thing in the loop. */
	void (*start)(struct daemon *);
	/* A new configuration is about to replace d->config; -1: refuse. */
	int (*on_config)(struct daemon *, struct config *next, struct err *);
	/* A peer was connected or lost. On connect: return a handler for its
	 * channel (and *arg) and call ipc_accept for what it may send. */
	const struct ipc_handler *(*on_peer)(struct daemon *, enum program_kind,
	    uint32_t worker, struct ipc *, void **arg);
	/* A listening socket (smtpd); fd becomes the program's. */
	void (*on_listen)(struct daemon *, const char *listener, int fd);
	void (*on_unlisten)(
	    struct daemon *, const char *listener, uint32_t wait);
	/* A file below secrets/ (keyd), at the start before any peer, and when
	 * it changed; fd becomes the program's. fd -1: it cannot be had. */
	void (*on_secret)(
	    struct daemon *, struct str name, int fd, struct str error);
	/* The rules of outbreak filters (cleanup, lookupd), as they are kept;
	 * fd becomes the program's. fd -1: there are none. */
	void (*on_rules)(struct daemon *, int fd);
	/* Likewise the policies of MTA-STS (lookupd). */
	void (*on_policies)(struct daemon *, int fd);
	/* A command of an admin tool arrived; see program_answer. */
	void (*on_command)(struct daemon *, struct ipc *admin,
	    const struct command *, const char *user);
	/* Those of them that pages give; a webd that was taken over gets no
	 * other. NULL at the end; NULL: none. */
	const char *const *page_commands;
	/* Another message of an admin tool, once ipc_accept has let it in. */
	int (*on_admin_frame)(struct daemon *, struct ipc *admin,
	    struct ipc_frame *, struct err *);
	/* That admin tool is gone: do not answer it any more. */
	void (*on_admin_gone)(struct daemon *, struct ipc *admin);
	/* The connection that program_call asked for; fd becomes the
	 * program's. It is spoken on as admin tools do after CONNECT: first
	 * comes a RESULT. -1: there can be none. */
	void (*on_call)(struct daemon *, uint32_t number, int fd);
	/* Stop: finish what is in progress, then loop_stop. */
	void (*on_stop)(struct daemon *, uint32_t wait);
};

int program_main(const struct program *, int argc, char **argv);

/*
 * For who stays away from the loop: a sign of life to the master, if it is
 * time for one. Who gives none for a minute is ended.
 */
void program_still_alive(struct daemon *);

/* lookupd: this is to be kept, and handed to whoever uses it. */
void program_keep(enum kept_what, struct str packed);

/*
 * webd: a connection to that program, as the master gives one to an admin
 * tool, for what `user` wants to do. on_call follows, with the number.
 */
void program_call(enum program_kind, uint32_t number, struct str user);

/* Answers an on_command: JSON text (may be NULL), a result_status, error text
 * (NULL: none). The tool may send the next command then, or close. */
void program_answer(
    struct ipc *admin, const char *json, unsigned status, const char *error);

#endif

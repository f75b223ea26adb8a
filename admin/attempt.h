/*
 * attempt.h - the way that mail for a domain would go, gone by a tool
 *
 * Nothing of delivery is written again here: route, hosts and their order are
 * the queue manager's (qmgr/resolve.h), which address is next, from which
 * interface and with what demands on TLS as well (qmgr/conn.h), and the
 * conversation is a session of smtp (smtp/session.h) that is looked on at.
 * The DNS is asked through the running lookupd, so that this sees what the
 * gateway sees; where nothing runs, by ourselves with the same library, and
 * without policies of MTA-STS, which nobody fetches then.
 *
 *	attempt_open	the configuration
 *	attempt_target	where to: a domain, or a host as if a route named it
 *	attempt_next	one connection to the address that is next; again
 *			until it ends well, or there is none left
 *
 * Of everything that happens there is a record; the hooks tell of it at
 * once, for a person who waits.
 */
#ifndef ADMIN_ATTEMPT_H
#define ADMIN_ATTEMPT_H

#include "admin/tool.h"
#include "config/config.h"
#include "fact/facts.h"
#include "qmgr/core.h"
#include "qmgr/dest.h"
#include "smtp/session.h"
#include "tls/client.h"

#define ATTEMPT_TIMEOUT "30" /* s, of each step (spec delivery-admin 5.3) */

/* One question to the DNS, and what came of it. */
struct attempt_lookup {
	enum lookup_kind kind;
	const char *name;
	struct answer answer;
	int64_t us;
};

/* What was said, or heard; us: how long it was waited for. */
struct attempt_line {
	bool heard;
	unsigned code;    /* heard */
	const char *text; /* lines of a reply, each ended by '\n' */
	int64_t us;
};

enum attempt_end {
	ATTEMPT_LOST,    /* no connection, or it was lost: another may do */
	ATTEMPT_NO_TLS,  /* it was demanded, and is not, or not good enough */
	ATTEMPT_REFUSED, /* the server said no */
	ATTEMPT_UP       /* to the end */
};

struct attempt_conn {
	struct session demand; /* of qmgr */
	const char *host;
	struct ip source; /* unset: there was no connection */
	int64_t connect_us;
	struct attempt_line *lines;
	size_t n_lines, cap_lines;

	bool starttls; /* it was offered */
	bool secured;  /* a handshake ended well */
	const char *version, *cipher;
	struct tls_peer peer;
	struct tls_shown *shown;
	size_t n_shown;
	int64_t tls_us;

	bool up;       /* greeting and EHLO are done, TLS as demanded */
	uint32_t bits; /* enum feature */
	uint64_t size;
	unsigned code; /* of the result for the recipient; 0: none */
	const char *result;
	enum job_stage stage;
	enum session_end why;
	const char *text; /* why it ended */
	enum attempt_end end;
};

struct attempt_job {
	const char *sender, *rcpt;
	struct str content; /* stored form (mail/wire.h); n 0: only ask */
	uint32_t wire_flags;
};

/* A member may be NULL. conn: the one under way. */
struct attempt;
struct attempt_hooks {
	void (*looked_up)(struct attempt *, const struct attempt_lookup *);
	void (*connecting)(struct attempt *, const struct attempt_conn *);
	void (*connected)(struct attempt *, const struct attempt_conn *);
	void (*line)(struct attempt *, const struct attempt_conn *,
	    const struct attempt_line *);
	void (*secured)(struct attempt *, const struct attempt_conn *);
	void (*ended)(struct attempt *, const struct attempt_conn *);
};

struct attempt {
	struct tool *tool;
	const struct attempt_hooks *hooks;
	void *arg;
	struct config *config;
	int64_t step_ms;
	const char *interface;

	struct arena mem;
	struct loop *loop;
	struct stats *stats;
	struct qmgr q;
	struct dest *dest;
	struct route route;        /* a host that is to be tried */
	struct route_dest target;  /* ... and what it says */
	struct destination limits; /* that are not the configured ones */
	struct sessions sessions;
	struct tls_client *tls;

	bool alone; /* no lookupd: the DNS was asked by ourselves */
	struct lookup_system *system;
	struct lookups *own;
	struct attempt_lookup *lookups;
	size_t n_lookups, cap_lookups;
	struct attempt_conn **conns;
	size_t n_conns, cap_conns;

	/* under way */
	struct attempt_question *questions; /* not put yet, the last first */
	struct conn *conn;
	struct attempt_conn *now;
	const struct attempt_job *job;
	struct session_down down;
	bool over;
	int64_t since; /* us */
};

/* What is in force, or the working copy; brief: without long access tables
 * (config/load.h). NULL: err. */
struct config *attempt_config(
    struct tool *, bool working, bool brief, struct err *);

struct attempt_how {
	bool working;          /* the working copy, not what is in force */
	const char *interface; /* or group; "": as all mail */
	const char *timeout;   /* s, of each step; as it was said */
};
/* -1: err says what is wrong; attempt_close all the same. */
int attempt_open(struct attempt *, struct tool *, const struct attempt_how *,
    const struct attempt_hooks *, void *arg, struct err *);
void attempt_close(struct attempt *);

struct attempt_to {
	struct str domain;    /* whose destination controls count */
	struct str interface; /* virtual gateway; empty: as attempt_how says */
	/* As if a route named that host: no MX records, no DANE, no MTA-STS.
	 * Empty: as mail for the domain goes. */
	struct str host;
	uint16_t port;
	const struct destination *limits; /* NULL: those in force */
	enum tls_wish wish;               /* of the mail */
};
/*
 * Looks up where to; once. The list is in a->dest->hosts then, in order; -1:
 * there is nothing, err says why, as the log would.
 */
int attempt_target(struct attempt *, const struct attempt_to *, struct err *);
/* Only the addresses of that host from now on, as if nothing had been tried. */
void attempt_only(struct attempt *, const char *host);

/* One connection, to its end; job NULL: greeting, EHLO, TLS, QUIT. NULL: no
 * address is left. */
struct attempt_conn *attempt_next(
    struct attempt *, const struct attempt_job *job);

/* Which connections there would be, one after the other, if each failed: in
 * conns, without making any. Nothing else comes after this. */
void attempt_plan(struct attempt *);

/* "example.net", "192.0.2.1:26", "[2001:db8::1]:26". False: none of them. */
struct attempt_host {
	char name[DOMAIN_MAX + 1];
	uint16_t port; /* 25 where none is said */
	bool direct;   /* a port, or an address: no domain of mail */
};
bool attempt_take_host(struct attempt_host *, const char *text);

/* --- attempt_conn.c, attempt_dns.c: parts of it --- */

extern const struct session_watch attempt_watch;

/* Puts the question and waits; what the answer points to is in a->mem. */
void attempt_ask(
    struct attempt *, enum lookup_kind, struct str name, struct answer *);
void attempt_ask_end(struct attempt *); /* frees what it needed */

#endif

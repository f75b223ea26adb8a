/*
 * web.h - inside webd: its state, and its parts
 *
 *	browser --TLS--> conn.c --> http.c --> request.c --> a page
 *	                                                       |  ^
 *	             master, recorder, qmgr, capture <-- call.c+--+
 *
 *	webd.c		the program
 *	keys.c		the channel to keyd: certificate, signatures, log in
 *	conn.c		one connection: TLS, reading, writing, time-outs
 *	http.h		requests taken apart
 *	request.h	one request: who asks, may he, what is answered
 *	call.c		commands to other programs
 *	sessions.h	who is logged in
 *	html.h, form.h	writing pages, reading forms
 *	pages.h		the table of pages
 */
#ifndef ADMIN_WEB_WEB_H
#define ADMIN_WEB_WEB_H

#include <jansson.h>

#include "admin/web/http.h"
#include "admin/web/sessions.h"
#include "base/map.h"
#include "program/program.h"
#include "tls/server.h"

#define CONNS_MAX        200
#define CONNS_PER_CLIENT 40

struct conn;
struct request;
struct call;
struct capture_form; /* page_capture.c: settings of the next capture */

struct web {
	struct daemon *daemon;
	struct ipc *keyd; /* NULL: none now */
	struct tls_store *store;
	struct tls_server *server; /* NULL: none can be made */
	uint64_t server_generation, server_revision;
	struct map signing; /* number -> conn */
	struct map logins;  /* number -> request */
	struct map calls;   /* number -> call */
	uint32_t last;      /* number given */
	int fd;             /* that listens; -1: none */
	struct loop_watch *watch;
	struct loop_wheel *wheel;
	struct loop_timer *tidy; /* sessions whose time is over */
	struct conn *conns;
	size_t n_conns;
	struct sessions sessions;
	struct attempts attempts, polls;
	struct capture_form *capture; /* NULL: as the configuration has it */
};

/* So many bytes of a file, from where its descriptor stands. */
struct piece {
	int fd;
	uint64_t size;
};

/* --- keys.c --- */

void keys_setup(struct web *);
const struct ipc_handler *keys_peer(struct web *, struct ipc *, void **arg);
/* NULL: there is no certificate that can be shown. */
struct tls_server *keys_server(struct web *);
/* conn_signed follows; 0: nobody can be asked. */
uint32_t keys_sign(struct web *, struct conn *, const struct sign *);
/* Is that the passphrase of this administrator? request_judged follows; 0:
 * nobody can be asked. */
uint32_t keys_judge(
    struct web *, struct request *, struct str user, struct str passphrase);
/* A number that nothing in that map has. */
uint32_t keys_number(struct web *, struct map *);

/* --- conn.c --- */

void conn_setup(struct web *);
/* Takes fd over. */
void conn_new(struct web *, int fd, const struct ip *client);
void conn_signed(struct conn *, struct str signature); /* "": refused */
bool conn_waits_for_key(const struct conn *);
/* One request is there, see request.h; these answer it: whole, or a head with
 * pieces of files behind it, which become the connection's. */
void conn_answer(struct conn *, struct str head, struct str body);
void conn_answer_files(
    struct conn *, struct str head, const struct piece *, size_t n);
void conn_free(struct conn *);
/* All of them end, those that work on a request when they have answered. */
void conn_end_all(struct web *);

/* --- call.c --- */

#define ANSWER_MAX (32u * 1024 * 1024)
#define FILES_MAX  12 /* a capture has ten parts */

struct said {
	unsigned status;    /* enum result_status */
	json_t *json;       /* NULL: none */
	int fds[FILES_MAX]; /* of FILEs; set one to -1 to keep it */
	size_t n_fds;
	char error[400];
};
typedef void call_done(void *arg, struct said *);

/*
 * A command in words to a program, as `postern` gives it, in the name of
 * user. done is called once, not from within, unless it is cancelled; the
 * answer is freed after it. NULL at the end of words.
 */
struct call *call_begin(struct web *, enum program_kind, struct str user,
    const char *const *words, call_done *done, void *arg);
void call_cancel(struct call **);
void said_fini(struct said *);
/* The master has answered (program.h, on_call). */
void call_connected(struct web *, uint32_t number, int fd);

#endif

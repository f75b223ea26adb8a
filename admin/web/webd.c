/*
 * NAME
 *	postern-webd - the web pages of administration
 * SYNOPSIS
 *	started by postern-master
 * DESCRIPTION
 *	browser -> WEBD -> master, recorder, qmgr, capture
 *
 *	Serves pages to administrators by HTTPS. It knows nothing itself: each
 *	page gives the commands that postern(1) gives, over connections that the
 *	master makes for it, and shows what they answer. Who may log in, and as
 *	what, keyd says; what a role may do, the table of roles.
 * RIGHTS
 *	Accepted connections and the channels to its peers; no files, no keys.
 * CONFIGURATION
 *	web, administrators, certificates
 * DIAGNOSTICS
 *	Who logged in and what he did; see the mail log.
 * SEE ALSO
 *	postern(1), postern.yaml(5), postern-master(8), postern-keyd(8)
 */
#include <errno.h>
#include <jansson.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/web/web.h"
#include "base/mem.h"
#include "event/event.h"
#include "tls/administrators.h"

#define TIDY_MS  30000
#define PAUSE_MS 1000 /* without accepting when the kernel is short */

static int setup(struct daemon *, struct err *);
static void start(struct daemon *);
static int on_config(struct daemon *, struct config *, struct err *);
static const struct ipc_handler *on_peer(struct daemon *, enum program_kind,
    uint32_t worker, struct ipc *, void **arg);
static void on_listen(struct daemon *, const char *name, int fd);
static void on_unlisten(struct daemon *, const char *name, uint32_t wait);
static void on_call(struct daemon *, uint32_t number, int fd);
static void on_stop(struct daemon *, uint32_t wait);
static void on_command(
    struct daemon *, struct ipc *admin, const struct command *, const char *);
static json_t *login_json(const struct login *, int64_t now);
static void take(void *arg, int ready);
static bool is_allowed(const struct web *, const struct ip *);
static void tidy(void *arg);
static void say_idle(void *arg, struct login *);
static void leave(void *arg);

static const struct program webd = {
	.kind = PROGRAM_WEBD,
	.brief = true,
	.setup = setup,
	.start = start,
	.on_config = on_config,
	.on_peer = on_peer,
	.on_listen = on_listen,
	.on_unlisten = on_unlisten,
	.on_call = on_call,
	.on_command = on_command,
	.on_stop = on_stop,
};

int
main(int argc, char **argv)
{
	return program_main(&webd, argc, argv);
}

static int
setup(struct daemon *d, struct err *err)
{
	struct web *w = mem_alloc(sizeof(*w));

	(void)err;
	w->daemon = d;
	d->self = w;
	map_init(&w->calls);
	conn_setup(w);
	keys_setup(w);
	w->sessions.timeout = d->config->web.timeout * INT64_C(1000);
	w->tidy = loop_timer(d->loop, tidy, w);
	return 0;
}

static void
start(struct daemon *d)
{
	tidy(d->self);
}

static int
on_config(struct daemon *d, struct config *next, struct err *err)
{
	struct web *w = d->self;

	(void)err;
	w->sessions.timeout = next->web.timeout * INT64_C(1000);
	return 0;
}

static const struct ipc_handler *
on_peer(struct daemon *d, enum program_kind kind, uint32_t worker,
    struct ipc *ipc, void **arg)
{
	(void)worker;
	return kind == PROGRAM_KEYD ? keys_peer(d->self, ipc, arg) : NULL;
}

static void
on_listen(struct daemon *d, const char *name, int fd)
{
	struct web *w = d->self;

	if (d->stopping) {
		close(fd);
		return;
	}
	on_unlisten(d, name, 0);
	w->fd = fd;
	w->watch = loop_watch(d->loop, fd, LOOP_READ, take, w);
}

static void
on_unlisten(struct daemon *d, const char *name, uint32_t wait)
{
	struct web *w = d->self;

	(void)name, (void)wait;
	if (w->fd == -1)
		return;
	loop_unwatch(&w->watch);
	close(w->fd);
	w->fd = -1;
}

static void
on_call(struct daemon *d, uint32_t number, int fd)
{
	call_connected(d->self, number, fd);
}

static void
on_stop(struct daemon *d, uint32_t wait)
{
	struct web *w = d->self;
	struct loop_timer *end = loop_timer(d->loop, leave, w);

	on_unlisten(d, "", 0);
	conn_end_all(w);
	loop_timer_in(end, w->n_conns > 0 ? (int64_t)wait * 1000 : 0);
}

/* sessions: { "sessions": [ { "user", "role", "login": wall ms, "idle": ms,
 * "remote", "what" } ] } */
static void
on_command(struct daemon *d, struct ipc *admin, const struct command *cmd,
    const char *user)
{
	const struct word *words = cmd->words.v;
	struct web *w = d->self;
	json_t *list, *j;
	char *text;

	(void)user;
	if (!str_is(words[0].text, "sessions")) {
		program_answer(admin, NULL, RESULT_USAGE, "sessions");
		return;
	}
	sessions_expire(&w->sessions, loop_now(d->loop), say_idle, w);
	list = json_array();
	for (size_t i = 0; i < NELEM(w->sessions.v); i++)
		if (*w->sessions.v[i].id != '\0')
			json_array_append_new(list,
			    login_json(&w->sessions.v[i], loop_now(d->loop)));
	j = json_pack("{s:o}", "sessions", list);
	text = json_dumps(j, JSON_COMPACT);
	if (text == NULL)
		panic("json");
	program_answer(admin, text, RESULT_DONE, NULL);
	free(text);
	json_decref(j);
}

static json_t *
login_json(const struct login *s, int64_t now)
{
	char ip[IP_TEXT];

	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s}", "user", s->user,
	    "full_name", s->full_name, "role",
	    admin_role_name((enum admin_role)s->role), "login",
	    (json_int_t)s->login, "idle", (json_int_t)(now - s->last), "remote",
	    ip_text(&s->remote, ip), "what", s->what);
}

static void
take(void *arg, int ready)
{
	struct web *w = arg;
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	struct ip client;
	uint16_t port;
	int on = 1, fd = accept4(w->fd, (struct sockaddr *)&sa, &len,
			SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)ready;
	if (fd == -1) {
		/* what lasts would keep the loop busy */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			loop_want(w->watch, 0);
			loop_timer_in(w->tidy, PAUSE_MS);
		}
		return;
	}
	ip_from_sockaddr(&client, &port, &sa);
	if (!is_allowed(w, &client)) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	conn_new(w, fd, &client);
}

static bool
is_allowed(const struct web *w, const struct ip *ip)
{
	const struct web_config *c = &w->daemon->config->web;

	return c->n_allowed == 0 ||
	       ip_ranges_have(c->allowed, c->n_allowed, ip);
}

static void
tidy(void *arg)
{
	struct web *w = arg;

	if (w->watch != NULL)
		loop_want(w->watch, LOOP_READ);
	sessions_expire(&w->sessions, loop_now(w->daemon->loop), say_idle, w);
	loop_timer_in(w->tidy, TIDY_MS);
}

static void
say_idle(void *arg, struct login *s)
{
	(void)arg;
	EMIT(ADMIN_LOGOUT, .user = str_of(s->user), .ip = s->remote,
	    .text = STR(" because of inactivity timeout"));
}

static void
leave(void *arg)
{
	struct web *w = arg;

	loop_stop(w->daemon->loop);
}

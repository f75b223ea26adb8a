/*
 * commands.c - commands to the master itself
 *
 * They are few and stand in a table.
 */
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/revision.h"
#include "event/alert.h"
#include "master/master.h"
#include "program/peers.h"

#define ADMIN_TEXT   64  /* a name of an administrator */
#define SUSPEND_WAIT 30  /* s, when none is given */
#define PAGES_MAX    640 /* connections of webd to the master itself */

/* A connection that talks to the master itself. */
struct admin {
	struct master *master;
	struct ipc *ipc; /* NULL: gone while a reload went on */
	bool reloading, web;
	struct shell *session; /* NULL: it has not said so */
	uint64_t revision;     /* a new one is asked for; 0: the current one */
	pid_t pid;
	char user[65];
};

static unsigned n_pages;

static int admin_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void admin_closed(void *, struct ipc *, const struct err *);
static void cmd_reload(struct admin *, const struct str *w, size_t n);
static void reload_done(void *arg, const struct err *);
static void tell_commit(const struct admin *);
static void cmd_listeners(struct admin *, const struct str *w, size_t n);
static void cmd_suspend(struct admin *, const struct str *w, size_t n);
static void say_suspended(struct admin *, const struct str *, size_t);
static void cmd_resume(struct admin *, const struct str *w, size_t n);
static void cmd_programs(struct admin *, const struct str *w, size_t n);
static void cmd_restart(struct admin *, const struct str *w, size_t n);
static void cmd_capture(struct admin *, const struct str *w, size_t n);
static void cmd_capture_files(struct admin *, const struct str *w, size_t n);
static void cmd_note(struct admin *, const struct str *w, size_t n);
static void cmd_administrators(struct admin *, const struct str *w, size_t n);
static void cmd_session(struct admin *, const struct str *w, size_t n);
static void cmd_entered(struct admin *, const struct str *w, size_t n);
static void cmd_answered(struct admin *, const struct str *w, size_t n);
static void cmd_sessions(struct admin *, const struct str *w, size_t n);
static void answer_json(struct admin *, json_t *);

static const struct ipc_handler admin_handler = {
	.frame = admin_frame,
	.closed = admin_closed,
};

/* reload [REVISION], suspendlistener [WAIT [NAME ...]], resumelistener [NAME
 * ...], restart PROGRAM, note WORD, administrators WORD NAME */
static const struct {
	const char *word;
	void (*run)(struct admin *, const struct str *words, size_t n);
	bool web; /* there is a page for it */
} commands[] = {
	{ "reload", cmd_reload, false },
	{ "listeners", cmd_listeners, true },
	{ "suspendlistener", cmd_suspend, true },
	{ "resumelistener", cmd_resume, true },
	{ "programs", cmd_programs, true },
	{ "restart", cmd_restart, false },
	{ "packetcapture", cmd_capture, true },
	{ "capturefiles", cmd_capture_files, true },
	{ "note", cmd_note, false },
	{ "administrators", cmd_administrators, false },
	{ "session", cmd_session, false },
	{ "entered", cmd_entered, false },
	{ "answered", cmd_answered, false },
	{ "sessions", cmd_sessions, false },
};

/* What tools do themselves leaves a trace in the logs: words that they
 * choose from, never texts of theirs. */
static const struct {
	const char *word, *text;
} notes[] = {
	{ "power-on", "remote power: on" },
	{ "power-off", "remote power: off" },
	{ "power-cycle", "remote power: cycle" },
	{ "power-reset", "remote power: reset" },
	{ "power-lan", "remote power: the controller set up" },
	{ "power-diag", "remote power: diagnostic interrupt" },
	{ "power-soft", "remote power: soft shutdown" },
	{ "access-password", "support access enabled, with a password" },
	{ "access-key", "support access enabled, with a key" },
	{ "access-tunnel", "tunnel to the support host started" },
	{ "access-disabled", "support access disabled" },
};

/* What userconfig and passphrase have done to the file of administrators. */
static const struct {
	const char *word, *text;
} changes[] = {
	{ "created", "created the user" },
	{ "changed", "changed the user" },
	{ "deleted", "deleted the user" },
	{ "locked", "locked the user" },
	{ "unlocked", "unlocked the user" },
	{ "passphrase", "set the passphrase of the user" },
};

void
commands_serve(struct master *m, int fd, pid_t pid, const char *user, bool web)
{
	struct result hello = { .status = 0, .error = STR("") };
	struct admin *a = mem_alloc(sizeof(*a));

	a->master = m;
	a->pid = pid;
	a->web = web;
	n_pages += web;
	str_copy(a->user, sizeof(a->user), str_of(user));
	a->ipc = ipc_new(m->self.loop, fd, "admin", &admin_handler, a);
	ipc_accept(a->ipc, IPC_COMMAND);
	ipc_send(a->ipc, IPC_RESULT, 0, &hello);
}

bool
commands_full(void)
{
	return n_pages >= PAGES_MAX;
}

static int
admin_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct admin *a = arg;
	struct command cmd;
	struct str words[100];
	struct arena mem;
	size_t n = 0;
	bool known = false;

	arena_init(&mem, IPC_FRAME_MAX * 2);
	if (ipc_decode(f, &cmd, &mem, err) == -1) {
		arena_free(&mem);
		return -1;
	}
	for (; n < cmd.words.n && cmd.words.n <= NELEM(words); n++)
		words[n] = ((const struct word *)cmd.words.v)[n].text;
	for (size_t i = 0; i < NELEM(commands) && n > 0 && !known; i++) {
		known = str_is(words[0], commands[i].word) &&
			(commands[i].web || !a->web);
		if (known)
			commands[i].run(a, words + 1, n - 1);
	}
	if (!known)
		program_answer(ipc, NULL, 2, "no such command here");
	arena_free(&mem);
	return 0;
}

static void
admin_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct admin *a = arg;

	(void)err;
	captures_admin_gone(a->master, ipc);
	sessions_end(&a->session);
	n_pages -= a->web;
	a->ipc = NULL;
	if (!a->reloading)
		free(a);
}

static void
cmd_reload(struct admin *a, const struct str *w, size_t n)
{
	uint64_t revision = 0;

	if (n > 1 || (n == 1 && (!str_u64(w[0], INT64_MAX, &revision) ||
				    revision == 0))) {
		program_answer(a->ipc, NULL, 2, "reload [REVISION]");
		return;
	}
	if (a->reloading) {
		program_answer(a->ipc, NULL, 1, "already on the way");
		return;
	}
	a->reloading = true;
	a->revision = revision;
	reload_start(a->master, revision, reload_done, a);
}

static void
reload_done(void *arg, const struct err *err)
{
	struct admin *a = arg;
	json_t *j;

	a->reloading = false;
	if (err == NULL && a->revision != 0)
		tell_commit(a);
	if (a->ipc == NULL) {
		free(a);
	} else if (err != NULL) {
		program_answer(a->ipc, NULL, 1, err->text);
	} else {
		j = json_object();
		json_object_set_new(j, "revision",
		    json_integer((json_int_t)a->master->self.config->revision));
		answer_json(a, j);
	}
}

/* Who committed it and why stands with the revision. */
static void
tell_commit(const struct admin *a)
{
	struct revision_info info;

	if (revision_info(a->master->paths.state, a->revision, &info, NULL) ==
	    0)
		EMIT(COMMIT, .pid = (uint32_t)a->pid, .user = str_of(info.user),
		    .text = str_of(info.comment), .revision = a->revision);
}

static void
cmd_listeners(struct admin *a, const struct str *w, size_t n)
{
	struct master *m = a->master;
	json_t *j = json_object(), *list = json_array(), *o;
	char text[IP_TEXT + 8];

	(void)w, (void)n;
	for (size_t i = 0; i < m->n_sockets; i++) {
		if (m->sockets[i].kind == PROGRAM_RECORDER ||
		    m->sockets[i].kind == PROGRAM_WEBD)
			continue; /* not a listener */
		o = json_object();
		json_object_set_new(o, "name", json_string(m->sockets[i].name));
		json_object_set_new(o, "address",
		    json_string(endpoint_text(&m->sockets[i].ep, text)));
		json_object_set_new(
		    o, "suspended", json_boolean(m->sockets[i].suspended));
		json_array_append_new(list, o);
	}
	json_object_set_new(j, "listeners", list);
	answer_json(a, j);
}

static void
cmd_suspend(struct admin *a, const struct str *w, size_t n)
{
	struct err err = ERR_INIT;
	uint64_t wait = SUSPEND_WAIT;

	if (n > 0 && !str_u64(w[0], 86400, &wait)) {
		program_answer(a->ipc, NULL, 2,
		    "the first word is the number of seconds to wait, "
		    "0..86400");
		return;
	}
	if (listeners_suspend(
		a->master, w + 1, n > 0 ? n - 1 : 0, (uint32_t)wait, &err) == 0)
		program_answer(a->ipc, NULL, 1, err.text);
	else
		say_suspended(a, w + 1, n > 0 ? n - 1 : 0);
}

static void
say_suspended(struct admin *a, const struct str *names, size_t n)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_puts(&text, "Receiving suspended: ");
	for (size_t i = 0; i < n; i++)
		buf_printf(
		    &text, "%s%.*s", i > 0 ? ", " : "", STR_ARG(names[i]));
	buf_puts(&text, n == 0 ? "all listeners" : "");
	alert_raise(ALERT_RECEIVING_SUSPENDED, STR(""), buf_str(&text));
	buf_fini(&text);
	cmd_listeners(a, NULL, 0);
}

static void
cmd_resume(struct admin *a, const struct str *w, size_t n)
{
	struct err err = ERR_INIT;

	if (listeners_resume(a->master, w, n, &err) == 0)
		program_answer(a->ipc, NULL, 1, err.text);
	else
		cmd_listeners(a, NULL, 0);
}

static void
cmd_programs(struct admin *a, const struct str *w, size_t n)
{
	static const char *const states[] = { "down", "starting", "ready" };
	struct master *m = a->master;
	json_t *j = json_object(), *list = json_array(), *o;

	(void)w, (void)n;
	for (size_t i = 0; i < m->n_children; i++) {
		const struct child *c = &m->children[i];

		if ((c->kind == PROGRAM_QMQPD || c->kind == PROGRAM_WEBD) &&
		    c->pid == 0 && c->quick == 0)
			continue; /* nobody wants it */
		o = json_object();
		json_object_set_new(
		    o, "program", json_string(program_name(c->kind)));
		json_object_set_new(
		    o, "worker", json_integer((json_int_t)c->worker));
		json_object_set_new(o, "pid", json_integer(c->pid));
		json_object_set_new(o, "state", json_string(states[c->state]));
		json_object_set_new(o, "started",
		    c->pid == 0 ? json_null()
				: json_integer(clock_wall_ms() + c->started -
					       clock_mono_ms()));
		json_object_set_new(
		    o, "restarts", json_integer((json_int_t)c->restarts));
		json_array_append_new(list, o);
	}
	json_object_set_new(j, "programs", list);
	json_object_set_new(j, "master",
	    json_pack("{s:i, s:I}", "pid", (int)getpid(), "started",
		(json_int_t)stats_started(m->self.stats)));
	answer_json(a, j);
}

static void
cmd_restart(struct admin *a, const struct str *w, size_t n)
{
	int kind = n == 1 ? program_kind_of(w[0]) : -1;
	char text[80];

	if (kind == -1 ||
	    children_restart(a->master, (enum program_kind)kind) == 0) {
		program_answer(a->ipc, NULL, 1, "that does not run");
		return;
	}
	snprintf(text, sizeof(text), "restart of %s",
	    program_name((enum program_kind)kind));
	EMIT(ADMIN, .pid = (uint32_t)a->pid, .user = str_of(a->user),
	    .text = str_of(text));
	cmd_programs(a, NULL, 0);
}

static void
cmd_capture(struct admin *a, const struct str *w, size_t n)
{
	captures_start(a->master, a->ipc, w, n, a->web);
}

static void
cmd_capture_files(struct admin *a, const struct str *w, size_t n)
{
	captures_files(a->master, a->ipc, w, n);
}

static void
cmd_note(struct admin *a, const struct str *w, size_t n)
{
	for (size_t i = 0; i < NELEM(notes) && n == 1; i++) {
		if (!str_is(w[0], notes[i].word))
			continue;
		EMIT(ADMIN, .pid = (uint32_t)a->pid, .user = str_of(a->user),
		    .text = str_of(notes[i].text));
		program_answer(a->ipc, NULL, 0, NULL);
		return;
	}
	program_answer(a->ipc, NULL, 2, "no such note");
}

/* keyd is to know at once. */
static void
cmd_administrators(struct admin *a, const struct str *w, size_t n)
{
	for (size_t i = 0; i < NELEM(changes) && n == 2; i++) {
		if (!str_is(w[0], changes[i].word) || w[1].n > ADMIN_TEXT)
			continue;
		secrets_look(a->master);
		EMIT(ADMIN_CHANGED, .pid = (uint32_t)a->pid,
		    .user = str_of(a->user), .text = str_of(changes[i].text),
		    .name = w[1]);
		program_answer(a->ipc, NULL, 0, NULL);
		return;
	}
	program_answer(a->ipc, NULL, 2, "administrators WORD NAME");
}

/* Of who stays; like what he enters, it has no answer. */
static void
cmd_session(struct admin *a, const struct str *w, size_t n)
{
	if (a->session == NULL)
		a->session = sessions_begin(
		    a->pid, a->user, n > 0 && str_is(w[0], "shell"));
}

static void
cmd_entered(struct admin *a, const struct str *w, size_t n)
{
	if (a->session != NULL && n == 2)
		sessions_entered(a->master, a->session, true, w[0], w[1]);
}

static void
cmd_answered(struct admin *a, const struct str *w, size_t n)
{
	if (a->session != NULL && n == 2)
		sessions_entered(a->master, a->session, false, w[0], w[1]);
}

static void
cmd_sessions(struct admin *a, const struct str *w, size_t n)
{
	(void)w, (void)n;
	answer_json(a, sessions_json());
}

static void
answer_json(struct admin *a, json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);

	if (text == NULL)
		panic("json");
	program_answer(a->ipc, text, 0, NULL);
	free(text);
	json_decref(j);
}

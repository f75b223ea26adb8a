/*
 * call.c - commands to other programs, as admin tools give them
 *
 *	the master is asked -> a connection -> RESULT: it listens -> COMMAND
 *	-> CHUNKs, a FILE perhaps -> RESULT -> done
 */
#include <stdlib.h>
#include <unistd.h>

#include "admin/web/web.h"
#include "base/mem.h"

#define CALL_MS    60000
#define CALL_WORDS 32

struct call {
	struct web *web;
	uint32_t number;
	struct ipc *ipc; /* NULL: not yet, or gone */
	bool listens;    /* the command was said */
	bool fed;        /* with all that will come */
	struct buf command, text;
	struct said answer;
	struct loop_timer *timer;
	call_done *done;
	void *arg;
};

static int on_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void on_closed(void *, struct ipc *, const struct err *);
static int on_result(struct call *, struct ipc_frame *, struct err *);
static void say(struct call *);
static void timeout(void *arg);
static void fail(struct call *, const char *why);
static void finish(struct call *);

static const struct ipc_handler handler = {
	.frame = on_frame,
	.closed = on_closed,
};

struct call *
call_begin(struct web *w, enum program_kind kind, struct str user,
    const char *const *words, call_done *done, void *arg)
{
	struct call *c = mem_alloc(sizeof(*c));

	*c = (struct call){ .web = w, .done = done, .arg = arg };
	c->number = keys_number(w, &w->calls);
	buf_init(&c->command, IPC_FRAME_MAX);
	buf_init(&c->text, ANSWER_MAX);
	for (; *words != NULL; words++)
		buf_add(&c->command, *words, strlen(*words) + 1);
	c->timer = loop_timer(w->daemon->loop, timeout, c);
	loop_timer_in(c->timer, CALL_MS);
	map_put_u64(&w->calls, c->number, c);
	program_call(kind, c->number, user);
	return c;
}

void
call_cancel(struct call **cp)
{
	struct call *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	map_remove_u64(&c->web->calls, c->number);
	loop_timer_free(&c->timer);
	if (c->ipc != NULL)
		ipc_free(&c->ipc);
	said_fini(&c->answer);
	buf_fini(&c->command);
	buf_fini(&c->text);
	free(c);
}

void
call_connected(struct web *w, uint32_t number, int fd)
{
	struct call *c = map_get_u64(&w->calls, number);

	if (c == NULL || c->ipc != NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	if (fd == -1) {
		fail(c, "it cannot be reached now");
		return;
	}
	c->ipc = ipc_new(w->daemon->loop, fd, "called", &handler, c);
	ipc_accept(c->ipc, IPC_RESULT);
	ipc_accept(c->ipc, IPC_CHUNK);
	ipc_accept(c->ipc, IPC_FILE);
}

void
said_fini(struct said *a)
{
	json_decref(a->json);
	for (size_t i = 0; i < a->n_fds; i++)
		if (a->fds[i] != -1)
			close(a->fds[i]);
	a->json = NULL;
	a->n_fds = 0;
}

static int
on_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct call *c = arg;

	(void)ipc;
	if (f->type == IPC_RESULT)
		return on_result(c, f, err);
	if (f->type == IPC_CHUNK) {
		if (!buf_add_str(&c->text, f->body))
			return err_set(
			    err, ERR_PROTO, "the answer is too long");
		return 0;
	}
	if (c->answer.n_fds == NELEM(c->answer.fds))
		return err_set(err, ERR_PROTO, "too many files");
	c->answer.fds[c->answer.n_fds++] = f->fds[0];
	f->fds[0] = -1;
	return 0;
}

static void
on_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct call *c = arg;

	(void)ipc;
	c->ipc = NULL;
	fail(c, err->text[0] != '\0' ? err->text : "the connection was lost");
}

/* The first says that it listens, or why it does not. */
static int
on_result(struct call *c, struct ipc_frame *f, struct err *err)
{
	json_error_t why;
	struct result r;

	if (ipc_decode(f, &r, NULL, err) == -1)
		return -1;
	if (!c->listens && r.status == 0) {
		c->listens = true;
		say(c);
		return 0;
	}
	c->answer.status = r.status;
	str_copy(c->answer.error, sizeof(c->answer.error), r.error);
	if (r.status == 0 && c->text.len > 0) {
		c->answer.json = json_loadb(
		    c->text.data, c->text.len, JSON_REJECT_DUPLICATES, &why);
		if (c->answer.json == NULL) {
			c->answer.status = RESULT_FAILED;
			str_copy(c->answer.error, sizeof(c->answer.error),
			    STR("its answer cannot be read"));
		}
	}
	finish(c);
	return 0;
}

static void
say(struct call *c)
{
	struct word v[CALL_WORDS];
	struct command cmd = { .words = { 0, v } };
	struct str rest = buf_str(&c->command);

	while (rest.n > 0 && cmd.words.n < NELEM(v))
		v[cmd.words.n++].text = str_cut(&rest, '\0');
	ipc_send(c->ipc, IPC_COMMAND, 0, &cmd);
}

static void
timeout(void *arg)
{
	fail(arg, "it did not answer in time");
}

static void
fail(struct call *c, const char *why)
{
	c->answer.status = RESULT_FAILED;
	str_copy(c->answer.error, sizeof(c->answer.error), str_of(why));
	finish(c);
}

static void
finish(struct call *c)
{
	map_remove_u64(&c->web->calls, c->number);
	c->done(c->arg, &c->answer);
	call_cancel(&c);
}

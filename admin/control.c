/* control.c - asking the running programs, over the control socket */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/control.h"
#include "admin/fields.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "mail/wire.h"

#define CONNECT_MS 10000
#define TRIES      3 /* of a program that dies when it is asked */
#define ANSWER_MS  120000
#define ANSWER_MAX (256u * 1024 * 1024)

#define SUBMIT_TXN   1
#define SUBMIT_PIECE (IPC_FRAME_MAX / 2)

static int ask_open(struct tool *, enum program_kind, uint32_t worker,
    const char *const *words, struct control_answer *, struct err *);
static int ask_one(struct tool *, enum program_kind, uint32_t worker,
    const char *const *words, struct control_answer *, struct err *);
static int reach(const struct tool *, enum program_kind, uint32_t worker,
    struct buf *in, struct err *);
static int connect_to(const struct tool *, int wait_ms, struct err *);
static int choose(int fd, enum program_kind, uint32_t worker, struct buf *in,
    int wait_ms, struct err *);
static int say(int fd, const char *const *words, struct err *);
static int gather(
    int fd, struct buf *in, struct buf *text, int *msg_fd, struct err *);
static int finish(const struct ipc_frame *, struct err *);
static int hand_over(int fd, struct envelope *, const struct buf *stored,
    const struct wire *, struct err *err);
static int take_verdict(int fd, struct buf *in, struct err *);
static int parse(struct buf *text, json_t **out, struct err *);

int
control_ask(struct tool *t, enum program_kind kind, const char *const *words,
    struct control_answer *answer, struct err *err)
{
	return ask_one(t, kind, 0, words, answer, err);
}

int
control_ask_workers(struct tool *t, const enum program_kind *kinds,
    const char *const *words, void (*take)(void *arg, const json_t *),
    void *arg, struct err *err)
{
	const char *list[] = { "programs", NULL };
	struct control_answer programs, answer;
	const json_t *one;
	size_t i;

	if (control_ask(t, PROGRAM_MASTER, list, &programs, err) == -1)
		return -1;
	json_array_foreach(json_object_get(programs.json, "programs"), i, one)
	{
		int kind = program_kind_of(str_of(fields_text(one, "program")));
		size_t k = 0;

		while (kinds[k] != PROGRAM_N && (int)kinds[k] != kind)
			k++;
		/* One that dies meanwhile has nothing to say. */
		if (kinds[k] == PROGRAM_N ||
		    ask_one(t, kinds[k],
			(uint32_t)fields_num(one, "worker") + 1, words, &answer,
			NULL) == -1)
			continue;
		if (answer.json != NULL)
			take(arg, answer.json);
		control_answer_fini(&answer);
	}
	control_answer_fini(&programs);
	return 0;
}

static int
ask_one(struct tool *t, enum program_kind kind, uint32_t worker,
    const char *const *words, struct control_answer *answer, struct err *err)
{
	int fd = ask_open(t, kind, worker, words, answer, err);

	if (fd == -1)
		return -1;
	close(fd);
	return 0;
}

int
control_ask_open(struct tool *t, enum program_kind kind,
    const char *const *words, struct control_answer *answer, struct err *err)
{
	return ask_open(t, kind, 0, words, answer, err);
}

static int
ask_open(struct tool *t, enum program_kind kind, uint32_t worker,
    const char *const *words, struct control_answer *answer, struct err *err)
{
	struct buf in, text;
	int fd, rc;

	*answer = (struct control_answer){ NULL, -1 };
	buf_init(&in, IPC_FRAME_MAX);
	buf_init(&text, ANSWER_MAX);
	fd = reach(t, kind, worker, &in, err);
	rc = fd == -1 ? -1 : say(fd, words, err);
	if (rc == 0)
		rc = gather(fd, &in, &text, &answer->fd, err);
	if (rc == 0)
		rc = parse(&text, &answer->json, err);
	buf_fini(&in);
	buf_fini(&text);
	if (rc == 0)
		return fd;
	if (fd != -1)
		close(fd);
	control_answer_fini(answer);
	return -1;
}

int
control_wait(int fd, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct ipc_frame f;
	struct buf in;
	int rc;

	while (poll(&p, 1, -1) == -1)
		if (errno != EINTR)
			return err_sys(err, ERR_TEMP, "wait");
	buf_init(&in, IPC_FRAME_MAX);
	rc = ipc_call_recv(fd, &f, &in, NULL, NULL, ANSWER_MS, err);
	if (rc == 0)
		rc = f.type == IPC_RESULT
			 ? finish(&f, err)
			 : err_set(err, ERR_PROTO, "unexpected answer");
	buf_fini(&in);
	return rc;
}

int
control_keep(const struct tool *t, enum program_kind kind, int wait_ms)
{
	struct err ignored = ERR_INIT;
	int fd = connect_to(t, wait_ms, &ignored);
	struct buf in;

	if (fd == -1)
		return -1;
	buf_init(&in, IPC_FRAME_MAX);
	if (choose(fd, kind, 0, &in, wait_ms, &ignored) == -1) {
		close(fd);
		fd = -1;
	}
	buf_fini(&in);
	return fd;
}

void
control_tell(int fd, const char *const *words)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0)
		(void)say(fd, words, NULL);
}

void
control_answer_fini(struct control_answer *answer)
{
	json_decref(answer->json);
	if (answer->fd != -1)
		close(answer->fd);
	*answer = (struct control_answer){ NULL, -1 };
}

int
control_show(struct tool *t, enum program_kind kind, const char *const *words,
    void (*render)(const json_t *, struct buf *))
{
	struct control_answer answer;
	struct err err = ERR_INIT;
	struct buf text;

	if (control_ask(t, kind, words, &answer, &err) == -1)
		return tool_fail(t, &err);
	buf_init(&text, ANSWER_MAX);
	if (t->json)
		tool_print_json(t, answer.json);
	else if (render != NULL)
		render(answer.json, &text);
	tool_print(t, &text);
	buf_fini(&text);
	control_answer_fini(&answer);
	return TOOL_DONE;
}

int
control_submit(struct tool *t, const struct str *rcpts, size_t n,
    struct str content, bool ours, struct err *err)
{
	static const char *const words[] = { "submit", NULL };
	struct rcpt *v = mem_array(n + 1, sizeof(*v));
	struct envelope env = { .flags = ours ? ENV_DKIM : 0,
		.reputation = INT64_MIN,
		.rcpts = { n, v } };
	int fd = -1, rc, none = -1;
	struct buf in, answer, stored;
	struct wire w;

	for (size_t i = 0; i < n; i++)
		v[i].addr = rcpts[i];
	buf_init(&in, IPC_FRAME_MAX);
	buf_init(&answer, IPC_FRAME_MAX);
	buf_init(&stored, ANSWER_MAX);
	wire_begin(&w, false);
	if (!wire_write(&w, content, &stored) || !wire_end(&w, &stored)) {
		rc = err_set(err, ERR_PERM, "the message is too large");
	} else {
		fd = reach(t, PROGRAM_CLEANUP, 0, &in, err);
		rc = fd == -1 ? -1 : say(fd, words, err);
	}
	if (rc == 0)
		rc = gather(fd, &in, &answer, &none, err);
	if (rc == 0)
		rc = hand_over(fd, &env, &stored, &w, err);
	if (rc == 0)
		rc = take_verdict(fd, &in, err);
	buf_fini(&in);
	buf_fini(&answer);
	buf_fini(&stored);
	if (fd != -1)
		close(fd);
	free(v);
	return rc;
}

/*
 * A connection to that program, which has said that it listens. It may have
 * died a moment ago, and the master have handed us over to nobody: until it
 * has said so, it has heard nothing of us, and may be asked again.
 */
static int
reach(const struct tool *t, enum program_kind kind, uint32_t worker,
    struct buf *in, struct err *err)
{
	struct err why;
	int fd;

	for (int n = TRIES; n > 0; n--) {
		why = (struct err)ERR_INIT;
		fd = connect_to(t, CONNECT_MS, &why);
		if (fd != -1 &&
		    choose(fd, kind, worker, in, CONNECT_MS, &why) == 0)
			return fd;
		if (fd != -1)
			close(fd);
		if (why.sys != ECONNRESET)
			break;
	}
	if (err != NULL)
		*err = why;
	return -1;
}

/* A master that is stopped takes no more of them after a while. */
static int
connect_to(const struct tool *t, int wait_ms, struct err *err)
{
	const struct timeval wait = { wait_ms / 1000, wait_ms % 1000 * 1000 };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (!str_copy(
		sun.sun_path, sizeof(sun.sun_path), str_of(t->paths.control)))
		return err_set(
		    err, ERR_PERM, "%s: name too long", t->paths.control);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	if (errno == EAGAIN) {
		err_set(err, ERR_TEMP,
		    "Postern does not answer: too many wait already (%s)",
		    t->paths.control);
	} else if (errno == ENOENT || errno == ECONNREFUSED) {
		err_set(err, ERR_TEMP, "Postern is not running (%s)",
		    t->paths.control);
		if (err != NULL)
			err->sys = ECONNREFUSED;
	} else {
		err_sys(err, ERR_TEMP, "%s", t->paths.control);
	}
	close(fd);
	return -1;
}

static int
choose(int fd, enum program_kind kind, uint32_t worker, struct buf *in,
    int wait_ms, struct err *err)
{
	struct connect_msg to = { .kind = kind, .worker = worker };
	struct err why = ERR_INIT;
	struct ipc_frame f;

	/* Who is refused is so before he speaks: then writing fails, yet there
	 * is an answer to read. */
	if (ipc_call_send(fd, IPC_CONNECT, 0, &to, &why) == -1 &&
	    why.sys != EPIPE)
		return err_set(
		    err, why.kind, "%s: %s", program_name(kind), why.text);
	if (ipc_call_recv(fd, &f, in, NULL, NULL, wait_ms, err) == -1)
		return err_in(err, "%s", program_name(kind));
	if (f.type != IPC_RESULT)
		return err_set(err, ERR_PROTO, "%s: unexpected answer",
		    program_name(kind));
	return finish(&f, err);
}

static int
say(int fd, const char *const *words, struct err *err)
{
	struct word v[CONTROL_WORDS_MAX];
	struct command c = { .words = { 0, v } };

	for (; words[c.words.n] != NULL; c.words.n++) {
		struct str text = str_of(words[c.words.n]);

		if (c.words.n == CONTROL_WORDS_MAX || text.n > TEXT_MAX)
			return err_set(
			    err, ERR_USAGE, "the command is too long");
		v[c.words.n].text = text;
	}
	return ipc_call_send(fd, IPC_COMMAND, 0, &c, err);
}

/* CHUNKs, perhaps one FILE, and at the end a RESULT. */
static int
gather(int fd, struct buf *in, struct buf *text, int *msg_fd, struct err *err)
{
	for (;;) {
		struct ipc_frame f;
		size_t n = 1;
		int got = -1;

		if (ipc_call_recv(fd, &f, in, &got, &n, ANSWER_MS, err) == -1)
			return -1;
		if (n == 1) {
			if (*msg_fd != -1)
				close(*msg_fd);
			*msg_fd = got;
		}
		if (f.type == IPC_RESULT)
			return finish(&f, err);
		if (f.type == IPC_CHUNK && !buf_add_str(text, f.body))
			return err_set(
			    err, ERR_PROTO, "the answer is too long");
		if (f.type != IPC_CHUNK && f.type != IPC_FILE)
			return err_set(err, ERR_PROTO, "unexpected answer");
	}
}

static int
finish(const struct ipc_frame *f, struct err *err)
{
	static const enum err_kind kinds[] = {
		[TOOL_NEGATIVE] = ERR_PERM,
		[TOOL_USAGE] = ERR_USAGE,
		[TOOL_DENIED] = ERR_PERM,
	};
	struct result r;

	if (ipc_decode(f, &r, NULL, err) == -1)
		return -1;
	if (r.status == TOOL_DONE)
		return 0;
	err_set(err,
	    r.status < NELEM(kinds) && kinds[r.status] != ERR_NONE
		? kinds[r.status]
		: ERR_TEMP,
	    "%.*s", STR_ARG(r.error));
	if (err != NULL && r.status == TOOL_DENIED)
		err->sys = EPERM;
	return -1;
}

static int
hand_over(int fd, struct envelope *env, const struct buf *stored,
    const struct wire *w, struct err *err)
{
	struct end_msg end = { .size = stored->len, .wire_flags = w->flags };
	int rc;

	env->max_size = stored->len;
	rc = ipc_call_send(fd, IPC_ENVELOPE, SUBMIT_TXN, env, err);
	for (size_t at = 0; at < stored->len && rc == 0; at += SUBMIT_PIECE)
		rc = ipc_call_send_raw(fd, IPC_DATA, SUBMIT_TXN,
		    str_sub(buf_str(stored), at, SUBMIT_PIECE), err);
	if (rc == 0)
		rc = ipc_call_send(fd, IPC_END, SUBMIT_TXN, &end, err);
	return rc;
}

static int
take_verdict(int fd, struct buf *in, struct err *err)
{
	struct accepted a;
	struct ipc_frame f;

	if (ipc_call_recv(fd, &f, in, NULL, NULL, ANSWER_MS, err) == -1)
		return -1;
	if (f.type != IPC_ACCEPTED)
		return err_set(err, ERR_PROTO, "unexpected answer");
	if (ipc_decode(&f, &a, NULL, err) == -1)
		return -1;
	return a.code == 250 ? 0
			     : err_set(err, ERR_TEMP,
				   "the queue did not take it: %u %.*s", a.code,
				   STR_ARG(a.text));
}

static int
parse(struct buf *text, json_t **out, struct err *err)
{
	json_error_t why;

	if (text->len == 0)
		return 0;
	*out = json_loadb(text->data, text->len, JSON_DECODE_ANY, &why);
	if (*out == NULL)
		return err_set(err, ERR_PROTO,
		    "the answer is no JSON: %s (byte %d)", why.text,
		    why.position);
	return 0;
}

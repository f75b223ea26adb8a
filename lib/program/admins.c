/* admins.c - connections of admin tools and of webd's pages */
#include "program/admins.h"

#include <stdlib.h>

#include "base/mem.h"

#define ADMINS_MAX 64

struct admin {
	struct daemon *daemon;
	bool web; /* it is webd's */
	char user[65];
};

static unsigned n_admins;

static int admin_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static bool is_for_pages(const struct program *, const struct command *);
static void admin_closed(void *, struct ipc *, const struct err *);

static const struct ipc_handler admin_handler = {
	.frame = admin_frame,
	.closed = admin_closed,
};

void
program_answer(
    struct ipc *admin, const char *json, unsigned status, const char *error)
{
	struct result r = { .status = (uint8_t)status,
		.error = str_sub(str_of(error), 0, TEXT_MAX) };
	struct str rest = str_of(json);

	while (rest.n > 0) {
		struct str piece = str_sub(rest, 0, IPC_FRAME_MAX / 2);

		ipc_send_raw(admin, IPC_CHUNK, 0, piece.p, piece.n);
		rest = str_sub(rest, piece.n, rest.n);
	}
	ipc_send(admin, IPC_RESULT, 0, &r);
}

int
admins_take(struct daemon *d, struct ipc_frame *f, struct err *err)
{
	struct result hello = { .status = 0, .error = STR("") };
	struct admin_msg msg;
	struct admin *a;
	struct ipc *ipc;
	int fd;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	if (n_admins >= ADMINS_MAX)
		return 0; /* the descriptor is closed after the callback */
	n_admins++;
	fd = f->fds[0];
	f->fds[0] = -1; /* ours from now on */
	a = mem_alloc(sizeof(*a));
	a->daemon = d;
	a->web = msg.web;
	str_copy(a->user, sizeof(a->user), msg.user);
	ipc = ipc_new(d->loop, fd, "admin", &admin_handler, a);
	ipc_accept(ipc, IPC_COMMAND);
	ipc_send(ipc, IPC_RESULT, 0, &hello);
	return 0;
}

static int
admin_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct admin *a = arg;
	struct daemon *d = a->daemon;
	struct command cmd;
	struct arena mem;
	int rc;

	if (f->type != IPC_COMMAND)
		return d->program->on_admin_frame(d, ipc, f, err);
	arena_init(&mem, IPC_FRAME_MAX * 2);
	rc = ipc_decode(f, &cmd, &mem, err);
	if (rc == 0 && (d->program->on_command == NULL || cmd.words.n == 0 ||
			   (a->web && !is_for_pages(d->program, &cmd))))
		program_answer(ipc, NULL, 2, "no such command here");
	else if (rc == 0)
		d->program->on_command(d, ipc, &cmd, a->user);
	arena_free(&mem);
	return rc;
}

static bool
is_for_pages(const struct program *p, const struct command *cmd)
{
	const char *const *name = p->page_commands;

	while (name != NULL && *name != NULL)
		if (str_is(
			((const struct word *)cmd->words.v)[0].text, *name++))
			return true;
	return false;
}

static void
admin_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct admin *a = arg;

	(void)err;
	if (a->daemon->program->on_admin_gone != NULL)
		a->daemon->program->on_admin_gone(a->daemon, ipc);
	n_admins--;
	free(a);
}

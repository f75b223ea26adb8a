/*
 * NAME
 *	postern-inspect - say what attachments are and what is in them
 * SYNOPSIS
 *	Started by postern-master(8).
 * DESCRIPTION
 *	cleanup -> INSPECT -> cleanup
 *
 *	Takes parts of messages as descriptors (INSPECT), one after the other,
 *	and tells what type of file each is, what archives contain, what is
 *	locked with a password or damaged, and the text of office files.
 *
 *	The libraries that find this out, libmagic and libarchive, were
 *	written for files one knows. So they run here, in a program that has
 *	nothing: whoever takes it over can lie about attachments.
 * RIGHTS
 *	Its channels, nothing else. No files, no network.
 * CONFIGURATION
 *	None of its own: the limits of `scan` come with each question.
 * DIAGNOSTICS
 *	A file that ends it, or never ends, is tried again twice, and then
 *	cannot be scanned. Which one it was is known: inspect tells when it
 *	begins.
 * SEE ALSO
 *	postern-cleanup(8), postern-filters(5), postern.yaml(5)
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cleanup/inspect_look.h"
#include "program/program.h"

#define SIZE_LIMIT ((uint64_t)64 << 20)
#define GRACE      2 /* s over the time of a question, for what never ends */

#define TOGETHER 64 /* messages whose parts come at a time */

struct asked {
	struct daemon *daemon;
	struct ipc *ipc;
	uint32_t txn;
};

/* What messages have used up of their limits; the oldest is forgotten. */
static struct together {
	const struct ipc *ipc;
	uint64_t number;
	struct look_used used;
} togethers[TOGETHER];
static size_t n_togethers;

static int setup(struct daemon *, struct err *);
static const struct ipc_handler *on_peer(struct daemon *, enum program_kind,
    uint32_t worker, struct ipc *, void **arg);
static int frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void closed(void *, struct ipc *, const struct err *);
static void set_alarm(uint32_t seconds);
static struct look_used *used_by(const struct ipc *, uint64_t together);
static bool read_all(int fd, uint64_t size, struct buf *);
static void tell_text(void *arg, struct str);
static void tell_member(void *arg, const struct inspect_member *);

static const struct program program = {
	.kind = PROGRAM_INSPECT,
	.brief = true,
	.setup = setup,
	.on_peer = on_peer,
};
static const struct ipc_handler handler = { .frame = frame, .closed = closed };

int
main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}

static int
setup(struct daemon *d, struct err *err)
{
	(void)d;
	return look_setup(err);
}

static const struct ipc_handler *
on_peer(struct daemon *d, enum program_kind kind, uint32_t worker,
    struct ipc *ipc, void **arg)
{
	(void)kind, (void)worker, (void)ipc;
	*arg = d;
	return &handler;
}

static int
frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct asked asked = { arg, ipc, f->txn };
	struct inspected out = { 0 };
	struct inspect_msg msg;
	struct look look = { .limits = &msg,
		.text = tell_text,
		.member = tell_member,
		.arg = &asked };
	struct buf bytes;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	look.used = used_by(ipc, msg.together);
	/* that it is this one now: should it be our end, none else is blamed */
	ipc_send_raw(ipc, IPC_INSPECT_TEXT, f->txn, "", 0);
	ipc_flush(ipc);
	set_alarm(msg.timeout + GRACE);
	buf_init(&bytes, SIZE_LIMIT + 1);
	if (msg.size > SIZE_LIMIT)
		out = (struct inspected){ .known = 1, .too_large = 1 };
	else if (read_all(f->fds[0], msg.size, &bytes))
		look_at(&look, buf_str(&bytes), &out);
	buf_fini(&bytes);
	ipc_send(ipc, IPC_INSPECTED, f->txn, &out);
	malloc_trim(0); /* one large file must not be kept for ever */
	ipc_flush(ipc); /* before the next question, which may be the last */
	set_alarm(0);
	/* many questions may have come in one turn */
	program_still_alive(arg);
	return 0;
}

/* The next one may stand where this stood, and count from one again. */
static void
closed(void *arg, struct ipc *ipc, const struct err *err)
{
	(void)arg, (void)err;
	for (size_t i = 0; i < TOGETHER; i++)
		if (togethers[i].ipc == ipc)
			togethers[i] = (struct together){ .ipc = NULL };
}

/* A library that never comes back ends us, as one that crashes does. 0: off. */
static void
set_alarm(uint32_t seconds)
{
	struct itimerval limit = { .it_value = { .tv_sec = seconds } };

	(void)setitimer(ITIMER_REAL, &limit, NULL);
}

static struct look_used *
used_by(const struct ipc *ipc, uint64_t together)
{
	struct together *t;

	for (size_t i = 0; i < TOGETHER; i++)
		if (togethers[i].ipc == ipc && togethers[i].number == together)
			return &togethers[i].used;
	t = &togethers[n_togethers++ % TOGETHER];
	*t = (struct together){ .ipc = ipc, .number = together };
	return &t->used;
}

/* A pipe, or whatever else is no file, is not waited for. */
static bool
read_all(int fd, uint64_t size, struct buf *out)
{
	char *p = buf_room(out, (size_t)size + 1);
	ssize_t n = 1;

	while (p != NULL && out->len < size && n > 0) {
		n = pread(fd, p + out->len, size - out->len, (off_t)out->len);
		if (n == -1 && errno == EINTR)
			n = 1;
		else if (n > 0)
			buf_grew(out, (size_t)n);
	}
	return p != NULL && out->len == size;
}

static void
tell_text(void *arg, struct str text)
{
	struct asked *a = arg;

	while (text.n > 0) {
		struct str piece = str_sub(text, 0, IPC_FRAME_MAX / 2);

		ipc_send_raw(
		    a->ipc, IPC_INSPECT_TEXT, a->txn, piece.p, piece.n);
		text = str_sub(text, piece.n, text.n);
	}
}

static void
tell_member(void *arg, const struct inspect_member *m)
{
	struct asked *a = arg;

	ipc_send(a->ipc, IPC_INSPECT_MEMBER, a->txn, m);
	program_still_alive(a->daemon);
}

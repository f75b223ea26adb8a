/* archive.c - messages for mbox logs */
#include "cleanup/archive.h"

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "event/event.h"
#include "program/events.h"

static void archive_of(const struct task *, const struct work *);
static int send_one(
    const struct task *, const struct work_archive *, struct err *err);
static int write_all(int fd, struct str, struct err *err);
static void put_rcpts(
    const struct task *, const struct work_archive *, struct buf *);

void
archive_all(const struct outcome *o)
{
	const struct work_run *run = &o->task->run;

	if (run->split)
		archive_of(o->task, &run->original);
	for (const struct work_result *r = run->results; r != NULL; r = r->next)
		archive_of(o->task, &r->work);
}

static void
archive_of(const struct task *t, const struct work *w)
{
	const struct work_archive *a = w->archives;
	struct err err = ERR_INIT;
	char text[700];

	for (int i = 0; a != NULL && i < COPIES_MAX; a = a->next, i++) {
		if (send_one(t, a, &err) == 0)
			continue;
		snprintf(text, sizeof(text), "not archived in \"%.*s\": %s",
		    STR_ARG(a->log), err.text);
		EMIT(MID_WARNING, .mid = t->mail->mid, .text = str_of(text));
	}
}

static int
send_one(const struct task *t, const struct work_archive *a, struct err *err)
{
	struct archive_msg msg = { .log = str_sub(a->log, 0, NAME_MAX_LEN),
		.sender = str_sub(a->sender, 0, ADDR_MAX),
		.mid = t->mail->mid,
		.when = t->origin.now };
	int fd = spool_scratch(t->cleanup->spool, err), rc;
	struct buf head;

	if (fd == -1)
		return -1;
	buf_init(&head, (a->n_rcpts + 1) * 2 * (ADDR_MAX + 64));
	put_rcpts(t, a, &head);
	rc = write_all(fd, buf_str(&head), err);
	buf_fini(&head);
	if (rc == 0)
		rc = write_all(fd, a->msg.header, err);
	if (rc == 0)
		rc = write_all(fd, a->msg.body, err);
	if (rc == 0 && !program_archive(&msg, fd))
		rc = err_set(err, ERR_TEMP, "the recorder is not there");
	if (rc == -1)
		close(fd);
	return rc;
}

static int
write_all(int fd, struct str s, struct err *err)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n <= 0)
			return err_sys(err, ERR_TEMP, "write");
		s = str_sub(s, (size_t)n, s.n);
	}
	return 0;
}

/* Who it was for is in no other line (workqueue 2.10). */
static void
put_rcpts(const struct task *t, const struct work_archive *a, struct buf *out)
{
	bool both = t->config->work.ironport_headers;

	buf_puts(out, "");
	for (size_t i = 0; i < a->n_rcpts; i++) {
		struct str addr = a->rcpts[i].addr;

		buf_printf(out, "X-Postern-RCPT-TO: %.*s\r\n", STR_ARG(addr));
		if (both)
			buf_printf(
			    out, "X-IronPort-RCPT-TO: %.*s\r\n", STR_ARG(addr));
	}
}

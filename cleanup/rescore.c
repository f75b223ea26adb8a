/* rescore.c - held messages that are judged once more by outbreak filters */
#include "cleanup/rescore.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cleanup/rules.h"
#include "cleanup/task.h"
#include "mail/scan.h"

struct rescore {
	struct rescore *next;
	struct rescores *all;
	struct task *task;
	uint64_t stamp; /* of the rules that it is judged by */
};

struct rescores {
	struct cleanup *cleanup;
	struct ipc *qmgr;
	uint64_t told; /* stamp; 0: nothing */
	struct rescore *first;
};

static bool begin(struct rescores *, uint64_t mid, int fd);
static bool read_stored(int fd, const struct qmessage *, struct buf *out);
static void over(struct task *);
static void answer(struct rescores *, uint64_t mid, uint64_t stamp, bool held);
static void rescore_free(struct rescore *);

struct rescores *
rescores_new(struct cleanup *c)
{
	struct rescores *r = mem_alloc(sizeof(*r));

	r->cleanup = c;
	return r;
}

void
rescores_connect(struct rescores *r, struct ipc *qmgr)
{
	rescores_lost(r, r->qmgr);
	r->qmgr = qmgr;
	rescores_tell(r, r->cleanup->daemon->config);
}

void
rescores_lost(struct rescores *r, struct ipc *qmgr)
{
	if (r->qmgr != qmgr)
		return;
	r->qmgr = NULL;
	r->told = 0;
	while (r->first != NULL)
		rescore_free(r->first);
}

void
rescores_tell(struct rescores *r, const struct config *c)
{
	uint64_t stamp = rules_stamp(r->cleanup->rules, c);

	if (r->qmgr == NULL || stamp == r->told)
		return;
	r->told = stamp;
	answer(r, 0, stamp, false);
}

/* What cannot be read stays where it is. */
int
rescore_take(
    struct rescores *r, struct ipc *qmgr, struct ipc_frame *f, struct err *err)
{
	struct rescore_msg msg;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	if (qmgr == r->qmgr && !begin(r, msg.mid, f->fds[0]))
		answer(r, msg.mid, r->told, true);
	return 0;
}

static bool
begin(struct rescores *r, uint64_t mid, int fd)
{
	struct mail *m = mail_new(mid);
	struct err err = ERR_INIT;
	struct rescore *one;
	struct qmessage qm;
	struct buf stored;

	buf_init(&stored,
	    r->cleanup->daemon->config->work.outbreak.max_size + PREPEND_MAX);
	if (qmessage_read(&qm, fd, false, &m->mem, &err) != QREAD_MAIL ||
	    !read_stored(fd, &qm, &stored)) {
		buf_fini(&stored);
		mail_free(&m);
		return false;
	}
	m->envelope = qm.envelope;
	m->envelope.rcpts = (struct codec_list){ qm.n_rcpts, qm.rcpt_v };
	one = mem_alloc(sizeof(*one));
	one->all = r;
	one->stamp = r->told;
	one->next = r->first;
	r->first = one;
	one->task =
	    task_again(r->cleanup, m, buf_str(&stored), qm.route.mail_policy);
	one->task->over = over;
	one->task->over_arg = one;
	buf_fini(&stored);
	if (task_run(one->task))
		over(one->task);
	return true;
}

/* One that is too large was held by other settings: nothing is read, and no
 * rule matches. */
static bool
read_stored(int fd, const struct qmessage *qm, struct buf *out)
{
	uint64_t left = qm->content_len, at = qm->content_off;

	buf_puts(out, "");
	if (qm->route.prepend.n + left > out->max)
		return true;
	buf_add_str(out, qm->route.prepend);
	while (left > 0) {
		size_t want = left < 65536 ? (size_t)left : 65536;
		char *room = buf_room(out, want);
		ssize_t n =
		    room != NULL ? pread(fd, room, want, (off_t)at) : -1;

		if (n <= 0)
			return false;
		buf_grew(out, (size_t)n);
		at += (uint64_t)n;
		left -= (uint64_t)n;
	}
	return true;
}

static void
over(struct task *t)
{
	struct rescore *one = t->over_arg;
	const struct work_hold *h = t->run.results->work.holds;

	while (h != NULL && !str_is(h->quarantine, "Outbreak"))
		h = h->next;
	answer(one->all, t->mail->mid, one->stamp, h != NULL);
	rescore_free(one);
}

static void
answer(struct rescores *r, uint64_t mid, uint64_t stamp, bool held)
{
	struct rescored msg = { .mid = mid, .stamp = stamp, .held = held };

	ipc_send(r->qmgr, IPC_RESCORED, 0, &msg);
}

static void
rescore_free(struct rescore *one)
{
	struct rescore **at = &one->all->first;

	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	mail_free(&one->task->mail);
	task_free(&one->task);
	free(one);
}

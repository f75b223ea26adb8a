/*
 * fuzz_dialog.c - smtp/dialog: a server that says anything, at any time
 *
 * The input is a server's bytes. Byte 0x01 lets out what the client has to
 * say, 0x02 adds a job, or ends the handshake of TLS, or has keyd answer, 0x03
 * asks for QUIT, 0x04 cuts the connection, 0x05 in the beginning has us log
 * in. Nobody is up who has not. Every job is reported once or comes back; and
 * nobody is delivered whose dot had not left, which is all a client can know
 * (threats OUT-02).
 */
#include <stdlib.h>
#include <string.h>

#include "smtp/dialog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct player {
	struct dialog dialog;
	size_t added, done;
	size_t dots, delivered; /* dots that have left; jobs with a 2xx */
};

static void act(struct player *, uint8_t what);
static void let_out(struct player *);
static void add_job(struct player *);
static void on_up(void *);
static void on_starttls(void *);
static void on_login(void *);
static void on_started(void *, struct transaction *);
static void on_content(void *, struct transaction *);
static void on_done(void *, struct transaction *, bool possible);

static const struct dialog_hooks hooks = { on_up, on_starttls, on_login,
	on_started, on_content, on_done, NULL, NULL };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct player p = { .added = 0 };
	size_t at = 0, len;

	dialog_init(&p.dialog, "us.test", &hooks, &p);
	p.dialog.tls_wanted = true;
	while (at < n) {
		for (len = 0; at + len < n && data[at + len] > 5; len++)
			continue;
		dialog_input(
		    &p.dialog, (struct str){ (const char *)data + at, len });
		at += len;
		if (at < n)
			act(&p, data[at++]);
		if (p.delivered > p.dots)
			abort();
	}
	dialog_end(&p.dialog, SESSION_RESET, STR("end"));
	if (p.done + p.dialog.n_jobs != p.added)
		abort();
	dialog_fini(&p.dialog);
	return 0;
}

static void
act(struct player *p, uint8_t what)
{
	switch (what) {
	case 1:
		let_out(p);
		break;
	case 2:
		if (p->dialog.tls_starting && !p->dialog.over)
			dialog_secured(&p->dialog);
		else if (p->dialog.login.asking)
			dialog_login_answer(&p->dialog,
			    &(struct login_done){
				.first = STR("joe"), .second = STR("v=1") });
		else
			add_job(p);
		break;
	case 5:
		if (p->dialog.progress == 0)
			p->dialog.login.wanted = p->dialog.login.in_clear =
			    true;
		break;
	case 3:
		dialog_quit(&p->dialog);
		dialog_talk(&p->dialog);
		break;
	case 4:
		dialog_end(&p->dialog, SESSION_RESET, STR("cut"));
		break;
	default:
		break;
	}
}

static void
let_out(struct player *p)
{
	struct str out = buf_str(&p->dialog.out);

	for (size_t i = 0; i + 5 <= out.n; i++)
		p->dots += memcmp(out.p + i, "\r\n.\r\n", 5) == 0;
	dialog_sent(&p->dialog, out.n);
}

static void
add_job(struct player *p)
{
	struct job_rcpt rcpts[2] = { { .rid = 0, .addr = STR("a@b.test") },
		{ .rid = 1, .addr = STR("c@b.test") } };
	struct job job = { .job = p->added,
		.sender = STR("s@a.test"),
		.content_len = 10,
		.rcpts = { 1 + p->added % 2, rcpts } };
	struct ipc_frame frame = { .type = IPC_JOB, .n_fds = 1 };
	struct transaction *t;
	struct buf body;
	int fd = -1;

	buf_init(&body, 4096);
	codec_encode(&job_codec, &job, &body);
	frame.body = buf_str(&body);
	frame.fds = &fd;
	if (transaction_new(&t, &frame, NULL) == -1)
		abort();
	buf_fini(&body);
	if (dialog_add_job(&p->dialog, t)) {
		p->added++;
		dialog_talk(&p->dialog);
	} else {
		transaction_free(&t);
	}
}

static void
on_up(void *arg)
{
	const struct player *p = arg;

	if (p->dialog.login.wanted && !p->dialog.login.done)
		abort();
}

static void
on_starttls(void *arg)
{
	(void)arg;
}

static void
on_login(void *arg)
{
	(void)arg;
}

static void
on_started(void *arg, struct transaction *t)
{
	(void)arg, (void)t;
}

static void
on_content(void *arg, struct transaction *t)
{
	struct player *p = arg;

	(void)t;
	buf_puts(&p->dialog.out, "body\r\n");
	dialog_content_done(&p->dialog);
}

static void
on_done(void *arg, struct transaction *t, bool possible)
{
	struct player *p = arg;
	struct job_done done = transaction_done(t, possible);
	const struct job_result *r = done.results.v;
	bool delivered = false;

	for (size_t i = 0; i < done.results.n; i++) {
		if (t->open[i] || r[i].stage < JOB_MAIL || r[i].stage > JOB_DOT)
			abort();
		if (r[i].code / 100 == 2 && r[i].stage != JOB_DOT)
			abort();
		delivered |= r[i].code / 100 == 2;
	}
	p->delivered += delivered;
	p->done++;
	transaction_free(&t);
}

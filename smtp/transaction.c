/* transaction.c - one message to some recipients at one server */
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "mail/addr.h"
#include "mail/utf8addr.h"
#include "mail/wire.h"
#include "smtp/transaction.h"
#include "smtp/xtext.h"

/* A job of 1,000 recipients with a reply of 1,000 bytes each, and the frame
 * that brought it: a little over 2 MiB. */
#define TX_MEM_MAX (4 * 1024 * 1024)

static void check_size(struct transaction *, const struct features *);
static void check_addresses(struct transaction *, const struct features *);
static void fail(struct transaction *, size_t i, enum job_stage, unsigned code,
    const char *status, struct str text);
static void say_notify(uint8_t notify, struct buf *out);
static void say_orcpt(struct str orcpt, bool utf8, struct buf *out);
static bool is_ascii(struct str s);

int
transaction_new(
    struct transaction **tp, struct ipc_frame *frame, struct err *err)
{
	struct transaction *t = mem_alloc(sizeof(*t));
	struct ipc_frame copy = *frame;

	arena_init(&t->mem, TX_MEM_MAX);
	t->fd = -1;
	copy.body = arena_str(&t->mem, frame->body);
	if (ipc_decode(&copy, &t->job, &t->mem, err) == -1) {
		transaction_free(&t);
		return -1;
	}
	if (frame->type == IPC_JOB) {
		t->fd = frame->fds[0];
		frame->fds[0] = -1;
	} else {
		t->job.content_len = t->job.content.n;
	}
	t->n_rcpts = t->n_open = t->job.rcpts.n;
	t->results = arena_array(&t->mem, t->n_rcpts, sizeof(*t->results));
	t->open = arena_array(&t->mem, t->n_rcpts, sizeof(*t->open));
	for (size_t i = 0; i < t->n_rcpts; i++) {
		t->results[i].rid = transaction_rcpt(t, i)->rid;
		t->open[i] = true;
	}
	*tp = t;
	return 0;
}

void
transaction_free(struct transaction **tp)
{
	struct transaction *t = *tp;

	if (t == NULL)
		return;
	if (t->fd != -1)
		close(t->fd);
	arena_free(&t->mem);
	free(t);
	*tp = NULL;
}

const struct job_rcpt *
transaction_rcpt(const struct transaction *t, size_t i)
{
	return (const struct job_rcpt *)t->job.rcpts.v + i;
}

uint64_t
transaction_size(const struct transaction *t)
{
	return t->job.prepend.n + t->job.content_len;
}

void
transaction_check(struct transaction *t, const struct features *f)
{
	check_addresses(t, f);
	check_size(t, f);
	if ((t->job.flags & ENV_REQUIRETLS) && !(f->bits & FEATURE_REQUIRETLS))
		transaction_fail_all(t, JOB_MAIL, 0, "",
		    STR("the connection is not one for REQUIRETLS"));
	if (f->rcpt_max > 0)
		for (size_t i = f->rcpt_max; i < t->n_rcpts; i++)
			fail(t, i, JOB_RCPT, 452, "4.5.3",
			    STR("the server takes fewer recipients"));
}

/*
 * BODY is said when there are bytes above 127 and the server knows it. When
 * it does not, the content goes as it is: every server of today passes it,
 * while a bounce would help nobody (docs/decisions/delivery-conversation.md).
 */
void
transaction_say_mail(
    const struct transaction *t, const struct features *f, struct buf *out)
{
	const struct job *j = &t->job;
	bool eight = (j->flags & ENV_8BITMIME) ||
		     (j->wire_flags & (WIRE_8BIT | WIRE_8BIT_HDR));

	buf_printf(out, "MAIL FROM:<%.*s>", STR_ARG(j->sender));
	/* Doubled dots do not count (RFC 1870 4), and how many there are is
	 * not known: do not claim more than the server takes. */
	if ((f->bits & FEATURE_SIZE) &&
	    (f->size == 0 || transaction_size(t) <= f->size))
		buf_printf(
		    out, " SIZE=%llu", (unsigned long long)transaction_size(t));
	if ((f->bits & FEATURE_8BITMIME) && eight)
		buf_puts(out, " BODY=8BITMIME");
	if (t->utf8)
		buf_puts(out, " SMTPUTF8");
	if (j->flags & ENV_REQUIRETLS)
		buf_puts(out, " REQUIRETLS");
	if ((f->bits & FEATURE_DSN) && j->ret != 0)
		buf_puts(out, j->ret == 1 ? " RET=FULL" : " RET=HDRS");
	if ((f->bits & FEATURE_DSN) && j->envid.n > 0) {
		buf_puts(out, " ENVID=");
		xtext_encode(j->envid, out);
	}
	buf_puts(out, "\r\n");
}

void
transaction_say_rcpt(const struct transaction *t, size_t i,
    const struct features *f, struct buf *out)
{
	const struct job_rcpt *r = transaction_rcpt(t, i);

	buf_printf(out, "RCPT TO:<%.*s>", STR_ARG(r->addr));
	if (f->bits & FEATURE_DSN) {
		say_notify(r->notify, out);
		say_orcpt(r->orcpt, t->utf8, out);
	}
	buf_puts(out, "\r\n");
}

void
transaction_answer(struct transaction *t, size_t i, enum job_stage stage,
    const struct reply *r)
{
	fail(t, i, stage, r->code, arena_strdup(&t->mem, r->status),
	    reply_line(r, &t->mem));
}

void
transaction_answer_all(
    struct transaction *t, enum job_stage stage, const struct reply *r)
{
	transaction_fail_all(
	    t, stage, r->code, r->status, reply_line(r, &t->mem));
}

void
transaction_fail_all(struct transaction *t, enum job_stage stage, unsigned code,
    const char *status, struct str text)
{
	struct str kept = arena_str(&t->mem, text);
	struct str kept_status = arena_str(&t->mem, str_of(status));

	for (size_t i = 0; i < t->n_rcpts; i++)
		if (t->open[i])
			fail(t, i, stage, code, kept_status.p, kept);
}

struct job_done
transaction_done(const struct transaction *t, bool possible)
{
	return (struct job_done){ .job = t->job.job,
		.possible = possible,
		.results = { t->n_rcpts, t->results } };
}

/*
 * The size in the content is that on the wire; dots doubled there make it
 * larger than what the server counts. With such lines the server decides.
 */
static void
check_size(struct transaction *t, const struct features *f)
{
	if (f->size == 0 || transaction_size(t) <= f->size ||
	    (t->job.wire_flags & WIRE_DOTS))
		return;
	transaction_fail_all(t, JOB_MAIL, 552, "5.3.4",
	    STR("message is larger than the server takes"));
}

/*
 * Is each address fit for a command (threats HDR-02), and for this server
 * (RFC 6531, threats STM-07)? SMTPUTF8 is needed for an address or a header
 * that is not ASCII.
 */
static void
check_addresses(struct transaction *t, const struct features *f)
{
	const struct job *j = &t->job;
	bool can = f->bits & FEATURE_SMTPUTF8;
	bool need =
	    !is_ascii(j->sender) ||
	    ((j->flags & ENV_SMTPUTF8) && (j->wire_flags & WIRE_8BIT_HDR));

	if (j->sender.n > 0 && !addr_is_clean(j->sender)) {
		t->dirty = true;
		transaction_fail_all(t, JOB_MAIL, 553, "5.1.7",
		    STR("sender address is not fit for SMTP"));
	}
	if (need && !can)
		transaction_fail_all(t, JOB_MAIL, 553, "5.6.7",
		    STR("the server does not take SMTPUTF8 messages"));
	for (size_t i = 0; i < t->n_rcpts; i++) {
		struct str addr = transaction_rcpt(t, i)->addr;

		if (!addr_is_clean(addr)) {
			t->dirty = true;
			fail(t, i, JOB_RCPT, 553, "5.1.3",
			    STR("address is not fit for SMTP"));
		}
		if (!is_ascii(addr) && !can)
			fail(t, i, JOB_RCPT, 553, "5.6.7",
			    STR("the server does not take SMTPUTF8 addresses"));
		need |= !is_ascii(addr);
	}
	t->utf8 = can && (need || (j->flags & ENV_SMTPUTF8));
}

/* status and text must live as long as the transaction. */
static void
fail(struct transaction *t, size_t i, enum job_stage stage, unsigned code,
    const char *status, struct str text)
{
	struct job_result *r = &t->results[i];

	if (!t->open[i])
		return;
	t->open[i] = false;
	t->n_open--;
	r->code = code;
	r->status = str_of(status);
	r->text = text;
	r->stage = (uint8_t)stage;
}

static void
say_notify(uint8_t notify, struct buf *out)
{
	static const struct {
		uint8_t bit;
		const char *word;
	} words[] = {
		{ DSN_SUCCESS, "SUCCESS" },
		{ DSN_FAILURE, "FAILURE" },
		{ DSN_DELAY, "DELAY" },
	};
	const char *sep = " NOTIFY=";

	if (notify & DSN_NEVER) {
		buf_puts(out, " NOTIFY=NEVER");
		return;
	}
	for (size_t i = 0; i < NELEM(words); i++) {
		if (!(notify & words[i].bit))
			continue;
		buf_puts(out, sep);
		buf_puts(out, words[i].word);
		sep = ",";
	}
}

/* "rfc822;joe@example.com": the type is an atom already, see RFC 3461 4.2; the
 * type utf-8 has a form of its own, RFC 6533 3. */
static void
say_orcpt(struct str orcpt, bool utf8, struct buf *out)
{
	struct str type = str_cut(&orcpt, ';');

	if (type.n == 0 || orcpt.n == 0)
		return;
	buf_puts(out, " ORCPT=");
	xtext_encode(type, out);
	buf_putc(out, ';');
	if (str_is_nocase(type, "utf-8") && str_valid_utf8(orcpt))
		utf8addr_put(
		    orcpt, UTF8ADDR_ESCAPED | (utf8 ? 0 : UTF8ADDR_ASCII), out);
	else
		xtext_encode(orcpt, out);
}

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/*
 * qmqp.c - QMQP: a request taken apart, and its answer
 *
 *	OUTER -> LENGTH -> BYTES -> COMMA -> LENGTH ... -> END
 *
 * LENGTH, BYTES and COMMA are of the strings inside; `left` counts what the
 * outer one still holds, so nothing inside can reach beyond it.
 */
#include "smtpd/qmqp.h"

#include <stdlib.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "event/event.h"
#include "smtpd/ask.h"
#include "smtpd/commands.h"
#include "smtpd/say.h"
#include "smtpd/txn.h"

#define PIECE_MAX  65536
#define ANSWER_MAX 1000
/* What senders and recipients may add to a message, with their lengths. */
#define ADDRESSES_MAX ((uint64_t)(RCPTS_MAX + 1) * (ADDR_MAX + 6))

enum state { OUTER, LENGTH, BYTES, COMMA, END };
enum { MESSAGE, SENDER, RECIPIENT }; /* number of a string inside */

struct qmqp {
	enum state state;
	struct netlen length; /* while it is read */
	uint64_t left;        /* of the request, without its last comma */
	uint64_t inner;       /* of the string that is read */
	uint32_t number;      /* of that string */
	bool whole;           /* the request has been read */
	struct buf line;      /* the command that an address becomes */
	char class;           /* of the answer; 0: none yet */
	char *answer;
};

static void greet(struct smtp_session *, const struct decided *);
static void input(struct smtp_session *, struct str *in);
static void say_qmqp(
    struct smtp_session *, int code, const char *status, struct str text);
static void rest(struct smtp_session *);
static void give_answer(struct smtp_session *);
static void fini(struct smtp_session *);

const struct protocol protocol_qmqp = {
	.name = "QMQP",
	.busy = "49:Z4.4.5 Too many connections, try again in a while,",
	.client_first = true,
	.one_request = true,
	.greet = greet,
	.input = input,
	.say = say_qmqp,
	.rest = rest,
	.close = give_answer,
	.fini = fini,
};

static void read_outer(struct smtp_session *, struct str *in);
static void read_length(struct smtp_session *, struct str *in);
static void read_bytes(struct smtp_session *, struct str *in);
static void read_comma(struct smtp_session *, struct str *in);
static void read_end(struct smtp_session *, struct str *in);

static void (*const steps[])(struct smtp_session *, struct str *in) = {
	[OUTER] = read_outer,
	[LENGTH] = read_length,
	[BYTES] = read_bytes,
	[COMMA] = read_comma,
	[END] = read_end,
};

static bool begin_request(struct smtp_session *, uint64_t n);
static void begin_string(struct smtp_session *);
static void begin_message(struct smtp_session *);
static void end_string(struct smtp_session *);
static void end_message(struct smtp_session *);
static void end_address(struct smtp_session *);
static void end_request(struct smtp_session *);
static void pass_refusal_on(struct smtp_session *);
static void swallow(struct smtp_session *, struct str *in);
static void malformed(struct smtp_session *, const char *why);
static struct str judged(const struct smtp_session *);
static char take(struct str *in);

enum netlen_end
netlen_feed(struct netlen *l, char c)
{
	if (c == ':')
		return l->digits > 0 ? NETLEN_DONE : NETLEN_BAD;
	if (c < '0' || c > '9' || l->digits == NETLEN_DIGITS ||
	    (l->digits > 0 && l->n == 0))
		return NETLEN_BAD;
	l->n = l->n * 10 + (uint64_t)(c - '0');
	l->digits++;
	return NETLEN_MORE;
}

/* --- the protocol's functions --- */

/* For want of room a client is sent away; who is rejected is told so when he
 * has said what he came for, because only then he listens. */
static void
greet(struct smtp_session *s, const struct decided *d)
{
	s->qmqp = mem_alloc(sizeof(*s->qmqp));
	buf_init(&s->qmqp->line, SMTP_LINE_MAX);
	session_enter(s, PH_GREETED);
	if (!d->refused)
		return;
	say_reply(s, &d->reply);
	if (d->reply.code == 421)
		session_close(s, true);
}

static void
input(struct smtp_session *s, struct str *in)
{
	if (s->phase == PH_SWALLOW)
		swallow(s, in);
	else
		steps[s->qmqp->state](s, in);
	rest(s);
}

/*
 * Collects the answer: the first D, else the first Z. What would have been
 * said to MAIL and RCPT that are accepted is nothing here.
 */
static void
say_qmqp(struct smtp_session *s, int code, const char *status, struct str text)
{
	struct qmqp *q = s->qmqp;
	struct str about = judged(s);
	struct buf b;
	char class;

	if (q == NULL || (code < 400 && !q->whole))
		return;
	class = code < 400 ? 'K' : code < 500 ? 'Z' : 'D';
	if (q->class == 'D' || (q->class == 'Z' && class != 'D'))
		return;
	buf_init(&b, ANSWER_MAX + 1);
	buf_putc(&b, class);
	if (class != 'K' && *status != '\0')
		buf_printf(&b, "%s ", status);
	if (about.n > 0)
		buf_printf(&b, "<%.*s>: ", STR_ARG(about));
	buf_add_str(&b, str_sub(text, 0, ANSWER_MAX - b.len));
	for (size_t i = 0; i < b.len; i++)
		if ((unsigned char)b.data[i] < 0x20 || b.data[i] == 0x7f)
			b.data[i] = ' ';
	free(q->answer);
	q->answer = buf_take(&b);
	q->class = class;
}

/*
 * Is there nothing to wait for? After a D, and when there is no transaction
 * any more that others could be added to, the rest is not worth a look; after
 * a Z another recipient may still make it a D.
 */
static void
rest(struct smtp_session *s)
{
	struct qmqp *q = s->qmqp;

	if (q == NULL || q->class == 0 || s->phase == PH_CLOSING)
		return;
	if (q->whole) {
		session_close(s, true);
		return;
	}
	if (q->state == OUTER || s->phase == PH_SWALLOW ||
	    (q->class == 'Z' && s->phase & (PH_ENVELOPE | PH_ASK)))
		return;
	ask_drop(s);
	if (s->txn != NULL)
		txn_drop(s, "Receiving aborted");
	session_enter(s, PH_SWALLOW);
}

/* The last thing before the end: what was collected. */
static void
give_answer(struct smtp_session *s)
{
	struct qmqp *q = s->qmqp;

	if (q == NULL || q->answer == NULL || s->lost)
		return;
	buf_printf(s->out, "%zu:%s,", str_of(q->answer).n, q->answer);
	free(q->answer);
	q->answer = NULL;
}

static void
fini(struct smtp_session *s)
{
	if (s->qmqp == NULL)
		return;
	buf_fini(&s->qmqp->line);
	free(s->qmqp->answer);
	free(s->qmqp);
}

/* --- one step each --- */

static void
read_outer(struct smtp_session *s, struct str *in)
{
	struct qmqp *q = s->qmqp;

	switch (netlen_feed(&q->length, take(in))) {
	case NETLEN_MORE:
		break;
	case NETLEN_BAD:
		malformed(s, "bad length");
		break;
	case NETLEN_DONE:
		if (!begin_request(s, q->length.n))
			return;
		q->left = q->length.n;
		q->length = (struct netlen){ 0 };
		q->state = q->left > 0 ? LENGTH : END;
	}
}

static void
read_length(struct smtp_session *s, struct str *in)
{
	struct qmqp *q = s->qmqp;

	q->left--;
	switch (netlen_feed(&q->length, take(in))) {
	case NETLEN_MORE:
		if (q->left == 0)
			malformed(s, "request ends within a length");
		break;
	case NETLEN_BAD:
		malformed(s, "bad length");
		break;
	case NETLEN_DONE:
		if (q->length.n >= q->left) {
			malformed(s, "string longer than the request");
			return;
		}
		q->inner = q->length.n;
		q->length = (struct netlen){ 0 };
		q->state = q->inner > 0 ? BYTES : COMMA;
		begin_string(s);
	}
}

static void
read_bytes(struct smtp_session *s, struct str *in)
{
	struct qmqp *q = s->qmqp;
	struct str piece = str_sub(*in, 0, PIECE_MAX);

	if (piece.n > q->inner)
		piece.n = (size_t)q->inner;
	*in = str_sub(*in, piece.n, in->n);
	q->left -= piece.n;
	q->inner -= piece.n;
	if (q->inner == 0)
		q->state = COMMA;
	if (q->number != MESSAGE) {
		buf_add_str(&q->line, piece);
		return;
	}
	txn_lines(s, piece, false);
	pass_refusal_on(s);
}

static void
read_comma(struct smtp_session *s, struct str *in)
{
	struct qmqp *q = s->qmqp;

	q->left--;
	if (take(in) != ',') {
		malformed(s, "string without a comma");
		return;
	}
	q->state = q->left > 0 ? LENGTH : END;
	s->since = s->now;
	s->block = 0;
	end_string(s);
}

static void
read_end(struct smtp_session *s, struct str *in)
{
	struct qmqp *q = s->qmqp;

	if (take(in) != ',') {
		malformed(s, "request without a comma");
	} else if (in->n > 0) {
		malformed(s, "bytes behind the request");
	} else {
		q->whole = true;
		end_request(s);
	}
}

/* --- what the strings are --- */

/* False: it is so long that it is not worth reading. */
static bool
begin_request(struct smtp_session *s, uint64_t n)
{
	uint64_t max = s->subject.policy->p.max_message_size;

	if (max > UINT64_MAX - ADDRESSES_MAX || n <= max + ADDRESSES_MAX)
		return true;
	say(s, 552, "5.3.4", "message size exceeds limit");
	session_close(s, true);
	return false;
}

static void
begin_string(struct smtp_session *s)
{
	struct qmqp *q = s->qmqp;

	switch (q->number) {
	case MESSAGE:
		begin_message(s);
		return;
	case SENDER:
		buf_reset(&q->line);
		buf_puts(&q->line, "MAIL FROM:<");
		break;
	default:
		buf_reset(&q->line);
		buf_puts(&q->line, "RCPT TO:<");
	}
}

/* QMQ-01: from its length follows nothing but whether it is too long. */
static void
begin_message(struct smtp_session *s)
{
	if (s->qmqp->inner > s->subject.policy->p.max_message_size) {
		EMIT(RECEIVING_FAILED, .icid = s->icid,
		    .text = STR("Message size exceeds limit"));
		say(s, 552, "5.3.4", "message size exceeds limit");
		session_close(s, true);
	} else {
		txn_begin_late(s);
	}
}

static void
end_string(struct smtp_session *s)
{
	if (s->qmqp->number++ == MESSAGE)
		end_message(s);
	else
		end_address(s);
}

static void
end_message(struct smtp_session *s)
{
	txn_lines(s, STR(""), true);
	pass_refusal_on(s);
	session_enter(s, PH_LATE);
}

/* As MAIL or RCPT, which have no parameters here: what might look like one
 * is refused. */
static void
end_address(struct smtp_session *s)
{
	struct qmqp *q = s->qmqp;

	buf_putc(&q->line, '>');
	if (q->line.failed)
		say(s, 501, "5.1.3", "address is too long");
	else
		commands_line(s, buf_str(&q->line), false);
}

static void
end_request(struct smtp_session *s)
{
	if (s->qmqp->number <= RECIPIENT)
		malformed(s, "no recipients");
	else if (s->qmqp->class == 0)
		txn_finish(s);
}

/* What is wrong with the content is known before its end. */
static void
pass_refusal_on(struct smtp_session *s)
{
	if (s->txn != NULL && s->txn->refused.code != 0)
		say_reply(s, &s->txn->refused);
}

/* Of a request that is refused: the rest, with the last comma. */
static void
swallow(struct smtp_session *s, struct str *in)
{
	struct qmqp *q = s->qmqp;

	if (in->n <= q->left) {
		q->left -= in->n;
		in->n = 0;
		return;
	}
	*in = str_sub(*in, (size_t)q->left + 1, in->n);
	q->whole = true;
}

static void
malformed(struct smtp_session *s, const char *why)
{
	if (tally_event(&s->tally, NOISY_COMMAND, s->icid, s->now))
		EMIT(RECEIVING_FAILED, .icid = s->icid,
		    .text = STR("Malformed QMQP request"));
	s->qmqp->whole = true;
	say(s, 554, "5.5.2", "malformed request: %s", why);
	session_close(s, true);
}

/* The address that is judged just now; empty: none is. */
static struct str
judged(const struct smtp_session *s)
{
	const struct qmqp *q = s->qmqp;
	struct str line;
	size_t at;

	if (q == NULL || q->line.len == 0 || q->whole ||
	    !(s->phase & (PH_LATE | PH_ENVELOPE)))
		return (struct str){ "", 0 };
	line = buf_str(&q->line);
	at = str_find(line, '<') + 1;
	return str_sub(line, at, line.n - at - 1);
}

static char
take(struct str *in)
{
	char c = *in->p;

	*in = str_sub(*in, 1, in->n);
	return c;
}

/*
 * talk_qmqp.c - a captured request of QMQP, said once more
 *
 * The engine takes it apart and judges it. Beside it goes a second look at
 * the same bytes, which only finds where the strings are: whom the report is
 * about. What is no request the engine has ended by then.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "smtpd/qmqp.h"
#include "trace/talk_inside.h"

#define RCPTS_SHOWN 100
#define REQUEST_MAX (512u << 20)

struct talk_request {
	struct buf bytes;
};

static void mail_of(struct talk *, struct str request);
static bool take_string(struct str *in, struct str *out);
static void note_address(struct talk *, const char *what, struct str addr);
static struct str answer_in(struct talk *, struct str netstring);
static struct str their_answer(struct talk *);

void
talk_qmqp(struct talk *t, struct str *in)
{
	struct str was = *in;

	if (t->request == NULL) {
		t->request = mem_alloc(sizeof(*t->request));
		buf_init(&t->request->bytes, REQUEST_MAX);
	}
	t->s.protocol->input(&t->s, in);
	talk_settle(t);
	session_rest(&t->s);
	buf_add_str(&t->request->bytes, str_sub(was, 0, was.n - in->n));
}

void
talk_qmqp_end(struct talk *t)
{
	struct str answer = answer_in(t, buf_str(&t->out));

	if (t->request != NULL) {
		mail_of(t, buf_str(&t->request->bytes));
		buf_fini(&t->request->bytes);
		free(t->request);
		t->request = NULL;
	}
	t->answered = answer.n > 0;
	talk_step(t, STR("(end of the request)"), answer, their_answer(t));
	if (!t->in_mail)
		return;
	t->mails[t->done.mails.n - 1].reply = answer;
	talk_end_mail(t, str_starts(answer, STR("K")));
}

/* --- whom it is about --- */

/* As far as it goes: of one that is cut, what is there. */
static void
mail_of(struct talk *t, struct str request)
{
	struct str message, addr;
	struct netlen outer = { 0 };
	size_t i = 0;

	while (
	    i < request.n && netlen_feed(&outer, request.p[i]) == NETLEN_MORE)
		i++;
	request = str_sub(request, i + 1, request.n);
	if (!take_string(&request, &message))
		return;
	talk_step(t,
	    str_of(arena_printf(&t->mem, "(message of %zu bytes)", message.n)),
	    STR(""), STR(""));
	if (!take_string(&request, &addr))
		return;
	note_address(t, "sender", addr);
	talk_begin_mail(
	    t, str_of(arena_printf(&t->mem, "<%.*s>", STR_ARG(addr))), STR(""));
	for (i = 0; take_string(&request, &addr); i++) {
		if (i < RCPTS_SHOWN)
			note_address(t, "recipient", addr);
		talk_add_rcpt(t,
		    str_of(arena_printf(&t->mem, "<%.*s>", STR_ARG(addr))),
		    STR(""));
	}
	if (i > RCPTS_SHOWN)
		talk_step(t,
		    str_of(arena_printf(
			&t->mem, "(%zu recipients more)", i - RCPTS_SHOWN)),
		    STR(""), STR(""));
}

/* False: there is none, or not all of it. */
static bool
take_string(struct str *in, struct str *out)
{
	struct netlen l = { 0 };
	enum netlen_end end = NETLEN_MORE;
	size_t i = 0;

	while (i < in->n && end == NETLEN_MORE)
		end = netlen_feed(&l, in->p[i++]);
	if (end != NETLEN_DONE || l.n >= in->n - i)
		return false;
	*out = str_sub(*in, i, (size_t)l.n);
	*in = str_sub(*in, i + (size_t)l.n + 1, in->n);
	return true;
}

static void
note_address(struct talk *t, const char *what, struct str addr)
{
	talk_step(t,
	    str_of(arena_printf(
		&t->mem, "%s <%.*s>", what, STR_ARG(talk_shown(t, addr)))),
	    STR(""), STR(""));
}

/* --- answers --- */

/* "5:Kdone," without what is around it; empty: there is none. */
static struct str
answer_in(struct talk *t, struct str netstring)
{
	struct str answer;

	return take_string(&netstring, &answer) ? talk_shown(t, answer)
						: STR("");
}

static struct str
their_answer(struct talk *t)
{
	const struct codec_list *down = &t->in->said->down;
	const struct pcap_piece *p = down->v;
	struct buf all;
	struct str answer;

	buf_init(&all, 1 << 16);
	for (size_t i = 0; i < down->n && p[i].lost == 0; i++)
		buf_add_str(&all, str_sub(p[i].bytes, 0, 1 << 15));
	answer = answer_in(t, buf_str(&all));
	buf_fini(&all);
	return answer;
}

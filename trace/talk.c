/* talk.c - a captured conversation, said once more */
#include "trace/talk.h"

#include <stdlib.h>

#include "base/mem.h"
#include "smtpd/auth.h"
#include "smtpd/protocol.h"
#include "smtpd/txn.h"
#include "trace/said.h"
#include "trace/talk_inside.h"

CODEC_SCHEMA(talk_need, REC_TALK_NEED);
CODEC_SCHEMA(talk_step, REC_TALK_STEP);
CODEC_SCHEMA(talk_rcpt, REC_TALK_RCPT);
CODEC_SCHEMA(talk_mail, REC_TALK_MAIL);
CODEC_SCHEMA(talk_done, REC_TALK_DONE);

/* Counters do not move. */
static const struct stats_conn_counts alone = { 1, 1, 1 };

#define MEMORY_MAX  ((size_t)3 << 30)
#define CONTENT_MAX (512u << 20)

static void release(struct talk *);
static void gather(struct talk *);
static struct str join(struct talk *, const struct codec_list *pieces);
static void skip_header(struct talk *);
static void begin(struct talk *);
static bool converse(struct talk *);
static enum talk_place place_of(const struct talk *, bool within);
static void pass_time(struct talk *, int64_t now);
static bool take_burst(struct talk *, struct str *in, bool last);
static bool take_line(struct talk *, struct str *in, bool last);
static void after_line(struct talk *, enum verb, bool answered);
static bool parts_here(struct talk *, struct str line, enum verb);
static void drop_mail(struct talk *);
static void take_content(struct talk *, struct str *in);
static void skip_content(struct talk *, struct str *in);
static void prove(struct talk *);
static void end(struct talk *, bool whole);

void
talk_run(void *arg, struct buf *out)
{
	const struct talk_input *in = arg;
	struct talk *t = mem_alloc(sizeof(*t));
	bool whole;

	t->in = in;
	arena_init(&t->mem, MEMORY_MAX);
	buf_init(&t->out, 1 << 20);
	buf_init(&t->content, CONTENT_MAX);
	gather(t);
	begin(t);
	whole = converse(t);
	if (t->qmqp)
		talk_qmqp_end(t);
	end(t, whole);
	t->done.needs.v = t->needs;
	t->done.steps.v = t->steps;
	t->done.mails.v = t->mails;
	codec_encode(&talk_done_codec, &t->done, out);
	release(t);
}

static void
release(struct talk *t)
{
	session_fini(&t->s);
	free(t->needs);
	free(t->steps);
	free(t->mails);
	free(t->rcpts);
	buf_fini(&t->out);
	buf_fini(&t->content);
	arena_free(&t->mem);
	free(t);
}

/* --- what was captured --- */

static void
gather(struct talk *t)
{
	const struct codec_list *up = &t->in->said->up;
	const struct pcap_piece *p = up->v;
	size_t from = 0;

	t->theirs =
	    said_split(join(t, &t->in->said->down), &t->n_theirs, &t->mem);
	t->bursts = arena_array(&t->mem, up->n + 1, sizeof(*t->bursts));
	for (size_t i = 0; i < up->n; i++) {
		struct codec_list same = { 0, (void *)(uintptr_t)&p[from] };

		if (i + 1 < up->n && p[i].lost == 0 && p[i + 1].lost == 0 &&
		    p[i + 1].heard == p[from].heard)
			continue;
		same.n = i + 1 - from;
		t->bursts[t->n_bursts++] = (struct burst){
			.bytes = join(t, &same),
			.time = p[from].time,
			.heard = p[from].heard,
			.gap = p[i].lost > 0,
		};
		from = i + 1;
	}
	skip_header(t);
}

/* What a balancer has said before the client could (smtpd/proxy.h). */
static void
skip_header(struct talk *t)
{
	size_t n = t->in->said->proxy_bytes;

	for (; n > 0 && t->n_bursts > 0; t->bursts++, t->n_bursts--) {
		struct burst *b = &t->bursts[0];
		size_t here = n < b->bytes.n ? n : b->bytes.n;

		b->bytes = str_sub(b->bytes, here, b->bytes.n);
		n -= here;
		if (b->bytes.n > 0 || b->gap)
			return;
	}
}

/* Up to the first gap. */
static struct str
join(struct talk *t, const struct codec_list *pieces)
{
	const struct pcap_piece *p = pieces->v;
	struct str *v = arena_array(&t->mem, pieces->n + 1, sizeof(*v));
	size_t n = 0;

	while (n < pieces->n && p[n].lost == 0) {
		v[n] = p[n].bytes;
		n++;
	}
	return arena_join(&t->mem, v, n);
}

/* --- the conversation --- */

static void
begin(struct talk *t)
{
	const struct pcap_talk *said_then = t->in->said;
	struct smtp_session *s = &t->s;

	session_init(
	    s, &talk_ops, t->in->stats, t->in->config, t->in->listener);
	s->out = &t->out;
	s->facts.client = said_then->from;
	s->facts.client_port = said_then->from_port;
	s->facts.local = said_then->at;
	s->now = 1 + said_then->began / 1000;
	t->qmqp = listener_is_qmqp(t->in->listener);
	session_start(s, &alone);
	talk_settle(t);
	if (!t->qmqp)
		talk_said(t, STR(""));
	t->done.refused = s->phase == PH_CLOSING;
}

/* False: packets are missing. */
static bool
converse(struct talk *t)
{
	uint64_t said = 0;
	struct buf rest;
	bool whole = true;

	buf_init(&rest, CONTENT_MAX);
	for (size_t i = 0; i < t->n_bursts && whole; i++) {
		const struct burst *b = &t->bursts[i];
		struct str in;
		size_t had;

		buf_add_str(&rest, b->bytes);
		in = buf_str(&rest);
		had = in.n;
		pass_time(t, 1 + b->time / 1000);
		while (in.n > 0 && session_reads(&t->s) && !t->under_tls &&
		       take_burst(t, &in, b->gap || i + 1 == t->n_bursts))
			;
		buf_consume(&rest, had - in.n);
		said += had - in.n;
		whole = !b->gap;
	}
	t->done.left = t->in->said->up_bytes - t->in->said->proxy_bytes - said;
	t->done.place = (uint8_t)place_of(t, rest.len > 0);
	buf_fini(&rest);
	return whole;
}

static enum talk_place
place_of(const struct talk *t, bool within)
{
	if (t->skips || t->s.phase & (PH_BODY | PH_CHUNK | PH_SWALLOW))
		return TALK_CONTENT;
	return within || t->within || t->s.phase == PH_AUTH ? TALK_COMMAND
							    : TALK_BETWEEN;
}

/* The client may have been silent for too long. */
static void
pass_time(struct talk *t, int64_t now)
{
	if (now > t->s.now)
		t->s.now = now;
	if (t->s.phase == PH_CLOSING || session_due(&t->s) > t->s.now)
		return;
	session_expire(&t->s);
	if (t->out.len > 0)
		talk_said(t, STR("(nothing, for too long)"));
}

/* Something from the front of it. False: a line goes on in the next one. */
static bool
take_burst(struct talk *t, struct str *in, bool last)
{
	if (t->qmqp)
		talk_qmqp(t, in);
	else if (t->skips)
		skip_content(t, in);
	else if (t->s.phase & (PH_BODY | PH_CHUNK | PH_SWALLOW))
		take_content(t, in);
	else
		return take_line(t, in, last);
	return true;
}

static bool
take_line(struct talk *t, struct str *in, bool last)
{
	size_t n = str_find(*in, '\n');
	struct command_line command = { .verb = VERB_UNKNOWN };
	struct str line, shown_as, rest = *in;
	bool answered, auth;

	if (n == in->n && !last)
		return false;
	t->within = n == in->n;
	line = str_sub(*in, 0, n + 1);
	if (talk_auth(t, line)) {
		*in = str_sub(*in, line.n, in->n);
		return true;
	}
	auth = t->s.phase == PH_AUTH;
	if (!auth)
		command_split(&command, str_trim(line));
	shown_as =
	    auth ? STR("(secret)") : talk_shown_line(t, line, command.verb);
	if (parts_here(t, shown_as, command.verb)) {
		*in = str_sub(*in, line.n, in->n);
		return true;
	}
	t->s.protocol->input(&t->s, &rest);
	*in = rest;
	talk_settle(t);
	if (command.verb == VERB_BDAT && t->out.len == 0) {
		t->chunk = shown_as;
		return true;
	}
	answered = talk_said(t, shown_as);
	talk_note_command(t, &command);
	after_line(t, command.verb, answered);
	return true;
}

/* What the client says next is meant for a server that has said yes. */
static void
after_line(struct talk *t, enum verb verb, bool answered)
{
	struct str theirs = t->steps[t->done.steps.n - 1].theirs;

	if (verb == VERB_AUTH)
		talk_auth_after(t);
	if (verb == VERB_STARTTLS && str_starts(theirs, STR("220")))
		t->under_tls = true;
	if (verb == VERB_DATA && t->s.phase != PH_BODY && answered &&
	    str_starts(theirs, STR("354"))) {
		t->skips = true;
		data_begin(&t->skip);
	}
}

/*
 * The other server refused what we would have accepted, and the client went on
 * as one that was refused. True: the engine is not told.
 */
static bool
parts_here(struct talk *t, struct str line, enum verb verb)
{
	struct str theirs = talk_their_next(t);
	bool data = verb == VERB_DATA && t->s.phase == PH_ENVELOPE &&
		    t->s.txn->n_taken > 0;
	bool tls = verb == VERB_STARTTLS && t->s.phase != PH_AUTH &&
		   t->s.subject.policy->p.tls != 0 && talk_ops.tls_ready(&t->s);

	if (theirs.n == 0 || (!data && !tls) ||
	    str_starts(theirs, data ? STR("354") : STR("220")))
		return false;
	if (data)
		drop_mail(t);
	talk_said(t, line);
	return true;
}

/* To the client the message is over. */
static void
drop_mail(struct talk *t)
{
	static const char reset[] = "RSET\r\n";
	struct str in = { reset, sizeof(reset) - 1 };

	if (t->s.phase & PH_COMMAND) {
		t->s.protocol->input(&t->s, &in);
		talk_settle(t);
		buf_reset(&t->out);
	}
	talk_end_mail(t, false);
}

static void
take_content(struct talk *t, struct str *in)
{
	t->s.protocol->input(&t->s, in);
	talk_settle(t);
	if (t->out.len == 0)
		return;
	talk_said(t, t->chunk.n > 0 ? t->chunk : STR("(content)"));
	t->chunk = STR("");
	talk_note_reply(t, VERB_DATA);
	if (!(t->s.phase & (PH_CHUNKED | PH_SWALLOW)))
		talk_end_mail(t, t->ended);
}

static void
skip_content(struct talk *t, struct str *in)
{
	struct buf nowhere;

	buf_init(&nowhere, 2 * in->n + 64);
	t->skips = !data_feed(&t->skip, in, &nowhere);
	buf_fini(&nowhere);
	if (t->skips)
		return;
	talk_said(t, STR("(content)"));
	drop_mail(t);
}

/* Whoever has guessed passwords waits
 * as long as he has to. */
void
talk_settle(struct talk *t)
{
	struct accepted taken = { 250, STR("2.0.0"), STR("ok") };

	while (t->s.phase & (PH_PROVE | PH_ASK)) {
		if (t->asked_who) {
			prove(t);
			continue;
		}
		if (session_due(&t->s) > t->s.now)
			t->s.now = session_due(&t->s);
		session_expire(&t->s);
	}
	if (t->s.xclient.pending)
		session_start(&t->s, &alone);
	session_rest(&t->s);
	if (t->ended && t->s.phase == PH_WAIT)
		session_accepted(&t->s, &taken);
}

/* The password was right if it was right then; nobody else can say. */
static void
prove(struct talk *t)
{
	struct str theirs = talk_their_next(t);
	struct auth_answer who = { .broken = theirs.n == 0,
		.ok = str_starts(theirs, STR("235")) };

	t->asked_who = false;
	session_authenticated(&t->s, &who);
}

static void
end(struct talk *t, bool whole)
{
	if (t->in_mail)
		talk_end_mail(t, false);
	if (t->s.phase == PH_TLS || t->under_tls)
		t->done.end = TALK_STARTTLS;
	else if (t->answered)
		t->done.end = TALK_ANSWERED;
	else if (t->s.phase == PH_CLOSING)
		t->done.end = t->s.quit ? TALK_QUIT : TALK_CLOSED;
	else
		t->done.end = whole ? TALK_LOST : TALK_GAP;
}

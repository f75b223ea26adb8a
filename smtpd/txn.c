/* txn.c - one message on its way from a client to cleanup */
#include "smtpd/txn.h"
#include "pipeline/work.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/event.h"
#include "smtpd/ask.h"
#include "smtpd/decide.h"
#include "smtpd/say.h"

/* RCPTS_MAX recipients with the longest addresses and ORCPT */
#define TXN_MEM_MAX ((size_t)RCPTS_MAX * (2 * ADDR_MAX + 600) + 65536)

#define PIECE_MAX  65536         /* content looked at in one go */
#define CHUNK_OVER (1024 * 1024) /* threats SMG-09 */

/* What one piece became; of no use once it was handed on. */
static struct buf content;

static struct txn *txn_new(struct smtp_session *);
static bool open_at_cleanup(struct smtp_session *);
static void set_sender(struct smtp_session *, const struct txn_sender *);
static struct str protocol_of(
    const struct smtp_session *, bool utf8, struct arena *mem);
static void set_client(const struct smtp_session *, struct txn *);
static bool judge_data(struct smtp_session *, uint64_t size);
static void hand_on(struct smtp_session *);
static void refuse(struct smtp_session *, const struct reply *);
static void send_late(struct smtp_session *);
static void end_here(struct smtp_session *);
static void say_accepted(struct smtp_session *);
static void let_go(struct smtp_session *);
static uint64_t max_size(const struct smtp_session *);
static bool far_over(const struct smtp_session *);
static struct str clip(struct str s, size_t max);

void
txn_begin(struct smtp_session *s, const struct txn_sender *sender)
{
	struct txn *t = s->txn != NULL ? s->txn : txn_new(s);

	set_sender(s, sender);
	if (t->envelope.mid != 0)
		EMIT(MID_FROM, .mid = t->envelope.mid, .icid = s->icid,
		    .addr = t->envelope.sender);
	session_enter(s, PH_ENVELOPE);
}

bool
txn_begin_late(struct smtp_session *s)
{
	struct txn *t = txn_new(s);

	t->late = t->begun = true;
	t->envelope.flags = ENV_LATE;
	data_begin(&t->data);
	wire_begin(&t->data.wire, true);
	session_enter(s, PH_BODY);
	if (s->subject.listener->type == LISTENER_SINKHOLE_NOQUEUE)
		return true;
	return open_at_cleanup(s);
}

bool
txn_has_room(const struct smtp_session *s, size_t n)
{
	return n <= RCPTS_MAX - s->txn->n_rcpts && s->txn->n_taken < RCPTS_MAX;
}

void
txn_take_rcpt(struct smtp_session *s, bool bypass)
{
	s->txn->n_taken++;
	if (!bypass)
		s->txn->n_limited++;
}

void
txn_mark_bounce(struct smtp_session *s)
{
	struct envelope *e = &s->txn->envelope;

	if (!(e->flags & ENV_INVALID_BOUNCE))
		EMIT(BOUNCE_MARKED, .mid = e->mid, .icid = s->icid);
	e->flags |= ENV_INVALID_BOUNCE;
}

void
txn_add_rcpt(struct smtp_session *s, const struct rcpt *rcpt)
{
	struct txn *t = s->txn;
	struct rcpt *r;

	t->rcpts = mem_room(t->rcpts, &t->cap_rcpts, t->n_rcpts, sizeof(*r));
	r = &t->rcpts[t->n_rcpts];
	*r = *rcpt;
	r->addr = arena_str(&t->mem, rcpt->addr);
	r->orig = arena_str(&t->mem, rcpt->orig);
	r->orcpt = arena_str(&t->mem, rcpt->orcpt);
	EMIT(MID_RCPT, .mid = t->envelope.mid, .icid = s->icid,
	    .rid = (uint32_t)t->n_rcpts, .addr = r->addr);
	t->n_rcpts++;
}

void
txn_drop_rcpt(struct smtp_session *s, struct str addr)
{
	EMIT(DROPPED_BY_ALIAS, .mid = s->txn->envelope.mid, .icid = s->icid,
	    .addr = addr);
}

bool
txn_open(struct smtp_session *s)
{
	struct txn *t = s->txn;

	data_begin(&t->data);
	t->begun = true;
	if (!judge_data(s, t->declared)) {
		say_reply(s, &t->refused);
		txn_drop(s, "Receiving aborted");
		return false;
	}
	if (s->subject.listener->type == LISTENER_SINKHOLE_NOQUEUE ||
	    t->n_rcpts == 0)
		return true;
	t->envelope.rcpts = (struct codec_list){ t->n_rcpts, t->rcpts };
	return open_at_cleanup(s);
}

void
txn_body(struct smtp_session *s, struct str *in)
{
	struct txn *t = s->txn;
	struct str piece = str_sub(*in, 0, PIECE_MAX), rest = piece;
	bool over;

	buf_reset(&content);
	over = data_feed(&t->data, &rest, &content);
	t->taken += piece.n - rest.n;
	*in = str_sub(*in, piece.n - rest.n, in->n);
	hand_on(s);
	if (over) {
		txn_finish(s);
	} else if (far_over(s)) {
		say(s, 421, "4.3.4", "message size exceeds limit by far");
		session_close(s, true);
	}
}

void
txn_chunk(struct smtp_session *s, struct str *in)
{
	struct txn *t = s->txn;
	size_t n = in->n < PIECE_MAX ? in->n : PIECE_MAX;

	if (n > s->chunk.left)
		n = (size_t)s->chunk.left;
	buf_reset(&content);
	wire_write(&t->data.wire, str_sub(*in, 0, n), &content);
	t->taken += n;
	s->chunk.left -= n;
	*in = str_sub(*in, n, in->n);
	if (s->chunk.left == 0 && s->chunk.last)
		wire_end(&t->data.wire, &content);
	hand_on(s);
	if (s->chunk.left > 0)
		return;
	if (s->chunk.last) {
		txn_finish(s);
	} else if (t->refused.code != 0) {
		say_reply(s, &t->refused);
		txn_drop(s, "Receiving aborted");
	} else {
		say(s, 250, "2.0.0", "%" PRIu64 " octets received", t->taken);
		session_enter(s, PH_CHUNKED);
	}
}

void
txn_lines(struct smtp_session *s, struct str piece, bool last)
{
	struct txn *t = s->txn;

	buf_reset(&content);
	wire_write(&t->data.wire, piece, &content);
	if (last)
		wire_end(&t->data.wire, &content);
	t->taken += piece.n;
	hand_on(s);
}

bool
txn_chunk_fits(const struct smtp_session *s, uint64_t n)
{
	uint64_t max = max_size(s), taken = s->txn->taken;

	if (max > UINT64_MAX - CHUNK_OVER)
		return n <= max - taken;
	return taken <= max + CHUNK_OVER && n <= max + CHUNK_OVER - taken;
}

void
txn_accepted(struct smtp_session *s, const struct accepted *a)
{
	struct txn *t = s->txn;
	/* 250 too: before the end of data it is no answer */
	bool bad_code = a->code < 400;
	struct reply no = {
		.code = bad_code ? 451 : (int)a->code,
		.status = bad_code ? "4.3.0" : arena_strz(&t->mem, a->status),
		.text = arena_str(&t->mem, a->text),
	};

	t->open = false;
	if (s->phase != PH_WAIT) {
		refuse(s, &no);
	} else if (a->code == 250) {
		say_accepted(s);
	} else {
		say_reply(s, &no);
		txn_drop(s, "Receiving aborted");
	}
}

void
txn_drop(struct smtp_session *s, const char *why)
{
	struct txn *t = s->txn;
	bool decided_there = s->phase == PH_WAIT && t->open;

	if (t->open && !decided_there)
		s->ops->abort(s);
	if (t->envelope.mid != 0 && !decided_there &&
	    tally_event(&s->tally, NOISY_ABORTED, s->icid, s->now))
		EMIT(MID_ABORTED, .mid = t->envelope.mid, .text = str_of(why));
	let_go(s);
}

static struct txn *
txn_new(struct smtp_session *s)
{
	struct txn *t = mem_alloc(sizeof(*t));

	if (content.max == 0)
		buf_init(&content, 2 * PIECE_MAX + 64);
	arena_init(&t->mem, TXN_MEM_MAX);
	s->txn = t;
	s->facts.now = clock_wall_ms();
	set_client(s, t);
	if (s->subject.behaviour != REJECT) {
		t->envelope.mid = stats_next_id(s->stats, STATS_MID);
		EMIT(START_MID, .mid = t->envelope.mid, .icid = s->icid);
	}
	return t;
}

static bool
open_at_cleanup(struct smtp_session *s)
{
	struct txn *t = s->txn;

	t->open = s->ops->open(s, &t->envelope);
	if (t->open)
		return true;
	say(s, 451, "4.3.0", "queue is not available, try again later");
	txn_drop(s, "Receiving aborted");
	return false;
}

/* --- the envelope --- */

static void
set_sender(struct smtp_session *s, const struct txn_sender *sender)
{
	const struct mail_params *p = sender->params;
	struct txn *t = s->txn;
	struct envelope *e = &t->envelope;

	e->sender = arena_str(&t->mem, sender->addr);
	e->sender_orig = arena_str(&t->mem, sender->orig);
	e->envid = arena_str(&t->mem, p->envid);
	e->ret = (uint8_t)p->ret;
	if (p->body_8bit)
		e->flags |= ENV_8BITMIME;
	if (p->seen & PARAM_SMTPUTF8)
		e->flags |= ENV_SMTPUTF8;
	if (p->seen & PARAM_REQUIRETLS)
		e->flags |= ENV_REQUIRETLS;
	if (s->subject.policy->p.dkim_signing)
		e->flags |= ENV_DKIM;
	if (s->subject.behaviour == RELAY || s->facts.authenticated)
		e->flags |= ENV_RELAYED;
	if (s->subject.listener->type == LISTENER_SINKHOLE_QUEUE)
		e->flags |= ENV_SINKHOLE;
	e->protocol = t->late
			  ? STR("QMQP")
			  : protocol_of(s, p->seen & PARAM_SMTPUTF8, &t->mem);
	t->declared = p->size;
}

/* RFC 3848, RFC 6531 4.3: under TLS an S, with AUTH an A. */
static struct str
protocol_of(const struct smtp_session *s, bool utf8, struct arena *mem)
{
	if (*s->xclient.proto != '\0')
		return str_of(s->xclient.proto);
	if (!s->esmtp)
		return STR("SMTP");
	return str_of(
	    arena_printf(mem, "%s%s%s%s%s%s", utf8 ? "UTF8SMTP" : "ESMTP",
		s->facts.tls ? "S" : "", s->facts.authenticated ? "A" : "",
		s->facts.tls ? " (" : "", s->tls, s->facts.tls ? ")" : ""));
}

/* Views of what the session keeps: it outlives the transaction. */
static void
set_client(const struct smtp_session *s, struct txn *t)
{
	const struct subject *sub = &s->subject;
	struct envelope *e = &t->envelope;

	e->icid = s->icid;
	e->arrival = s->facts.now;
	e->listener = clip(sub->listener->name, NAME_MAX_LEN);
	e->client = s->facts.client;
	e->helo = clip(s->facts.helo, HELO_MAX);
	e->host = clip(s->facts.host, DOMAIN_MAX);
	e->host_class = (uint8_t)s->facts.host_class;
	e->group = STR("");
	e->entry = STR("");
	if (sub->group != NULL)
		e->group = clip(sub->group->name, NAME_MAX_LEN);
	if (sub->entry != NULL)
		e->entry = clip(sub->entry->text, DOMAIN_MAX);
	e->policy = clip(sub->policy->name, NAME_MAX_LEN);
	e->behaviour = (uint8_t)sub->behaviour;
	e->skip = work_skips(sub->policy);
	e->reputation = s->facts.reputation;
	e->user = clip(s->facts.user, AUTH_ID_MAX);
	e->country = str_of(s->facts.country);
	e->sender = STR("");
	e->sender_orig = STR("");
	e->envid = STR("");
	e->protocol = STR("");
	e->bounce_profile = STR("");
	e->gateway = STR("");
	e->max_size = sub->policy->p.max_message_size;
}

/*
 * The stages of the end of data. They are asked twice: before the content,
 * because cleanup wants gateway and bounce profile with the envelope, and
 * after it, when the true size is known. False: t->refused says why.
 */
static bool
judge_data(struct smtp_session *s, uint64_t size)
{
	struct txn *t = s->txn;
	struct subject subject = s->subject;
	struct decided d;

	subject.sender = t->envelope.sender;
	subject.smtputf8 = (t->envelope.flags & ENV_SMTPUTF8) != 0;
	subject.size = size;
	decide_data(s, &subject, &t->mem, &d);
	t->envelope.gateway = clip(d.gateway, NAME_MAX_LEN);
	t->envelope.bounce_profile = clip(d.bounce_profile, NAME_MAX_LEN);
	if (d.refused)
		t->refused = d.reply;
	return !d.refused;
}

/* --- content --- */

/* The piece in `content` goes to cleanup, or is found to be too much. */
static void
hand_on(struct smtp_session *s)
{
	struct txn *t = s->txn;
	static const struct reply too_big = { .code = 552,
		.status = "5.3.4",
		.text = { "message size exceeds limit", 26 } };
	static const struct reply bare = { .code = 554,
		.status = "5.6.0",
		.text = { "bare CR or LF not allowed", 25 } };

	if (t->refused.code != 0)
		return;
	if (t->data.wire.size > max_size(s)) {
		EMIT(RECEIVING_FAILED, .icid = s->icid,
		    .text = STR("Message size exceeds limit"));
		refuse(s, &too_big);
	} else if ((t->data.wire.flags & DATA_NOT_CLEAN) &&
		   s->subject.listener->bare_newline == BARE_REJECT) {
		EMIT(RECEIVING_FAILED, .icid = s->icid,
		    .text = STR("Bare CR, LF or NUL in message"));
		refuse(s, &bare);
	} else if (t->open && content.len > 0) {
		s->ops->content(s, buf_str(&content));
	}
}

/* It will not be taken; the client hears it at the end of data. What cleanup
 * has of it goes at once. */
static void
refuse(struct smtp_session *s, const struct reply *why)
{
	struct txn *t = s->txn;

	if (t->open)
		s->ops->abort(s);
	t->open = false;
	t->refused = *why;
}

void
txn_finish(struct smtp_session *s)
{
	struct txn *t = s->txn;
	struct end_msg end = { .size = t->data.wire.size,
		.wire_flags = t->data.wire.flags };

	if (t->refused.code == 0 && !judge_data(s, t->data.wire.size))
		refuse(s, &(struct reply){ .code = t->refused.code,
			      .status = t->refused.status,
			      .text = t->refused.text });
	if (t->refused.code != 0) {
		say_reply(s, &t->refused);
		txn_drop(s, "Receiving aborted");
		return;
	}
	if (t->late)
		send_late(s);
	if (t->open) {
		session_enter(s, PH_WAIT);
		s->ops->end(s, &end);
		return;
	}
	end_here(s);
	EMIT(MID_READY, .mid = t->envelope.mid, .size = end.size,
	    .addr = t->envelope.sender);
	EMIT(MID_DONE, .mid = t->envelope.mid);
	say_accepted(s);
}

/* The envelope, of which cleanup had little more than the MID. */
static void
send_late(struct smtp_session *s)
{
	struct txn *t = s->txn;

	t->envelope.flags &= ~(uint32_t)ENV_LATE;
	t->envelope.rcpts = (struct codec_list){ t->n_rcpts, t->rcpts };
	if (t->open && t->n_rcpts > 0)
		s->ops->envelope(s, &t->envelope);
	else if (t->open)
		s->ops->abort(s);
	t->open = t->open && t->n_rcpts > 0;
}

/* Accepted, and nobody is to have it: there are only recipients that an alias
 * dropped (receiving 6.4), or it is a sinkhole that does not queue (3.2). */
static void
end_here(struct smtp_session *s)
{
	struct txn *t = s->txn;

	if (t->n_rcpts > 0) {
		stats_add(s->stats, STATS_recipients_received, t->n_rcpts);
	} else {
		stats_add(s->stats, STATS_messages_received, 1);
		stats_add(s->stats, STATS_dropped_messages, 1);
	}
}

static void
say_accepted(struct smtp_session *s)
{
	say(s, 250, "2.0.0", "ok:  Message %" PRIu64 " accepted",
	    s->txn->envelope.mid);
	tally_message(&s->tally);
	let_go(s);
}

/* The end of every transaction. */
static void
let_go(struct smtp_session *s)
{
	struct txn *t = s->txn;

	s->txn = NULL;
	s->held = false;
	ask_forget(s, SCOPE_TRANSACTION);
	free(t->rcpts);
	arena_free(&t->mem);
	free(t);
	if (s->phase != PH_CLOSING)
		session_enter(s, PH_READY);
}

static uint64_t
max_size(const struct smtp_session *s)
{
	return s->subject.policy->p.max_message_size;
}

static bool
far_over(const struct smtp_session *s)
{
	uint64_t max = max_size(s);

	return max < UINT64_MAX / 2 && s->txn->taken > 2 * max;
}

static struct str
clip(struct str s, size_t max)
{
	return s.p == NULL ? STR("") : str_sub(s, 0, max);
}

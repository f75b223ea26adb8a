/*
 * session.c - one SMTP conversation: its phases, its beginning and its end
 *
 * Of each phase the table below says who reads its input; how long it may last
 * is in session_time.c. Commands are in commands.c, content is in txn.c.
 */
#include "smtpd/session.h"

#include <stdlib.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "event/event.h"
#include "smtpd/ask.h"
#include "smtpd/auth.h"
#include "smtpd/commands.h"
#include "smtpd/debug.h"
#include "smtpd/decide.h"
#include "smtpd/protocol.h"
#include "smtpd/say.h"
#include "smtpd/starttls.h"
#include "smtpd/txn.h"

#define CONNECT_MEM ((size_t)1024 * 1024) /* banners have their limits */
#define BLOCK_MIN   1024 /* bytes that make a block of data: LIM-06 */

static void run_connect(struct smtp_session *);
static struct request *new_client(const struct smtp_session *);
static bool may_greet(const struct smtp_session *, const struct decided *);
static void greet(struct smtp_session *, const struct decided *);
static void announce(struct smtp_session *);
static void log_hat(const struct smtp_session *);
static struct str score_text(const struct smtp_session *);
static void answered(struct smtp_session *);
static void greet_smtp(struct smtp_session *, const struct decided *);
static void read_smtp(struct smtp_session *, struct str *in);
static void read_line(struct smtp_session *, struct str *in);
static void read_swallow(struct smtp_session *, struct str *in);
static void idle_since(struct smtp_session *, size_t used);

const struct protocol protocol_smtp = {
	.name = "SMTP",
	.busy = "421 4.4.5 Too many connections, try again later\r\n",
	.greet = greet_smtp,
	.input = read_smtp,
	.say = say_smtp,
};

const struct protocol *
protocol_for(const struct listener *l)
{
	return listener_is_qmqp(l) ? &protocol_qmqp : &protocol_smtp;
}

void
session_init(struct smtp_session *s, const struct session_ops *ops,
    struct stats *stats, struct config *config, const struct listener *l)
{
	s->ops = ops;
	s->stats = stats;
	s->config = config_ref(config);
	s->subject = (struct subject){ .config = config, .listener = l };
	s->protocol = protocol_for(l);
	s->phase = PH_CONNECT;
	s->facts.helo = STR("");
	s->facts.host = STR("");
	s->xclient.proto = "";
	line_init(&s->line);
}

void
session_fini(struct smtp_session *s)
{
	if (s->txn != NULL)
		txn_drop(s, "Receiving aborted");
	debug_end(s);
	if (s->icid != 0) {
		tally_flush(&s->tally, s->icid);
		if (s->lost)
			EMIT(ICID_LOST, .icid = s->icid);
		EMIT(ICID_CLOSE, .icid = s->icid);
	}
	ask_forget(s, SCOPE_CONNECTION);
	auth_end(s);
	free(s->user);
	if (s->protocol->fini != NULL)
		s->protocol->fini(s);
	line_fini(&s->line);
	free(s->host);
	free(s->helo);
	config_unref(&s->config);
}

/* --- the beginning --- */

void
session_start(struct smtp_session *s, const struct stats_conn_counts *counts)
{
	const struct listener *l = s->subject.listener;
	struct facts *f = &s->facts;

	s->started = s->since = s->now;
	s->xclient.pending = false;
	if (!s->xclient.taken)
		s->xclient.allowed =
		    ip_ranges_have(l->xclients, l->n_xclients, &f->client);
	f->connections = counts->of_ip;
	f->listener_connections = counts->of_listener;
	f->total_connections = counts->total;
	fact_set(f, FACT_CONNECTIONS, FACT_KNOWN, FACT_FROM_CLIENT);
	/* No source of these is configured yet: none is what is known. */
	f->reputation = REPUTATION_NONE;
	fact_set(f, FACT_REPUTATION, FACT_KNOWN, FACT_FROM_DEFAULT);
	fact_set(f, FACT_OWNER, FACT_KNOWN, FACT_FROM_DEFAULT);
	fact_set(f, FACT_COUNTRY, FACT_KNOWN, FACT_FROM_DEFAULT);
	run_connect(s);
}

void
session_early_talker(struct smtp_session *s)
{
	s->icid = stats_next_id(s->stats, STATS_ICID);
	announce(s);
	EMIT(RECEIVING_FAILED, .icid = s->icid,
	    .text = STR("Client spoke before the greeting"));
	say(s, 554, "5.5.0", "%.*s I had not finished, you spoke first",
	    STR_ARG(session_hostname(s)));
	session_close(s, true);
}

/*
 * The stages of the connection, as far as they come with what is known. The
 * reverse name is always asked for, because the log has it; lists only when
 * the table cannot do without.
 */
static void
run_connect(struct smtp_session *s)
{
	struct request *r = ask_take(s);
	bool decided;

	if (r == NULL)
		r = new_client(s);
	for (;;) {
		decided = decide(s, &r->subject, &r->mem, &r->decided);
		if (decided && may_greet(s, &r->decided))
			break;
		if (fact_is_open(&s->facts, FACT_HOST) && !ask_is_open(s)) {
			ask_client(s, !decided);
		} else if (decided ||
			   ask_for(s, &r->subject, &r->decided.needs)) {
			ask_keep(s, r);
			return;
		}
	}
	if (!r->decided.refused && s->ops->spoke != NULL && s->ops->spoke(s)) {
		request_free(&r);
		return;
	}
	s->subject = r->subject;
	greet(s, &r->decided);
	if (s->facts.authenticated)
		s->subject.behaviour = RELAY;
	request_free(&r);
	ask_forget(s, SCOPE_CONNECTION);
}

static struct request *
new_client(const struct smtp_session *s)
{
	struct request *r = mem_alloc(sizeof(*r));

	arena_init(&r->mem, CONNECT_MEM);
	r->subject = s->subject;
	decide_begin(&r->decided, AT_CONNECT);
	return r;
}

/* Without the reverse name only a refusal counts, and that without a word or
 * for want of room, so that the log of all others has the name. */
static bool
may_greet(const struct smtp_session *s, const struct decided *d)
{
	if (!fact_is_open(&s->facts, FACT_HOST))
		return true;
	return d->refused && (d->reply.refuse || d->reply.code == 421);
}

static void
greet(struct smtp_session *s, const struct decided *d)
{
	if (d->reply.refuse) {
		/* To the client nobody is here: it has no ICID. */
		log_hat(s);
		s->refused = true;
		session_close(s, false);
		return;
	}
	s->icid = stats_next_id(s->stats, STATS_ICID);
	announce(s);
	if (s->subject.policy != NULL)
		log_hat(s);
	if (d->refused && d->reply.code == 421)
		EMIT(RECEIVING_FAILED, .icid = s->icid,
		    .text = STR("Connection limit exceeded"));
	s->protocol->greet(s, d);
}

/* Who is refused has said nothing yet: no need to hear him out, and as long
 * as he is here he counts against the limits. */
static void
greet_smtp(struct smtp_session *s, const struct decided *d)
{
	if (!d->refused && session_is_full(s)) {
		EMIT(RECEIVING_FAILED, .icid = s->icid,
		    .text = STR("Resources low"));
		say(s, 421, "4.3.2", "Resources low, try later");
		session_close(s, true);
		return;
	}
	say_reply(s, &d->reply);
	if (d->refused) {
		session_close(s, false);
		return;
	}
	session_tarpit(s);
	session_enter(s, PH_GREETED);
}

static void
announce(struct smtp_session *s)
{
	bool verified = s->facts.host.n > 0;

	EMIT(NEW_ICID, .icid = s->icid, .protocol = str_of(s->protocol->name),
	    .interface = s->subject.listener->interface->name,
	    .local = s->facts.local, .ip = s->facts.client,
	    .host = verified ? s->facts.host : STR("unknown"),
	    .verified = verified ? STR("yes") : STR("no"));
	debug_begin(s);
}

static void
log_hat(const struct smtp_session *s)
{
	const struct subject *sub = &s->subject;

	EMIT(HAT, .icid = s->icid,
	    .behaviour = str_of(behaviour_name(sub->behaviour)),
	    .group =
		sub->group != NULL ? pipeline_group_name(sub->group) : STR(""),
	    .entry = sub->entry != NULL ? sub->entry->text : STR(""),
	    .policy = sub->policy->name, .sbrs = score_text(s),
	    .country = STR("not enabled"));
}

static struct str
score_text(const struct smtp_session *s)
{
	if (!s->subject.listener->reputation)
		return STR("not enabled");
	return ip_is_private(&s->facts.client) ? STR("rfc1918") : STR("None");
}

/* --- facts --- */

void
session_answer(struct smtp_session *s, const struct fact_answer *a)
{
	if (ask_answered(s, a))
		answered(s);
}

void
session_unanswered(struct smtp_session *s)
{
	if (!ask_is_open(s))
		return;
	ask_give_up(s);
	answered(s);
}

/* At connect each answer may be the one that decides; a command runs again
 * when it has all of them. */
static void
answered(struct smtp_session *s)
{
	if (s->phase == PH_CONNECT)
		run_connect(s);
	else if (s->phase == PH_ASK && !ask_is_open(s))
		commands_again(s);
	session_rest(s);
}

/* --- input --- */

bool
session_reads(const struct smtp_session *s)
{
	if (s->out->len > SMTP_OUT_MAX)
		return false;
	if (s->phase & (PH_BODY | PH_CHUNK))
		return !s->held;
	return (s->phase & (PH_COMMAND | PH_AUTH | PH_SWALLOW)) != 0;
}

void
session_input(struct smtp_session *s, struct str *in)
{
	while (in->n > 0 && session_reads(s)) {
		bool content = s->phase & (PH_BODY | PH_CHUNK | PH_SWALLOW);
		unsigned phase = s->phase;
		struct str was = *in;

		s->protocol->input(s, in);
		if (content)
			idle_since(s, was.n - in->n);
		if (s->debug != NULL) {
			debug_received(
			    s, str_sub(was, 0, was.n - in->n), phase);
			debug_sent(s);
		}
	}
	session_rest(s);
}

static void
read_smtp(struct smtp_session *s, struct str *in)
{
	if (s->phase & (PH_COMMAND | PH_AUTH))
		read_line(s, in);
	else if (s->phase == PH_BODY)
		txn_body(s, in);
	else if (s->phase == PH_CHUNK)
		txn_chunk(s, in);
	else
		read_swallow(s, in);
}

void
session_lost(struct smtp_session *s)
{
	if (s->phase == PH_CLOSING)
		return;
	if (s->phase == PH_CONNECT) {
		s->icid = stats_next_id(s->stats, STATS_ICID);
		announce(s);
	}
	if (s->txn != NULL)
		txn_drop(s, "Receiving aborted by sender");
	if (s->phase == PH_TLS)
		EMIT(TLS_FAILED, .icid = s->icid,
		    .text = STR("the connection was lost"));
	s->lost = true;
	session_close(s, false);
}

void
session_accepted(struct smtp_session *s, const struct accepted *a)
{
	if (s->txn == NULL)
		return;
	s->since = s->now;
	txn_accepted(s, a);
	session_rest(s);
}

void
session_swallow(struct smtp_session *s, uint64_t n, const struct reply *after)
{
	if (n == 0) {
		if (after != NULL)
			say_reply(s, after);
		return;
	}
	s->chunk.left = n;
	s->chunk.back = s->phase;
	s->chunk.reply = after != NULL ? *after : (struct reply){ 0 };
	session_enter(s, PH_SWALLOW);
}

static void
read_line(struct smtp_session *s, struct str *in)
{
	struct str text;
	enum line_end end = line_feed(&s->line, in, &text);

	switch (end) {
	case LINE_MORE:
		return;
	case LINE_OK:
		if (s->phase == PH_AUTH)
			auth_line(s, text, false);
		else
			commands_line(s, text, in->n > 0);
		break;
	case LINE_BAD:
	case LINE_LONG:
		if (s->phase == PH_AUTH)
			auth_line(s, STR(""), true);
		else
			commands_bad_line(s, end);
		break;
	case LINE_FLOOD:
		say(s, 421, "4.5.2", "line without end");
		session_close(s, true);
		break;
	}
	s->since = s->now;
	s->block = 0;
}

static void
read_swallow(struct smtp_session *s, struct str *in)
{
	size_t n = in->n < s->chunk.left ? in->n : (size_t)s->chunk.left;

	*in = str_sub(*in, n, in->n);
	s->chunk.left -= n;
	if (s->chunk.left > 0)
		return;
	if (s->chunk.reply.code != 0)
		say_reply(s, &s->chunk.reply);
	session_enter(s, s->chunk.back);
}

void
session_rest(struct smtp_session *s)
{
	if (s->protocol->rest != NULL)
		s->protocol->rest(s);
	if (s->leaving && session_is_idle(s))
		session_cut(s);
}

/* --- the end --- */

void
session_enter(struct smtp_session *s, unsigned phase)
{
	s->phase = phase;
	s->since = s->now;
	s->block = 0;
	if (phase != PH_SWALLOW && phase != PH_CLOSING && phase != PH_ASK &&
	    (s->txn != NULL) != ((phase & PH_TXN) != 0))
		panic("session: phase %#x with%s transaction", phase,
		    s->txn != NULL ? "" : "out");
}

void
session_close(struct smtp_session *s, bool lingers)
{
	if (s->txn != NULL)
		txn_drop(s, "Receiving aborted");
	ask_drop(s);
	auth_end(s);
	if (s->protocol->close != NULL)
		s->protocol->close(s);
	s->lingers = lingers;
	session_enter(s, PH_CLOSING);
}

bool
session_is_idle(const struct smtp_session *s)
{
	return (s->phase & (PH_CONNECT | PH_ASK | PH_COMMAND | PH_AUTH)) != 0;
}

void
session_leave(struct smtp_session *s)
{
	s->leaving = true;
	session_rest(s);
}

void
session_cut(struct smtp_session *s)
{
	if (s->phase == PH_CLOSING)
		return;
	if (!(s->phase & (PH_CONNECT | PH_TLS)))
		say(s, 421, "4.3.2", "%.*s service not available",
		    STR_ARG(session_hostname(s)));
	session_close(s, true);
}

struct str
session_hostname(const struct smtp_session *s)
{
	struct str name = pipeline_hostname(&s->subject);

	return name.n > 0 ? name : STR("ESMTP");
}

/* Bytes of content count as a block once there are enough of them, so that
 * nobody can hold us with one byte at a time. */
static void
idle_since(struct smtp_session *s, size_t used)
{
	if (used < BLOCK_MIN - s->block) {
		s->block += (uint32_t)used;
		return;
	}
	s->since = s->now;
	s->block = 0;
}

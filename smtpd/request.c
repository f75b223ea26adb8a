/* request.c - MAIL and RCPT: addresses, parameters, what the stages say */
#include "smtpd/request.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event/alert.h"
#include "pipeline/address.h"
#include "pipeline/control.h"
#include "pipeline/params.h"
#include "smtpd/ask.h"
#include "smtpd/auth.h"
#include "smtpd/say.h"
#include "smtpd/txn.h"

enum side { SENDER, RECIPIENT };

/* What the refusal of a stage is to the log. Others, on the side of the
 * recipient, are RCPT_REJECTED; on that of the sender SENDER_REJECTED. */
static const struct {
	const char *stage;
	enum request_log log;
	const char *by;
} refusals[] = {
	{ "sender address", LOG_SENDER, "" },
	{ "declared size", LOG_FAILED, "Message size exceeds limit" },
	{ "recipient address", LOG_RCPT, "" },
	{ "delayed rejection", LOG_REFUSED, "HAT" },
	{ "receiving control", LOG_REFUSED, "Receiving Control" },
	{ "recipient access table", LOG_REFUSED, "RAT" },
	{ "bounce verification", LOG_BOUNCE, "" },
};

static void log_dropped(struct smtp_session *, const struct decided *);
static void log_rate(struct smtp_session *, struct request *);
static void log_harvest(struct smtp_session *, struct request *);
static struct reply cut_path(struct request *, enum side, struct str *params);
static struct reply param_no(struct request *, enum param_problem);
static struct reply rcpt_no(const struct smtp_session *, struct request *);
static struct reply stage_no(struct request *, enum side);

struct request *
request_keep(struct request *r)
{
	struct request *kept = mem_alloc(sizeof(*kept));

	*kept = *r;
	kept->text = STR("");
	*r = (struct request){ .text = r->text };
	return kept;
}

void
request_free(struct request **rp)
{
	if (*rp != NULL)
		arena_free(&(*rp)->mem);
	free(*rp);
	*rp = NULL;
}

struct reply
request_go_on(const struct smtp_session *s, struct request *r)
{
	if (!decide(s, &r->subject, &r->mem, &r->decided))
		return (struct reply){ 0 };
	return r->decided.run.point == AT_MAIL ? stage_no(r, SENDER)
					       : rcpt_no(s, r);
}

void
request_begin_anew(struct request *r)
{
	*r = (struct request){
		.text = r->text, .line = r->line, .more = r->more, .mem = r->mem
	};
}

struct reply
request_check_mail(const struct smtp_session *s, struct request *r)
{
	struct reply no;
	struct str params;

	no = cut_path(r, SENDER, &params);
	if (no.code != 0)
		return no;
	no = param_no(
	    r, param_mail(&r->mail, params,
		   params_of_mail(&s->subject, &s->facts, s->esmtp), &r->mem));
	if (no.code != 0)
		return no;
	if (session_is_full(s)) {
		r->log = LOG_FAILED;
		r->by = "Resources Low";
		return request_no(
		    452, "4.3.1", "Resources low, try later", false);
	}
	if (s->tally.messages >= s->subject.policy->p.max_msgs_per_session) {
		r->log = LOG_FAILED;
		r->by = "Too Many Messages";
		return request_no(
		    421, "4.4.5", "Too many messages for this session", true);
	}
	r->subject = s->subject;
	r->subject.addr_text = r->path;
	r->subject.smtputf8 = (r->mail.seen & PARAM_SMTPUTF8) != 0;
	r->subject.size = r->mail.size;
	decide_begin(&r->decided, AT_MAIL);
	return request_go_on(s, r);
}

void
request_apply_mail(struct smtp_session *s, struct request *r)
{
	struct txn_sender sender = { .addr = r->subject.sender,
		.orig = r->decided.given,
		.params = &r->mail };

	txn_begin(s, &sender);
	session_tarpit(s);
	if (r->decided.reply.code != 0)
		say_reply(s, &r->decided.reply);
	else
		say(s, 250, "2.1.0", "sender <%.*s> ok",
		    STR_ARG(r->decided.given));
}

struct reply
request_check_rcpt(const struct smtp_session *s, struct request *r)
{
	struct reply no;
	struct str params;

	no = cut_path(r, RECIPIENT, &params);
	if (no.code != 0)
		return no;
	r->subject = s->subject;
	r->subject.sender = s->txn->envelope.sender;
	r->subject.addr_text = r->path;
	r->subject.n_limited = s->txn->n_limited;
	r->subject.smtputf8 = (s->txn->envelope.flags & ENV_SMTPUTF8) != 0;
	no = param_no(r, param_rcpt(&r->rcpt, params, params_of_rcpt(s->esmtp),
			     r->subject.smtputf8, &r->mem));
	if (no.code != 0)
		return no;
	decide_begin(&r->decided, AT_RCPT);
	return request_go_on(s, r);
}

bool
request_count_rcpt(struct smtp_session *s, const struct request *r)
{
	return (r->decided.bypass & BYPASS_CONTROL) ||
	       ask_count(s, &r->subject);
}

void
request_apply_rcpt(struct smtp_session *s, struct request *r)
{
	const struct decided *d = &r->decided;
	struct rcpt rcpt = { .addr = r->subject.rcpt,
		.orig = d->given,
		.notify = r->rcpt.notify,
		.orcpt = r->rcpt.orcpt };

	txn_take_rcpt(s, (d->bypass & BYPASS_CONTROL) != 0);
	if (d->invalid_bounce)
		txn_mark_bounce(s);
	for (size_t i = 0; i < d->n_rcpts; i++) {
		rcpt.addr = d->rcpts[i];
		txn_add_rcpt(s, &rcpt);
	}
	rcpt.addr = r->subject.rcpt;
	if (str_eq(rcpt.addr, rcpt.orig))
		rcpt.orig = STR("");
	if (!d->expanded)
		txn_add_rcpt(s, &rcpt);
	else if (d->n_rcpts == 0)
		txn_drop_rcpt(s, r->subject.rcpt);
	log_dropped(s, d);
	if (d->warning.n > 0)
		EMIT(WARNING,
		    .text = str_of(arena_printf(&r->mem, "MID %" PRIu64 " %.*s",
			s->txn->envelope.mid, STR_ARG(d->warning))));
	if (d->reply.code != 0)
		say_reply(s, &d->reply);
	else
		say(s, 250, "2.1.5", "recipient <%.*s> ok", STR_ARG(d->given));
}

/* Threats LIM-14: one line for each limit and connection. */
void
request_log_limit(struct smtp_session *s, struct request *r)
{
	enum limit limit = r->decided.limit;
	bool first = ask_limit_met(s, &r->subject, limit);

	if (first && limit == LIMIT_SENDER)
		alert_raise(ALERT_SENDER_RATE, r->subject.sender,
		    str_of(arena_printf(&r->mem,
			"System is rate limiting Envelope Sender <%.*s> due "
			"to high volume of messages",
			STR_ARG(r->subject.sender))));
	if (s->limited & 1u << limit)
		return;
	s->limited |= (uint8_t)(1u << limit);
	if (limit == LIMIT_DHAP)
		log_harvest(s, r);
	else
		log_rate(s, r);
}

static void
log_dropped(struct smtp_session *s, const struct decided *d)
{
	for (size_t i = 0; i < d->n_dropped; i++)
		for (size_t k = 0; k < d->dropped[i].n; k++) {
			if (!tally_event(
				&s->tally, NOISY_REFUSED, s->icid, s->now))
				continue;
			EMIT(RCPT_REJECTED, .mid = s->txn->envelope.mid,
			    .icid = s->icid, .addr = d->dropped[i].v[k],
			    .by = str_of(d->dropped[i].by));
		}
}

static void
log_rate(struct smtp_session *s, struct request *r)
{
	bool host = r->decided.limit == LIMIT_HOST;
	struct control c =
	    host ? control_host(&r->subject) : control_sender(&r->subject);

	EMIT(LIMITED, .icid = s->icid,
	    .text = str_of(
		arena_printf(&r->mem, "recipients per %s (%" PRIu64 " in %u s)",
		    host ? "host" : "sender", c.limit, c.window)));
}

static void
log_harvest(struct smtp_session *s, struct request *r)
{
	EMIT(HARVEST, .icid = s->icid, .ip = s->facts.client,
	    .host = s->facts.host, .limit = control_dhap(&r->subject).limit,
	    .group = pipeline_group_name(s->subject.group),
	    .listener = s->subject.listener->name, .sender = r->subject.sender,
	    .rcpt = r->subject.rcpt);
}

static struct reply
cut_path(struct request *r, enum side side, struct str *params)
{
	/* the line is gone when the request has to wait */
	r->line.args = arena_str(&r->mem, r->line.args);
	r->path = r->line.args;
	if (command_path(&r->path, side == SENDER ? "FROM:" : "TO:")) {
		address_cut(r->path, &r->path, params, &r->mem);
		return (struct reply){ 0 };
	}
	r->log = LOG_SYNTAX;
	return request_no(501, "5.5.2",
	    side == SENDER ? "syntax: MAIL FROM:<address>"
			   : "syntax: RCPT TO:<address>",
	    false);
}

static struct reply
rcpt_no(const struct smtp_session *s, struct request *r)
{
	const struct decided *d = &r->decided;
	struct reply no = stage_no(r, RECIPIENT);

	if (no.code != 0 || txn_has_room(s, d->expanded ? d->n_rcpts : 1))
		return no;
	r->log = LOG_REFUSED;
	r->by = "Receiving Control";
	/* by QMQP there is no second part of a message (receiving 9) */
	if (listener_is_qmqp(s->subject.listener))
		return request_no(552, "5.5.3", "Too many recipients", false);
	return request_no(452, "4.5.3", "Too many recipients", false);
}

static struct reply
param_no(struct request *r, enum param_problem problem)
{
	if (problem != PARAM_OK)
		r->log = LOG_SYNTAX;
	return params_reply(problem);
}

/* What the stages refused, if they did, and how the log calls it. */
static struct reply
stage_no(struct request *r, enum side side)
{
	if (!r->decided.refused)
		return (struct reply){ 0 };
	r->log = side == SENDER ? LOG_SENDER_REFUSED : LOG_REFUSED;
	r->by = r->decided.by;
	for (size_t i = 0; i < NELEM(refusals); i++) {
		if (strcmp(refusals[i].stage, r->decided.by) != 0)
			continue;
		r->log = refusals[i].log;
		r->by = refusals[i].by;
	}
	if (r->log == LOG_BOUNCE && r->decided.reply.code < 500) {
		r->log = LOG_REFUSED; /* nobody said that it is invalid */
		r->by = r->decided.by;
	}
	if (r->decided.reply.log != NULL)
		r->by = r->decided.reply.log;
	return r->decided.reply;
}

/*
 * commands.c - the table of commands, and the short ones
 *
 * A check decides and changes nothing; an apply changes and decides nothing.
 * What is true of every command (phase, arguments, length, other protocols,
 * how much nonsense is too much) is applied once, before any check.
 */
#include "smtpd/commands.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event/event.h"
#include "smtpd/ask.h"
#include "smtpd/auth.h"
#include "smtpd/request.h"
#include "smtpd/say.h"
#include "smtpd/starttls.h"
#include "smtpd/txn.h"
#include "smtpd/xclient.h"

/* Of one line: an address or two, parameters, what stages say of them; an
 * alias may give 1,000 recipients (threats REL-12). */
#define SCRATCH_MAX ((size_t)4 * 1024 * 1024)

#define LIMITS_MAX 999999

#define C_NO_ARGS 1u
#define C_ARGS    2u /* must have some */
#define C_JUNK    4u /* many of them without a message: LIM-09 */

static struct reply check_helo(const struct smtp_session *, struct request *);
static struct reply check_data(const struct smtp_session *, struct request *);
static struct reply check_bdat(const struct smtp_session *, struct request *);
static struct reply check_auth(const struct smtp_session *, struct request *);
static void apply_auth(struct smtp_session *, struct request *);
static void apply_helo(struct smtp_session *, struct request *);
static void apply_ehlo(struct smtp_session *, struct request *);
static void apply_data(struct smtp_session *, struct request *);
static void apply_bdat(struct smtp_session *, struct request *);
static void apply_rset(struct smtp_session *, struct request *);
static void apply_noop(struct smtp_session *, struct request *);
static void apply_vrfy(struct smtp_session *, struct request *);
static void apply_help(struct smtp_session *, struct request *);
static void apply_quit(struct smtp_session *, struct request *);
static struct reply check_xclient(
    const struct smtp_session *, struct request *);
static void apply_xclient(struct smtp_session *, struct request *);

static const struct command_rule {
	unsigned phases; /* 0: not implemented */
	unsigned flags;
	struct reply (*check)(const struct smtp_session *, struct request *);
	void (*apply)(struct smtp_session *, struct request *);
} commands[VERB_N] = {
	[VERB_HELO] = { PH_COMMAND, C_JUNK, check_helo, apply_helo },
	[VERB_EHLO] = { PH_COMMAND, C_JUNK, check_helo, apply_ehlo },
	[VERB_MAIL] = { PH_READY | PH_LATE, C_ARGS, request_check_mail,
	    request_apply_mail },
	[VERB_RCPT] = { PH_ENVELOPE, C_ARGS, request_check_rcpt,
	    request_apply_rcpt },
	[VERB_DATA] = { PH_ENVELOPE, C_NO_ARGS, check_data, apply_data },
	[VERB_BDAT] = { PH_ENVELOPE | PH_CHUNKED, C_ARGS, check_bdat,
	    apply_bdat },
	[VERB_RSET] = { PH_COMMAND, C_NO_ARGS | C_JUNK, NULL, apply_rset },
	[VERB_NOOP] = { PH_COMMAND, C_JUNK, NULL, apply_noop },
	[VERB_VRFY] = { PH_COMMAND, C_ARGS | C_JUNK, NULL, apply_vrfy },
	[VERB_HELP] = { PH_COMMAND, C_JUNK, NULL, apply_help },
	[VERB_AUTH] = { PH_READY, C_ARGS, check_auth, apply_auth },
	[VERB_STARTTLS] = { PH_READY, C_NO_ARGS | C_JUNK, starttls_check,
	    starttls_apply },
	[VERB_QUIT] = { PH_COMMAND, C_NO_ARGS, NULL, apply_quit },
	[VERB_XCLIENT] = { PH_GREETED | PH_READY, C_ARGS | C_JUNK,
	    check_xclient, apply_xclient },
};

static bool decide_on(
    struct smtp_session *, struct request *, struct reply *no);
static void wait_for_facts(struct smtp_session *, struct request *);
static void act(struct smtp_session *, struct request *, struct reply *no);
static struct reply judge(const struct smtp_session *, struct request *);
static struct reply judge_phase(const struct smtp_session *, enum verb);
static void refuse(
    struct smtp_session *, struct request *, const struct reply *);
static void refuse_chunk(
    struct smtp_session *, const struct request *, const struct reply *);
static void log_refusal(
    struct smtp_session *, struct request *, const struct reply *);
static void greet_again(struct smtp_session *, const struct request *);
static void say_features(struct smtp_session *);
static void say_size(struct smtp_session *);
static void say_limits(struct smtp_session *);
static void say_value(struct smtp_session *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void
commands_line(struct smtp_session *s, struct str line, bool more)
{
	struct request r = { .text = line, .more = more };
	struct reply no;

	arena_init(&r.mem, SCRATCH_MAX);
	command_split(&r.line, line);
	/* who may not say it hears that it does not exist (IDT-02) */
	if (r.line.verb == VERB_XCLIENT && !s->xclient.allowed)
		r.line.verb = VERB_UNKNOWN;
	no = judge(s, &r);
	if (decide_on(s, &r, &no))
		act(s, &r, &no);
	else
		wait_for_facts(s, request_keep(&r));
	arena_free(&r.mem);
}

void
commands_again(struct smtp_session *s)
{
	struct request *r = ask_take(s);
	struct reply no;

	session_enter(s, r->back);
	no = request_go_on(s, r);
	if (!decide_on(s, r, &no)) {
		wait_for_facts(s, r);
		return;
	}
	act(s, r, &no);
	request_free(&r);
}

void
commands_bad_line(struct smtp_session *s, enum line_end end)
{
	struct request r = { .text = STR("") };
	struct reply no = request_no(500, "5.5.2",
	    end == LINE_LONG ? "line too long" : "bare CR, LF or NUL in line",
	    false);

	if (tally_command(&s->tally, no.code, false))
		no = request_no(421, "4.7.0", "too many bad commands", true);
	refuse(s, &r, &no);
}

struct reply
request_no(int code, const char *status, const char *text, bool close)
{
	return (struct reply){ .code = code,
		.status = status,
		.text = str_of(text),
		.close = close };
}

/* --- what holds for every command --- */

/*
 * What to say to the command, which was judged: *no. Facts that its stages
 * lack are got first. False: they are waited for.
 */
static bool
decide_on(struct smtp_session *s, struct request *r, struct reply *no)
{
	for (;;) {
		if (r->decided.needs.n > 0) {
			if (ask_for(s, &r->subject, &r->decided.needs))
				return false;
			*no = request_go_on(s, r);
		} else if (no->code != 0 || r->line.verb != VERB_RCPT ||
			   request_count_rcpt(s, r)) {
			return true;
		} else {
			request_begin_anew(r);
			*no = judge(s, r);
		}
	}
}

static void
wait_for_facts(struct smtp_session *s, struct request *r)
{
	r->back = s->phase;
	ask_keep(s, r);
	session_enter(s, PH_ASK);
}

static void
act(struct smtp_session *s, struct request *r, struct reply *no)
{
	const struct command_rule *c = &commands[r->line.verb];

	if (tally_command(&s->tally, no->code, (c->flags & C_JUNK) != 0) &&
	    !no->close)
		*no = request_no(421, "4.7.0", "too many bad commands", true);
	if (no->code != 0)
		refuse(s, r, no);
	else
		c->apply(s, r);
	ask_forget(s, s->txn != NULL ? SCOPE_RECIPIENT : SCOPE_TRANSACTION);
}

static struct reply
judge(const struct smtp_session *s, struct request *r)
{
	const struct command_rule *c = &commands[r->line.verb];
	struct reply no;

	if (r->line.verb == VERB_UNKNOWN && command_is_foreign(r->text))
		return request_no(421, "4.7.0", "this is SMTP", true);
	if (r->text.n + 2 > command_max(r->line.verb))
		return request_no(500, "5.5.2", "line too long", false);
	if (r->line.verb == VERB_UNKNOWN) {
		r->log = LOG_UNKNOWN;
		return request_no(500, "5.5.1", "unknown command", false);
	}
	if (c->phases == 0)
		return request_no(502, "5.5.1", "not implemented", false);
	/* Without its length nobody knows where the commands go on. */
	if (r->line.verb == VERB_BDAT &&
	    !command_bdat(r->line.args, &r->chunk, &r->last))
		return request_no(501, "5.5.4", "bad chunk size", true);
	if (starttls_is_missing(s, r->line.verb)) {
		r->log = LOG_TLS;
		return request_no(
		    530, "5.7.0", "Must issue a STARTTLS command first", false);
	}
	if (!(c->phases & s->phase))
		return judge_phase(s, r->line.verb);
	if (((c->flags & C_NO_ARGS) && r->line.args.n > 0) ||
	    ((c->flags & C_ARGS) && r->line.args.n == 0)) {
		r->log = LOG_SYNTAX;
		return request_no(501, "5.5.4",
		    c->flags & C_ARGS ? "argument required"
				      : "no argument allowed",
		    false);
	}
	no = (struct reply){ 0 };
	return c->check != NULL ? c->check(s, r) : no;
}

static struct reply
judge_phase(const struct smtp_session *s, enum verb verb)
{
	if (s->phase == PH_GREETED)
		return request_no(503, "5.5.1", "HELO or EHLO required", false);
	if (verb == VERB_MAIL)
		return request_no(503, "5.5.1", "sender already given", false);
	if (s->phase == PH_READY)
		return request_no(503, "5.5.1", "MAIL required", false);
	if (s->phase == PH_ENVELOPE)
		return request_no(503, "5.5.1", "not in a transaction", false);
	return request_no(503, "5.5.1", "not between BDAT", false);
}

static void
refuse(struct smtp_session *s, struct request *r, const struct reply *no)
{
	log_refusal(s, r, no);
	if (r->line.verb == VERB_BDAT && !no->close) {
		refuse_chunk(s, r, no);
		return;
	}
	say_reply(s, no);
	if (no->close)
		session_close(s, true);
}

/* Its bytes come all the same, and must not be taken for commands. */
static void
refuse_chunk(
    struct smtp_session *s, const struct request *r, const struct reply *no)
{
	if (r->chunk > s->subject.policy->p.max_message_size) {
		say(s, 421, "4.3.4", "message size exceeds limit");
		session_close(s, true);
		return;
	}
	session_swallow(s, r->chunk, no);
}

static void
log_refusal(struct smtp_session *s, struct request *r, const struct reply *no)
{
	uint64_t mid = s->txn != NULL ? s->txn->envelope.mid : 0;
	static const enum noisy kinds[] = {
		[LOG_UNKNOWN] = NOISY_COMMAND,
		[LOG_SYNTAX] = NOISY_COMMAND,
		[LOG_SENDER] = NOISY_ADDRESS,
		[LOG_RCPT] = NOISY_ADDRESS,
		[LOG_REFUSED] = NOISY_REFUSED,
		[LOG_BOUNCE] = NOISY_REFUSED,
		[LOG_TLS] = NOISY_REFUSED,
		[LOG_SENDER_REFUSED] = NOISY_REFUSED,
	};

	if (r->log == LOG_REFUSED || r->log == LOG_BOUNCE)
		stats_add(s->stats, STATS_rejected_recipients, 1);
	if (r->decided.limit > LIMIT_MESSAGE)
		request_log_limit(s, r);
	if (r->log == LOG_FAILED)
		EMIT(RECEIVING_FAILED, .icid = s->icid, .text = str_of(r->by));
	if (r->log == LOG_NONE || r->log == LOG_FAILED ||
	    !tally_event(&s->tally, kinds[r->log], s->icid, s->now))
		return;
	switch (r->log) {
	case LOG_UNKNOWN:
		EMIT(UNKNOWN_COMMAND, .icid = s->icid, .text = r->text);
		break;
	case LOG_SYNTAX:
		EMIT(BAD_SYNTAX, .icid = s->icid, .text = r->text);
		break;
	case LOG_SENDER:
		EMIT(BAD_SENDER, .icid = s->icid,
		    .text = str_of(arena_printf(&r->mem, "%.*s: '%.*s'",
			STR_ARG(no->text), STR_ARG(r->path))));
		break;
	case LOG_TLS:
		EMIT(TLS_MISSING, .icid = s->icid);
		break;
	case LOG_RCPT:
		EMIT(BAD_RCPT, .icid = s->icid, .text = r->path);
		break;
	case LOG_BOUNCE:
		EMIT(BOUNCE_REJECTED, .mid = mid, .icid = s->icid,
		    .addr = r->decided.given);
		break;
	case LOG_SENDER_REFUSED:
		EMIT(SENDER_REJECTED, .icid = s->icid, .addr = r->decided.given,
		    .text = r->decided.reply.log == NULL
				? STR("")
				: str_of(arena_printf(
				      &r->mem, ", %s", r->decided.reply.log)));
		break;
	default:
		EMIT(RCPT_REJECTED, .mid = mid, .icid = s->icid,
		    .addr = r->decided.given.n > 0 ? r->decided.given : r->path,
		    .by = str_of(r->by));
	}
}

/* --- HELO, EHLO --- */

static struct reply
check_helo(const struct smtp_session *s, struct request *r)
{
	(void)s;
	if (command_helo_ok(r->line.args))
		return (struct reply){ 0 };
	r->log = LOG_SYNTAX;
	return request_no(501, "5.5.2", "a host name is required", false);
}

static void
apply_helo(struct smtp_session *s, struct request *r)
{
	greet_again(s, r);
	s->esmtp = false;
	say(s, 250, "", "%.*s", STR_ARG(session_hostname(s)));
}

static void
apply_ehlo(struct smtp_session *s, struct request *r)
{
	greet_again(s, r);
	s->esmtp = true;
	say_features(s);
}

static void
greet_again(struct smtp_session *s, const struct request *r)
{
	if (s->txn != NULL)
		txn_drop(s, "Receiving aborted by sender");
	if (!s->xclient.helo) {
		free(s->helo);
		s->helo = mem_strndup(r->line.args.p, r->line.args.n);
		s->facts.helo = str_of(s->helo);
	}
	session_enter(s, PH_READY);
}

/* What is offered is complete (DESIGN 9.8). */
static void
say_features(struct smtp_session *s)
{
	say_line(s, 250, false, session_hostname(s));
	say_line(s, 250, false, STR("PIPELINING"));
	say_size(s);
	say_line(s, 250, false, STR("8BITMIME"));
	say_line(s, 250, false, STR("ENHANCEDSTATUSCODES"));
	say_line(s, 250, false, STR("CHUNKING"));
	say_line(s, 250, false, STR("SMTPUTF8"));
	if (auth_offer(s) != NULL)
		say_value(s, "AUTH %s", auth_offer(s));
	if (starttls_is_offered(s))
		say_line(s, 250, false, STR("STARTTLS"));
	if (s->facts.tls)
		say_line(s, 250, false, STR("REQUIRETLS"));
	say_limits(s);
	if (s->xclient.allowed)
		say_line(s, 250, false, STR(XCLIENT_OFFER));
	say_line(s, 250, true, STR("DSN"));
}

static void
say_size(struct smtp_session *s)
{
	uint64_t max = s->subject.policy->p.max_message_size;

	if (max == UNLIMITED)
		say_line(s, 250, false, STR("SIZE"));
	else
		say_value(s, "SIZE %" PRIu64, max);
}

/* RFC 9422: values of at most six digits; more is as good as none. */
static void
say_limits(struct smtp_session *s)
{
	const struct policy_params *p = &s->subject.policy->p;
	uint64_t mails = p->max_msgs_per_session, rcpts = p->max_rcpts_per_msg;

	if (mails <= LIMITS_MAX && rcpts <= LIMITS_MAX)
		say_value(s, "LIMITS MAILMAX=%" PRIu64 " RCPTMAX=%" PRIu64,
		    mails, rcpts);
	else if (mails <= LIMITS_MAX)
		say_value(s, "LIMITS MAILMAX=%" PRIu64, mails);
	else if (rcpts <= LIMITS_MAX)
		say_value(s, "LIMITS RCPTMAX=%" PRIu64, rcpts);
}

static void
say_value(struct smtp_session *s, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say_line(s, 250, false, str_of(text));
}

/* --- DATA, BDAT --- */

static struct reply
check_data(const struct smtp_session *s, struct request *r)
{
	/* Content before 354: who sends it does not wait for our answers
	 * (threats SMG-06). */
	if (r->more)
		return request_no(554, "5.5.0", "wait for the 354", true);
	if (s->txn->n_taken == 0)
		return request_no(554, "5.5.1", "no valid recipients", false);
	return (struct reply){ 0 };
}

static void
apply_data(struct smtp_session *s, struct request *r)
{
	(void)r;
	if (!txn_open(s))
		return;
	say(s, 354, "", "go ahead");
	session_enter(s, PH_BODY);
}

static struct reply
check_bdat(const struct smtp_session *s, struct request *r)
{
	(void)r;
	if (s->txn->n_taken == 0)
		return request_no(503, "5.5.1", "no valid recipients", false);
	return (struct reply){ 0 };
}

static void
apply_bdat(struct smtp_session *s, struct request *r)
{
	struct str nothing = STR("");

	if (s->phase == PH_ENVELOPE && !txn_open(s)) {
		session_swallow(s, r->chunk, NULL);
		return;
	}
	if (!txn_chunk_fits(s, r->chunk)) {
		say(s, 552, "5.3.4", "message size exceeds limit");
		say(s, 421, "4.3.4", "closing connection");
		session_close(s, true);
		return;
	}
	s->chunk.left = r->chunk;
	s->chunk.last = r->last;
	session_enter(s, PH_CHUNK);
	if (r->chunk == 0)
		txn_chunk(s, &nothing);
}

/* --- AUTH --- */

static struct reply
check_auth(const struct smtp_session *s, struct request *r)
{
	return auth_judge(s, r->line.args);
}

static void
apply_auth(struct smtp_session *s, struct request *r)
{
	auth_begin(s, r->line.args);
}

/* --- the short ones --- */

static void
apply_rset(struct smtp_session *s, struct request *r)
{
	(void)r;
	if (s->txn != NULL)
		txn_drop(s, "Receiving aborted by sender");
	say(s, 250, "2.0.0", "reset");
}

static void
apply_noop(struct smtp_session *s, struct request *r)
{
	(void)r;
	say(s, 250, "2.0.0", "ok");
}

static void
apply_vrfy(struct smtp_session *s, struct request *r)
{
	(void)r;
	say(s, 252, "2.1.5", "send some mail, I will try my best");
}

static void
apply_help(struct smtp_session *s, struct request *r)
{
	(void)r;
	say_text(s, 214, "2.0.0",
	    STR("HELO EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP STARTTLS "
		"QUIT\n"
		"RFC 5321"));
}

static void
apply_quit(struct smtp_session *s, struct request *r)
{
	say(s, 221, "2.0.0", "%.*s", STR_ARG(session_hostname(s)));
	if (s->txn != NULL)
		txn_drop(s, "Receiving aborted by sender");
	s->quit = true;
	session_close(s, r->more);
}

/* --- XCLIENT --- */

static struct reply
check_xclient(const struct smtp_session *s, struct request *r)
{
	struct xclient ignored;

	(void)s;
	if (xclient_parse(&ignored, r->line.args, &r->mem))
		return (struct reply){ 0 };
	r->log = LOG_SYNTAX;
	return request_no(501, "5.5.4", "bad attribute", false);
}

/* The answer is the greeting. */
static void
apply_xclient(struct smtp_session *s, struct request *r)
{
	struct xclient x;

	EMIT(XCLIENT, .icid = s->icid, .text = r->line.args);
	xclient_parse(&x, r->line.args, &r->mem);
	xclient_apply(s, &x);
}

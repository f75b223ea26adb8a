/*
 * talk_auth.c - logins in a captured conversation
 *
 * SCRAM cannot be said twice: each server brings a random part of its own.
 * The engine hears PLAIN in its place, with the same user; a password counts
 * as right if it was right then. And where one server goes on with an exchange
 * that the other has refused, its lines are no commands, and nobody's
 * business.
 */
#include "base/base64.h"
#include "base/mem.h"
#include "smtpd/auth.h"
#include "smtpd/protocol.h"
#include "tls/scram.h"
#include "trace/talk_inside.h"

#define LINE_MAX_CODED 16384

static void skip_line(struct talk *, struct str line);
static void cancel(struct talk *);
static bool is_scram(const struct talk *, const struct command_line *);
static void learn_user(struct talk *, struct str coded);
static void say_plain(struct talk *);
static void feed(struct talk *, struct str line);
static bool goes_on(struct str reply);

bool
talk_auth(struct talk *t, struct str line)
{
	struct command_line c;
	struct str coded;

	if (t->auth.skips) {
		skip_line(t, line);
		return true;
	}
	if (t->s.phase == PH_AUTH) {
		cancel(t);
		return false;
	}
	command_split(&c, str_trim(line));
	if (c.verb != VERB_AUTH || !is_scram(t, &c))
		return false;
	coded = c.args;
	str_word(&coded);
	t->auth = (struct talk_auth){ .skips = true, .scram = true };
	learn_user(t, coded);
	talk_step(t, talk_shown_line(t, line, VERB_AUTH), STR(""),
	    talk_their_next(t));
	t->at_theirs++;
	return true;
}

void
talk_auth_after(struct talk *t)
{
	const struct talk_step *last = &t->steps[t->done.steps.n - 1];

	if (goes_on(last->theirs) && !goes_on(last->ours))
		t->auth = (struct talk_auth){ .skips = true };
}

/* Of an exchange that the engine does not know of. */
static void
skip_line(struct talk *t, struct str line)
{
	struct str theirs = talk_their_next(t);

	t->auth.skips = goes_on(theirs);
	if (t->auth.scram && t->auth.user.n == 0)
		learn_user(t, str_trim(line));
	if (t->auth.scram && !t->auth.skips && t->auth.user.n > 0) {
		say_plain(t);
		talk_said(t, STR("(secret)"));
		return;
	}
	talk_step(t, STR("(secret)"), STR(""), theirs);
	if (t->at_theirs < t->n_theirs)
		t->at_theirs++;
}

/* The other server has ended the exchange that ours would go on with. */
static void
cancel(struct talk *t)
{
	struct str said = t->steps[t->done.steps.n - 1].theirs;

	if (said.n == 0 || goes_on(said))
		return;
	feed(t, STR("*\r\n"));
	buf_reset(&t->out);
}

static bool
is_scram(const struct talk *t, const struct command_line *c)
{
	struct str args = c->args;

	return auth_offer(&t->s) != NULL &&
	       t->s.subject.listener->auth->kind == AUTH_LOCAL &&
	       goes_on(talk_their_next(t)) &&
	       str_is_nocase(str_word(&args), "SCRAM-SHA-256") &&
	       auth_judge(&t->s, c->args).code == 0;
}

static void
learn_user(struct talk *t, struct str coded)
{
	struct scram scram = { .user = STR("") };
	struct buf plain;

	buf_init(&plain, LINE_MAX_CODED);
	if (base64_decode(str_trim(coded), &plain) &&
	    scram_first(&scram, buf_str(&plain), &t->mem))
		t->auth.user = arena_str(&t->mem, scram.user);
	buf_fini(&plain);
}

static void
say_plain(struct talk *t)
{
	struct buf plain, line;

	buf_init(&plain, LINE_MAX_CODED);
	buf_init(&line, 2 * LINE_MAX_CODED);
	buf_putc(&plain, '\0');
	buf_add_str(&plain, t->auth.user);
	buf_putc(&plain, '\0');
	buf_puts(&plain, "x");
	buf_puts(&line, "AUTH PLAIN ");
	base64_encode(buf_str(&plain), &line);
	buf_puts(&line, "\r\n");
	feed(t, buf_str(&line));
	buf_fini(&line);
	buf_fini(&plain);
}

static void
feed(struct talk *t, struct str line)
{
	t->s.protocol->input(&t->s, &line);
	talk_settle(t);
}

static bool
goes_on(struct str reply)
{
	return str_starts(reply, STR("334"));
}

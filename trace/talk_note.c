/* talk_note.c - what stands in the report of a captured conversation */
#include <stdlib.h>

#include "base/mem.h"
#include "pipeline/address.h"
#include "trace/said.h"
#include "trace/talk_inside.h"

#define LINE_SHOWN 2000

static struct str our_last(const struct talk *);
static void begin_mail(struct talk *, const struct command_line *);
static void add_rcpt(struct talk *, const struct command_line *);
static struct str path_of(
    struct talk *, struct str args, const char *keyword, struct str *params);

/* --- mail --- */

void
talk_note_command(struct talk *t, const struct command_line *c)
{
	if (c->verb == VERB_MAIL)
		begin_mail(t, c);
	talk_note_reply(t, c->verb);
	switch (c->verb) {
	case VERB_RCPT:
		add_rcpt(t, c);
		break;
	case VERB_RSET:
	case VERB_HELO:
	case VERB_EHLO:
		if (t->in_mail && t->s.txn == NULL)
			talk_end_mail(t, false);
		break;
	case VERB_BDAT:
		/* an empty one */
		if (t->in_mail && t->s.txn == NULL)
			talk_end_mail(t, t->ended);
		break;
	default:
		break;
	}
}

/* The last one that is about it. */
void
talk_note_reply(struct talk *t, enum verb verb)
{
	if (t->in_mail && (verb == VERB_MAIL || verb == VERB_RCPT ||
			      verb == VERB_DATA || verb == VERB_BDAT))
		t->mails[t->done.mails.n - 1].reply = our_last(t);
}

static struct str
our_last(const struct talk *t)
{
	return t->steps[t->done.steps.n - 1].ours;
}

static void
begin_mail(struct talk *t, const struct command_line *c)
{
	struct str params, path = path_of(t, c->args, "FROM:", &params);

	/* a second one in a transaction changes nothing */
	if (t->in_mail && t->s.txn != NULL &&
	    str_starts(our_last(t), STR("503")))
		return;
	if (t->in_mail)
		talk_end_mail(t, false);
	talk_begin_mail(t, path, params);
	t->ended = false;
	buf_reset(&t->content);
}

void
talk_begin_mail(struct talk *t, struct str sender, struct str params)
{
	const struct smtp_session *s = &t->s;
	struct talk_mail *m;

	t->mails =
	    mem_room(t->mails, &t->cap_mails, t->done.mails.n, sizeof(*m));
	m = &t->mails[t->done.mails.n++];
	*m = (struct talk_mail){ .time = s->now,
		.sender = arena_str(&t->mem, sender),
		.params = arena_str(&t->mem, params),
		.esmtp = s->esmtp,
		.content = STR(""),
		.reply = STR(""),
		.client = s->facts.client,
		.helo = arena_str(&t->mem, s->facts.helo),
		.host = arena_str(&t->mem, s->facts.host),
		.host_class = (uint8_t)s->facts.host_class,
		.user = s->facts.authenticated
			    ? arena_str(&t->mem, s->facts.user)
			    : STR("") };
	t->in_mail = true;
	t->n_rcpts = 0;
}

static void
add_rcpt(struct talk *t, const struct command_line *c)
{
	struct str params, path = path_of(t, c->args, "TO:", &params);

	if (t->in_mail && !str_starts(our_last(t), STR("503")))
		talk_add_rcpt(t, path, params);
}

void
talk_add_rcpt(struct talk *t, struct str path, struct str params)
{
	t->rcpts =
	    mem_room(t->rcpts, &t->cap_rcpts, t->n_rcpts, sizeof(*t->rcpts));
	t->rcpts[t->n_rcpts++] =
	    (struct talk_rcpt){ .path = arena_str(&t->mem, path),
		    .params = arena_str(&t->mem, params) };
}

void
talk_end_mail(struct talk *t, bool accepted)
{
	struct talk_rcpt *kept;
	struct talk_mail *m;

	if (!t->in_mail)
		return;
	t->in_mail = false;
	m = &t->mails[t->done.mails.n - 1];
	/* a sinkhole accepts what nobody has */
	m->accepted =
	    accepted || (str_starts(m->reply, STR("250 ")) &&
			    str_search(m->reply, STR("accepted")) < m->reply.n);
	if (m->accepted)
		m->content = arena_str(&t->mem, buf_str(&t->content));
	kept = arena_array(&t->mem, t->n_rcpts + 1, sizeof(*kept));
	for (size_t i = 0; i < t->n_rcpts; i++)
		kept[i] = t->rcpts[i];
	m->rcpts = (struct codec_list){ t->n_rcpts, kept };
	t->ended = false;
}

/* Of "FROM:<joe@example.com> SIZE=7" the middle; params: what is behind. */
static struct str
path_of(
    struct talk *t, struct str args, const char *keyword, struct str *params)
{
	*params = STR("");
	if (command_path(&args, keyword))
		address_cut(args, &args, params, &t->mem);
	return args;
}

/* --- what stands in the report --- */

/* The engine's reply, if it gave one, and the captured one. True: it did. */
bool
talk_said(struct talk *t, struct str client)
{
	struct str *ours, whole = STR("");
	size_t n;

	ours = said_split(buf_str(&t->out), &n, &t->mem);
	buf_reset(&t->out);
	if (n > 0)
		whole = ours[0];
	for (size_t i = 1; i < n; i++)
		whole = str_of(arena_printf(
		    &t->mem, "%.*s\n%.*s", STR_ARG(whole), STR_ARG(ours[i])));
	talk_step(t, client, whole, talk_their_next(t));
	if (t->at_theirs < t->n_theirs)
		t->at_theirs++;
	return n > 0;
}

void
talk_step(struct talk *t, struct str client, struct str ours, struct str theirs)
{
	t->steps = mem_room(
	    t->steps, &t->cap_steps, t->done.steps.n, sizeof(*t->steps));
	t->steps[t->done.steps.n++] = (struct talk_step){ .time = t->s.now,
		.client = client,
		.ours = ours,
		.theirs = theirs };
}

/* What AUTH brings is nobody's business. */
struct str
talk_shown_line(struct talk *t, struct str line, enum verb verb)
{
	struct str rest = str_trim(line), word = str_word(&rest), how;

	if (verb != VERB_AUTH)
		return talk_shown(t, str_trim(line));
	how = str_word(&rest);
	return talk_shown(
	    t, str_of(arena_printf(&t->mem, "%.*s %.*s%s", STR_ARG(word),
		   STR_ARG(how), str_trim(rest).n > 0 ? " (secret)" : "")));
}

struct str
talk_shown(struct talk *t, struct str text)
{
	char out[4 * LINE_SHOWN + 16];

	str_escape(out, sizeof(out), text, LINE_SHOWN);
	return str_of(arena_strdup(&t->mem, out));
}

struct str
talk_their_next(const struct talk *t)
{
	return t->at_theirs < t->n_theirs ? t->theirs[t->at_theirs] : STR("");
}

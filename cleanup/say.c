/* say.c - the log of a run: its notes in the order of time */
#include "cleanup/say.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "event/event.h"

typedef void sayer(const struct outcome *, const struct outcome_step *);

static sayer matched_all, split, copy, rewritten, ended, entry, attachment,
    scan_error, warning, tagged;
static void over(const struct outcome *, uint64_t mid);
static void begun(
    uint64_t mid, struct str sender, const struct work_rcpt *, size_t n);

/* Notes that are not here are for trace. */
static sayer *const sayers[] = {
	[WN_MATCHED_ALL] = matched_all,
	[WN_SPLIT] = split,
	[WN_COPY] = copy,
	[WN_REWRITTEN] = rewritten,
	[WN_ENDED] = ended,
	[WN_LOG_ENTRY] = entry,
	[WN_ATTACHMENT] = attachment,
	[WN_SCAN_ERROR] = scan_error,
	[WN_WARNING] = warning,
	[WN_SPAM_TAGGED] = tagged,
};

void
say_outcome(const struct outcome *o)
{
	for (size_t i = 0; i < o->n_steps; i++) {
		const struct outcome_step *s = &o->steps[i];

		if (s->note->kind < NELEM(sayers) &&
		    sayers[s->note->kind] != NULL)
			sayers[s->note->kind](o, s);
	}
}

static void
matched_all(const struct outcome *o, const struct outcome_step *s)
{
	(void)o;
	EMIT(MATCHED_ALL, .mid = s->mid, .policy = s->note->name,
	    .table = s->note->text);
}

static void
split(const struct outcome *o, const struct outcome_step *s)
{
	(void)o;
	EMIT(MID_SPLIT, .mid = s->mid, .other = s->other,
	    .policy = s->note->name, .table = s->note->text);
	begun(s->other, s->part->sender, s->part->rcpts, s->part->n_rcpts);
}

static void
begun(uint64_t mid, struct str sender, const struct work_rcpt *v, size_t n)
{
	EMIT(MID_FROM, .mid = mid, .icid = 0, .addr = sender);
	for (size_t i = 0; i < n; i++)
		EMIT(MID_RCPT, .mid = mid, .icid = 0, .rid = (uint32_t)i,
		    .addr = v[i].addr);
}

static void
copy(const struct outcome *o, const struct outcome_step *s)
{
	const struct work_copy *c = s->copy;

	(void)o;
	if (c == NULL)
		return; /* a warning was given */
	EMIT(MID_GENERATED, .mid = s->other, .other = s->mid, .by = c->by);
	EMIT(MID_FROM, .mid = s->other, .icid = 0, .addr = c->sender);
	for (size_t i = 0; i < c->n_rcpts; i++)
		EMIT(MID_RCPT, .mid = s->other, .icid = 0, .rid = (uint32_t)i,
		    .addr = c->rcpts[i]);
}

static void
rewritten(const struct outcome *o, const struct outcome_step *s)
{
	EMIT(MID_REWRITTEN, .mid = s->mid, .other = s->other,
	    .by = s->note->text);
	over(o, s->mid);
}

static void
ended(const struct outcome *o, const struct outcome_step *s)
{
	char text[300];

	snprintf(text, sizeof(text), "%s by %.*s",
	    s->end == WORK_BOUNCE ? "Bounced" : "Dropped",
	    STR_ARG(str_sub(s->note->text, 0, 200)));
	EMIT(MID_ABORTED, .mid = s->mid, .text = str_of(text));
	if (s->end == WORK_DROP)
		over(o, s->mid);
}

/* The end of the message's own MID is told when its file is gone. */
static void
over(const struct outcome *o, uint64_t mid)
{
	if (mid != o->task->mail->mid)
		EMIT(MID_DONE, .mid = mid);
}

static void
entry(const struct outcome *o, const struct outcome_step *s)
{
	(void)o;
	EMIT(LOG_ENTRY, .mid = s->mid, .text = s->note->text);
}

static void
attachment(const struct outcome *o, const struct outcome_step *s)
{
	(void)o;
	EMIT(ATTACHMENT, .mid = s->mid, .text = s->note->name);
}

static void
scan_error(const struct outcome *o, const struct outcome_step *s)
{
	(void)o;
	EMIT(SCAN_ERROR, .mid = s->mid, .text = s->note->text);
}

static void
warning(const struct outcome *o, const struct outcome_step *s)
{
	(void)o;
	EMIT(MID_WARNING, .mid = s->mid, .text = s->note->text);
}

static void
tagged(const struct outcome *o, const struct outcome_step *s)
{
	(void)o;
	EMIT(SPAM_TAGGED, .mid = s->mid);
}

/* say.c - the log of a run: its notes in the order of time */
#include "cleanup/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "event/event.h"

typedef void sayer(const struct outcome *, const struct outcome_step *);

static sayer forged, matched_all, split, copy, rewritten, ended, entry,
    attachment, scan_error, warning, tagged, spam, virus, outbreak;
static void over(const struct outcome *, uint64_t mid);
static void begun(
    uint64_t mid, struct str sender, const struct work_rcpt *, size_t n);

/* Notes that are not here are for trace. */
static sayer *const sayers[] = {
	[WN_FORGED] = forged,
	[WN_MATCHED_ALL] = matched_all,
	[WN_SPLIT] = split,
	[WN_COPY] = copy,
	[WN_REWRITTEN] = rewritten,
	[WN_ENDED] = ended,
	[WN_LOG_ENTRY] = entry,
	[WN_ATTACHMENT] = attachment,
	[WN_SCAN_ERROR] = scan_error,
	[WN_WARNING] = warning,
	[WN_SPAM] = spam,
	[WN_VIRUS] = virus,
	[WN_SPAM_TAGGED] = tagged,
	[WN_OUTBREAK] = outbreak,
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
forged(const struct outcome *o, const struct outcome_step *s)
{
	(void)o;
	EMIT(FORGED_FIELDS, .mid = s->mid, .text = s->note->text);
}

void
say_later(const struct work *w, uint64_t mid)
{
	for (const struct work_note *n = w->notes; n != NULL; n = n->next) {
		struct outcome_step s = { .note = n, .mid = mid };

		if (n->kind == WN_SPAM && n->number == SPAM_LATER)
			spam(NULL, &s);
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

/* One engine is all that there is: what it says first is what counts. */
static void
spam(const struct outcome *o, const struct outcome_step *s)
{
	static const char *const verdicts[] = {
		[SPAM_NEGATIVE] = "spam negative",
		[SPAM_SUSPECT] = "spam suspect",
		[SPAM_IS_POSITIVE] = "spam positive",
		[SPAM_SKIPPED_SIZE] = "skipped (message size)",
		[SPAM_UNSCANNED] = "unavailable",
		[SPAM_LATER] = "unavailable, tried again later",
		[SPAM_SAFELISTED] = "safelisted",
		[SPAM_BLOCKLISTED] = "blocklisted",
	};
	size_t i = (size_t)s->note->number;
	const char *text = i < NELEM(verdicts) ? verdicts[i] : NULL;

	(void)o;
	if (text == NULL)
		return;
	if (i <= SPAM_IS_POSITIVE)
		EMIT(SPAM_INTERIM, .mid = s->mid, .engine = s->note->name,
		    .text = str_of(text + strlen("spam ")));
	EMIT(SPAM_VERDICT, .mid = s->mid, .engine = s->note->name,
	    .text = str_of(text));
}

static void
virus(const struct outcome *o, const struct outcome_step *s)
{
	static const struct {
		const char *interim, *text;
		bool names;
	} rows[] = {
		[VIRUS_IS_CLEAN] = { "CLEAN", "negative", false },
		[VIRUS_IS_REPAIRED] = { "REPAIRED", "repaired", true },
		[VIRUS_IS_ENCRYPTED] = { "ENCRYPTED", "encrypted", false },
		[VIRUS_IS_UNSCANNABLE] = { "UNSCANNABLE", "unscannable", true },
		[VIRUS_IS_INFECTED] = { "VIRAL", "positive", true },
	};
	size_t i = (size_t)s->note->number;
	struct str names = STR("");
	char text[600];

	(void)o;
	if (i >= NELEM(rows))
		return;
	if (rows[i].names)
		names = str_sub(s->note->text, 0, 500);
	EMIT(VIRUS_INTERIM, .mid = s->mid, .engine = s->note->name,
	    .text = str_of(rows[i].interim));
	snprintf(text, sizeof(text), "%s%s%.*s%s", rows[i].text,
	    rows[i].names ? " '" : "", STR_ARG(names),
	    rows[i].names ? "'" : "");
	EMIT(VIRUS_VERDICT, .mid = s->mid, .text = str_of(text));
}

static void
outbreak(const struct outcome *o, const struct outcome_step *s)
{
	const struct work_note *n = s->note;
	bool positive = n->name.n > 0;

	(void)o;
	if (n->score != OUTBREAK_JUDGED)
		return;
	EMIT(OUTBREAK_VERDICT, .mid = s->mid,
	    .text = positive ? STR("positive") : STR("negative"));
	if (positive)
		EMIT(OUTBREAK_THREAT, .mid = s->mid,
		    .threat = (uint32_t)n->number, .category = n->text,
		    .rule = n->name);
}

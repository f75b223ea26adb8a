/*
 * failure.c - what becomes of a message that a filter could not look at, or
 * failed on (spec workqueue 2.12)
 */
#include "base/mem.h"
#include "filter/content.h"

static const struct {
	const char *text; /* as the log has it */
	bool fatal;       /* the filter, not the message, came to an end */
	bool common;      /* told, but nothing to hold a message for */
} failures[FAILURES] = {
	[FAIL_SIZE] = { .text = "Size Limit Exceeded" },
	[FAIL_DEPTH] = { .text = "Scan Depth Exceeded" },
	[FAIL_TIME] = { .text = "Scan Timeout" },
	[FAIL_CORRUPT] = { .text = "Corrupt Data" },
	[FAIL_LOCKED] = { .text = "Encrypted Data" },
	[FAIL_FORMAT] = { .text = "Format Not Read", .common = true },
	[FAIL_STRUCTURE] = { .text = "Cannot Be Taken Apart" },
	[FAIL_ELSEWHERE] = { .text = "Content Is Elsewhere" },
	[FAIL_FOREIGN] = { .text = "Unknown Encoding" },
	[FAIL_CHANGES] = { .text = "Too Many Changes" },
	[FAIL_REGEX] = { .text = "Regex Limit Exceeded", .fatal = true },
};

static bool is_held(const struct work *, struct str quarantine);

void
eval_fails(struct eval *e, enum failure what)
{
	const struct scan_settings *s = &e->w->origin->config->work.scan;

	if (e->failed & (1u << what))
		return;
	e->failed |= 1u << what;
	e->ended |= failures[what].fatal && s->bypass_on_error;
	work_note(e->w, WN_SCAN_ERROR)->text = str_of(failures[what].text);
}

enum truth
eval_unscanned(struct eval *e)
{
	return truth_of(e->w->origin->config->work.scan.assume_match);
}

bool
content_is_lacking(struct eval *e, const struct part_fact *f, unsigned needed)
{
	bool locked = f->locked;
	const struct {
		bool is;
		enum failure what;
	} rows[] = {
		{ f->too_large, FAIL_SIZE },
		{ f->too_deep, FAIL_DEPTH },
		{ f->timeout, FAIL_TIME },
		{ f->corrupt, FAIL_CORRUPT },
	};
	bool lacking = false;

	for (size_t i = 0; i < NELEM(rows); i++) {
		if (rows[i].is)
			eval_fails(e, rows[i].what);
		lacking |= rows[i].is;
	}
	/* names of files can be read where their content is locked; not so
	 * when the list itself is */
	if (needed == NEEDED_NAMES)
		locked = f->locked && f->archive;
	for (size_t i = 0; i < f->n_members && needed == NEEDED_CONTENT; i++)
		locked |= f->members[i].locked;
	if (locked)
		eval_fails(e, FAIL_LOCKED);
	return lacking || locked;
}

bool
content_is_unread(struct eval *e, const struct part_fact *f)
{
	static const char *const types[] = { "pdf", "doc", "xls", "ppt", "ole",
		"rtf", "mdb", "mpp", "pub", "wps" };
	bool unread = false;

	for (size_t i = 0; i < NELEM(types); i++) {
		unread |= str_is(f->filetype, types[i]);
		for (size_t k = 0; k < f->n_members; k++)
			unread |= str_is(f->members[k].filetype, types[i]);
	}
	if (unread)
		eval_fails(e, FAIL_FORMAT);
	return unread;
}

bool
content_is_apart(struct eval *e)
{
	static const struct {
		uint32_t odd;
		enum failure what;
	} rows[] = {
		{ MIME_TOO_DEEP, FAIL_DEPTH },
		{ MIME_TOO_MANY, FAIL_SIZE },
		{ MIME_ELSEWHERE, FAIL_ELSEWHERE },
		{ MIME_FOREIGN, FAIL_FOREIGN },
	};
	uint32_t odd = mime_of(&e->w->msg, e->w->mem)->odd;
	bool apart = true;

	for (size_t i = 0; i < NELEM(rows); i++) {
		if (!(odd & rows[i].odd))
			continue;
		eval_fails(e, rows[i].what);
		apart = false;
	}
	return apart;
}

void
eval_failed(struct eval *e)
{
	const struct scan_settings *s = &e->w->origin->config->work.scan;
	uint32_t about = e->failed;

	/* what becomes of those has a setting of its own */
	about &= ~(1u << FAIL_STRUCTURE);
	for (size_t i = 0; i < FAILURES; i++)
		if (failures[i].common)
			about &= ~(1u << i);
	if (about != 0 && s->hold_on_error && e->w->end == WORK_GOES_ON)
		eval_holds(e);
}

void
eval_holds(struct eval *e)
{
	struct str policy = STR("Policy"), why = STR("");

	if (is_held(e->w, policy))
		return;
	for (size_t i = 0; i < FAILURES && why.n == 0; i++)
		if (!failures[i].common && e->failed & (1u << i))
			why = str_of(failures[i].text);
	work_hold(
	    e->w, (struct work_hold){ .quarantine = policy,
		      .reason = str_of(arena_printf(e->w->mem, "%.*s, %.*s",
			  STR_ARG(eval_reason(e)), STR_ARG(why))) });
}

/* Why somebody wanted it there says more than this. */
static bool
is_held(const struct work *w, struct str quarantine)
{
	for (const struct work_hold *h = w->holds; h != NULL; h = h->next)
		if (str_eq(h->quarantine, quarantine))
			return true;
	return false;
}

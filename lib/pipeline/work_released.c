/*
 * work_released.c - what a quarantine changes when it lets go for want of room
 *
 * Spec workqueue 10.1, 10.2: subject, header, attachments, as the quarantine
 * has it now. Each that released the message so has its turn, in the order
 * that they held it. Messages that come in otherwise pass untouched.
 */
#include "base/mem.h"
#include "mail/edit.h"
#include "pipeline/work_stages.h"

static void change(struct work *, const struct quarantine *);
static bool strip(struct work *, const struct quarantine *);
static bool inside_another(const struct mime_part *);

unsigned
released_wants(const struct work *w)
{
	return w->origin->n_early > 0 ? FILTER_HEADER | FILTER_BODY : 0;
}

enum work_answer
released_decide(struct work *w, struct needs *needs)
{
	const struct work_origin *o = w->origin;

	(void)needs;
	for (size_t i = 0; i < o->n_early; i++) {
		const struct quarantine *q =
		    config_quarantine(o->config, o->early[i]);

		if (q != NULL)
			change(w, q);
	}
	return WORK_DONE;
}

static void
change(struct work *w, const struct quarantine *q)
{
	struct str charset = work_charset(w);

	if (q->subject != SUBJECT_NONE && q->subject_text.n > 0)
		edit_subject(&w->msg, q->subject_text,
		    q->subject == SUBJECT_APPEND, charset, w->mem);
	if (q->header_name.n > 0)
		edit_add_field(
		    &w->msg, q->header_name, q->header_value, charset, w->mem);
	if (q->strip_attachments && strip(w, q))
		work_note(w, WN_REWRITTEN)->text = str_of(arena_printf(
		    w->mem, "quarantine '%.*s'", (int)q->name.n, q->name.p));
}

/* From the end on: what goes moves nothing before it. */
static bool
strip(struct work *w, const struct quarantine *q)
{
	const struct mime *m = mime_of(&w->msg, w->mem);
	bool some = false;

	for (size_t i = m->n; i-- > 0;) {
		const struct mime_part *p;
		struct str text;

		m = mime_of(&w->msg, w->mem);
		p = i < m->n ? &m->parts[i] : NULL;
		if (p == NULL || p->role != MIME_ATTACHMENT ||
		    inside_another(p))
			continue;
		text = str_of(arena_printf(w->mem,
		    "The attachment %.*s was removed\n"
		    "when the quarantine %.*s was full.\n",
		    (int)p->name.n, p->name.p, (int)q->name.n, q->name.p));
		edit_replace_part(&w->msg, p, text, w->mem);
		some = true;
	}
	return some;
}

/* It goes with that one. */
static bool
inside_another(const struct mime_part *p)
{
	for (p = p->parent; p != NULL; p = p->parent)
		if (p->role == MIME_ATTACHMENT)
			return true;
	return false;
}

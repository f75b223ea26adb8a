/*
 * act_body.c - actions that change the body
 */
#include "filter/actions.h"
#include "mail/edit.h"
#include "mail/mime.h"

#define TEXT_MAX_BYTES (64u << 20)

static bool is_text_body(const struct mime_part *);
static void stamp(struct eval *, const struct stmt *, bool footer);
static void rewritten(struct eval *, const struct stmt *);

/* In every part of the body, each in its own charset. */
void
act_edit_body(struct eval *e, const struct stmt *s)
{
	struct str default_charset = e->w->origin->config->work.scan.charset;
	struct str replacement = eval_arg(e, s, 1);
	bool edited = false;

	for (size_t i = mime_of(&e->w->msg, e->w->mem)->n; i-- > 0;) {
		const struct mime *m = mime_of(&e->w->msg, e->w->mem);
		const struct mime_part *p = &m->parts[i];
		struct str text, changed;

		if (!is_text_body(p))
			continue;
		text = mime_text(
		    p, default_charset, TEXT_MAX_BYTES, e->w->mem, NULL);
		changed =
		    eval_replace(e, s->args.v[0].regex, text, replacement);
		if (str_eq(changed, text))
			continue;
		if (edit_part_text(&e->w->msg, p, changed, e->w->mem))
			edited = true;
		else
			work_note(e->w, WN_WARNING)->text =
			    str_of(arena_printf(e->w->mem,
				"filter '%.*s': a text in an encoded part "
				"cannot be edited",
				(int)e->filter->name.n, e->filter->name.p));
	}
	if (edited)
		rewritten(e, s);
}

void
act_html_convert(struct eval *e, const struct stmt *s)
{
	if (edit_html_convert(&e->w->msg, e->w->mem))
		rewritten(e, s);
}

void
act_add_heading(struct eval *e, const struct stmt *s)
{
	stamp(e, s, false);
}

void
act_add_footer(struct eval *e, const struct stmt *s)
{
	stamp(e, s, true);
}

static bool
is_text_body(const struct mime_part *p)
{
	return p->role == MIME_BODY && str_is(p->type, "text");
}

static void
stamp(struct eval *e, const struct stmt *s, bool footer)
{
	const struct text_resource *t = s->args.v[0].resource;

	if (t != NULL && work_stamp(e->w, e->filter->name, t, footer))
		rewritten(e, s);
}

/* It has a new MID (1.5). */
static void
rewritten(struct eval *e, const struct stmt *s)
{
	work_note(e->w, WN_REWRITTEN)->text =
	    str_of(arena_printf(e->w->mem, "%s filter '%.*s'", s->action->name,
		(int)e->filter->name.n, e->filter->name.p));
}

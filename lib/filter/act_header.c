/*
 * act_header.c - actions that change header fields
 */
#include "filter/actions.h"
#include "filter/regex.h"
#include "mail/edit.h"
#include "mail/header.h"

#define FIELDS_MAX 1000 /* of one name */

void
act_strip_header(struct eval *e, const struct stmt *s)
{
	edit_strip_field(&e->w->msg, s->args.v[0].text, e->w->mem);
}

void
act_insert_header(struct eval *e, const struct stmt *s)
{
	edit_add_field(&e->w->msg, s->args.v[0].text, eval_arg(e, s, 1),
	    work_charset(e->w), e->w->mem);
}

void
act_edit_header(struct eval *e, const struct stmt *s)
{
	struct str name = s->args.v[0].text, text, changed;

	for (size_t i = 0; i < FIELDS_MAX && work_field(e->w, name, i, &text);
	     i++) {
		changed = eval_replace(
		    e, s->args.v[1].regex, text, eval_arg(e, s, 2));
		if (!str_eq(changed, text))
			edit_set_field(&e->w->msg, name, i, changed,
			    work_charset(e->w), e->w->mem);
	}
}

/*
 * work_stamp.c - W15: heading and footer of the listener
 *
 * What is held by a quarantine is stamped when it is released, so that it is
 * stamped once (workqueue 15, 10). A resource that is gone: a warning, and
 * the message goes without (9.2).
 */
#include "pipeline/work_stages.h"

static bool stamp(struct work *, struct str name, bool footer);

unsigned
stamp_wants(const struct work *w)
{
	const struct listener *l = w->origin->listener;

	return l != NULL && (l->heading.n > 0 || l->footer.n > 0)
		   ? FILTER_HEADER | FILTER_BODY
		   : 0;
}

enum work_answer
stamp_decide(struct work *w, struct needs *needs)
{
	const struct listener *l = w->origin->listener;
	bool stamped = false;

	(void)needs;
	if (l != NULL && w->holds == NULL) {
		stamped |= stamp(w, l->heading, false);
		stamped |= stamp(w, l->footer, true);
	}
	if (stamped)
		work_note(w, WN_REWRITTEN)->text = str_of(arena_printf(w->mem,
		    "footer of listener '%.*s'", (int)l->name.n, l->name.p));
	else if (w->explain)
		work_note(w, WN_NOT_STAMPED);
	return WORK_DONE;
}

static bool
stamp(struct work *w, struct str name, bool footer)
{
	const struct text_resource *t;

	if (name.n == 0)
		return false;
	t = config_text(w->origin->config, name);
	if (t != NULL)
		return work_stamp(w, STR(""), t, footer);
	work_note(w, WN_WARNING)->text = str_of(arena_printf(
	    w->mem, "no text resource '%.*s' to stamp", (int)name.n, name.p));
	return false;
}

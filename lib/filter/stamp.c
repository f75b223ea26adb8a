/* stamp.c - headings and footers with variables (spec workqueue 9) */
#include "filter/eval.h"
#include "mail/edit.h"

bool
work_stamp(struct work *w, struct str filter, const struct text_resource *t,
    bool footer)
{
	const struct locale_settings *l = &w->origin->config->work.locale;
	struct stamp st = { .text = variables_of(w, filter, t->text),
		.html = variables_of(w, filter, t->html),
		.footer = footer,
		.try_stamp_charset = l->try_footer_charset,
		.signed_mode = l->stamp_signed };
	struct work_note *n;

	if (st.text.n == 0)
		st.text = mime_strip_html(st.html, w->mem);
	if (edit_stamp(&w->msg, &st, w->mem) != STAMP_DONE)
		return false;
	n = work_note(w, WN_STAMPED);
	n->name = t->name;
	n->detail = filter;
	n->number = footer;
	return true;
}

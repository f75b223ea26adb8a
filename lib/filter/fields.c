/*
 * fields.c - the text of header fields, as rules and texts see it
 */
#include "filter/eval.h"
#include "filter/texts.h"
#include "mail/addr.h"
#include "mail/header.h"
#include "mail/mime.h"

#define ADDRS_MAX 10000 /* of one name */

static struct str impose_charset(struct work *);
static struct str declared_charset(struct work *);

bool
work_field(struct work *w, struct str name, size_t nth, struct str *text)
{
	return texts_field(w, name, nth, impose_charset(w), text);
}

bool
eval_field(struct eval *e, struct str name, size_t nth, struct str *text)
{
	return work_field(e->w, name, nth, text);
}

size_t
eval_addresses(struct eval *e, struct str name, const struct str **v)
{
	struct arena *mem = e->w->mem;
	struct str *all = arena_array(mem, 16, sizeof(*all));
	size_t n = 0, cap = 16;
	struct str value;

	for (size_t i = 0; texts_raw_field(e->w, name, i, &value); i++) {
		struct header_addr *found;
		size_t n_found;

		if (!header_addrs(value, &found, &n_found, mem))
			continue;
		for (size_t k = 0; k < n_found && n < ADDRS_MAX; k++) {
			if (n == cap) {
				struct str *more =
				    arena_array(mem, 2 * cap, sizeof(*more));

				for (size_t j = 0; j < n; j++)
					more[j] = all[j];
				all = more;
				cap *= 2;
			}
			all[n++] = found[k].addr;
		}
	}
	*v = all;
	return n;
}

struct str
work_charset(struct work *w)
{
	return w->origin->config->work.locale.header_in_body_charset
		   ? declared_charset(w)
		   : STR("");
}

/* In which 8-bit headers are read that name none. */
static struct str
impose_charset(struct work *w)
{
	return w->origin->config->work.locale.impose_body_charset
		   ? declared_charset(w)
		   : STR("");
}

/* Of the first text part that names one. */
static struct str
declared_charset(struct work *w)
{
	const struct mime_part *p = NULL;
	const struct mime *m;

	if (w->msg.body.p == NULL)
		return STR("");
	m = mime_of(&w->msg, w->mem);
	while ((p = mime_next_leaf(m, p)) != NULL)
		if (p->role == MIME_BODY && p->charset.n > 0)
			return p->charset;
	return STR("");
}

/*
 * act_copy.c - actions that make a message beside the one at hand
 *
 * Spec workqueue 2.10.1. A copy is of the message as it is now, edits of
 * earlier actions included; what comes later does not change it.
 */
#include <inttypes.h>

#include "filter/actions.h"
#include "filter/notice.h"
#include "mail/addr.h"
#include "mail/edit.h"

#define GENERATIONS_MAX 25 /* copies of copies (threats LOP-05) */

static void copy(
    struct eval *, const struct stmt *, enum copy_kind, const char *action);
static void notify(struct eval *, const struct stmt *, const char *action);
static bool addresses(
    struct eval *, struct str list, const struct str **v, size_t *n);
static struct str by(struct eval *, const char *action);
static void warn(struct eval *, const char *what, struct str of);

void
act_notify(struct eval *e, const struct stmt *s)
{
	notify(e, s, "notify");
}

void
act_notify_copy(struct eval *e, const struct stmt *s)
{
	notify(e, s, "notify-copy");
	copy(e, s, COPY_BCC_SCAN, "notify-copy");
}

void
act_bcc(struct eval *e, const struct stmt *s)
{
	copy(e, s, COPY_BCC, "bcc");
}

void
act_bcc_scan(struct eval *e, const struct stmt *s)
{
	copy(e, s, COPY_BCC_SCAN, "bcc-scan");
}

void
act_archive(struct eval *e, const struct stmt *s)
{
	struct work *w = e->w;
	struct work_archive *a = arena_alloc(w->mem, sizeof(*a));

	*a = (struct work_archive){ .next = w->archives,
		.log = s->args.v[0].text,
		.msg = w->msg,
		.rcpts = w->rcpts,
		.n_rcpts = w->n_rcpts,
		.sender = w->sender };
	w->archives = a;
}

void
act_duplicate_quarantine(struct eval *e, const struct stmt *s)
{
	struct work *w = e->w;
	struct work_hold *h = arena_alloc(w->mem, sizeof(*h));
	struct str *v = arena_array(w->mem, w->n_rcpts, sizeof(*v));

	for (size_t i = 0; i < w->n_rcpts; i++)
		v[i] = w->rcpts[i].addr;
	*h = (struct work_hold){ .quarantine = s->args.v[0].text,
		.reason = eval_reason(e),
		.matched = w->matched };
	work_copy(w, (struct work_copy){ .kind = COPY_HOLD,
			 .by = by(e, "duplicate-quarantine"),
			 .sender = w->sender,
			 .rcpts = v,
			 .n_rcpts = w->n_rcpts,
			 .msg = w->msg,
			 .hold = h });
}

/* --- shared --- */

static void
copy(struct eval *e, const struct stmt *s, enum copy_kind kind,
    const char *action)
{
	struct work *w = e->w;
	struct str subject = eval_arg(e, s, 1);
	struct work_copy c = { .kind = kind,
		.by = by(e, action),
		.sender = eval_arg(e, s, 2),
		.msg = w->msg,
		.alt_host = STR("") };

	if (kind == COPY_BCC_SCAN && w->origin->generation >= GENERATIONS_MAX) {
		warn(e, "too many copies of copies", STR(""));
		return;
	}
	if (!addresses(e, eval_arg(e, s, 0), &c.rcpts, &c.n_rcpts))
		return;
	if (str_is(str_of(action), "bcc") || str_is(str_of(action), "bcc-scan"))
		c.alt_host = eval_arg(e, s, 3);
	if (subject.n > 0) {
		edit_strip_field(&c.msg, STR("Subject"), w->mem);
		edit_add_field(
		    &c.msg, STR("Subject"), subject, work_charset(w), w->mem);
	}
	work_copy(w, c);
}

static void
notify(struct eval *e, const struct stmt *s, const char *action)
{
	const struct text_resource *t =
	    s->args.n > 3 ? s->args.v[3].resource : NULL;
	struct str subject = eval_arg(e, s, 1);
	struct work_copy c = { .kind = COPY_NOTIFY,
		.by = by(e, action),
		.sender = eval_arg(e, s, 2),
		.alt_host = STR("") };
	struct notice n = { .to = eval_arg(e, s, 0),
		.subject =
		    subject.n > 0 ? subject : STR("Message Notification"),
		.text = t != NULL ? t->text : notice_text() };

	if (!addresses(e, n.to, &c.rcpts, &c.n_rcpts))
		return;
	c.msg = notice_write(e->w, e->filter->name, &n);
	work_copy(e->w, c);
}

/* Those of a list with commas between that are addresses. */
static bool
addresses(struct eval *e, struct str list, const struct str **v, size_t *n)
{
	struct str *all, rest = list;
	size_t most = 1;
	struct addr a;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < list.n; i++)
		most += list.p[i] == ',';
	all = arena_array(e->w->mem, most, sizeof(*all));
	*v = all;
	*n = 0;
	while (rest.n > 0) {
		struct str one = str_trim(str_cut(&rest, ','));

		if (addr_parse(&a, one, e->w->mem, &err) == ADDR_OK &&
		    a.text.n > 0)
			all[(*n)++] = a.text;
		else if (one.n > 0)
			warn(e, "no address to write to: ", one);
	}
	return *n > 0;
}

static struct str
by(struct eval *e, const char *action)
{
	struct str name = e->filter->name;

	return str_of(arena_printf(
	    e->w->mem, "%s filter '%.*s'", action, (int)name.n, name.p));
}

static void
warn(struct eval *e, const char *what, struct str of)
{
	struct str name = e->filter->name;

	work_note(e->w, WN_WARNING)->text =
	    str_of(arena_printf(e->w->mem, "filter '%.*s': %s%.*s", (int)name.n,
		name.p, what, (int)of.n, of.p));
}

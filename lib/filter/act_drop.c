/*
 * act_drop.c - actions that drop attachments (spec workqueue 2.10.3)
 *
 * In the place of each stands a text that names it. All of them are found
 * before the first one goes, so that places are those of the message as it
 * was. What inspection cannot say is not dropped, but counts as a failure.
 */
#include "filter/actions.h"
#include "filter/attachment.h"
#include "mail/edit.h"

/* Mail programs may see other parts than we do. */
#define NOT_APART                                                              \
	(MIME_NO_BOUNDARY | MIME_BOUNDARY_UNUSED | MIME_BOUNDARY_TWICE |       \
	    MIME_TOO_DEEP | MIME_TOO_MANY)

/* Is it to go? */
typedef enum truth which_fn(
    struct eval *, const struct stmt *, const struct mime_part *);

static void drop(
    struct eval *, const struct stmt *, which_fn *, size_t comment);
static bool not_apart(struct eval *, const struct mime *);
static void place_comment(struct eval *, const struct stmt *,
    const struct mime_part *, size_t comment, const bool *goes,
    struct str *texts);
static struct str text_for(struct eval *, const struct stmt *,
    const struct mime_part *, size_t comment);
static void remember(struct work *, const struct mime_part *);

#define BY(name, is)                                                           \
	static enum truth name(                                                \
	    struct eval *e, const struct stmt *s, const struct mime_part *p)   \
	{                                                                      \
		return is(e, p, &s->args.v[0]);                                \
	}
BY(by_name, attachment_named)
BY(by_type, attachment_of_type)
BY(by_mimetype, attachment_of_mimetype)
BY(by_filetype, attachment_of_filetype)
BY(by_macros, attachment_has_macros)

static enum truth
by_size(struct eval *e, const struct stmt *s, const struct mime_part *p)
{
	(void)e;
	return truth_of((int64_t)p->body.n >= s->args.v[0].number);
}

static enum truth
by_content(struct eval *e, const struct stmt *s, const struct mime_part *p)
{
	struct pattern pattern = pattern_of(&s->args.v[0]);
	uint64_t n;

	if (pattern.regex == NULL && pattern.smart == SMART_NONE &&
	    pattern.dictionary == NULL)
		return NO;
	if (content_has_parts(p))
		return NO; /* its parts are looked at */
	return content_part_score(
	    e, &pattern, p, (uint64_t)s->args.v[1].number, &n);
}

void
act_drop_name(struct eval *e, const struct stmt *s)
{
	drop(e, s, by_name, 1);
}

void
act_drop_type(struct eval *e, const struct stmt *s)
{
	drop(e, s, by_type, 1);
}

void
act_drop_filetype(struct eval *e, const struct stmt *s)
{
	drop(e, s, by_filetype, 1);
}

void
act_drop_mimetype(struct eval *e, const struct stmt *s)
{
	drop(e, s, by_mimetype, 1);
}

void
act_drop_size(struct eval *e, const struct stmt *s)
{
	drop(e, s, by_size, 1);
}

void
act_drop_contains(struct eval *e, const struct stmt *s)
{
	drop(e, s, by_content, 2);
}

void
act_drop_dictionary(struct eval *e, const struct stmt *s)
{
	drop(e, s, by_content, 2);
}

void
act_drop_macros(struct eval *e, const struct stmt *s)
{
	drop(e, s, by_macros, 1);
}

static void
drop(struct eval *e, const struct stmt *s, which_fn *which, size_t comment)
{
	const struct mime *m = mime_of(&e->w->msg, e->w->mem);
	size_t n = m->n, some = 0;
	struct str *texts = arena_array(e->w->mem, n, sizeof(*texts));
	bool *goes = arena_array(e->w->mem, n, sizeof(*goes));
	const struct mime_part *p = NULL;
	bool lacks = false;

	while ((p = content_next(e, p)) != NULL) {
		enum truth t = which(e, s, p);

		lacks |= t == LACKS;
		goes[p->index] = t == YES;
		some += t == YES;
	}
	e->lacks |= lacks;
	if (lacks || e->ended || not_apart(e, m) || some == 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (goes[i])
			place_comment(e, s, &m->parts[i], comment, goes, texts);
	/* From the end on: what goes moves nothing before it. */
	for (size_t i = n; i-- > 0;) {
		m = mime_of(&e->w->msg, e->w->mem);
		if (texts[i].p != NULL && i < m->n)
			edit_replace_part(
			    &e->w->msg, &m->parts[i], texts[i], e->w->mem);
	}
	work_note(e->w, WN_REWRITTEN)->text =
	    str_of(arena_printf(e->w->mem, "%s filter '%.*s'", s->action->name,
		(int)e->filter->name.n, e->filter->name.p));
}

/* Parts that nobody can tell apart are not told apart here either: what is to
 * become of the message, says the configuration. True: nothing more is done. */
static bool
not_apart(struct eval *e, const struct mime *m)
{
	static const enum work_end ends[] = {
		[UNPACKABLE_DELIVER] = WORK_GOES_ON,
		[UNPACKABLE_BOUNCE] = WORK_BOUNCE,
		[UNPACKABLE_DROP] = WORK_DROP,
		[UNPACKABLE_QUARANTINE] = WORK_GOES_ON,
	};
	enum on_unpackable what = e->w->origin->config->work.scan.unpackable;

	if (!(m->odd & NOT_APART))
		return false;
	eval_fails(e, FAIL_STRUCTURE);
	if (what == UNPACKABLE_QUARANTINE)
		eval_holds(e);
	if (ends[what] == WORK_GOES_ON)
		return false;
	eval_ends(e, ends[what]);
	e->final = true;
	return true;
}

/* Where the comment on this part is to stand: in its place, or, of what an
 * encoded container has, in that of the container. What is in something that
 * goes needs no words of its own. */
static void
place_comment(struct eval *e, const struct stmt *s, const struct mime_part *p,
    size_t comment, const bool *goes, struct str *texts)
{
	const struct mime_part *at = p;

	for (const struct mime_part *up = p->parent; up != NULL;
	     up = up->parent)
		if (goes[up->index] && up->role == MIME_ATTACHMENT &&
		    content_has_parts(up))
			return;
	while (at->decoded && at->parent != NULL)
		at = at->parent;
	remember(e->w, p);
	if (texts[at->index].p == NULL)
		texts[at->index] = text_for(e, s, p, comment);
}

static struct str
text_for(struct eval *e, const struct stmt *s, const struct mime_part *p,
    size_t comment)
{
	struct str text = eval_arg(e, s, comment);

	if (text.n > 0)
		return text;
	return str_of(arena_printf(e->w->mem,
	    "The attachment %.*s was removed\n"
	    "by the filter %.*s.\n",
	    (int)p->name.n, p->name.p, (int)e->filter->name.n,
	    e->filter->name.p));
}

/* $dropped_filenames, in the order of dropping. */
static void
remember(struct work *w, const struct mime_part *p)
{
	struct str *names =
	    arena_array(w->mem, w->n_dropped + 1, sizeof(*names));
	struct str *types =
	    arena_array(w->mem, w->n_dropped + 1, sizeof(*types));

	for (size_t i = 0; i < w->n_dropped; i++) {
		names[i] = w->dropped[i];
		types[i] = w->dropped_types[i];
	}
	names[w->n_dropped] = p->name;
	types[w->n_dropped] = str_of(arena_printf(w->mem, "%.*s/%.*s",
	    (int)p->type.n, p->type.p, (int)p->subtype.n, p->subtype.p));
	w->dropped = names;
	w->dropped_types = types;
	w->n_dropped++;
}

/*
 * rule_attachment.c - rules about what attachments are
 *
 * == is true when some attachment is so; != is the negation of that: no
 * attachment is (spec workqueue 2.4).
 */
#include <string.h>

#include "base/mem.h"
#include "filter/attachment.h"
#include "filter/filetype.h"
#include "filter/rules.h"

static enum truth none_seen(
    struct eval *, const struct part_fact *, unsigned needed);
static bool mimetype_is(struct str wanted, struct str type);

/* --- one attachment --- */

enum truth
attachment_named(
    struct eval *e, const struct mime_part *p, const struct value *v)
{
	const struct part_fact *f;
	enum truth t;

	if (eval_finds(e, v->regex, p->name) ||
	    (p->other_name.n > 0 && eval_finds(e, v->regex, p->other_name)))
		return YES;
	f = content_fact(e, p, &t);
	if (f == NULL)
		return t;
	for (size_t i = 0; i < f->n_members; i++)
		if (eval_finds(e, v->regex, f->members[i].name))
			return YES;
	return none_seen(e, f, NEEDED_NAMES);
}

enum truth
attachment_of_mimetype(
    struct eval *e, const struct mime_part *p, const struct value *v)
{
	struct str type = str_of(arena_printf(e->w->mem, "%.*s/%.*s",
	    (int)p->type.n, p->type.p, (int)p->subtype.n, p->subtype.p));

	eval_saw(e, type);
	return truth_of(mimetype_is(v->text, type));
}

/* As declared, or as its name suggests; members of archives by their name. */
enum truth
attachment_of_type(
    struct eval *e, const struct mime_part *p, const struct value *v)
{
	const struct part_fact *f;
	enum truth t;

	if (attachment_of_mimetype(e, p, v) == YES ||
	    mimetype_is(v->text, mime_type_of_name(p->name)) ||
	    mimetype_is(v->text, mime_type_of_name(p->other_name)))
		return YES;
	f = content_fact(e, p, &t);
	if (f == NULL)
		return t;
	for (size_t i = 0; i < f->n_members; i++)
		if (mimetype_is(v->text, mime_type_of_name(f->members[i].name)))
			return YES;
	return none_seen(e, f, NEEDED_NAMES);
}

enum truth
attachment_of_filetype(
    struct eval *e, const struct mime_part *p, const struct value *v)
{
	enum truth t;
	const struct part_fact *f = content_fact(e, p, &t);

	if (f == NULL)
		return t;
	eval_saw(e, f->filetype);
	if (filetype_matches(v->text, f->filetype))
		return YES;
	for (size_t i = 0; i < f->n_members; i++) {
		eval_saw(e, f->members[i].filetype);
		if (filetype_matches(v->text, f->members[i].filetype))
			return YES;
	}
	return none_seen(e, f, NEEDED_CONTENT);
}

enum truth
attachment_has_macros(
    struct eval *e, const struct mime_part *p, const struct value *v)
{
	static const struct {
		enum macro_type bit;
		const char *types;
	} rows[] = {
		{ MACRO_OFFICE, "doc docx xls xlsx ppt pptx" },
		{ MACRO_OLE, "ole" },
		{ MACRO_PDF, "pdf" },
	};
	enum truth t;
	const struct part_fact *f = content_fact(e, p, &t);

	if (f == NULL)
		return t;
	if (!f->macros)
		return none_seen(e, f, NEEDED_CONTENT);
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct str words = str_of(rows[i].types), word;

		if (!(v->number & rows[i].bit))
			continue;
		while ((word = str_word(&words)).n > 0)
			if (str_eq_nocase(word, f->filetype))
				return YES;
	}
	return NO;
}

/* No, unless there may be more than inspection has seen. */
static enum truth
none_seen(struct eval *e, const struct part_fact *f, unsigned needed)
{
	return content_is_lacking(e, f, needed) ? eval_unscanned(e) : NO;
}

/* Either side of the slash may be a star. */
static bool
mimetype_is(struct str wanted, struct str type)
{
	struct str wanted_type = str_cut(&wanted, '/');
	struct str own_type = str_cut(&type, '/');

	return type.n > 0 &&
	       (str_is(wanted_type, "*") ||
		   str_eq_nocase(wanted_type, own_type)) &&
	       (str_is(wanted, "*") || str_eq_nocase(wanted, type));
}

/* --- all of them --- */

/* In their order: what comes behind one that is not known yet must not decide,
 * or the answer, and what is noted on the way, would hang on what happens to be
 * known. Their facts are asked for together. */
static enum truth
with(enum truth all, enum truth t)
{
	return all == LACKS || t == NO ? all : t;
}

static enum truth
some(struct eval *e, const struct expr *x, attachment_fn *is)
{
	const struct mime_part *p = NULL;
	enum truth all = NO;

	while ((p = content_next(e, p)) != NULL && all != YES)
		all = with(all, is(e, p, &x->value));
	if (all == NO && !content_is_apart(e))
		all = eval_unscanned(e);
	return all == LACKS ? LACKS
			    : truth_of((all == YES) == (x->cmp != CMP_NE));
}

enum truth
rule_attachment_filename(struct eval *e, const struct expr *x)
{
	return some(e, x, attachment_named);
}

enum truth
rule_attachment_type(struct eval *e, const struct expr *x)
{
	return some(e, x, attachment_of_type);
}

enum truth
rule_attachment_mimetype(struct eval *e, const struct expr *x)
{
	return some(e, x, attachment_of_mimetype);
}

enum truth
rule_attachment_filetype(struct eval *e, const struct expr *x)
{
	return some(e, x, attachment_of_filetype);
}

/* Any one of them; encoded, as it stands in the message. */
enum truth
rule_attachment_size(struct eval *e, const struct expr *x)
{
	const struct mime_part *p = NULL;

	while ((p = content_next(e, p)) != NULL) {
		saw_number(e, (int64_t)p->body.n);
		if (eval_number(x, (int64_t)p->body.n, x->value.number) == YES)
			return YES;
	}
	return NO;
}

static bool
is_locked(const struct part_fact *f)
{
	bool locked = f->locked;

	for (size_t i = 0; i < f->n_members; i++)
		locked |= f->members[i].locked;
	return locked;
}

static bool
is_readable(const struct part_fact *f)
{
	bool readable = f->readable;

	for (size_t i = 0; i < f->n_members; i++)
		readable |= !f->members[i].locked;
	return readable;
}

static bool
is_corrupt(const struct part_fact *f)
{
	return f->corrupt;
}

static enum truth
some_fact(struct eval *e, bool (*is)(const struct part_fact *))
{
	const struct mime_part *p = NULL;
	enum truth all = NO;

	while ((p = content_next(e, p)) != NULL && all != YES) {
		enum truth t;
		const struct part_fact *f = content_fact(e, p, &t);

		eval_saw(e, p->name);
		all = with(all, f != NULL ? truth_of(is(f)) : t);
	}
	if (all == NO && !content_is_apart(e))
		all = eval_unscanned(e);
	return all;
}

enum truth
rule_attachment_protected(struct eval *e, const struct expr *x)
{
	(void)x;
	return some_fact(e, is_locked);
}

enum truth
rule_attachment_unprotected(struct eval *e, const struct expr *x)
{
	(void)x;
	return some_fact(e, is_readable);
}

enum truth
rule_attachment_corrupt(struct eval *e, const struct expr *x)
{
	(void)x;
	return some_fact(e, is_corrupt);
}

enum truth
rule_macros(struct eval *e, const struct expr *x)
{
	const struct mime_part *p = NULL;
	enum truth all = NO;

	while ((p = content_next(e, p)) != NULL && all != YES)
		all = with(all, attachment_has_macros(e, p, &x->args.v[0]));
	if (all == NO && !content_is_apart(e))
		all = eval_unscanned(e);
	return all;
}

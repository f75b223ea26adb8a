/*
 * eval.c - running a filter: statements, and, or, not
 */
#include "filter/eval.h"

#include "base/mem.h"
#include "filter/regex.h"
#include "filter/texts.h"

/* So often an expression may come to its limit; then its filter finds nothing
 * more. */
#define LIMITS_MAX 8

#define CHANGE_COST 6 /* of memory, in sizes of the message */

static void ask_about(struct work *, const struct msg *changed);
static void run_block(struct eval *, const struct stmt *);
static void run_if(struct eval *, const struct stmt *);
static void run_action(struct eval *, const struct stmt *);
static bool has_room(const struct work *);
static enum truth test(struct eval *, const struct expr *);
static enum truth test_not(struct eval *, const struct expr *);
static enum truth test_both(struct eval *, const struct expr *);
static enum truth test_rule(struct eval *, const struct expr *);
static void say(struct eval *, struct str text, bool result, struct str saw);

enum work_answer
filter_run(
    const struct filter *f, struct work *w, bool *final, struct needs *needs)
{
	struct work copy;
	struct eval e = { .filter = f, .w = &copy, .needs = needs };

	texts_init(w);
	copy = *w;
	*final = false;
	copy.matched = STR("");
	copy.asked = NULL;
	if (copy.explain) {
		struct work_note *n = work_note(&copy, WN_FILTER);

		n->name = f->name;
		n->where = f->where;
	}
	run_block(&e, f->body);
	w->asked = NULL;
	if (e.lacks) {
		/* what the parts are stays so */
		if (w->msg.version == copy.msg.version)
			w->msg.mime = copy.msg.mime;
		else
			ask_about(w, &copy.msg);
		return WORK_NEEDS;
	}
	eval_failed(&e);
	*final = e.final || e.ended;
	*w = copy;
	return WORK_DONE;
}

static void
ask_about(struct work *w, const struct msg *changed)
{
	struct msg *m = arena_alloc(w->mem, sizeof(*m));

	*m = *changed;
	w->asked = m;
}

static void
run_block(struct eval *e, const struct stmt *s)
{
	for (; s != NULL && !e->final && !e->lacks && !e->ended; s = s->next) {
		if (s->action != NULL)
			run_action(e, s);
		else
			run_if(e, s);
	}
}

static void
run_if(struct eval *e, const struct stmt *s)
{
	enum truth t = s->rule == NULL ? YES : test(e, s->rule);

	if (t == LACKS) {
		e->lacks = true;
		return;
	}
	if (e->ended)
		return;
	if (t == NO && s->otherwise != NULL && e->w->explain)
		work_note(e->w, WN_ELSE)->level = e->level;
	e->level++;
	run_block(e, t == YES ? s->then : s->otherwise);
	e->level--;
}

static void
run_action(struct eval *e, const struct stmt *s)
{
	const struct action_impl *a = &action_impls[s->action - filter_actions];

	if (e->w->explain) {
		struct work_note *n = work_note(e->w, WN_ACTION);

		n->text = variables_of(e->w, e->filter->name, s->text);
		n->level = e->level;
	}
	if (a->run == NULL)
		panic("the action %s cannot run", a->name);
	if (s->action->rewrites && !has_room(e->w)) {
		eval_fails(e, FAIL_CHANGES);
		return;
	}
	a->run(e, s);
	e->final |= s->action->final;
}

/* Each change makes the body anew, and what is read out of it. */
static bool
has_room(const struct work *w)
{
	const struct arena *a = w->mem;
	size_t size = w->msg.header.n + w->msg.body.n;

	return size <= a->max / CHANGE_COST &&
	       a->used <= a->max - size * CHANGE_COST;
}

static enum truth
test(struct eval *e, const struct expr *x)
{
	switch (x->kind) {
	case EXPR_TEST:
		return test_rule(e, x);
	case EXPR_NOT:
		return test_not(e, x);
	case EXPR_AND:
	case EXPR_OR:
		break;
	}
	return test_both(e, x);
}

static enum truth
test_not(struct eval *e, const struct expr *x)
{
	enum truth t = test(e, x->left);

	if (t == LACKS || e->ended)
		return t;
	say(e, STR("NOT"), t == NO, STR(""));
	return truth_of(t == NO);
}

/* The cheaper operand first; the other one only if it still matters. */
static enum truth
test_both(struct eval *e, const struct expr *x)
{
	bool and = x->kind == EXPR_AND;
	enum truth enough = and? NO : YES;
	enum truth t = test(e, x->right_first ? x->right : x->left);

	if (t == LACKS || e->ended)
		return t;
	if (t != enough)
		t = test(e, x->right_first ? x->left : x->right);
	if (t == LACKS || e->ended)
		return t;
	say(e, and? STR("AND") : STR("OR"), t == YES, STR(""));
	return t;
}

static enum truth
test_rule(struct eval *e, const struct expr *x)
{
	const struct rule_impl *r = &rule_impls[x->rule - filter_rules];
	enum truth t;

	if (r->run == NULL)
		panic("the rule %s cannot run", r->name);
	e->saw = STR("");
	t = r->run(e, x);
	if (t != LACKS && !e->ended)
		say(e, x->text, t == YES, e->saw);
	return t;
}

static void
say(struct eval *e, struct str text, bool result, struct str saw)
{
	struct work_note *n;

	if (!e->w->explain)
		return;
	n = work_note(e->w, WN_RULE);
	n->text = text;
	n->detail = saw;
	n->result = result;
	n->level = e->level;
}

/* --- for rules --- */

enum truth
eval_lacks(struct eval *e, enum fact_id id, struct str key)
{
	fact_need(e->needs, id, key);
	return LACKS;
}

enum truth
eval_number(const struct expr *x, int64_t left, int64_t right)
{
	switch (x->cmp) {
	case CMP_EQ:
		return truth_of(left == right);
	case CMP_NE:
		return truth_of(left != right);
	case CMP_LT:
		return truth_of(left < right);
	case CMP_LE:
		return truth_of(left <= right);
	case CMP_GT:
		return truth_of(left > right);
	case CMP_GE:
		return truth_of(left >= right);
	case CMP_NONE:
		break;
	}
	return truth_of(left != 0);
}

struct attempt
eval_attempt(struct eval *e, const struct expr *x)
{
	return (
	    struct attempt){ .eval = e, .test = x, .regex = x->value.regex };
}

void
eval_try(struct attempt *a, struct str text)
{
	if (!a->found)
		a->found = eval_finds(a->eval, a->regex, text);
}

enum truth
eval_tried(const struct attempt *a)
{
	return truth_of(a->found == (a->test->cmp != CMP_NE));
}

bool
eval_finds(struct eval *e, const struct regex *regex, struct str text)
{
	const struct hits *h = texts_hits(e->w, text);
	uint32_t id = regex_id(regex);
	struct str match = STR("");
	bool found = false;

	if (id == PATTERN_NONE || (h->odd && !regex_is_bytes(regex)) ||
	    hits_may(h, id))
		found = eval_search_as(
		    e, regex, text, 0, h->utf8 ? REGEX_VALID : 0, &match);
	if (e->w->explain)
		saw_text(e, text, found ? match : STR(""));
	return found;
}

bool
eval_search(struct eval *e, const struct regex *regex, struct str text,
    size_t from, struct str *match)
{
	return eval_search_as(e, regex, text, from, 0, match);
}

bool
eval_search_as(struct eval *e, const struct regex *regex, struct str text,
    size_t from, unsigned flags, struct str *match)
{
	enum regex_result r = REGEX_LIMIT;

	if (e->limits < LIMITS_MAX)
		r = regex_search(regex, text, from, flags, match);
	if (r != REGEX_LIMIT)
		return r == REGEX_YES;
	e->limits++;
	eval_fails(e, FAIL_REGEX);
	return false;
}

/* --- for actions --- */

void
eval_ends(struct eval *e, enum work_end end)
{
	struct work_note *n = work_note(e->w, WN_ENDED);
	struct str name = e->filter->name;

	e->w->end = end;
	n->name = name;
	n->text = str_of(
	    arena_printf(e->w->mem, "filter '%.*s'", (int)name.n, name.p));
}

struct str
eval_arg(struct eval *e, const struct stmt *s, size_t i)
{
	return i < s->args.n
		   ? variables_of(e->w, e->filter->name, s->args.v[i].text)
		   : STR("");
}

struct str
eval_reason(struct eval *e)
{
	struct str name = e->filter->name;

	return str_of(arena_printf(e->w->mem, "%s filter:%.*s",
	    e->filter->content ? "content" : "message", (int)name.n, name.p));
}

struct str
eval_replace(
    struct eval *e, const struct regex *regex, struct str text, struct str with)
{
	/* once, not again from each match to the end */
	unsigned flags = str_valid_utf8(text) ? REGEX_VALID : 0;
	struct buf out;
	struct str match, done;
	size_t at = 0, kept = 0;

	buf_init(&out, SIZE_MAX / 4);
	while (
	    at <= text.n && eval_search_as(e, regex, text, at, flags, &match)) {
		size_t from = (size_t)(match.p - text.p);

		buf_add(&out, text.p + kept, from - kept);
		buf_add_str(&out, with);
		kept = from + match.n;
		/* behind what is empty comes at least one character */
		at = kept + (match.n == 0);
		while (match.n == 0 && at < text.n &&
		       ((unsigned char)text.p[at] & 0xc0) == 0x80)
			at++;
	}
	if (kept == 0 && out.len == 0) {
		buf_fini(&out);
		return text;
	}
	buf_add(&out, text.p + kept, text.n - kept);
	done = arena_str(e->w->mem, buf_str(&out));
	buf_fini(&out);
	return done;
}

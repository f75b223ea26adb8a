/*
 * parse.c - source becomes a tree (spec workqueue 2.3)
 *
 * After a mistake the parser goes on with what looks like the beginning of
 * the next filter, so that a person sees more than the first one at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "filter/names.h"
#include "filter/source.h"

#define ARGS_MAX 16
#define LIST_MAX 1000

struct parser {
	struct source *source;
	struct lexer lx;
	struct token t; /* the next one */
	size_t end;     /* of the one before it */
	bool failed;    /* in this filter */
	uint32_t n_tests;
	size_t in_rule; /* tests of this rule */
	int nest;       /* parentheses and nots around */
};

static void begin(struct parser *, struct source *);
static struct filter *parse_filter(struct parser *);
static bool parse_name(struct parser *, struct filter *);
static void find_next(struct parser *);
static struct stmt *parse_if(struct parser *, int depth);
static struct stmt *parse_else(struct parser *, int depth);
static struct stmt *parse_block(struct parser *, int depth);
static struct stmt *parse_stmt(struct parser *, int depth);
static struct stmt *parse_act(struct parser *);
static struct expr *parse_or(struct parser *);
static struct expr *parse_and(struct parser *);
static struct expr *parse_not(struct parser *);
static struct expr *parse_primary(struct parser *);
static struct expr *parse_test(struct parser *);
static bool parse_args(struct parser *, struct args *);
static bool parse_value(struct parser *, struct value *);
static bool parse_list(struct parser *, struct value *);
static bool parse_pair(struct parser *, struct value *);
static void unknown(struct parser *, bool action);
static const char *near(struct str name, bool action);
static struct expr *join(struct parser *, enum expr_kind, struct spot,
    struct expr *l, struct expr *r);
static void next(struct parser *);
static bool at_sign(const struct parser *, char);
static bool take_sign(struct parser *, char, const char *wanted);
static void *expected(struct parser *, const char *wanted);

void
parse_script(struct source *src, struct filter ***v, size_t *n)
{
	struct parser p;
	struct filter **all = NULL;
	size_t count = 0, cap = 0;

	begin(&p, src);
	while (p.t.kind != TOKEN_END) {
		size_t from = p.t.from;
		struct filter *f = parse_filter(&p);

		if (p.failed && p.t.from == from)
			next(&p);
		if (p.failed)
			find_next(&p);
		else
			all = mem_room(all, &cap, count, sizeof(*all));
		if (!p.failed)
			all[count++] = f;
		src->filter = (struct str){ 0 };
	}
	*v = arena_array(src->mem, count + 1, sizeof(**v));
	if (count > 0)
		memcpy(*v, all, count * sizeof(**v));
	*n = count;
	free(all);
}

struct expr *
parse_rule(struct source *src, uint32_t *n_tests)
{
	struct parser p;
	struct expr *e;

	begin(&p, src);
	p.n_tests = *n_tests;
	e = parse_or(&p);
	*n_tests = p.n_tests;
	if (e != NULL && p.t.kind != TOKEN_END)
		return expected(&p, "\"and\", \"or\" or the end");
	return e;
}

struct stmt *
parse_action(struct source *src)
{
	struct parser p;
	struct stmt *s;

	begin(&p, src);
	if (p.t.kind != TOKEN_NAME)
		return expected(&p, "an action");
	s = parse_act(&p);
	if (s != NULL && at_sign(&p, ';'))
		next(&p);
	if (s != NULL && p.t.kind != TOKEN_END)
		return expected(&p, "the end");
	return s;
}

static void
begin(struct parser *p, struct source *src)
{
	*p = (struct parser){ .source = src };
	lex_begin(&p->lx, src);
	next(p);
}

static struct filter *
parse_filter(struct parser *p)
{
	struct filter *f = arena_alloc(p->source->mem, sizeof(*f));

	p->failed = false;
	p->n_tests = 0;
	if (!parse_name(p, f))
		return NULL;
	if (p->t.kind != TOKEN_IF)
		return expected(p, "\"if\"");
	f->body = parse_if(p, 1);
	f->to = p->end;
	f->n_tests = p->n_tests;
	f->valid = true;
	return f;
}

/* NAME : or NAME ! */
static bool
parse_name(struct parser *p, struct filter *f)
{
	if (p->t.kind < TOKEN_NAME || p->t.kind > TOKEN_NOT)
		return expected(p, "the name of a filter") != NULL;
	f->name = p->source->filter = p->t.text;
	f->spot = p->t.spot;
	f->from = p->t.from;
	if (filter_is_reserved(f->name))
		source_problem(p->source, PROBLEM_NAME, p->t.spot,
		    "%.*s is a reserved word", STR_ARG(f->name));
	if (f->name.n > FILTER_NAME_MAX) {
		source_expected(p->source, p->t.spot,
		    "a name of at most 79 characters", "one of %zu", f->name.n);
		p->source->filter.n = FILTER_NAME_MAX;
	}
	next(p);
	f->mark = p->t.from;
	f->active = at_sign(p, ':');
	if (!f->active && !at_sign(p, '!'))
		return expected(p, "\":\" or \"!\" after the name of a "
				   "filter") != NULL;
	next(p);
	return true;
}

/* Skips to something like "name: if". */
static void
find_next(struct parser *p)
{
	p->lx.quiet = true;
	while (p->t.kind != TOKEN_END) {
		struct lexer here = p->lx;
		struct token name = p->t;

		next(p);
		if (name.kind != TOKEN_NAME ||
		    (!at_sign(p, ':') && !at_sign(p, '!')))
			continue;
		next(p);
		if (p->t.kind != TOKEN_IF)
			continue;
		p->lx = here;
		p->t = name;
		break;
	}
	p->lx.quiet = false;
}

/* The next token is the "if". */
static struct stmt *
parse_if(struct parser *p, int depth)
{
	struct stmt *s = arena_alloc(p->source->mem, sizeof(*s));

	s->spot = p->t.spot;
	if (depth > FILTER_NEST_MAX) {
		source_expected(p->source, s->spot,
		    "at most 64 ifs in each other", "one more");
		p->failed = true;
		return NULL;
	}
	next(p);
	p->in_rule = 0;
	s->rule = parse_or(p);
	if (s->rule == NULL || !take_sign(p, '{', "\"and\", \"or\" or \"{\""))
		return NULL;
	s->then = parse_block(p, depth);
	if (s->then == NULL)
		return NULL;
	if (p->t.kind != TOKEN_ELSE)
		return s;
	next(p);
	s->otherwise = parse_else(p, depth);
	return s->otherwise != NULL ? s : NULL;
}

static struct stmt *
parse_else(struct parser *p, int depth)
{
	if (p->t.kind == TOKEN_IF)
		return parse_if(p, depth + 1);
	if (!take_sign(p, '{', "\"{\" or \"if\""))
		return NULL;
	return parse_block(p, depth);
}

/* After the brace: statements up to the other one. */
static struct stmt *
parse_block(struct parser *p, int depth)
{
	struct stmt *first = NULL, **end = &first;

	for (;;) {
		while (at_sign(p, ';'))
			next(p);
		if (at_sign(p, '}') && first != NULL)
			break;
		*end = parse_stmt(p, depth);
		if (*end == NULL)
			return NULL;
		end = &(*end)->next;
	}
	next(p);
	return first;
}

static struct stmt *
parse_stmt(struct parser *p, int depth)
{
	struct stmt *s;

	if (p->t.kind == TOKEN_IF)
		return parse_if(p, depth + 1);
	if (p->t.kind != TOKEN_NAME)
		return expected(
		    p, at_sign(p, '}') ? "an action" : "an action or \"}\"");
	s = parse_act(p);
	if (s == NULL)
		return NULL;
	if (!at_sign(p, ';') && !at_sign(p, '}'))
		return expected(p, "\";\" or \"}\"");
	return s;
}

static struct stmt *
parse_act(struct parser *p)
{
	struct stmt *s = arena_alloc(p->source->mem, sizeof(*s));

	s->spot = p->t.spot;
	s->action = action_find(p->t.text);
	if (s->action == NULL)
		unknown(p, true);
	next(p);
	return parse_args(p, &s->args) ? s : NULL;
}

static struct expr *
parse_or(struct parser *p)
{
	struct expr *e = parse_and(p);

	while (e != NULL && p->t.kind == TOKEN_OR) {
		struct spot spot = p->t.spot;

		next(p);
		e = join(p, EXPR_OR, spot, e, parse_and(p));
	}
	return e;
}

static struct expr *
parse_and(struct parser *p)
{
	struct expr *e = parse_not(p);

	while (e != NULL && p->t.kind == TOKEN_AND) {
		struct spot spot = p->t.spot;

		next(p);
		e = join(p, EXPR_AND, spot, e, parse_not(p));
	}
	return e;
}

static struct expr *
parse_not(struct parser *p)
{
	struct spot spot = p->t.spot;
	struct expr *e;

	if (p->t.kind != TOKEN_NOT && !at_sign(p, '('))
		return parse_primary(p);
	if (p->nest == FILTER_NEST_MAX) {
		source_expected(p->source, spot,
		    "at most 64 parentheses and nots around each other",
		    "one more");
		p->failed = true;
		return NULL;
	}
	p->nest++;
	if (p->t.kind == TOKEN_NOT) {
		next(p);
		e = parse_not(p);
		e = e != NULL ? join(p, EXPR_NOT, spot, e, e) : NULL;
	} else {
		e = parse_primary(p);
	}
	p->nest--;
	return e;
}

static struct expr *
parse_primary(struct parser *p)
{
	struct expr *e;

	if (!at_sign(p, '('))
		return parse_test(p);
	next(p);
	e = parse_or(p);
	if (e == NULL || !take_sign(p, ')', "\"and\", \"or\" or \")\""))
		return NULL;
	return e;
}

static struct expr *
parse_test(struct parser *p)
{
	struct expr *e = arena_alloc(p->source->mem, sizeof(*e));

	if (p->t.kind != TOKEN_NAME)
		return expected(p, "a rule");
	e->spot = p->t.spot;
	e->id = p->n_tests++;
	e->rule = rule_find(p->t.text);
	if (e->rule == NULL)
		unknown(p, false);
	if (++p->in_rule > FILTER_TEST_MAX) {
		source_expected(p->source, e->spot,
		    "at most 1000 tests in a rule", "one more");
		p->failed = true;
		return NULL;
	}
	next(p);
	if (!parse_args(p, &e->args))
		return NULL;
	if (p->t.kind != TOKEN_CMP)
		return e;
	e->cmp = p->t.cmp;
	e->cmp_spot = p->t.spot;
	next(p);
	if (p->t.kind != TOKEN_STRING && p->t.kind != TOKEN_NUMBER)
		return expected(p, "a string or a number to compare with");
	return parse_value(p, &e->value) ? e : NULL;
}

/* None, or in parentheses. */
static bool
parse_args(struct parser *p, struct args *args)
{
	struct value v[ARGS_MAX];
	size_t n = 0;

	if (!at_sign(p, '('))
		return true;
	next(p);
	while (!at_sign(p, ')')) {
		if (n == ARGS_MAX)
			return expected(p, "at most 16 arguments") != NULL;
		if (!parse_value(p, &v[n]) || !parse_pair(p, &v[n]))
			return false;
		n++;
		if (at_sign(p, ')'))
			break;
		if (!take_sign(p, ',', "\",\" or \")\""))
			return false;
		if (at_sign(p, ')'))
			return expected(p, "an argument") != NULL;
	}
	next(p);
	args->v = arena_array(p->source->mem, n + 1, sizeof(*args->v));
	memcpy(args->v, v, n * sizeof(*v));
	args->n = n;
	return true;
}

static bool
parse_value(struct parser *p, struct value *v)
{
	*v = (struct value){ .spot = p->t.spot, .text = p->t.text };
	if (at_sign(p, '['))
		return parse_list(p, v);
	if (p->t.kind != TOKEN_STRING && p->t.kind != TOKEN_NUMBER)
		return expected(p, "a string, a number or a list") != NULL;
	v->kind = p->t.kind == TOKEN_STRING ? VALUE_STRING : VALUE_NUMBER;
	next(p);
	return true;
}

/* ["a", "b"] */
static bool
parse_list(struct parser *p, struct value *v)
{
	struct str *list = NULL;
	size_t cap = 0, n = 0;
	bool ok = false;

	v->kind = VALUE_LIST;
	do {
		next(p);
		if (p->t.kind != TOKEN_STRING || n == LIST_MAX) {
			expected(p, n == LIST_MAX ? "at most 1000 strings"
						  : "a string");
			break;
		}
		list = mem_room(list, &cap, n, sizeof(*list));
		list[n++] = p->t.text;
		next(p);
		ok = at_sign(p, ']');
	} while (at_sign(p, ','));
	if (!ok && !p->failed)
		expected(p, "\",\" or \"]\"");
	if (ok) {
		struct str *copy =
		    arena_array(p->source->mem, n, sizeof(*copy));

		memcpy(copy, list, n * sizeof(*copy));
		v->list = copy;
		v->n_list = n;
		next(p);
	}
	free(list);
	return ok;
}

/* "issuer" == "CN=...": may stand in the place of an argument. */
static bool
parse_pair(struct parser *p, struct value *v)
{
	if (p->t.kind != TOKEN_CMP || v->kind != VALUE_STRING)
		return true;
	v->cmp = (uint8_t)p->t.cmp;
	next(p);
	if (p->t.kind != TOKEN_STRING)
		return expected(p, "a string") != NULL;
	v->right = p->t.text;
	next(p);
	return true;
}

static void
unknown(struct parser *p, bool action)
{
	const char *best = near(p->t.text, action);
	const char *is = NULL;
	char shown[120];

	lex_describe(&p->t, shown);
	if (action && rule_find(p->t.text) != NULL)
		is = "a rule";
	else if (!action && action_find(p->t.text) != NULL)
		is = "an action";
	if (is != NULL)
		source_expected(p->source, p->t.spot,
		    action ? "an action" : "a rule", "%s, which is %s", shown,
		    is);
	else
		source_expected(p->source, p->t.spot,
		    action ? "an action" : "a rule", "%s%s%s%s", shown,
		    best != NULL ? "; did you mean " : "",
		    best != NULL ? best : "", best != NULL ? "?" : "");
}

/* NULL: nothing is. */
static const char *
near(struct str name, bool action)
{
	size_t n = action ? n_filter_actions : n_filter_rules;
	size_t least = name.n / 3 + 1;
	const char *best = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *one =
		    action ? filter_actions[i].name : filter_rules[i].name;
		size_t d = name_distance(name, one);

		if (d < least) {
			least = d;
			best = one;
		}
	}
	return best;
}

/* Of not, both are the same. */
static struct expr *
join(struct parser *p, enum expr_kind kind, struct spot spot, struct expr *l,
    struct expr *r)
{
	struct expr *e;

	if (r == NULL)
		return NULL;
	e = arena_alloc(p->source->mem, sizeof(*e));
	e->kind = kind;
	e->spot = spot;
	e->left = l;
	e->right = kind == EXPR_NOT ? NULL : r;
	return e;
}

static void
next(struct parser *p)
{
	p->end = p->t.to;
	lex_next(&p->lx, &p->t);
}

static bool
at_sign(const struct parser *p, char c)
{
	return p->t.kind == TOKEN_SIGN && p->t.c == c;
}

static bool
take_sign(struct parser *p, char c, const char *wanted)
{
	if (!at_sign(p, c))
		return expected(p, wanted) != NULL;
	next(p);
	return true;
}

/* Always NULL; what the lexer reported is not reported again. */
static void *
expected(struct parser *p, const char *wanted)
{
	char shown[120];

	p->failed = true;
	if (p->t.kind != TOKEN_BAD)
		source_expected(p->source, p->t.spot, wanted, "%s",
		    lex_describe(&p->t, shown));
	return NULL;
}

/*
 * parse_rule.c - rules, their arguments, and the steps of the parser
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "filter/names.h"
#include "filter/parser.h"

#define ARGS_MAX 16
#define LIST_MAX 1000

static struct expr *parse_and(struct parser *);
static struct expr *parse_not(struct parser *);
static struct expr *parse_primary(struct parser *);
static struct expr *parse_test(struct parser *);
static bool parse_value(struct parser *, struct value *);
static bool parse_list(struct parser *, struct value *);
static bool parse_pair(struct parser *, struct value *);
static struct expr *join(struct parser *, enum expr_kind, struct spot,
    struct expr *l, struct expr *r);
static const char *near(struct str name, bool action);

struct expr *
parse_rule(struct source *src, uint32_t *n_tests)
{
	struct parser p;
	struct expr *e;

	parser_begin(&p, src);
	p.n_tests = *n_tests;
	e = parse_or(&p);
	*n_tests = p.n_tests;
	if (e != NULL && p.t.kind != TOKEN_END)
		return parser_expected(&p, "\"and\", \"or\" or the end");
	return e;
}

struct expr *
parse_or(struct parser *p)
{
	struct expr *e = parse_and(p);

	while (e != NULL && p->t.kind == TOKEN_OR) {
		struct spot spot = p->t.spot;

		parser_next(p);
		e = join(p, EXPR_OR, spot, e, parse_and(p));
	}
	return e;
}

bool
parse_args(struct parser *p, struct args *args)
{
	struct value v[ARGS_MAX];
	size_t n = 0;

	if (!parser_at(p, '('))
		return true;
	parser_next(p);
	while (!parser_at(p, ')')) {
		if (n == ARGS_MAX)
			return parser_expected(p, "at most 16 arguments") !=
			       NULL;
		if (!parse_value(p, &v[n]) || !parse_pair(p, &v[n]))
			return false;
		n++;
		if (parser_at(p, ')'))
			break;
		if (!parser_take(p, ',', "\",\" or \")\""))
			return false;
		if (parser_at(p, ')'))
			return parser_expected(p, "an argument") != NULL;
	}
	parser_next(p);
	args->v = arena_array(p->source->mem, n + 1, sizeof(*args->v));
	memcpy(args->v, v, n * sizeof(*v));
	args->n = n;
	return true;
}

void
parser_begin(struct parser *p, struct source *src)
{
	*p = (struct parser){ .source = src };
	lex_begin(&p->lx, src);
	parser_next(p);
}

void
parser_next(struct parser *p)
{
	p->end = p->t.to;
	lex_next(&p->lx, &p->t);
}

bool
parser_at(const struct parser *p, char c)
{
	return p->t.kind == TOKEN_SIGN && p->t.c == c;
}

bool
parser_take(struct parser *p, char c, const char *wanted)
{
	if (!parser_at(p, c))
		return parser_expected(p, wanted) != NULL;
	parser_next(p);
	return true;
}

void *
parser_expected(struct parser *p, const char *wanted)
{
	char shown[120];

	p->failed = true;
	if (p->t.kind != TOKEN_BAD)
		source_expected(p->source, p->t.spot, wanted, "%s",
		    lex_describe(&p->t, shown));
	return NULL;
}

void
parser_unknown(struct parser *p, bool action)
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

static struct expr *
parse_and(struct parser *p)
{
	struct expr *e = parse_not(p);

	while (e != NULL && p->t.kind == TOKEN_AND) {
		struct spot spot = p->t.spot;

		parser_next(p);
		e = join(p, EXPR_AND, spot, e, parse_not(p));
	}
	return e;
}

static struct expr *
parse_not(struct parser *p)
{
	struct spot spot = p->t.spot;
	struct expr *e;

	if (p->t.kind != TOKEN_NOT && !parser_at(p, '('))
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
		parser_next(p);
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

	if (!parser_at(p, '('))
		return parse_test(p);
	parser_next(p);
	e = parse_or(p);
	if (e == NULL || !parser_take(p, ')', "\"and\", \"or\" or \")\""))
		return NULL;
	return e;
}

static struct expr *
parse_test(struct parser *p)
{
	struct expr *e = arena_alloc(p->source->mem, sizeof(*e));

	if (p->t.kind != TOKEN_NAME)
		return parser_expected(p, "a rule");
	e->spot = p->t.spot;
	e->id = p->n_tests++;
	e->rule = rule_find(p->t.text);
	if (e->rule == NULL)
		parser_unknown(p, false);
	if (++p->in_rule > FILTER_TEST_MAX) {
		source_expected(p->source, e->spot,
		    "at most 1000 tests in a rule", "one more");
		p->failed = true;
		return NULL;
	}
	parser_next(p);
	if (!parse_args(p, &e->args))
		return NULL;
	if (p->t.kind != TOKEN_CMP)
		return e;
	e->cmp = p->t.cmp;
	e->cmp_spot = p->t.spot;
	parser_next(p);
	if (p->t.kind != TOKEN_STRING && p->t.kind != TOKEN_NUMBER)
		return parser_expected(
		    p, "a string or a number to compare with");
	return parse_value(p, &e->value) ? e : NULL;
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

static bool
parse_value(struct parser *p, struct value *v)
{
	*v = (struct value){ .spot = p->t.spot, .text = p->t.text };
	if (parser_at(p, '['))
		return parse_list(p, v);
	if (p->t.kind != TOKEN_STRING && p->t.kind != TOKEN_NUMBER)
		return parser_expected(p, "a string, a number or a list") !=
		       NULL;
	v->kind = p->t.kind == TOKEN_STRING ? VALUE_STRING : VALUE_NUMBER;
	parser_next(p);
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
		parser_next(p);
		if (p->t.kind != TOKEN_STRING || n == LIST_MAX) {
			parser_expected(p, n == LIST_MAX
					       ? "at most 1000 strings"
					       : "a string");
			break;
		}
		list = mem_room(list, &cap, n, sizeof(*list));
		list[n++] = p->t.text;
		parser_next(p);
		ok = parser_at(p, ']');
	} while (parser_at(p, ','));
	if (!ok && !p->failed)
		parser_expected(p, "\",\" or \"]\"");
	if (ok) {
		struct str *copy =
		    arena_array(p->source->mem, n, sizeof(*copy));

		memcpy(copy, list, n * sizeof(*copy));
		v->list = copy;
		v->n_list = n;
		parser_next(p);
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
	parser_next(p);
	if (p->t.kind != TOKEN_STRING)
		return parser_expected(p, "a string") != NULL;
	v->right = p->t.text;
	parser_next(p);
	return true;
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

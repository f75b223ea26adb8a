/*
 * parse.c - source becomes a tree (spec workqueue 2.3)
 *
 * After a mistake the parser goes on with what looks like the beginning of
 * the next filter, so that a person sees more than the first one at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "filter/parser.h"

static struct filter *parse_filter(struct parser *);
static bool parse_name(struct parser *, struct filter *);
static void find_next(struct parser *);
static struct stmt *parse_if(struct parser *, int depth);
static struct stmt *parse_else(struct parser *, int depth);
static struct stmt *parse_block(struct parser *, int depth);
static struct stmt *parse_stmt(struct parser *, int depth);
static struct stmt *parse_act(struct parser *);

void
parse_script(struct source *src, struct filter ***v, size_t *n)
{
	struct parser p;
	struct filter **all = NULL;
	size_t count = 0, cap = 0;

	parser_begin(&p, src);
	while (p.t.kind != TOKEN_END) {
		size_t from = p.t.from;
		struct filter *f = parse_filter(&p);

		if (p.failed && p.t.from == from)
			parser_next(&p);
		if (p.failed) {
			find_next(&p);
		} else {
			all = mem_room(all, &cap, count, sizeof(*all));
			all[count++] = f;
		}
		src->filter = (struct str){ 0 };
	}
	*v = arena_array(src->mem, count + 1, sizeof(**v));
	if (count > 0)
		memcpy(*v, all, count * sizeof(**v));
	*n = count;
	free(all);
}

struct stmt *
parse_action(struct source *src)
{
	struct parser p;
	struct stmt *s;

	parser_begin(&p, src);
	if (p.t.kind != TOKEN_NAME)
		return parser_expected(&p, "an action");
	s = parse_act(&p);
	if (s != NULL && parser_at(&p, ';'))
		parser_next(&p);
	if (s != NULL && p.t.kind != TOKEN_END)
		return parser_expected(&p, "the end");
	return s;
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
		return parser_expected(p, "\"if\"");
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
		return parser_expected(p, "the name of a filter") != NULL;
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
	parser_next(p);
	f->mark = p->t.from;
	f->active = parser_at(p, ':');
	if (!f->active && !parser_at(p, '!'))
		return parser_expected(p, "\":\" or \"!\" after the name of a "
					  "filter") != NULL;
	parser_next(p);
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

		parser_next(p);
		if (name.kind != TOKEN_NAME ||
		    (!parser_at(p, ':') && !parser_at(p, '!')))
			continue;
		parser_next(p);
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
	parser_next(p);
	p->in_rule = 0;
	s->rule = parse_or(p);
	if (s->rule == NULL || !parser_take(p, '{', "\"and\", \"or\" or \"{\""))
		return NULL;
	s->then = parse_block(p, depth);
	if (s->then == NULL)
		return NULL;
	if (p->t.kind != TOKEN_ELSE)
		return s;
	parser_next(p);
	s->otherwise = parse_else(p, depth);
	return s->otherwise != NULL ? s : NULL;
}

static struct stmt *
parse_else(struct parser *p, int depth)
{
	if (p->t.kind == TOKEN_IF)
		return parse_if(p, depth + 1);
	if (!parser_take(p, '{', "\"{\" or \"if\""))
		return NULL;
	return parse_block(p, depth);
}

/* After the brace: statements up to the other one. */
static struct stmt *
parse_block(struct parser *p, int depth)
{
	struct stmt *first = NULL, **end = &first;

	for (;;) {
		while (parser_at(p, ';'))
			parser_next(p);
		if (parser_at(p, '}') && first != NULL)
			break;
		*end = parse_stmt(p, depth);
		if (*end == NULL)
			return NULL;
		end = &(*end)->next;
	}
	parser_next(p);
	return first;
}

static struct stmt *
parse_stmt(struct parser *p, int depth)
{
	struct stmt *s;

	if (p->t.kind == TOKEN_IF)
		return parse_if(p, depth + 1);
	if (p->t.kind != TOKEN_NAME)
		return parser_expected(
		    p, parser_at(p, '}') ? "an action" : "an action or \"}\"");
	s = parse_act(p);
	if (s == NULL)
		return NULL;
	if (!parser_at(p, ';') && !parser_at(p, '}'))
		return parser_expected(p, "\";\" or \"}\"");
	return s;
}

static struct stmt *
parse_act(struct parser *p)
{
	struct stmt *s = arena_alloc(p->source->mem, sizeof(*s));

	s->spot = p->t.spot;
	s->action = action_find(p->t.text);
	if (s->action == NULL)
		parser_unknown(p, true);
	parser_next(p);
	return parse_args(p, &s->args) ? s : NULL;
}

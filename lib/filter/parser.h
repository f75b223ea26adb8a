/*
 * parser.h - inside of the parser: its state, and the steps that its files
 * share
 *
 * parse.c has filters and statements, parse_rule.c rules and arguments.
 */
#ifndef FILTER_PARSER_H
#define FILTER_PARSER_H

#include "filter/source.h"

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

void parser_begin(struct parser *, struct source *);
void parser_next(struct parser *);
bool parser_at(const struct parser *, char sign);
/* That sign, which is skipped; false: it is not there. */
bool parser_take(struct parser *, char sign, const char *wanted);
/* Always NULL; what the lexer reported is not reported again. */
void *parser_expected(struct parser *, const char *wanted);
/* The next token is no name of a rule, or of an action. */
void parser_unknown(struct parser *, bool action);

/* NULL: it failed. */
struct expr *parse_or(struct parser *);
/* None, or in parentheses. */
bool parse_args(struct parser *, struct args *);

#endif

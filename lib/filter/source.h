/*
 * source.h - inside of the language: what lexer, parser and check share
 *
 * Used by those files of lib/filter only.
 */
#ifndef FILTER_SOURCE_H
#define FILTER_SOURCE_H

#include "filter/ast.h"
#include "filter/filter.h"

/* A text that is parsed, and what is found to be wrong with it. */
struct source {
	struct str text;
	struct arena *mem; /* for the tree */
	struct filter_problems *problems;
	struct arena *problems_mem;
	struct str filter;  /* the one that is parsed or checked */
	struct where where; /* of a content filter; else no file */
	struct str part;    /* "condition 2" of it; else empty */
};

/* An expression that was compiled (filter/prefilter.h): struct filters frees
 * it. */
struct filter_regex {
	struct filter_regex *next;
	struct regex *regex;
	bool term;                  /* of a dictionary */
	const struct str *literals; /* filter/literals.h; none: not known */
	size_t n_literals;
};

/* "==" */
const char *source_cmp(enum cmp);
/* Notes a problem at a place; text as for its kind. */
void source_problem(struct source *, enum filter_problem_kind, struct spot,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* "expected WANTED, found SHOWN" */
void source_expected(struct source *, struct spot, const char *wanted,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* For messages: in quotes, escaped, cut. */
const char *source_quote(char out[100], struct str);

/* --- lexer --- */

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_IF,
	TOKEN_ELSE,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_STRING, /* text: without quotes and escapes */
	TOKEN_NUMBER, /* text: as typed, without + and leading zeros */
	TOKEN_CMP,
	TOKEN_SIGN, /* c: one of : ! ( ) { } [ ] , ; */
	TOKEN_BAD   /* was reported */
};
struct token {
	enum token_kind kind;
	struct spot spot;
	size_t from, to; /* bytes of the source */
	struct str text;
	enum cmp cmp;
	char c;
};
struct lexer {
	struct source *source;
	size_t at;
	int line;
	size_t line_start; /* where it begins */
	/* columns are counted from here: a long line only once */
	size_t counted;
	int column;
	bool quiet; /* report nothing: looking ahead, or skipping */
};
void lex_begin(struct lexer *, struct source *);
void lex_next(struct lexer *, struct token *);
/* "the string "abc"", "the end of the text": for messages. */
const char *lex_describe(const struct token *, char out[120]);

/* --- parser --- */

/* A script: the filters in order, with what could be parsed. */
void parse_script(struct source *, struct filter ***v, size_t *n);
/* Parts of content filters; NULL with problems. */
struct expr *parse_rule(struct source *, uint32_t *n_tests);
struct stmt *parse_action(struct source *);

/* --- order --- */

/* Costs, and which operand runs first. */
void order_expr(struct expr *);

#endif

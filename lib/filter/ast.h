/*
 * ast.h - a filter as a tree, and the tables of rules and actions
 *
 *	filter	name, and an if
 *	stmt	an if with its blocks, or an action
 *	expr	and, or, not of tests
 *	test	a rule with arguments, and what it is compared with
 *
 * The parser makes the tree, the check fills in what names and patterns stand
 * for; from then on nobody changes it. Everything lives in one arena, except
 * expressions (filter/regex.h), which struct filters owns.
 *
 * Rules and actions are declared once, in rules.c and actions.c: the check,
 * the manual, and those who run them go by these tables. What an argument of
 * each type has after the check is said at enum arg_type.
 */
#ifndef FILTER_AST_H
#define FILTER_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/str.h"
#include "config/work.h"

struct regex;

#define FILTER_NAME_MAX 79
#define FILTER_NEST_MAX 64   /* ifs in ifs; parentheses and nots */
#define FILTER_TEST_MAX 1000 /* of one rule: how deep its tree can be */

struct spot {
	int line, column; /* from 1; columns are characters */
};

/* --- values: arguments, and right sides of comparisons --- */

/*
 * What may stand there, and what the check makes of it. Every value keeps
 * `text` without its quotes and escapes. Those with (V) have action variables
 * (2.11), which stand in text as typed.
 */
enum arg_type {
	ARG_NONE,
	ARG_ANY,         /* of what this version has not: anything, 0 to n */
	ARG_NUMBER,      /* number, within min..max of the definition */
	ARG_DECIMAL,     /* number: thousandths, within min..max */
	ARG_TEXT,        /* (V) */
	ARG_REGEX,       /* regex */
	ARG_REGEX_CI,    /* regex, which ignores case */
	ARG_REGEX_BYTES, /* regex, of bytes */
	ARG_SCAN,        /* regex; or smart, and regex is NULL */
	ARG_DICTIONARY,  /* dictionary; NULL: it is gone, nothing matches */
	ARG_HEADER,      /* name of a header field */
	ARG_WORD,        /* number: index in words of the definition */
	ARG_SIEVE,       /* one character */
	ARG_ZONE,        /* a domain */
	ARG_TYPES,       /* a list: number: bits of enum macro_type */
	ARG_QUARANTINE,
	ARG_DISCLAIMER, /* resource */
	ARG_TEMPLATE,   /* resource; NULL: the built-in one */
	ARG_PROFILE,    /* of bounces */
	ARG_SOURCE,     /* an interface or a group of them */
	ARG_LOG,        /* of archive() */
	ARG_TAG,
	ARG_ADDRESS, /* (V) mail addresses, with commas between; max 1: one */
	ARG_SENDER,  /* (V) one, or empty: null sender */
	ARG_HOST,    /* (V) a name, an address, [address] */
	/* right sides only: */
	ARG_LISTENER,  /* regex; if it is a plain name, that must exist */
	ARG_INTERFACE, /* likewise */
	ARG_RANGE,     /* range */
	ARG_TIME,      /* number: s since 1970 of a clock that shows that */
	ARG_MIMETYPE,  /* "text/html": either side may be a star */
	ARG_FILETYPE,  /* of 2.8.2: see filter/filetype.h */
	ARG_GROUP,     /* of LDAP */
	ARG_IP,        /* text of an address */
	ARG_STATUSES   /* number: bits 1 << n of the words that it names */
};
enum macro_type { MACRO_OFFICE = 1, MACRO_OLE = 2, MACRO_PDF = 4 };

enum value_kind { VALUE_STRING, VALUE_NUMBER, VALUE_LIST };
struct value {
	enum value_kind kind;
	struct spot spot;
	struct str text;        /* of a number: as typed */
	const struct str *list; /* VALUE_LIST */
	size_t n_list;
	int64_t number;
	const struct regex *regex;
	enum smart_id smart;
	struct ip_range range;
	const struct dictionary *dictionary;
	const struct text_resource *resource;
	/* signed-certificate("issuer" == "..."): what follows the string */
	uint8_t cmp; /* enum cmp */
	struct str right;
};

enum cmp { CMP_NONE, CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE };

/* --- tables --- */

struct arg_def {
	enum arg_type type;
	const char *name; /* "name", "regex": for messages, the manual */
	bool optional;
	/* Optional, and yet always there after the check: 1 when it was not
	 * given. It may be left out before a string. */
	bool threshold;
	int64_t min, max;
	const char *const *words; /* NULL at the end; any case */
};
#define FILTER_ARGS 5

/* With what a rule may be compared. */
enum rule_ops { OPS_NONE, OPS_EQUAL /* == and != */, OPS_ORDER /* all six */ };
struct rule_def {
	const char *name, *alias; /* lower case, with hyphens; alias or NULL */
	struct arg_def args[FILTER_ARGS]; /* up to ARG_NONE */
	enum rule_ops ops;
	struct arg_def right; /* of a comparison; ARG_NONE: not compared */
	bool alone;           /* may also stand without comparison */
	uint8_t cost;         /* class 0..9 (2.9) */
	unsigned wants;       /* FILTER_HEADER, FILTER_BODY (filter.h) */
	bool scan;            /* obeys scanconfig (2.12) */
	const char *missing;  /* what this version has not; or NULL */
	const char *help;     /* for the manual: a sentence */
};
struct action_def {
	const char *name;
	struct arg_def args[FILTER_ARGS];
	bool final;          /* nothing after it runs */
	bool rewrites;       /* it makes the body anew */
	unsigned wants;      /* as of rules */
	const char *missing; /* likewise */
	const char *help;
};
extern const struct rule_def filter_rules[]; /* in the order of 2.8 */
extern const size_t n_filter_rules;
extern const struct action_def filter_actions[]; /* ... of 2.10 */
extern const size_t n_filter_actions;
/* By name or alias, in any case, with _ for -; NULL: none. */
const struct rule_def *rule_find(struct str name);
const struct action_def *action_find(struct str name);
/* Weight of a class of cost. */
uint64_t rule_weight(const struct rule_def *);

/* --- the tree --- */

struct args {
	struct value *v;
	size_t n; /* may be less than the definition has */
};

enum expr_kind { EXPR_TEST, EXPR_NOT, EXPR_AND, EXPR_OR };
struct expr {
	enum expr_kind kind;
	struct spot spot;
	struct expr *left, *right; /* of not: left */
	/* and, or: which operand runs first, being the cheaper (2.9) */
	bool right_first;
	bool last; /* header-repeats is in it */
	uint64_t cost;
	/* of a test */
	const struct rule_def *rule;
	uint32_t id; /* of the tests of a filter: 0, 1, ... as written */
	struct args args;
	enum cmp cmp; /* CMP_NONE: not compared */
	struct spot cmp_spot;
	struct value value; /* right side */
	struct str text;    /* as the canonical form has it */
};

struct stmt {
	struct stmt *next;
	struct spot spot;
	/* an action; NULL: an if */
	const struct action_def *action;
	struct args args;
	struct str text; /* of an action: canonical, without ";" */
	/* an if */
	struct expr *rule;             /* NULL: always (a content filter) */
	struct stmt *then, *otherwise; /* otherwise NULL: no else */
};

struct filter {
	struct str name;
	struct spot spot;
	bool active, valid;
	struct str why;     /* not valid */
	struct where where; /* in the configuration */
	bool content;       /* a content filter */
	struct stmt *body;  /* an if */
	uint32_t n_tests;
	unsigned wants;
	/* in the source, for those who edit it: bytes of name..last brace, and
	 * of the ":" or "!" */
	size_t from, to, mark;
};

/* --- canonical form (print.c) --- */

struct arena;
struct buf;
/* "not (a and b)": with parentheses only where they are needed. */
void print_expr(struct buf *, const struct expr *);
/* "rcpt-count > 50", "drop()": into the arena. */
struct str print_text(const struct expr *, struct arena *);
struct str print_action(const struct stmt *, struct arena *);
/* The whole, ends with a line end. */
void print_filter(struct buf *, const struct filter *);

#endif

/*
 * eval.h - running a filter: what the files that do so share
 *
 * A filter runs on a copy of the message's state (filter/work.h). A rule that
 * lacks a fact notes it and answers LACKS; then the copy is forgotten, and
 * the filter runs again from its beginning once the fact is there.
 *
 *	eval.c		statements, and, or, not
 *	saw.c		what rules looked at
 *	rule_*.c	one file for what rules look at
 *	act_*.c		one file for what actions change
 *	fields.c	the text of headers
 *	content.h	the text of parts, and what scanning finds in it
 *	failure.c	what could not be scanned, and what then
 *	variables.c	action variables
 */
#ifndef FILTER_EVAL_H
#define FILTER_EVAL_H

#include "filter/ast.h"
#include "filter/filter.h"

enum truth { NO, YES, LACKS };

struct eval {
	const struct filter *filter;
	struct work *w; /* the copy */
	struct needs *needs;
	uint8_t level;   /* of nested ifs */
	bool final;      /* a final action ran */
	bool lacks;      /* an action, too, may lack a fact */
	uint32_t failed; /* bits of enum failure: said once each */
	uint32_t limits; /* how often an expression came to its own */
	bool ended;      /* by a failure: nothing more of it runs */
	struct str saw;  /* with explain: what the rule looked at, quoted */
};

/* --- rules: by the place of their definition in filter_rules --- */

typedef enum truth rule_fn(struct eval *, const struct expr *);
struct rule_impl {
	const char *name; /* as filter_rules has it: a test compares */
	rule_fn *run;     /* NULL: this version has it not */
};
extern const struct rule_impl rule_impls[];
extern const size_t n_rule_impls;

/* "Lacks this fact": return eval_lacks(e, FACT_SPF, key). */
enum truth eval_lacks(struct eval *, enum fact_id, struct str key);
static inline enum truth
truth_of(bool yes)
{
	return yes ? YES : NO;
}
/* The comparison of a number, by any of the six. */
enum truth eval_number(const struct expr *, int64_t left, int64_t right);

/*
 * Rules that try a pattern on texts: the right side's, or that of an
 * argument. eval_try() looks at one text; the answer of the rule is
 * eval_tried(): == is "found in one of them", != its negation.
 */
struct attempt {
	struct eval *eval;
	const struct expr *test;
	const struct regex *regex;
	bool found;
};
struct attempt eval_attempt(struct eval *, const struct expr *);
void eval_try(struct attempt *, struct str text);
enum truth eval_tried(const struct attempt *);

/* --- what a rule looked at (saw.c); costs nothing without explain --- */

/* An excerpt, with the match if there is one. */
void saw_text(struct eval *, struct str text, struct str match);
static inline void
eval_saw(struct eval *e, struct str text)
{
	if (e->w->explain)
		saw_text(e, text, (struct str){ "", 0 });
}
/* That was found in the text before. */
void saw_found(struct eval *, struct str match);
void saw_number(struct eval *, int64_t);
/* Those whose bit is set. */
void saw_words(struct eval *, const char *const *words, int64_t bits);

/* One search, within limits; a limit that is reached is a failure (2.5). */
bool eval_search(struct eval *, const struct regex *, struct str text,
    size_t from, struct str *match);
/* ... with flags of regex_search() */
bool eval_search_as(struct eval *, const struct regex *, struct str text,
    size_t from, unsigned flags, struct str *match);
/* Is it there? The text lives as long as the message, and nobody writes into
 * it: what it can contain at all is found once for all expressions. */
bool eval_finds(struct eval *, const struct regex *, struct str text);

/*
 * What could not be scanned, and what a filter fails on: the configuration
 * says what becomes of the message (2.12).
 */
enum failure {
	FAIL_SIZE,
	FAIL_DEPTH,
	FAIL_TIME,
	FAIL_CORRUPT,
	FAIL_LOCKED,    /* with a password */
	FAIL_FORMAT,    /* a document whose text nobody here can read */
	FAIL_STRUCTURE, /* parts cannot be told apart, to drop some */
	FAIL_ELSEWHERE, /* a part of a message, or an address of one */
	FAIL_FOREIGN,   /* encoded in a way that is not decoded */
	FAIL_CHANGES,   /* so many, of so large a body, have no room */
	FAIL_REGEX,     /* an expression came to its limits */
	FAILURES
};
void eval_fails(struct eval *, enum failure);
/* What the rule then says: "assume match". */
enum truth eval_unscanned(struct eval *);
/* At the end of the filter: the message may have to be held. */
void eval_failed(struct eval *);
/* It is held for what failed, in Policy. */
void eval_holds(struct eval *);

/* --- actions --- */

typedef void action_fn(struct eval *, const struct stmt *);
struct action_impl {
	const char *name;
	action_fn *run;
};
extern const struct action_impl action_impls[];
extern const size_t n_action_impls;

/* The filter ends the message: WORK_DROP, WORK_BOUNCE. */
void eval_ends(struct eval *, enum work_end);
/* The text of an argument with its variables; empty: not given. */
struct str eval_arg(struct eval *, const struct stmt *, size_t i);
/* Every match of the expression becomes that text. */
struct str eval_replace(
    struct eval *, const struct regex *, struct str text, struct str with);
/* "message filter:name", "content filter:name": why it is held (14). */
struct str eval_reason(struct eval *);

/* --- what rules and actions look at --- */

/* The n-th field of that name as people read it; false: there is none. */
bool eval_field(struct eval *, struct str name, size_t nth, struct str *text);
/* Addresses in all fields of that name; canonical, in memory of the work. */
size_t eval_addresses(struct eval *, struct str name, const struct str **v);

/* Action variables (2.11); what is none stays as it is. filter: its name. */
struct str variables_of(struct work *, struct str filter, struct str text);
/* Those of texts about viruses (3.3): $AV_VERDICT. False: it is none, or there
 * is nothing to tell. lines: its line ends stay. */
bool variables_virus(
    struct work *, struct str word, struct str *value, bool *lines);

#endif

/*
 * filter.h - the filter language: from source to decision
 *
 * Message filters and content filters are written in one language (spec
 * workqueue 2). filters_compile() turns all that a configuration has into a
 * tree that nobody changes: names resolved, expressions compiled, rules put
 * in the order of their cost. filter_run() runs one of them on a message.
 *
 * Errors name line and column and show the place. A filter that refers to
 * what is not there any more, or uses what this version does not have, is
 * invalid: it stays in the list, says why, and never runs.
 *
 *	lex.c parse.c	source to tree		print.c	  tree to source
 *	rules.c actions.c  the tables of names: arguments, types, cost, wave
 *	check*.c	names and types against the configuration
 *	order.c		which operand runs first
 *	eval.c, rule_*.c, act_*.c	running
 */
#ifndef FILTER_FILTER_H
#define FILTER_FILTER_H

#include "base/arena.h"
#include "base/bounds.h"
#include "base/buf.h"
#include "base/err.h"
#include "filter/work.h"

struct words;
struct prefilter;
struct outbreak_rules;
struct filter; /* one of them: filter/ast.h */
struct filters {
	struct arena *mem;
	const struct filter *const *message; /* in order */
	size_t n_message;
	/* of each table the content filters, as config.work.tables has them */
	const struct filter *const *content[DIRECTIONS];
	/* ... of each of its policies a bit for each filter that is enabled
	 * there: filters_enabled() */
	uint64_t **enabled[DIRECTIONS];
	/* Of those that run: FILTER_*; content filters: in some policy. */
	unsigned message_wants, content_wants[DIRECTIONS];
	const struct words *const *words; /* filter/dictionary.h */
	const struct prefilter *prefilter;
	struct filter_regex *regexes; /* all that were compiled */
	/* Outbreak rules (outbreak.h) of the site, and ours; or NULL. */
	struct outbreak_rules *own, *adaptive;
	struct outbreak_rules *feed; /* trace: filters_set_feed() */
};

/* What is wrong with source, for people: every one that was found. */
enum filter_problem_kind {
	PROBLEM_SYNTAX, /* text: "expected ..., found ..." */
	PROBLEM_NAME,   /* text is the whole sentence */
	PROBLEM_OBJECT, /* text: "no such listener: x" */
	PROBLEM_WARNING /* no reason to refuse it */
};
struct filter_problem {
	enum filter_problem_kind kind;
	struct str filter; /* name, or empty */
	int line, column;
	struct str text;
	struct str place;   /* the line, and a mark below it */
	struct where where; /* of a content filter; else no file */
};
#define FILTER_PROBLEMS_MAX 100 /* that are kept */
struct filter_problems {
	struct filter_problem *v; /* in mem */
	size_t n, n_errors;
};
/* One sentence: "Syntax error in filter 'a' at line 1, column 3: expected ..."
 * without line end. */
void filter_problem_print(const struct filter_problem *, struct buf *);
/* The same for those who say the place themselves. */
void filter_problem_brief(const struct filter_problem *, struct buf *);

/* --- the list, as `filters` shows and edits it --- */

struct filter_info {
	struct str name;
	bool active, valid;
	struct str why;    /* it is not valid */
	struct str source; /* canonical form, ends with a line end */
	/* In the source it came from: bytes from its name to its last brace,
	 * and of its ":" or "!". */
	size_t from, to, mark;
};
/* Parses a script. missing_ok: a reference to nothing makes a filter invalid
 * (a configuration that is loaded); else it is a problem (new, import).
 * False: there are errors, and no list. */
bool filter_script(struct str source, const struct config *, bool missing_ok,
    struct filter_info **v, size_t *n, struct filter_problems *,
    struct arena *mem);
/* May no filter have it? "if", "all", "last" ... */
bool filter_is_reserved(struct str name);

/* --- compiling --- */

/* All filters of the configuration, which must outlive them; problems stand
 * in mem. NULL: there are errors. */
struct filters *filters_compile(
    const struct config *, struct filter_problems *, struct arena *mem);
void filters_free(struct filters **);
/* Makes config_load() compile filters and report their problems: called once
 * in main() by those who run or check them (cleanup, trace, postern). */
void filters_install(void);

/* For who has no other place for them: these rules go with it, and are freed
 * with it. */
void filters_set_feed(struct config *, struct outbreak_rules *);

/* Names of the logs that archive() writes to, each once, in mem. */
struct str *filters_logs(const struct filters *, const struct config *,
    struct arena *mem, size_t *n);

/* --- running --- */

struct str filter_name(const struct filter *);
bool filter_runs(const struct filter *); /* active and valid */
/* Does some rule or action of it need this? cleanup reads only what is
 * wanted. */
#define FILTER_HEADER 1u
#define FILTER_BODY   2u
unsigned filter_wants(const struct filter *);

/* Has that policy enabled that content filter? Both by their place. */
static inline bool
filters_enabled(
    const struct filters *fs, enum direction d, size_t policy, size_t filter)
{
	return fs->enabled[d][policy][filter / 64] >> filter % 64 & 1;
}

/*
 * One filter on one message. DONE: *w is what became of it; w->end says
 * whether a final action ended more than the filters; *final that no further
 * filter of this stage runs. NEEDS: *w is as it was, and needs has what is
 * lacking.
 */
enum work_answer filter_run(
    const struct filter *, struct work *, bool *final, struct needs *);

#endif

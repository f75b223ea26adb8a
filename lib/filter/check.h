/*
 * check.h - inside of the check: a tree against tables and configuration
 *
 *	check.c		tests and actions: arguments, comparisons
 *	check_value.c	one value: numbers, words, expressions
 *	check_text.c	strings of a certain form
 *	check_object.c	names of what the configuration has
 */
#ifndef FILTER_CHECK_H
#define FILTER_CHECK_H

#include "filter/source.h"

struct check {
	struct source *source;
	const struct config *config;
	struct filter *filter;
	bool missing_ok; /* makes it invalid; else it is a problem */
	struct filter_regex **regexes;
};

/* Fills in what the tree stands for; problems, or filter->valid false. */
void check_filter(struct check *);
/* Parts of content filters. */
void check_expr(struct check *, struct expr *);
void check_action(struct check *, struct stmt *); /* a known one */
/* It names what is not there: "no such WHAT: NAME". */
void check_missing(struct check *, const struct value *, const char *what);
/* This version cannot run it. */
void check_invalid(struct check *, struct spot, const char *why);

void check_value(struct check *, struct value *, const struct arg_def *);
/* "expected WANTED, found" the value. */
void check_refuse(struct check *, const struct value *, const char *wanted);
/* Compiles v->text; NULL: it was refused. */
const struct regex *check_compile(
    struct check *, const struct value *, unsigned flags);

/* One for each type of argument. */
typedef void check_fn(struct check *, struct value *, const struct arg_def *);
check_fn check_header, check_sieve, check_zone, check_log, check_tag,
    check_address, check_sender, check_host, check_range, check_time,
    check_mimetype, check_filetype, check_group, check_ip;
check_fn check_dictionary, check_quarantine, check_resource, check_profile,
    check_listener, check_interface;

/* What of the message the variables in a text show (wants.c). */
unsigned variables_want(struct str text);

/* A content filter as a tree (content.c). */
const struct filter *compile_content(struct source *, const struct config *,
    const struct content_filter *, struct filter_regex **);

#endif

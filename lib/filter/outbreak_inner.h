/*
 * outbreak_inner.h - what the files about outbreak rules share
 */
#ifndef FILTER_OUTBREAK_INNER_H
#define FILTER_OUTBREAK_INNER_H

#include <jansson.h>

#include "base/ip.h"
#include "filter/content.h"
#include "filter/outbreak.h"
#include "filter/regex.h"
#include "mail/url.h"

struct outbreak_regex { /* for freeing */
	struct outbreak_regex *next;
	struct regex *regex;
};

enum outbreak_op { OUTBREAK_ALL, OUTBREAK_ANY, OUTBREAK_NOT, OUTBREAK_ASK };

struct outbreak_kind;
struct outbreak_test {
	enum outbreak_op op;
	const struct outbreak_test *next, *first; /* of all, any, not */
	/* ASK */
	const struct outbreak_kind *kind;
	const struct str *texts; /* lower case */
	const struct ip_range *ranges;
	size_t n;
	const struct regex *regex;
	uint64_t from, to;
	bool yes;
};

/* A message that rules are tried on; what several of them look at is found
 * once. */
struct outbreak_case {
	struct eval eval;
	const struct outbreak_bypass *bypass;
	const struct mime_part *part; /* attachment; NULL: there is none */
	bool has_urls, has_from;
	struct url *urls;
	struct str *hosts; /* of each */
	size_t n_urls;
	const struct str *from;
	size_t n_from;
	struct str subject;
};

/* One name of a test: what its value is, and how a message is asked. */
struct reading;
typedef bool outbreak_value_fn(
    struct reading *, const char *name, json_t *, struct outbreak_test *);
typedef enum truth outbreak_ask_fn(
    struct outbreak_case *, const struct outbreak_test *);
struct outbreak_kind {
	const char *name;
	outbreak_value_fn *value;
	outbreak_ask_fn *ask;
	bool attachment;
	bool dear; /* needs facts, or all of the text: asked last */
};
/* NULL: there is none of that name. */
const struct outbreak_kind *outbreak_kind(const char *name);

/* While a set is read (outbreak_parse.c). */
struct reading {
	struct outbreak_rules *rules;
	struct str id; /* of the rule */
	size_t n_tests;
	bool unknown; /* something in the rule is not known here */
	bool attachment;
	struct err *err;
};
/* "rule X: ", and what is wrong with it. False. */
bool outbreak_wrong(struct reading *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

outbreak_value_fn outbreak_texts, outbreak_filetypes, outbreak_digests,
    outbreak_ranges, outbreak_regex, outbreak_size, outbreak_flag;

/* ".Exe. " -> "exe"; empty: none. Of a file name, in memory of mem. */
struct str outbreak_extension(struct str name, struct arena *mem);
bool outbreak_is_bypassed(const struct outbreak_case *, struct str name);

#endif

/*
 * outbreak.h - rules against what scanners do not know yet
 *
 * A set of rules is JSON (spec workqueue 8.3; docs/decisions/outbreak.md):
 * each says what a message must be like, and how dangerous such messages are.
 * The message has the level of the worst rule that it matches.
 *
 *	outbreak_parse.c	JSON to a set
 *	outbreak_values.c	... what a test compares with
 *	outbreak_match.c	the set and a message
 *	outbreak_tests.c	... one test each
 *	outbreak_adaptive.c	the rules that come with Postern
 *
 * Tests on attachments look at one attachment at a time: a rule matches if
 * there is one for which all of it is true. Without attachments those tests
 * are false. Extensions that a policy bypasses are as if they were not there.
 */
#ifndef FILTER_OUTBREAK_H
#define FILTER_OUTBREAK_H

#include "base/err.h"
#include "filter/filter.h"

#define OUTBREAK_SET_MAX    ((size_t)5 << 20) /* bytes of JSON */
#define OUTBREAK_RULES_MAX  10000
#define OUTBREAK_LEVEL_MAX  5
#define OUTBREAK_ID_MAX     100
#define OUTBREAK_TESTS_MAX  1000 /* of a rule */
#define OUTBREAK_DEPTH_MAX  20   /* of tests in tests */
#define OUTBREAK_VALUES_MAX 10000

struct outbreak_test;
struct outbreak_rule {
	struct str id;
	bool adaptive;
	uint8_t level;       /* 0..5 */
	bool viral;          /* a virus; else another threat */
	struct str category; /* "virus", "phish", "scam", "malware" */
	struct str subtype, description;
	uint32_t hold;   /* s, recommended; 0: not said */
	int64_t expires; /* wall ms; INT64_MAX: never */
	const struct outbreak_test *match;
	/* private */
	bool per_attachment;
	size_t at; /* in the set as it was written */
};
struct outbreak_rules {
	uint64_t serial;
	int64_t generated;             /* wall ms */
	const struct outbreak_rule *v; /* the worst first */
	size_t n;
	size_t n_skipped; /* of which this version does not know all */
	/* private */
	unsigned more_refs;
	struct arena *mem;
	struct outbreak_regex *regexes;
};

/* NULL: err says which rule, and what would be right. */
struct outbreak_rules *outbreak_parse(struct str json, struct err *);
/* One more who will free it. */
struct outbreak_rules *outbreak_ref(struct outbreak_rules *);
void outbreak_free(struct outbreak_rules **);
/* Those that come with Postern. */
struct outbreak_rules *outbreak_adaptive(void);

/* The sets in force, any of them NULL; of equals the first counts. */
#define OUTBREAK_SETS 3
struct outbreak_sets {
	const struct outbreak_rules *v[OUTBREAK_SETS]; /* feed, own, adaptive */
};
/* File extensions that are not looked at, without a dot. */
struct outbreak_bypass {
	const struct str *v;
	size_t n;
};
/* DONE: *worst is the rule that counts, NULL: none matches. now: wall ms.
 * Attachments that were left out are noted (WN_OUTBREAK_BYPASSED). */
enum work_answer outbreak_judge(const struct outbreak_sets *, struct work *,
    const struct outbreak_bypass *, int64_t now,
    const struct outbreak_rule **worst, struct needs *);

/* "2024-06-11T12:05:00Z" */
bool outbreak_moment(struct str text, int64_t *wall);

#endif

/*
 * outbreak_parse.c - a set of outbreak rules is read
 *
 * What is wrong with one rule is wrong with the set: whoever signed it shall
 * know. Only what a later version may have (another test, another file type)
 * costs no more than its rule.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "filter/outbreak_inner.h"

#define SET_MEMORY  ((size_t)256 << 20)
#define MINUTES_MAX 43200 /* 30 days */

static bool read_set(struct reading *, json_t *root);
static bool read_rule(struct reading *, json_t *, struct outbreak_rule *);
static bool read_type(struct reading *, json_t *, struct outbreak_rule *);
static bool read_category(struct reading *, json_t *, struct outbreak_rule *);
static bool read_numbers(struct reading *, json_t *, struct outbreak_rule *);
static bool read_test(
    struct reading *, json_t *, unsigned depth, struct outbreak_test **);
static bool read_several(struct reading *, const char *name, json_t *,
    unsigned depth, struct outbreak_test *);
static bool read_ask(
    struct reading *, const char *name, json_t *, struct outbreak_test *);
static bool text_of(
    struct reading *, json_t *, const char *key, size_t max, struct str *);
static int by_level(const void *, const void *);
static bool digits(struct str, size_t at, size_t n, int *out);

struct outbreak_rules *
outbreak_parse(struct str text, struct err *err)
{
	struct reading r = { .err = err, .id = STR("") };
	json_error_t why;
	json_t *root;

	if (text.n > OUTBREAK_SET_MAX) {
		err_set(
		    err, ERR_USAGE, "more than %zu bytes", OUTBREAK_SET_MAX);
		return NULL;
	}
	root = json_loadb(
	    text.p != NULL ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &why);
	if (root == NULL) {
		err_set(err, ERR_USAGE, "no JSON: line %d, column %d: %s",
		    why.line, why.column, why.text);
		return NULL;
	}
	r.rules = mem_alloc(sizeof(*r.rules));
	r.rules->mem = mem_alloc(sizeof(*r.rules->mem));
	arena_init(r.rules->mem, SET_MEMORY);
	if (!read_set(&r, root))
		outbreak_free(&r.rules);
	json_decref(root);
	return r.rules;
}

struct outbreak_rules *
outbreak_ref(struct outbreak_rules *r)
{
	r->more_refs++;
	return r;
}

void
outbreak_free(struct outbreak_rules **rp)
{
	struct outbreak_rules *r = *rp;

	*rp = NULL;
	if (r == NULL || r->more_refs-- > 0)
		return;
	for (struct outbreak_regex *x = r->regexes; x != NULL; x = x->next)
		regex_free(&x->regex);
	arena_free(r->mem);
	free(r->mem);
	free(r);
}

bool
outbreak_wrong(struct reading *r, const char *fmt, ...)
{
	char text[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (r->id.n > 0)
		err_set(
		    r->err, ERR_USAGE, "rule %.*s: %s", STR_ARG(r->id), text);
	else
		err_set(r->err, ERR_USAGE, "%s", text);
	return false;
}

/* Days since 1970 of a Gregorian date. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400, of_era = y % 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 1 - 719468;
}

bool
outbreak_moment(struct str t, int64_t *wall)
{
	int year, month, day, hour, minute, second;

	if (t.n != 20 || t.p[4] != '-' || t.p[7] != '-' || t.p[10] != 'T' ||
	    t.p[13] != ':' || t.p[16] != ':' || t.p[19] != 'Z' ||
	    !digits(t, 0, 4, &year) || !digits(t, 5, 2, &month) ||
	    !digits(t, 8, 2, &day) || !digits(t, 11, 2, &hour) ||
	    !digits(t, 14, 2, &minute) || !digits(t, 17, 2, &second) ||
	    month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
	    minute > 59 || second > 60)
		return false;
	*wall = (((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 +
		    second) *
		1000;
	return true;
}

static bool
digits(struct str t, size_t at, size_t n, int *out)
{
	uint64_t v;

	if (!str_u64(str_sub(t, at, n), 9999, &v))
		return false;
	*out = (int)v;
	return true;
}

/* --- the set --- */

static bool
read_set(struct reading *r, json_t *root)
{
	json_t *rules = json_object_get(root, "rules");
	json_t *serial = json_object_get(root, "serial");
	size_t n = json_array_size(rules);
	struct outbreak_rule *v;
	struct str generated;

	if (json_integer_value(json_object_get(root, "version")) != 1)
		return outbreak_wrong(r, "\"version\" must be 1");
	if (!json_is_integer(serial) || json_integer_value(serial) < 1)
		return outbreak_wrong(
		    r, "\"serial\" must be a number, 1 or more");
	if (!text_of(r, root, "generated", 20, &generated))
		return false;
	if (!outbreak_moment(generated, &r->rules->generated))
		return outbreak_wrong(r, "\"generated\" must be a time as "
					 "2024-06-11T12:05:00Z");
	if (!json_is_array(rules) || n > OUTBREAK_RULES_MAX)
		return outbreak_wrong(r,
		    "\"rules\" must be a list of at most %d",
		    OUTBREAK_RULES_MAX);
	r->rules->serial = (uint64_t)json_integer_value(serial);
	v = arena_array(r->rules->mem, n, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		struct outbreak_rule *rule = &v[r->rules->n];

		*rule = (struct outbreak_rule){ .at = i };
		r->unknown = false;
		if (!read_rule(r, json_array_get(rules, i), rule))
			return false;
		*(r->unknown ? &r->rules->n_skipped : &r->rules->n) += 1;
	}
	qsort(v, r->rules->n, sizeof(*v), by_level);
	r->rules->v = v;
	return true;
}

static int
by_level(const void *a, const void *b)
{
	const struct outbreak_rule *l = a, *r = b;

	if (l->level != r->level)
		return l->level > r->level ? -1 : 1;
	return l->at < r->at ? -1 : 1;
}

/* --- a rule --- */

static bool
read_rule(struct reading *r, json_t *j, struct outbreak_rule *rule)
{
	json_t *match = json_object_get(j, "match");
	struct outbreak_test *test = NULL;
	struct str id;

	r->id = STR("");
	if (!json_is_object(j))
		return outbreak_wrong(r, "a rule must be an object");
	if (!text_of(r, j, "id", OUTBREAK_ID_MAX, &id))
		return false;
	if (id.n == 0)
		return outbreak_wrong(r, "a rule has an empty \"id\"");
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~')
			return outbreak_wrong(r,
			    "an \"id\" must be printable ASCII without "
			    "blanks");
	r->id = rule->id = id;
	r->n_tests = 0;
	r->attachment = false;
	if (!read_type(r, j, rule) || !read_category(r, j, rule) ||
	    !read_numbers(r, j, rule))
		return false;
	if (!read_test(r, match, 0, &test))
		return false;
	rule->match = test;
	rule->per_attachment = r->attachment;
	return true;
}

static bool
read_type(struct reading *r, json_t *j, struct outbreak_rule *rule)
{
	struct str type;

	if (!text_of(r, j, "type", 20, &type) ||
	    !text_of(r, j, "description", 200, &rule->description))
		return false;
	rule->adaptive = str_is(type, "adaptive");
	if (!rule->adaptive && !str_is(type, "outbreak"))
		return outbreak_wrong(
		    r, "\"type\" must be \"outbreak\" or \"adaptive\"");
	rule->subtype = STR("");
	return json_object_get(j, "subtype") == NULL ||
	       text_of(r, j, "subtype", 40, &rule->subtype);
}

static bool
read_category(struct reading *r, json_t *j, struct outbreak_rule *rule)
{
	static const char *const names[] = { "virus", "phish", "scam",
		"malware" };

	if (!text_of(r, j, "category", 20, &rule->category))
		return false;
	rule->viral = str_is(rule->category, names[0]);
	for (size_t i = 0; i < NELEM(names); i++)
		if (str_is(rule->category, names[i]))
			return true;
	return outbreak_wrong(
	    r, "\"category\" must be virus, phish, scam or malware");
}

static bool
read_numbers(struct reading *r, json_t *j, struct outbreak_rule *rule)
{
	json_t *level = json_object_get(j, "level");
	json_t *hold = json_object_get(j, "hold_minutes");
	json_int_t n = json_integer_value(level);
	json_int_t minutes = json_integer_value(hold);
	struct str expires;

	if (!json_is_integer(level) || n < 0 || n > OUTBREAK_LEVEL_MAX)
		return outbreak_wrong(r, "\"level\" must be 0 to 5");
	if (hold != NULL &&
	    (!json_is_integer(hold) || minutes < 1 || minutes > MINUTES_MAX))
		return outbreak_wrong(
		    r, "\"hold_minutes\" must be 1 to %d", MINUTES_MAX);
	rule->level = (uint8_t)n;
	rule->hold = (uint32_t)minutes * 60;
	rule->expires = INT64_MAX;
	if (json_object_get(j, "expires") == NULL)
		return true;
	if (!text_of(r, j, "expires", 20, &expires))
		return false;
	return outbreak_moment(expires, &rule->expires) ||
	       outbreak_wrong(r, "\"expires\" must be a time as "
				 "2024-06-11T12:05:00Z");
}

static bool
text_of(
    struct reading *r, json_t *o, const char *key, size_t max, struct str *out)
{
	json_t *j = json_object_get(o, key);
	struct str s = { json_string_value(j), json_string_length(j) };

	if (!json_is_string(j) || s.n > max)
		return outbreak_wrong(
		    r, "\"%s\" must be a text of at most %zu bytes", key, max);
	*out = arena_str(r->rules->mem, s);
	return true;
}

/* --- its tests --- */

static bool
read_test(
    struct reading *r, json_t *j, unsigned depth, struct outbreak_test **out)
{
	struct outbreak_test *t =
	    arena_alloc(r->rules->mem, sizeof(struct outbreak_test));
	void *it = json_object_iter(j);
	const char *name;

	if (!json_is_object(j) || json_object_size(j) != 1)
		return outbreak_wrong(r, "a test must be an object with one "
					 "name, as { \"subject_re\": \"x\" }");
	if (depth > OUTBREAK_DEPTH_MAX || ++r->n_tests > OUTBREAK_TESTS_MAX)
		return outbreak_wrong(r, "too many tests");
	name = json_object_iter_key(it);
	*out = t;
	if (strcmp(name, "not") == 0) {
		struct outbreak_test *of;

		t->op = OUTBREAK_NOT;
		if (!read_test(r, json_object_iter_value(it), depth + 1, &of))
			return false;
		t->first = of;
		return true;
	}
	if (strcmp(name, "all") == 0 || strcmp(name, "any") == 0)
		return read_several(
		    r, name, json_object_iter_value(it), depth, t);
	return read_ask(r, name, json_object_iter_value(it), t);
}

static bool
is_dear(const struct outbreak_test *t)
{
	return t->op != OUTBREAK_ASK || (t->kind != NULL && t->kind->dear);
}

/* What costs little is asked first. */
static bool
read_several(struct reading *r, const char *name, json_t *j, unsigned depth,
    struct outbreak_test *t)
{
	const struct outbreak_test **end = &t->first, *dear = NULL;
	const struct outbreak_test **dear_end = &dear;
	size_t n = json_array_size(j);

	t->op = name[1] == 'l' ? OUTBREAK_ALL : OUTBREAK_ANY;
	if (n == 0)
		return outbreak_wrong(
		    r, "\"%s\" must be a list of tests", name);
	for (size_t i = 0; i < n; i++) {
		const struct outbreak_test ***last;
		struct outbreak_test *of;

		if (!read_test(r, json_array_get(j, i), depth + 1, &of))
			return false;
		last = is_dear(of) ? &dear_end : &end;
		**last = of;
		*last = &of->next;
	}
	*end = dear;
	return true;
}

static bool
read_ask(
    struct reading *r, const char *name, json_t *j, struct outbreak_test *t)
{
	t->op = OUTBREAK_ASK;
	t->kind = outbreak_kind(name);
	if (t->kind == NULL) {
		r->unknown = true;
		return true;
	}
	r->attachment |= t->kind->attachment;
	return t->kind->value(r, name, j, t);
}

/* outbreak_values.c - what the tests of outbreak rules compare with */
#include <string.h>

#include "base/mem.h"
#include "filter/filetype.h"
#include "filter/outbreak_inner.h"

#define TEXT_LONGEST 1000
#define SHA256_HEX   64

static bool each_text(
    struct reading *, const char *name, json_t *, struct outbreak_test *);

bool
outbreak_texts(
    struct reading *r, const char *name, json_t *j, struct outbreak_test *t)
{
	struct str *v;

	if (!each_text(r, name, j, t))
		return false;
	v = (struct str *)t->texts;
	for (size_t i = 0; i < t->n; i++)
		/* ".exe" is "exe"; of a domain the dot says something */
		if (strcmp(name + strlen(name) - 4, "_ext") == 0 &&
		    v[i].p[0] == '.')
			v[i] = str_sub(v[i], 1, v[i].n);
	return true;
}

bool
outbreak_filetypes(
    struct reading *r, const char *name, json_t *j, struct outbreak_test *t)
{
	if (!each_text(r, name, j, t))
		return false;
	for (size_t i = 0; i < t->n; i++)
		r->unknown |= !filetype_known(t->texts[i]);
	return true;
}

bool
outbreak_digests(
    struct reading *r, const char *name, json_t *j, struct outbreak_test *t)
{
	if (!each_text(r, name, j, t))
		return false;
	for (size_t i = 0; i < t->n; i++) {
		struct str s = t->texts[i];

		if (s.n != SHA256_HEX ||
		    strspn(s.p, "0123456789abcdef") != SHA256_HEX)
			return outbreak_wrong(r,
			    "\"%s\" must be a list of digests of %d "
			    "hexadecimal digits",
			    name, SHA256_HEX);
	}
	return true;
}

bool
outbreak_ranges(
    struct reading *r, const char *name, json_t *j, struct outbreak_test *t)
{
	struct ip_range *v;

	if (!each_text(r, name, j, t))
		return false;
	v = arena_array(r->rules->mem, t->n, sizeof(*v));
	t->ranges = v;
	for (size_t i = 0; i < t->n; i++)
		if (!ip_range_parse(&v[i], t->texts[i]))
			return outbreak_wrong(r,
			    "\"%s\": %.100s is no address and no network", name,
			    t->texts[i].p);
	return true;
}

bool
outbreak_regex(
    struct reading *r, const char *name, json_t *j, struct outbreak_test *t)
{
	struct str s = { json_string_value(j), json_string_length(j) };
	struct outbreak_regex *x;
	struct err err = ERR_INIT;

	if (!json_is_string(j) || s.n == 0)
		return outbreak_wrong(
		    r, "\"%s\" must be a regular expression", name);
	x = arena_alloc(r->rules->mem, sizeof(*x));
	x->regex = regex_compile(s, 0, &err);
	if (x->regex == NULL)
		return outbreak_wrong(r, "\"%s\": %s", name, err.text);
	x->next = r->rules->regexes;
	r->rules->regexes = x;
	t->regex = x->regex;
	return true;
}

bool
outbreak_size(
    struct reading *r, const char *name, json_t *j, struct outbreak_test *t)
{
	json_t *from = json_array_get(j, 0), *to = json_array_get(j, 1);

	if (json_array_size(j) != 2 || !json_is_integer(from) ||
	    !json_is_integer(to) || json_integer_value(from) < 0 ||
	    json_integer_value(to) < json_integer_value(from))
		return outbreak_wrong(
		    r, "\"%s\" must be two numbers: from, to", name);
	t->from = (uint64_t)json_integer_value(from);
	t->to = (uint64_t)json_integer_value(to);
	return true;
}

bool
outbreak_flag(
    struct reading *r, const char *name, json_t *j, struct outbreak_test *t)
{
	t->yes = json_is_true(j);
	return json_is_boolean(j) ||
	       outbreak_wrong(r, "\"%s\" must be true or false", name);
}

/* In lower case. */
static bool
each_text(
    struct reading *r, const char *name, json_t *j, struct outbreak_test *t)
{
	size_t n = json_array_size(j);
	struct str *v;

	if (n == 0 || n > OUTBREAK_VALUES_MAX)
		return outbreak_wrong(r,
		    "\"%s\" must be a list of 1 to %d texts", name,
		    OUTBREAK_VALUES_MAX);
	v = arena_array(r->rules->mem, n, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		json_t *one = json_array_get(j, i);
		struct str s = { json_string_value(one),
			json_string_length(one) };
		char *copy;

		if (!json_is_string(one) || s.n == 0 || s.n > TEXT_LONGEST ||
		    memchr(s.p, '\0', s.n) != NULL)
			return outbreak_wrong(r,
			    "\"%s\" must be a list of texts of 1 to %d bytes",
			    name, TEXT_LONGEST);
		copy = arena_strz(r->rules->mem, s);
		str_lower(copy);
		v[i] = (struct str){ copy, s.n };
	}
	t->texts = v;
	t->n = n;
	return true;
}

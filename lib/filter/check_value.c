/*
 * check_value.c - one value against what may stand in its place
 *
 * Strings of a certain form are in check_text.c, what refers to the
 * configuration is in check_object.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "filter/check.h"
#include "filter/prefilter.h"
#include "filter/regex.h"

static check_fn check_number, check_decimal, check_text, check_regex,
    check_scan, check_word, check_types, check_statuses;

static bool kind_ok(struct check *, const struct value *, enum value_kind);
static bool read_number(struct str text, int64_t *out);
static int64_t suffix(char c);
static bool read_decimal(struct str text, int64_t *out);
static void refuse_range(
    struct check *, const struct value *, const struct arg_def *, int64_t unit);
static int find_word(const char *const *words, struct str);
static void refuse_words(struct check *, const struct value *, struct str word,
    const char *const *words);

static const struct {
	enum value_kind kind;
	check_fn *check;
} types[] = {
	[ARG_NUMBER] = { VALUE_NUMBER, check_number },
	[ARG_DECIMAL] = { VALUE_NUMBER, check_decimal },
	[ARG_TEXT] = { VALUE_STRING, check_text },
	[ARG_REGEX] = { VALUE_STRING, check_regex },
	[ARG_REGEX_CI] = { VALUE_STRING, check_regex },
	[ARG_REGEX_BYTES] = { VALUE_STRING, check_regex },
	[ARG_SCAN] = { VALUE_STRING, check_scan },
	[ARG_DICTIONARY] = { VALUE_STRING, check_dictionary },
	[ARG_HEADER] = { VALUE_STRING, check_header },
	[ARG_WORD] = { VALUE_STRING, check_word },
	[ARG_SIEVE] = { VALUE_STRING, check_sieve },
	[ARG_ZONE] = { VALUE_STRING, check_zone },
	[ARG_TYPES] = { VALUE_LIST, check_types },
	[ARG_QUARANTINE] = { VALUE_STRING, check_quarantine },
	[ARG_DISCLAIMER] = { VALUE_STRING, check_resource },
	[ARG_TEMPLATE] = { VALUE_STRING, check_resource },
	[ARG_PROFILE] = { VALUE_STRING, check_profile },
	[ARG_SOURCE] = { VALUE_STRING, check_interface },
	[ARG_LOG] = { VALUE_STRING, check_log },
	[ARG_TAG] = { VALUE_STRING, check_tag },
	[ARG_ADDRESS] = { VALUE_STRING, check_address },
	[ARG_SENDER] = { VALUE_STRING, check_sender },
	[ARG_HOST] = { VALUE_STRING, check_host },
	[ARG_LISTENER] = { VALUE_STRING, check_listener },
	[ARG_INTERFACE] = { VALUE_STRING, check_interface },
	[ARG_RANGE] = { VALUE_STRING, check_range },
	[ARG_TIME] = { VALUE_STRING, check_time },
	[ARG_MIMETYPE] = { VALUE_STRING, check_mimetype },
	[ARG_FILETYPE] = { VALUE_STRING, check_filetype },
	[ARG_GROUP] = { VALUE_STRING, check_group },
	[ARG_IP] = { VALUE_STRING, check_ip },
	[ARG_STATUSES] = { VALUE_STRING, check_statuses },
};

static const char *const smart_names[] = { [SMART_CREDIT] = "*credit",
	[SMART_SSN] = "*ssn",
	[SMART_ABA] = "*aba",
	[SMART_CUSIP] = "*cusip" };

void
check_value(struct check *c, struct value *v, const struct arg_def *def)
{
	if (kind_ok(c, v, types[def->type].kind))
		types[def->type].check(c, v, def);
}

/* Compiles the pattern; NULL: it was refused. */
const struct regex *
check_compile(struct check *c, const struct value *v, unsigned flags)
{
	struct err err = ERR_INIT;
	struct regex *regex = regex_compile(v->text, flags, &err);
	char quoted[100];

	if (regex == NULL) {
		source_expected(c->source, v->spot, "a regular expression",
		    "%s: %s", source_quote(quoted, v->text), err.text);
		return NULL;
	}
	prefilter_keep(
	    c->regexes, regex, v->text, flags, false, c->source->mem);
	return regex;
}

void
check_refuse(struct check *c, const struct value *v, const char *wanted)
{
	char quoted[100];

	if (v->kind == VALUE_NUMBER)
		source_expected(c->source, v->spot, wanted, "%.*s",
		    v->text.n > 60 ? 60 : (int)v->text.n, v->text.p);
	else
		source_expected(c->source, v->spot, wanted, "%s",
		    source_quote(quoted, v->text));
}

static bool
kind_ok(struct check *c, const struct value *v, enum value_kind wanted)
{
	static const char *const names[] = { "a string", "a number",
		"a list of strings in brackets" };
	char quoted[100];

	if (v->kind == wanted && v->cmp == CMP_NONE)
		return true;
	if (v->kind == VALUE_LIST)
		source_expected(
		    c->source, v->spot, names[wanted], "%s", names[VALUE_LIST]);
	else if (v->cmp != CMP_NONE)
		source_expected(c->source, v->spot, names[wanted],
		    "a comparison, %s %s ...", source_quote(quoted, v->text),
		    source_cmp(v->cmp));
	else if (v->kind == VALUE_NUMBER)
		source_expected(c->source, v->spot, names[wanted],
		    "the number %.*s", STR_ARG(v->text));
	else
		source_expected(c->source, v->spot, names[wanted],
		    "the string %s", source_quote(quoted, v->text));
	return false;
}

static void
check_number(struct check *c, struct value *v, const struct arg_def *def)
{
	if (!read_number(v->text, &v->number))
		check_refuse(c, v, "a whole number such as 200, 15M");
	else if (v->number < def->min || v->number > def->max)
		refuse_range(c, v, def, 1);
}

/* False: it is not one, or has more than 63 bits. */
static bool
read_number(struct str text, int64_t *out)
{
	uint64_t n;
	int64_t unit = 1;

	if (text.n > 1 && suffix(text.p[text.n - 1]) > 0) {
		unit = suffix(text.p[text.n - 1]);
		text.n--;
	}
	if (!str_u64(text, (uint64_t)(INT64_MAX / unit), &n))
		return false;
	*out = (int64_t)n * unit;
	return true;
}

static int64_t
suffix(char c)
{
	switch (c) {
	case 'b':
	case 'B':
		return 1;
	case 'k':
	case 'K':
		return 1024;
	case 'm':
	case 'M':
		return 1024 * 1024;
	case 'g':
	case 'G':
		return 1024 * 1024 * 1024;
	default:
		return 0;
	}
}

static void
check_decimal(struct check *c, struct value *v, const struct arg_def *def)
{
	if (!read_decimal(v->text, &v->number))
		check_refuse(
		    c, v, "a number such as -2.5, up to three decimals");
	else if (v->number < def->min || v->number > def->max)
		refuse_range(c, v, def, 1000);
}

static bool
read_decimal(struct str text, int64_t *out)
{
	bool minus = text.n > 0 && text.p[0] == '-';
	struct str whole = minus ? str_sub(text, 1, text.n) : text, part;
	uint64_t n, thousandths = 0;

	part = whole;
	whole = str_cut(&part, '.');
	if (!str_u64(whole, 1000000, &n) || part.n > 3 ||
	    (part.n > 0 && !str_u64(part, 999, &thousandths)))
		return false;
	for (size_t i = part.n; i < 3; i++)
		thousandths *= 10;
	*out = (int64_t)(n * 1000 + thousandths) * (minus ? -1 : 1);
	return true;
}

static void
check_text(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)c;
	(void)v;
	(void)def;
}

static void
check_regex(struct check *c, struct value *v, const struct arg_def *def)
{
	unsigned flags = 0;

	if (def->type == ARG_REGEX_CI)
		flags = REGEX_NOCASE;
	else if (def->type == ARG_REGEX_BYTES)
		flags = REGEX_BYTES;
	v->regex = check_compile(c, v, flags);
}

/* A smart identifier stands alone (3.2). */
static void
check_scan(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	for (int i = SMART_CREDIT; i <= SMART_CUSIP; i++) {
		const char *name = smart_names[i];

		if (str_is(v->text, name)) {
			v->smart = (enum smart_id)i;
			return;
		}
		if (v->text.n > 0 &&
		    memmem(v->text.p, v->text.n, name, strlen(name)) != NULL) {
			check_refuse(c, v,
			    "a smart identifier (*credit, *ssn, *aba, "
			    "*cusip) alone");
			return;
		}
	}
	v->regex = check_compile(c, v, 0);
}

static void
check_word(struct check *c, struct value *v, const struct arg_def *def)
{
	v->number = find_word(def->words, v->text);
	if (v->number < 0)
		refuse_words(c, v, v->text, def->words);
}

static void
check_types(struct check *c, struct value *v, const struct arg_def *def)
{
	for (size_t i = 0; i < v->n_list; i++) {
		int k = find_word(def->words, v->list[i]);

		if (k < 0)
			refuse_words(c, v, v->list[i], def->words);
		else
			v->number |= (int64_t)1 << k;
	}
}

static void
check_statuses(struct check *c, struct value *v, const struct arg_def *def)
{
	struct str left = v->text;

	do {
		struct str one = str_trim(str_cut(&left, ','));
		int k = find_word(def->words, one);

		if (k < 0) {
			refuse_words(c, v, one, def->words);
			return;
		}
		v->number |= (int64_t)1 << k;
	} while (left.n > 0);
}

static void
refuse_range(struct check *c, const struct value *v, const struct arg_def *def,
    int64_t unit)
{
	char wanted[100];

	snprintf(wanted, sizeof(wanted), "a number from %lld to %lld",
	    (long long)(def->min / unit), (long long)(def->max / unit));
	check_refuse(c, v, wanted);
}

/* -1: it is none of them. */
static int
find_word(const char *const *words, struct str word)
{
	for (int i = 0; words[i] != NULL; i++) {
		if (str_is_nocase(word, words[i]))
			return i;
	}
	return -1;
}

static void
refuse_words(struct check *c, const struct value *v, struct str word,
    const char *const *words)
{
	char wanted[200] = "", quoted[100];

	for (size_t i = 0; words[i] != NULL; i++) {
		size_t n = strlen(wanted);

		snprintf(wanted + n, sizeof(wanted) - n, "%s\"%s\"",
		    i == 0                 ? ""
		    : words[i + 1] == NULL ? " or "
					   : ", ",
		    words[i]);
	}
	source_expected(
	    c->source, v->spot, wanted, "%s", source_quote(quoted, word));
}

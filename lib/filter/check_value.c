/*
 * check_value.c - one value against what may stand in its place
 *
 * What refers to the configuration is in check_object.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "filter/filetype.h"
#include "filter/regex.h"
#include "filter/source.h"
#include "mail/addr.h"

typedef void check_fn(struct check *, struct value *, const struct arg_def *);

static check_fn check_number, check_decimal, check_text, check_regex,
    check_scan, check_header, check_word, check_sieve, check_zone, check_types,
    check_log, check_tag, check_address, check_sender, check_host, check_range,
    check_time, check_mimetype, check_filetype, check_group, check_ip,
    check_statuses;

static bool kind_ok(struct check *, const struct value *, enum value_kind);
static bool read_number(struct str text, int64_t *out);
static int64_t suffix(char c);
static bool read_decimal(struct str text, int64_t *out);
static void refuse(struct check *, const struct value *, const char *wanted);
static void refuse_range(
    struct check *, const struct value *, const struct arg_def *, int64_t unit);
static int find_word(const char *const *words, struct str);
static void refuse_words(struct check *, const struct value *, struct str word,
    const char *const *words);
static bool address_ok(struct check *, struct str);
static bool made_of(struct str, const char *others);
static bool read_field(struct str text, size_t at, size_t n, unsigned *out);
static int64_t days_before(unsigned year, unsigned month, unsigned day);
static unsigned month_days(unsigned year, unsigned month);

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
	struct filter_regex *owned;
	char quoted[100];

	if (regex == NULL) {
		source_expected(c->source, v->spot, "a regular expression",
		    "%s: %s", source_quote(quoted, v->text), err.text);
		return NULL;
	}
	owned = arena_alloc(c->source->mem, sizeof(*owned));
	*owned = (struct filter_regex){ *c->regexes, regex };
	*c->regexes = owned;
	return regex;
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
		refuse(c, v, "a whole number such as 200, 15M");
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
		refuse(c, v, "a number such as -2.5, up to three decimals");
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
			refuse(c, v,
			    "a smart identifier (*credit, *ssn, *aba, "
			    "*cusip) alone");
			return;
		}
	}
	v->regex = check_compile(c, v, 0);
}

/* RFC 5322 3.6.8 */
static void
check_header(struct check *c, struct value *v, const struct arg_def *def)
{
	bool ok = v->text.n > 0 && v->text.n <= 100;

	(void)def;
	for (size_t i = 0; ok && i < v->text.n; i++)
		ok = v->text.p[i] > ' ' && v->text.p[i] < 0x7f &&
		     v->text.p[i] != ':';
	if (!ok)
		refuse(c, v, "the name of a header, ASCII without blanks");
}

static void
check_word(struct check *c, struct value *v, const struct arg_def *def)
{
	v->number = find_word(def->words, v->text);
	if (v->number < 0)
		refuse_words(c, v, v->text, def->words);
}

static void
check_sieve(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (v->text.n != 1 || v->text.p[0] <= ' ' || v->text.p[0] >= 0x7f)
		refuse(c, v, "one character such as \"+\"");
}

static void
check_zone(struct check *c, struct value *v, const struct arg_def *def)
{
	struct str canonical;

	(void)def;
	if (!addr_domain_ok(v->text, &canonical, c->source->mem))
		refuse(c, v, "the domain of a DNS list");
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

/* It becomes a file. */
static void
check_log(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (v->text.n > NAME_MAX_LEN || !made_of(v->text, "_.-") ||
	    v->text.p[0] == '.' || v->text.p[0] == '-')
		refuse(c, v,
		    "the name of a log: letters, digits, \"_\", \".\", "
		    "\"-\"");
}

static void
check_tag(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (!made_of(v->text, "_.-"))
		refuse(c, v, "a tag: letters, digits, \"_\", \".\", \"-\"");
}

static void
check_address(struct check *c, struct value *v, const struct arg_def *def)
{
	struct str left = v->text;
	size_t n = 0;

	do {
		struct str one = str_trim(str_cut(&left, ','));

		if (!address_ok(c, one)) {
			refuse(c, v, "a mail address");
			return;
		}
		n++;
	} while (left.n > 0);
	if (def->max == 1 && n > 1)
		refuse(c, v, "one mail address");
}

static void
check_sender(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (v->text.n > 0 && !address_ok(c, v->text))
		refuse(c, v, "a mail address, or \"\" for the null sender");
}

static void
check_host(struct check *c, struct value *v, const struct arg_def *def)
{
	struct str canonical;
	struct ip ip;

	if ((def->optional && v->text.n == 0) ||
	    str_find(v->text, '$') < v->text.n || ip_parse(&ip, v->text) ||
	    addr_literal(v->text, &ip) ||
	    addr_domain_ok(v->text, &canonical, c->source->mem))
		return;
	refuse(c, v, "a host: a name, an address or [address], no port");
}

static void
check_range(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (!ip_range_parse(&v->range, v->text))
		refuse(c, v,
		    "addresses such as 192.0.2.1, 192.0.2.10-20, 192.0.2. or "
		    "192.0.2.0/24");
}

static void
check_time(struct check *c, struct value *v, const struct arg_def *def)
{
	unsigned f[6];
	static const uint8_t at[6] = { 0, 3, 6, 11, 14, 17 };
	bool ok = v->text.n == 19;

	(void)def;
	for (size_t i = 0; ok && i < NELEM(f); i++)
		ok = read_field(v->text, at[i], i == 2 ? 4 : 2, &f[i]);
	ok = ok && v->text.p[2] == '/' && v->text.p[5] == '/' &&
	     v->text.p[10] == ' ' && v->text.p[13] == ':' &&
	     v->text.p[16] == ':' && f[0] >= 1 && f[0] <= 12 && f[1] >= 1 &&
	     f[1] <= month_days(f[2], f[0]) && f[2] >= 1970 && f[3] <= 23 &&
	     f[4] <= 59 && f[5] <= 59;
	if (ok)
		v->number = days_before(f[2], f[0], f[1]) * 86400 +
			    f[3] * 3600 + f[4] * 60 + f[5];
	else
		refuse(c, v, "a time as \"MM/DD/YYYY hh:mm:ss\"");
}

static void
check_mimetype(struct check *c, struct value *v, const struct arg_def *def)
{
	struct str sub = v->text, type = str_cut(&sub, '/');

	(void)def;
	if (!made_of(type, "*!#$&^_.+-") || !made_of(sub, "*!#$&^_.+-"))
		refuse(c, v, "a MIME type such as \"image/*\"");
}

static void
check_filetype(struct check *c, struct value *v, const struct arg_def *def)
{
	char near[100], wanted[160];

	(void)def;
	if (filetype_known(v->text))
		return;
	filetype_near(v->text, near, sizeof(near));
	snprintf(wanted, sizeof(wanted), "a file type or group%s%s%s",
	    *near != '\0' ? " (" : "", near, *near != '\0' ? "?)" : "");
	refuse(c, v, wanted);
}

static void
check_group(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (v->text.n == 0)
		refuse(c, v, "the name of an LDAP group");
}

static void
check_ip(struct check *c, struct value *v, const struct arg_def *def)
{
	struct ip ip;

	(void)def;
	if (!ip_parse(&ip, v->text))
		refuse(c, v, "an address such as 127.0.0.2");
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
refuse(struct check *c, const struct value *v, const char *wanted)
{
	char quoted[100];

	if (v->kind == VALUE_NUMBER)
		source_expected(c->source, v->spot, wanted, "%.*s",
		    v->text.n > 60 ? 60 : (int)v->text.n, v->text.p);
	else
		source_expected(c->source, v->spot, wanted, "%s",
		    source_quote(quoted, v->text));
}

static void
refuse_range(struct check *c, const struct value *v, const struct arg_def *def,
    int64_t unit)
{
	char wanted[100];

	snprintf(wanted, sizeof(wanted), "a number from %lld to %lld",
	    (long long)(def->min / unit), (long long)(def->max / unit));
	refuse(c, v, wanted);
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

/* What has variables is seen when they are there. */
static bool
address_ok(struct check *c, struct str text)
{
	struct addr addr;

	if (str_find(text, '$') < text.n)
		return true;
	return text.n > 0 && text.p[0] != '<' &&
	       addr_parse(&addr, text, c->source->mem, NULL) == ADDR_OK;
}

/* Letters, digits, and those; at least one. */
static bool
made_of(struct str s, const char *others)
{
	for (size_t i = 0; i < s.n; i++) {
		char ch = s.p[i];
		bool ok = (ch >= 'a' && ch <= 'z') ||
			  (ch >= 'A' && ch <= 'Z') ||
			  (ch >= '0' && ch <= '9') ||
			  (ch != '\0' && strchr(others, ch) != NULL);

		if (!ok)
			return false;
	}
	return s.n > 0;
}

static bool
read_field(struct str text, size_t at, size_t n, unsigned *out)
{
	uint64_t v;

	if (!str_u64(str_sub(text, at, n), 9999, &v))
		return false;
	*out = (unsigned)v;
	return true;
}

/* Days from 1970-01-01. */
static int64_t
days_before(unsigned year, unsigned month, unsigned day)
{
	unsigned y = year - 1;
	int64_t days = (int64_t)y * 365 + y / 4 - y / 100 + y / 400 - 719162;

	for (unsigned m = 1; m < month; m++)
		days += month_days(year, m);
	return days + day - 1;
}

static unsigned
month_days(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/*
 * smart.c - numbers that are valid: cards, social security, banks, securities
 *
 * Spec workqueue 3.2. A candidate stands between what is no letter or digit;
 * one that fails its check is looked into again from its next character.
 */
#include "filter/content.h"

#include <string.h>

#define DIGITS_MAX 16

static size_t card(struct str text, size_t at);
static size_t ssn(struct str text, size_t at);
static size_t aba(struct str text, size_t at);
static size_t cusip(struct str text, size_t at);

static size_t (*const kinds[])(struct str, size_t) = {
	[SMART_CREDIT] = card,
	[SMART_SSN] = ssn,
	[SMART_ABA] = aba,
	[SMART_CUSIP] = cusip,
};

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_word(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

bool
smart_search(enum smart_id id, struct str text, size_t from, struct str *match)
{
	for (size_t i = from; i < text.n; i++) {
		size_t n;

		if (!is_digit(text.p[i]) || (i > 0 && is_word(text.p[i - 1])))
			continue;
		n = kinds[id](text, i);
		if (n == 0 || (i + n < text.n && is_word(text.p[i + n])))
			continue;
		*match = str_sub(text, i, n);
		return true;
	}
	return false;
}

/* Reads digits in groups of these sizes, with the same separator (blank, dot,
 * dash; may_join: or none) between. Returns the bytes; 0: it is not so. */
static size_t
grouped(struct str text, size_t at, const char *groups, bool may_join,
    char digits[DIGITS_MAX])
{
	size_t i = at, n = 0;
	char sep = '\0';

	for (const char *g = groups; *g != '\0'; g++) {
		if (g > groups) {
			char c = i < text.n ? text.p[i] : '\0';
			bool is = c == ' ' || c == '.' || c == '-';

			if (g == groups + 1)
				sep = is ? c : '\0';
			if (sep == '\0' && !may_join)
				return 0;
			if (sep != '\0' && c != sep)
				return 0;
			i += sep != '\0';
		}
		for (int k = 0; k < *g - '0'; k++, i++) {
			if (i >= text.n || !is_digit(text.p[i]))
				return 0;
			digits[n++] = (char)(text.p[i] - '0');
		}
	}
	return i - at;
}

static bool
luhn(const char *digits, size_t n)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++) {
		int d = digits[n - 1 - i] * (i % 2 == 1 ? 2 : 1);

		sum += d > 9 ? d - 9 : d;
	}
	return sum % 10 == 0;
}

static int
number(const char *digits, size_t n)
{
	int v = 0;

	while (n-- > 0)
		v = v * 10 + *digits++;
	return v;
}

static size_t
card(struct str text, size_t at)
{
	static const struct {
		const char *groups;
		size_t digits, prefix; /* how many of the prefix count */
		int lo, hi;
	} rows[] = {
		{ "4444", 16, 1, 4, 4 },
		{ "4444", 16, 2, 51, 55 },
		{ "4444", 16, 4, 6011, 6011 },
		{ "465", 15, 2, 34, 34 },
		{ "465", 15, 2, 37, 37 },
		{ "464", 14, 3, 300, 305 },
		{ "464", 14, 2, 36, 36 },
		{ "464", 14, 2, 38, 38 },
	};
	char d[DIGITS_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = grouped(text, at, rows[i].groups, true, d);
		int prefix = n > 0 ? number(d, rows[i].prefix) : -1;

		if (prefix >= rows[i].lo && prefix <= rows[i].hi &&
		    luhn(d, rows[i].digits) &&
		    (at + n >= text.n || !is_word(text.p[at + n])))
			return n;
	}
	return 0;
}

static size_t
ssn(struct str text, size_t at)
{
	char d[DIGITS_MAX];
	size_t n = grouped(text, at, "324", false, d);
	int area;

	if (n == 0)
		return 0;
	area = number(d, 3);
	return area == 0 || area == 666 || area >= 900 ||
		       number(d + 3, 2) == 0 || number(d + 5, 4) == 0
		   ? 0
		   : n;
}

static size_t
aba(struct str text, size_t at)
{
	static const int weights[] = { 3, 7, 1 };
	char d[DIGITS_MAX];
	size_t n = grouped(text, at, "9", true, d);
	int first, sum = 0;

	if (n == 0)
		return 0;
	first = number(d, 2);
	for (size_t i = 0; i < 9; i++)
		sum += d[i] * weights[i % 3];
	return (first <= 12 || (first >= 21 && first <= 32) ||
		   (first >= 61 && first <= 72) || first == 80) &&
		       sum % 10 == 0
		   ? n
		   : 0;
}

/* Value of a character; -1: it cannot be there. */
static int
cusip_value(char c)
{
	static const char others[] = "*@#";
	const char *other = memchr(others, c, 3);

	if (is_digit(c))
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	return other == NULL ? -1 : 36 + (int)(other - others);
}

static size_t
cusip(struct str text, size_t at)
{
	int sum = 0;

	if (at + 9 > text.n || !is_digit(text.p[at + 8]))
		return 0;
	for (size_t i = 0; i < 8; i++) {
		int v = cusip_value(text.p[at + i]);

		if (v < 0 || (i < 3 && !is_digit(text.p[at + i])))
			return 0;
		v *= i % 2 == 1 ? 2 : 1;
		sum += v / 10 + v % 10;
	}
	return (10 - sum % 10) % 10 == text.p[at + 8] - '0' ? 9 : 0;
}

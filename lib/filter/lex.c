/*
 * lex.c - the words of the filter language (spec workqueue 2.2)
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "filter/source.h"

static bool skip_blanks(struct lexer *);
static void skip_comment(struct lexer *);
static struct spot spot_of(struct lexer *, size_t at);
static int peek(const struct lexer *, size_t ahead);
static void lex_name(struct lexer *, struct token *);
static void lex_string(struct lexer *, struct token *);
static bool string_char_ok(struct lexer *, struct token *, char quote);
static struct str unescape(struct arena *, struct str raw);
static void lex_number(struct lexer *, struct token *);
static bool is_suffix(int c);
static bool lex_sign(struct lexer *, struct token *);
static void lex_strange(struct lexer *, struct token *);
static void bad(
    struct lexer *, struct token *, const char *wanted, const char *found);
static bool is_name_start(int c);
static bool is_name(int c);
static bool is_digit(int c);

static const struct {
	const char *word;
	enum token_kind kind;
} keywords[] = {
	{ "if", TOKEN_IF },
	{ "else", TOKEN_ELSE },
	{ "and", TOKEN_AND },
	{ "or", TOKEN_OR },
	{ "not", TOKEN_NOT },
};

void
lex_begin(struct lexer *lx, struct source *src)
{
	*lx = (struct lexer){ .source = src, .line = 1, .column = 1 };
	if (str_starts(src->text, STR("\xef\xbb\xbf")))
		lx->at = lx->line_start = lx->counted = 3;
}

void
lex_next(struct lexer *lx, struct token *t)
{
	int c;

	*t = (struct token){ .kind = TOKEN_END };
	while (skip_blanks(lx))
		;
	t->spot = spot_of(lx, lx->at);
	t->from = t->to = lx->at;
	c = peek(lx, 0);
	if (c == -1)
		return;
	if (is_name_start(c))
		lex_name(lx, t);
	else if (c == '"' || c == '\'')
		lex_string(lx, t);
	else if (is_digit(c) ||
		 ((c == '-' || c == '+') && is_digit(peek(lx, 1))))
		lex_number(lx, t);
	else if (!lex_sign(lx, t))
		lex_strange(lx, t);
	t->to = lx->at;
}

const char *
lex_describe(const struct token *t, char out[120])
{
	char quoted[100];

	switch (t->kind) {
	case TOKEN_END:
		return "the end";
	case TOKEN_STRING:
		snprintf(
		    out, 120, "the string %s", source_quote(quoted, t->text));
		return out;
	case TOKEN_NUMBER:
		snprintf(out, 120, "the number %.60s", t->text.p);
		return out;
	default:
		source_quote(quoted, t->text);
		/* a word is clear enough without quotes */
		snprintf(out, 120, "%.*s", (int)strlen(quoted) - 2, quoted + 1);
		return out;
	}
}

/* One run of blanks, or a comment; false: there is neither. */
static bool
skip_blanks(struct lexer *lx)
{
	struct str text = lx->source->text;
	size_t from = lx->at;

	while (lx->at < text.n && strchr(" \t\r\n", text.p[lx->at]) != NULL &&
	       text.p[lx->at] != '\0') {
		if (text.p[lx->at++] == '\n') {
			lx->line++;
			lx->line_start = lx->counted = lx->at;
			lx->column = 1;
		}
	}
	if (peek(lx, 0) == '#')
		skip_comment(lx);
	return lx->at > from;
}

/* Only a line that begins with it; elsewhere # is a character like others. */
static void
skip_comment(struct lexer *lx)
{
	struct str text = lx->source->text;

	for (size_t i = lx->line_start; i < lx->at; i++) {
		if (text.p[i] != ' ' && text.p[i] != '\t')
			return;
	}
	while (lx->at < text.n && text.p[lx->at] != '\n')
		lx->at++;
}

static struct spot
spot_of(struct lexer *lx, size_t at)
{
	const char *p = lx->source->text.p;

	for (; lx->counted < at; lx->counted++)
		lx->column += ((unsigned char)p[lx->counted] & 0xc0) != 0x80;
	return (struct spot){ lx->line, lx->column };
}

static int
peek(const struct lexer *lx, size_t ahead)
{
	struct str text = lx->source->text;

	return lx->at + ahead < text.n ? (unsigned char)text.p[lx->at + ahead]
				       : -1;
}

static void
lex_name(struct lexer *lx, struct token *t)
{
	size_t from = lx->at;

	while (is_name(peek(lx, 0)))
		lx->at++;
	t->kind = TOKEN_NAME;
	t->text = str_sub(lx->source->text, from, lx->at - from);
	for (size_t i = 0; i < NELEM(keywords); i++) {
		if (str_is_nocase(t->text, keywords[i].word))
			t->kind = keywords[i].kind;
	}
}

static void
lex_string(struct lexer *lx, struct token *t)
{
	char quote = lx->source->text.p[lx->at++];
	size_t from = lx->at;
	struct str raw;

	t->kind = TOKEN_STRING;
	while (peek(lx, 0) != quote) {
		if (!string_char_ok(lx, t, quote))
			return;
		/* Whatever stands behind it is no end. */
		if (peek(lx, 0) == '\\' &&
		    (peek(lx, 1) == quote || peek(lx, 1) == '\\'))
			lx->at++;
		lx->at++;
	}
	raw = str_sub(lx->source->text, from, lx->at - from);
	lx->at++;
	if (str_valid_utf8(raw))
		t->text = unescape(lx->source->mem, raw);
	else
		bad(lx, t, "text in UTF-8", "a string that is not");
}

/* False: the string ends without its quote, or has what it may not have. */
static bool
string_char_ok(struct lexer *lx, struct token *t, char quote)
{
	int c = peek(lx, 0);
	char wanted[60];

	if (c == -1 || c == '\r' || c == '\n') {
		snprintf(wanted, sizeof(wanted),
		    "%c at the end of the string on the same line", quote);
		bad(lx, t, wanted, c == -1 ? "the end" : "the end of the line");
		return false;
	}
	if ((c < ' ' && c != '\t') || c == 0x7f) {
		t->spot = spot_of(lx, lx->at);
		bad(lx, t, "a printable character", "a control character");
		return false;
	}
	return true;
}

static struct str
unescape(struct arena *mem, struct str raw)
{
	char *out = arena_alloc(mem, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n &&
		    (raw.p[i + 1] == '\\' || raw.p[i + 1] == '"' ||
			raw.p[i + 1] == '\''))
			i++;
		out[n++] = raw.p[i];
	}
	return (struct str){ out, n };
}

/* -2.50, 15M */
static void
lex_number(struct lexer *lx, struct token *t)
{
	size_t from = lx->at;
	bool minus = peek(lx, 0) == '-';
	struct str digits;
	char quoted[100];

	if (!is_digit(peek(lx, 0)))
		from = ++lx->at;
	while (is_digit(peek(lx, 0)))
		lx->at++;
	if (peek(lx, 0) == '.' && is_digit(peek(lx, 1))) {
		lx->at++;
		while (is_digit(peek(lx, 0)))
			lx->at++;
	} else if (is_suffix(peek(lx, 0))) {
		lx->at++;
	}
	while (is_name(peek(lx, 0))) {
		t->kind = TOKEN_BAD;
		lx->at++;
	}
	digits = str_sub(lx->source->text, from, lx->at - from);
	if (t->kind == TOKEN_BAD) {
		bad(lx, t, "a number such as 5M or -2.5",
		    source_quote(quoted, digits));
		return;
	}
	while (digits.n > 1 && digits.p[0] == '0' && is_digit(digits.p[1]))
		digits = str_sub(digits, 1, digits.n);
	t->kind = TOKEN_NUMBER;
	t->text = str_of(arena_printf(
	    lx->source->mem, "%s%.*s", minus ? "-" : "", STR_ARG(digits)));
}

static bool
is_suffix(int c)
{
	return c > 0 && strchr("bBkKmMgG", c) != NULL;
}

static bool
lex_sign(struct lexer *lx, struct token *t)
{
	static const struct {
		const char *text;
		enum cmp cmp;
	} signs[] = {
		{ "==", CMP_EQ },
		{ "!=", CMP_NE },
		{ "<=", CMP_LE },
		{ ">=", CMP_GE },
		{ "<", CMP_LT },
		{ ">", CMP_GT },
	};
	struct str left =
	    str_sub(lx->source->text, lx->at, lx->source->text.n - lx->at);

	for (size_t i = 0; i < NELEM(signs); i++) {
		size_t n = strlen(signs[i].text);

		if (!str_starts(left, str_of(signs[i].text)))
			continue;
		t->kind = TOKEN_CMP;
		t->cmp = signs[i].cmp;
		t->text = str_sub(left, 0, n);
		lx->at += n;
		return true;
	}
	if (left.p[0] == '\0' || strchr(":!(){}[],;", left.p[0]) == NULL)
		return false;
	t->kind = TOKEN_SIGN;
	t->c = left.p[0];
	t->text = str_sub(left, 0, 1);
	lx->at++;
	return true;
}

/* What begins nothing. Quotes of word processors get a word of their own. */
static void
lex_strange(struct lexer *lx, struct token *t)
{
	struct str text = lx->source->text, one;
	size_t n = 1;
	char quoted[100], found[180];

	while (lx->at + n < text.n && n < 4 &&
	       ((unsigned char)text.p[lx->at + n] & 0xc0) == 0x80)
		n++;
	one = str_sub(text, lx->at, n);
	lx->at += n;
	if (n == 3 && memcmp(one.p, "\xe2\x80", 2) == 0 &&
	    (unsigned char)one.p[2] >= 0x98 &&
	    (unsigned char)one.p[2] <= 0x9d) {
		snprintf(found, sizeof(found),
		    "%.*s (U+20%02X), a typographic quote", STR_ARG(one),
		    (unsigned char)one.p[2] - 0x80u);
		bad(lx, t, "a plain quote, ' or \"", found);
	} else if (one.p[0] == '=') {
		bad(lx, t, "==", "=");
	} else if (one.p[0] == '#') {
		bad(lx, t, "a comment on a line of its own", "#");
	} else {
		bad(lx, t, "a word, a string or a number",
		    source_quote(quoted, one));
	}
}

static void
bad(struct lexer *lx, struct token *t, const char *wanted, const char *found)
{
	t->kind = TOKEN_BAD;
	if (!lx->quiet)
		source_expected(lx->source, t->spot, wanted, "%s", found);
}

static bool
is_name_start(int c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool
is_name(int c)
{
	return is_name_start(c) || is_digit(c) || c == '.' || c == '-';
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

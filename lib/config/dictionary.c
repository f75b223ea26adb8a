/*
 * dictionary.c - the file of a content dictionary
 */
#include "config/dictionary.h"

#include "base/mem.h"

static int take_weight(
    struct str *text, struct dictionary_term *, struct err *);
static bool is_escaped(struct str text, size_t at);
static int take_smart(struct str text, struct dictionary_term *, struct err *);
static int check_text(struct str text, struct err *);
static struct str unescape(struct str text, struct arena *);
static size_t characters(struct str);

static const char *const smart_names[] = {
	[SMART_CREDIT] = "credit",
	[SMART_SSN] = "ssn",
	[SMART_ABA] = "aba",
	[SMART_CUSIP] = "cusip",
};

const char *
smart_name(enum smart_id id)
{
	return (size_t)id < NELEM(smart_names) ? smart_names[id] : NULL;
}

bool
dictionary_is_literal(struct str term)
{
	if (str_find(term, '@') < term.n)
		return true;
	for (size_t i = 0; i < term.n; i++) {
		char c = term.p[i], lower = c | 0x20;

		if (!(lower >= 'a' && lower <= 'z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '.')
			return false;
	}
	return true;
}

int
dictionary_line(struct str line, struct dictionary_term *t, struct arena *mem,
    struct err *err)
{
	struct str text = str_trim(line);

	*t = (struct dictionary_term){ .weight = 1, .text = STR("") };
	if (text.n == 0 || text.p[0] == '#')
		return 0;
	if (check_text(text, err) == -1 || take_weight(&text, t, err) == -1)
		return -1;
	if (text.n == 0)
		return err_set(
		    err, ERR_USAGE, "there is no term before the weight");
	if (text.p[0] == '*')
		return take_smart(text, t, err);
	if (is_escaped(text, text.n))
		return err_set(err, ERR_USAGE,
		    "the term ends with a backslash; one that is meant is "
		    "written \\\\");
	text = unescape(text, mem);
	if (characters(text) > DICTIONARY_TERM_MAX)
		return err_set(err, ERR_USAGE,
		    "the term is longer than %d characters",
		    DICTIONARY_TERM_MAX);
	t->text = text;
	return 1;
}

void
dictionary_parse(struct dictionary *d, struct str text, struct arena *mem,
    dictionary_report *report, void *arg)
{
	struct str left = text;
	size_t n = 1;
	int line = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	if (n > DICTIONARY_TERMS_MAX)
		n = DICTIONARY_TERMS_MAX;
	d->terms = arena_array(mem, n, sizeof(*d->terms));
	d->n_terms = 0;
	while (left.n > 0) {
		struct dictionary_term t;
		struct err err = ERR_INIT;
		int rc = dictionary_line(str_cut(&left, '\n'), &t, mem, &err);

		t.line = ++line;
		if (rc == 1 && d->n_terms == n) {
			err_set(&err, ERR_USAGE,
			    "there are more than %d terms; make several "
			    "dictionaries of them",
			    DICTIONARY_TERMS_MAX);
			report(arg, line, &err);
			return;
		}
		if (rc == 1)
			d->terms[d->n_terms++] = t;
		else if (rc == -1)
			report(arg, line, &err);
	}
}

void
dictionary_print(const struct dictionary_term *t, struct buf *out)
{
	if (t->smart != SMART_NONE)
		buf_printf(out, "*%s", smart_names[t->smart]);
	for (size_t i = 0; i < t->text.n; i++) {
		if (t->text.p[i] == ',')
			buf_putc(out, '\\');
		buf_putc(out, t->text.p[i]);
	}
	if (t->weight != 1)
		buf_printf(out, ",%u", (unsigned)t->weight);
}

static int
take_weight(struct str *text, struct dictionary_term *t, struct err *err)
{
	size_t comma = str_rfind(*text, ',');
	struct str number =
	    str_trim(str_sub(*text, comma + 1, text->n - comma));
	uint64_t weight;

	if (comma == text->n || is_escaped(*text, comma) ||
	    !str_u64(number, UINT64_MAX, &weight))
		return 0;
	if (weight < 1 || weight > DICTIONARY_WEIGHT_MAX)
		return err_set(err, ERR_USAGE,
		    "the weight %.*s is not within 1..%d; a comma that "
		    "belongs to the term is written \\,",
		    (int)(number.n > 20 ? 20 : number.n), number.p,
		    DICTIONARY_WEIGHT_MAX);
	t->weight = (uint32_t)weight;
	*text = str_trim(str_sub(*text, 0, comma));
	return 0;
}

/* An odd number of backslashes before it: of two, one escapes the other. */
static bool
is_escaped(struct str text, size_t at)
{
	size_t n = 0;

	while (n < at && text.p[at - n - 1] == '\\')
		n++;
	return n % 2 == 1;
}

static int
take_smart(struct str text, struct dictionary_term *t, struct err *err)
{
	struct str name = str_sub(text, 1, text.n - 1);
	char shown[64];

	for (size_t i = SMART_CREDIT; i < NELEM(smart_names); i++) {
		if (str_is_nocase(name, smart_names[i])) {
			t->smart = (enum smart_id)i;
			return 1;
		}
	}
	str_escape(shown, sizeof(shown), text, 40);
	return err_set(err, ERR_USAGE,
	    "\"%s\" is no smart identifier: there are *credit, *ssn, *aba and "
	    "*cusip, each alone in its line",
	    shown);
}

static int
check_text(struct str text, struct err *err)
{
	if (!str_valid_utf8(text))
		return err_set(err, ERR_USAGE, "is not UTF-8 text");
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return err_set(
			    err, ERR_USAGE, "has a control character");
	}
	return 0;
}

/* Only of commas: all other backslashes belong to the expression. */
static struct str
unescape(struct str text, struct arena *mem)
{
	char *copy = arena_strz(mem, text);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == ',' && is_escaped(text, i))
			n--;
		copy[n++] = text.p[i];
	}
	copy[n] = '\0';
	return (struct str){ copy, n };
}

static size_t
characters(struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

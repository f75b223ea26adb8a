/*
 * literals.c - what a text must contain for an expression to match at all
 *
 * A reader of expressions that knows the usual ones. A branch is a row of
 * items; of runs of plain characters and of groups in it the best is chosen;
 * alternatives have what each of them has. All that has another form (options
 * but i, m, s, verbs, conditions, subroutines, \Q) makes it give up.
 */
#include "filter/literals.h"

#include <string.h>

#include "base/mem.h"
#include "filter/regex.h"

#define NEST_MAX 100 /* as regex.c allows */

struct reader {
	struct str text;
	size_t at;
	bool bytes;  /* no UTF-8 */
	bool nocase; /* some of it may ignore case: taken for all */
	bool gave_up;
	unsigned depth;
	struct arena *mem;
};
/* One element of a branch, with its quantifier. */
enum item_kind { ITEM_OTHER, ITEM_CHAR, ITEM_GROUP };
struct item {
	enum item_kind kind;
	struct str chars; /* ITEM_CHAR: one character */
	bool may_lack, repeats;
};
struct run {
	char p[LITERAL_MAX];
	size_t n;
};

static void read_alternatives(struct reader *, struct literals *);
static void read_branch(struct reader *, struct literals *best);
static void read_item(struct reader *, struct item *, struct literals *group);
static void read_char(struct reader *, struct item *);
static void read_escape(struct reader *, struct item *);
static void read_class(struct reader *, struct item *);
static void skip_posix(struct reader *);
static void read_group(struct reader *, struct item *, struct literals *);
static bool read_opening(struct reader *, bool *counts);
static bool read_options(struct reader *);
static void skip_name(struct reader *, char end);
static void skip_braces(struct reader *);
static void read_quantifier(struct reader *, struct item *);
static bool read_counts(struct reader *, struct item *);
static void add_run(struct run *, struct str chars);
static void end_run(struct run *, struct literals *best, struct arena *);
static void choose(struct literals *best, const struct literals *);
static size_t shortest(const struct literals *);

void
literals_of(
    struct str pattern, unsigned flags, struct literals *out, struct arena *mem)
{
	struct reader r = { .text = pattern,
		.bytes = flags & REGEX_BYTES,
		.nocase = flags & REGEX_NOCASE,
		.mem = mem };
	bool nocase;

	do {
		nocase = r.nocase;
		r.at = 0;
		read_alternatives(&r, out);
		/* an option in the middle: once more from the beginning */
	} while (!r.gave_up && r.nocase != nocase);
	if (r.gave_up || r.at < pattern.n)
		out->n = 0;
}

bool
literals_odd(struct str text)
{
	return str_search(text, STR("\xc5\xbf")) < text.n ||
	       str_search(text, STR("\xe2\x84\xaa")) < text.n;
}

static inline char
peek(const struct reader *r, size_t ahead)
{
	return r->at + ahead < r->text.n ? r->text.p[r->at + ahead] : '\0';
}

static inline bool
at_end(const struct reader *r)
{
	return r->gave_up || r->at >= r->text.n;
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Each alternative must have some. */
static void
read_alternatives(struct reader *r, struct literals *all)
{
	bool none = false, more;
	struct literals one;

	all->n = 0;
	do {
		read_branch(r, &one);
		none |= one.n == 0 || all->n + one.n > LITERALS_MAX;
		for (size_t i = 0; i < one.n && !none; i++)
			all->v[all->n++] = one.v[i];
		more = !at_end(r) && peek(r, 0) == '|';
		r->at += more;
	} while (more);
	if (none)
		all->n = 0;
}

static void
read_branch(struct reader *r, struct literals *best)
{
	struct run run = { .n = 0 };

	best->n = 0;
	while (!at_end(r) && !is_one_of(peek(r, 0), "|)")) {
		struct literals group = { .n = 0 };
		struct item item = { .kind = ITEM_OTHER };

		read_item(r, &item, &group);
		if (item.kind == ITEM_CHAR && !item.may_lack) {
			add_run(&run, item.chars);
			if (!item.repeats)
				continue;
		}
		end_run(&run, best, r->mem);
		if (item.kind == ITEM_GROUP && !item.may_lack)
			choose(best, &group);
	}
	end_run(&run, best, r->mem);
}

static void
read_item(struct reader *r, struct item *item, struct literals *group)
{
	switch (peek(r, 0)) {
	case '(':
		read_group(r, item, group);
		break;
	case '[':
		read_class(r, item);
		break;
	case '\\':
		read_escape(r, item);
		break;
	case '.':
	case '^':
	case '$':
		r->at++;
		break;
	case '*':
	case '+':
	case '?':
	case '{':
		r->gave_up = true;
		return;
	default:
		read_char(r, item);
		break;
	}
	read_quantifier(r, item);
}

/* One character of UTF-8, or one byte. */
static void
read_char(struct reader *r, struct item *item)
{
	struct str rest = str_sub(r->text, r->at, r->text.n);
	bool ascii = (unsigned char)rest.p[0] < 0x80;
	uint32_t code;
	size_t n = ascii || r->bytes ? 1 : str_utf8(rest, &code);

	if (n == 0) {
		r->gave_up = true;
		return;
	}
	r->at += n;
	/* what is not ASCII has cases that we do not know */
	if (!ascii && r->nocase)
		return;
	item->kind = ITEM_CHAR;
	item->chars = str_sub(rest, 0, n);
}

static void
read_escape(struct reader *r, struct item *item)
{
	char c = peek(r, 1);
	bool letter = is_letter(c);

	if (r->at + 1 >= r->text.n || (unsigned char)c >= 0x80) {
		r->gave_up = true;
		return;
	}
	r->at++;
	if (!letter && !is_digit(c)) {
		read_char(r, item);
		return;
	}
	r->at++;
	/* what stands for any of several, or for a place */
	if (is_one_of(c, "dDwWsShHvVRXbBAzZGKaefnrt"))
		return;
	if (is_digit(c)) {
		while (is_digit(peek(r, 0)))
			r->at++;
		return;
	}
	if (c == 'x' || c == 'p' || c == 'P') {
		if (peek(r, 0) == '{') {
			skip_braces(r);
			return;
		}
		for (int most = c == 'x' ? 2 : 1;
		     most > 0 && !at_end(r) &&
		     (is_digit(peek(r, 0)) || is_letter(peek(r, 0)));
		     most--)
			r->at++;
		return;
	}
	r->gave_up = true;
}

/* Only "[.]", one plain character, is what it says. */
static void
read_class(struct reader *r, struct item *item)
{
	size_t from = ++r->at;
	bool first = true;

	if (peek(r, 0) == '^') {
		r->at++;
		from = SIZE_MAX;
	}
	for (; !at_end(r) && (first || peek(r, 0) != ']'); first = false) {
		char c = peek(r, 0);

		if (c == '[' && is_one_of(peek(r, 1), ":.=")) {
			skip_posix(r);
			continue;
		}
		/* \Q is in there as everywhere */
		if (c == '\\' && is_one_of(peek(r, 1), "QEcoN"))
			r->gave_up = true;
		r->at += c == '\\' ? 2 : 1;
	}
	if (at_end(r)) {
		r->gave_up = true;
		return;
	}
	r->at++;
	if (from == SIZE_MAX || r->at - from != 2 ||
	    is_one_of(r->text.p[from], "\\[]") ||
	    (unsigned char)r->text.p[from] >= 0x80)
		return;
	item->kind = ITEM_CHAR;
	item->chars = str_sub(r->text, from, 1);
}

/* "[:alpha:]" within a class. */
static void
skip_posix(struct reader *r)
{
	char kind = peek(r, 1);

	r->at += 2;
	while (is_letter(peek(r, 0)) || peek(r, 0) == '^')
		r->at++;
	if (kind == ':' && peek(r, 0) == ':' && peek(r, 1) == ']')
		r->at += 2;
	else
		r->gave_up = true;
}

static void
read_group(struct reader *r, struct item *item, struct literals *group)
{
	bool counts = true;

	r->at++;
	if (++r->depth > NEST_MAX || peek(r, 0) == '*')
		r->gave_up = true;
	if (!r->gave_up && (peek(r, 0) != '?' || read_opening(r, &counts))) {
		read_alternatives(r, group);
		if (peek(r, 0) != ')' || at_end(r))
			r->gave_up = true;
		r->at++;
		if (counts && group->n > 0)
			item->kind = ITEM_GROUP;
	}
	r->depth--;
}

/* "?:" and the like; counts: what is in it is part of a match, or must at
 * least be there. False: it was an option and has no inside. */
static bool
read_opening(struct reader *r, bool *counts)
{
	char c = peek(r, 1), next = peek(r, 2);

	r->at += 2;
	switch (c) {
	case ':':
	case '>':
	case '|':
	case '=':
		return true;
	case '!':
		*counts = false;
		return true;
	case 'P':
		r->gave_up |= next != '<';
		r->at++;
		skip_name(r, '>');
		return true;
	case '\'':
		skip_name(r, '\'');
		return true;
	case '<':
		*counts = next != '!';
		if (next == '!' || next == '=')
			r->at++;
		else
			skip_name(r, '>');
		return true;
	default:
		r->at--;
		return read_options(r);
	}
}

/* "i)", "-s:"; true: a group begins. */
static bool
read_options(struct reader *r)
{
	while (is_one_of(peek(r, 0), "ims-")) {
		r->nocase |= peek(r, 0) == 'i';
		r->at++;
	}
	if (!is_one_of(peek(r, 0), ":)")) {
		r->gave_up = true;
		return false;
	}
	return r->text.p[r->at++] == ':';
}

static void
skip_name(struct reader *r, char end)
{
	while (
	    is_letter(peek(r, 0)) || is_digit(peek(r, 0)) || peek(r, 0) == '_')
		r->at++;
	r->gave_up |= peek(r, 0) != end;
	r->at++;
}

static void
skip_braces(struct reader *r)
{
	while (!at_end(r) && peek(r, 0) != '}')
		r->at++;
	r->gave_up |= at_end(r);
	r->at++;
}

static void
read_quantifier(struct reader *r, struct item *item)
{
	char c = at_end(r) ? '\0' : peek(r, 0);

	if (!is_one_of(c, "*+?{"))
		return;
	if (c == '{' && !read_counts(r, item)) {
		r->gave_up = true;
		return;
	}
	if (c != '{') {
		item->may_lack = c != '+';
		r->at++;
	}
	item->repeats = true;
	/* lazy, possessive */
	if (is_one_of(peek(r, 0), "+?"))
		r->at++;
}

/* "{3}", "{2,}", "{0,5}". What else begins with a brace differs between
 * versions of PCRE2. */
static bool
read_counts(struct reader *r, struct item *item)
{
	bool more = false;

	r->at++;
	if (!is_digit(peek(r, 0)))
		return false;
	for (; is_digit(peek(r, 0)); r->at++)
		more |= peek(r, 0) != '0';
	item->may_lack = !more;
	if (peek(r, 0) == ',')
		r->at++;
	while (is_digit(peek(r, 0)))
		r->at++;
	return peek(r, 0) == '}' && ++r->at > 0;
}

/* --- choosing --- */

/* What does not fit any more is left out: the beginning will do. */
static void
add_run(struct run *run, struct str chars)
{
	for (size_t i = 0; i < chars.n && run->n < LITERAL_MAX; i++) {
		char c = chars.p[i];

		run->p[run->n++] =
		    c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
}

static void
end_run(struct run *run, struct literals *best, struct arena *mem)
{
	struct literals one = { .v[0] = { run->p, run->n }, .n = 1 };

	if (run->n >= LITERAL_MIN && run->n >= shortest(best)) {
		one.v[0] = arena_str(mem, one.v[0]);
		choose(best, &one);
	}
	run->n = 0;
}

/* The longer, the rarer; then the fewer. */
static void
choose(struct literals *best, const struct literals *other)
{
	size_t own = shortest(best), its = shortest(other);

	if (its > own || (its == own && other->n < best->n))
		*best = *other;
}

static size_t
shortest(const struct literals *l)
{
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < l->n; i++)
		least = l->v[i].n < least ? l->v[i].n : least;
	return l->n > 0 ? least : 0;
}

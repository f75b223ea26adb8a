/* saw.c - what a rule looked at, for who asks to have it explained */
#include <inttypes.h>
#include <stdio.h>

#include "filter/eval.h"

#define SAW_ONE 80  /* bytes of a text */
#define SAW_ALL 600 /* of all texts of a rule */
#define BEFORE  30  /* a match, that are shown with it */

static struct str excerpt(struct str text, struct str match);
static size_t whole_char(struct str text, size_t at);

void
saw_text(struct eval *e, struct str text, struct str match)
{
	struct str part = excerpt(text, match);
	bool cut = part.p > text.p, more = part.p + part.n < text.p + text.n;

	if (e->saw.n >= SAW_ALL)
		return;
	e->saw = str_of(arena_printf(e->w->mem, "%.*s%s\"%s%.*s%s\"",
	    STR_ARG(e->saw), e->saw.n > 0 ? ", " : "", cut ? "..." : "",
	    STR_ARG(part), more ? "..." : ""));
	if (e->saw.n >= SAW_ALL)
		e->saw = str_of(
		    arena_printf(e->w->mem, "%.*s, ...", STR_ARG(e->saw)));
}

void
saw_found(struct eval *e, struct str match)
{
	struct str part = str_sub(match, 0, whole_char(match, SAW_ONE));

	if (e->saw.n < SAW_ALL)
		e->saw = str_of(arena_printf(e->w->mem,
		    "%.*s (found \"%.*s%s\")", STR_ARG(e->saw), STR_ARG(part),
		    part.n < match.n ? "..." : ""));
}

void
saw_number(struct eval *e, int64_t n)
{
	if (e->w->explain)
		e->saw = str_of(arena_printf(e->w->mem, "%.*s%s%" PRId64,
		    STR_ARG(e->saw), e->saw.n > 0 ? ", " : "", n));
}

void
saw_words(struct eval *e, const char *const *words, int64_t bits)
{
	for (int i = 0; e->w->explain && words[i] != NULL; i++)
		if (bits >> i & 1)
			saw_text(e, str_of(words[i]), STR(""));
}

/* Its beginning, or a match and what stands around it. */
static struct str
excerpt(struct str text, struct str match)
{
	size_t from = 0, to;

	if (match.n > 0 && match.p >= text.p &&
	    match.p + match.n <= text.p + text.n)
		from = (size_t)(match.p - text.p);
	from = from > SAW_ONE / 2 ? whole_char(text, from - BEFORE) : 0;
	to =
	    from + SAW_ONE < text.n ? whole_char(text, from + SAW_ONE) : text.n;
	return str_sub(text, from, to - from);
}

/* The beginning of the character that the byte is in. */
static size_t
whole_char(struct str text, size_t at)
{
	size_t i = at;

	while (i > 0 && at - i < 3 && i < text.n &&
	       ((unsigned char)text.p[i] & 0xc0) == 0x80)
		i--;
	return i;
}

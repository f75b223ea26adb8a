/*
 * literals.h - what a text must contain for an expression to match at all
 *
 * Of "(?i)(?:casino|lottery)\s+\d" that is one of "casino" and "lottery". A
 * text that has none of them need not be searched. Where the reader is not
 * sure it says nothing: an expression without literals is searched for
 * always. So it errs to one side only, and tests compare it with PCRE2.
 */
#ifndef FILTER_LITERALS_H
#define FILTER_LITERALS_H

#include "base/arena.h"
#include "base/str.h"

#define LITERALS_MAX 32 /* of an expression */
#define LITERAL_MIN  2  /* bytes; what is shorter is everywhere */
#define LITERAL_MAX  16 /* a longer one is cut */

struct literals {
	struct str v[LITERALS_MAX];
	size_t n; /* 0: nothing is known */
};

/*
 * Of an expression that PCRE2 has compiled with these flags (filter/regex.h).
 * Literals are lower case, in mem: they are to be looked for in any case of
 * ASCII. PCRE2 takes two characters for letters of ASCII when it ignores case,
 * U+017F and U+212A (literals_odd): where those are, literals say nothing.
 */
void literals_of(
    struct str pattern, unsigned flags, struct literals *, struct arena *mem);
bool literals_odd(struct str text);

#endif

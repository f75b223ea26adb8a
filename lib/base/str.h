/*
 * str.h - slices of text, and the few string helpers everybody needs
 *
 * A struct str is a view: it owns nothing and need not end in NUL. What it
 * points at must outlive it. p is NULL only when nothing was given (n 0);
 * an empty text has a non-NULL p.
 *
 * Case folding is ASCII only, and so independent of the locale.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(lit)   ((struct str){ (lit), sizeof(lit) - 1 }) /* a literal */
#define STR_ARG(s) (int)(s).n, ((s).p != NULL ? (s).p : "") /* for %.*s */

struct str str_of(const char *s); /* NULL gives { NULL, 0 } */
struct str str_sub(struct str s, size_t from, size_t n); /* clipped */
struct str str_trim(struct str s); /* without space, tab, CR, LF at the ends */
bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b);
bool str_is(struct str a, const char *b); /* equals a C string */
bool str_is_nocase(struct str a, const char *b);
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends_nocase(struct str s, struct str suffix);
/* Index of the first c, or s.n */
size_t str_find(struct str s, char c);
size_t str_rfind(struct str s, char c); /* of the last one */
/* Index of the first `what` (not empty), or s.n. */
size_t str_search(struct str s, struct str what);
/* Cuts off and returns what stands before sep; s gets what follows. */
struct str str_cut(struct str *s, char sep);
/* Next run of non-blanks (space, tab); empty (n 0) at the end. */
struct str str_word(struct str *s);

/* How many letters to change, add or take away to make b of a, in any case:
 * for "did you mean". Of words: over 64 bytes, SIZE_MAX. */
size_t str_distance(struct str a, struct str b);

/* Copies at most size - 1 bytes and ends with NUL; false when it was cut. */
bool str_copy(char *dst, size_t size, struct str s);
void str_lower(char *s); /* ASCII, in place */

/* Decimal digits only (no sign, blank, leading +), within 0..max. */
bool str_u64(struct str s, uint64_t max, uint64_t *out);

/* 1234567 as "1,234,567"; returns out. */
char *str_thousands(uint64_t n, char out[32]);

/*
 * Appends printable text to out (size bytes, always NUL-ended): control
 * bytes, backslash-escapes as \r \n \t \xNN, bytes that are not valid UTF-8
 * as \xNN; bidirectional controls and U+2028/2029 as \uNNNN; cut at max
 * input bytes with "...". For logs and terminals. Returns bytes written.
 */
size_t str_escape(char *out, size_t size, struct str s, size_t max);

bool str_valid_utf8(struct str s); /* no overlong forms, no surrogates */
/* How many bytes of ASCII it begins with. */
size_t str_ascii(struct str s);
/* Length of the UTF-8 sequence it begins with; 0: none, or cut short,
 * overlong, a surrogate, beyond U+10FFFF (RFC 3629). */
size_t str_utf8(struct str s, uint32_t *code);
/* The first max bytes, or up to three less: no letter is cut. */
struct str str_letters(struct str s, size_t max);
/* Its length; what is no character becomes U+FFFD. */
size_t str_utf8_put(uint32_t code, char out[4]);

#endif

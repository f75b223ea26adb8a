/*
 * regex.h - expressions of people, on texts of strangers (spec workqueue 2.5)
 *
 * PCRE2 in UTF mode: search, not full match; no multi-line mode; a dot is no
 * line end; $ also before a last line end. Both sides have limits: an
 * expression is at most 64 KiB when compiled, a search ends after a number of
 * steps and depth. Nobody outside of regex.c sees PCRE2.
 */
#ifndef FILTER_REGEX_H
#define FILTER_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct regex;

#define REGEX_NOCASE 1u
/* Bytes, not UTF-8: attachment-binary-contains */
#define REGEX_BYTES 2u
/* In a search: the text is known to be UTF-8 */
#define REGEX_VALID 4u

/* NULL: err says what is wrong and at which character of it. Pair with
 * regex_free(). */
struct regex *regex_compile(struct str pattern, unsigned flags, struct err *);
void regex_free(struct regex **);

enum regex_result { REGEX_NO, REGEX_YES, REGEX_LIMIT };
/* The first match in text that begins at or after `from`; *match is what was
 * found, within text. LIMIT: a limit was reached, it cannot be said. */
enum regex_result regex_search(const struct regex *, struct str text,
    size_t from, unsigned flags, struct str *match);

/* Its number among those that are searched for together (prefilter.h). */
#define REGEX_NO_ID UINT32_MAX
void regex_set_id(struct regex *, uint32_t);
uint32_t regex_id(const struct regex *);
bool regex_is_bytes(const struct regex *);

#endif

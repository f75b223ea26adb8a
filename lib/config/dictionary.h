/*
 * dictionary.h - the file of a content dictionary (spec workqueue 3.1)
 *
 *	# a comment
 *	word
 *	pass(word|phrase),5
 *	Smith\, John
 *	*credit,10
 *
 * One term per line, blanks at its ends do not count. The weight follows the
 * last comma, when digits are all that follows it; a comma of the term is
 * written \, there, and may be everywhere. Pure.
 */
#ifndef CONFIG_DICTIONARY_H
#define CONFIG_DICTIONARY_H

#include "base/arena.h"
#include "base/buf.h"
#include "config/config.h"

#define DICTIONARY_TERMS_MAX  100000
#define DICTIONARY_TERM_MAX   1000 /* characters */
#define DICTIONARY_WEIGHT_MAX 10

/* "credit"; NULL: SMART_NONE. */
const char *smart_name(enum smart_id);

/* Does it mean itself, and is no expression? An address, a domain, a word. */
bool dictionary_is_literal(struct str term);

/* 1: a term; 0: the line has none; -1: err says what is wrong. */
int dictionary_line(struct str line, struct dictionary_term *,
    struct arena *mem, struct err *err);
/* All of a text, in mem; each line that is wrong is reported. */
typedef void dictionary_report(void *arg, int line, const struct err *);
void dictionary_parse(struct dictionary *, struct str text, struct arena *mem,
    dictionary_report *, void *arg);
/* A term as a line, without its end. */
void dictionary_print(const struct dictionary_term *, struct buf *out);

#endif

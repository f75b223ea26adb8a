/*
 * dictionary.h - content dictionaries, ready to be searched for
 *
 * Terms without signs of expressions, and all that look like addresses or
 * domains, are words of one automaton, which finds them in one pass however
 * many there are; the others are expressions, each tried by itself. Spec
 * workqueue 3.1.
 */
#ifndef FILTER_DICTIONARY_H
#define FILTER_DICTIONARY_H

#include "filter/prefilter.h"

/* Of every dictionary of the configuration, in its order; a term that is no
 * expression is a problem of its file and line. */
const struct words *const *words_compile(
    const struct config *, struct source *, struct filter_regex **);
/* What a text must have for this one to find anything. */
void words_literals(const struct words *, struct prefilter *, uint32_t pattern);

#endif

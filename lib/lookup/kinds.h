/*
 * kinds.h - what each kind of question asks the name servers for
 *
 * Inside lib/lookup; names of kinds for people are in lookup.h.
 */
#ifndef LOOKUP_KINDS_H
#define LOOKUP_KINDS_H

#include <stdbool.h>

#include "fact/facts.h"
#include "lookup/rdata.h"

bool kind_is_known(unsigned kind);
/* Of the first question; the kind must be known. */
enum rdata_type kind_type(enum lookup_kind);

#endif

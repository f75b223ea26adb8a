/*
 * ubcontext.h - libunbound with our settings, ready to be asked
 *
 * Inside lib/lookup. What it opens and allocates for good is done when this
 * returns: a sandbox may close behind it.
 */
#ifndef LOOKUP_UBCONTEXT_H
#define LOOKUP_UBCONTEXT_H

#include "lookup/resolver.h"

struct ub_ctx;
struct ub_event_base;

/* NULL: err. */
struct ub_ctx *ubcontext_new(
    struct ub_event_base *, const struct resolver_settings *, struct err *);

#endif

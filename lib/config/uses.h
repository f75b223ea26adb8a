/*
 * uses.h - who refers to an entry of a list of the configuration
 *
 * What refers to what is said by the schema (schema.h, refers): a bounce
 * profile is used by the listeners and destinations that name it, an address
 * list by the listeners whose policies do, a text resource by mail policies and
 * by filters. Tables in files of their own are not looked at. A filter counts
 * as using what stands in quotes in it: that may be one too many, never one
 * too few.
 */
#ifndef CONFIG_USES_H
#define CONFIG_USES_H

#include "base/buf.h"
#include "config/config.h"

/* One more of a list with commas: listener "InboundMail". */
void uses_add(struct buf *out, const char *what, struct str name);
/* Adds each entry that names this one of the list, once. */
void uses_find(
    const struct config *, const char *list, struct str name, struct buf *out);

#endif

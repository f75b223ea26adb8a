/*
 * senders.h - lists of hosts and recipients, as people type them
 *
 * Separated by commas; entries of host access tables (spec receiving 4.2) or
 * of recipient access tables (5.2).
 */
#ifndef ADMIN_SENDERS_H
#define ADMIN_SENDERS_H

#include "admin/ask.h"

/* One entry: false with what is wrong, the whole sentence. */
bool senders_host(struct str, struct err *);
bool senders_recipient(struct str, struct err *);

/* All of a list; err is about the first that is wrong. */
bool senders_check(
    struct str list, bool (*one)(struct str, struct err *), struct err *);
/* Asks until all are right; what was typed is kept as the default. False:
 * the input ended. */
bool senders_ask(struct editing *, const char *question, const char *dflt,
    bool (*one)(struct str, struct err *), char *out, size_t size);

#endif

/*
 * unsubscribe.h - addresses that get no mail from us, whoever sends it (spec
 * delivery-admin 1.11)
 *
 * Entries are patterns of addresses (pattern.h), or IP addresses: those of
 * servers that mail would be given to. In the configuration they are sorted,
 * so that a look-up compares a few of them. Pure.
 */
#ifndef CONFIG_UNSUBSCRIBE_H
#define CONFIG_UNSUBSCRIBE_H

#include "config/config.h"

/* The entry that an address matches; of several, the one that says most. NULL:
 * none, or the list is switched off. */
const struct unsubscribed *unsubscribed_addr(
    const struct config *, struct str addr);
const struct unsubscribed *unsubscribed_ip(
    const struct config *, const struct ip *);

/* The order of entries: IP addresses first. */
int unsubscribed_cmp(const void *, const void *);

#endif

/*
 * log_match.h - whose conversations debug logs hold
 *
 * A domain, or ".domain" for all below it; of clients an address, a range of
 * addresses, or such a name. Pure.
 */
#ifndef CONFIG_LOG_MATCH_H
#define CONFIG_LOG_MATCH_H

#include "config/config.h"

bool log_domain_ok(struct str, struct err *err); /* or empty */
bool log_host_ok(struct str, struct err *err);

/* Does this domain_debug log hold conversations about that domain? */
bool log_has_domain(const struct log_subscription *, struct str domain);
/* Does this injection_debug log hold those of that client? host: its verified
 * name; empty: none. */
bool log_has_client(
    const struct log_subscription *, const struct ip *, struct str host);
/* Are these the same log, of the same conversations? */
bool log_same_subject(
    const struct log_subscription *, const struct log_subscription *);

#endif

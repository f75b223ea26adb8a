/*
 * lookupd_answer.h - what was found, as JSON for admin tools
 */
#ifndef MASTER_LOOKUPD_ANSWER_H
#define MASTER_LOOKUPD_ANSWER_H

#include <jansson.h>

#include "ipc/messages.h"

/*
 * { "type": "MX", "name": text, "outcome": "found" | "not found" | "nxdomain" |
 *   "failed", "reason": text, "ttl": seconds, "secure": bool, "dnssec":
 *   "secure" | "insecure" | "bogus" | null (not known), "records": [ ... ] };
 * of a host "host_class", of MTA-STS "mode". The caller's.
 *
 * A record of A, AAAA has "address"; of MX, domain "preference" and "host"; of
 * host, PTR, NS, CNAME "host", of MTA-STS too (a pattern); of TXT "text"; of
 * TLSA "data" (all of it, hexadecimal); of SOA "primary", "mail", "serial",
 * "refresh", "retry", "expire", "minimum".
 */
json_t *lookupd_answer_json(const struct query *, const struct answer *);
/* Bytes of strangers: escaped when JSON could not hold them. */
json_t *lookupd_text_json(struct str);

/* What an engine says of itself; last: wall ms of the last contact, 0: none. */
json_t *lookupd_engine_json(const struct scanned *, int64_t last);

#endif

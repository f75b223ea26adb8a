/*
 * rdata.h - answers of the domain name system, taken apart
 *
 * Pure: bytes of a DNS message in, an outcome out. The message comes from a
 * resolver that has checked that it belongs to the question, but its content
 * is the work of strangers, so every length is checked here again.
 *
 *  - CNAMEs are followed within the message, 8 at most (threats DNS-02);
 *    a longer chain, or a loop, cannot be said.
 *  - A record whose data does not have the form of its type is passed over
 *    (DNS-03), and so is one that names a host in other bytes than letters,
 *    digits, "-" and "_" (DNS-04). If nothing is left, there was nothing.
 *  - Data of TLSA records is not looked at: what is too short, or of an unknown
 *    kind, is still there, and unusable (RFC 7672 2.1.3).
 *  - CNAME (when it is asked for), NS and SOA records are text, as in a zone
 *    file (lookup/present.h): only people look at them.
 *  - At most 16 KiB of data and 1,000 records are used, in their order; the
 *    reason then says that the answer was cut.
 *  - The TTL is the smallest of those involved, within 5 s and 7 days; of an
 *    absence that of its SOA record, within 5 s and 5 min (DNS-10).
 */
#ifndef LOOKUP_RDATA_H
#define LOOKUP_RDATA_H

#include "base/arena.h"
#include "fact/facts.h"
#include "ipc/messages.h"

enum rdata_type { /* IANA numbers */
	RDATA_A = 1,
	RDATA_NS = 2,
	RDATA_CNAME = 5,
	RDATA_SOA = 6,
	RDATA_PTR = 12,
	RDATA_MX = 15,
	RDATA_TXT = 16,
	RDATA_AAAA = 28,
	RDATA_TLSA = 52
};

#define TTL_MIN          5
#define TTL_MAX          604800 /* RFC 8767 section 4: a week */
#define TTL_NEGATIVE_MAX 300

/*
 * Fills end, ttl, reason and rrs of *out; what they point to is in mem (give
 * it 4 MiB) or static. Names are in lower case without the last dot; the
 * root is "" (the null MX of RFC 7505). TXT strings are put together.
 */
void rdata_parse(struct str packet, enum rdata_type type, struct arena *mem,
    struct answer *out);
/* What it means, of a DNS list: LIST_HAS, LIST_HAS_NOT, LIST_IS_NONE. */
enum dns_list rdata_list(const struct answer *);

#endif

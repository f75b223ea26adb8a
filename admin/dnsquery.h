/*
 * dnsquery.h - one question to one name server, and what it answers
 *
 * For `dig`: past lookupd, the library and every cache. The answer is the
 * server's own, as it came; who trusts it has been warned.
 */
#ifndef ADMIN_DNSQUERY_H
#define ADMIN_DNSQUERY_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/ip.h"
#include "lookup/dnsmsg.h"

enum dnsquery_way {
	DNSQUERY_BOTH, /* UDP, and TCP when the answer was cut */
	DNSQUERY_UDP,
	DNSQUERY_TCP
};

struct dnsquery {
	struct dnsmsg_name name;
	unsigned type;
	struct endpoint server;
	struct ip from; /* unset: the system's choice */
	enum dnsquery_way way;
	bool recurse, dnssec;
};

/* *out: the message. -1: err says why none came, within 15 seconds. */
int dnsquery_ask(const struct dnsquery *, struct buf *out, struct err *err);

/*
 * A message for programs and for people; NULL: it is none.
 *	{ "status": "NOERROR", "flags": [ "qr", "aa", ... ],
 *	  "question": { "name": text, "class": "IN", "type": text },
 *	  "answer": [ R, ... ], "authority": [ R, ... ],
 *	  "additional": [ R, ... ] }
 *	R: { "name": text, "ttl": n, "class": text, "type": text, "data": text }
 * Names have their last dot. OPT is left out, and RRSIG unless dnssec.
 */
json_t *dnsquery_json(struct str message, bool dnssec);

#endif

/*
 * features.h - what an SMTP server says it can do (the answer to EHLO)
 */
#ifndef SMTP_FEATURES_H
#define SMTP_FEATURES_H

#include <stdint.h>

#include "base/str.h"

/* Bits; also in SESSION_UP. */
#define FEATURE_ESMTP               (1u << 0) /* EHLO was understood */
#define FEATURE_PIPELINING          (1u << 1)
#define FEATURE_SIZE                (1u << 2)
#define FEATURE_8BITMIME            (1u << 3)
#define FEATURE_SMTPUTF8            (1u << 4)
#define FEATURE_DSN                 (1u << 5)
#define FEATURE_CHUNKING            (1u << 6)
#define FEATURE_BINARYMIME          (1u << 7)
#define FEATURE_STARTTLS            (1u << 8)
#define FEATURE_ENHANCEDSTATUSCODES (1u << 9)
#define FEATURE_LIMITS              (1u << 10)
#define FEATURE_REQUIRETLS          (1u << 11)
#define FEATURE_AUTH                (1u << 12)

#define FEATURE_AUTH_PLAIN (1u << 0)
#define FEATURE_AUTH_LOGIN (1u << 1)
#define FEATURE_AUTH_SCRAM (1u << 2) /* SCRAM-SHA-256 */

#define FEATURE_LINES_MAX 100 /* lines looked at (threats OUT-05) */

struct features {
	uint32_t bits;
	uint64_t size;     /* largest message; 0: no limit known */
	uint32_t mail_max; /* RFC 9422, transactions per session; 0: none */
	uint32_t rcpt_max; /* ... recipients per transaction */
	uint32_t auth;     /* mechanisms that we know: FEATURE_AUTH_* */
};

/* lines: the text of the reply to EHLO (smtp/reply.h). Its first line is the
 * greeting. Unknown keywords and values that cannot be read are passed over:
 * a server that talks nonsense about SIZE has no known limit. */
void features_parse(struct features *, struct str lines);

#endif

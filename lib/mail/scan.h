/*
 * scan.h - the one pass over content: where the header ends, what is in it
 *
 * Takes stored form (mail/wire.h) cut anywhere; the result does not depend
 * on the cuts. The header ends with the empty line, or before the first line
 * that is neither a field nor the continuation of one.
 */
#ifndef MAIL_SCAN_H
#define MAIL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mail/claims.h"

#define SCAN_TEXT_MAX 1000

enum scan_problem {
	SCAN_OK,
	SCAN_FIELD_SIZE,  /* a field over HEADER_FIELD_MAX: LIM-02 */
	SCAN_HEADER_SIZE, /* the header over HEADER_MAX */
	SCAN_FIELDS,      /* more than HEADER_FIELDS_MAX */
	SCAN_HOPS         /* more than RECEIVED_MAX Received fields: LOP-01 */
};

/* A field's text: unfolded, trimmed, cut at SCAN_TEXT_MAX. */
struct scan_text {
	bool there;
	uint16_t n;
	char p[SCAN_TEXT_MAX];
};

struct scan {
	enum scan_problem problem; /* the first one */
	uint64_t size;
	uint64_t header_len; /* with the empty line; valid after scan_end */
	uint32_t n_fields;
	uint32_t n_received;
	bool claims; /* a field that speaks for a gateway: mail/claims.h */
	uint64_t longest_line; /* without CRLF and stuffed dot */
	/* of the first such field */
	struct scan_text message_id, subject, tls_required;

	/* private */
	uint8_t state;
	bool in_body, dot;
	uint8_t name_len;
	char name[CLAIM_NAME];
	uint64_t line_start, field_start, line_len;
	struct scan_text *into; /* what the value is collected into */
};

void scan_begin(struct scan *);
void scan_feed(struct scan *, struct str bytes);
void scan_end(struct scan *);

/* Has it TLS-Required: No (RFC 8689)? After scan_end. */
bool scan_is_tls_free(const struct scan *);
bool scan_header_is_tls_free(struct str header); /* likewise */

/* The reply to such a message: 552 5.3.4, 554 5.4.6. */
struct scan_reply {
	int code;
	const char *status, *text;
};
const struct scan_reply *scan_reply(enum scan_problem);

#endif

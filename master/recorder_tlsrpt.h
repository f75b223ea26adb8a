/*
 * recorder_tlsrpt.h - what became of TLS to whom, on one day (RFC 8460)
 *
 * Bookkeeping only: TLS_SESSION events come in, the report document of RFC
 * 8460 section 4 comes out, for one domain or for all; and back in, after a
 * restart. Days are those of UTC; recorder_tls.c knows which it is, and has
 * the files.
 *
 * All of it is bounded: TLSRPT_DOMAINS, sessions with others are only
 * counted; TLSRPT_DETAILS different failures of each policy of a domain and
 * TLSRPT_DETAILS_ALL of a day, others are only in the totals.
 */
#ifndef MASTER_RECORDER_TLSRPT_H
#define MASTER_RECORDER_TLSRPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"

#define TLSRPT_DOMAINS     10000
#define TLSRPT_DETAILS     100
#define TLSRPT_DETAILS_ALL 20000
#define TLSRPT_DATE        11 /* "2026-11-22" and its NUL */

struct recorder_tlsrpt;

/* Of that day. */
struct recorder_tlsrpt *recorder_tlsrpt_new(const char *date);
void recorder_tlsrpt_free(struct recorder_tlsrpt **);
const char *recorder_tlsrpt_date(const struct recorder_tlsrpt *);

/* The day, UTC, that has that moment. */
void recorder_tlsrpt_day(int64_t wall_ms, char out[TLSRPT_DATE]);
/* Is it a day that there is? */
bool recorder_tlsrpt_is_date(struct str);

/* False: it is another event, or none that can be counted. */
bool recorder_tlsrpt_hear(
    struct recorder_tlsrpt *, enum event_id, const void *fields);

/* Whose report it is. */
struct tlsrpt_author {
	struct str organization, contact;
};
/* The document, domains in the order of the alphabet. domain: only this one;
 * empty: all. "uncounted-session-count", which is not in the RFC: sessions
 * with domains for which there was no room, if there were any. */
json_t *recorder_tlsrpt_report(const struct recorder_tlsrpt *,
    const struct tlsrpt_author *, struct str domain);
/* Of a damaged one, as much as can be read. */
void recorder_tlsrpt_load(struct recorder_tlsrpt *, const json_t *);

#endif

/*
 * recorder_tls.h - the days of TLS reports: today in memory, each in a file
 *
 *	.state/tlsrpt-2026-11-22.json	below the log folder
 *
 * recorder_tlsrpt.h says what is in it. Today's is written at most once a
 * minute, when the day is over, and at the stop; those of more than
 * TLS_DAYS days are removed.
 */
#ifndef MASTER_RECORDER_TLS_H
#define MASTER_RECORDER_TLS_H

#include <jansson.h>

#include "event/event.h"
#include "program/program.h"

#define TLS_DAYS 30

struct recorder_tls;

/* state: the folder .state. */
struct recorder_tls *recorder_tls_new(struct daemon *, int state);
/* Any event. */
void recorder_tls_hear(
    struct recorder_tls *, enum event_id, const void *fields);
/* The report of a day (empty: today), of a domain (empty: all). NULL: err. */
json_t *recorder_tls_report(
    struct recorder_tls *, struct str date, struct str domain, struct err *);
void recorder_tls_save(struct recorder_tls *);

#endif

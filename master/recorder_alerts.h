/*
 * recorder_alerts.h - which alerts are mailed, to whom and when
 *
 * Bookkeeping only (spec delivery-admin 6.1): events come in, mails to send
 * come out, what became of them comes in. All times are wall clock ms and are
 * given by the caller; recorder_post.c does the rest.
 *
 * Equal alerts, those of one id about the same thing, are sent ever more
 * rarely: the first at once, the next not before `initial` seconds, each
 * further wait is initial + twice the last, up to `maximum`. Those in between
 * are counted, and the next mail says how many there were. After twice the
 * maximum without one it begins anew.
 *
 * A mail is tried ALERT_TRIES times within an hour. All of it is one JSON
 * object, so that a restart forgets nothing.
 */
#ifndef MASTER_RECORDER_ALERTS_H
#define MASTER_RECORDER_ALERTS_H

#include <jansson.h>

#include "config/config.h"
#include "event/alert.h"
#include "ipc/messages.h"

#define ALERTS_SHOWN 50 /* kept for displayalerts */
#define ALERTS_MAILS 1000
#define ALERT_TRIES  5

struct recorder_alerts;

/* One mail to one recipient; belongs to the alerts. */
struct alert_mail {
	struct alert_mail *next;
	uint32_t serial; /* never 0 */
	enum alert_id id;
	char *rcpt, *subject, *text; /* text: header and body, CRLF */
	unsigned tries;
	int64_t due;
	bool under_way;
};

/* system: its serial number, for the text. */
struct recorder_alerts *recorder_alerts_new(const char *system);
void recorder_alerts_free(struct recorder_alerts **);
/* c must live until the next call. */
void recorder_alerts_config(struct recorder_alerts *, const struct config *c);

/* The sender of the mails. */
struct str recorder_alerts_from(const struct config *, char out[ADDR_MAX]);

/* Any event; true: something changed that is worth saving. */
bool recorder_alerts_hear(
    struct recorder_alerts *, enum event_id, const void *fields, int64_t now);

/* The next mail that is due, which is under way then; NULL: none. */
struct alert_mail *recorder_alerts_take(struct recorder_alerts *, int64_t now);
/* When the next one is; INT64_MAX: never. */
int64_t recorder_alerts_due(const struct recorder_alerts *);
/* What became of it; of one that is not there any more: nothing. */
void recorder_alerts_done(struct recorder_alerts *, uint32_t serial,
    const struct probe_done *, int64_t now);
/* Nobody will tell what becomes of those under way: they are due again. */
void recorder_alerts_lost(struct recorder_alerts *, int64_t now);

/* To be saved; what was saved. Of a damaged one, as much as can be read. */
json_t *recorder_alerts_save(const struct recorder_alerts *);
void recorder_alerts_load(struct recorder_alerts *, const json_t *);
/* The last ones, newest first: {"alerts": [...], "waiting": n}. */
json_t *recorder_alerts_show(const struct recorder_alerts *);

#endif

/*
 * alert.h - events that somebody is to be told of at once
 *
 * An alert is an event with an id (spec delivery-admin 6.1): the table says
 * which class and severity it has, and so who gets it, and as which kind of
 * line it stands in the mail log. The recorder sends the mail
 * (master/recorder_alerts.h); whoever raises one need not care how often:
 * equal ones are sent ever more rarely.
 */
#ifndef EVENT_ALERT_H
#define EVENT_ALERT_H

#include "base/ip.h"
#include "config/alerts.h"
#include "event/event.h"

/* A(id, name, class, severity) */
/* clang-format off */
#define ALERTS(A)                                                              \
	A(FAILURE, "COMMON.FAILURE", SYSTEM, CRITICAL)                         \
	A(APP_FAILURE, "COMMON.APP_FAILURE", SYSTEM, WARNING)                  \
	A(APP_DYING, "COMMON.APP_DYING", SYSTEM, CRITICAL)                     \
	A(CONSERVE_MEMORY, "MAIL.RES_CON_START_ALERT.MEMORY", SYSTEM,          \
	    CRITICAL)                                                          \
	A(CONSERVE_QUEUE, "MAIL.RES_CON_START_ALERT.QUEUE", SYSTEM, CRITICAL)  \
	A(CONSERVE_DISK, "MAIL.RES_CON_START_ALERT.DISK", SYSTEM, CRITICAL)    \
	A(CONSERVE_WORKQ, "MAIL.RES_CON_START_ALERT.WORKQ", SYSTEM,            \
	    INFORMATION)                                                       \
	A(CONSERVE_END, "MAIL.RES_CON_STOP_ALERT", SYSTEM, INFORMATION)        \
	A(QUEUE_ERROR, "MAIL.QUEUE.ERROR", SYSTEM, CRITICAL)                   \
	A(QUEUE_CORRUPT, "MAIL.QUEUE.CORRUPT", SYSTEM, CRITICAL)               \
	A(UNPROCESSABLE, "MAIL.QUEUE.UNPROCESSABLE", SYSTEM, CRITICAL)         \
	A(COPIES, "MAIL.COPIES_LIMIT", SYSTEM, WARNING)                        \
	A(QUARANTINE, "MAIL.QUARANTINE.SPACE", SYSTEM, WARNING)                \
	A(QUARANTINE_FULL, "MAIL.QUARANTINE.FULL", SYSTEM, CRITICAL)           \
	A(TLS_REQUIRED, "MAIL.TLS.REQUIRED_FAILED", SYSTEM, WARNING)           \
	A(LOGIN_FAILED, "MAIL.SMTPAUTH.OUT_FAILED", SYSTEM, WARNING)           \
	A(CERTIFICATE, "MAIL.TLS.CERTIFICATE", SYSTEM, CRITICAL)               \
	A(CERTIFICATE_EXPIRES, "MAIL.TLS.CERTIFICATE_EXPIRES", SYSTEM,         \
	    WARNING)                                                           \
	A(USERS, "MAIL.AUTH.USERS", SYSTEM, WARNING)                           \
	A(WORKQ_PAUSED, "MAIL.WORKQ_PAUSED", SYSTEM, CRITICAL)                 \
	A(DELIVERY_SUSPENDED, "MAIL.DELIVERY_SUSPENDED_BY_ADMIN", SYSTEM,      \
	    INFORMATION)                                                       \
	A(RECEIVING_SUSPENDED, "MAIL.RECEIVING_SUSPENDED_BY_ADMIN", SYSTEM,    \
	    INFORMATION)                                                       \
	A(LISTENER, "MAIL.LISTENER.ERROR", SYSTEM, CRITICAL)                   \
	A(CONNECTIONS, "MAIL.LISTENER.CONNECTIONS", SYSTEM, WARNING)           \
	A(SENDER_RATE, "MAIL.RATE_LIMIT.SENDER", SYSTEM, WARNING)              \
	A(DNS_LIST, "MAIL.DNS_LIST", SYSTEM, WARNING)                          \
	A(DNS_COSTLY, "DNS.COSTLY_DOMAIN", SYSTEM, WARNING)                    \
	A(HEALTH_WORKQ, "HEALTH.WORKQUEUE", SYSTEM, WARNING)                   \
	A(HEALTH_CPU, "HEALTH.CPU", SYSTEM, WARNING)                           \
	A(HEALTH_SWAP, "HEALTH.SWAP", SYSTEM, WARNING)                         \
	A(LOG_ERROR, "LOG.ERROR", SYSTEM, CRITICAL)                            \
	A(DISK_QUOTA, "DISK.QUOTA_NEAR", SYSTEM, WARNING)                      \
	A(DISK_FULL, "DISK.FULL", SYSTEM, CRITICAL)                            \
	A(OUTBREAK_RULES, "OUTBREAK.RULES", OUTBREAK, WARNING)                 \
	A(OUTBREAK_SPACE, "OUTBREAK.QUARANTINE.SPACE", OUTBREAK, WARNING)      \
	A(OUTBREAK_FULL, "OUTBREAK.QUARANTINE.FULL", OUTBREAK, CRITICAL)       \
	A(VIRUS_ENGINE, "AV.ENGINE", VIRUS, WARNING)                           \
	A(SPAM_ENGINE, "AS.ENGINE", SPAM, WARNING)                             \
	A(HARVEST, "DHAP.LIMIT", DHAP, WARNING)
/* clang-format on */

enum alert_id {
#define ALERT_ENUM(id, name, class, severity) ALERT_##id,
	ALERTS(ALERT_ENUM)
#undef ALERT_ENUM
	    ALERT_N
};

struct alert_spec {
	const char *name; /* "MAIL.QUEUE.ERROR" */
	enum alert_class class;
	enum alert_severity severity;
};
const struct alert_spec *alert_spec(enum alert_id);
/* By its name; one that a newer version knows is a FAILURE. */
enum alert_id alert_find(struct str name);
const char *alert_class_name(enum alert_class);       /* "Anti-Virus" */
const char *alert_severity_name(enum alert_severity); /* "Critical" */

/* about: what this one is about, where there may be several at a time (a
 * domain, a program, an address): alerts of one id about different things are
 * not equal. Empty: the text says it, without its numbers. */
void alert_raise(enum alert_id, struct str about, struct str text);

/* What an event is as an alert; false: it is none. text is made in *text, a
 * buffer of the caller; about may point into *seen. */
struct alert_seen {
	enum alert_id id;
	struct str about; /* of the fields, or of ip */
	char ip[IP_TEXT];
};
bool alert_of(
    enum event_id, const void *fields, struct alert_seen *, struct buf *text);

#endif

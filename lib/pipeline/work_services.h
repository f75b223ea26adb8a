/*
 * work_services.h - what the scanning services of a mail policy share
 */
#ifndef PIPELINE_WORK_SERVICES_H
#define PIPELINE_WORK_SERVICES_H

#include "filter/notice.h"
#include "pipeline/work_stages.h"

/* A field that only we write: those that came with the message go first.
 * Twice where X-IronPort- names are wished for. name: behind the prefix, as
 * in "Anti-Spam". */
void service_header(struct work *, const char *name, struct str value);

/*
 * What the policy wants done about a verdict (workqueue 5.2, 6.2), in this
 * order: archive the original, custom header, subject, recipient, host.
 * The disposition is the caller's. service: "antispam", for the log, and the
 * name of the mbox log; original: the message before it was scanned.
 */
void service_action(struct work *, const struct verdict_action *,
    const char *service, const struct msg *original);
/* The end that drop and bounce are; false: it goes on. */
bool service_ends(struct work *, enum disposition, const char *service);

/* Messages of more bytes are not scanned. */
bool service_too_large(const struct work *, const struct scanner *);

/* --- work_virus_notice.c --- */

/* What was found; parts by their index. */
struct virus_found {
	unsigned classes; /* bits of enum virus_class: several may hold */
	enum virus_class worst;
	struct virus_report report;
};
/* Tells those who are to be told (6.2); about: the message as they know it. */
void virus_notify(struct work *, const struct virus_settings *,
    const struct virus_found *, const struct msg *about);
/* The text of a message that carries the original. */
struct str virus_container(
    struct work *, const struct virus_settings *, const struct virus_found *);

/* For texts about a service: "5.0" of thousandths. */
const char *service_score(int64_t thousandths, char out[32]);

#endif

/*
 * work_services.h - what the scanning services of a mail policy share
 */
#ifndef PIPELINE_WORK_SERVICES_H
#define PIPELINE_WORK_SERVICES_H

#include "pipeline/work_stages.h"

/* A field that only we write: those that came with the message go first.
 * Twice where X-IronPort- names are wished for. name: behind the prefix, as
 * in "Anti-Spam". */
void service_header(struct work *, const char *name, struct str value);

/*
 * What the policy wants done about a verdict (workqueue 5.2, 6.2), in this
 * order: archive the original, custom header, subject, recipient, host.
 * The disposition is the caller's. service: "antispam", for the log.
 */
void service_action(struct work *, const struct verdict_action *,
    const char *service, struct str archive_log);
/* The end that drop and bounce are; false: it goes on. */
bool service_ends(struct work *, enum disposition, const char *service);

/* Messages of more bytes are not scanned. */
bool service_too_large(const struct work *, const struct scanner *);

/* For texts about a service: "5.0" of thousandths. */
const char *service_score(int64_t thousandths, char out[32]);

#endif

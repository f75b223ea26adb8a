/*
 * work_stages.h - every stage of the work queue, for the table of the order
 *
 * Called through the table in work.c. Each stands in a file work_NAME.c with
 * its rules above it.
 */
#ifndef PIPELINE_WORK_STAGES_H
#define PIPELINE_WORK_STAGES_H

#include "config/listed.h"
#include "config/table.h"
#include "pipeline/work.h"

/* --- W4, W11, work_filters.c --- */

unsigned message_filters_want(const struct work *);
enum work_answer message_filters(struct work *, size_t *step, struct needs *);
unsigned content_filters_want(const struct work *);
enum work_answer content_filters(struct work *, size_t *step, struct needs *);

/* --- from a quarantine that is full (10.2), work_released.c --- */

unsigned released_wants(const struct work *);
enum work_answer released_decide(struct work *, struct needs *);

/* --- W5, work_policy.c --- */

/* For each recipient the index of its policy in the table (4.3 to 4.5). */
const uint32_t *policy_assign(const struct work *);
/* The table that the message is matched on; and its name in the log. */
const struct policy_table *policy_table_of(const struct work *);
struct str policy_table_name(const struct work *); /* "inbound" */
bool policy_wants_header(const struct work *);

/* The addresses that are the sender, there. */
const struct str *policy_senders(
    const struct work *, enum sender_header, size_t *n);

/* --- W6, work_lists.c --- */

/* Of recipients with these policies: the policy times LISTS_GROUPS, and what
 * their lists say (enum listed). */
#define LISTS_GROUPS 3
const uint32_t *lists_assign(const struct work *, const uint32_t *policies);
/* Sets w->listed, of a message whose recipients are in one group. */
void lists_mark(struct work *);

/* What the policy of this message wants of a service: its own settings, or
 * with INHERIT those of the default policy. NULL: it is disabled. */
enum policy_service {
	POLICY_SPAM,
	POLICY_VIRUS,
	POLICY_OUTBREAK,
	POLICY_FILTERS
};
const struct mail_policy *policy_service(
    const struct work *, enum policy_service);
/* Some policy of the table has it; before it is known which one counts. */
bool policy_may_want(const struct work *, enum policy_service);

/* --- the services of the policy: work_spam.c, work_virus.c --- */

unsigned spam_wants(const struct work *);
enum work_answer spam_decide(struct work *, struct needs *); /* FACT_SPAM */
unsigned virus_wants(const struct work *);
enum work_answer virus_decide(struct work *, struct needs *); /* FACT_VIRUS */

/* --- W12, work_outbreak.c; what it changes: work_outbreak_edit.c --- */

unsigned outbreak_wants(const struct work *);
enum work_answer outbreak_decide(struct work *, struct needs *);
/* Links, subject, disclaimer, host, as the policy has it for threats that are
 * no virus. */
void outbreak_modify(struct work *, const struct outbreak_settings *);

/* --- W15, work_stamp.c --- */

unsigned stamp_wants(const struct work *);
enum work_answer stamp_decide(struct work *, struct needs *);

#endif

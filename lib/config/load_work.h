/*
 * load_work.h - what is loaded of the work queue (work.h)
 *
 * Used by the files of lib/config only.
 */
#ifndef CONFIG_LOAD_WORK_H
#define CONFIG_LOAD_WORK_H

#include "config/load_tables.h"
#include "config/loader.h"

#define TEXT_FOLDER         "texts/"
#define TEXT_RESOURCE_BYTES (256 * 1024) /* it goes into every message */
#define DICTIONARY_NAME_MAX 59           /* spec workqueue 3.1 */

void load_text_finish(struct load *, const struct at *, void *);
void load_dictionary_finish(struct load *, const struct at *, void *);

void load_scan_types(struct load *, const struct at *, void *);
void print_scan_types(struct print *, const void *);
void load_spam_servers(struct load *, const struct at *, void *);
void load_virus_servers(struct load *, const struct at *, void *);
void print_spam_servers(struct print *, const void *);
void print_virus_servers(struct print *, const void *);
void load_spam_scanner_finish(struct load *, const struct at *, void *);
void load_outbreak_finish(struct load *, const struct at *, void *);

void load_quarantines(struct load *, const struct at *, void *);
void print_quarantines(struct print *, const void *);
void load_quarantine_finish(struct load *, const struct at *, void *);

/* Tables of mail policies. */
void load_incoming(struct load *, const struct at *, void *);
void load_outgoing(struct load *, const struct at *, void *);
void print_incoming(struct print *, const void *);
void print_outgoing(struct print *, const void *);
void load_priority(struct load *, const struct at *, void *);
void print_priority(struct print *, const void *);
void load_content_filter_finish(struct load *, const struct at *, void *);
/* What a policy wants of a service: a word, or keys. */
void load_policy_spam(struct load *, const struct at *, void *);
void load_policy_virus(struct load *, const struct at *, void *);
void load_policy_outbreak(struct load *, const struct at *, void *);
void load_policy_filters(struct load *, const struct at *, void *);
void print_policy_spam(struct print *, const void *);
void print_policy_virus(struct print *, const void *);
void print_policy_outbreak(struct print *, const void *);
void print_policy_filters(struct print *, const void *);
void load_spam_settings_finish(struct load *, const struct at *, void *);
void load_virus_settings_finish(struct load *, const struct at *, void *);
/* Who is concerned. */
void load_member_begin(struct load *, const struct at *, void *);
void load_member_finish(struct load *, const struct at *, void *);
void load_member_senders(struct load *, const struct at *, void *);
void load_member_not_senders(struct load *, const struct at *, void *);
void load_member_rcpts(struct load *, const struct at *, void *);
void load_member_not_rcpts(struct load *, const struct at *, void *);
void print_member_senders(struct print *, const void *);
void print_member_not_senders(struct print *, const void *);
void print_member_rcpts(struct print *, const void *);
void print_member_not_rcpts(struct print *, const void *);

/* The patterns of a value, one or a list, in the tree. */
struct addr_pattern *load_patterns(struct load *, const struct at *, size_t *n);
void print_patterns(
    struct print *, const char *key, const struct addr_pattern *, size_t n);

/* Once all is loaded. */
void load_check_work(struct load *, const struct at *top);
void load_warn_work(struct load *);

#endif

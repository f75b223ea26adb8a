/*
 * mailpolicy.h - mail policies and content filters, as policyconfig changes
 * them
 *
 *	cmd_policyconfig.c	the dialogue of the tables
 *	mailpolicies.c		the tables
 *	mailpolicy_edit.c	one policy
 *	mailpolicy_members.c	who is concerned
 *	mailpolicy_services.c	what scanners and filters do
 *	contentfilters.c	the master list of content filters
 *	contentfilter_edit.c	one of them
 *	contentfilter_parts.c	conditions and actions from numbered lists
 *
 * k is the place of a policy, or of a filter, in its table: in postern.yaml
 * it is the same. Functions that ask answer false when the input ended; those
 * that take words of a line, with the exit status.
 */
#ifndef ADMIN_MAILPOLICY_H
#define ADMIN_MAILPOLICY_H

#include "admin/ask.h"

#define MAILPOLICY_PATH 200

const struct policy_table *mailpolicy_table(
    const struct editing *, enum direction);
const char *mailpolicy_list(enum direction); /* "mail_policies.incoming" */
bool mailpolicy_is_default(const struct editing *, enum direction, size_t k);
/* The place of one by name; n_policies: there is none. */
size_t mailpolicy_find(const struct editing *, enum direction, const char *);
/* Where one stands in postern.yaml: DEFAULT is written there if need be. */
void mailpolicy_path(
    struct editing *, enum direction, size_t k, char out[MAILPOLICY_PATH]);
/* Names of all; the caller frees them. DEFAULT is the last. */
struct str *mailpolicy_names(const struct editing *, enum direction, size_t *n);
bool mailpolicy_taken(const struct editing *, enum direction, struct str name);

/* All return an exit status. members: YAML of a list. */
int mailpolicies_create(
    struct editing *, enum direction, const char *name, struct str members);
int mailpolicies_remove(struct editing *, enum direction, size_t k);
int mailpolicies_move(struct editing *, enum direction, size_t k, uint64_t to);
int mailpolicies_clear(struct editing *, enum direction);
/* Prints those whose members name it, and DEFAULT. */
void mailpolicies_search(struct editing *, enum direction, const char *address);
json_t *mailpolicies_json(const struct editing *, enum direction, size_t k);

bool mailpolicy_edit(struct editing *, enum direction, size_t k);
int mailpolicy_take(struct editing *, struct args *, enum direction, size_t k);
/* All that it says. */
void mailpolicy_show(
    const struct editing *, enum direction, size_t k, struct buf *);

/* Adds one as YAML of a list item. */
bool mailpolicy_ask_member(struct editing *, struct buf *yaml);
/* From senders=, not_senders=, recipients=, match=, not_recipients=. */
void mailpolicy_take_member(struct args *, struct buf *yaml);
void mailpolicy_show_member(const struct policy_member *, struct buf *);
json_t *mailpolicy_member_json(const struct policy_member *);
bool mailpolicy_names_addr(const struct mail_policy *, struct str address);

/* "Default", "Off", "Enabled": as the table shows it. */
enum mailpolicy_service {
	MAILPOLICY_SPAM,
	MAILPOLICY_VIRUS,
	MAILPOLICY_OUTBREAK,
	MAILPOLICY_SERVICES
};
const char *mailpolicy_state(
    const struct mail_policy *, enum mailpolicy_service);
bool mailpolicy_ask_service(
    struct editing *, enum direction, size_t k, enum mailpolicy_service);
/* inherit | disabled | enabled | KEY=VALUE ... */
int mailpolicy_take_service(struct editing *, struct args *, enum direction,
    size_t k, enum mailpolicy_service);
/* With --json, all of it. */
json_t *mailpolicy_service_json(
    const struct editing *, enum direction, size_t k, enum mailpolicy_service);
/* "Off", "Default", names with commas. */
void mailpolicy_filters(const struct mail_policy *, struct buf *);
bool mailpolicy_ask_filters(struct editing *, enum direction, size_t k);
int mailpolicy_take_filters(
    struct editing *, struct args *, enum direction, size_t k);

/* The master list. */
bool contentfilters_ask(struct editing *, enum direction);
int contentfilters_take(struct editing *, struct args *, enum direction);
const char *contentfilters_list(enum direction);
bool contentfilters_taken(
    const struct editing *, enum direction, struct str name);
void contentfilters_show(const struct content_filter *, struct buf *);
int contentfilters_rename(
    struct editing *, enum direction, size_t k, const char *name);

bool contentfilter_edit(struct editing *, enum direction, size_t k);
int contentfilter_take(
    struct editing *, struct args *, enum direction, size_t k);
/* Asks for one in the filter language; out is empty when none was chosen. */
bool contentfilter_ask_condition(struct editing *, struct buf *out);
bool contentfilter_ask_action(struct editing *, struct buf *out);

#endif

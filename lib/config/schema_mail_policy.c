/*
 * schema_mail_policy.c - the keys of postern.yaml: mail policies, content
 * filters
 */
#include "config/load_work.h"
#include "config/schema_def.h"

#define PATTERNS                                                               \
	"one or more of: user@example.com, user@, @example.com, "              \
	"@.example.com (all below), user@[192.0.2.1], @[192.0.2.1]"
#define FILTER_TEXT_MAX 10000 /* bytes of one; and of these, how many */

/* How entries of a list go together. */
static const struct choice combinations[] = {
	{ "all", 0 },
	{ "any", 1 },
	{ NULL, 0 },
};
static const struct choice rcpt_combinations[] = {
	{ "all", 1 },
	{ "any", 0 },
	{ NULL, 0 },
};

static const struct schema_key member_keys[] = {
	{ .name = "senders",
	    CUSTOM(load_member_senders, print_member_senders, PATTERNS),
	    .help = "Senders. Without it: any. Which address is the sender "
		    "says match_priority." },
	{ .name = "not_senders",
	    CUSTOM(load_member_not_senders, print_member_not_senders, PATTERNS),
	    .help = "Instead of senders: all but these." },
	{ .name = "recipients",
	    CUSTOM(load_member_rcpts, print_member_rcpts, PATTERNS),
	    .help = "Recipients. Without it: any." },
	{ .name = "match",
	    FIELD(policy_member, all_rcpts),
	    .type = &value_choice,
	    .choices = rcpt_combinations,
	    DEFAULT("any"),
	    .help = "any: each recipient that fits is concerned. all: only "
		    "when each of the patterns of recipients fits a "
		    "recipient of the message." },
	{ .name = "not_recipients",
	    CUSTOM(load_member_not_rcpts, print_member_not_rcpts, PATTERNS),
	    .help = "Recipients who are not concerned; with match: all, only "
		    "when each of the patterns fits one." },
};
static const struct schema_section member_section = {
	SECTION(policy_member, "member", member_keys), WHERE(policy_member),
	.begin = load_member_begin, .finish = load_member_finish
};

#define STATES "inherit (from DEFAULT), disabled, enabled, or keys"
static const struct schema_key policy_keys[] = {
	{ .name = "name",
	    FIELD(mail_policy, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = NAME_MAX_LEN - 1,
	    .text_ok = name_printable,
	    .help = "Its name. The last one is called DEFAULT, has no "
		    "members and concerns everybody; it is there even when "
		    "it is not written." },
	{ .name = "members",
	    LIST(mail_policy, members, n_members),
	    .section = &member_section,
	    .max = 10000,
	    .help = "Whom it concerns: recipients that one of these fits." },
	{ .name = "anti_spam",
	    CUSTOM(load_policy_spam, print_policy_spam, STATES),
	    .section = &schema_policy_spam,
	    .help = "Anti-spam. With keys, what they do not say is as it is "
		    "by default. In DEFAULT: enabled for incoming, disabled "
		    "for outgoing mail." },
	{ .name = "anti_virus",
	    CUSTOM(load_policy_virus, print_policy_virus, STATES),
	    .section = &schema_policy_virus,
	    .help = "Anti-virus. In DEFAULT: enabled." },
	{ .name = "content_filters",
	    CUSTOM(load_policy_filters, print_policy_filters,
		"inherit (from DEFAULT), disabled, or the names of content "
		"filters"),
	    .help = "Which content filters run, in the order of "
		    "content_filters. In DEFAULT: none." },
	{ .name = "outbreak",
	    CUSTOM(load_policy_outbreak, print_policy_outbreak, STATES),
	    .section = &schema_policy_outbreak,
	    .help = "Outbreak filters. In DEFAULT: enabled for incoming, "
		    "disabled for outgoing mail." },
};
const struct schema_section schema_mail_policy = {
	SECTION(mail_policy, "mail policy", policy_keys), WHERE(mail_policy)
};

static const struct schema_key filter_keys[] = {
	{ .name = "name",
	    FIELD(content_filter, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = NAME_MAX_LEN - 1,
	    .text_ok = name_printable,
	    .help = "What policies call it." },
	{ .name = "description",
	    FIELD(content_filter, description),
	    .type = &value_text,
	    .max = 1000,
	    DEFAULT(""),
	    .help = "A note for people." },
	{ .name = "active",
	    FIELD(content_filter, active),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "No: it does not run, whatever policies say." },
	{ .name = "match",
	    FIELD(content_filter, any),
	    .type = &value_choice,
	    .choices = combinations,
	    DEFAULT("all"),
	    .help = "Whether all of the conditions must be true, or any of "
		    "them." },
	{ .name = "conditions",
	    LIST(content_filter, conditions, n_conditions),
	    .type = &value_text,
	    .min = 1,
	    .max = FILTER_TEXT_MAX,
	    .help = "Rules as message filters have them, each a text of its "
		    "own. None: always." },
	{ .name = "actions",
	    LIST(content_filter, actions, n_actions),
	    .type = &value_text,
	    .min = 1,
	    .max = FILTER_TEXT_MAX,
	    .help = "Actions as message filters have them, in order." },
};
static const struct schema_section filter_section = {
	SECTION(content_filter, "content filter", filter_keys),
	WHERE(content_filter), .finish = load_content_filter_finish
};

#define FILTERS(direction)                                                     \
	LIST(config, work.tables[direction].filters,                           \
	    work.tables[direction].n_filters)
#define POLICIES(direction)                                                    \
	LIST(config, work.tables[direction].policies,                          \
	    work.tables[direction].n_policies)
static const struct schema_key content_keys[] = {
	{ .name = "incoming",
	    FILTERS(INCOMING),
	    .section = &filter_section,
	    .max = 1000,
	    .help = "In the order in which they run." },
	{ .name = "outgoing",
	    FILTERS(OUTGOING),
	    .section = &filter_section,
	    .max = 1000,
	    .help = "Likewise for outgoing mail." },
};
static const struct schema_section content_section = {
	SECTION(config, "content filters", content_keys), NO_WHERE
};

static const struct schema_key table_keys[] = {
	{ .name = "match_priority",
	    CUSTOM(load_priority, print_priority,
		"one or more of: envelope, from, reply-to, sender"),
	    .help = "Which address is the sender of a message, for the "
		    "members of policies: each in turn is tried with all "
		    "policies. Without it: envelope, from, reply-to." },
	{ .name = "incoming",
	    POLICIES(INCOMING),
	    CUSTOM(load_incoming, print_incoming, NULL),
	    .section = &schema_mail_policy,
	    .help = "For mail that was accepted; the first policy that fits "
		    "a recipient decides." },
	{ .name = "outgoing",
	    POLICIES(OUTGOING),
	    CUSTOM(load_outgoing, print_outgoing, NULL),
	    .section = &schema_mail_policy,
	    .help = "For mail that was relayed, or whose sender has "
		    "authenticated." },
};
static const struct schema_section policies_section = {
	SECTION(config, "mail policies", table_keys), NO_WHERE
};

static const struct schema_key mail_keys[] = {
	{ .name = "content_filters",
	    .section = &content_section,
	    .help = "Content filters: each policy has some of them." },
	{ .name = "mail_policies",
	    .section = &policies_section,
	    .flags = KEY_ALWAYS,
	    .help = "What scanners and filters do with the mail of whom." },
};
const struct schema_section schema_mail_policies = {
	SECTION(config, "mail policies", mail_keys), NO_WHERE
};

/*
 * schema_tables.c - the keys of postern.yaml: tables of addresses, lists
 */
#include "config/load_tables.h"
#include "config/schema_def.h"

#define FILE_FORM "the name of a file below tables/"

static const struct schema_key masquerade_keys[] = {
	{ .name = "table",
	    .custom = { .form = FILE_FORM },
	    .help = "Lines of what an address is and what it becomes: user, "
		    "or user@example.com, then a whole address; or "
		    "@example.com, or @.example.com for all below it, then "
		    "@domain. Several may stand on the left, separated by "
		    "commas. The first line that fits counts. ALL @domain, "
		    "on private listeners only, completes addresses without "
		    "a domain, whichever line it is." },
	{ .name = "envelope_sender",
	    FIELD(masquerade, sender),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether the sender of the envelope is rewritten." },
	{ .name = "from",
	    FIELD(masquerade, from),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether addresses in From are." },
	{ .name = "to",
	    FIELD(masquerade, to),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether those in To are." },
	{ .name = "cc",
	    FIELD(masquerade, cc),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether those in Cc are." },
	{ .name = "reply_to",
	    FIELD(masquerade, reply_to),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether those in Reply-To are." },
};
const struct schema_section schema_masquerade = {
	SECTION(masquerade, "masquerading", masquerade_keys), NO_WHERE
};

static const struct schema_key listener_table_keys[] = {
	{ .name = "domain_map",
	    CUSTOM(load_domain_map, print_domain_map, FILE_FORM),
	    .help = "What recipients become, before the rat is asked: lines "
		    "of user@example.com, user@.example.com (in all domains "
		    "below it), @example.com or @.example.com, then the "
		    "address; behind one that begins with @ also @domain, "
		    "which keeps the user. The first line that fits counts." },
	{ .name = "masquerade",
	    CUSTOM(load_masquerade, print_masquerade,
		FILE_FORM ", or the keys that follow"),
	    .section = &schema_masquerade,
	    .help = "What senders become, and addresses in the header." },
};
const struct schema_section schema_listener_tables = {
	SECTION(listener, "listener", listener_table_keys), NO_WHERE
};

static const struct schema_key addr_list_keys[] = {
	{ .name = "name",
	    FIELD(addr_list, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_printable,
	    .help = "What policies call it." },
	{ .name = "description",
	    FIELD(addr_list, description),
	    .type = &value_text,
	    .max = 1000,
	    DEFAULT(""),
	    .help = "A note for people." },
	{ .name = "full_addresses_only",
	    FIELD(addr_list, full_only),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether anything but user@example.com is a mistake." },
	{ .name = "entries",
	    CUSTOM(load_addr_entries, print_addr_entries,
		"one or more of: user@example.com, user@, @example.com, "
		"@.example.com (all below), user@[192.0.2.1], @[192.0.2.1]"),
	    .help = "Who is in it." },
};
static const struct schema_section addr_list_section = {
	SECTION(addr_list, "address list", addr_list_keys), WHERE(addr_list)
};

static const struct schema_key exception_keys[] = {
	{ .name = "allow",
	    .custom = { .form = "one or more of: user@example.com, user@, "
				"@example.com, @.example.com (all below), "
				"user@[192.0.2.1], @[192.0.2.1]" },
	    .help = "Senders that are not verified." },
	{ .name = "reject",
	    .custom = { .form = "the same" },
	    .help = "Senders that are rejected." },
	{ .name = "reply",
	    .custom = { .form = "code and text" },
	    .help = "What to answer instead of 553; $EnvelopeSender is the "
		    "sender." },
};
const struct schema_section schema_exception = {
	SECTION(sender_exception, "sender exception", exception_keys), NO_WHERE
};

static const struct schema_key interface_group_keys[] = {
	{ .name = "name",
	    FIELD(interface_group, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_printable,
	    .help = "Its name; no interface has the same." },
	{ .name = "members",
	    CUSTOM(load_members, print_members, "names of interfaces"),
	    .help = "Interfaces that deliver in turn." },
};
static const struct schema_section interface_group_section = {
	SECTION(interface_group, "interface group", interface_group_keys),
	WHERE(interface_group)
};

static const struct choice blocklist_actions[] = {
	{ "quarantine", DISPOSE_QUARANTINE },
	{ "drop", DISPOSE_DROP },
	{ NULL, 0 },
};
static const struct schema_key table_keys[] = {
	{ .name = "interface_groups",
	    LIST(config, interface_groups, n_interface_groups),
	    .section = &interface_group_section,
	    .max = 1000,
	    .help = "Interfaces that altsrchost may name together." },
	{ .name = "address_lists",
	    LIST(config, addr_lists, n_addr_lists),
	    .section = &addr_list_section,
	    .max = 1000,
	    .help = "Addresses that policies name together: "
		    "sender_exceptions, tls_mandatory_list." },
	{ .name = "exception_table",
	    CUSTOM(load_exceptions, print_exceptions, NULL),
	    .section = &schema_exception,
	    .list = true,
	    .help = "Senders that policies with exception_table treat "
		    "otherwise than verification would; the first entry that "
		    "fits decides." },
	{ .name = "aliases",
	    CUSTOM(load_aliases, print_aliases, FILE_FORM),
	    .help = "Alias table, for the recipients of all listeners: lines "
		    "of alias, alias: target, target. A target is an "
		    "address, another alias or /dev/null. Behind a line "
		    "[ example.com, .example.net ] aliases are users of "
		    "those domains, before the first such line of all; a "
		    "whole address is itself everywhere. A line that begins "
		    "with a blank continues the one before. The first entry "
		    "that fits counts." },
	{ .name = "altsrchost",
	    CUSTOM(load_gateways, print_gateways, FILE_FORM),
	    .help = "Virtual gateways: lines of 192.0.2.1 (a client), or of "
		    "a sender user@example.com, user@, @example.com or "
		    "@.example.com, then the interface or interface group "
		    "that delivers. A client comes first, then the address, "
		    "the user, the domain." },
	{ .name = "safelist_blocklist",
	    CUSTOM(load_lists, print_lists, FILE_FORM),
	    .help = "Whom people want mail from, and whom not: lines of a "
		    "recipient, then items: safe or block and a sender, "
		    "separated by commas. A sender is user@example.com, "
		    "user@, example.com or .example.com (all below). The "
		    "first item that fits the envelope sender or From counts, "
		    "where the mail policy would have the message scanned for "
		    "spam. Safe: it is not. At most 100 items of a "
		    "recipient." },
	{ .name = "blocklist_action",
	    FIELD(config, blocklist_action),
	    .type = &value_choice,
	    .choices = blocklist_actions,
	    DEFAULT("quarantine"),
	    .help = "What becomes of what somebody has blocked; quarantine is "
		    "the spam quarantine, and while that is not enabled the "
		    "message is delivered." },
};
const struct schema_section schema_tables = {
	SECTION(config, "tables", table_keys), NO_WHERE
};

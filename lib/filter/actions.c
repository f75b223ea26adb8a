/*
 * actions.c - the table of actions (spec workqueue 2.10, 12.2)
 */
#include "base/mem.h"
#include "filter/ast.h"
#include "filter/filter.h"
#include "filter/names.h"

#define TEXT(n)                                                                \
	{                                                                      \
		.type = ARG_TEXT, .name = n                                    \
	}
#define TEXT_OR_NOT(n)                                                         \
	{                                                                      \
		.type = ARG_TEXT, .name = n, .optional = true                  \
	}
#define COMMENT TEXT_OR_NOT("comment")
#define PATTERN                                                                \
	{                                                                      \
		.type = ARG_SCAN, .name = "regex"                              \
	}
#define MIMETYPE                                                               \
	{                                                                      \
		.type = ARG_MIMETYPE, .name = "type/subtype"                   \
	}
#define FILE_NAME                                                              \
	{                                                                      \
		.type = ARG_REGEX, .name = "regex"                             \
	}
#define FIELD                                                                  \
	{                                                                      \
		.type = ARG_HEADER, .name = "name"                             \
	}
#define ANYTHING                                                               \
	{                                                                      \
		.type = ARG_ANY, .name = "..."                                 \
	}
#define QUARANTINE                                                             \
	{                                                                      \
		.type = ARG_QUARANTINE, .name = "quarantine"                   \
	}
#define RESOURCE                                                               \
	{                                                                      \
		.type = ARG_DISCLAIMER, .name = "text resource"                \
	}
#define THRESHOLD                                                              \
	{                                                                      \
		.type = ARG_NUMBER, .name = "n", .threshold = true,            \
		.optional = true, .min = 1, .max = UINT32_MAX                  \
	}
/* Who gets a notice or copy, its subject, its envelope sender. */
#define TO                                                                     \
	{ .type = ARG_ADDRESS, .name = "addresses" }, TEXT_OR_NOT("subject"),  \
	{                                                                      \
		.type = ARG_SENDER, .name = "sender", .optional = true         \
	}
#define TEMPLATE                                                               \
	{                                                                      \
		.type = ARG_TEMPLATE, .name = "template", .optional = true     \
	}
#define HOST_OR_NOT                                                            \
	{                                                                      \
		.type = ARG_HOST, .name = "host", .optional = true             \
	}

#define HEADER FILTER_HEADER
#define BODY   (FILTER_HEADER | FILTER_BODY)

const struct action_def filter_actions[] = {
	{ "skip-filters", .final = true,
	    .help = "No further filter runs; the message goes on." },
	{ "deliver", .final = true, .help = "The same as skip-filters." },
	{ "drop", .final = true, .help = "Discards the message silently." },
	{ "bounce", .final = true, .wants = BODY,
	    .help = "Sends the message back to its envelope sender." },
	{ "encrypt", .args = { ANYTHING }, .final = true,
	    .missing = "encryption of messages",
	    .help = "Encrypts and delivers." },
	{ "encrypt-deferred", .args = { ANYTHING },
	    .missing = "encryption of messages",
	    .help = "Encrypts on delivery." },
	{ "smime-gateway", .args = { ANYTHING }, .final = true,
	    .missing = "S/MIME gateway",
	    .help = "Signs or encrypts and delivers." },
	{ "smime-gateway-deferred", .args = { ANYTHING },
	    .missing = "S/MIME gateway",
	    .help = "Signs or encrypts on delivery." },
	{ "alt-src-host",
	    .args = { { .type = ARG_SOURCE, .name = "interface" } },
	    .help = "Delivers from this interface or group of interfaces." },
	{ "alt-rcpt-to",
	    .args = { { .type = ARG_ADDRESS, .name = "address", .max = 1 } },
	    .help = "This address takes the place of all recipients." },
	{ "alt-mailhost", .args = { { .type = ARG_HOST, .name = "host" } },
	    .help = "Delivers to this host." },
	{ "bounce-profile",
	    .args = { { .type = ARG_PROFILE, .name = "profile" } },
	    .help = "Sets the bounce profile of the message." },
	{ "notify", .args = { TO, TEMPLATE }, .wants = HEADER,
	    .help = "Sends a notice." },
	{ "notify-copy", .args = { TO, TEMPLATE }, .wants = BODY,
	    .help = "Sends a notice, and a copy as bcc-scan does." },
	{ "bcc", .args = { TO, HOST_OR_NOT }, .wants = BODY,
	    .help = "Sends a copy, which no filter sees." },
	{ "bcc-scan", .args = { TO, HOST_OR_NOT }, .wants = BODY,
	    .help = "Sends a copy, which is scanned like a new message." },
	{ "archive", .args = { { .type = ARG_LOG, .name = "log" } },
	    .wants = BODY,
	    .help = "Appends the message to a log in mbox "
		    "format." },
	{ "quarantine", .args = { QUARANTINE },
	    .help = "Holds the message in a quarantine." },
	{ "duplicate-quarantine", .args = { QUARANTINE }, .wants = BODY,
	    .help = "Holds a copy in a quarantine; the message goes on." },
	{ "strip-header", .args = { FIELD }, .wants = HEADER,
	    .help = "Removes all instances of a header." },
	{ "insert-header", .args = { FIELD, TEXT("value") }, .wants = HEADER,
	    .help = "Adds a header at the end." },
	{ "edit-header-text",
	    .args = { FIELD, { .type = ARG_REGEX, .name = "regex" },
		TEXT("replacement") },
	    .wants = HEADER,
	    .help = "Replaces every match in all instances of a header." },
	{ "edit-body-text",
	    .args = { { .type = ARG_REGEX, .name = "regex" },
		TEXT("replacement") },
	    .rewrites = true, .wants = BODY,
	    .help = "Replaces every match in the body." },
	{ "html-convert", .rewrites = true, .wants = BODY,
	    .help = "Makes plain text of HTML in the body." },
	{ "add-heading", .args = { RESOURCE }, .rewrites = true, .wants = BODY,
	    .help = "Puts a text above the body." },
	{ "add-footer", .args = { RESOURCE }, .rewrites = true, .wants = BODY,
	    .help = "Puts a text below the body." },
	{ "drop-attachments-by-name", .args = { FILE_NAME, COMMENT },
	    .rewrites = true, .wants = BODY,
	    .help = "Drops attachments with such a name, and archives that "
		    "have such a file." },
	{ "drop-attachments-by-type", .args = { MIMETYPE, COMMENT },
	    .rewrites = true, .wants = BODY,
	    .help = "Drops attachments of this declared or suggested type." },
	{ "drop-attachments-by-filetype",
	    .args = { { .type = ARG_FILETYPE, .name = "type" }, COMMENT },
	    .rewrites = true, .wants = BODY,
	    .help = "Drops attachments whose content shows this type." },
	{ "drop-attachments-by-mimetype", .args = { MIMETYPE, COMMENT },
	    .rewrites = true, .wants = BODY,
	    .help = "Drops attachments of this declared type." },
	{ "drop-attachments-by-size",
	    .args = { { .type = ARG_NUMBER, .name = "n", .max = INT64_MAX },
		COMMENT },
	    .rewrites = true, .wants = BODY,
	    .help = "Drops attachments of n encoded bytes or more." },
	{ "drop-attachments-where-contains",
	    .args = { PATTERN, THRESHOLD, COMMENT }, .rewrites = true,
	    .wants = BODY, .help = "Drops attachments with n matches." },
	{ "drop-attachments-where-dictionary-match",
	    .args = { { .type = ARG_DICTIONARY, .name = "dictionary" },
		THRESHOLD, COMMENT },
	    .rewrites = true, .wants = BODY,
	    .help = "Drops attachments that score n." },
	{ "drop-attachments-where-image-verdict", .args = { ANYTHING },
	    .missing = "image scanner",
	    .help = "Drops images of that verdict." },
	{ "drop-macro-enabled-attachments",
	    .args = { { .type = ARG_TYPES,
			  .name = "types",
			  .words = filter_macro_types },
		COMMENT },
	    .rewrites = true, .wants = BODY,
	    .help = "Drops attachments of these types that have macros." },
	{ "drop-attachments", .args = { FILE_NAME }, .rewrites = true,
	    .wants = BODY, .help = "The same as drop-attachments-by-name." },
	{ "skip-spamcheck", .help = "No anti-spam scanning." },
	{ "skip-viruscheck", .help = "No anti-virus scanning." },
	{ "skip-ampcheck", .help = "No file reputation." },
	{ "skip-vofcheck", .help = "No outbreak filters." },
	{ "skip-dkim-sign", .help = "No DKIM signature at delivery." },
	{ "skip-marketingcheck", .missing = "graymail detection",
	    .help = "No action on marketing mail." },
	{ "skip-socialcheck", .missing = "graymail detection",
	    .help = "No action on mail of social networks." },
	{ "skip-bulkcheck", .missing = "graymail detection",
	    .help = "No action on bulk mail." },
	{ "tag-message", .args = { { .type = ARG_TAG, .name = "tag" } },
	    .help = "Tags the message for policies that look at tags." },
	{ "log-entry", .args = { TEXT("text") }, .wants = HEADER,
	    .help = "Writes a text to the mail logs." },
	{ "no-op", .help = "Does nothing." },
	{ "url-reputation-replace", .args = { ANYTHING },
	    .missing = "reputation of URLs",
	    .help = "Replaces URLs of that score." },
	{ "url-reputation-defang", .args = { ANYTHING },
	    .missing = "reputation of URLs",
	    .help = "Makes URLs of that score unclickable." },
	{ "url-reputation-proxy-redirect", .args = { ANYTHING },
	    .missing = "reputation of URLs",
	    .help = "Redirects URLs of that score." },
	{ "url-no-reputation-replace", .args = { ANYTHING },
	    .missing = "reputation of URLs",
	    .help = "Replaces URLs without score." },
	{ "url-no-reputation-defang", .args = { ANYTHING },
	    .missing = "reputation of URLs",
	    .help = "Makes URLs without score unclickable." },
	{ "url-no-reputation-proxy-redirect", .args = { ANYTHING },
	    .missing = "reputation of URLs",
	    .help = "Redirects URLs without score." },
	{ "url-category-replace", .args = { ANYTHING },
	    .missing = "categories of URLs",
	    .help = "Replaces URLs of the categories." },
	{ "url-category-defang", .args = { ANYTHING },
	    .missing = "categories of URLs",
	    .help = "Makes URLs of the categories unclickable." },
	{ "url-category-proxy-redirect", .args = { ANYTHING },
	    .missing = "categories of URLs",
	    .help = "Redirects URLs of the categories." },
	{ "fed", .args = { ANYTHING }, .missing = "replacing forged senders",
	    .help = "Replaces From by the envelope sender." },
};
const size_t n_filter_actions = NELEM(filter_actions);

const struct action_def *
action_find(struct str name)
{
	for (size_t i = 0; i < n_filter_actions; i++) {
		if (name_is(name, filter_actions[i].name))
			return &filter_actions[i];
	}
	return NULL;
}

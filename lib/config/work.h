/*
 * work.h - what the configuration says of the work queue (part of config.h)
 *
 * Text resources, dictionaries, scanners, mail policies, filters, outbreak
 * rules, quarantines: spec workqueue 2.12, 3 to 10. Message filters and the
 * conditions and actions of content filters stand here as source; what they
 * compile to is struct filters (filter/filter.h), which hangs in the
 * configuration of those programs that run them.
 */
#ifndef CONFIG_WORK_H
#define CONFIG_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/place.h"

struct route_dest; /* config.h */

/* --- text resources (3.3) --- */

enum text_kind {
	TEXT_DISCLAIMER,
	TEXT_NOTIFICATION,
	TEXT_AV_NOTIFICATION,
	TEXT_AV_CONTAINER,
	TEXT_BOUNCE
};
struct text_resource {
	struct where where;
	struct str name;
	enum text_kind kind;
	struct str file, html_file; /* below texts/; html_file may be empty */
	struct str text, html;      /* UTF-8; what is in them. text may be
				     * empty: then it comes from html */
};

/* --- content dictionaries (3.1) --- */

enum smart_id { SMART_NONE, SMART_CREDIT, SMART_SSN, SMART_ABA, SMART_CUSIP };
struct dictionary_term {
	struct str text; /* UTF-8; empty with a smart identifier */
	enum smart_id smart;
	uint32_t weight; /* 1..10 */
	int line;        /* in its file */
};
struct dictionary {
	struct where where;
	struct str name;
	struct str file; /* below tables/ */
	bool ignore_case, whole_words;
	struct dictionary_term *terms;
	size_t n_terms;
};

/* --- limits of scanning (2.12), character sets (3.4) --- */

enum on_unpackable {
	UNPACKABLE_DELIVER,
	UNPACKABLE_BOUNCE,
	UNPACKABLE_DROP,
	UNPACKABLE_QUARANTINE /* Policy */
};
struct scan_settings {
	bool scan_only;    /* the list is what is scanned, not skipped */
	struct str *types; /* MIME types with a star, groups of file types */
	size_t n_types;
	uint32_t max_depth; /* of attachments in attachments */
	uint64_t max_size;  /* of an attachment; bytes */
	bool metadata;
	uint32_t timeout;  /* s, of an attachment */
	bool assume_match; /* what cannot be scanned counts as a match */
	/* What a filter failed on, or could not scan, goes to the quarantine
	 * Policy (DESIGN 9.2), whatever else becomes of it. */
	bool hold_on_error;
	enum on_unpackable unpackable;
	bool bypass_on_error;  /* a filter that fails ends all of them */
	struct str charset;    /* of text that names none */
	uint64_t max_expanded; /* of all archives of a message; bytes */
	uint32_t max_members;  /* of an archive */
};
struct locale_settings {
	bool header_in_body_charset; /* a header that is changed */
	bool impose_body_charset;    /* on 8-bit headers without a charset */
	bool try_footer_charset;
	uint8_t stamp_signed; /* 0 skip, 1 wrap, 2 force (9.2) */
};

/* --- scanners (5.1, 6.1) --- */

enum spam_engine { SPAM_OFF, SPAM_SPAMD, SPAM_RSPAMD };
enum virus_engine { VIRUS_OFF, VIRUS_CLAMD, VIRUS_ICAP };
struct scanner {
	uint8_t engine;             /* of one of the two kinds */
	struct route_dest *servers; /* tried in order */
	size_t n_servers;
	struct str service;    /* ICAP: "avscan" */
	uint32_t timeout;      /* s, of a message */
	uint64_t always_up_to; /* spam: whole messages up to; bytes */
	uint64_t never_above;  /* not scanned at all */
	bool requeue;          /* spam: on failure try again later */
};

/* --- what one policy wants of one service (4.2, 5.2, 6.2, 8.1) --- */

enum disposition {
	DISPOSE_DELIVER,
	DISPOSE_ATTACHMENT, /* virus: as attachment of a new message */
	DISPOSE_DROP,
	DISPOSE_BOUNCE,
	DISPOSE_QUARANTINE
};
enum subject_change { SUBJECT_NONE, SUBJECT_PREPEND, SUBJECT_APPEND };
struct verdict_action {
	bool enabled;
	enum disposition disposition; /* config_spam_disposition() */
	bool archive;
	enum subject_change subject;
	struct str subject_text;
	struct str header_name, header_value; /* name empty: none */
	struct str alt_rcpt, alt_host;        /* empty: none */
	bool notify_sender, notify_rcpt;      /* virus */
	struct str notify_others, notify_template;
};
struct spam_settings {
	uint32_t positive, suspected; /* thresholds of the score, 0..100 */
	struct verdict_action on_positive, on_suspected;
};
enum virus_class {
	VIRUS_REPAIRED,
	VIRUS_ENCRYPTED,
	VIRUS_UNSCANNABLE,
	VIRUS_INFECTED,
	VIRUS_CLASSES
};
struct virus_settings {
	bool repair;          /* drop infected parts */
	bool drop_infected;   /* those that were not repaired, too */
	bool header;          /* X-Postern-AV */
	struct str container; /* text resource around an infected message;
			       * empty: the usual one */
	struct verdict_action on[VIRUS_CLASSES];
};
struct outbreak_settings {
	uint32_t threshold; /* level from which mail is held */
	uint32_t retention_viral, retention_other; /* s */
	bool deliver_non_viral;                    /* without holding it */
	struct str *bypass;                        /* file extensions */
	size_t n_bypass;
	bool modify;
	uint32_t modify_threshold;
	enum subject_change subject;
	struct str subject_text;
	bool headers;
	struct str alt_host;
	uint8_t rewrite_urls;   /* 0 off, 1 unsigned messages, 2 all */
	struct str *url_bypass; /* domains */
	size_t n_url_bypass;
	struct str disclaimer; /* text resource; empty: none */
};

/* --- mail policies (4) --- */

enum service_state { SERVICE_INHERIT, SERVICE_DISABLED, SERVICE_CUSTOM };

struct policy_member { /* 4.3 */
	struct where where;
	bool any_sender, senders_not;
	struct addr_pattern *senders;
	size_t n_senders;
	bool any_rcpt, all_rcpts; /* all_rcpts: all must match */
	struct addr_pattern *rcpts, *not_rcpts;
	size_t n_rcpts, n_not_rcpts;
};
struct mail_policy {
	struct where where;
	struct str name; /* the last of a table is "DEFAULT" */
	struct policy_member *members;
	size_t n_members;
	enum service_state spam_state, virus_state, outbreak_state,
	    filters_state;
	struct spam_settings spam;
	struct virus_settings virus;
	struct outbreak_settings outbreak;
	struct str *filters; /* content filters that are enabled */
	size_t n_filters;
};
struct content_filter {
	struct where where;
	struct str name, description;
	bool active, any;                 /* any: one condition is enough */
	struct str *conditions, *actions; /* in the filter language */
	size_t n_conditions, n_actions;
};

enum direction { INCOMING, OUTGOING, DIRECTIONS };
enum sender_header {
	SENDER_ENVELOPE,
	SENDER_FROM,
	SENDER_REPLY_TO,
	SENDER_SENDER,
	SENDER_HEADERS
};
struct policy_table {
	struct mail_policy *policies; /* in order; the last is the default */
	size_t n_policies;
	struct content_filter *filters; /* in order */
	size_t n_filters;
};

/* --- outbreak filters, quarantines (8, 10) --- */

struct outbreak_global {
	bool enabled, adaptive;
	uint64_t max_size;
	struct str url;             /* of the feed; empty: none */
	struct str public_key;      /* Ed25519, base64 */
	struct str authorities;     /* PEM file below tables/, of the feed's
				     * server; empty: those of the system */
	struct str authorities_pem; /* what is in it */
	struct str file;            /* rules of the site, below tables/ */
	const char *path;           /* "tables/FILE"; NULL: there is none */
	struct str rules;           /* what is in it */
	uint32_t interval;          /* s */
	uint8_t rewrite;            /* 0 defang, 1 text, 2 redirect */
	struct str rewrite_text;    /* text, or what the encoded URL follows */
};
enum quarantine_kind {
	QUARANTINE_POLICY, /* Policy, and those that people made */
	QUARANTINE_VIRUS,
	QUARANTINE_OUTBREAK,
	QUARANTINE_UNCLASSIFIED,
	QUARANTINE_UNPROCESSABLE, /* what ended programs that were at it */
	QUARANTINE_SPAM /* its settings; messages come by the.euq.queue */
};
struct quarantine {
	struct where where;
	struct str name;
	enum quarantine_kind kind;
	uint32_t retention;          /* s; 0: by mail policy */
	bool release;                /* default action; else delete */
	bool may_overflow;           /* free space by the default action */
	enum subject_change subject; /* on release by overflow */
	struct str subject_text, header_name, header_value;
	bool strip_attachments;
};
struct spam_quarantine {
	bool enabled;
	uint64_t max_size;
	bool delete_oldest; /* when full; else mail waits */
	uint32_t retention; /* s */
};

/* --- all of it --- */

/* Message filters, in the language of filter/filter.h. */
#define FILTERS_FILE "filters/message_filters"

struct work_config {
	struct str filters_source; /* FILTERS_FILE; may be empty */
	struct text_resource *texts;
	size_t n_texts;
	struct dictionary *dictionaries;
	size_t n_dictionaries;
	struct scan_settings scan;
	struct locale_settings locale;
	struct scanner spam, virus;
	struct policy_table tables[DIRECTIONS];
	enum sender_header priority[SENDER_HEADERS]; /* 4.4 */
	size_t n_priority;
	struct outbreak_global outbreak;
	struct quarantine *quarantines;
	size_t n_quarantines;
	uint64_t quarantine_space;
	struct spam_quarantine spam_quarantine;
	bool ironport_headers; /* X-IronPort-... beside X-Postern-... */
};

#endif

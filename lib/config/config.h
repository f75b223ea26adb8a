/*
 * config.h - the configuration as programs see it: immutable, counted
 *
 * config_load() turns a bundle (the files of one revision) into this tree.
 * Nobody changes it afterwards; a reload makes a new tree, sessions that
 * began under the old one keep their reference. Everything that a person
 * wrote remembers its file and line (struct where).
 *
 * Absent optional texts are struct str with n 0. Sizes are bytes, times are
 * seconds unless a name says otherwise. UNLIMITED stands for "off".
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "base/str.h"
#include "config/admins.h"
#include "config/alerts.h"
#include "config/delivery.h"
#include "config/dkim.h"
#include "config/health.h"
#include "config/place.h"
#include "config/remote.h"
#include "config/support.h"
#include "config/work.h"

#define UNLIMITED UINT64_MAX

struct filters;
struct hat_index;
struct map;

/* --- mail flow policies and the host access table (receiving 4) --- */

enum behaviour { BEHAVIOUR_NONE, ACCEPT, RELAY, REJECT, TCPREFUSE, CONTINUE };
const char *behaviour_name(enum behaviour b);

/* Each parameter of a policy; MFP(name, key, type, public dflt, private) is
 * expanded in schema.c; the struct is what a connection works with. */
struct policy_params {
	uint64_t max_message_size;
	uint64_t max_concurrency; /* connections from one IP */
	uint64_t max_msgs_per_session;
	uint64_t max_rcpts_per_msg;
	uint64_t max_rcpts_per_hour;
	uint64_t max_rcpts_per_sender;
	uint64_t dhap_limit;
	bool use_sb;
	bool spam_check, virus_check;
	uint8_t tls;       /* 0 off, 1 preferred, 2 required */
	uint8_t smtp_auth; /* 0 off, 1 preferred, 2 required */
	bool envelope_sender_verify;
	bool exception_table;
	uint32_t banner_code;   /* 220; on REJECT 554 */
	struct str banner_text; /* with HAT variables; empty: default */
	/* name in the banner: empty: of the interface; "none": no name */
	struct str override_hostname;

	/* Texts: with HAT variables where 4.7 allows them. */
	uint32_t rcpts_per_hour_code;
	struct str rcpts_per_hour_text;
	uint32_t rcpts_per_sender_code;
	struct str rcpts_per_sender_text;
	struct str sender_exceptions; /* name of an address list, or empty */
	bool dhap_drop;
	uint32_t dhap_code;
	struct str dhap_text;
	uint64_t significant_bits;     /* of the address; UNLIMITED: all */
	struct str tls_mandatory_list; /* name of an address list, or empty */
	bool tls_verify;
	bool auth_require_tls;
	/* sender verification: texts with $EnvelopeSender */
	uint32_t malformed_code, missing_code, unresolved_code;
	struct str malformed_text, missing_text, unresolved_text;
	/* Nothing but off in this version. */
	bool dkim_signing, dkim_verification, smime_verification;
	bool smime_key_harvesting, spf_verification, dmarc_verification;
	bool untagged_bounces;
};

/* Index into policy.set. Those up to MFP_EXCEPTION_TABLE are in the order of
 * trace's T1 list, which always shows them. */
enum policy_param {
	MFP_MAX_MESSAGE_SIZE,
	MFP_MAX_CONCURRENCY,
	MFP_MAX_MSGS_PER_SESSION,
	MFP_MAX_RCPTS_PER_MSG,
	MFP_MAX_RCPTS_PER_HOUR,
	MFP_MAX_RCPTS_PER_SENDER,
	MFP_DHAP_LIMIT,
	MFP_USE_SB,
	MFP_SPAM_CHECK,
	MFP_VIRUS_CHECK,
	MFP_TLS,
	MFP_SMTP_AUTH,
	MFP_SENDER_VERIFY,
	MFP_EXCEPTION_TABLE,
	MFP_BANNER_CODE,
	MFP_BANNER_TEXT,
	MFP_OVERRIDE_HOSTNAME,
	MFP_RCPTS_PER_HOUR_CODE,
	MFP_RCPTS_PER_HOUR_TEXT,
	MFP_RCPTS_PER_SENDER_CODE,
	MFP_RCPTS_PER_SENDER_TEXT,
	MFP_SENDER_EXCEPTIONS,
	MFP_DHAP_DROP,
	MFP_DHAP_CODE,
	MFP_DHAP_TEXT,
	MFP_SIGNIFICANT_BITS,
	MFP_TLS_MANDATORY_LIST,
	MFP_TLS_VERIFY,
	MFP_AUTH_REQUIRE_TLS,
	MFP_MALFORMED_CODE,
	MFP_MALFORMED_TEXT,
	MFP_MISSING_CODE,
	MFP_MISSING_TEXT,
	MFP_UNRESOLVED_CODE,
	MFP_UNRESOLVED_TEXT,
	MFP_DKIM_SIGNING,
	MFP_DKIM_VERIFICATION,
	MFP_SMIME_VERIFICATION,
	MFP_SMIME_KEY_HARVESTING,
	MFP_SPF_VERIFICATION,
	MFP_DMARC_VERIFICATION,
	MFP_UNTAGGED_BOUNCES,
	MFP_N
};

struct policy {
	struct where where;
	struct str name; /* "$ACCEPTED"; empty: an inline behaviour */
	enum behaviour behaviour;
	struct policy_params p; /* defaults of the listener filled in */
	bool set[MFP_N];        /* false: taken from the listener default */
};

enum hat_entry_kind {
	HAT_ALL,
	HAT_RANGE,      /* address, partial, range, CIDR */
	HAT_HOST,       /* host.example.com */
	HAT_DOMAIN,     /* .example.com */
	HAT_HOST_CLASS, /* nx.domain, serv.fail, not.double.verified */
	HAT_SCORE,      /* sbrs[a:b]: tenths, both included */
	HAT_SCORE_NONE, /* sbrs[none] */
	HAT_OWNER,      /* SBO:n */
	HAT_DNSLIST,    /* dnslist[zone] */
	HAT_COUNTRY     /* country[XX,YY] */
};

struct hat_entry {
	struct where where;
	enum hat_entry_kind kind;
	struct str text; /* exactly as written */
	struct str comment;
	union {
		struct ip_range range;
		struct str name; /* lower case; HAT_DOMAIN with its dot */
		int host_class;  /* enum host_class */
		struct {
			int32_t lo, hi;
		} score;
		uint64_t owner;
	};
};

struct hat_group {
	struct where where;
	struct str name; /* empty: unnamed (a single entry) */
	struct str comment;
	struct hat_entry *entries;
	size_t n_entries;
	const struct policy *policy;
};

struct hat {
	struct policy_params defaults; /* default parameters of the listener */
	struct policy *policies;
	size_t n_policies;
	/* of groups that name a behaviour and set nothing: one for all */
	struct policy *plain[CONTINUE + 1];
	struct hat_group *groups; /* in order; the last one is ALL */
	size_t n_groups;
	struct hat_index *index; /* config/hat_index.h */
};

/* --- recipient access table (receiving 5) --- */

enum rat_kind {
	RAT_ALL,
	RAT_DOMAIN,    /* example.com, [192.0.2.1] */
	RAT_SUBDOMAIN, /* .example.com */
	RAT_ADDR,      /* user@example.com */
	RAT_USER       /* user@ */
};

struct rat_entry {
	struct where where;
	enum rat_kind kind;
	struct str text; /* as written */
	struct str key;  /* lower case: address, domain, ".domain", "user@" */
	bool accept;
	uint32_t code;       /* custom reply; 0: default */
	struct str reply;    /* custom text */
	bool bypass_control; /* receiving control */
	bool bypass_ldap;
	bool bypass_callahead;
};

struct rat {
	struct rat_entry *entries; /* first match wins; the last is ALL */
	size_t n;
	struct map *index; /* config/rat_index.h */
};

/* --- addresses and tables of addresses (receiving 4.10, 6) --- */

struct addr_list {
	struct where where;
	struct str name;
	struct str description;
	bool full_only; /* addresses with user and domain only */
	struct addr_pattern *entries;
	size_t n;
};
struct sender_exception { /* of the domain exception table: first match */
	struct addr_pattern pattern;
	bool allow;
	uint32_t code;    /* 0: 553 */
	struct str reply; /* with $EnvelopeSender; empty: the usual text */
};

/* Of the global unsubscribe list: an address or a server's (unsubscribe.h). */
#define UNSUBSCRIBED_MAX 10000
struct unsubscribed {
	struct addr_pattern pattern; /* of an IP address: text and where only */
	bool is_ip;
	struct ip ip;
};
enum unsubscribe_action { UNSUBSCRIBE_DROP, UNSUBSCRIBE_BOUNCE };

struct table; /* config/table.h */

struct masquerade {
	const struct table *table; /* NULL: none */
	bool sender, from, to, cc, reply_to;
};

/* --- TLS, AUTH, call-ahead --- */

enum tls_version { TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 };

/* Both files stand below secrets/; only keyd reads them (config_secrets). */
struct certificate {
	struct where where;
	struct str name;
	struct str chain_file, key_file; /* PEM; leaf first */
};

enum auth_kind { AUTH_LOCAL, AUTH_FORWARD, AUTH_OUTGOING };
struct auth_profile {
	struct where where;
	struct str name;
	enum auth_kind kind;
	struct str users_file; /* LOCAL: below secrets/; only keyd reads it */
	struct route_dest *servers; /* FORWARD: tried in order */
	size_t n_servers;
	uint8_t tls; /* FORWARD, OUTGOING: 0 off, 1 preferred, 2 required */
	uint32_t timeout;
	struct str user;        /* OUTGOING: who we are there, and */
	struct str secret_file; /* ... the passphrase, below secrets/ */
};

struct callahead_profile {
	struct where where;
	struct str name;
	struct route_dest *servers; /* none: where mail would be delivered */
	size_t n_servers;
	struct str sender;     /* of MAIL FROM; empty: <> */
	uint32_t timeout;      /* s, for all servers together */
	uint32_t failure_code; /* 250: accept; else reject with it */
	uint32_t temporary_code;
	uint32_t max_connections;       /* to one server */
	uint32_t cache_size, cache_ttl; /* s */
};

/* Recipients whom a directory must know (receiving 7.2). */
struct ldap_accept {
	struct str query;        /* profile.query; empty: nobody is asked */
	bool unreachable_accept; /* false: 451 */
	uint32_t code;           /* of the refusal of unknown recipients */
	struct str text;         /* empty: the usual one */
};

/* --- listeners (receiving 3) --- */

enum listener_type {
	LISTENER_PUBLIC,
	LISTENER_PRIVATE,
	LISTENER_SINKHOLE_QUEUE,
	LISTENER_SINKHOLE_NOQUEUE
};
enum bare_newline { /* DESIGN 9.3: "allow" does not exist */
	BARE_REJECT,
	BARE_CLEAN
};

struct interface {
	struct where where;
	struct str name;
	struct ip ip;
	struct str hostname; /* in banners and Received lines */
};

struct listener {
	struct where where;
	struct str name;
	enum listener_type type;
	struct str interface_name; /* what it refers to, and that */
	const struct interface *interface;
	struct str protocol; /* "SMTP", "QMQP" */
	uint16_t port;
	uint32_t max_concurrency;
	uint32_t backlog;
	struct str default_domain; /* empty: none */
	bool received_header;
	enum bare_newline bare_newline;
	bool strict_addresses;
	bool allow_8bit_user, allow_8bit_domain, allow_partial;
	bool source_route_reject;      /* false: strip */
	bool literal_accept;           /* unknown address literals */
	struct str reject_chars;       /* in user names */
	bool reputation;               /* use IP profiling */
	struct str bounce_profile;     /* empty: Default */
	struct str heading, footer;    /* text resources; empty: none */
	struct str hat_file, rat_file; /* below tables/; or empty */
	struct hat hat;
	struct rat rat;                 /* public only; else n 0 */
	const struct table *domain_map; /* NULL: none */
	struct masquerade masquerade;
	struct str certificate_name, auth_name, call_ahead_name; /* or empty */
	const struct certificate *certificate; /* NULL: no STARTTLS */
	enum tls_version tls_least;            /* the oldest that is taken */
	const struct auth_profile *auth;       /* NULL: no AUTH */
	const struct callahead_profile *call_ahead; /* NULL: none */
	struct ldap_accept ldap_accept;
	struct ip_range *proxies; /* who must begin with a PROXY header; others
				   * are clients themselves */
	size_t n_proxies;
	struct ip_range *xclients; /* who may say XCLIENT */
	size_t n_xclients;
};

/* Virtual gateways may be groups: addresses in turn (receiving 6.5). */
struct interface_group {
	struct where where;
	struct str name;
	const struct interface **members;
	size_t n;
};

/* --- log subscriptions (delivery-admin 7) --- */

enum log_type {
	LOG_MAIL,
	LOG_BOUNCES,
	LOG_DELIVERY,
	LOG_STATUS,
	LOG_DOMAIN_DEBUG,
	LOG_INJECTION_DEBUG,
	LOG_AUTHENTICATION,
	LOG_CLI_AUDIT,
	LOG_TYPES
};
enum log_format { LOG_TEXT, LOG_JSON };
struct log_subscription {
	struct where where;
	struct str name; /* "mail_logs" */
	enum log_type type;
	enum log_format format;
	uint8_t level;           /* 1 Critical .. 5 Trace; 3 Info */
	uint64_t max_size;       /* bytes, then rollover */
	uint32_t max_files;      /* kept */
	uint32_t rollover_every; /* s; 0: by size alone */
	struct str *rollover_at; /* config/rollover.h */
	size_t n_rollover_at;
	uint32_t bytes;    /* bounces: of the message */
	struct str domain; /* domain_debug; or ".domain": all below it */
	struct str *hosts; /* injection_debug: config/log_match.h */
	size_t n_hosts;
	uint32_t sessions; /* of the debug logs: so many are recorded */
};

/* --- the whole --- */

struct config {
	uint64_t revision;
	struct str hostname; /* of the system */

	/* global listener settings (receiving 3.7) */
	uint32_t max_connections;
	uint32_t unsuccessful_timeout, total_timeout; /* s */
	uint32_t command_timeout, data_timeout;       /* s */
	bool delayed_reject;
	uint32_t delayed_reject_code;
	struct str delayed_reject_text;
	uint32_t max_tls_connections;
	struct str client_ca;     /* file below secrets/; empty: none */
	uint32_t rate_period;     /* s: window of recipients per hour */
	uint32_t sender_interval; /* s: window of recipients per sender */
	bool count_hosts;         /* some policy limits recipients of hosts, */
	bool count_senders;       /* of senders: so all listeners count */
	bool add_message_id;      /* to incoming mail; outgoing always */
	bool received_gateway;    /* Received names the virtual gateway */
	uint32_t dnslist_timeout; /* s */

	/* sender domain reputation (receiving 10.3) */
	bool sdr;
	uint8_t sdr_block; /* so many verdicts, from the worst on */
	uint32_t sdr_code;
	struct str sdr_text;                    /* empty: the usual one */
	struct str sdr_exceptions_name;         /* or empty */
	const struct addr_list *sdr_exceptions; /* NULL: none */
	bool sdr_match_all; /* From and Reply-To must be in it too */

	/* delivery parameters */
	struct str out_interface; /* empty: the system chooses */
	bool tls_alert;           /* TLS that is required did not come about */
	struct str out_certificate; /* shown to next hops; empty: none */
	uint32_t max_out_connections;
	uint32_t connect_timeout, reply_timeout, idle_timeout; /* s */
	bool possible_delivery;
	uint32_t bounce_rate; /* notices per sender and hour; BAC-03 */

	/* bounce verification (delivery-admin 1.12) */
	struct str bounce_keys; /* file below secrets/; only keyd reads it */
	bool bounce_header;     /* invalid bounces: accepted, with this field */
	struct str bounce_header_name, bounce_header_value;
	bool bounce_tags; /* some destination's senders are tagged */

	/* look-ups */
	struct endpoint *dns_servers; /* none: the system's resolv.conf */
	size_t n_dns_servers;
	uint32_t reverse_timeout; /* s; 0: no reverse look-ups */
	uint32_t dns_timeout;     /* s */
	struct str dnssec_anchor; /* trust anchor text; empty: none */
	bool dns_off;             /* never ask: every look-up fails softly */

	/* resources */
	uint32_t workers; /* of smtpd, cleanup, smtp each; 0: one per core */
	uint64_t reserve; /* bytes of disk kept free: DUR-09 */
	uint64_t memory;  /* bytes that we may use; 0: what the machine has */
	uint32_t memory_start, memory_halt; /* per cent */
	uint64_t queue_limit;               /* recipients; UNLIMITED */
	uint64_t workqueue_limit;           /* messages; UNLIMITED */
	uint32_t sync_threads;
	uint32_t load_timeout;     /* s, of a program for a configuration */
	uint32_t secrets_interval; /* s between two looks at the files */
	uint32_t metrics_port;     /* of the loopback address; 0: none */
	struct {
		uint64_t max_size; /* bytes */
		uint64_t quota;    /* bytes, of all captures together */
		bool stops;        /* when they are there; else the oldest go */
		uint32_t duration; /* s; 0: until it is stopped */
		struct str *interfaces; /* names; none: the first */
		size_t n_interfaces;
		uint32_t *ports;
		size_t n_ports;
		struct ip *clients, *servers;
		size_t n_clients, n_servers;
		struct str filter; /* unless there is one of the three above */
	} capture;                 /* delivery-admin 5.4 */

	struct web_config {
		bool on;
		struct str interface_name; /* empty: 127.0.0.1 */
		struct ip ip;              /* of that interface */
		uint32_t port;
		struct str certificate;   /* its name */
		uint32_t timeout;         /* s without a request; then out */
		struct ip_range *allowed; /* none: everybody */
		size_t n_allowed;
	} web; /* delivery-admin 8 */

	struct interface *interfaces;
	size_t n_interfaces;
	struct interface_group *interface_groups;
	size_t n_interface_groups;
	struct addr_list *addr_lists;
	size_t n_addr_lists;
	struct sender_exception *exceptions;
	size_t n_exceptions;
	bool unsubscribe; /* delivery-admin 1.11 */
	enum unsubscribe_action unsubscribe_action;
	struct unsubscribed *unsubscribed; /* sorted */
	size_t n_unsubscribed;
	const struct table *aliases;       /* NULL: none */
	const struct table *gateways;      /* altsrchost; NULL: none */
	const struct table *lists;         /* safelist_blocklist; NULL: none */
	enum disposition blocklist_action; /* drop, quarantine */
	struct certificate *certificates;
	size_t n_certificates;
	struct dkim_key *dkim_keys;
	size_t n_dkim_keys;
	struct dkim_profile *dkim_profiles;
	size_t n_dkim_profiles;
	bool dkim_system_mail; /* what we write ourselves is signed, too */
	struct auth_profile *auth_profiles;
	size_t n_auth_profiles;
	struct callahead_profile *callahead_profiles;
	size_t n_callahead_profiles;
	struct listener *listeners;
	size_t n_listeners;
	struct route *routes;
	size_t n_routes;
	struct bounce_profile *bounce_profiles; /* [0] is Default */
	size_t n_bounce_profiles;
	struct destination *destinations; /* [0] is Default */
	size_t n_destinations;
	struct log_subscription *logs;
	size_t n_logs;
	uint64_t log_quota;      /* bytes; 0: a tenth of the disk */
	uint32_t log_types;      /* those there are, a bit 1 << enum log_type */
	uint32_t log_bytes;      /* the most that one of them wants */
	struct str *log_headers; /* names of fields that logs show */
	size_t n_log_headers;
	uint32_t status_interval;                       /* s, of status logs */
	bool log_message_id, log_subject, log_response; /* in mail logs */
	struct {
		bool enabled, subject; /* subject: kept, too */
		uint64_t quota;        /* bytes; 0: a tenth of the disk */
	} tracking;
	struct alerts_config alerts;
	struct health_config health;
	struct support_config support;
	struct admins_config admins;
	struct remote_power remote_power;
	struct remote_access remote_access;
	struct work_config work;
	/* What the filters compile to; NULL in programs that run none. */
	const struct filters *filters;
};

struct config *config_ref(struct config *);
void config_unref(struct config **); /* frees with the last one */

const struct listener *config_listener(const struct config *, struct str name);
bool listener_is_qmqp(const struct listener *);
const struct bounce_profile *config_bounce_profile(
    const struct config *, struct str name); /* unknown or empty: Default */
const struct destination *config_destination(
    const struct config *, struct str domain); /* no entry: Default */
const struct addr_list *config_addr_list(
    const struct config *, struct str name); /* NULL: none such */
const struct auth_profile *config_auth_profile(
    const struct config *, struct str name);
const struct interface *config_interface(const struct config *, struct str);
const struct interface_group *config_interface_group(
    const struct config *, struct str);
const struct certificate *config_certificate(
    const struct config *, struct str name); /* NULL: none such */
const struct dkim_key *config_dkim_key(const struct config *, struct str);
/* Of the work queue (work.c); NULL: none such. Names are exact. */
const struct text_resource *config_text(const struct config *, struct str);
const struct dictionary *config_dictionary(const struct config *, struct str);
const struct quarantine *config_quarantine(const struct config *, struct str);
const struct mail_policy *config_mail_policy(
    const struct config *, enum direction, struct str name);
const struct content_filter *config_content_filter(
    const struct config *, enum direction, struct str name);
/* What a policy of that table wants of a service, its own or that of the
 * default policy. NULL: nothing, or nobody is there to do it: no engine,
 * outbreak filters not enabled. */
const struct spam_settings *config_policy_spam(
    const struct config *, enum direction, const struct mail_policy *);
const struct virus_settings *config_policy_virus(
    const struct config *, enum direction, const struct mail_policy *);
const struct outbreak_settings *config_policy_outbreak(
    const struct config *, enum direction, const struct mail_policy *);
/* Does this content filter run for that policy, if it is active? */
bool config_policy_filter(const struct config *, enum direction,
    const struct mail_policy *, struct str filter);
/* Without a spam quarantine, what should go there is delivered. */
enum disposition config_spam_disposition(
    const struct config *, const struct verdict_action *);
/* Names of the files below secrets/ that are needed, each once; v NULL: how
 * many at most. */
size_t config_secrets(const struct config *, struct str *v);
/* What TLS a connection to that destination must have, by that route (NULL:
 * none): more where we log in, and for mail that wants more. */
enum tls_level config_tls_demanded(
    const struct destination *, const struct route *, enum tls_wish);
/* Most specific match: exact, then longest .suffix, then ALL; else NULL. */
const struct route *config_route(const struct config *, struct str domain);

#endif

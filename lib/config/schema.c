/*
 * schema.c - the keys of postern.yaml: system, receiving, interfaces
 */
#include "config/schema_def.h"

/* "enabled" is kept as its opposite. */
static const struct choice not_off[] = {
	{ "yes", 0 },
	{ "no", 1 },
	{ "on", 0 },
	{ "off", 1 },
	{ "true", 0 },
	{ "false", 1 },
	{ NULL, 0 },
};
static const struct schema_key system_keys[] = {
	{ .name = "workers",
	    FIELD(config, workers),
	    .type = &value_count,
	    .min = 0,
	    .max = 64,
	    DEFAULT("0"),
	    .help = "Processes that receive mail, the same number that take "
		    "it into the queue, and the same number that deliver. 0: "
		    "one per processor." },
	{ .name = "reserve",
	    FIELD(config, reserve),
	    .type = &value_size,
	    .min = 0,
	    .max = (uint64_t)1 << 50,
	    DEFAULT("64M"),
	    .help = "Disk space of the queue that is kept free: with less, "
		    "new mail is put off with 452 while delivery goes on." },
	{ .name = "memory",
	    FIELD(config, memory),
	    .type = &value_size,
	    .min = 0,
	    .max = (uint64_t)1 << 50,
	    DEFAULT("0"),
	    .help = "Memory that Postern may use, without the page cache. 0: "
		    "what the machine has, or its control group may have." },
	{ .name = "memory_start",
	    FIELD(config, memory_start),
	    .type = &value_count,
	    .min = 1,
	    .max = 99,
	    DEFAULT("45"),
	    .help = "Per cent of that from which on clients are made to wait "
		    "before greeting and MAIL, up to a minute." },
	{ .name = "memory_halt",
	    FIELD(config, memory_halt),
	    .type = &value_count,
	    .min = 2,
	    .max = 100,
	    DEFAULT("60"),
	    .help = "Per cent of that from which on no mail is accepted." },
	{ .name = "queue_limit",
	    FIELD(config, queue_limit),
	    .type = &value_count,
	    .flags = KEY_OFF,
	    .min = 1,
	    .max = 1000000000,
	    DEFAULT("unlimited"),
	    .help = "Recipients in the delivery queue at which no mail is "
		    "accepted; from four fifths on clients wait." },
	{ .name = "workqueue_limit",
	    FIELD(config, workqueue_limit),
	    .type = &value_count,
	    .flags = KEY_OFF,
	    .min = 1,
	    .max = 1000000000,
	    DEFAULT("unlimited"),
	    .help = "The same of messages in the work queue." },
	{ .name = "sync_threads",
	    FIELD(config, sync_threads),
	    .type = &value_count,
	    .min = 1,
	    .max = 64,
	    DEFAULT("2"),
	    .help = "Threads per queue process that wait for the disk. "
		    "Several share one commit of the file system's journal." },
	{ .name = "load_timeout",
	    FIELD(config, load_timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 3600,
	    DEFAULT("30"),
	    .help = "How long a program may take to load a new configuration "
		    "with its tables; then that does not come into force." },
	{ .name = "secrets_interval",
	    FIELD(config, secrets_interval),
	    .type = &value_time,
	    .min = 1,
	    .max = 3600,
	    DEFAULT("3"),
	    .help = "How often files below secrets/ are looked at for changes. "
		    "Those that do not fit each other are complained about "
		    "after three such times and a second." },
};
static const struct schema_section system_section = {
	SECTION(config, "system", system_keys), NO_WHERE
};

static const struct schema_key metrics_keys[] = {
	{ .name = "port",
	    FIELD(config, metrics_port),
	    .type = &value_count,
	    .min = 0,
	    .max = 65535,
	    DEFAULT("0"),
	    .help = "Port of 127.0.0.1 at which Prometheus finds counters and "
		    "gauges, as http://127.0.0.1:PORT/metrics; 0: nowhere. "
		    "Whoever may connect to this machine's own address may "
		    "read them; `postern metrics` prints the same." },
};
static const struct schema_section metrics_section = {
	SECTION(config, "metrics", metrics_keys), NO_WHERE
};

/* Whose name stands in Received lines. */
static const struct choice received_names[] = {
	{ "interface", 0 },
	{ "gateway", 1 },
	{ NULL, 0 },
};
static const struct schema_key receiving_keys[] = {
	{ .name = "max_connections",
	    FIELD(config, max_connections),
	    .type = &value_count,
	    .min = 1,
	    .max = 10000,
	    DEFAULT("300"),
	    .help = "Connections to all listeners together; more are answered "
		    "with 421." },
	{ .name = "unsuccessful_timeout",
	    FIELD(config, unsuccessful_timeout),
	    .type = &value_time,
	    .min = 60,
	    .max = 86400,
	    DEFAULT("5m"),
	    .help = "How long a client of a public listener may stay without "
		    "handing over a message." },
	{ .name = "total_timeout",
	    FIELD(config, total_timeout),
	    .type = &value_time,
	    .min = 60,
	    .max = 604800,
	    DEFAULT("15m"),
	    .help = "How long a connection may last; it ends between two "
		    "messages when four fifths of this are over." },
	{ .name = "command_timeout",
	    FIELD(config, command_timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 3600,
	    DEFAULT("5m"),
	    .help = "How long a client may take for its next command line." },
	{ .name = "data_timeout",
	    FIELD(config, data_timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 3600,
	    DEFAULT("3m"),
	    .help = "How long a client may take for the next block of a "
		    "message." },
	{ .name = "rate_period",
	    FIELD(config, rate_period),
	    .type = &value_time,
	    .min = 60,
	    .max = 14400,
	    DEFAULT("1h"),
	    .help = "How long recipients are counted for max_rcpts_per_hour, "
		    "from the first one of a host on. Where it is not an "
		    "hour the limit is put into proportion, but is at least "
		    "1." },
	{ .name = "sender_interval",
	    FIELD(config, sender_interval),
	    .type = &value_time,
	    .min = 60,
	    .max = 86400,
	    DEFAULT("60m"),
	    .help = "How long recipients are counted for "
		    "max_rcpts_per_sender, from the first one of a sender "
		    "on." },
	{ .name = "delayed_reject",
	    FIELD(config, delayed_reject),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether a client that the host access table rejects "
		    "hears so at each recipient instead of at once. The log "
		    "then says whom it tried to reach." },
	{ .name = "delayed_reject_code",
	    FIELD(config, delayed_reject_code),
	    .type = &value_count,
	    .min = 400,
	    .max = 599,
	    DEFAULT("550"),
	    .help = "Reply code of delayed rejection." },
	{ .name = "delayed_reject_text",
	    FIELD(config, delayed_reject_text),
	    .type = &value_text,
	    .max = 1000,
	    .text_ok = name_reply,
	    DEFAULT(""),
	    .help = "Reply text of delayed rejection; empty: the usual one." },
	{ .name = "add_message_id",
	    FIELD(config, add_message_id),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether mail that comes in without a Message-ID gets "
		    "one. Mail that is relayed always does." },
	{ .name = "received_hostname",
	    FIELD(config, received_gateway),
	    .type = &value_choice,
	    .choices = received_names,
	    DEFAULT("interface"),
	    .help = "Which name of ours the Received line has: interface, "
		    "that of the listener's interface, or gateway, that of "
		    "the virtual gateway (altsrchost) the message leaves by; "
		    "of a group it is that of the first member." },
};
static const struct schema_section receiving_section = {
	SECTION(config, "receiving", receiving_keys), NO_WHERE
};

static const struct schema_key dns_keys[] = {
	{ .name = "enabled",
	    FIELD(config, dns_off),
	    .type = &value_choice,
	    .choices = not_off,
	    DEFAULT("yes"),
	    .help = "No: nothing is ever asked; every look-up fails as if "
		    "the servers did not answer." },
	{ .name = "servers",
	    LIST(config, dns_servers, n_dns_servers),
	    .type = &value_endpoint,
	    .min = 53,
	    .max = 16,
	    .help = "Name servers, each with its port if that is not 53. "
		    "None: those that the system uses." },
	{ .name = "timeout",
	    FIELD(config, dns_timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 300,
	    DEFAULT("20"),
	    .help = "How long an answer may take." },
	{ .name = "reverse_timeout",
	    FIELD(config, reverse_timeout),
	    .type = &value_time,
	    .min = 0,
	    .max = 300,
	    DEFAULT("20"),
	    .help = "How long the look-up of a client's name may take. 0: "
		    "names are not looked up, every host is nx.domain." },
	{ .name = "dnslist_timeout",
	    FIELD(config, dnslist_timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 60,
	    DEFAULT("3"),
	    .help = "How long a DNS list of a host access table may take; "
		    "then the client is not on it." },
	{ .name = "trust_anchor",
	    FIELD(config, dnssec_anchor),
	    .type = &value_text,
	    .max = 4096,
	    DEFAULT(""),
	    .help = "DNSSEC trust anchor of the root as a DS or DNSKEY "
		    "record; empty: answers are not validated." },
};
static const struct schema_section dns_section = {
	SECTION(config, "dns", dns_keys), NO_WHERE
};

static const struct schema_key interface_keys[] = {
	{ .name = "name",
	    FIELD(interface, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_printable,
	    .help = "What listeners call this interface." },
	{ .name = "ip",
	    FIELD(interface, ip),
	    .type = &value_ip,
	    .flags = KEY_REQUIRED,
	    .help = "Its address. 0.0.0.0 and :: stand for all of them." },
	{ .name = "hostname",
	    FIELD(interface, hostname),
	    .type = &value_text,
	    .max = 255,
	    .text_ok = name_domain,
	    DEFAULT(""),
	    .help = "Name in banners and Received lines; empty: that of the "
		    "system." },
};
static const struct schema_section interface_section = {
	SECTION(interface, "interface", interface_keys), WHERE(interface),
	.finish = load_interface_finish
};

/* What others refer to stands before them. */
static const struct schema_key top_keys[] = {
	{ .name = "hostname",
	    FIELD(config, hostname),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 255,
	    .text_ok = name_domain,
	    .help = "The full name of this system, as others know it." },
	{ .name = "system",
	    .section = &system_section,
	    .help = "Processes and resources." },
	{ .name = "receiving",
	    .section = &receiving_section,
	    .help = "What holds for all listeners together." },
	{ .name = "metrics",
	    .section = &metrics_section,
	    .help = "Counters and gauges for Prometheus." },
	{ .name = "dns",
	    .section = &dns_section,
	    .help = "How names are looked up." },
	{ .name = "tls",
	    .section = &schema_tls,
	    .help = "What holds for all connections under TLS." },
	{ .name = "certificates",
	    LIST(config, certificates, n_certificates),
	    .section = &schema_certificate,
	    .max = 100,
	    .help = "Certificates and their keys. They are read again when "
		    "their files change." },
	{ .name = "callahead_profiles",
	    LIST(config, callahead_profiles, n_callahead_profiles),
	    .section = &schema_callahead_profile,
	    .max = 1000,
	    .help = "Servers that are asked whether they know a recipient, "
		    "while the client waits." },
	{ .name = "auth_profiles",
	    LIST(config, auth_profiles, n_auth_profiles),
	    .section = &schema_auth_profile,
	    .max = 100,
	    .help = "Who may authenticate with SMTP AUTH, and who knows; as "
		    "whom we log in at other servers." },
	{ .name = "interfaces",
	    LIST(config, interfaces, n_interfaces),
	    .section = &interface_section,
	    .max = 1000,
	    .help = "Addresses of this machine that listeners use." },
	{ .name = "packet_capture",
	    .section = &schema_capture,
	    .help = "What `postern packetcapture` writes down." },
	{ .name = "web",
	    .section = &schema_web,
	    .help = "Web pages for administrators, by webd." },
	{ .name = "delivery",
	    .section = &schema_delivery,
	    .help = "What holds for all deliveries." },
	{ .name = "global_unsubscribe",
	    .section = &schema_unsubscribe,
	    .help = "Addresses that get no mail from here, whoever sends "
		    "it. They are looked at immediately before each "
		    "attempt." },
	{ .name = "dkim_keys",
	    LIST(config, dkim_keys, n_dkim_keys),
	    .section = &schema_dkim_key,
	    .max = 1000,
	    .help = "Private keys that outgoing mail is signed with. They are "
		    "read again when their files change." },
	{ .name = "dkim_profiles",
	    LIST(config, dkim_profiles, n_dkim_profiles),
	    .section = &schema_dkim_profile,
	    .max = 1000,
	    .help = "Whose mail is signed with DKIM, and how. It is signed "
		    "when the mail flow policy that it came in by has "
		    "dkim_signing on, when it is delivered." },
	{ .name = "dkim",
	    .section = &schema_dkim,
	    .help = "What else is signed with DKIM." },
	{ .name = "bounce_verification",
	    .section = &schema_bounce_tags,
	    .help = "Bounces of mail that never left here. Where "
		    "destinations say so, the envelope sender gets a tag "
		    "(joe@example.com becomes "
		    "prvs=joe=123ABCDEF0@example.com); bounces come back to "
		    "it. The tag is taken off first of all, and bounces "
		    "without a valid one are refused. The keys are made "
		    "with postern bvconfig." },
	{ .section = &schema_tables },
	{ .section = &schema_texts },
	{ .name = "bounce_profiles",
	    LIST(config, bounce_profiles, n_bounce_profiles),
	    .section = &schema_bounce_profile,
	    .max = 10000,
	    .flags = KEY_INHERIT,
	    .help = "How long mail is tried, and who is told when it "
		    "fails." },
	{ .name = "listeners",
	    LIST(config, listeners, n_listeners),
	    .section = &schema_listener,
	    .max = 1000,
	    .help = "Where mail is received, and from whom." },
	{ .name = "sdr",
	    .section = &schema_sdr,
	    .help = "Sender domain reputation." },
	{ .name = "routes",
	    FIELD(config, routes),
	    .max = 40000,
	    CUSTOM(load_routes, print_routes,
		"a map: domain, .domain (all below it), [address] or ALL, "
		"then host, [host] (no MX look-up) or address, each with "
		":port and /pri=N if wanted, several separated by commas, and "
		"auth=PROFILE; or USEDNS; or /dev/null"),
	    .help = "Where mail to a domain goes. The most specific entry "
		    "counts, in whatever order they stand: the domain "
		    "itself, then the longest .domain, then ALL. Without "
		    "any: the DNS. auth= names one of auth_profiles, of type "
		    "outgoing: as whom we log in there." },
	{ .name = "destinations",
	    LIST(config, destinations, n_destinations),
	    .section = &schema_destination,
	    .max = 40000,
	    .flags = KEY_INHERIT,
	    .help = "How much a destination is asked to take at a time." },
	{ .section = &schema_work },
	{ .name = "log_settings",
	    .section = &schema_log_settings,
	    .help = "What holds for all logs." },
	{ .name = "tracking",
	    .section = &schema_tracking,
	    .help = "What is kept to find messages by, and their stories." },
	{ .section = &schema_all_alerts },
	{ .name = "administrators",
	    .section = &schema_admins,
	    .help = "What holds for administrators who log in. Who they are: "
		    "postern-userconfig(1)." },
	{ .name = "health",
	    .section = &schema_health,
	    .help = "What is too much for `postern healthcheck`, and for "
		    "alerts. Each is \"off\" where nobody wants to know." },
	{ .name = "support",
	    .section = &schema_support,
	    .help = "Who is asked for help by supportrequest." },
	{ .name = "remote_access",
	    .section = &schema_remote_access,
	    .help = "Where the tunnels of techsupport lead to." },
	{ .name = "remote_power",
	    .section = &schema_remote_power,
	    .help = "How remotepower reaches the power of this machine." },
	{ .name = "logs",
	    LIST(config, logs, n_logs),
	    .section = &schema_log,
	    .max = 100,
	    .help = "Log subscriptions: what is written down, each in a "
		    "folder of its own." },
};
const struct schema_section schema_top = {
	SECTION(config, "configuration", top_keys), NO_WHERE
};

/*
 * schema_listener.c - the keys of postern.yaml: listeners and their tables
 */
#include "base/bounds.h"
#include "config/schema_def.h"

static const struct choice listener_types[] = {
	{ "public", LISTENER_PUBLIC },
	{ "private", LISTENER_PRIVATE },
	{ "sinkhole-queue", LISTENER_SINKHOLE_QUEUE },
	{ "sinkhole-noqueue", LISTENER_SINKHOLE_NOQUEUE },
	{ NULL, 0 },
};
static const struct choice protocols[] = {
	{ "SMTP", 0 },
	{ "QMQP", 0 },
	{ NULL, 0 },
};
static const struct choice bare_newlines[] = {
	{ "reject", BARE_REJECT },
	{ "clean", BARE_CLEAN },
	{ NULL, 0 },
};
static const struct choice parsers[] = {
	{ "strict", 1 },
	{ "loose", 0 },
	{ NULL, 0 },
};
static const struct choice source_routes[] = {
	{ "reject", 1 },
	{ "strip", 0 },
	{ NULL, 0 },
};
static const struct choice literals[] = {
	{ "accept", 1 },
	{ "reject", 0 },
	{ NULL, 0 },
};
static const struct choice unreachable[] = {
	{ "accept", 1 },
	{ "reject", 0 },
	{ NULL, 0 },
};
static const struct choice tls_versions[] = {
	{ "1.0", TLS_1_0 },
	{ "1.1", TLS_1_1 },
	{ "1.2", TLS_1_2 },
	{ "1.3", TLS_1_3 },
	{ NULL, 0 },
};
static const struct choice behaviours[] = {
	{ "ACCEPT", ACCEPT },
	{ "RELAY", RELAY },
	{ "REJECT", REJECT },
	{ "TCPREFUSE", TCPREFUSE },
	{ "CONTINUE", CONTINUE },
	{ NULL, 0 },
};

static const struct schema_key policy_keys[] = {
	{ .name = "name",
	    FIELD(policy, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 33,
	    .text_ok = name_policy,
	    .help = "Name, beginning with $." },
	{ .name = "behaviour",
	    FIELD(policy, behaviour),
	    .type = &value_choice,
	    .choices = behaviours,
	    .flags = KEY_REQUIRED,
	    .help = "ACCEPT takes mail to the recipients that the listener "
		    "serves, RELAY to any; REJECT says no, TCPREFUSE "
		    "nothing; CONTINUE goes on with the next group." },
	{ .section = &schema_policy_params, .off = offsetof(struct policy, p) },
};
const struct schema_section schema_policy = {
	SECTION(policy, "mail flow policy", policy_keys), WHERE(policy),
	.finish = load_policy_finish
};

/* The rest of a group is not one field each: load_hat.c. */
static const struct schema_key group_keys[] = {
	{ .name = "name",
	    FIELD(hat_group, name),
	    .type = &value_text,
	    .max = 32,
	    .text_ok = name_group,
	    DEFAULT(""),
	    .help = "Name of the group; ALL, in the last place, is everybody "
		    "else. May be left out." },
	{ .name = "comment",
	    FIELD(hat_group, comment),
	    .type = &value_text,
	    .max = 1000,
	    DEFAULT(""),
	    .help = "A note for people." },
	{ .name = "entries",
	    .custom = { .form =
			    "a list of: address, 10.1. (all that begin so), "
			    "10.1.2-5, "
			    "10.0.0.0/8, host.example.com, .example.com (all "
			    "hosts "
			    "below), sbrs[-10.0:-3.0], sbrs[none], SBO:n, "
			    "dnslist[list.example.net], nx.domain, serv.fail, "
			    "not.double.verified, country[XX,YY]; each with a "
			    "(comment) "
			    "if wanted" },
	    .help = "Who belongs to the group. A DNS list has a client when it "
		    "answers with an address in 127.0.0.0/8; any other answer "
		    "does not count. One that has 127.0.0.1, or has not "
		    "127.0.0.2, is switched off." },
	{ .name = "policy",
	    .custom = { .form = "the name of a policy, or ACCEPT, RELAY, "
				"REJECT, TCPREFUSE, "
				"CONTINUE" },
	    .help = "What is done with them. Required." },
	{ .name = "parameters",
	    .custom = { .form = "keys as in a policy" },
	    .help = "Parameters of their own, where policy: is no name." },
};
const struct schema_section schema_group = {
	SECTION(hat_group, "sender group", group_keys), WHERE(hat_group)
};

static const struct schema_key hat_keys[] = {
	{ .name = "defaults",
	    FIELD(hat, defaults),
	    .section = &schema_policy_params,
	    .help = "What policies of this listener do not say." },
	{ .name = "policies",
	    LIST(hat, policies, n_policies),
	    .max = 1000,
	    .section = &schema_policy,
	    .help = "Mail flow policies, besides or instead of $TRUSTED, "
		    "$BLOCKED, $THROTTLED, $ACCEPTED and $RELAYED." },
	{ .name = "groups",
	    LIST(hat, groups, n_groups),
	    .max = HAT_GROUPS_MAX,
	    .section = &schema_group,
	    .help = "Sender groups; the first that fits decides. Without "
		    "any: those that the listener's type brings." },
};
const struct schema_section schema_hat = {
	SECTION(hat, "host access table", hat_keys), NO_WHERE
};

static const struct schema_key rat_keys[] = {
	{ .name = "accept",
	    .custom = { .form = "one or more of: example.com, .example.com "
				"(all below), "
				"user@example.com, user@, [192.0.2.1], ALL" },
	    .help = "Recipients that are accepted." },
	{ .name = "reject",
	    .custom = { .form = "the same" },
	    .help = "Recipients that are rejected." },
	{ .name = "reply",
	    .custom = { .form = "code and text" },
	    .help = "What to answer instead of the usual." },
	{ .name = "bypass_receiving_control",
	    FIELD(rat_entry, bypass_control),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether these recipients are neither counted nor "
		    "limited." },
	{ .name = "bypass_ldap_accept",
	    FIELD(rat_entry, bypass_ldap),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether the directory is not asked." },
	{ .name = "bypass_callahead",
	    FIELD(rat_entry, bypass_callahead),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether the next hop is not asked." },
};
const struct schema_section schema_rat_entry = {
	SECTION(rat_entry, "recipient entry", rat_keys), WHERE(rat_entry)
};

static const struct schema_key address_keys[] = {
	{ .name = "parser",
	    FIELD(listener, strict_addresses),
	    .type = &value_choice,
	    .choices = parsers,
	    DEFAULTS("strict", "loose"),
	    .help = "Strict: RFC 5321, with few tolerances. Loose: finds an "
		    "address if there is one." },
	{ .name = "allow_8bit_user",
	    FIELD(listener, allow_8bit_user),
	    .type = &value_bool,
	    DEFAULTS("no", "yes"),
	    .help = "Whether the client may write bytes above 127 before the "
		    "@ without saying SMTPUTF8." },
	{ .name = "allow_8bit_domain",
	    FIELD(listener, allow_8bit_domain),
	    .type = &value_bool,
	    DEFAULTS("no", "yes"),
	    .help = "Whether it may write them after the @ without saying "
		    "SMTPUTF8." },
	{ .name = "allow_partial",
	    FIELD(listener, allow_partial),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Addresses without a full domain: joe, joe@, joe@bar." },
	{ .name = "source_routes",
	    FIELD(listener, source_route_reject),
	    .type = &value_choice,
	    .choices = source_routes,
	    DEFAULTS("reject", "strip"),
	    .help = "What to do with @a.example,@b.example:joe@c.example." },
	{ .name = "unknown_literals",
	    FIELD(listener, literal_accept),
	    .type = &value_choice,
	    .choices = literals,
	    DEFAULT("reject"),
	    .help = "What to do with address literals of an unknown kind." },
	{ .name = "reject_characters",
	    FIELD(listener, reject_chars),
	    .type = &value_text,
	    .max = 100,
	    DEFAULTS("@%!", ""),
	    .help = "Characters that user names must not have; @%! closes "
		    "old ways of relaying." },
};
static const struct schema_section address_section = {
	SECTION(listener, "addresses", address_keys), NO_WHERE
};

static const struct schema_key ldap_accept_keys[] = {
	{ .name = "query",
	    FIELD(listener, ldap_accept.query),
	    .type = &value_text,
	    .max = 160,
	    .text_ok = name_printable,
	    DEFAULT(""),
	    .help = "Name of the query, as profile.query; empty: recipients "
		    "are not looked up." },
	{ .name = "unreachable",
	    FIELD(listener, ldap_accept.unreachable_accept),
	    .type = &value_choice,
	    .choices = unreachable,
	    DEFAULT("reject"),
	    .help = "What becomes of a recipient when no server can say: "
		    "accept, or reject it for now, with 451." },
	{ .name = "code",
	    FIELD(listener, ldap_accept.code),
	    .type = &value_count,
	    .min = 400,
	    .max = 599,
	    DEFAULT("550"),
	    .help = "Reply code for recipients that the directory does not "
		    "know." },
	{ .name = "text",
	    FIELD(listener, ldap_accept.text),
	    .type = &value_text,
	    .max = 1000,
	    .text_ok = name_reply,
	    DEFAULT(""),
	    .help = "Reply text for them; empty: the usual one." },
};
static const struct schema_section ldap_accept_section = {
	SECTION(listener, "LDAP accept", ldap_accept_keys), NO_WHERE
};

static const struct schema_key listener_keys[] = {
	{ .name = "name",
	    FIELD(listener, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_printable,
	    .help = "Its name." },
	{ .name = "type",
	    FIELD(listener, type),
	    .type = &value_choice,
	    .choices = listener_types,
	    DEFAULT("public"),
	    .help = "public takes mail from anybody to the recipients of its "
		    "rat, and removes header fields that only the gateway "
		    "may write, but for clients that may relay; private "
		    "from known hosts to anybody. A sinkhole "
		    "says yes and throws the mail away: before or after it "
		    "was written to the queue." },
	{ .name = "interface",
	    FIELD(listener, interface_name),
	    .type = &value_text,
	    .refers = "interfaces",
	    .max = 80,
	    DEFAULT(""),
	    .help = "Where it listens; the first one if not said." },
	{ .name = "certificate",
	    FIELD(listener, certificate_name),
	    .type = &value_text,
	    .refers = "certificates",
	    .max = 80,
	    DEFAULT(""),
	    .help = "What the listener shows under TLS to clients that do not "
		    "ask for another name. Without one STARTTLS is not "
		    "offered." },
	{ .name = "tls_min_version",
	    FIELD(listener, tls_least),
	    .type = &value_choice,
	    .choices = tls_versions,
	    DEFAULT("1.2"),
	    .help = "The oldest version of TLS that is taken. 1.0 and 1.1 are "
		    "for clients that know nothing better: they come with "
		    "ciphers and signatures that are broken, or nearly." },
	{ .name = "call_ahead",
	    FIELD(listener, call_ahead_name),
	    .type = &value_text,
	    .refers = "callahead_profiles",
	    .max = 80,
	    DEFAULT(""),
	    .help = "SMTP call-ahead of a public listener: which of the "
		    "callahead_profiles says whether recipients exist. "
		    "Empty: nobody is asked." },
	{ .name = "ldap_accept",
	    .section = &ldap_accept_section,
	    .help = "Whether a directory must know the recipients. This "
		    "version has no directories yet: every look-up ends as "
		    "one whose server cannot be reached." },
	{ .name = "auth_profile",
	    FIELD(listener, auth_name),
	    .type = &value_text,
	    .refers = "auth_profiles",
	    .max = 80,
	    DEFAULT(""),
	    .help = "Who may authenticate here, where the policy has "
		    "smtp_auth on. Without one AUTH is not offered." },
	{ .name = "protocol",
	    FIELD(listener, protocol),
	    .type = &value_word,
	    .choices = protocols,
	    DEFAULT("SMTP"),
	    .help = "What is spoken. QMQP takes one message with many "
		    "recipients in one go: for programs that generate mail." },
	{ .name = "port",
	    CUSTOM(load_port, print_port,
		"a number from 1 to 65535; 25, with QMQP 628, if not said"),
	    .help = "TCP port." },
	{ .name = "max_concurrency",
	    FIELD(listener, max_concurrency),
	    .type = &value_count,
	    .min = 1,
	    .max = 10000,
	    DEFAULT("300"),
	    .help = "Connections to this listener at a time." },
	{ .name = "backlog",
	    FIELD(listener, backlog),
	    .type = &value_count,
	    .min = 1,
	    .max = 1024,
	    DEFAULT("50"),
	    .help = "Connections that wait in the kernel to be taken." },
	{ .name = "default_domain",
	    FIELD(listener, default_domain),
	    .type = &value_text,
	    .max = 255,
	    .text_ok = name_domain,
	    DEFAULT(""),
	    .help = "Put behind addresses without a full domain." },
	{ .name = "received_header",
	    FIELD(listener, received_header),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether a Received line is added." },
	{ .name = "bare_newline",
	    FIELD(listener, bare_newline),
	    .type = &value_choice,
	    .choices = bare_newlines,
	    DEFAULT("reject"),
	    .help = "What to do with a CR or LF that stands alone: reject "
		    "the message, or clean it by making CRLF of it. It is "
		    "never passed on." },
	{ .name = "proxy_protocol",
	    LIST(listener, proxies, n_proxies),
	    .max = 1000,
	    .type = &value_range,
	    .help = "Load balancers before this listener: each of their "
		    "connections must begin with a PROXY header (version 1 or "
		    "2), and what it says is the client and the address it "
		    "connected to. Anybody else is a client, without such a "
		    "header." },
	{ .name = "xclient",
	    LIST(listener, xclients, n_xclients),
	    .max = 1000,
	    .type = &value_range,
	    .help = "Who may say with XCLIENT that a session comes from "
		    "somebody else: a content filter, a test. Who stands "
		    "here can pass for any client, a relay too." },
	{ .name = "addresses",
	    .section = &address_section,
	    .help = "How addresses are read." },
	{ .name = "reputation",
	    FIELD(listener, reputation),
	    .type = &value_bool,
	    DEFAULTS("yes", "no"),
	    .help = "Whether the reputation of clients is looked up." },
	{ .name = "bounce_profile",
	    FIELD(listener, bounce_profile),
	    .type = &value_text,
	    .refers = "bounce_profiles",
	    .max = 80,
	    DEFAULT(""),
	    .help = "Name of a bounce profile; empty: Default." },
	{ .name = "heading",
	    FIELD(listener, heading),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .refers = "text_resources",
	    DEFAULT(""),
	    .help = "Text resource that is put above the text of every "
		    "message; empty: none." },
	{ .name = "footer",
	    FIELD(listener, footer),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .refers = "text_resources",
	    DEFAULT(""),
	    .help = "Likewise below it." },
	{ .name = "hat_file",
	    FIELD(listener, hat_file),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "A file in the folder tables with the host access table "
		    "as text, instead of hat: the form in which commands "
		    "export and import it. For long tables." },
	{ .name = "rat_file",
	    FIELD(listener, rat_file),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "Likewise with the recipient access table, instead of "
		    "rat." },
	{ .name = "hat",
	    CUSTOM(load_hat, print_hat, NULL),
	    .section = &schema_hat,
	    .help = "Host access table: who may connect." },
	{ .name = "rat",
	    CUSTOM(load_rat, print_rat, NULL),
	    .section = &schema_rat_entry,
	    .list = true,
	    .help = "Recipient access table of a public listener: whom mail "
		    "is accepted for; the first entry that fits decides. A "
		    "plain text is an entry to accept. At the end stands "
		    "reject: ALL unless said otherwise." },
	{ .section = &schema_listener_tables },
};
const struct schema_section schema_listener = {
	SECTION(listener, "listener", listener_keys), WHERE(listener),
	.begin = load_listener_begin, .finish = load_listener_finish
};

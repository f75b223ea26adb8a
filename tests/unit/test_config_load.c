/*
 * test_config_load.c - postern.yaml: what is taken, what is refused, where
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "config/hat_index.h"
#include "config/load.h"

/* What a case needs and does not want to say (two lines). */
#define HEAD                                                                   \
	"hostname: mail.example.com\n"                                         \
	"interfaces: [{name: A, ip: 192.0.2.1}, {name: B, ip: 192.0.2.2}]\n"

static struct config *load(const char *text, struct config_problems *);
static void first(
    const struct config_problems *, bool warning, struct buf *out);
static bool expect_same(const char *why, const char *want, struct str have);
static void round_trip(const char *why, const struct config *, bool all);
static struct config *load_ok(const char *text);
static void fill_in(const char *raw, char *text);

/* The first error in full, with line and column in the file. */
static const struct {
	const char *why, *text, *error;
} bad[] = {
	/* YAML itself, ADM-07 */
	{ "nothing", "", "1:1: needs the key \"hostname\"" },
	{ "only a comment", "# nothing\n", "1:1: needs the key \"hostname\"" },
	{ "a list at the top", "- a\n",
	    "1:1: must be keys with values (\"key: value\")" },
	{ "alias", "a: &x 1\nb: *x\n",
	    "1:4: anchors (&name) and tags (!name) are not allowed" },
	{ "alias without anchor", "hostname: *x\n",
	    "1:11: aliases (*name) are not allowed; write the value again" },
	{ "anchor of a map", "dns: &x {enabled: no}\n",
	    "1:6: anchors (&name) and tags (!name) are not allowed" },
	{ "tag", "hostname: !!str mail.example.com\n",
	    "1:11: anchors (&name) and tags (!name) are not allowed" },
	{ "second document", "hostname: mail.example.com\n---\nhostname: b.c\n",
	    "2:1: a second document is not allowed" },
	{ "doubled key",
	    "hostname: mail.example.com\ndns: {}\nhostname: x.example\n",
	    "3:1: \"hostname\" stands here twice; remove one of them" },
	{ "doubled key below", HEAD "dns:\n  timeout: 5\n  timeout: 6\n",
	    "5:3: \"timeout\" stands here twice; remove one of them" },
	{ "key that is a list", HEAD "[a]: b\n",
	    "3:1: a key must be plain text; put it in quotes if it begins "
	    "with [ or {" },
	{ "control character", "hostname: \"a\\eb\"\n",
	    "1:11: control characters are not allowed" },
	{ "NUL", "hostname: \"a\\0b\"\n",
	    "1:11: control characters are not allowed" },
	{ "raw control character", "hostname: a\nlogs: \x01\n",
	    "2:7: not UTF-8 text, or a control character" },
	{ "not UTF-8", "hostname: a\n# \xff\n",
	    "2:3: not UTF-8 text, or a control character" },
	{ "unclosed", "hostname: \"a\n",
	    "2:1: not valid YAML: found unexpected end of stream while "
	    "scanning a quoted scalar" },

	/* the schema */
	{ "unknown key", HEAD "listener: []\n",
	    "3:1: unknown key \"listener\"; did you mean \"listeners\"?" },
	{ "unknown key, nothing near", HEAD "zzzzzzzzz: 1\n",
	    "3:1: unknown key \"zzzzzzzzz\"" },
	{ "unknown key below", HEAD "receiving: {total_timeot: 5m}\n",
	    "3:13: receiving: unknown key \"total_timeot\"; did you mean "
	    "\"total_timeout\"?" },
	{ "unknown policy parameter",
	    HEAD "listeners: [{name: L, hat: {policies: [{name: $A, "
		 "behaviour: ACCEPT, dhap_limt: 3}]}}]\n",
	    "3:70: listeners[0].hat.policies[0]: unknown key \"dhap_limt\"; "
	    "did you mean \"dhap_limit\"?" },
	{ "map where a value belongs", HEAD "dns:\n  timeout: {a: b}\n",
	    "4:12: dns.timeout: must be a single value, not a map (put it in "
	    "quotes if \": \" belongs to it)" },
	{ "list where a value belongs", HEAD "dns:\n  timeout: [5]\n",
	    "4:12: dns.timeout: must be a single value, not a list" },
	{ "value where a map belongs", HEAD "dns: 127.0.0.1\n",
	    "3:6: dns: must be keys with values (\"key: value\")" },
	{ "value where a list belongs", HEAD "logs: mail_logs\n",
	    "3:7: logs: must be a list (lines with \"- \")" },
	{ "value in a list of maps", HEAD "logs: [mail_logs]\n",
	    "3:8: logs[0]: must be keys with values (\"key: value\")" },
	{ "no value", HEAD "dns:\n  timeout:\n",
	    "4:11: dns.timeout: has no value; write one, or \"\" for an empty "
	    "text" },
	{ "required", HEAD "logs:\n  - type: mail\n",
	    "4:5: logs[0]: needs the key \"name\"" },
	{ "not a number", HEAD "system: {workers: many}\n",
	    "3:19: system.workers: must be a whole number" },
	{ "negative", HEAD "system: {workers: -1}\n",
	    "3:19: system.workers: must be a whole number" },
	{ "over the range", HEAD "system: {workers: 65}\n",
	    "3:19: system.workers: 65 is not within 0..64" },
	{ "past 64 bits", HEAD "system: {workers: 99999999999999999999}\n",
	    "3:19: system.workers: must be a whole number" },
	{ "below the range, times", HEAD "receiving: {total_timeout: 59}\n",
	    "3:28: receiving.total_timeout: 59 is not within 1m..7d" },
	{ "not a time", HEAD "receiving: {total_timeout: 5 min}\n",
	    "3:28: receiving.total_timeout: must be a time in seconds, or "
	    "such as 30s, 5m, 12h, 3d" },
	{ "a time without its last unit",
	    HEAD "receiving: {total_timeout: 1h30}\n",
	    "3:28: receiving.total_timeout: must be a time in seconds, or "
	    "such as 30s, 5m, 12h, 3d" },
	{ "not a size", HEAD "system: {reserve: 5T}\n",
	    "3:19: system.reserve: must be a size in bytes, such as 1k, 20M "
	    "or 1048576" },
	{ "under the size", HEAD "logs: [{name: a, max_size: 99k}]\n",
	    "3:28: logs[0].max_size: 99k is not within 100k..100G" },
	{ "waits of alerts that shrink", HEAD "alerts: {maximum: 10}\n",
	    "3:19: alerts.maximum: maximum (10 s) is less than initial (300 "
	    "s): the waits between equal alerts begin with the one and grow up "
	    "to the other" },
	{ "log files of five bytes", HEAD "log_settings: {quota: 5}\n",
	    "3:23: log_settings.quota: a quota of 5 bytes is less than 1M; 0: "
	    "a tenth of the disk" },
	{ "not yes or no", HEAD "delivery: {possible_delivery: maybe}\n",
	    "3:31: delivery.possible_delivery: must be yes or no" },
	{ "not a choice", HEAD "logs: [{name: a, level: verbose}]\n",
	    "3:25: logs[0].level: must be critical, warning, info, debug or "
	    "trace" },
	{ "not a name for a file, ADM-03", HEAD "logs: [{name: ../../x}]\n",
	    "3:15: logs[0].name: \"../../x\" must be 1 to 80 letters, digits, "
	    "_ . or -, not beginning with . or -" },
	{ "not a host name", "hostname: -x.example\n",
	    "1:11: hostname: \"-x.example\" must be a domain name of letters, "
	    "digits, hyphens and dots (international names in their xn-- "
	    "form)" },
	{ "a name as people write it", "hostname: \u65e5\u672c.example\n",
	    "1:11: hostname: \"\u65e5\u672c.example\" international names "
	    "are written in their xn-- form: xn--wgv71a.example" },
	{ "an address as host name", "hostname: 192.0.2.1\n",
	    "1:11: hostname: \"192.0.2.1\" must be a domain name of letters, "
	    "digits, hyphens and dots (international names in their xn-- "
	    "form)" },
	{ "not an address", "hostname: a.b\ninterfaces: [{name: A, ip: 1.2}]\n",
	    "2:28: interfaces[0].ip: must be an address such as 192.0.2.10 or "
	    "2001:db8::10" },
	{ "not an endpoint", HEAD "dns: {servers: [127.0.0.1:0]}\n",
	    "3:17: dns.servers[0]: must be an address with or without port, "
	    "such as 192.0.2.53, 127.0.0.1:5353 or [2001:db8::53]:53" },
	{ "SMG-05: allow does not exist (DESIGN 9.3)",
	    HEAD "listeners: [{name: L, bare_newline: allow}]\n",
	    "3:37: listeners[0].bare_newline: must be reject or clean" },

	/* listeners */
	{ "unknown interface", HEAD "listeners: [{name: L, interface: C}]\n",
	    "3:34: listeners[0].interface: there is no interface \"C\" "
	    "below interfaces" },
	{ "no interface at all", "hostname: a.b\nlisteners: [{name: L}]\n",
	    "2:13: listeners[0].interface: there is no interface to listen "
	    "on" },
	{ "name taken", HEAD "listeners: [{name: L}, {name: L, port: 26}]\n",
	    "3:31: listeners[1].name: there is another \"L\" in listeners" },
	{ "port taken", HEAD "listeners: [{name: L}, {name: M}]\n",
	    "3:24: listeners[1]: Port 25 on A is already used by listener "
	    "\"L\"." },
	{ "port out of range", HEAD "listeners: [{name: L, port: 70000}]\n",
	    "3:29: listeners[0].port: 70000 is not within 1..65535" },
	{ "XCLIENT without SMTP",
	    HEAD "listeners: [{name: L, type: private, protocol: QMQP, "
		 "xclient: [127.0.0.1]}]\n",
	    "3:63: listeners[0].xclient: is a command of SMTP; QMQP has none" },
	{ "not a range",
	    HEAD "listeners: [{name: L, proxy_protocol: [mx.example]}]\n",
	    "3:40: listeners[0].proxy_protocol[0]: must be an address or a "
	    "range such as 192.0.2.10, 10.0.0.0/8, 10.1.2-5, 2001:db8::/32" },
	{ "unknown bounce profile",
	    HEAD "listeners: [{name: L, bounce_profile: P}]\n",
	    "3:39: listeners[0].bounce_profile: there is no bounce profile "
	    "\"P\" below bounce_profiles" },

	/* host access tables */
	{ "unknown policy",
	    HEAD "listeners: [{name: L, hat: {groups: [{name: G, policy: "
		 "$X}]}}]\n",
	    "3:56: listeners[0].hat.groups[0].policy: there is no policy "
	    "\"$X\"; there are $TRUSTED, $THROTTLED, $ACCEPTED, $RELAYED, "
	    "$BLOCKED" },
	{ "no policy",
	    HEAD "listeners: [{name: L, hat: {groups: [{name: G}]}}]\n",
	    "3:38: listeners[0].hat.groups[0]: needs the key \"policy\"" },
	{ "policy twice",
	    HEAD "listeners: [{name: L, hat: {policies: [{name: $A, "
		 "behaviour: ACCEPT}, {name: $A, behaviour: REJECT}]}}]\n",
	    "3:71: listeners[0].hat.policies[1]: there are two policies "
	    "\"$A\"" },
	{ "policy without $",
	    HEAD "listeners: [{name: L, hat: {policies: [{name: A, "
		 "behaviour: ACCEPT}]}}]\n",
	    "3:47: listeners[0].hat.policies[0].name: \"A\" must be $ and 1 "
	    "to 32 letters, digits, _ or -" },
	{ "group twice",
	    HEAD "listeners: [{name: L, hat: {groups: [{name: G, policy: "
		 "RELAY}, {name: G, policy: REJECT}]}}]\n",
	    "3:64: listeners[0].hat.groups[1]: there are two groups \"G\"" },
	{ "group behind ALL",
	    HEAD "listeners: [{name: L, hat: {groups: [{name: ALL, policy: "
		 "REJECT}, {name: G, policy: RELAY}]}}]\n",
	    "3:38: listeners[0].hat.groups[0]: ALL must be the last group: "
	    "those after it are never reached" },
	{ "ALL goes on",
	    HEAD "listeners: [{name: L, hat: {groups: [{name: ALL, policy: "
		 "CONTINUE}]}}]\n",
	    "3:38: listeners[0].hat.groups[0]: ALL must decide; CONTINUE has "
	    "nowhere to go on" },
	{ "ALL with entries",
	    HEAD "listeners: [{name: L, hat: {groups: [{name: ALL, policy: "
		 "REJECT, entries: [192.0.2.1]}]}}]\n",
	    "3:75: listeners[0].hat.groups[0].entries: ALL is everybody; it "
	    "has no entries" },
	{ "ALL as entry",
	    HEAD "listeners: [{name: L, hat: {groups: [{name: G, policy: "
		 "REJECT, entries: [all]}]}}]\n",
	    "3:74: listeners[0].hat.groups[0].entries[0]: ALL is reserved for "
	    "the last group" },
	{ "bad entry",
	    HEAD "listeners: [{name: L, hat: {groups: [{name: G, policy: "
		 "REJECT, entries: [192.0.2.256]}]}}]\n",
	    "3:74: listeners[0].hat.groups[0].entries[0]: Invalid sender "
	    "entry: \"192.0.2.256\": write an address such as 192.0.2.1, "
	    "10.1., 10.1.2-5 or 10.0.0.0/8, or a host name, or .domain" },
	{ "parameters of somebody else's policy",
	    HEAD "listeners: [{name: L, hat: {groups: [{name: G, policy: "
		 "$TRUSTED, parameters: {use_sb: off}}]}}]\n",
	    "3:78: listeners[0].hat.groups[0].parameters: belong to the "
	    "policy, not to a group that names one" },
	{ "greeting with a refusing code",
	    HEAD "listeners: [{name: L, hat: {policies: [{name: $A, "
		 "behaviour: ACCEPT, smtp_banner_code: 554}]}}]\n",
	    "3:40: listeners[0].hat.policies[0]: smtp_banner_code 554: a "
	    "greeting has a code within 200..299" },
	{ "refusal with a greeting code",
	    HEAD "listeners: [{name: L, hat: {policies: [{name: $A, "
		 "behaviour: REJECT, smtp_banner_code: 220}]}}]\n",
	    "3:40: listeners[0].hat.policies[0]: smtp_banner_code 220: a "
	    "refusal has a code within 400..599" },
	{ "line break smuggled into a banner",
	    HEAD "listeners: [{name: L, hat: {defaults: {smtp_banner_text: "
		 "\"a\\tb\"}}}]\n",
	    "3:58: listeners[0].hat.defaults.smtp_banner_text: \"a\\tb\" must "
	    "be printable ASCII in lines" },

	/* recipient access tables */
	{ "rat of a private listener",
	    HEAD "listeners: [{name: L, type: private, rat: [example.com]}]\n",
	    "3:43: listeners[0].rat: only public listeners have this table" },
	{ "bad pattern", HEAD "listeners: [{name: L, rat: [a b]}]\n",
	    "3:29: listeners[0].rat[0]: Invalid recipient: \"a b\": write "
	    "example.com, .example.com, user@example.com, user@, "
	    "[192.0.2.1] or ALL" },
	{ "both",
	    HEAD "listeners: [{name: L, rat: [{accept: a.b, reject: "
		 "c.d}]}]\n",
	    "3:29: listeners[0].rat[0]: needs one of the keys \"accept\" and "
	    "\"reject\"" },
	{ "neither", HEAD "listeners: [{name: L, rat: [{reply: 250 x}]}]\n",
	    "3:29: listeners[0].rat[0]: needs one of the keys \"accept\" and "
	    "\"reject\"" },
	{ "no pattern", HEAD "listeners: [{name: L, rat: [{accept: []}]}]\n",
	    "3:38: listeners[0].rat[0].accept: needs a recipient pattern" },
	{ "behind ALL",
	    HEAD "listeners: [{name: L, rat: [{reject: ALL}, a.b]}]\n",
	    "3:44: listeners[0].rat[1]: stands behind ALL and is never "
	    "reached; ALL must be last" },
	{ "code of the other kind",
	    HEAD "listeners: [{name: L, rat: [{accept: a.b, reply: 550 "
		 "no}]}]\n",
	    "3:50: listeners[0].rat[0].reply: the code must be within "
	    "200..299" },
	{ "reply without code",
	    HEAD "listeners: [{name: L, rat: [{reject: a.b, reply: no}]}]\n",
	    "3:50: listeners[0].rat[0].reply: must be a reply code and a "
	    "text, such as \"550 no such recipient\"" },

	/* routes */
	{ "route twice", HEAD "routes:\n  a.b: c.d\n  A.B: e.f\n",
	    "5:8: routes.A.B: there is a route for this domain already" },
	{ "bad domain", HEAD "routes:\n  a..b: c.d\n",
	    "4:3: routes.a..b: \"a..b\" must be a domain name of letters, "
	    "digits, hyphens and dots (international names in their xn-- "
	    "form); or .domain, [address] or ALL" },
	{ "host in brackets is a YAML list",
	    HEAD "routes:\n  ALL: [relay.example.net]\n",
	    "4:8: routes.ALL: put it in quotes (\"[host]\") for a host "
	    "without MX look-up, or leave the brackets out" },
	{ "nothing", HEAD "routes:\n  ALL: \"\"\n",
	    "4:8: routes.ALL: needs a destination" },
	{ "USEDNS and more", HEAD "routes:\n  a.b: USEDNS, c.d\n",
	    "4:8: routes.a.b: USEDNS must stand alone, not beside other "
	    "destinations" },
	{ "priority", HEAD "routes:\n  a.b: c.d/pri=70000\n",
	    "4:8: routes.a.b: \"/pri=70000\": write /pri= and a number within "
	    "0..65535" },

	/* profiles, destinations */
	{ "host retry of another profile",
	    HEAD "bounce_profiles: [{name: P, max_host_retry: 60}]\n",
	    "3:45: bounce_profiles[0].max_host_retry: belongs to the bounce "
	    "profile Default only" },
	{ "waits in the wrong order",
	    HEAD "bounce_profiles: [{name: P, initial_retry: 2h}]\n",
	    "3:19: bounce_profiles[0]: max_retry (3600 s) is less than "
	    "initial_retry (7200 s)" },
	{ "no such certificate",
	    HEAD "certificates: [{name: a}]\n"
		 "listeners: [{name: L, certificate: b}]\n",
	    "4:36: listeners[0].certificate: there is no certificate \"b\" "
	    "below certificates" },
	{ "certificate twice", HEAD "certificates: [{name: a}, {name: a}]\n",
	    "3:34: certificates[1].name: there is another \"a\" in "
	    "certificates" },
	{ "KEY-03 a key elsewhere",
	    HEAD "certificates: [{name: a, key: ../a}]\n",
	    "3:31: certificates[0].key: \"../a\" must be 1 to 80 letters, "
	    "digits, _ . or -, not beginning with . or -" },
	{ "TLS required, no certificate",
	    HEAD "listeners: [{name: L, hat: {policies: [{name: $P, "
		 "behaviour: ACCEPT, tls: required}], groups: [{name: ALL, "
		 "policy: $P}]}}]\n",
	    "3:13: listeners[0]: policy \"$P\" requires TLS, and the "
	    "listener has no certificate: nobody could send; write "
	    "certificate: NAME" },
	{ "TLS required behind one that prefers it, no certificate",
	    HEAD "listeners: [{name: L, hat: {policies: [{name: $P, "
		 "behaviour: ACCEPT, tls: preferred}, {name: $Q, behaviour: "
		 "ACCEPT, tls: required}], groups: [{name: G, policy: $P}, "
		 "{name: ALL, policy: $Q}]}}]\n",
	    "3:13: listeners[0]: policy \"$Q\" requires TLS, and the "
	    "listener has no certificate: nobody could send; write "
	    "certificate: NAME" },
	{ "AUTH required behind one that prefers it, no profile",
	    HEAD "listeners: [{name: L, hat: {policies: [{name: $P, "
		 "behaviour: ACCEPT, smtp_auth: preferred}, {name: $Q, "
		 "behaviour: ACCEPT, smtp_auth: required}], groups: [{name: "
		 "G, policy: $P}, {name: ALL, policy: $Q}]}}]\n",
	    "3:13: listeners[0]: policy \"$Q\" requires authentication, and "
	    "the listener has no profile for it: nobody could send; write "
	    "auth_profile: NAME" },
	{ "clients verified against nobody",
	    HEAD "certificates: [{name: a}]\n"
		 "listeners: [{name: L, certificate: a, hat: {policies: "
		 "[{name: $P, behaviour: ACCEPT, tls: on, tls_verify: yes}], "
		 "groups: [{name: ALL, policy: $P}]}}]\n",
	    "4:13: listeners[0]: policy \"$P\" has tls_verify on, and there "
	    "is no tls.client_ca to verify against" },
	{ "destination twice",
	    HEAD "destinations: [{domain: a.b}, {domain: a.b}]\n",
	    "3:40: destinations[1].domain: there is another \"a.b\" in "
	    "destinations" },
	{ "Default twice",
	    HEAD "bounce_profiles: [{name: Default}, {name: Default}]\n",
	    "3:43: bounce_profiles[1].name: there is another \"Default\" in "
	    "bounce_profiles" },
};

static const struct {
	const char *why, *text, *warning;
} warned[] = {
	{ "open relay", HEAD "listeners: [{name: L, rat: [{accept: ALL}]}]\n",
	    "3:38: listeners[0].rat[0].accept: warning: accepts mail to "
	    "anybody from anybody: an open relay" },
	{ "QMQ-04 QMQP for everybody",
	    HEAD "listeners: [{name: L, protocol: QMQP}]\n",
	    "3:33: listeners[0].protocol: warning: is meant for programs of "
	    "one's own: a public listener offers it to everybody" },
	{ "IDT-02 everybody is trusted",
	    HEAD "listeners: [{name: L, xclient: ['::/0']}]\n",
	    "3:32: listeners[0].xclient: warning: ::/0: whoever connects is "
	    "believed to be whoever he says" },
	{ "entry twice",
	    HEAD "listeners: [{name: L, hat: {groups: [{name: G, policy: "
		 "REJECT, entries: [10.1., 10.1.]}]}}]\n",
	    "3:81: listeners[0].hat.groups[0].entries[1]: warning: \"10.1.\" "
	    "stands here twice" },
	{ "TLS, no certificate",
	    HEAD "listeners: [{name: L, hat: {policies: [{name: $P, "
		 "behaviour: ACCEPT, tls: preferred}], groups: [{name: ALL, "
		 "policy: $P}]}}]\n",
	    "3:13: listeners[0]: warning: policy \"$P\" has tls on, and the "
	    "listener has no certificate: STARTTLS is not offered" },
	{ "recipient twice", HEAD "listeners: [{name: L, rat: [a.b, A.b]}]\n",
	    "3:34: listeners[0].rat[1]: warning: \"A.b\" stands here twice; "
	    "the first counts" },
};

/* Texts that load, for the round trip. */
static const struct {
	const char *why, *text;
} good[] = {
	{ "the least", "hostname: mail.example.com\n" },
	{ "certificates",
	    HEAD "tls: {max_connections: 7, client_ca: ca.pem}\n"
		 "certificates: [{name: a}, {name: b, chain: c.pem, key: "
		 "c.pem}]\n"
		 "listeners: [{name: L, certificate: b}]\n" },
	{ "sections that are empty", HEAD "dns:\nlogs:\nroutes:\n" },
	{ "listeners of each type",
	    HEAD "listeners:\n"
		 "  - {name: P, interface: A}\n"
		 "  - {name: Q, type: private, interface: B}\n"
		 "  - {name: R, type: sinkhole-queue, port: 26}\n"
		 "  - {name: \"S \\u00e9 \\u2028\", type: sinkhole-noqueue, "
		 "port: 27}\n" },
	{ "QMQP, and who may speak for others",
	    HEAD "listeners:\n"
		 "  - {name: Q, type: private, protocol: QMQP, "
		 "proxy_protocol: [192.0.2.1, 10.1.2-5]}\n"
		 "  - {name: R, type: private, protocol: QMQP, port: 25, "
		 "interface: B}\n"
		 "  - {name: S, port: 628, interface: B, "
		 "xclient: [127.0.0.0/8, '2001:db8::1-5']}\n" },
	{ "values in every way",
	    HEAD "system: {workers: 3, reserve: 1048577, sync_threads: 8}\n"
		 "receiving: {total_timeout: 1h30m, command_timeout: 90, "
		 "delayed_reject: true, delayed_reject_text: \"one\\ntwo\"}\n"
		 "delivery: {idle_timeout: 0, possible_delivery: on}\n"
		 "dns: {enabled: off, servers: ['127.0.0.1:5353', "
		 "'2001:db8::53', '[2001:db8::54]:54'], reverse_timeout: 0, "
		 "trust_anchor: \". IN DS 1 8 2 abc\"}\n" },
	{ "tables", HEAD
	    "listeners:\n"
	    "  - name: P\n"
	    "    default_domain: example.com\n"
	    "    bare_newline: clean\n"
	    "    addresses: {parser: loose, reject_characters: \"\"}\n"
	    "    bounce_profile: patient\n"
	    "    hat:\n"
	    "      defaults: {max_rcpts_per_hour: 1k, dhap_limit: 0}\n"
	    "      policies:\n"
	    "        - {name: $BLOCKED, behaviour: TCPREFUSE}\n"
	    "        - {name: $SLOW, behaviour: ACCEPT, "
	    "max_concurrency: 2, smtp_banner_text: \"$Group \\\"x\\\"\"}\n"
	    "        - {name: $NO, behaviour: REJECT, "
	    "smtp_banner_code: 421}\n"
	    "      groups:\n"
	    "        - name: G\n"
	    "          comment: \"those: slow\"\n"
	    "          policy: $SLOW\n"
	    "          entries:\n"
	    "            - '10.1.2-5 (a note, with: signs)'\n"
	    "            - sbrs[-10.0:-3.0]\n"
	    "        - policy: REJECT\n"
	    "          parameters: {smtp_banner_text: go away}\n"
	    "          entries: bad.example.net\n"
	    "        - {name: H, policy: $NO, entries: [not.double.verified"
	    "]}\n"
	    "    rat:\n"
	    "      - accept: [postmaster@example.com, abuse@]\n"
	    "        bypass_receiving_control: yes\n"
	    "      - example.com\n"
	    "      - {reject: .example.com, reply: \"550 gone, sorry\"}\n"
	    "      - {accept: \"[192.0.2.1]\", reply: \"250\"}\n"
	    "routes:\n"
	    "  a.example: b.example/pri=5, c.example:26\n"
	    "  .a.example: USEDNS\n"
	    "  b.example: [x.example, '[y.example]:2525/pri=1']\n"
	    "  \"[192.0.2.9]\": 2001:db8::1\n"
	    "  2001:db8::9: /dev/null\n"
	    "  ALL: \"[2001:db8::1]:2525\"\n"
	    "bounce_profiles:\n"
	    "  - {name: patient, max_queue_time: 5d}\n"
	    "  - {name: Default, max_retries: 7}\n"
	    "  - {name: quick, max_retries: 1, alternate: ops@example.com}\n"
	    "destinations:\n"
	    "  - {domain: .Example.NET, max_connections: 5}\n"
	    "  - {domain: default, max_messages: 9}\n"
	    "logs:\n"
	    "  - {name: mail_logs}\n"
	    "  - {name: json.log, format: json, level: debug, "
	    "max_size: 1G}\n" },
};

static void
test_adm_07_bad(void **state)
{
	bool ok = true;

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++) {
		struct config_problems ps = { 0 };
		struct config *c = load(bad[i].text, &ps);
		struct buf line;

		if (c != NULL)
			fail_msg("%s: was taken", bad[i].why);
		buf_init(&line, 8192);
		first(&ps, false, &line);
		ok &= expect_same(bad[i].why, bad[i].error, buf_str(&line));
		buf_fini(&line);
		config_problems_free(&ps);
	}
	assert_true(ok);
}

static void
test_warnings(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(warned); i++) {
		struct config_problems ps = { 0 };
		struct config *c = load(warned[i].text, &ps);
		struct buf line;

		buf_init(&line, 8192);
		if (c == NULL)
			fail_msg("%s: was refused", warned[i].why);
		first(&ps, true, &line);
		assert_true(expect_same(
		    warned[i].why, warned[i].warning, buf_str(&line)));
		buf_fini(&line);
		config_unref(&c);
		config_problems_free(&ps);
	}
}

static void
test_print_loads_to_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(good); i++) {
		struct config_problems ps = { 0 };
		struct config *c;
		struct buf line;

		c = load(good[i].text, &ps);
		buf_init(&line, 8192);
		first(&ps, false, &line);
		if (c == NULL)
			fail_msg(
			    "%s: %.*s", good[i].why, STR_ARG(buf_str(&line)));
		buf_fini(&line);
		config_problems_free(&ps);
		round_trip(good[i].why, c, false);
		round_trip(good[i].why, c, true);
		config_unref(&c);
	}
}

static void
test_all_errors_are_collected(void **state)
{
	struct config_problems ps = { 0 };
	struct buf text;

	(void)state;
	assert_null(
	    load("hostname: 1\nlogs: [{name: /}, {name: '-'}]\nx: 1\n", &ps));
	assert_int_equal(ps.n_errors, 4);
	assert_int_equal(ps.n, 4);
	config_problems_free(&ps);

	buf_init(&text, 1 << 16);
	buf_puts(&text, HEAD "routes:\n");
	for (int i = 0; i < 250; i++)
		buf_printf(&text, "  a..%d: b.c\n", i);
	assert_null(load(text.data, &ps));
	assert_int_equal(ps.n_errors, 250);
	assert_int_equal(ps.n, 100);
	buf_fini(&text);
	config_problems_free(&ps);
}

static void
test_adm_07_depth_and_size(void **state)
{
	struct config_problems ps = { 0 };
	struct bundle b;
	char *text = mem_alloc(CONFIG_FILE_MAX + 2);
	struct err err = ERR_INIT;

	(void)state;
	/* 31 below the top are read, and refused for what they are */
	memset(text, '[', 10000);
	memcpy(text, "dns: ", 5);
	assert_null(load(text, &ps));
	assert_string_equal(ps.v[0].text, "deeper than 32 levels");
	assert_int_equal(ps.v[0].column, 6 + 31);
	config_problems_free(&ps);

	memset(text, '#', CONFIG_FILE_MAX + 1);
	bundle_from_text(
	    &b, "postern.yaml", (struct str){ text, CONFIG_FILE_MAX });
	assert_null(config_load_simple(&b, 1, &err));
	assert_string_equal(
	    err.text, "postern.yaml:1:1: needs the key \"hostname\"");
	bundle_free(&b);
	bundle_from_text(&b, "other.yaml", STR("hostname: a.b\n"));
	assert_null(config_load_simple(&b, 1, &err));
	bundle_free(&b);
	free(text);
}

static void
test_defaults(void **state)
{
	struct config *c =
	    load_ok(HEAD "listeners:\n"
			 "  - name: In\n"
			 "  - {name: Out, type: private, interface: B}\n");
	const struct listener *in = config_listener(c, STR("In"));
	const struct listener *out = config_listener(c, STR("Out"));

	(void)state;
	assert_ptr_equal(in, &c->listeners[0]);
	assert_null(config_listener(c, STR("in")));
	assert_ptr_equal(in->interface, &c->interfaces[0]);
	assert_ptr_equal(out->interface, &c->interfaces[1]);
	assert_true(str_is(in->interface->hostname, "mail.example.com"));
	/* receiving 4.5, DESIGN 9.2, 9.3 */
	assert_int_equal(in->hat.defaults.max_msgs_per_session, 10);
	assert_int_equal(in->hat.defaults.max_message_size, 10 << 20);
	assert_int_equal(in->hat.defaults.dhap_limit, 25);
	assert_true(in->hat.defaults.max_rcpts_per_hour == UNLIMITED);
	assert_true(in->strict_addresses && in->source_route_reject);
	assert_true(str_is(in->reject_chars, "@%!"));
	/* STM-07 */
	assert_false(in->allow_8bit_user || in->allow_8bit_domain);
	assert_true(out->allow_8bit_user && out->allow_8bit_domain);
	assert_int_equal(in->bare_newline, BARE_REJECT);
	assert_int_equal(out->hat.defaults.max_msgs_per_session, 10000);
	assert_true(out->hat.defaults.dhap_limit == UNLIMITED);
	assert_false(out->strict_addresses || out->source_route_reject);
	assert_int_equal(out->reject_chars.n, 0);
	assert_int_equal(out->bare_newline, BARE_REJECT);
	assert_int_equal(c->reverse_timeout, 20);
	assert_int_equal(c->max_connections, 300);
	assert_int_equal(c->n_bounce_profiles, 1);
	assert_int_equal(c->bounce_profiles[0].max_queue_time, 259200);
	assert_int_equal(c->destinations[0].max_connections, 500);
	config_unref(&c);
}

static void
test_protocols(void **state)
{
	struct config *c = load_ok(
	    HEAD "listeners:\n"
		 "  - {name: S, xclient: [10.1., 192.0.2.1]}\n"
		 "  - {name: Q, type: private, protocol: QMQP}\n"
		 "  - {name: R, type: private, protocol: QMQP, port: 25,\n"
		 "     interface: B}\n");
	const struct listener *l = c->listeners;
	char text[IP_RANGE_TEXT];

	(void)state;
	assert_false(listener_is_qmqp(&l[0]));
	assert_true(listener_is_qmqp(&l[1]));
	assert_int_equal(l[0].port, 25);
	assert_int_equal(l[1].port, 628);
	assert_int_equal(l[2].port, 25);
	assert_int_equal(l[0].n_proxies, 0);
	assert_int_equal(l[0].n_xclients, 2);
	assert_string_equal(
	    ip_range_text(&l[0].xclients[0], text), "10.1.0.0/16");
	config_unref(&c);
}

/* receiving 4.4: REL-10 is that a private listener trusts nobody. */
static void
test_rel_10_default_groups(void **state)
{
	static const char *const public[] = { "ALLOWLIST", "$TRUSTED",
		"BLOCKLIST", "$BLOCKED", "SUSPECTLIST", "$THROTTLED",
		"UNKNOWNLIST", "$ACCEPTED", "ALL", "$ACCEPTED" };
	static const char *const private[] = { "RELAYLIST", "$RELAYED", "ALL",
		"$BLOCKED" };
	struct config *c = load_ok(
	    HEAD "listeners:\n"
		 "  - name: In\n"
		 "  - {name: Out, type: private, port: 26}\n"
		 "  - {name: Sink, type: sinkhole-noqueue, port: 27}\n");
	const struct hat *h;

	(void)state;
	for (size_t l = 0; l < 3; l++) {
		const char *const *want = l == 0 ? public : private;

		h = &c->listeners[l].hat;
		assert_int_equal(h->n_groups, l == 0 ? 5 : 2);
		for (size_t i = 0; i < h->n_groups; i++) {
			assert_true(str_is(h->groups[i].name, want[2 * i]));
			assert_true(
			    str_is(h->groups[i].policy->name, want[2 * i + 1]));
		}
		assert_int_equal(
		    h->groups[h->n_groups - 1].entries[0].kind, HAT_ALL);
	}
	h = &c->listeners[0].hat;
	assert_int_equal(h->groups[1].policy->behaviour, REJECT);
	assert_int_equal(h->groups[1].policy->p.banner_code, 554);
	assert_int_equal(h->groups[1].entries[0].score.hi, -30);
	assert_int_equal(h->groups[2].policy->p.max_rcpts_per_msg, 25);
	assert_int_equal(h->groups[2].policy->p.dhap_limit, 25);
	assert_false(h->groups[2].policy->set[MFP_DHAP_LIMIT]);
	assert_int_equal(hat_index_asks(h->index, FACT_HOST).n, 0);
	assert_int_equal(c->listeners[0].rat.n, 1);
	assert_false(c->listeners[0].rat.entries[0].accept);
	assert_int_equal(c->listeners[1].rat.n, 0);
	config_unref(&c);
}

static void
test_tables(void **state)
{
	struct config *c = load_ok(good[NELEM(good) - 1].text);
	const struct listener *l = &c->listeners[0];
	const struct hat_group *g = l->hat.groups;

	(void)state;
	assert_int_equal(l->hat.defaults.max_rcpts_per_hour, 1000);
	assert_true(hat_index_asks(l->hat.index, FACT_HOST).n > 0);
	assert_int_equal(l->hat.n_groups, 4);
	assert_true(str_is(g[0].policy->name, "$SLOW"));
	assert_int_equal(g[0].policy->p.max_concurrency, 2);
	assert_true(g[0].policy->set[MFP_MAX_CONCURRENCY]);
	assert_false(g[0].policy->set[MFP_MAX_RCPTS_PER_HOUR]);
	assert_int_equal(g[0].policy->p.max_rcpts_per_hour, 1000);
	assert_int_equal(g[0].where.line, 16);
	assert_string_equal(g[0].where.file, "postern.yaml");
	assert_int_equal(g[0].entries[0].where.line, 20);
	assert_true(str_is(g[0].entries[0].text, "10.1.2-5"));
	assert_true(str_is(g[0].entries[0].comment, "a note, with: signs"));
	/* inline, and what follows from REJECT */
	assert_int_equal(g[1].name.n, 0);
	assert_int_equal(g[1].policy->name.n, 0);
	assert_int_equal(g[1].policy->behaviour, REJECT);
	assert_int_equal(g[1].policy->p.banner_code, 554);
	assert_true(str_is(g[1].policy->p.banner_text, "go away"));
	assert_int_equal(g[2].policy->p.banner_code, 421);
	/* the last one comes with the type, the policy was redefined */
	assert_true(str_is(g[3].name, "ALL"));
	assert_int_equal(g[3].where.line, 0);
	assert_true(str_is(g[3].policy->name, "$ACCEPTED"));
	assert_int_equal(l->hat.policies[0].behaviour, TCPREFUSE);
	assert_int_equal(l->hat.n_policies, 7);

	assert_int_equal(l->rat.n, 6);
	assert_true(l->rat.entries[1].bypass_control);
	assert_int_equal(l->rat.entries[1].kind, RAT_USER);
	assert_int_equal(l->rat.entries[1].where.line, 27);
	assert_false(l->rat.entries[3].accept);
	assert_int_equal(l->rat.entries[3].code, 550);
	assert_true(str_is(l->rat.entries[3].reply, "gone, sorry"));
	assert_int_equal(l->rat.entries[5].kind, RAT_ALL);
	config_unref(&c);
}

/* Profiles and destinations follow Default, wherever it stands. */
static void
test_inheritance(void **state)
{
	struct config *c = load_ok(good[NELEM(good) - 1].text);
	const struct bounce_profile *p;

	(void)state;
	assert_true(str_is(c->bounce_profiles[0].name, "Default"));
	p = config_bounce_profile(c, STR("patient"));
	assert_int_equal(p->max_retries, 7);
	assert_int_equal(p->max_queue_time, 5 * 86400);
	assert_int_equal(
	    config_bounce_profile(c, STR("quick"))->max_retries, 1);
	assert_ptr_equal(
	    config_bounce_profile(c, STR("nobody")), &c->bounce_profiles[0]);
	assert_ptr_equal(
	    config_bounce_profile(c, STR("")), &c->bounce_profiles[0]);
	assert_true(str_is(c->destinations[0].domain, "Default"));
	assert_int_equal(
	    config_destination(c, STR("A.example.net"))->max_connections, 5);
	assert_int_equal(
	    config_destination(c, STR("a.example.net"))->max_messages, 9);
	assert_ptr_equal(
	    config_destination(c, STR("example.net")), &c->destinations[0]);
	/* the row Default is no domain */
	assert_ptr_equal(
	    config_destination(c, STR("Default")), &c->destinations[0]);
	config_unref(&c);
}

static void
test_references(void **state)
{
	struct config *c = load_ok("hostname: mail.example.com\n");
	struct config *other = config_ref(c);

	(void)state;
	config_unref(&c);
	assert_null(c);
	assert_true(str_is(other->hostname, "mail.example.com"));
	assert_int_equal(other->revision, 1);
	config_unref(&other);
	config_unref(&other);
}

static void
test_manual(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 20);
	config_schema_manual(&out);
	assert_false(out.failed);
	assert_non_null(strstr(
	    out.data, ".It Cm listeners[].hat.policies[].max_rcpts_per_msg\n"));
	assert_non_null(strstr(out.data,
	    "Type: size, 1k to 1024G.\n"
	    "Default: 10M on public listeners, 100M on others.\n"));
	buf_fini(&out);
}

/* What is shipped loads, with its places filled in. */
static void
test_shipped_files(void **state)
{
	static const char *const names[] = { "conf/postern.yaml",
		"conf/run.yaml.in", "conf/bench.yaml.in" };

	(void)state;
	for (size_t i = 0; i < NELEM(names); i++) {
		struct config_problems ps = { 0 };
		struct config *c;
		struct buf line;
		char raw[32768] = "", text[32768] = "";
		FILE *f = fopen(names[i], "r");

		if (f == NULL)
			fail_msg("%s is not below this folder", names[i]);
		assert_true(fread(raw, 1, sizeof(raw) - 1, f) > 0);
		fclose(f);
		fill_in(raw, text);
		c = load(text, &ps);
		buf_init(&line, 8192);
		first(&ps, false, &line);
		if (c == NULL || ps.n > 0)
			fail_msg("%s: %.*s", names[i], STR_ARG(buf_str(&line)));
		buf_fini(&line);
		round_trip(names[i], c, false);
		config_unref(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adm_07_bad),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_print_loads_to_the_same),
		cmocka_unit_test(test_all_errors_are_collected),
		cmocka_unit_test(test_adm_07_depth_and_size),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_rel_10_default_groups),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_inheritance),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_shipped_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static struct config *
load(const char *text, struct config_problems *ps)
{
	struct bundle b;
	struct config *c;

	bundle_from_text(&b, "postern.yaml", str_of(text));
	c = config_load(&b, 1, ps);
	bundle_free(&b);
	return c;
}

static struct config *
load_ok(const char *text)
{
	struct config_problems ps = { 0 };
	struct config *c = load(text, &ps);
	struct buf line;

	buf_init(&line, 8192);
	first(&ps, false, &line);
	if (c == NULL)
		fail_msg("%.*s", STR_ARG(buf_str(&line)));
	buf_fini(&line);
	config_problems_free(&ps);
	return c;
}

/* The first problem of its kind, without the name of the file. */
static void
first(const struct config_problems *ps, bool warning, struct buf *out)
{
	for (size_t i = 0; i < ps->n; i++) {
		if (ps->v[i].warning != warning)
			continue;
		config_problem_print(&ps->v[i], out);
		buf_consume(out, strlen("postern.yaml:"));
		return;
	}
	buf_puts(out, "no problem");
}

static bool
expect_same(const char *why, const char *want, struct str have)
{
	if (!str_is(have, want))
		print_error(
		    "%s:\n  want %s\n  have %.*s\n", why, want, STR_ARG(have));
	return str_is(have, want);
}

/* Printed, loaded, printed in full: the same as printed in full at once. */
static void
round_trip(const char *why, const struct config *c, bool all)
{
	struct buf printed, full, again;
	struct config *other;

	buf_init(&printed, 1 << 20);
	buf_init(&full, 1 << 20);
	buf_init(&again, 1 << 20);
	config_print(c, all, &printed);
	config_print(c, true, &full);
	other = load_ok(printed.data);
	config_print(other, true, &again);
	assert_true(expect_same(why, full.data, buf_str(&again)));
	config_unref(&other);
	buf_fini(&printed);
	buf_fini(&full);
	buf_fini(&again);
}

/* @NAME@: a host name for the one that is quoted, a number for others. */
static void
fill_in(const char *raw, char *text)
{
	int n = 50;

	while (*raw != '\0') {
		const char *end = *raw == '@' ? strchr(raw + 1, '@') : NULL;

		if (end == NULL) {
			*text++ = *raw++;
			continue;
		}
		if (strncmp(raw, "@HOSTNAME@", 10) == 0)
			text += snprintf(text, 16, "mail.test");
		else
			text += snprintf(text, 16, "%d", n++);
		raw = end + 1;
	}
}

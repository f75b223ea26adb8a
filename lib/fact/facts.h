/*
 * facts.h - what is known about a connection and a message
 *
 * A fact is something a stage may need and cannot compute: what the client
 * said, what the network answered, what a counter shows. Each is unknown,
 * known, or could not be had, and says where it came from. Stages read facts
 * (const); only a runner (smtpd, cleanup, qmgr, trace, a test) sets them.
 * "Not there" and "cannot say" are always different things.
 *
 * No I/O happens here: this is the box, not the fetching.
 */
#ifndef FACT_FACTS_H
#define FACT_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/str.h"

enum fact_id {
	FACT_HOST,       /* reverse name of the client, forward-confirmed */
	FACT_REPUTATION, /* IP reputation score */
	FACT_OWNER,      /* network owner id */
	FACT_COUNTRY,
	FACT_CONNECTIONS, /* open connections, this one too */

	/* Keyed: there may be several, one for each key (struct fact_answer).
	 * Of the connection: */
	FACT_DNSLIST, /* key: zone. number: enum dns_list */
	/* of the transaction: */
	FACT_SENDER_DOMAIN, /* key: domain. number: enum sender_domain */
	/* of one recipient: counts with it, were it accepted (it is counted
	 * when it is), or of those that are not, this one included */
	FACT_RATE_HOST,   /* key: "". number: recipients in this window */
	FACT_RATE_SENDER, /* key: sender, lower case. likewise */
	FACT_DHAP,        /* key: "". number: invalid recipients */
	/* of one address: number: enum recipient_answer; code, text */
	FACT_LDAP_ACCEPT, /* key: address. Nobody can be asked yet */
	FACT_CALLAHEAD,   /* key: address */
	FACT_BOUNCE_TAG,  /* key: address. number: enum bounce_tag */

	/* In the work queue. Keys of those that look at the content begin with
	 * the version of the message (mail/msg.h): "3"; and then, of one part,
	 * its index (mail/mime.h): "3/2". */
	FACT_SPAM,    /* key: version. detail: struct spam_fact */
	FACT_VIRUS,   /* key: version[/part]. number: enum virus_answer; text:
		       * names of what was found, or why it is unscannable */
	FACT_PART,    /* key: version/part. detail: struct part_fact */
	FACT_RANDOM,  /* key: which drawing. number: any 32 bits */
	FACT_REPEATS, /* key: "subject incoming TEXT". number: messages of the
		       * last hour, without this one */
	FACT_WORK_QUEUE, /* key: "". number: messages in the work queue */
	FACT_LDAP_GROUP, /* key: "group address". number: 1 member, 0 not */
	FACT_SPF,  /* key: "helo", "mailfrom", "pra". number: enum spf_result */
	FACT_DKIM, /* key: "". number: enum dkim_result */
	FACT_SDR,  /* key: the domains, as the log names them. number: enum
		    * sdr_verdict; detail: struct sdr_fact. Nobody can be asked
		    * yet */
	FACT_N
};
#define FACT_KEYED FACT_DNSLIST /* the first of them */

/* When a fact is forgotten: keyed ones with their scope, others never. */
enum fact_scope { SCOPE_CONNECTION, SCOPE_TRANSACTION, SCOPE_RECIPIENT };

enum fact_state {
	FACT_UNKNOWN,
	FACT_KNOWN,
	FACT_FAILED /* asked for, cannot be said */
};

/* Where it came from; trace says so (DESIGN 9.9). */
enum fact_source {
	FACT_FROM_DEFAULT, /* nobody could be asked: the configured default */
	FACT_FROM_CLIENT,  /* the connection itself */
	FACT_GIVEN,        /* by the administrator, to trace */
	FACT_LOOKED_UP,
	FACT_RECORDED
};

/* Outcome of the double look-up (spec receiving 4.6). */
enum host_class {
	HOST_UNKNOWN,
	HOST_VERIFIED,
	HOST_NX,           /* nx.domain: no PTR */
	HOST_SERVFAIL,     /* serv.fail: the PTR look-up failed */
	HOST_NOT_CONFIRMED /* not.double.verified */
};

/* Three ends of every look-up, always. */
enum lookup_end {
	LOOKUP_FOUND,
	LOOKUP_NOT_FOUND, /* NXDOMAIN, or no such record: see nxdomain */
	LOOKUP_NXDOMAIN,
	LOOKUP_FAILED /* SERVFAIL, time-out, broken answer: cannot say */
};

enum lookup_kind {
	LOOKUP_HOST, /* PTR and forward confirmation */
	LOOKUP_MX,
	LOOKUP_A,
	LOOKUP_AAAA,
	LOOKUP_TXT,
	LOOKUP_MAIL_DOMAIN, /* can mail be sent to that domain? */
	LOOKUP_DNSLIST,     /* is that client on that list? */
	LOOKUP_TLSA, /* of port 25 of that host; text: the data as it is */
	LOOKUP_PTR,  /* of a name; these four: what people ask for */
	LOOKUP_CNAME,
	LOOKUP_NS,
	LOOKUP_SOA,
	LOOKUP_STS /* that domain's MTA-STS policy (lookup/sts.h) */
};

/* What a DNS list says of a client. A zone that answers otherwise than with
 * addresses in 127.0.0.0/8 is no list (any more): it would list everybody. One
 * that has 127.0.0.1, or has not 127.0.0.2, is none either (RFC 5782 5), and
 * is switched off, whatever it says (threats DNS-06). */
enum dns_list {
	LIST_HAS_NOT,
	LIST_HAS,
	LIST_IS_NONE,
	LIST_HAS_ALL,    /* off */
	LIST_HAS_NO_TEST /* off */
};

/* What the DNS says of a sender's domain (receiving 8.4). */
enum sender_domain {
	DOMAIN_EXISTS,
	DOMAIN_MISSING,    /* NXDOMAIN, or no address anywhere, or null MX */
	DOMAIN_UNRESOLVED, /* cannot be said now */
	DOMAIN_MALFORMED   /* nothing that could be asked about */
};

/* What somebody who knows says of a recipient (receiving 7, 8.7). */
enum recipient_answer {
	RECIPIENT_OK,
	RECIPIENT_UNKNOWN, /* 5xx: code and text are theirs */
	RECIPIENT_LATER,   /* 4xx: likewise */
	RECIPIENT_NO_ANSWER
};

/* What the tag of a recipient is worth (delivery-admin 1.12). */
enum bounce_tag {
	BOUNCE_NO_KEYS, /* nobody could have made it */
	BOUNCE_NO_TAG,
	BOUNCE_TAG_GOOD,
	BOUNCE_TAG_OLD,  /* ours, and too old, or of a key retired long ago */
	BOUNCE_TAG_WRONG /* of no key that there is */
};

/* What the engine says of a message (workqueue 5.4); tenths and hundredths
 * would be lost in a rounding, so scores are thousandths. */
struct spam_fact {
	const char *engine;        /* "SpamAssassin", "rspamd" */
	int64_t raw;               /* score of the engine */
	int64_t suspect, positive; /* its thresholds: anchors of ours */
	bool skipped;              /* the engine did not want to look */
	struct str tests;          /* names, separated by commas */
};

enum virus_answer { VIRUS_CLEAN, VIRUS_FOUND, VIRUS_LOCKED, VIRUS_UNKNOWN };
struct virus_fact {
	struct str engine; /* "ClamAV 1.0.3/27000"; printable */
	uint32_t ms;       /* that it took */
};

/* What libraries that are not ours say of a part's decoded bytes. */
struct part_member {     /* of an archive, or of what is in it; depth first */
	struct str name; /* UTF-8, as the archive has it */
	struct str filetype; /* as of the part */
	uint64_t size;       /* expanded */
	uint32_t depth;      /* 1: in the archive itself */
	bool locked;         /* with a password */
	uint8_t sha256[32];
	struct str text; /* what was read of it, raw; may be cut */
};
struct part_fact {
	struct str filetype; /* of workqueue 2.8.2: "pdf"; empty: unknown */
	bool archive, locked, readable, corrupt;
	bool macros;                       /* an office file with them */
	bool too_large, too_deep, timeout; /* limits of scanning */
	uint8_t sha256[32];
	struct str text; /* UTF-8 text of a document; empty: none */
	const struct part_member *members;
	size_t n_members;
};

enum spf_result {
	SPF_NONE,
	SPF_PASS,
	SPF_NEUTRAL,
	SPF_SOFTFAIL,
	SPF_FAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR
};
enum dkim_result {
	DKIM_NONE,
	DKIM_PASS,
	DKIM_NEUTRAL,
	DKIM_TEMPERROR,
	DKIM_PERMERROR,
	DKIM_HARDFAIL
};

/* Sender domain reputation (receiving 10.3), the worst first. */
enum sdr_verdict {
	SDR_AWFUL,
	SDR_POOR,
	SDR_TAINTED,
	SDR_WEAK,
	SDR_UNKNOWN,
	SDR_NEUTRAL,
	SDR_GOOD,
	SDR_N
};
struct sdr_fact {
	bool has_age;
	uint32_t days;       /* age of the domain */
	struct str category; /* of the threat; empty: none */
};

#define REPUTATION_NONE INT64_MIN

struct fact {
	enum fact_state state;
	enum fact_source source;
};

/* A fact of which there are several. Texts are the runner's, and live as long
 * as the fact. */
struct fact_answer {
	enum fact_id id;
	struct str key;
	struct fact meta; /* never UNKNOWN */
	uint64_t number;
	uint32_t code; /* of a server's reply; 0: none */
	struct str text;
	const void *detail; /* of its own type, where the list above says so */
	struct fact_answer *next;
};

struct facts {
	struct fact meta[FACT_N];
	struct fact_answer *answers; /* keyed facts; the runner's */

	/* Always known once there is a connection. */
	struct ip client;
	uint16_t client_port;
	struct ip local; /* our address */
	bool authenticated;
	struct str user; /* who authenticated; else empty */
	bool tls;
	struct str helo; /* empty until HELO, EHLO */
	int64_t now;     /* wall ms at the start of the transaction */

	/* Valid when the meta of the same name says FACT_KNOWN. */
	struct str host; /* FACT_HOST: the name, when VERIFIED */
	enum host_class host_class;
	int64_t reputation;            /* tenths: -100..100; REPUTATION_NONE */
	uint64_t owner;                /* 0: none */
	char country[4];               /* ISO 3166 alpha-2, or empty */
	uint32_t connections;          /* FACT_CONNECTIONS: of this client, */
	uint32_t listener_connections; /* of this listener, */
	uint32_t total_connections;    /* of all */
};

/* A fact that a stage lacks; key "" where the fact has none. */
struct need {
	enum fact_id id;
	struct str key;
};
struct needs {
	struct need *v;
	size_t n;
	struct arena *mem; /* set before the first; owns v. Keys are views */
};
/* Notes a need, unless it is there already. */
void fact_need(struct needs *, enum fact_id id, struct str key);
/* Likewise; it cannot be there. For who has many. */
void fact_need_new(struct needs *, enum fact_id id, struct str key);

static inline bool
fact_is_open(const struct facts *f, enum fact_id id)
{
	return f->meta[id].state == FACT_UNKNOWN;
}

/* The keyed fact; NULL: unknown. */
const struct fact_answer *fact_find(
    const struct facts *f, enum fact_id id, struct str key);
/* All of that id, for who looks for many. */
struct fact_list {
	const struct fact_answer **v; /* sorted, in mem */
	size_t n;
};
struct fact_list fact_list(
    const struct facts *f, enum fact_id id, struct arena *mem);
const struct fact_answer *fact_list_find(
    const struct fact_list *list, struct str key);
enum fact_scope fact_scope(enum fact_id id);
/* Adds a keyed fact, in mem with a copy of the key; number, code and text are
 * the caller's to fill in. */
struct fact_answer *fact_put(struct facts *f, struct arena *mem,
    enum fact_id id, struct str key, struct fact meta);
/* Any fact, keyed or not: nobody can say. */
void fact_fail(
    struct facts *f, struct arena *mem, enum fact_id id, struct str key);

void fact_set(struct facts *f, enum fact_id id, enum fact_state state,
    enum fact_source source);
const char *fact_name(enum fact_id id);           /* "reverse name" */
const char *fact_source_name(enum fact_source s); /* "looked up" */
/* May that be the name of a host, in logs, headers and tables (IDT-08)? */
bool fact_host_name_ok(struct str name);
/* "nx.domain", "serv.fail", "not.double.verified", "verified" */
const char *host_class_name(enum host_class c);
/* What the number of a keyed fact says: "listed", "exists", "unknown"; NULL:
 * it is a count. */
const char *fact_value_name(enum fact_id id, uint64_t number);

#endif

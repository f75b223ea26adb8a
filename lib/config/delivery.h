/*
 * delivery.h - where mail goes, how long it is tried, how much a destination
 * is asked to take (spec delivery-admin 1.3, 1.7, 1.8)
 *
 * Part of config.h.
 */
#ifndef CONFIG_DELIVERY_H
#define CONFIG_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/str.h"
#include "config/place.h"

struct route_dest {
	struct str text; /* as written */
	struct str host; /* name, or the address as text */
	struct ip ip;    /* set when the destination is an address */
	bool no_mx;      /* [host] or an address: address records only */
	uint16_t port;
	uint16_t priority;
};

enum route_kind {
	ROUTE_HOSTS,
	ROUTE_USEDNS,
	ROUTE_NULL /* /dev/null */
};

struct route {
	struct where where;
	struct str domain; /* lower case: "example.com", ".example.com", "ALL",
			    * "[192.0.2.1]" */
	enum route_kind kind;
	struct route_dest *dests;
	size_t n;
	struct str auth_name;            /* empty: none */
	const struct auth_profile *auth; /* as whom we log in there; NULL */
};

enum notice_language { NOTICE_ENGLISH, NOTICE_JAPANESE, NOTICE_BOTH };
struct bounce_profile {
	struct where where;
	struct str name;
	uint32_t max_retries;
	uint32_t max_queue_time;           /* s */
	uint32_t initial_retry, max_retry; /* s */
	bool notify;                       /* send a notice per hard bounce */
	bool dsn_format;
	uint32_t max_bounce_copy; /* bytes */
	bool warn;
	uint32_t warn_interval, warn_count;
	struct str alternate; /* recipient of notices; empty: the sender */
	/* What notices say; texts are UTF-8. */
	enum notice_language language;
	struct str subject; /* empty: by language */
	struct str text;    /* a text resource; empty: our words */
	struct str from;    /* address; empty: MAILER-DAEMON */
	bool remote_status; /* the enhanced status that the server said */
	bool sign;          /* notices, with DKIM */
	uint32_t initial_host_retry, max_host_retry; /* s; Default only */
};

enum tls_level { /* outgoing (delivery-admin 1.8) */
	TLS_LEVEL_OFF,
	TLS_LEVEL_PREFERRED,
	TLS_LEVEL_REQUIRED,
	TLS_LEVEL_PREFERRED_VERIFY,
	TLS_LEVEL_REQUIRED_VERIFY,
	TLS_LEVEL_VERIFY_HOSTED
};
/* Never in the clear; the certificate is looked at. */
#define TLS_LEVEL_MUST(l)                                                      \
	((l) == TLS_LEVEL_REQUIRED || (l) >= TLS_LEVEL_REQUIRED_VERIFY)
#define TLS_LEVEL_MUST_VERIFY(l) ((l) >= TLS_LEVEL_REQUIRED_VERIFY)
#define TLS_LEVEL_VERIFIES(l)    ((l) >= TLS_LEVEL_PREFERRED_VERIFY)
/* What mail wants of TLS (RFC 8689), whatever the destination is set to. */
enum tls_wish {
	WISH_NONE,
	WISH_REQUIRE, /* REQUIRETLS: verified TLS, and the next hop offers it */
	WISH_FREE     /* TLS-Required: No: policies of the recipient's side do
		       * not count */
};
enum dane_level { DANE_OFF, DANE_OPPORTUNISTIC, DANE_MANDATORY };
enum ip_preference { PREFER_V6, REQUIRE_V6, PREFER_V4, REQUIRE_V4 };
struct destination { /* destination controls (delivery-admin 1.8) */
	struct where where;
	struct str domain; /* lower case, or "Default" */
	enum ip_preference ip_preference;
	uint32_t max_connections;
	uint32_t max_messages;     /* per connection */
	uint32_t max_recipients;   /* per transaction */
	uint32_t recipient_limit;  /* in a window; 0: none */
	uint32_t recipient_window; /* s */
	bool limit_each_ip;      /* limits are those of each address of an MX */
	bool limit_each_gateway; /* ... of each virtual gateway */
	enum tls_level tls;
	enum dane_level dane;      /* where no route is; before tls */
	bool mta_sts;              /* likewise; before tls, after dane */
	struct str bounce_profile; /* empty: the message's (receiving 6.6) */
	bool bounce_verification;  /* the sender gets a tag (1.12) */
};

#endif

/*
 * addr.h - mail addresses: one canonical form comes out, or an error
 *
 * What the parser returns is what is judged, logged, stored and sent
 * (threats REL-04): local part (still quoted when it must be), "@", domain in
 * lower case, U-labels converted to A-labels (IDNA2008, nothing mapped
 * before), so that domains compare as bytes. The local part is opaque:
 * nothing in it is ever taken for a domain. In quotes it may hold any
 * printable character but blank, < and > (threats REL-06). Spec receiving
 * 3.5; RFC 5321 4.1.2, 6531.
 */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bounds.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/str.h"

struct addr_rules { /* from the listener; see config.h for the meaning */
	bool strict;
	bool allow_8bit_user, allow_8bit_domain, allow_partial;
	bool source_route_reject;
	bool literal_accept;
	bool smtputf8; /* the parameter was given */
	struct str reject_chars;
};

enum addr_problem {
	ADDR_OK,
	ADDR_SYNTAX,   /* 501 5.1.3 (5.1.7 for senders) */
	ADDR_TOO_LONG, /* 501 */
	ADDR_CHARS,    /* 553 5.1.3: a character the listener refuses */
	ADDR_ROUTED,   /* 553: source route */
	ADDR_8BIT      /* 553 5.6.7: 8-bit without SMTPUTF8 */
};

struct addr {
	struct str text;   /* canonical whole; "" for the null sender */
	struct str local;  /* part before @, as in text */
	struct str domain; /* after @; "" when partial: "joe", "joe@" */
};

/* The path between MAIL FROM: or RCPT TO: and the parameters; *rest gets what
 * follows it. allow_null: <> is fine. Result lives in mem. */
enum addr_problem addr_parse_path(struct addr *, struct str in,
    const struct addr_rules *, bool allow_null, struct str *rest,
    struct arena *mem, struct err *err);
/* A plain address as people write it: "joe@example.com", "<>"; strict. */
enum addr_problem addr_parse(
    struct addr *, struct str text, struct arena *mem, struct err *err);

struct str addr_domain(struct str addr); /* after the last unquoted @ */
struct str addr_local(struct str addr);
/* RFC 1035 letters, digits, hyphen (and underscore), label lengths; one
 * trailing dot is dropped; result lower case, A-labels. */
bool addr_domain_ok(
    struct str domain, struct str *canonical, struct arena *mem);
/* [192.0.2.1], [IPv6:2001:db8::1] */
bool addr_literal(struct str domain, struct ip *ip);
/* Safe to put between < and > in an SMTP command (threats HDR-02). */
bool addr_is_clean(struct str addr);

#endif

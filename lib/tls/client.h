/*
 * client.h - TLS on the sending side: what a next hop has to show
 *
 * A connection is one of server.h, begun from the other end: the same
 * functions carry the handshake and the data. TLS 1.2 and 1.3, (EC)DHE with
 * AEAD suites, no renegotiation, no compression.
 *
 * A certificate is never a reason to break off: the handshake ends well, and
 * tls_conn_peer says what it was worth. So the caller decides what follows
 * from it, and whoever only wants to be unheard is not asked for more.
 *
 * With TLSA records of which none is usable there is nothing to verify by
 * them: TLS alone is what RFC 7672 wants then. What else is demanded holds.
 *
 * Sessions are resumed: those of TLS 1.2 as often as they last, tickets of
 * TLS 1.3 once each. One is only taken up for the same demand, since what it
 * proved then is all that it proves.
 */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include "base/ip.h"
#include "tls/server.h"

struct tls_client;

/* authorities: a file of PEM certificates, which is read now and taken apart
 * when first something is to be verified; without it nothing ever is. */
struct tls_client *tls_client_new(const char *authorities);
void tls_client_free(struct tls_client **);
/* What keyd has told of our certificates: replaces what was told before. */
int tls_client_certs(struct tls_client *, const struct certs *, struct err *);
/* The system's file of authorities, or what SSL_CERT_FILE says. */
const char *tls_authorities(void);

struct tls_demand {
	struct endpoint peer; /* for the choice of a session */
	struct str host;      /* its name, told to it (SNI); "": none */
	bool verify;          /* against the authorities, or: */
	/* DANE (RFC 7672): data of TLSA records of the host; its certificate
	 * must fit one, or have the name of the domain and be of an authority
	 * that fits one. */
	const struct str *tlsas;
	size_t n_tlsas;
	struct str domain;
	struct str certificate; /* ours, for a server that asks; "": none */
};
/* With a certificate the handshake may say TLS_WANT_KEY, as a server's. */
struct tls_conn *tls_conn_out(struct tls_client *, const struct tls_demand *);

#define TLS_NAMES     2
#define TLS_PEER_TEXT 256
enum tls_fault {
	TLS_FAULT_NONE,
	TLS_FAULT_EXPIRED,
	TLS_FAULT_NAME, /* it is another's */
	TLS_FAULT_TLSA, /* it fits none of the records */
	TLS_FAULT_OTHER /* nobody vouches for it */
};
struct tls_peer {
	bool verified;            /* by authorities and name, or by DANE */
	bool trusted;             /* if only the name is wrong, too */
	bool dane;                /* it is DANE: no name was looked at */
	struct str match;         /* which of the names it has; "": none */
	char name[TLS_PEER_TEXT]; /* the CN, or the first name; "" */
	char why[TLS_PEER_TEXT];  /* not verified: the reason */
	enum tls_fault fault;     /* likewise; NONE too if nobody asked */
};
/* After the handshake. Any of the names must stand in its subjectAltName; ""
 * is none. */
void tls_conn_peer(const struct tls_conn *, const struct str names[TLS_NAMES],
    struct tls_peer *);

/* A certificate that was shown, for people (texts as in tls/cert.h). */
#define TLS_SHOWN_TEXT 512
#define TLS_SHOWN_MAX  16
struct tls_shown {
	char subject[TLS_SHOWN_TEXT], issuer[TLS_SHOWN_TEXT];
	char names[TLS_SHOWN_TEXT];
	char fingerprint[TLS_SHOWN_TEXT];
	char key[64];
	int64_t begins, expires; /* wall ms */
};
/* After the handshake: the server's own first, then what it sent with it.
 * Returns how many. */
size_t tls_conn_shown(const struct tls_conn *, struct tls_shown *, size_t max);

#endif

/*
 * client.c - what connections to next hops share: authorities, sessions
 */
#include "tls/client.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "tls/cert.h"
#include "tls/inside.h"

#define AUTHORITIES     "/etc/ssl/certs/ca-certificates.crt"
#define AUTHORITIES_MAX ((size_t)16 << 20)
#define CIPHERS_12                                                             \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"         \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"           \
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:"             \
	"DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384"
#define GROUPS          "X25519:P-256:P-384:P-521"
#define CHAIN_MAX       65536 /* bytes; threats TLS-05 */
#define SESSIONS_MAX    1000
#define SESSION_SECONDS 7200

struct tls_client {
	SSL_CTX *ctx;
	struct tls_store *store; /* our certificates */
	struct buf authorities; /* PEM; empty: taken apart, or there are none */
	struct map sessions;
};

static enum tls_fault fault_of(long result);
static void set_up(struct tls_client *);
static void read_authorities(struct buf *, const char *path);
static void take_authorities(struct tls_client *);
static int on_session(SSL *, SSL_SESSION *);
static void keep(struct tls_client *, const char *key, SSL_SESSION *);
static SSL_SESSION *take(struct tls_client *, const char *key);
static void free_session(void *);
static char *session_key(const struct tls_demand *);
static void set_dane(struct tls_conn *, const struct tls_demand *);
static struct str name_of(const X509 *, const struct str names[TLS_NAMES]);
static void set_own(struct tls_client *, struct tls_conn *, struct str name);
static void peer_name(const X509 *, char out[TLS_PEER_TEXT]);

const char *
tls_authorities(void)
{
	const char *path = getenv("SSL_CERT_FILE");

	return path != NULL ? path : AUTHORITIES;
}

struct tls_client *
tls_client_new(const char *authorities)
{
	struct tls_client *c = mem_alloc(sizeof(*c));

	read_authorities(&c->authorities, authorities);
	c->store = tls_store_new();
	map_init(&c->sessions);
	set_up(c);
	return c;
}

void
tls_client_free(struct tls_client **cp)
{
	struct tls_client *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	map_fini(&c->sessions, free_session);
	SSL_CTX_free(c->ctx);
	tls_store_free(&c->store);
	buf_fini(&c->authorities);
	free(c);
}

int
tls_client_certs(
    struct tls_client *c, const struct certs *certs, struct err *err)
{
	return tls_store_certs(c->store, certs, err);
}

struct tls_conn *
tls_conn_out(struct tls_client *c, const struct tls_demand *demand)
{
	struct tls_conn *conn;
	SSL_SESSION *session;
	SSL *ssl;
	struct ip ip;
	char host[256];

	if (demand->verify && c->authorities.len > 0)
		take_authorities(c);
	ssl = SSL_new(c->ctx);
	if (ssl == NULL)
		panic("no memory for TLS");
	SSL_set_connect_state(ssl);
	SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	if (demand->host.n > 0 && demand->host.n < sizeof(host) &&
	    !ip_parse(&ip, demand->host)) {
		str_copy(host, sizeof(host), demand->host);
		SSL_set_tlsext_host_name(ssl, host);
	}
	conn = conn_begin(ssl);
	conn_set_client(conn, c, demand->verify,
	    demand->n_tlsas > 0 ? NULL : session_key(demand));
	set_dane(conn, demand);
	set_own(c, conn, demand->certificate);
	session = take(c, conn_session_key(ssl));
	if (session != NULL)
		SSL_set_session(ssl, session);
	SSL_SESSION_free(session);
	ERR_clear_error();
	return conn;
}

void
tls_conn_peer(const struct tls_conn *conn, const struct str names[TLS_NAMES],
    struct tls_peer *peer)
{
	const SSL *ssl = conn_ssl(conn);
	const X509 *cert = SSL_get0_peer_certificate(ssl);
	long result = SSL_get_verify_result(ssl);

	*peer = (struct tls_peer){ .match = STR("") };
	if (cert == NULL) {
		snprintf(peer->why, sizeof(peer->why), "no certificate");
		peer->fault = TLS_FAULT_OTHER;
		return;
	}
	peer_name(cert, peer->name);
	peer->dane = conn_has_dane(conn);
	if (!peer->dane && !conn_is_verifying(conn))
		return;
	peer->trusted = result == X509_V_OK;
	if (!peer->dane)
		peer->match = name_of(cert, names);
	if (result != X509_V_OK) {
		peer->fault = fault_of(result);
		snprintf(peer->why, sizeof(peer->why), "%s",
		    X509_verify_cert_error_string(result));
	} else if (!peer->dane && peer->match.n == 0) {
		peer->fault = TLS_FAULT_NAME;
		snprintf(peer->why, sizeof(peer->why),
		    "it has not the name %.*s", STR_ARG(names[0]));
	} else {
		peer->verified = true;
	}
}

static enum tls_fault
fault_of(long result)
{
	switch (result) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TLS_FAULT_EXPIRED;
	case X509_V_ERR_HOSTNAME_MISMATCH:
		return TLS_FAULT_NAME;
	case X509_V_ERR_DANE_NO_MATCH:
		return TLS_FAULT_TLSA;
	default:
		return TLS_FAULT_OTHER;
	}
}

static void
set_up(struct tls_client *c)
{
	SSL_CTX *ctx = c->ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, CIPHERS_12) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, GROUPS) != 1 ||
	    SSL_CTX_dane_enable(ctx) != 1)
		panic("no TLS");
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
				     SSL_OP_NO_COMPRESSION |
				     SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
				  SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_max_cert_list(ctx, CHAIN_MAX);
	SSL_CTX_set_session_cache_mode(
	    ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
}

static void
read_authorities(struct buf *pem, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = 0;
	char *room;

	buf_init(pem, AUTHORITIES_MAX);
	while (fd != -1 && (room = buf_room(pem, 65536)) != NULL &&
	       (n = read(fd, room, 65536)) > 0)
		buf_grew(pem, (size_t)n);
	if (fd != -1)
		close(fd);
}

/* Some hundred certificates: only who verifies pays for them. */
static void
take_authorities(struct tls_client *c)
{
	X509_STORE *store = SSL_CTX_get_cert_store(c->ctx);
	STACK_OF(X509) *certs =
	    cert_read(buf_str(&c->authorities), 10000, NULL);

	for (int i = 0; i < sk_X509_num(certs); i++)
		X509_STORE_add_cert(store, sk_X509_value(certs, i));
	cert_free(&certs);
	buf_release(&c->authorities);
	ERR_clear_error();
}

/* The names that an authority of a TLSA record must vouch for: that of the
 * host, and the next-hop domain (RFC 7672 3.2.2). */
static void
set_dane(struct tls_conn *conn, const struct tls_demand *demand)
{
	SSL *ssl = conn_ssl(conn);
	char host[256], domain[256];
	bool usable = false;

	if (demand->n_tlsas == 0 ||
	    !str_copy(host, sizeof(host), demand->host) ||
	    !str_copy(domain, sizeof(domain), demand->domain) ||
	    SSL_dane_enable(ssl, host) != 1)
		return;
	SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	SSL_add1_host(ssl, domain);
	for (size_t i = 0; i < demand->n_tlsas; i++) {
		struct str s = demand->tlsas[i];
		const uint8_t *p = (const uint8_t *)s.p;

		/* 0 and 1 are not for SMTP (RFC 7672 3.1.3) */
		if (s.n > 3 && (p[0] == 2 || p[0] == 3) &&
		    SSL_dane_tlsa_add(ssl, p[0], p[1], p[2], p + 3, s.n - 3) ==
			1)
			usable = true;
	}
	conn_set_dane(conn, usable);
}

/* In subjectAltName alone; a wildcard for one whole label (threats TLS-08). */
static struct str
name_of(const X509 *cert, const struct str names[TLS_NAMES])
{
	const unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
			       X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

	for (size_t i = 0; i < TLS_NAMES; i++) {
		struct ip ip;
		bool is_ip = ip_parse(&ip, names[i]);
		size_t skip = is_ip && ip_is_v4(&ip) ? 12 : 0;

		if (names[i].n == 0)
			continue;
		if (is_ip ? X509_check_ip((X509 *)cert, ip.b + skip,
				sizeof(ip.b) - skip, 0) == 1
			  : X509_check_host((X509 *)cert, names[i].p,
				names[i].n, flags, NULL) == 1)
			return names[i];
	}
	return STR("");
}

/* One that keyd has not told of, or no more, is not shown. */
static void
set_own(struct tls_client *c, struct tls_conn *conn, struct str name)
{
	const struct tls_certs *certs = c->store->certs;

	for (size_t i = 0; name.n > 0 && i < certs->n; i++) {
		const struct tls_cert *own = &certs->v[i];

		if (str_is(name, own->name) &&
		    SSL_use_cert_and_key(
			conn_ssl(conn), own->own, own->key, own->chain, 1) == 1)
			conn_set_signing(conn);
	}
	ERR_clear_error();
}

static void
peer_name(const X509 *cert, char out[TLS_PEER_TEXT])
{
	char text[CERT_TEXT];
	int n = X509_NAME_get_text_by_NID(
	    X509_get_subject_name(cert), NID_commonName, text, sizeof(text));

	if (n <= 0)
		cert_first_name(cert, text);
	str_copy(out, TLS_PEER_TEXT, str_of(text));
}

/* --- sessions --- */

/* 0: OpenSSL keeps its reference to itself. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	const char *key = conn_session_key(ssl);

	if (key == NULL || !SSL_SESSION_is_resumable(session) ||
	    SSL_SESSION_up_ref(session) != 1)
		return 0;
	keep(conn_client(ssl), key, session);
	return 0;
}

static void
keep(struct tls_client *c, const char *key, SSL_SESSION *session)
{
	SSL_SESSION *old = map_remove(&c->sessions, str_of(key));

	SSL_SESSION_free(old);
	if (c->sessions.n >= SESSIONS_MAX) {
		map_fini(&c->sessions, free_session);
		map_init(&c->sessions);
	}
	map_put(&c->sessions, str_of(key), session);
}

/* A ticket of TLS 1.3 is good for once (RFC 8446 C.4). */
static SSL_SESSION *
take(struct tls_client *c, const char *key)
{
	SSL_SESSION *s =
	    key != NULL ? map_get(&c->sessions, str_of(key)) : NULL;

	if (s == NULL)
		return NULL;
	if (SSL_SESSION_get_protocol_version(s) == TLS1_3_VERSION ||
	    clock_wall_ms() / 1000 - SSL_SESSION_get_time(s) >
		SESSION_SECONDS) {
		map_remove(&c->sessions, str_of(key));
		return s;
	}
	SSL_SESSION_up_ref(s);
	return s;
}

static void
free_session(void *p)
{
	SSL_SESSION_free(p);
}

/* The same demand of the same host, which saw the same certificate: the
 * caller's. */
static char *
session_key(const struct tls_demand *d)
{
	char ep[IP_TEXT + 8], *key = NULL;

	if (asprintf(&key, "%s %.*s %d %.*s", endpoint_text(&d->peer, ep),
		STR_ARG(d->host), d->verify, STR_ARG(d->certificate)) == -1)
		panic("out of memory");
	return key;
}

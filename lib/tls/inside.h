/*
 * inside.h - what the files of lib/tls share
 */
#ifndef TLS_INSIDE_H
#define TLS_INSIDE_H

#include <openssl/ssl.h>

#include "tls/store.h"

struct tls_ticket {
	unsigned char name[16];
	unsigned char cipher_key[32], mac_key[32];
};

struct tls_server {
	unsigned refs;
	SSL_CTX *ctx;
	struct tls_certs *certs;
	const struct tls_cert *own;
	unsigned char scope[32]; /* of sessions */
	struct tls_ticket tickets[STORE_TICKETS];
	size_t n_tickets;
};

/* Of a connection that is at work. */
const struct tls_server *conn_server(const SSL *);

/* client.c's part of a connection. */
struct tls_client;
struct tls_conn *conn_begin(SSL *); /* with its ends; takes the SSL */
/* key: of its session, to be freed with it. */
void conn_set_client(
    struct tls_conn *, struct tls_client *, bool verify, char *key);
struct tls_client *conn_client(const SSL *);
const char *conn_session_key(const SSL *);
SSL *conn_ssl(const struct tls_conn *);
/* It has a certificate, whose key is somewhere else. */
void conn_set_signing(struct tls_conn *);
bool conn_is_verifying(const struct tls_conn *);
void conn_set_dane(struct tls_conn *, bool);
bool conn_has_dane(const struct tls_conn *);

#endif

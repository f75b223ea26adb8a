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

#endif

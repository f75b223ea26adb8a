/*
 * store.h - inside lib/tls: what keyd has told
 */
#ifndef TLS_STORE_H
#define TLS_STORE_H

#include <openssl/x509.h>

#include "tls/server.h"

struct tls_cert {
	char name[NAME_MAX_LEN + 1];
	X509 *own;
	STACK_OF(X509) * chain; /* the rest of it */
	EVP_PKEY *key;          /* provider.h */
	bool ec;
};

/* Shared by a store and the servers made from it; does not change. */
struct tls_certs {
	unsigned refs;
	struct tls_cert *v;
	size_t n;
};

#define STORE_TICKETS 4
#define STORE_SECRET  32

struct tls_store {
	struct tls_certs *certs;
	X509_STORE *client_ca; /* NULL: none */
	unsigned char secrets[STORE_TICKETS][STORE_SECRET];
	size_t n_secrets;
	uint64_t generation;
};

struct tls_certs *certs_ref(struct tls_certs *);
void certs_unref(struct tls_certs **);

#endif

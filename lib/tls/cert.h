/*
 * cert.h - certificates and keys: reading, checking, describing, making
 *
 * OpenSSL says what is wrong in a queue of codes; tls_err makes one readable
 * reason of it and empties the queue.
 */
#ifndef TLS_CERT_H
#define TLS_CERT_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define CERT_CHAIN_MAX 16 /* certificates in one chain */
#define CERT_CA_MAX    1000

/* "context: reason"; returns -1, as err_set does. */
int tls_err(struct err *err, enum err_kind kind, const char *context);
/* The reason alone; the queue is empty then. */
const char *tls_reason(char *out, size_t size);

/* All certificates of a PEM text, at most max; NULL: err. Private keys and
 * other things in the text are passed over. */
STACK_OF(X509) * cert_read(struct str pem, int max, struct err *err);
void cert_free(STACK_OF(X509) **);
/* Its private key, which must not need a passphrase; NULL: err. */
EVP_PKEY *cert_read_key(struct str pem, struct err *err);
/* Back to PEM: certificates and nothing else. */
void cert_write(const STACK_OF(X509) *, struct buf *out);

/* Can a server use this? Key type and size, whether the key is that of the
 * first certificate, whether each next one issued the one before. */
int cert_check(const STACK_OF(X509) *, EVP_PKEY *, struct err *err);
/* Does the name stand in the certificate's subjectAltName (RFC 6125)? */
bool cert_matches(const X509 *, struct str name);
int64_t cert_expires(const X509 *); /* wall ms */
int64_t cert_begins(const X509 *);

#define CERT_TEXT 512
/* "CN=mx.example.com, O=Example", for people; cut where it is too long. */
const char *cert_name_text(const X509_NAME *, char out[CERT_TEXT]);
/* "mx.example.com, *.example.org, 192.0.2.1"; "" without any. */
const char *cert_names(const X509 *, char out[CERT_TEXT]);
/* The first DNS name, lower case; "" without one. */
const char *cert_first_name(const X509 *, char out[256]);
/* SHA-256, "AB:CD:...". */
const char *cert_fingerprint(const X509 *, char out[CERT_TEXT]);
const char *cert_key_text(EVP_PKEY *, char out[64]); /* "ECDSA P-256" */

#endif

/*
 * make.h - new keys, certificates signed by themselves, requests
 *
 * Names are host names (also *.example.com) or IP addresses; they stand in
 * subjectAltName, the first host name in the common name as well.
 */
#ifndef TLS_MAKE_H
#define TLS_MAKE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mail/dkim.h"

EVP_PKEY *make_key(void);                     /* ECDSA on P-256 */
EVP_PKEY *make_dkim_key(enum dkim_algorithm); /* RSA: of 2048 bits */
/* Valid from an hour ago. NULL: err: a name that cannot be one. */
X509 *make_selfsigned(EVP_PKEY *, const struct str *names, size_t n,
    unsigned days, struct err *err);
X509_REQ *make_request(
    EVP_PKEY *, const struct str *names, size_t n, struct err *err);
/* PEM, PKCS #8 without a passphrase. */
void make_key_text(EVP_PKEY *, struct buf *out);
void make_request_text(X509_REQ *, struct buf *out);
/* What the record that publishes it says in p=, in bytes (mail/dkim.h). */
void make_dkim_public(EVP_PKEY *, enum dkim_algorithm, struct buf *out);

#endif

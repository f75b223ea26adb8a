/*
 * provider.h - inside lib/tls: keys that somebody else has
 *
 * An OpenSSL provider of our own, in a library context of its own so that
 * nothing else ever chooses it. Its keys are a public part and a name. When
 * libssl signs with one, within an asynchronous job, the digest is noted for
 * the connection at work and the job pauses: SSL_do_handshake returns. It is
 * called again when the signature is there, and goes on where it stopped.
 *
 * RSA_METHOD and EC_KEY_METHOD would be shorter, but they are deprecated,
 * and RSA_METHOD asks for bare RSA operations: keyd would decrypt for
 * whoever has taken over smtpd.
 */
#ifndef TLS_PROVIDER_H
#define TLS_PROVIDER_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "base/bounds.h"
#include "base/str.h"
#include "tls/sign.h"

/* What a job wants signed, and what came of it. */
struct tls_wanted {
	char name[NAME_MAX_LEN + 1];
	enum sign_algorithm algorithm;
	char digest[SIGN_DIGEST_MAX];
	bool paused; /* a job waits */
	char signature[SIGN_SIGNATURE_MAX];
	size_t n; /* 0: refused */
};

void provider_setup(void);
/* A key for libssl: the public part, and the name that keyd knows it by. */
EVP_PKEY *provider_key(EVP_PKEY *public, struct str name);
/* Whose handshake is about to run; set before each SSL_do_handshake. */
void provider_work_for(struct tls_wanted *);

#endif

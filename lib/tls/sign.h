/*
 * sign.h - what a private key may be asked to do
 *
 * Keys live in keyd alone (DESIGN 9.4). It signs digests of the handshake,
 * each exactly as long as its algorithm says, and does nothing else: whoever
 * has taken over smtpd can use a key as long as he is there, but can neither
 * take it away nor have it decrypt (threats KEY-02). Keys of DKIM sign digests
 * of mail, and are others.
 */
#ifndef TLS_SIGN_H
#define TLS_SIGN_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "mail/dkim.h"

enum sign_algorithm {
	SIGN_NONE,
	SIGN_ECDSA_SHA256,
	SIGN_ECDSA_SHA384,
	SIGN_ECDSA_SHA512,
	SIGN_PSS_SHA256, /* RSA-PSS, salt as long as the digest */
	SIGN_PSS_SHA384,
	SIGN_PSS_SHA512,
	SIGN_PKCS1_SHA256, /* RSA PKCS #1 1.5: TLS 1.2 */
	SIGN_PKCS1_SHA384,
	SIGN_PKCS1_SHA512,
	SIGN_ECDSA_SHA1, /* TLS 1.0, 1.1 */
	SIGN_PKCS1_MD5_SHA1,
	SIGN_N
};

#define SIGN_DIGEST_MAX    64
#define SIGN_SIGNATURE_MAX 1024 /* RSA with 8192 bits */

/* key_type "EC" or "RSA"; md "SHA2-256", ... SIGN_NONE: not for us. */
enum sign_algorithm sign_algorithm(
    const char *key_type, bool pss, const char *md);
size_t sign_digest_len(enum sign_algorithm); /* 0: no such algorithm */
bool sign_is_old(enum sign_algorithm);       /* TLS 1.2 has better ones */

/* Out has room for SIGN_SIGNATURE_MAX bytes. Returns the length of the
 * signature; 0: err. */
size_t sign_digest(EVP_PKEY *, enum sign_algorithm, struct str digest,
    unsigned char *out, struct err *err);

/* --- DKIM (mail/dkim.h) --- */

/* May mail be signed with it: RSA of 1024 to 4096 bits, or Ed25519? */
bool sign_dkim_ok(EVP_PKEY *, enum dkim_algorithm, struct err *err);
/* digest: SHA-256 of what is signed. As sign_digest. */
size_t sign_dkim(EVP_PKEY *, enum dkim_algorithm, struct str digest,
    unsigned char *out, struct err *err);

#endif

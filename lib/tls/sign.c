/* sign.c - the table of what a key may sign, and signing */
#include "tls/sign.h"

#include <openssl/rsa.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "tls/cert.h"

#define RSA_BITS_MIN 1024 /* RFC 8301, threats IDT-06 */
#define RSA_BITS_MAX 4096

static bool set_up(EVP_PKEY_CTX *, enum sign_algorithm);

static const struct kind {
	const char *key_type, *md;
	size_t digest_len;
	bool pss;
} kinds[SIGN_N] = {
	[SIGN_ECDSA_SHA256] = { "EC", "SHA2-256", 32, false },
	[SIGN_ECDSA_SHA384] = { "EC", "SHA2-384", 48, false },
	[SIGN_ECDSA_SHA512] = { "EC", "SHA2-512", 64, false },
	[SIGN_PSS_SHA256] = { "RSA", "SHA2-256", 32, true },
	[SIGN_PSS_SHA384] = { "RSA", "SHA2-384", 48, true },
	[SIGN_PSS_SHA512] = { "RSA", "SHA2-512", 64, true },
	[SIGN_PKCS1_SHA256] = { "RSA", "SHA2-256", 32, false },
	[SIGN_PKCS1_SHA384] = { "RSA", "SHA2-384", 48, false },
	[SIGN_PKCS1_SHA512] = { "RSA", "SHA2-512", 64, false },
	[SIGN_ECDSA_SHA1] = { "EC", "SHA1", 20, false },
	[SIGN_PKCS1_MD5_SHA1] = { "RSA", "MD5-SHA1", 36, false },
};

enum sign_algorithm
sign_algorithm(const char *key_type, bool pss, const char *md)
{
	for (int i = SIGN_NONE + 1; i < SIGN_N; i++)
		if (kinds[i].pss == pss &&
		    strcmp(kinds[i].key_type, key_type) == 0 &&
		    strcasecmp(kinds[i].md, md) == 0)
			return i;
	return SIGN_NONE;
}

size_t
sign_digest_len(enum sign_algorithm a)
{
	return a < SIGN_N ? kinds[a].digest_len : 0;
}

bool
sign_is_old(enum sign_algorithm a)
{
	return a == SIGN_ECDSA_SHA1 || a == SIGN_PKCS1_MD5_SHA1;
}

size_t
sign_digest(EVP_PKEY *key, enum sign_algorithm a, struct str digest,
    unsigned char *out, struct err *err)
{
	EVP_PKEY_CTX *ctx;
	size_t n = SIGN_SIGNATURE_MAX;

	if (sign_digest_len(a) == 0 || digest.n != kinds[a].digest_len ||
	    !EVP_PKEY_is_a(key, kinds[a].key_type)) {
		err_set(err, ERR_PROTO, "no such signature with this key");
		return 0;
	}
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 || !set_up(ctx, a) ||
	    EVP_PKEY_sign(
		ctx, out, &n, (const unsigned char *)digest.p, digest.n) != 1) {
		tls_err(err, ERR_TEMP, "signing");
		n = 0;
	}
	EVP_PKEY_CTX_free(ctx);
	return n;
}

static bool
set_up(EVP_PKEY_CTX *ctx, enum sign_algorithm a)
{
	static const char *const names[SIGN_DIGEST_MAX + 1] = {
		[20] = "SHA1",
		[32] = "SHA256",
		[36] = "MD5-SHA1",
		[48] = "SHA384",
		[64] = "SHA512",
	};
	const EVP_MD *md = EVP_get_digestbyname(names[kinds[a].digest_len]);

	if (EVP_PKEY_CTX_set_signature_md(ctx, md) != 1)
		return false;
	if (strcmp(kinds[a].key_type, "EC") == 0)
		return true;
	if (!kinds[a].pss)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) ==
		       1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) ==
		   1;
}

bool
sign_dkim_ok(EVP_PKEY *key, enum dkim_algorithm a, struct err *err)
{
	const char *type = a == DKIM_RSA ? "RSA" : "ED25519";
	int bits = EVP_PKEY_get_bits(key);

	if (!EVP_PKEY_is_a(key, type)) {
		err_set(err, ERR_USAGE, "is no key of type %s", type);
		return false;
	}
	if (a == DKIM_RSA && (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)) {
		err_set(err, ERR_USAGE,
		    "has %d bits; RSA keys of %d to %d bits are taken", bits,
		    RSA_BITS_MIN, RSA_BITS_MAX);
		return false;
	}
	return true;
}

/* RFC 8463: what Ed25519 signs is the digest itself. */
size_t
sign_dkim(EVP_PKEY *key, enum dkim_algorithm a, struct str digest,
    unsigned char *out, struct err *err)
{
	size_t n = SIGN_SIGNATURE_MAX;
	EVP_MD_CTX *ctx;

	if (a == DKIM_RSA)
		return sign_digest(key, SIGN_PKCS1_SHA256, digest, out, err);
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL || digest.n != DKIM_DIGEST ||
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
	    EVP_DigestSign(
		ctx, out, &n, (const unsigned char *)digest.p, digest.n) != 1) {
		tls_err(err, ERR_TEMP, "signing");
		n = 0;
	}
	EVP_MD_CTX_free(ctx);
	return n;
}

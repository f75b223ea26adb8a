/*
 * seal.c - secrets in saved configurations, under a key
 */
#include "config/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#define NONCE 12
#define TAG   16

/* 32 MiB and a tenth of a second for each guess. */
#define SCRYPT_N      32768
#define SCRYPT_R      8
#define SCRYPT_P      1
#define SCRYPT_MEMORY ((uint64_t)64 << 20)

static EVP_CIPHER_CTX *begin(
    const struct seal *, const void *nonce, struct str name, int encrypt);

void
seal_random(void *p, size_t n)
{
	if (RAND_priv_bytes(p, (int)n) != 1)
		panic("no random numbers");
}

int
seal_derive(struct seal *s, struct str secret, struct err *err)
{
	if (secret.n < SEAL_KEY_MIN)
		return err_set(err, ERR_USAGE,
		    "a key has at least %d bytes, this one has %zu",
		    SEAL_KEY_MIN, secret.n);
	if (EVP_PBE_scrypt(secret.p, secret.n, (const unsigned char *)s->salt,
		sizeof(s->salt), SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY,
		s->key, sizeof(s->key)) != 1)
		panic("scrypt");
	return 0;
}

void
seal_forget(struct seal *s)
{
	OPENSSL_cleanse(s, sizeof(*s));
}

void
seal_close(
    const struct seal *s, struct str name, struct str text, struct buf *out)
{
	char *room = buf_room(out, text.n + SEAL_OVER);
	unsigned char *p = (unsigned char *)room;
	EVP_CIPHER_CTX *ctx;
	int n;

	if (p == NULL)
		return; /* out tells */
	seal_random(p, NONCE);
	ctx = begin(s, p, name, 1);
	if (EVP_EncryptUpdate(ctx, p + NONCE, &n, (const unsigned char *)text.p,
		(int)text.n) != 1 ||
	    EVP_EncryptFinal_ex(ctx, p + NONCE + n, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(
		ctx, EVP_CTRL_AEAD_GET_TAG, TAG, p + NONCE + text.n) != 1)
		panic("aes-gcm");
	EVP_CIPHER_CTX_free(ctx);
	buf_grew(out, text.n + SEAL_OVER);
}

bool
seal_open(
    const struct seal *s, struct str name, struct str sealed, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)sealed.p;
	unsigned char tag[TAG], *room;
	EVP_CIPHER_CTX *ctx;
	bool ok;
	int n;

	if (sealed.n < SEAL_OVER)
		return false;
	room = (unsigned char *)buf_room(out, sealed.n);
	if (room == NULL)
		return false;
	memcpy(tag, p + sealed.n - TAG, TAG);
	ctx = begin(s, p, name, 0);
	ok = EVP_DecryptUpdate(
		 ctx, room, &n, p + NONCE, (int)(sealed.n - SEAL_OVER)) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
	     EVP_DecryptFinal_ex(ctx, room + n, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (ok)
		buf_grew(out, sealed.n - SEAL_OVER);
	else
		OPENSSL_cleanse(room, sealed.n);
	return ok;
}

static EVP_CIPHER_CTX *
begin(const struct seal *s, const void *nonce, struct str name, int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	if (ctx == NULL ||
	    EVP_CipherInit_ex(
		ctx, EVP_aes_256_gcm(), NULL, s->key, nonce, encrypt) != 1 ||
	    EVP_CipherUpdate(
		ctx, NULL, &n, (const unsigned char *)name.p, (int)name.n) != 1)
		panic("aes-gcm");
	return ctx;
}

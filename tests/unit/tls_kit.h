/*
 * tls_kit.h - certificates made for a test, a keyd, and a client in memory
 */
#ifndef TESTS_TLS_KIT_H
#define TESTS_TLS_KIT_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/mem.h"
#include "tls/cert.h"
#include "tls/make.h"
#include "tls/server.h"

#define KIT_CERTS 8

struct tls_kit {
	char names[KIT_CERTS][32];
	EVP_PKEY *keys[KIT_CERTS];
	struct buf chains[KIT_CERTS];
	struct cert certs[KIT_CERTS];
	size_t n;
	struct tls_store *store;
	unsigned signatures;
};

/* Names that ours would refuse to write, as OpenSSL writes them. */
static inline void
tls_kit_rename(X509 *x, EVP_PKEY *key, const char *names)
{
	X509_EXTENSION *e =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	int at = X509_get_ext_by_NID(x, NID_subject_alt_name, -1);

	X509_EXTENSION_free(X509_delete_ext(x, at));
	if (e == NULL || X509_add_ext(x, e, -1) != 1 ||
	    X509_sign(x, key, EVP_sha256()) == 0)
		panic("tls_kit: %s", names);
	X509_EXTENSION_free(e);
}

/* One more certificate; rsa_bits 0: ECDSA. */
static inline X509 *
tls_kit_add(
    struct tls_kit *k, const char *name, unsigned rsa_bits, const char *host)
{
	bool raw = strchr(host, ':') != NULL;
	struct str names[] = { str_of(raw ? "raw.test" : host) };
	STACK_OF(X509) *all = sk_X509_new_null();
	EVP_PKEY *key = rsa_bits > 0 ? EVP_RSA_gen(rsa_bits) : make_key();
	struct err err = ERR_INIT;
	X509 *x = make_selfsigned(key, names, 1, 30, &err);

	if (x == NULL)
		panic("tls_kit: %s", err.text);
	if (raw)
		tls_kit_rename(x, key, host);
	sk_X509_push(all, x);
	str_copy(k->names[k->n], sizeof(k->names[0]), str_of(name));
	k->keys[k->n] = key;
	buf_init(&k->chains[k->n], 65536);
	cert_write(all, &k->chains[k->n]);
	k->certs[k->n] =
	    (struct cert){ str_of(k->names[k->n]), buf_str(&k->chains[k->n]) };
	k->n++;
	sk_X509_free(all);
	return x; /* the caller's */
}

static inline void
tls_kit_open(struct tls_kit *k)
{
	static const char secrets[2][33] = {
		"0123456789abcdef0123456789abcdef",
		"fedcba9876543210fedcba9876543210",
	};
	struct ticket t[2] = { { { secrets[0], 32 } }, { { secrets[1], 32 } } };
	struct tickets tickets = { { 2, t } };

	tls_setup();
	*k = (struct tls_kit){ .store = tls_store_new() };
	tls_store_tickets(k->store, &tickets);
}

static inline void
tls_kit_publish(struct tls_kit *k)
{
	struct certs msg = { .certs = { k->n, k->certs } };
	struct err err = ERR_INIT;

	if (tls_store_certs(k->store, &msg, &err) == -1)
		panic("tls_kit: %s", err.text);
}

static inline void
tls_kit_close(struct tls_kit *k)
{
	for (size_t i = 0; i < k->n; i++) {
		EVP_PKEY_free(k->keys[i]);
		buf_fini(&k->chains[i]);
	}
	tls_store_free(&k->store);
}

/* What keyd would answer. */
static inline void
tls_kit_sign(struct tls_kit *k, struct tls_conn *c)
{
	unsigned char signature[SIGN_SIGNATURE_MAX];
	struct err err = ERR_INIT;
	struct sign msg;
	size_t n = 0;

	tls_conn_request(c, &msg);
	for (size_t i = 0; i < k->n; i++)
		if (str_is(msg.name, k->names[i]))
			n = sign_digest(k->keys[i], msg.algorithm, msg.digest,
			    signature, &err);
	k->signatures++;
	tls_conn_signed(c, (struct str){ (char *)signature, n });
}

/* --- the client --- */

struct tls_client {
	SSL *ssl;
	BIO *to_client, *to_server; /* memory */
};

static inline SSL_CTX *
tls_client_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
	return ctx;
}

static inline void
tls_client_open(struct tls_client *c, SSL_CTX *ctx)
{
	c->ssl = SSL_new(ctx);
	c->to_client = BIO_new(BIO_s_mem());
	c->to_server = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(c->to_client, -1);
	SSL_set_bio(c->ssl, c->to_client, c->to_server);
	SSL_set_connect_state(c->ssl);
}

/* Carries what the client has said to the server: *in, which grows. */
static inline void
tls_client_said(struct tls_client *c, struct buf *in)
{
	char *p;
	long n = BIO_get_mem_data(c->to_server, &p);

	buf_add(in, p, (size_t)n);
	(void)BIO_reset(c->to_server);
}

static inline void
tls_client_hears(struct tls_client *c, struct buf *out)
{
	if (out->len > 0)
		BIO_write(c->to_client, out->data, (int)out->len);
	buf_reset(out);
}

/* Both to the end; what the server says of it. */
static inline enum tls_result
tls_kit_handshake(struct tls_kit *k, struct tls_conn *s, struct tls_client *c)
{
	enum tls_result r = TLS_WANT_READ;
	struct buf in, out;

	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	for (int i = 0; i < 20 && r != TLS_FAILED; i++) {
		struct str rest;

		SSL_do_handshake(c->ssl);
		tls_client_said(c, &in);
		rest = buf_str(&in);
		if (r != TLS_OK || rest.n > 0)
			r = tls_handshake(s, &rest, &out);
		buf_consume(&in, in.len - rest.n);
		while (r == TLS_WANT_KEY) {
			tls_kit_sign(k, s);
			rest = STR("");
			r = tls_handshake(s, &rest, &out);
		}
		tls_client_hears(c, &out);
		if (r == TLS_OK && SSL_is_init_finished(c->ssl))
			break;
	}
	buf_fini(&in);
	buf_fini(&out);
	return r;
}

#endif

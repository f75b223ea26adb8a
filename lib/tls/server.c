/*
 * server.c - what one listener shows: certificates by name, session tickets
 */
#include "tls/server.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tls/cert.h"
#include "tls/inside.h"
#include "tls/provider.h"

#define CIPHERS_12                                                             \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"         \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"           \
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305"
/* TLS 1.0 and 1.1 have nothing better. */
#define CIPHERS_OLD                                                            \
	":ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:"                      \
	"ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA"
#define GROUPS "X25519:P-256:P-384"
#define SIGNATURES                                                             \
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:"               \
	"RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"
#define SESSION_SECONDS 7200
#define CLIENT_CHAIN    32768 /* bytes; threats TLS-05 */
#define CLIENT_DEPTH    8

static int set_up(struct tls_server *, const struct tls_store *,
    enum tls_version least, struct err *);
static bool set_versions(SSL_CTX *, enum tls_version least);
static const struct tls_cert *find_name(
    const struct tls_certs *, struct str name);
static bool choose(
    const struct tls_server *, struct str host, const struct tls_cert *[2]);
static int add_cert(SSL_CTX *, const struct tls_cert *, struct err *err);
static int on_cert(SSL *, void *arg);
static void derive(
    struct tls_ticket *, const unsigned char *secret, struct str scope);
static void hmac(
    struct str key, const char *label, struct str scope, unsigned char out[32]);
static int on_ticket(SSL *, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *, EVP_MAC_CTX *, int seal);

void
tls_setup(void)
{
	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG |
			     OPENSSL_INIT_LOAD_SSL_STRINGS |
			     OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
	    NULL);
	provider_setup();
}

struct tls_server *
tls_server_new(const struct tls_store *store, struct str certificate,
    struct str scope, enum tls_version least, struct err *err)
{
	struct tls_server *s;
	const struct tls_cert *own = find_name(store->certs, certificate);

	if (own == NULL) {
		err_set(err, ERR_TEMP, "certificate %.*s cannot be used",
		    STR_ARG(certificate));
		return NULL;
	}
	s = mem_alloc(sizeof(*s));
	s->refs = 1;
	s->certs = certs_ref(store->certs);
	s->own = own;
	hmac(STR("session"), "context", scope, s->scope);
	for (size_t i = 0; i < store->n_secrets; i++)
		derive(&s->tickets[s->n_tickets++], store->secrets[i], scope);
	if (set_up(s, store, least, err) == -1)
		tls_server_unref(&s);
	return s;
}

struct tls_server *
tls_server_ref(struct tls_server *s)
{
	s->refs++;
	return s;
}

void
tls_server_unref(struct tls_server **sp)
{
	struct tls_server *s = *sp;

	*sp = NULL;
	if (s == NULL || --s->refs > 0)
		return;
	SSL_CTX_free(s->ctx);
	certs_unref(&s->certs);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

static int
set_up(struct tls_server *s, const struct tls_store *store,
    enum tls_version least, struct err *err)
{
	const struct tls_cert *shown[2];
	SSL_CTX *c = s->ctx = SSL_CTX_new(TLS_server_method());

	if (c == NULL)
		panic("no memory for TLS");
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				   SSL_OP_CIPHER_SERVER_PREFERENCE |
				   SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS |
				SSL_MODE_ENABLE_PARTIAL_WRITE |
				SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(c, SESSION_SECONDS);
	SSL_CTX_set_num_tickets(c, 1);
	SSL_CTX_set_max_early_data(c, 0);
	SSL_CTX_set_max_cert_list(c, CLIENT_CHAIN);
	SSL_CTX_set_verify_depth(c, CLIENT_DEPTH);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(c, on_ticket);
	SSL_CTX_set_cert_cb(c, on_cert, s);
	/* Many a certificate of a mail server is for servers only. */
	if (SSL_CTX_set_purpose(c, X509_PURPOSE_ANY) != 1 ||
	    !set_versions(c, least) ||
	    SSL_CTX_set1_groups_list(c, GROUPS) != 1 ||
	    SSL_CTX_set1_sigalgs_list(c, SIGNATURES) != 1)
		return tls_err(err, ERR_TEMP, "TLS");
	if (store->client_ca != NULL)
		SSL_CTX_set1_verify_cert_store(c, store->client_ca);
	choose(s, STR(""), shown);
	if (add_cert(c, s->own, err) == -1)
		return -1;
	for (size_t i = 0; i < 2; i++)
		if (shown[i] != NULL && shown[i] != s->own)
			add_cert(c, shown[i], NULL);
	return 0;
}

/* Security level 0 is what lets SHA-1 sign. */
static bool
set_versions(SSL_CTX *c, enum tls_version least)
{
	static const int versions[] = {
		[TLS_1_0] = TLS1_VERSION,
		[TLS_1_1] = TLS1_1_VERSION,
		[TLS_1_2] = TLS1_2_VERSION,
		[TLS_1_3] = TLS1_3_VERSION,
	};
	bool old = least < TLS_1_2;

	if (old)
		SSL_CTX_set_security_level(c, 0);
	return SSL_CTX_set_min_proto_version(c, versions[least]) == 1 &&
	       SSL_CTX_set_cipher_list(
		   c, old ? CIPHERS_12 CIPHERS_OLD : CIPHERS_12) == 1;
}

/* --- certificates --- */

static const struct tls_cert *
find_name(const struct tls_certs *certs, struct str name)
{
	for (size_t i = 0; i < certs->n; i++)
		if (str_is(name, certs->v[i].name))
			return &certs->v[i];
	return NULL;
}

/*
 * Which are shown to a client that asks for that host: of each kind of key
 * one, so that it is the client's abilities which decide, ECDSA first. The
 * listener's own counts before others; when none has the name, and when no
 * name was asked for, the own one, and one of the other kind that has the
 * same name. False: that is the case.
 */
static bool
choose(const struct tls_server *s, struct str host,
    const struct tls_cert *shown[2])
{
	char first[256];
	bool by_name = false;

	shown[0] = shown[1] = NULL;
	if (host.n > 0 && cert_matches(s->own->own, host)) {
		shown[s->own->ec] = s->own;
		by_name = true;
	}
	for (size_t i = 0; host.n > 0 && i < s->certs->n; i++) {
		const struct tls_cert *c = &s->certs->v[i];

		if (shown[c->ec] != NULL || !cert_matches(c->own, host))
			continue;
		shown[c->ec] = c;
		by_name = true;
	}
	if (by_name)
		return true;
	shown[s->own->ec] = s->own;
	host = str_of(cert_first_name(s->own->own, first));
	for (size_t i = 0; i < s->certs->n; i++) {
		const struct tls_cert *c = &s->certs->v[i];

		if (shown[c->ec] == NULL && cert_matches(c->own, host))
			shown[c->ec] = c;
	}
	return false;
}

static int
add_cert(SSL_CTX *ctx, const struct tls_cert *c, struct err *err)
{
	if (SSL_CTX_use_cert_and_key(ctx, c->own, c->key, c->chain, 1) == 1)
		return 0;
	tls_err(err, ERR_TEMP, "certificate");
	return err_in(err, "%s", c->name);
}

/* Called when the client has said what it wants. */
static int
on_cert(SSL *ssl, void *arg)
{
	const struct tls_server *s = arg;
	const char *host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct tls_cert *shown[2];

	if (host == NULL || !choose(s, str_of(host), shown))
		return 1; /* what the context has */
	SSL_certs_clear(ssl);
	for (size_t i = 0; i < 2; i++)
		if (shown[i] != NULL &&
		    SSL_use_cert_and_key(ssl, shown[i]->own, shown[i]->key,
			shown[i]->chain, 1) != 1)
			return 0;
	return 1;
}

/* --- tickets --- */

static void
derive(struct tls_ticket *t, const unsigned char *secret, struct str scope)
{
	struct str key = { (const char *)secret, STORE_SECRET };
	unsigned char name[32];

	hmac(key, "name", scope, name);
	memcpy(t->name, name, sizeof(t->name));
	hmac(key, "cipher", scope, t->cipher_key);
	hmac(key, "mac", scope, t->mac_key);
}

/* RFC 5869, with the secret, which is random, as the key. */
static void
hmac(struct str key, const char *label, struct str scope, unsigned char out[32])
{
	struct buf text;

	buf_init(&text, 4096);
	buf_add(&text, label, strlen(label) + 1);
	buf_add_str(&text, str_sub(scope, 0, 2048));
	buf_putc(&text, 1);
	if (HMAC(EVP_sha256(), key.p, (int)key.n,
		(const unsigned char *)text.data, text.len, out, NULL) == NULL)
		panic("HMAC");
	buf_fini(&text);
}

/* 0: unknown, a full handshake; 2: open, and give a new one. */
static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seal)
{
	const struct tls_server *s = conn_server(ssl);
	const struct tls_ticket *t = NULL;
	OSSL_PARAM params[3];

	for (size_t i = 0; i < s->n_tickets && t == NULL; i++)
		if (seal || memcmp(name, s->tickets[i].name,
				sizeof(s->tickets[i].name)) == 0)
			t = &s->tickets[i];
	if (t == NULL)
		return 0;
	if (seal) {
		memcpy(name, t->name, sizeof(t->name));
		if (RAND_bytes(iv, 16) != 1)
			return -1;
	}
	params[0] = OSSL_PARAM_construct_octet_string(
	    OSSL_MAC_PARAM_KEY, (void *)t->mac_key, sizeof(t->mac_key));
	params[1] = OSSL_PARAM_construct_utf8_string(
	    OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
	params[2] = OSSL_PARAM_construct_end();
	if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, t->cipher_key,
		iv, seal) != 1 ||
	    EVP_MAC_CTX_set_params(mac, params) != 1)
		return -1;
	/* Clients use a ticket of TLS 1.3 once (RFC 8446 C.4). */
	return seal || (t == &s->tickets[0] &&
			   SSL_version(ssl) != TLS1_3_VERSION)
		   ? 1
		   : 2;
}

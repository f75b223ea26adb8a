/* store.c - what keyd has told: certificates, authorities, tickets */
#include "tls/store.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tls/cert.h"
#include "tls/provider.h"

static int take_cert(struct tls_cert *, const struct cert *, struct err *err);

struct tls_store *
tls_store_new(void)
{
	struct tls_store *s = mem_alloc(sizeof(*s));

	s->certs = mem_alloc(sizeof(*s->certs));
	s->certs->refs = 1;
	return s;
}

void
tls_store_free(struct tls_store **sp)
{
	struct tls_store *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	certs_unref(&s->certs);
	X509_STORE_free(s->client_ca);
	OPENSSL_cleanse(s->secrets, sizeof(s->secrets));
	free(s);
}

int
tls_store_certs(struct tls_store *s, const struct certs *msg, struct err *err)
{
	const struct cert *from = msg->certs.v;
	struct tls_certs *next = mem_alloc(sizeof(*next));
	int rc = 0;

	next->refs = 1;
	next->v = mem_array(msg->certs.n + 1, sizeof(*next->v));
	for (size_t i = 0; i < msg->certs.n; i++) {
		if (take_cert(&next->v[next->n], &from[i], err) == 0)
			next->n++;
		else
			rc = err_in(
			    err, "certificate %.*s", STR_ARG(from[i].name));
	}
	certs_unref(&s->certs);
	s->certs = next;
	s->generation++;
	return rc;
}

int
tls_store_client_ca(struct tls_store *s, struct str pem, struct err *err)
{
	STACK_OF(X509) *all = NULL;
	X509_STORE *next = NULL;

	if (pem.n > 0) {
		all = cert_read(pem, CERT_CA_MAX, err);
		next = X509_STORE_new();
		if (next == NULL)
			panic("no memory for authorities");
	}
	for (int i = 0; all != NULL && i < sk_X509_num(all); i++)
		X509_STORE_add_cert(next, sk_X509_value(all, i));
	X509_STORE_free(s->client_ca);
	s->client_ca = next; /* with nobody in it nobody is believed */
	s->generation++;
	if (pem.n > 0 && all == NULL)
		return -1;
	if (all != NULL)
		cert_free(&all);
	return 0;
}

void
tls_store_tickets(struct tls_store *s, const struct tickets *msg)
{
	const struct ticket *t = msg->tickets.v;

	s->n_secrets = 0;
	for (size_t i = 0; i < msg->tickets.n && s->n_secrets < STORE_TICKETS;
	     i++) {
		if (t[i].secret.n != STORE_SECRET)
			continue;
		memcpy(s->secrets[s->n_secrets++], t[i].secret.p, STORE_SECRET);
	}
	s->generation++;
}

uint64_t
tls_store_generation(const struct tls_store *s)
{
	return s->generation;
}

struct tls_certs *
certs_ref(struct tls_certs *c)
{
	c->refs++;
	return c;
}

void
certs_unref(struct tls_certs **cp)
{
	struct tls_certs *c = *cp;

	*cp = NULL;
	if (c == NULL || --c->refs > 0)
		return;
	for (size_t i = 0; i < c->n; i++) {
		X509_free(c->v[i].own);
		cert_free(&c->v[i].chain);
		EVP_PKEY_free(c->v[i].key);
	}
	free(c->v);
	free(c);
}

static int
take_cert(struct tls_cert *to, const struct cert *from, struct err *err)
{
	EVP_PKEY *public;

	*to = (struct tls_cert){ 0 };
	str_copy(to->name, sizeof(to->name), from->name);
	to->chain = cert_read(from->chain, CERT_CHAIN_MAX, err);
	if (to->chain == NULL)
		return -1;
	to->own = sk_X509_shift(to->chain);
	public = X509_get0_pubkey(to->own);
	to->ec = public != NULL && EVP_PKEY_is_a(public, "EC");
	if (public != NULL && (to->ec || EVP_PKEY_is_a(public, "RSA")))
		to->key = provider_key(public, from->name);
	if (to->key != NULL)
		return 0;
	tls_err(err, ERR_USAGE, "its public key");
	X509_free(to->own);
	cert_free(&to->chain);
	return -1;
}

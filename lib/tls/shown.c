/* shown.c - the certificates that a server has shown, for people */
#include <openssl/ssl.h>

#include "tls/cert.h"
#include "tls/client.h"
#include "tls/inside.h"

_Static_assert(TLS_SHOWN_TEXT == CERT_TEXT, "texts of tls/cert.h");

static void show(const X509 *, struct tls_shown *);

size_t
tls_conn_shown(const struct tls_conn *conn, struct tls_shown *v, size_t max)
{
	const SSL *ssl = conn_ssl(conn);
	const X509 *own = SSL_get0_peer_certificate(ssl);
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	size_t n = 0;

	if (own == NULL || max == 0)
		return 0;
	show(own, &v[n++]);
	for (int i = 1; i < sk_X509_num(chain) && n < max; i++)
		show(sk_X509_value(chain, i), &v[n++]);
	return n;
}

static void
show(const X509 *x, struct tls_shown *out)
{
	cert_name_text(X509_get_subject_name(x), out->subject);
	cert_name_text(X509_get_issuer_name(x), out->issuer);
	cert_names(x, out->names);
	cert_fingerprint(x, out->fingerprint);
	cert_key_text(X509_get0_pubkey(x), out->key);
	out->begins = cert_begins(x);
	out->expires = cert_expires(x);
}

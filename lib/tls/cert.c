/* cert.c - certificates and keys: reading and checking */
#include "tls/cert.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bounds.h"
#include "base/mem.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192

static int no_passphrase(char *buf, int size, int rwflag, void *arg);
static int check_key(EVP_PKEY *, struct err *err);
static int check_chain(const STACK_OF(X509) *, struct err *err);
static int64_t wall_ms(const ASN1_TIME *);

int
tls_err(struct err *err, enum err_kind kind, const char *context)
{
	char why[200];

	return err_set(
	    err, kind, "%s: %s", context, tls_reason(why, sizeof(why)));
}

/* The first entry is the root of the matter, what follows who passed it on;
 * but where that is a bare number, a later one may have words. */
const char *
tls_reason(char *out, size_t size)
{
	const char *data, *reason;
	unsigned long code;
	int flags;

	snprintf(out, size, "no reason was given");
	while (
	    (code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
		reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
						: ERR_reason_error_string(code);
		if (reason == NULL)
			continue;
		snprintf(out, size, "%s%s%s%s", reason,
		    (flags & ERR_TXT_STRING) && data[0] != '\0' ? " (" : "",
		    flags & ERR_TXT_STRING ? data : "",
		    (flags & ERR_TXT_STRING) && data[0] != '\0' ? ")" : "");
		break;
	}
	ERR_clear_error();
	return out;
}

STACK_OF(X509) * cert_read(struct str pem, int max, struct err *err)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *x;

	if (all == NULL || in == NULL)
		panic("no memory for certificates");
	while ((x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL)
		sk_X509_push(all, x);
	BIO_free(in);
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		tls_err(err, ERR_USAGE, "no certificate in PEM form");
		cert_free(&all);
		return NULL;
	}
	ERR_clear_error();
	if (sk_X509_num(all) > 0 && sk_X509_num(all) <= max)
		return all;
	err_set(err, ERR_USAGE,
	    sk_X509_num(all) == 0 ? "there is no certificate in it"
				  : "there are %d certificates in it; at most "
				    "%d are allowed",
	    sk_X509_num(all), max);
	cert_free(&all);
	return NULL;
}

void
cert_free(STACK_OF(X509) * *all)
{
	sk_X509_pop_free(*all, X509_free);
	*all = NULL;
}

EVP_PKEY *
cert_read_key(struct str pem, struct err *err)
{
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key;
	bool asked = false;

	if (in == NULL)
		panic("no memory for a key");
	key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, &asked);
	BIO_free(in);
	if (key == NULL && asked) {
		ERR_clear_error();
		err_set(err, ERR_USAGE,
		    "the key has a passphrase, which nobody could type in; "
		    "take it off (openssl pkey -in ... -out ...)");
	} else if (key == NULL) {
		tls_err(err, ERR_USAGE, "no private key in PEM form");
	}
	ERR_clear_error();
	return key;
}

void
cert_write(const STACK_OF(X509) * all, struct buf *out)
{
	BIO *to = BIO_new(BIO_s_mem());
	char *p;
	long n;

	if (to == NULL)
		panic("no memory for certificates");
	for (int i = 0; i < sk_X509_num(all); i++)
		PEM_write_bio_X509(to, sk_X509_value(all, i));
	n = BIO_get_mem_data(to, &p);
	buf_add(out, p, (size_t)n);
	BIO_free(to);
}

int
cert_check(const STACK_OF(X509) * all, EVP_PKEY *key, struct err *err)
{
	EVP_PKEY *public = X509_get0_pubkey(sk_X509_value(all, 0));

	if (public == NULL)
		return tls_err(err, ERR_USAGE, "public key of the certificate");
	if (check_key(public, err) == -1)
		return -1;
	if (EVP_PKEY_eq(public, key) != 1) {
		ERR_clear_error();
		return err_set(err, ERR_USAGE,
		    "the private key is not that of the certificate");
	}
	return check_chain(all, err);
}

bool
cert_matches(const X509 *x, struct str name)
{
	return name.n > 0 && name.n <= DOMAIN_MAX &&
	       str_find(name, '*') == name.n &&
	       X509_check_host((X509 *)x, name.p, name.n,
		   X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
		       X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
		   NULL) == 1;
}

int64_t
cert_expires(const X509 *x)
{
	return wall_ms(X509_get0_notAfter(x));
}

int64_t
cert_begins(const X509 *x)
{
	return wall_ms(X509_get0_notBefore(x));
}

/* OpenSSL would ask the terminal. */
static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	bool *asked = arg;

	(void)buf, (void)size, (void)rwflag;
	if (asked != NULL)
		*asked = true;
	return -1;
}

static int
check_key(EVP_PKEY *key, struct err *err)
{
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "EC")) {
		char group[64] = "";

		EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
		if (strcmp(group, "prime256v1") == 0 ||
		    strcmp(group, "secp384r1") == 0)
			return 0;
		return err_set(err, ERR_USAGE,
		    "the key is on the curve %s; P-256 and P-384 are those "
		    "that clients know",
		    group);
	}
	if (!EVP_PKEY_is_a(key, "RSA"))
		return err_set(
		    err, ERR_USAGE, "the key is neither ECDSA nor RSA");
	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return err_set(err, ERR_USAGE,
		    "the RSA key has %d bits; %d to %d are allowed", bits,
		    RSA_BITS_MIN, RSA_BITS_MAX);
	return 0;
}

static int
check_chain(const STACK_OF(X509) * all, struct err *err)
{
	for (int i = 0; i + 1 < sk_X509_num(all); i++) {
		if (X509_check_issued(sk_X509_value(all, i + 1),
			sk_X509_value(all, i)) == X509_V_OK)
			continue;
		ERR_clear_error();
		return err_set(err, ERR_USAGE,
		    "certificate %d of the chain was not issued by the one "
		    "that follows it: its own comes first, then its issuer, "
		    "and so on",
		    i + 1);
	}
	ERR_clear_error();
	return 0;
}

static int64_t
wall_ms(const ASN1_TIME *t)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm) * 1000;
}

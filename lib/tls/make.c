/* make.c - new keys, certificates signed by themselves, requests */
#include "tls/make.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/bounds.h"
#include "base/ip.h"
#include "base/mem.h"
#include "tls/cert.h"

#define SERIAL_BYTES  16
#define DKIM_RSA_BITS 2048
#define COMMON_MAX    64 /* X.520: longer names stand in the list alone */

static int set_subject(X509_NAME *, const struct str *names, size_t n);
static X509_EXTENSION *alt_names(
    const struct str *names, size_t n, struct err *err);
static bool name_ok(struct str);
static int add_extension(X509 *, int nid, const char *value);
static void add_serial(X509 *);
static void take_text(BIO *, struct buf *out);

EVP_PKEY *
make_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	if (key == NULL)
		panic("no new key can be made");
	return key;
}

EVP_PKEY *
make_dkim_key(enum dkim_algorithm a)
{
	EVP_PKEY *key = a == DKIM_RSA
			    ? EVP_RSA_gen(DKIM_RSA_BITS)
			    : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	if (key == NULL)
		panic("no new key can be made");
	return key;
}

X509 *
make_selfsigned(EVP_PKEY *key, const struct str *names, size_t n, unsigned days,
    struct err *err)
{
	X509_EXTENSION *alt = alt_names(names, n, err);
	X509 *x = X509_new();

	if (x == NULL)
		panic("no memory for a certificate");
	add_serial(x);
	if (alt == NULL || X509_set_version(x, X509_VERSION_3) != 1 ||
	    set_subject(X509_get_subject_name(x), names, n) == -1 ||
	    X509_set_issuer_name(x, X509_get_subject_name(x)) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), -3600) == NULL ||
	    X509_time_adj_ex(X509_getm_notAfter(x), (int)days, 0, NULL) ==
		NULL ||
	    X509_set_pubkey(x, key) != 1 || X509_add_ext(x, alt, -1) != 1 ||
	    add_extension(x, NID_basic_constraints, "critical,CA:FALSE") ==
		-1 ||
	    add_extension(x, NID_key_usage, "critical,digitalSignature") ==
		-1 ||
	    add_extension(x, NID_ext_key_usage, "serverAuth,clientAuth") ==
		-1 ||
	    X509_sign(x, key, EVP_sha256()) == 0) {
		if (alt != NULL)
			tls_err(err, ERR_TEMP, "making a certificate");
		X509_free(x);
		x = NULL;
	}
	X509_EXTENSION_free(alt);
	return x;
}

X509_REQ *
make_request(EVP_PKEY *key, const struct str *names, size_t n, struct err *err)
{
	X509_EXTENSION *alt = alt_names(names, n, err);
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	X509_REQ *r = X509_REQ_new();

	if (r == NULL || list == NULL)
		panic("no memory for a request");
	if (alt != NULL)
		sk_X509_EXTENSION_push(list, alt);
	if (alt == NULL ||
	    set_subject(X509_REQ_get_subject_name(r), names, n) == -1 ||
	    X509_REQ_set_pubkey(r, key) != 1 ||
	    X509_REQ_add_extensions(r, list) != 1 ||
	    X509_REQ_sign(r, key, EVP_sha256()) == 0) {
		if (alt != NULL)
			tls_err(err, ERR_TEMP, "making a request");
		X509_REQ_free(r);
		r = NULL;
	}
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return r;
}

void
make_key_text(EVP_PKEY *key, struct buf *out)
{
	BIO *to = BIO_new(BIO_s_secmem());

	if (to == NULL || PEM_write_bio_PKCS8PrivateKey(
			      to, key, NULL, NULL, 0, NULL, NULL) != 1)
		panic("a key cannot be written");
	take_text(to, out);
}

void
make_dkim_public(EVP_PKEY *key, enum dkim_algorithm a, struct buf *out)
{
	unsigned char raw[DKIM_DIGEST], *der = NULL;
	size_t n = sizeof(raw);
	int len;

	if (a == DKIM_ED25519) {
		if (EVP_PKEY_get_raw_public_key(key, raw, &n) != 1)
			panic("a key without a public one");
		buf_add(out, raw, n);
		return;
	}
	len = i2d_PUBKEY(key, &der);
	if (len <= 0)
		panic("a key without a public one");
	buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
}

void
make_request_text(X509_REQ *r, struct buf *out)
{
	BIO *to = BIO_new(BIO_s_mem());

	if (to == NULL || PEM_write_bio_X509_REQ(to, r) != 1)
		panic("a request cannot be written");
	take_text(to, out);
}

static int
set_subject(X509_NAME *to, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ip ip;

		if (names[i].n > COMMON_MAX || ip_parse(&ip, names[i]))
			continue;
		return X509_NAME_add_entry_by_NID(to, NID_commonName,
			   MBSTRING_UTF8, (const unsigned char *)names[i].p,
			   (int)names[i].n, -1, 0) == 1
			   ? 0
			   : -1;
	}
	return 0; /* none: the names alone count */
}

static X509_EXTENSION *
alt_names(const struct str *names, size_t n, struct err *err)
{
	X509_EXTENSION *alt;
	struct buf text;
	struct ip ip;

	buf_init(&text, 65536);
	for (size_t i = 0; i < n; i++) {
		bool is_ip = ip_parse(&ip, names[i]);

		if (!is_ip && !name_ok(names[i])) {
			err_set(err, ERR_USAGE,
			    "\"%.*s\" is neither a host name nor an address",
			    STR_ARG(names[i]));
			buf_fini(&text);
			return NULL;
		}
		buf_printf(&text, "%s%s:%.*s", i > 0 ? "," : "",
		    is_ip ? "IP" : "DNS", STR_ARG(names[i]));
	}
	alt = X509V3_EXT_conf_nid(
	    NULL, NULL, NID_subject_alt_name, n > 0 ? text.data : "");
	if (alt == NULL)
		tls_err(err, ERR_USAGE, "names of the certificate");
	buf_fini(&text);
	return alt;
}

/* Nothing that means something in the text of the extension. */
static bool
name_ok(struct str s)
{
	if (s.n > 2 && s.p[0] == '*' && s.p[1] == '.')
		s = str_sub(s, 2, s.n);
	if (s.n == 0 || s.n > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
			(s.p[i] >= 'A' && s.p[i] <= 'Z') ||
			(s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-' ||
			s.p[i] == '_' || (s.p[i] == '.' && i > 0)))
			return false;
	return true;
}

static int
add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	int rc = e != NULL && X509_add_ext(x, e, -1) == 1 ? 0 : -1;

	X509_EXTENSION_free(e);
	return rc;
}

static void
add_serial(X509 *x)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *n;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		panic("no random numbers");
	bytes[0] &= 0x7f; /* positive */
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	if (n == NULL ||
	    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) == NULL)
		panic("no memory for a number");
	BN_free(n);
}

static void
take_text(BIO *from, struct buf *out)
{
	char *p;
	long n = BIO_get_mem_data(from, &p);

	buf_add(out, p, (size_t)n);
	BIO_free(from);
}

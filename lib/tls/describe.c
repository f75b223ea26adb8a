/* describe.c - certificates in words */
#include <ctype.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/mem.h"
#include "tls/cert.h"

static bool add_name(struct buf *, const GENERAL_NAME *);
static struct str ia5(const ASN1_IA5STRING *);

const char *
cert_name_text(const X509_NAME *name, char out[CERT_TEXT])
{
	BIO *to = BIO_new(BIO_s_mem());
	char *p;
	long n;

	if (to == NULL)
		panic("no memory for a name");
	X509_NAME_print_ex(to, name, 0,
	    (XN_FLAG_ONELINE | ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_ESC_MSB) &
		~XN_FLAG_SPC_EQ);
	n = BIO_get_mem_data(to, &p);
	str_copy(out, CERT_TEXT, (struct str){ p, (size_t)n });
	BIO_free(to);
	return out;
}

const char *
cert_names(const X509 *x, char out[CERT_TEXT])
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	struct buf text;

	buf_init(&text, 65536);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		add_name(&text, sk_GENERAL_NAME_value(names, i));
	str_copy(out, CERT_TEXT, text.len > 0 ? buf_str(&text) : STR(""));
	buf_fini(&text);
	GENERAL_NAMES_free(names);
	return out;
}

const char *
cert_first_name(const X509 *x, char out[256])
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);

	out[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		if (n->type != GEN_DNS)
			continue;
		str_copy(out, 256, ia5(n->d.dNSName));
		str_lower(out);
		break;
	}
	GENERAL_NAMES_free(names);
	return out;
}

const char *
cert_fingerprint(const X509 *x, char out[CERT_TEXT])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	out[0] = '\0';
	if (X509_digest(x, EVP_sha256(), md, &n) != 1)
		return out;
	for (unsigned int i = 0; i < n; i++)
		snprintf(out + 3 * i, 4, "%02X%s", md[i], i + 1 < n ? ":" : "");
	return out;
}

const char *
cert_key_text(EVP_PKEY *key, char out[64])
{
	char group[32] = "";

	if (key != NULL && EVP_PKEY_is_a(key, "EC")) {
		EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
		snprintf(out, 64, "ECDSA %s",
		    strcmp(group, "prime256v1") == 0  ? "P-256"
		    : strcmp(group, "secp384r1") == 0 ? "P-384"
						      : group);
	} else if (key != NULL && EVP_PKEY_is_a(key, "RSA")) {
		snprintf(out, 64, "RSA %d", EVP_PKEY_get_bits(key));
	} else {
		snprintf(out, 64, "unknown");
	}
	return out;
}

static bool
add_name(struct buf *out, const GENERAL_NAME *n)
{
	const char *sep = out->len > 0 ? ", " : "";
	char escaped[300], text[IP_TEXT];
	struct ip ip = { .b = { [10] = 0xff, [11] = 0xff } };
	int len;

	if (n->type == GEN_DNS) {
		str_escape(escaped, sizeof(escaped), ia5(n->d.dNSName), 255);
		return buf_printf(out, "%s%s", sep, escaped);
	}
	if (n->type != GEN_IPADD)
		return true;
	len = ASN1_STRING_length(n->d.iPAddress);
	if (len != 4 && len != 16)
		return true;
	memcpy(ip.b + 16 - len, ASN1_STRING_get0_data(n->d.iPAddress),
	    (size_t)len);
	return buf_printf(out, "%s%s", sep, ip_text(&ip, text));
}

static struct str
ia5(const ASN1_IA5STRING *s)
{
	return (struct str){ (const char *)ASN1_STRING_get0_data(s),
		(size_t)ASN1_STRING_length(s) };
}

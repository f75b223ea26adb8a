/* provider.c - keys that somebody else has */
#include "tls/provider.h"

#include <openssl/async.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/param_build.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PARAM_KEY "postern-key" /* a pointer to a struct remote_key */

struct remote_key {
	EVP_PKEY *public;
	char name[NAME_MAX_LEN + 1];
};

struct signer {
	const struct remote_key *key;
	char md[24];
	bool pss;
};

static OSSL_LIB_CTX *context;
static struct tls_wanted *working; /* there is one thread */

static bool pad_mode(const OSSL_PARAM *, bool *pss);
static bool wait_for_signature(struct tls_wanted *, const struct remote_key *);

/* --- keys: OpenSSL's own code does the work, on the public part --- */

static void *
key_new(void *provider)
{
	(void)provider;
	return mem_alloc(sizeof(struct remote_key));
}

static void
key_free(void *arg)
{
	struct remote_key *k = arg;

	if (k != NULL)
		EVP_PKEY_free(k->public);
	free(k);
}

static int
key_has(const void *arg, int selection)
{
	(void)selection;
	return ((const struct remote_key *)arg)->public != NULL;
}

static int
key_match(const void *a, const void *b, int selection)
{
	const struct remote_key *x = a, *y = b;

	(void)selection;
	return EVP_PKEY_eq(x->public, y->public) == 1;
}

static int
key_import(void *arg, int selection, const OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, PARAM_KEY);
	struct remote_key *k = arg;
	const void *from;
	size_t n;

	(void)selection;
	if (p == NULL || OSSL_PARAM_get_octet_ptr(p, &from, &n) != 1 ||
	    n != sizeof(*k))
		return 0;
	memcpy(k, from, sizeof(*k));
	return EVP_PKEY_up_ref(k->public);
}

static const OSSL_PARAM *
key_import_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_octet_ptr(PARAM_KEY, NULL, 0), OSSL_PARAM_END
	};

	(void)selection;
	return types;
}

/* The public part only: with more, others would take it for a whole key. */
static int
key_export(void *arg, int selection, OSSL_CALLBACK *take, void *takes)
{
	const struct remote_key *k = arg;
	OSSL_PARAM *params = NULL;
	int ok;

	if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
		return 0;
	ok = EVP_PKEY_todata(k->public, EVP_PKEY_PUBLIC_KEY, &params) == 1 &&
	     take(params, takes) == 1;
	OSSL_PARAM_free(params);
	return ok;
}

/* Which ones there are, who takes them does not ask. */
static const OSSL_PARAM *
key_export_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0), OSSL_PARAM_END
	};

	return selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY ? NULL : types;
}

static int
key_get_params(void *arg, OSSL_PARAM params[])
{
	return EVP_PKEY_get_params(
	    ((const struct remote_key *)arg)->public, params);
}

static const OSSL_PARAM *
key_gettable(void *provider)
{
	static const OSSL_PARAM types[] = { OSSL_PARAM_int(
						OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_utf8_string(
		    OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, NULL, 0),
		OSSL_PARAM_END };

	(void)provider;
	return types;
}

static const char *
ec_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

static const char *
rsa_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "RSA" : NULL;
}

/* --- signatures --- */

static void *
signer_new(void *provider, const char *properties)
{
	(void)provider, (void)properties;
	return mem_alloc(sizeof(struct signer));
}

static void
signer_free(void *arg)
{
	free(arg);
}

static int
signer_set(void *arg, const OSSL_PARAM params[])
{
	struct signer *s = arg;
	const OSSL_PARAM *p;

	if (params == NULL)
		return 1;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	return p == NULL || pad_mode(p, &s->pss);
}

static const OSSL_PARAM *
signer_settable(void *arg, void *provider)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		/* always as long as the digest: sign.h */
		OSSL_PARAM_utf8_string(
		    OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_END
	};

	(void)arg, (void)provider;
	return types;
}

static int
signer_init(void *arg, const char *md, void *key, const OSSL_PARAM params[])
{
	struct signer *s = arg;

	if (key != NULL)
		s->key = key;
	s->pss = false;
	return md != NULL && str_copy(s->md, sizeof(s->md), str_of(md)) &&
	       signer_set(s, params);
}

/* sig NULL: how much room it needs. */
static int
signer_sign(void *arg, unsigned char *sig, size_t *n, size_t room,
    const unsigned char *data, size_t len)
{
	struct signer *s = arg;
	struct tls_wanted *w = working;
	int size = EVP_PKEY_get_size(s->key->public);
	unsigned int digest_len;
	EVP_MD *md;
	bool ok;

	if (sig == NULL) {
		*n = (size_t)size;
		return size > 0;
	}
	md = EVP_MD_fetch(NULL, s->md, NULL);
	if (w == NULL || md == NULL) {
		EVP_MD_free(md);
		return 0;
	}
	w->algorithm =
	    sign_algorithm(EVP_PKEY_is_a(s->key->public, "EC") ? "EC" : "RSA",
		s->pss, EVP_MD_get0_name(md));
	ok = w->algorithm != SIGN_NONE &&
	     EVP_Digest(data, len, (unsigned char *)w->digest, &digest_len, md,
		 NULL) == 1 &&
	     digest_len == sign_digest_len(w->algorithm);
	EVP_MD_free(md);
	if (!ok || !wait_for_signature(w, s->key) || w->n > room)
		return 0;
	memcpy(sig, w->signature, w->n);
	*n = w->n;
	return 1;
}

static bool
wait_for_signature(struct tls_wanted *w, const struct remote_key *key)
{
	if (ASYNC_get_current_job() == NULL)
		return false;
	str_copy(w->name, sizeof(w->name), str_of(key->name));
	w->n = 0;
	w->paused = true;
	ASYNC_pause_job();
	/* the variables of this stack are as they were; `working` is not */
	w->paused = false;
	return w->n > 0;
}

static bool
pad_mode(const OSSL_PARAM *p, bool *pss)
{
	const char *text;
	int mode;

	if (p->data_type == OSSL_PARAM_UTF8_STRING) {
		text = p->data;
		*pss = strcmp(text, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
		return *pss ||
		       strcmp(text, OSSL_PKEY_RSA_PAD_MODE_PKCSV15) == 0;
	}
	if (OSSL_PARAM_get_int(p, &mode) != 1)
		return false;
	*pss = mode == RSA_PKCS1_PSS_PADDING;
	return *pss || mode == RSA_PKCS1_PADDING;
}

/* --- the tables --- */

#define FUNC(id, function)                                                     \
	{                                                                      \
		(id), (void (*)(void))(function)                               \
	}
#define KEY_FUNCS(operation)                                                   \
	FUNC(OSSL_FUNC_KEYMGMT_NEW, key_new),                                  \
	    FUNC(OSSL_FUNC_KEYMGMT_FREE, key_free),                            \
	    FUNC(OSSL_FUNC_KEYMGMT_HAS, key_has),                              \
	    FUNC(OSSL_FUNC_KEYMGMT_MATCH, key_match),                          \
	    FUNC(OSSL_FUNC_KEYMGMT_IMPORT, key_import),                        \
	    FUNC(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_import_types),            \
	    FUNC(OSSL_FUNC_KEYMGMT_EXPORT, key_export),                        \
	    FUNC(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_export_types),            \
	    FUNC(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),                \
	    FUNC(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable),             \
	    FUNC(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, operation),           \
	{                                                                      \
		0, NULL                                                        \
	}

static const OSSL_DISPATCH ec_keys[] = { KEY_FUNCS(ec_operation) };
static const OSSL_DISPATCH rsa_keys[] = { KEY_FUNCS(rsa_operation) };
static const OSSL_DISPATCH signatures[] = {
	FUNC(OSSL_FUNC_SIGNATURE_NEWCTX, signer_new),
	FUNC(OSSL_FUNC_SIGNATURE_FREECTX, signer_free),
	FUNC(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signer_init),
	FUNC(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signer_sign),
	FUNC(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signer_set),
	FUNC(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, signer_settable),
	{ 0, NULL },
};
static const OSSL_ALGORITHM key_algorithms[] = {
	{ "EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=postern", ec_keys,
	    "elliptic curves" },
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=postern",
	    rsa_keys, "RSA" },
	{ NULL, NULL, NULL, NULL },
};
static const OSSL_ALGORITHM signature_algorithms[] = {
	{ "ECDSA", "provider=postern", signatures, "ECDSA" },
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=postern",
	    signatures, "RSA" },
	{ NULL, NULL, NULL, NULL },
};

static const OSSL_ALGORITHM *
query(void *provider, int operation, int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_KEYMGMT     ? key_algorithms
	       : operation == OSSL_OP_SIGNATURE ? signature_algorithms
						: NULL;
}

static int
provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH dispatch[] = {
		FUNC(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
		{ 0, NULL },
	};

	(void)in;
	*out = dispatch;
	*provider = (void *)handle;
	return 1;
}

/* --- outside --- */

void
provider_setup(void)
{
	if (context != NULL)
		return;
	context = OSSL_LIB_CTX_new();
	if (context == NULL ||
	    OSSL_PROVIDER_add_builtin(context, "postern", provider_init) != 1 ||
	    OSSL_PROVIDER_load(context, "postern") == NULL)
		panic("OpenSSL does not take a provider");
}

EVP_PKEY *
provider_key(EVP_PKEY *public, struct str name)
{
	struct remote_key k = { .public = public };
	const void *p = &k;
	OSSL_PARAM params[] = { OSSL_PARAM_octet_ptr(PARAM_KEY, &p, sizeof(k)),
		OSSL_PARAM_END };
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key = NULL;

	str_copy(k.name, sizeof(k.name), name);
	ctx = EVP_PKEY_CTX_new_from_name(
	    context, EVP_PKEY_is_a(public, "EC") ? "EC" : "RSA", NULL);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

void
provider_work_for(struct tls_wanted *w)
{
	working = w;
}

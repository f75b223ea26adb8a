/* scram.c - SCRAM-SHA-256 (RFC 5802, RFC 7677) */
#include "tls/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/base64.h"
#include "base/err.h"

#define DECODED_MAX 1024

static bool take_challenge(struct str challenge, struct str ours,
    struct str *nonce, struct scram_keys *, struct arena *mem);
static void derive(
    struct scram_keys *, struct str password, unsigned char client[SCRAM_KEY]);
static bool take(struct str *rest, char name, struct str *value);
static bool unescape(struct str coded, struct str *name, struct arena *mem);
static bool is_nonce(struct str);
static bool decode(struct str text, struct str *bytes, struct arena *mem);
static struct str encode(struct str bytes, struct arena *mem);
static bool decode_exactly(struct str text, unsigned char *out, size_t n);
static void encode_key(const unsigned char *key, size_t n, struct buf *out);
static void hmac(const unsigned char key[SCRAM_KEY], struct str text,
    unsigned char out[SCRAM_KEY]);
static void sha256(
    const unsigned char in[SCRAM_KEY], unsigned char out[SCRAM_KEY]);

bool
scram_first(struct scram *s, struct str message, struct arena *mem)
{
	struct str rest = arena_str(mem, message), flag, authzid, user;
	const char *begin = rest.p;

	*s = (struct scram){ 0 };
	flag = str_cut(&rest, ',');
	authzid = str_cut(&rest, ',');
	/* p=: the client insists on a binding; a=: it acts for another. */
	if ((!str_is(flag, "n") && !str_is(flag, "y")) || authzid.n != 0)
		return false;
	s->header = (struct str){ begin, (size_t)(rest.p - begin) };
	s->first_bare = rest;
	return take(&rest, 'n', &user) && unescape(user, &s->user, mem) &&
	       take(&rest, 'r', &s->nonce) && s->nonce.n <= SCRAM_NONCE_MAX &&
	       is_nonce(s->nonce);
}

struct str
scram_challenge(struct scram *s, struct str ours, struct str salt,
    uint32_t iterations, struct arena *mem)
{
	s->nonce = str_of(
	    arena_printf(mem, "%.*s%.*s", STR_ARG(s->nonce), STR_ARG(ours)));
	s->challenge = str_of(arena_printf(mem, "r=%.*s,s=%.*s,i=%u",
	    STR_ARG(s->nonce), STR_ARG(encode(salt, mem)), iterations));
	return s->challenge;
}

bool
scram_final(struct scram *s, struct str message, struct arena *mem)
{
	struct str rest = message, binding, nonce, proof;

	if (!take(&rest, 'c', &binding) || !take(&rest, 'r', &nonce))
		return false;
	s->auth_message = str_of(arena_printf(mem, "%.*s,%.*s,%.*s",
	    STR_ARG(s->first_bare), STR_ARG(s->challenge),
	    (int)(nonce.p + nonce.n - message.p), message.p));
	return take(&rest, 'p', &proof) && rest.n == 0 &&
	       str_eq(binding, encode(s->header, mem)) &&
	       str_eq(nonce, s->nonce) && decode(proof, &s->proof, mem) &&
	       s->proof.n == SCRAM_KEY;
}

struct str
scram_success(struct str signature, struct arena *mem)
{
	return str_of(
	    arena_printf(mem, "v=%.*s", STR_ARG(encode(signature, mem))));
}

/* --- ours --- */

struct str
scram_hello(const struct scram_client *c, struct arena *mem)
{
	char *name = arena_alloc(mem, 3 * c->user.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < c->user.n; i++) {
		const char *code = c->user.p[i] == ',' ? "=2C" : "=3D";

		if (c->user.p[i] != ',' && c->user.p[i] != '=') {
			name[n++] = c->user.p[i];
			continue;
		}
		memcpy(name + n, code, 3);
		n += 3;
	}
	return str_of(arena_printf(
	    mem, "n,,n=%.*s,r=%.*s", (int)n, name, STR_ARG(c->nonce)));
}

bool
scram_answer(const struct scram_client *c, struct str password,
    struct str challenge, struct str *answer, struct str *proof,
    struct arena *mem)
{
	unsigned char client[SCRAM_KEY], signature[SCRAM_KEY];
	struct str hello = scram_hello(c, mem), nonce, message;
	struct scram_keys k;
	char *begun;

	if (!take_challenge(challenge, c->nonce, &nonce, &k, mem))
		return false;
	derive(&k, password, client);
	begun = arena_printf(mem, "c=biws,r=%.*s", STR_ARG(nonce));
	message = str_of(arena_printf(mem, "%.*s,%.*s,%s",
	    STR_ARG(str_sub(hello, 3, hello.n)), STR_ARG(challenge), begun));
	hmac(k.stored, message, signature);
	for (size_t i = 0; i < SCRAM_KEY; i++)
		client[i] ^= signature[i];
	*answer = str_of(arena_printf(mem, "%s,p=%.*s", begun,
	    STR_ARG(encode((struct str){ (char *)client, SCRAM_KEY }, mem))));
	hmac(k.server, message, signature);
	*proof =
	    scram_success((struct str){ (char *)signature, SCRAM_KEY }, mem);
	OPENSSL_cleanse(&k, sizeof(k));
	OPENSSL_cleanse(client, sizeof(client));
	return true;
}

/* r=OURStheirs,s=SALT,i=ITERATIONS */
static bool
take_challenge(struct str challenge, struct str ours, struct str *nonce,
    struct scram_keys *k, struct arena *mem)
{
	struct str salt, number;
	uint64_t n;

	*k = (struct scram_keys){ .n_salt = 0 };
	if (!take(&challenge, 'r', nonce) || !take(&challenge, 's', &salt) ||
	    !take(&challenge, 'i', &number) || !str_starts(*nonce, ours) ||
	    nonce->n == ours.n || !is_nonce(*nonce) ||
	    !decode(salt, &salt, mem) || salt.n == 0 ||
	    salt.n > SCRAM_SALT_MAX || !str_u64(number, SCRAM_ASKED_MAX, &n) ||
	    n < SCRAM_ITERATIONS_MIN)
		return false;
	memcpy(k->salt, salt.p, salt.n);
	k->n_salt = salt.n;
	k->iterations = (uint32_t)n;
	return true;
}

/* --- the keys --- */

void
scram_derive(struct scram_keys *k, struct str password)
{
	unsigned char client[SCRAM_KEY];

	derive(k, password, client);
	OPENSSL_cleanse(client, sizeof(client));
}

static void
derive(
    struct scram_keys *k, struct str password, unsigned char client[SCRAM_KEY])
{
	unsigned char salted[SCRAM_KEY];

	if (PKCS5_PBKDF2_HMAC(password.p, (int)password.n, k->salt,
		(int)k->n_salt, (int)k->iterations, EVP_sha256(), SCRAM_KEY,
		salted) != 1)
		panic("no PBKDF2");
	hmac(salted, STR("Client Key"), client);
	sha256(client, k->stored);
	hmac(salted, STR("Server Key"), k->server);
	OPENSSL_cleanse(salted, sizeof(salted));
}

bool
scram_keys_equal(const struct scram_keys *a, const struct scram_keys *b)
{
	return CRYPTO_memcmp(a->stored, b->stored, SCRAM_KEY) == 0;
}

/*
 * The proof is the client's key under a mask that whoever has the stored key
 * can make; what is behind it must be the key whose digest was stored.
 */
bool
scram_judge(const struct scram_keys *k, struct str auth_message,
    struct str proof, unsigned char signature[SCRAM_KEY])
{
	unsigned char client[SCRAM_KEY], stored[SCRAM_KEY];

	if (proof.n != SCRAM_KEY)
		return false;
	hmac(k->stored, auth_message, client);
	for (size_t i = 0; i < SCRAM_KEY; i++)
		client[i] ^= (unsigned char)proof.p[i];
	sha256(client, stored);
	OPENSSL_cleanse(client, sizeof(client));
	hmac(k->server, auth_message, signature);
	return CRYPTO_memcmp(stored, k->stored, SCRAM_KEY) == 0;
}

bool
scram_keys_parse(struct scram_keys *k, struct str text)
{
	struct str scheme = str_cut(&text, '$'), n = str_cut(&text, ':'),
		   salt = str_cut(&text, '$'), stored = str_cut(&text, ':');
	uint64_t iterations;
	struct buf b;
	bool ok;

	*k = (struct scram_keys){ 0 };
	if (!str_is(scheme, "SCRAM-SHA-256") ||
	    !str_u64(n, SCRAM_ITERATIONS_MAX, &iterations) ||
	    iterations < SCRAM_ITERATIONS_MIN)
		return false;
	k->iterations = (uint32_t)iterations;
	buf_init(&b, SCRAM_SALT_MAX);
	ok = base64_decode(salt, &b) && !b.failed && b.len >= 8;
	if (ok)
		memcpy(k->salt, b.data, b.len);
	k->n_salt = b.len;
	buf_fini(&b);
	return ok && decode_exactly(stored, k->stored, SCRAM_KEY) &&
	       decode_exactly(text, k->server, SCRAM_KEY);
}

void
scram_keys_print(const struct scram_keys *k, struct buf *out)
{
	buf_printf(out, "SCRAM-SHA-256$%u:", k->iterations);
	encode_key(k->salt, k->n_salt, out);
	buf_putc(out, '$');
	encode_key(k->stored, SCRAM_KEY, out);
	buf_putc(out, ':');
	encode_key(k->server, SCRAM_KEY, out);
}

/* --- helpers --- */

/* "x=value" up to the next comma. */
static bool
take(struct str *rest, char name, struct str *value)
{
	struct str part = str_cut(rest, ',');

	*value = str_sub(part, 2, part.n);
	return part.n >= 2 && part.p[0] == name && part.p[1] == '=';
}

/* =2C is a comma, =3D an equals sign; any other = is wrong. */
static bool
unescape(struct str coded, struct str *name, struct arena *mem)
{
	char *out = arena_alloc(mem, coded.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < coded.n; i++) {
		struct str three = str_sub(coded, i, 3);

		if (coded.p[i] != '=') {
			out[n++] = coded.p[i];
			continue;
		}
		if (!str_is(three, "=2C") && !str_is(three, "=3D"))
			return false;
		out[n++] = three.p[2] == 'C' ? ',' : '=';
		i += 2;
	}
	*name = (struct str){ out, n };
	return n > 0 && memchr(out, '\0', n) == NULL && str_valid_utf8(*name);
}

static bool
is_nonce(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] > 0x7e || s.p[i] == ',')
			return false;
	return s.n > 0;
}

static bool
decode(struct str text, struct str *bytes, struct arena *mem)
{
	struct buf b;
	bool ok;

	buf_init(&b, DECODED_MAX);
	ok = base64_decode(text, &b) && !b.failed;
	*bytes = ok && b.len > 0 ? arena_str(mem, buf_str(&b)) : STR("");
	buf_fini(&b);
	return ok;
}

static struct str
encode(struct str bytes, struct arena *mem)
{
	struct str text;
	struct buf b;

	buf_init(&b, BASE64_ENCODED(bytes.n) + 4);
	base64_encode(bytes, &b);
	text = b.len > 0 ? arena_str(mem, buf_str(&b)) : STR("");
	buf_fini(&b);
	return text;
}

static bool
decode_exactly(struct str text, unsigned char *out, size_t n)
{
	struct buf b;
	bool ok;

	buf_init(&b, n);
	ok = base64_decode(text, &b) && !b.failed && b.len == n;
	if (ok)
		memcpy(out, b.data, n);
	buf_fini(&b);
	return ok;
}

static void
encode_key(const unsigned char *key, size_t n, struct buf *out)
{
	base64_encode((struct str){ (const char *)key, n }, out);
}

static void
hmac(const unsigned char key[SCRAM_KEY], struct str text,
    unsigned char out[SCRAM_KEY])
{
	if (HMAC(EVP_sha256(), key, SCRAM_KEY, (const unsigned char *)text.p,
		text.n, out, NULL) == NULL)
		panic("no HMAC");
}

static void
sha256(const unsigned char in[SCRAM_KEY], unsigned char out[SCRAM_KEY])
{
	if (EVP_Digest(in, SCRAM_KEY, out, NULL, EVP_sha256(), NULL) != 1)
		panic("no SHA-256");
}

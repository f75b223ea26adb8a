/* users.c - names and passwords of those who may authenticate */
#include "tls/users.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

#define TEXT_LIMIT ((size_t)64 * 1024 * 1024)
#define HASH_MAX   CRYPT_OUTPUT_SIZE

struct user {
	struct scram_keys keys; /* iterations 0: none */
	struct str hash;        /* of crypt(3), or empty */
};

struct users {
	struct map by_name;
	struct arena mem;
	unsigned char secret[SCRAM_KEY];
	uint32_t iterations; /* what they have: what nobody has, too */
	size_t n_hashes;     /* users with a hash of crypt(3), */
	struct str a_hash;   /* and one such hash */
};

/* Of crypt(3): those that cost a guesser something. */
static const char *const strong[] = { "$y$", "$gy$", "$7$", "$2b$", "$2y$",
	"$2a$", "$6$", "$5$" };

static int add_line(
    struct users *, struct str line, const char *file, int n, struct err *);
static bool is_strong(struct str hash);
static bool check_hash(struct str hash, struct str password);
static void keys_of_nobody(
    const struct users *, struct str user, struct scram_keys *);

struct users *
users_parse(
    struct str text, const char *file, struct str secret, struct err *err)
{
	struct users *u = mem_alloc(sizeof(*u));
	int n = 0;

	map_init(&u->by_name);
	arena_init(&u->mem, TEXT_LIMIT);
	u->iterations = SCRAM_ITERATIONS;
	if (EVP_Digest(
		secret.p, secret.n, u->secret, NULL, EVP_sha256(), NULL) != 1)
		panic("no SHA-256");
	while (text.n > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));

		n++;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (add_line(u, line, file, n, err) == -1) {
			users_free(&u);
			return NULL;
		}
	}
	return u;
}

void
users_free(struct users **up)
{
	struct users *u = *up;

	*up = NULL;
	if (u == NULL)
		return;
	map_fini(&u->by_name, NULL);
	arena_free(&u->mem);
	OPENSSL_cleanse(u->secret, sizeof(u->secret));
	free(u);
}

size_t
users_count(const struct users *u)
{
	return u->by_name.n;
}

bool
users_check(const struct users *u, struct str name, struct str password)
{
	const struct user *user = map_get(&u->by_name, name);
	struct scram_keys want, have;

	if (user != NULL && user->hash.n > 0)
		return check_hash(user->hash, password);
	/* As long as most would take. */
	if (user == NULL && u->n_hashes > u->by_name.n / 2)
		return check_hash(u->a_hash, password) && false;
	users_scram(u, name, &want);
	have = want;
	scram_derive(&have, password);
	return scram_keys_equal(&want, &have) && user != NULL;
}

void
users_scram(const struct users *u, struct str name, struct scram_keys *out)
{
	const struct user *user = map_get(&u->by_name, name);

	if (user != NULL && user->keys.iterations != 0)
		*out = user->keys;
	else
		keys_of_nobody(u, name, out);
}

void
users_line(struct str user, struct str password, const unsigned char salt[16],
    struct buf *out)
{
	struct scram_keys k = { .n_salt = 16, .iterations = SCRAM_ITERATIONS };

	memcpy(k.salt, salt, 16);
	scram_derive(&k, password);
	buf_add_str(out, user);
	buf_putc(out, ':');
	scram_keys_print(&k, out);
}

bool
users_name_ok(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < 0x21 || c == 0x7f || c == ':')
			return false;
	}
	return name.n > 0 && name.n <= USER_NAME_MAX && name.p[0] != '#' &&
	       str_valid_utf8(name);
}

static int
add_line(
    struct users *u, struct str line, const char *file, int n, struct err *err)
{
	struct str name = str_cut(&line, ':');
	struct user *user = arena_alloc(&u->mem, sizeof(*user));

	if (!users_name_ok(name))
		return err_set(err, ERR_USAGE,
		    "%s:%d: must be name:secret, the name without blanks", file,
		    n);
	if (u->by_name.n >= USERS_MAX)
		return err_set(
		    err, ERR_USAGE, "%s:%d: too many users", file, n);
	if (map_get(&u->by_name, name) != NULL)
		return err_set(err, ERR_USAGE,
		    "%s:%d: the user %.*s is there already", file, n,
		    STR_ARG(name));
	if (scram_keys_parse(&user->keys, line)) {
		u->iterations = user->keys.iterations;
	} else if (is_strong(line)) {
		user->hash = u->a_hash = arena_str(&u->mem, line);
		u->n_hashes++;
	} else {
		return err_set(err, ERR_USAGE,
		    "%s:%d: the secret of %.*s is none that can be used; "
		    "\"postern smtpauthconfig user\" makes one",
		    file, n, STR_ARG(name));
	}
	map_put(&u->by_name, name, user);
	return 0;
}

static bool
is_strong(struct str hash)
{
	for (size_t i = 0; i < NELEM(strong); i++)
		if (str_starts(hash, str_of(strong[i])))
			return hash.n < HASH_MAX;
	return false;
}

static bool
check_hash(struct str hash, struct str password)
{
	struct crypt_data *data = mem_alloc(sizeof(*data));
	char *zero = mem_strndup(password.p, password.n);
	const char *made = crypt_rn(zero, hash.p, data, sizeof(*data));
	bool same = made != NULL && strlen(made) == hash.n &&
		    memchr(password.p, '\0', password.n) == NULL &&
		    CRYPTO_memcmp(made, hash.p, hash.n) == 0;

	OPENSSL_cleanse(zero, password.n);
	OPENSSL_cleanse(data, sizeof(*data));
	free(zero);
	free(data);
	return same;
}

/* The same each time for the same name, and not to be told from a real one;
 * the digest that was stored is of a key that nobody can know. */
static void
keys_of_nobody(const struct users *u, struct str name, struct scram_keys *k)
{
	unsigned char made[SCRAM_KEY];

	if (HMAC(EVP_sha256(), u->secret, sizeof(u->secret),
		(const unsigned char *)name.p, name.n, made, NULL) == NULL)
		panic("no HMAC");
	*k = (struct scram_keys){ .n_salt = 16, .iterations = u->iterations };
	memcpy(k->salt, made, 16);
	memcpy(k->stored, made + 16, 16);
	memcpy(k->stored + 16, u->secret, 16);
	memcpy(k->server, u->secret, SCRAM_KEY);
}

/* administrators.c - who may administer the gateway, and with what rights */
#include "tls/administrators.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"

#define MEM_LIMIT    (8 * ADMINS_TEXT_MAX)
#define LN           15 /* of new hashes: 32 MB with r 8 */
#define R            8
#define P            1
#define LN_MIN       14 /* less is guessed too fast */
#define MEMORY_MAX   ((uint64_t)64 << 20)
#define WORK_MAX     4 /* p */
#define SCRYPT_SPARE ((uint64_t)1 << 20)
#define SET_MAX      (INT64_MAX / 1000)

static const char *const roles[ROLE_N] = { "none", "administrator", "operator",
	"readonly", "guest", "helpdesk" };
static const char *const states[ADMIN_STATES] = { "enabled", "change",
	"locked" };

static int add_line(struct administrators *, struct str line, const char *file,
    int n, struct err *);
static const char *parse_rest(struct administrator *, struct str line);
static bool parse_hash(struct admin_hash *, struct str text);
static bool parse_number(struct str *text, const char *key, uint8_t *out);
static bool parse_bytes(struct str text, unsigned char *out, size_t n);
static void put_bytes(const unsigned char *, size_t n, struct buf *out);
static bool derive(const struct admin_hash *, struct str passphrase,
    unsigned char out[ADMIN_KEY]);

const char *
admin_role_name(enum admin_role role)
{
	return role < ROLE_N ? roles[role] : roles[ROLE_NONE];
}

enum admin_role
admin_role_find(struct str name)
{
	for (int i = ROLE_NONE + 1; i < ROLE_N; i++)
		if (str_is_nocase(name, roles[i]))
			return (enum admin_role)i;
	return ROLE_NONE;
}

const char *
admin_state_name(enum admin_state state)
{
	return states[state];
}

/* --- the file --- */

void
administrators_init(struct administrators *a)
{
	*a = (struct administrators){ .n = 0 };
	arena_init(&a->mem, MEM_LIMIT);
	a->v = mem_array(ADMINS_MAX, sizeof(*a->v));
}

void
administrators_fini(struct administrators *a)
{
	if (a->v != NULL)
		OPENSSL_cleanse(a->v, a->n * sizeof(*a->v));
	free(a->v);
	a->v = NULL;
	a->n = 0;
	arena_free(&a->mem);
}

int
administrators_parse(struct administrators *a, struct str text,
    const char *file, struct err *err)
{
	int n = 0;

	if (text.n > ADMINS_TEXT_MAX)
		return err_set(err, ERR_USAGE, "%s: longer than %zu bytes",
		    file, ADMINS_TEXT_MAX);
	while (text.n > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));

		n++;
		if (line.n > 0 && line.p[0] != '#' &&
		    add_line(a, line, file, n, err) == -1)
			return -1;
	}
	return 0;
}

void
administrators_print(const struct administrators *a, struct buf *out)
{
	buf_puts(out, "# Administrators of the gateway: written by \"postern "
		      "userconfig\".\n"
		      "# name:role:state:passphrase set:its hash:full name\n");
	for (size_t i = 0; i < a->n; i++) {
		const struct administrator *one = &a->v[i];
		const struct admin_hash *h = &one->hash;

		buf_printf(out,
		    "%.*s:%s:%s:%" PRId64 ":$scrypt$ln=%u,r=%u,p=%u$",
		    STR_ARG(one->name), roles[one->role], states[one->state],
		    one->set, h->ln, h->r, h->p);
		put_bytes(h->salt, sizeof(h->salt), out);
		buf_putc(out, '$');
		put_bytes(h->key, sizeof(h->key), out);
		buf_printf(out, ":%.*s\n", STR_ARG(one->full));
	}
}

struct administrator *
administrators_find(const struct administrators *a, struct str name)
{
	for (size_t i = 0; i < a->n; i++)
		if (str_eq(a->v[i].name, name))
			return &a->v[i];
	return NULL;
}

struct administrator *
administrators_add(struct administrators *a, struct str name, struct str full)
{
	struct administrator *one;

	if (a->n >= ADMINS_MAX)
		return NULL;
	one = &a->v[a->n++];
	*one = (struct administrator){ .name = arena_str(&a->mem, name),
		.full = arena_str(&a->mem, full) };
	return one;
}

void
administrators_remove(struct administrators *a, struct administrator *one)
{
	size_t at = (size_t)(one - a->v);

	memmove(one, one + 1, (a->n - at - 1) * sizeof(*one));
	a->n--;
}

void
administrators_rename(
    struct administrators *a, struct administrator *one, struct str full)
{
	one->full = arena_str(&a->mem, full);
}

/* --- passphrases --- */

const struct administrator *
administrators_check(
    const struct administrators *a, struct str name, struct str passphrase)
{
	static const struct admin_hash usual = { .ln = LN, .r = R, .p = P };
	const struct administrator *one = administrators_find(a, name);
	/* As long as most would take. */
	const struct admin_hash *want = one != NULL ? &one->hash
					: a->n > 0  ? &a->v[0].hash
						    : &usual;
	unsigned char key[ADMIN_KEY];
	/* For scrypt, NULs at the end make no difference. */
	bool same = derive(want, passphrase, key) &&
		    str_find(passphrase, '\0') == passphrase.n &&
		    CRYPTO_memcmp(key, want->key, sizeof(key)) == 0;

	OPENSSL_cleanse(key, sizeof(key));
	return same ? one : NULL;
}

void
admin_hash_make(struct admin_hash *h, struct str passphrase)
{
	*h = (struct admin_hash){ .ln = LN, .r = R, .p = P };
	if (RAND_bytes(h->salt, sizeof(h->salt)) != 1)
		panic("no random numbers");
	if (!derive(h, passphrase, h->key))
		panic("no scrypt");
}

uint64_t
admin_stamp(const struct administrator *one)
{
	unsigned char in[2 + ADMIN_SALT + ADMIN_KEY], out[EVP_MAX_MD_SIZE];
	uint64_t stamp;

	in[0] = (unsigned char)one->role;
	in[1] = (unsigned char)one->state;
	memcpy(in + 2, one->hash.salt, ADMIN_SALT);
	memcpy(in + 2 + ADMIN_SALT, one->hash.key, ADMIN_KEY);
	if (EVP_Digest(in, sizeof(in), out, NULL, EVP_sha256(), NULL) != 1)
		panic("no SHA-256");
	OPENSSL_cleanse(in, sizeof(in));
	memcpy(&stamp, out, sizeof(stamp));
	return stamp;
}

/* --- what may be --- */

bool
admin_name_ok(struct str name, struct err *err)
{
	bool ok = name.n > 0 && name.n <= ADMIN_NAME_MAX;

	for (size_t i = 0; i < name.n && ok; i++) {
		char c = name.p[i];
		bool letter = (c >= 'a' && c <= 'z') || c == '_';

		ok =
		    letter ||
		    (i > 0 && ((c >= '0' && c <= '9') || c == '-' || c == '.'));
	}
	if (!ok)
		err_set(err, ERR_USAGE,
		    "a user's name begins with a small letter and has small "
		    "letters, digits, \"_\", \"-\" and \".\", %d at most",
		    ADMIN_NAME_MAX);
	return ok;
}

bool
admin_full_ok(struct str full, struct err *err)
{
	bool ok = full.n <= ADMIN_FULL_MAX && str_valid_utf8(full) &&
		  str_find(full, ':') == full.n && str_trim(full).n == full.n;

	for (size_t i = 0; i < full.n && ok; i++)
		ok = (unsigned char)full.p[i] >= 0x20 && full.p[i] != 0x7f;
	if (!ok)
		err_set(err, ERR_USAGE,
		    "a full name is printable, without a colon, and has %d "
		    "bytes at most",
		    ADMIN_FULL_MAX);
	return ok;
}

bool
admin_passphrase_ok(
    struct str name, struct str passphrase, size_t least, struct err *err)
{
	if (passphrase.n < least)
		err_set(err, ERR_USAGE,
		    "The passphrase must have at least %zu characters.", least);
	else if (passphrase.n > ADMIN_PASS_MAX)
		err_set(err, ERR_USAGE,
		    "The passphrase must have at most %d bytes.",
		    ADMIN_PASS_MAX);
	else if (str_eq_nocase(passphrase, name))
		err_set(err, ERR_USAGE,
		    "The passphrase must not be the user's name.");
	else
		return true;
	return false;
}

/* --- helpers --- */

static int
add_line(struct administrators *a, struct str line, const char *file, int n,
    struct err *err)
{
	struct str name = str_cut(&line, ':');
	struct err why = ERR_INIT;
	struct administrator *one;
	const char *wrong;

	if (!admin_name_ok(name, &why))
		return err_set(err, ERR_USAGE, "%s:%d: %s", file, n, why.text);
	if (administrators_find(a, name) != NULL)
		return err_set(err, ERR_USAGE, "%s:%d: %.*s is there already",
		    file, n, STR_ARG(name));
	one = administrators_add(a, name, STR(""));
	if (one == NULL)
		return err_set(err, ERR_USAGE, "%s:%d: there are more than %d",
		    file, n, ADMINS_MAX);
	wrong = parse_rest(one, line);
	if (wrong != NULL)
		return err_set(err, ERR_USAGE, "%s:%d: %s", file, n, wrong);
	one->full = arena_str(&a->mem, one->full);
	return 0;
}

/* What is wrong; the full name is a view of the line. */
static const char *
parse_rest(struct administrator *one, struct str line)
{
	struct str role = str_cut(&line, ':'), state = str_cut(&line, ':'),
		   set = str_cut(&line, ':'), hash = str_cut(&line, ':');
	uint64_t when;
	int i = 0;

	one->role = admin_role_find(role);
	if (one->role == ROLE_NONE)
		return "the role is none of administrator, operator, "
		       "readonly, guest, helpdesk";
	while (i < ADMIN_STATES && !str_is(state, states[i]))
		i++;
	if (i == ADMIN_STATES)
		return "the state is none of enabled, change, locked";
	one->state = (enum admin_state)i;
	if (!str_u64(set, SET_MAX, &when))
		return "the fourth part is no time in seconds since 1970";
	one->set = (int64_t)when;
	if (!parse_hash(&one->hash, hash))
		return "the hash is none that can be used; \"postern "
		       "userconfig\" makes one";
	one->full = line.p != NULL ? line : STR("");
	return admin_full_ok(one->full, NULL)
		   ? NULL
		   : "the full name has letters that it may not have";
}

static bool
parse_hash(struct admin_hash *h, struct str text)
{
	struct str empty = str_cut(&text, '$'), kind = str_cut(&text, '$'),
		   costs = str_cut(&text, '$'), salt = str_cut(&text, '$');

	return empty.n == 0 && str_is(kind, "scrypt") &&
	       parse_number(&costs, "ln=", &h->ln) &&
	       parse_number(&costs, "r=", &h->r) &&
	       parse_number(&costs, "p=", &h->p) && costs.n == 0 &&
	       h->ln >= LN_MIN && h->ln <= 20 && h->r >= R && h->p >= 1 &&
	       h->p <= WORK_MAX &&
	       ((uint64_t)128 << h->ln) * h->r <= MEMORY_MAX &&
	       parse_bytes(salt, h->salt, sizeof(h->salt)) &&
	       parse_bytes(text, h->key, sizeof(h->key));
}

static bool
parse_number(struct str *text, const char *key, uint8_t *out)
{
	struct str part = str_cut(text, ',');
	size_t n = strlen(key);
	uint64_t number;

	if (!str_starts(part, str_of(key)) ||
	    !str_u64(str_sub(part, n, part.n), UINT8_MAX, &number))
		return false;
	*out = (uint8_t)number;
	return true;
}

static bool
parse_bytes(struct str text, unsigned char *out, size_t n)
{
	struct buf bytes;
	bool ok;

	if (text.n != BASE64_ENCODED(n))
		return false;
	buf_init(&bytes, n + 2);
	ok = base64_decode(text, &bytes) && bytes.len == n;
	if (ok)
		memcpy(out, bytes.data, n);
	buf_fini(&bytes);
	return ok;
}

static void
put_bytes(const unsigned char *p, size_t n, struct buf *out)
{
	base64_encode((struct str){ (const char *)p, n }, out);
}

static bool
derive(const struct admin_hash *h, struct str passphrase,
    unsigned char out[ADMIN_KEY])
{
	uint64_t memory = ((uint64_t)128 << h->ln) * h->r +
			  (uint64_t)128 * h->r * h->p + SCRYPT_SPARE;

	return EVP_PBE_scrypt(passphrase.p, passphrase.n, h->salt,
		   sizeof(h->salt), (uint64_t)1 << h->ln, h->r, h->p, memory,
		   out, ADMIN_KEY) == 1;
}

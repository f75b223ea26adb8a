/*
 * administrators.h - who may administer the gateway, and with what rights
 *
 * The text of secrets/administrators, one of them a line:
 *
 *	admin:administrator:enabled:1764000000:$scrypt$ln=15,r=8,p=1$SALT$KEY:
 *	joe:operator:change:1764000300:$scrypt$...:Joe Smith
 *	# a comment
 *
 * that is name, role, state, when the passphrase was set (seconds since
 * 1970), its hash, full name. The hash is scrypt's: memory-hard, 32 MB and
 * about 80 ms each; salt and key stand in base64. Passphrases are never kept.
 *
 * `postern userconfig` writes the file; keyd judges by it.
 */
#ifndef TLS_ADMINISTRATORS_H
#define TLS_ADMINISTRATORS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define ADMINS_MAX      1000
#define ADMINS_TEXT_MAX ((size_t)1 << 20)
#define ADMIN_NAME_MAX  32
#define ADMIN_FULL_MAX  100
#define ADMIN_PASS_MAX  1000
#define ADMIN_SALT      16
#define ADMIN_KEY       32

enum admin_role {
	ROLE_NONE,
	ROLE_ADMINISTRATOR, /* everything */
	ROLE_OPERATOR,      /* no users, no configuration of the system */
	ROLE_READONLY,      /* looks, and changes nothing */
	ROLE_GUEST,         /* the state of the gateway */
	ROLE_HELPDESK,      /* the same, and where a message is */
	ROLE_N
};
const char *admin_role_name(enum admin_role); /* "operator" */
/* ROLE_NONE: no such role. */
enum admin_role admin_role_find(struct str name);

enum admin_state {
	ADMIN_ENABLED,
	ADMIN_CHANGE, /* must change the passphrase first */
	ADMIN_LOCKED,
	ADMIN_STATES
};
const char *admin_state_name(enum admin_state);

/* 128 * 2^ln * r bytes are at most 64 MB. */
struct admin_hash {
	uint8_t ln, r, p;
	unsigned char salt[ADMIN_SALT], key[ADMIN_KEY];
};

struct administrator {
	struct str name, full;
	enum admin_role role;
	enum admin_state state;
	int64_t set; /* the passphrase: wall s */
	struct admin_hash hash;
};

/* Texts are in mem; zeroed: nobody. */
struct administrators {
	struct arena mem;
	struct administrator *v; /* room for ADMINS_MAX */
	size_t n;
};

void administrators_init(struct administrators *);
void administrators_fini(struct administrators *);
/* Into an empty one. -1: err names file and line. */
int administrators_parse(
    struct administrators *, struct str text, const char *file, struct err *);
/* The whole text, in the same order; comments are not kept. */
void administrators_print(const struct administrators *, struct buf *out);

struct administrator *administrators_find(
    const struct administrators *, struct str name);
/* Copies the texts. NULL: there are ADMINS_MAX. */
struct administrator *administrators_add(
    struct administrators *, struct str name, struct str full);
void administrators_remove(struct administrators *, struct administrator *);
void administrators_rename(
    struct administrators *, struct administrator *, struct str full);

/*
 * Whose passphrase is that? NULL: not of one of that name; this takes as long
 * whether there is one or not. The state is not looked at. Slow on purpose;
 * may be called from any thread.
 */
const struct administrator *administrators_check(
    const struct administrators *, struct str name, struct str passphrase);
/* Sets the hash, with random salt; as slow. */
void admin_hash_make(struct admin_hash *, struct str passphrase);
/* A number that is another one as soon as role, state or passphrase are: what
 * was allowed before may not be any more. */
uint64_t admin_stamp(const struct administrator *);

/* Each says in *err what would be right. */
bool admin_name_ok(struct str, struct err *err);
bool admin_full_ok(struct str, struct err *err);
bool admin_passphrase_ok(
    struct str name, struct str passphrase, size_t least, struct err *err);

#endif

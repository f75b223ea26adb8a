/*
 * users.h - names and passwords of those who may authenticate
 *
 * The text of a users file, one user a line:
 *
 *	joe:SCRAM-SHA-256$100000:SALT$STORED:SERVER
 *	ann@example.com:$y$j9T$...		crypt(3): PLAIN and LOGIN only
 *	# a comment
 *
 * `postern smtpauthconfig` writes such lines. Passwords themselves are never
 * kept; forms of crypt(3) that are easily guessed are refused.
 *
 * An unknown user takes as long as a known one, and has a salt that is always
 * the same, so that nobody learns who exists (threats LIM-15).
 */
#ifndef TLS_USERS_H
#define TLS_USERS_H

#include "base/err.h"
#include "tls/scram.h"

#define USERS_MAX     100000
#define USER_NAME_MAX 255

struct users;

/* secret: of this installation, for the salts of those who do not exist.
 * NULL: err names the line. */
struct users *users_parse(
    struct str text, const char *file, struct str secret, struct err *);
void users_free(struct users **);
size_t users_count(const struct users *);

/* Slow on purpose; may be called from any thread. */
bool users_check(const struct users *, struct str user, struct str password);
/* The keys of a user, for SCRAM; of nobody when there is none, or none with
 * such keys: they fit no proof. */
void users_scram(const struct users *, struct str user, struct scram_keys *out);

/* A line for a users file, without the end of line; salt: random bytes. */
void users_line(struct str user, struct str password,
    const unsigned char salt[16], struct buf *out);
/* May that be a user's name: UTF-8, printable, no colon, not too long. */
bool users_name_ok(struct str);

#endif

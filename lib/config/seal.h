/*
 * seal.h - secrets in saved configurations, under a key
 *
 * AES-256-GCM under a key that scrypt makes from the bytes of a key file and
 * a salt. What is sealed is bound to its name. Sealed: nonce, text, tag.
 */
#ifndef CONFIG_SEAL_H
#define CONFIG_SEAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define SEAL_KEY     32
#define SEAL_SALT    16
#define SEAL_OVER    28 /* bytes that sealing adds */
#define SEAL_KEY_MIN 16 /* bytes of a key file; fewer are guessed */
#define SEAL_KEY_MAX 65536

struct seal {
	unsigned char key[SEAL_KEY];
	char salt[SEAL_SALT];
};

/* Fills n random bytes; without them nothing can go on. */
void seal_random(void *p, size_t n);
/* Derives s->key from secret and s->salt. */
int seal_derive(struct seal *s, struct str secret, struct err *err);
void seal_forget(struct seal *);

void seal_close(
    const struct seal *, struct str name, struct str text, struct buf *out);
/* False: another key, another name, or damage; nothing was added. */
bool seal_open(
    const struct seal *, struct str name, struct str sealed, struct buf *out);

#endif

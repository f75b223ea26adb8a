/*
 * access.h - what is open for those who help: an account, a tunnel (spec
 * delivery-admin 6.4)
 *
 * It stands in techsupport.json in the state folder, for its owner alone; the
 * seed and what is made of it do not.
 */
#ifndef ADMIN_ACCESS_H
#define ADMIN_ACCESS_H

#include "admin/tool.h"
#include "admin/tunnel.h"

#define ACCESS_CREDENTIAL 33 /* 32 characters */
#define ACCESS_SEED_MIN   16
#define ACCESS_DAYS       7

struct access {
	int64_t since;   /* wall ms; 0: the account is locked */
	int64_t expires; /* 0: never */
	bool key;        /* with a key, not a password */
	struct tunnel tunnel;
};

/* What is over is no more in it. */
void access_load(const struct tool *, struct access *);
/* -1: err. */
int access_save(const struct tool *, const struct access *, struct err *);

/* The password: base32 of HKDF-SHA256 of the seed, with the serial number as
 * salt and the account's purpose as info. Those who help make the same. */
void access_credential(
    struct str seed, struct str serial, char out[ACCESS_CREDENTIAL]);
/* A seed of 32 characters. */
void access_make_seed(char out[ACCESS_CREDENTIAL]);

/* Midnight (UTC) before seven days are over: an account ends at such a time
 * only, and no later than was said. */
int64_t access_end(int64_t now);

/* Opens the account with a password, or a public key (one of them); expires 0:
 * never. -1: err; then it may be open or not, and access_close is due. */
int access_open(const struct tool *, const char *password, const char *key,
    int64_t expires, struct err *);
int access_close(const struct tool *, struct err *);

#endif

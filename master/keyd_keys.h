/*
 * keyd_keys.h - the files below secrets/ and what they are good for
 *
 * The master opens the files and hands them on (master/secrets.c); here their
 * texts lie in memory that is locked and not dumped. A certificate is in use
 * from the moment when chain and key fit each other; when a new file is
 * broken, or only one of the two has come yet, the old pair stays in use.
 */
#ifndef MASTER_KEYD_KEYS_H
#define MASTER_KEYD_KEYS_H

#include <openssl/evp.h>

#include "config/config.h"
#include "ipc/messages.h"

struct keys;

/* Before the sandbox: takes the memory. */
struct keys *keys_new(void);
/* What the configuration names; what it does not is forgotten. */
void keys_config(struct keys *, const struct config *);
/* A file has come; fd -1: it cannot be had, error says why. Closes fd. */
void keys_file(struct keys *, struct str name, int fd, struct str error);
/* The text of a file that others must not read: mode 0600; NULL: err. */
bool keys_text(
    const struct keys *, struct str name, struct str *text, struct err *err);

/*
 * Fits chains to keys anew. complain: say what is wrong and what was
 * replaced; else what is wrong waits for the next time, because the other
 * file of a pair may be on its way. *broken: something is. True: what smtpd
 * was told is out of date.
 */
bool keys_refresh(struct keys *, bool complain, bool *broken);
/* Those in use, into a list of at most 100; views. */
struct codec_list keys_certs(const struct keys *, struct cert *room);
struct str keys_client_ca(const struct keys *);
EVP_PKEY *keys_find(const struct keys *, struct str name); /* NULL: none */
/* Certificates that end within two weeks, or have ended: one event each. */
void keys_warn(const struct keys *, int64_t wall_ms);

#endif

/*
 * secrets.h - the files below secrets/, for saving and loading
 *
 *	etc/secrets/NAME	0600, in a folder of mode 0700
 *	etc/secrets/machine.key	what saved configurations are encrypted with
 *
 * They are no part of a revision, and are used as they are: keyd sees a
 * change at once. Links are somebody else's files and left alone, and so is
 * the key of the machine.
 */
#ifndef CONFIG_SECRETS_H
#define CONFIG_SECRETS_H

#include "base/buf.h"
#include "config/bundle.h"

/* All of them, named "secrets/NAME". No folder: none. */
int secrets_read(struct bundle *, const char *etc, struct err *err);
/* One, as a whole; makes the folder. */
int secrets_write(
    const char *etc, struct str name, struct str text, struct err *err);
/* One, by its name alone. No file, or no folder: err->sys is ENOENT. */
int secrets_slurp(
    const char *etc, struct str name, struct buf *text, struct err *err);
int secrets_put(
    const char *etc, struct str name, struct str text, struct err *err);
/* The key of this machine, made at first use. */
int secrets_machine_key(const char *etc, struct buf *out, struct err *err);

#endif

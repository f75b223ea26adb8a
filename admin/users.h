/*
 * users.h - the files of those who may authenticate, changed by commands
 *
 * secrets/NAME.users below the configuration folder: one line a user
 * (tls/users.h). keyd reads a file again when it has changed; no commit is
 * needed. Every other line stays as it is.
 */
#ifndef ADMIN_USERS_H
#define ADMIN_USERS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Sets or adds a user. *added: there was none of that name. */
int users_file_set(const char *etc, struct str file, struct str user,
    struct str password, bool *added, struct err *);
/* *found: there was one, who is gone now. */
int users_file_remove(const char *etc, struct str file, struct str user,
    bool *found, struct err *);
/* The names, a line each, in the order of the file. */
int users_file_names(
    const char *etc, struct str file, struct buf *out, struct err *);

#endif

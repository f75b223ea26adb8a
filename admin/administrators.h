/*
 * administrators.h - the file of administrators, changed by commands
 *
 *	admins_open	locks the file (waits for whoever changes it) and reads
 *	...		administrators_add and the like (tls/administrators.h)
 *	admins_save	writes it as a whole, at once, and tells the master
 *	admins_close
 *
 * It is no part of the configuration: what is changed counts at once, without
 * a commit. Nothing is asked of a person between open and close.
 */
#ifndef ADMIN_ADMINISTRATORS_H
#define ADMIN_ADMINISTRATORS_H

#include "admin/password.h"
#include "admin/tool.h"
#include "tls/administrators.h"

struct admins_file {
	struct tool *t;
	int lock;
	struct administrators list;
};

/* No file: an empty list. -1: err. */
int admins_open(struct admins_file *, struct tool *, struct err *);
void admins_close(struct admins_file *);
/* done: what happened, one of the words that the master knows: "created",
 * "changed", "deleted", "locked", "unlocked", "passphrase". */
int admins_save(
    struct admins_file *, const char *done, struct str name, struct err *);

/*
 * Asks for a passphrase that somebody is to have from now on: a person twice,
 * until it is one that may be; elsewhere it is the next line of standard
 * input. TOOL_DONE, or why not: that has been said. Whoever has it forgets it
 * (explicit_bzero).
 */
int admins_ask_passphrase(
    struct tool *, struct str name, char out[PASSWORD_MAX]);

#endif

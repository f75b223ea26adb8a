/*
 * roles.h - which role may give which command
 *
 * One table for all ways in: a page of the web interface belongs to a command
 * of `postern` and is for whom that is. What is not in it, is for
 * administrators alone.
 *
 *	administrator	everything
 *	operator	mail and its queue; no users, no configuration
 *	readonly	looks at everything that has no passphrases in it
 *	guest		the state of the gateway
 *	helpdesk	the same, and where a message is
 */
#ifndef TLS_ROLES_H
#define TLS_ROLES_H

#include "tls/administrators.h"

/* command: "status". */
bool role_may(enum admin_role, struct str command);
/* The i-th command of the table, in order of name; NULL behind the last. */
const char *role_command(size_t i);

#endif

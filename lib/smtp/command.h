/*
 * command.h - what a client says: verbs and their arguments
 *
 * Pure functions over one command line without its CR LF. Nothing is copied.
 * The parameters of MAIL and RCPT are in param.h, addresses in mail/addr.h.
 */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum verb {
	VERB_UNKNOWN,
	VERB_HELO,
	VERB_EHLO,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_BDAT,
	VERB_RSET,
	VERB_NOOP,
	VERB_VRFY,
	VERB_EXPN,
	VERB_HELP,
	VERB_QUIT,
	VERB_STARTTLS,
	VERB_AUTH,
	VERB_XCLIENT,
	VERB_N
};

struct command_line {
	enum verb verb;
	struct str word; /* the verb as written */
	struct str args; /* without blanks at either end */
};

/* Never fails: what is no verb is VERB_UNKNOWN. */
void command_split(struct command_line *, struct str line);

/* Longest line of that verb, CR LF included (RFC 5321 4.5.3.1.4 and what
 * the extensions add). */
size_t command_max(enum verb);

/* Does this line speak another protocol (threats STM-04)? Its sender does
 * not read our replies, and a third party may have written what follows. */
bool command_is_foreign(struct str line);

/* The name given with HELO or EHLO: a domain or an address literal of at
 * most HELO_MAX printable bytes (threats STM-10). */
bool command_helo_ok(struct str args);

/* Cuts "FROM:" or "TO:" off, in any case, blanks after it too. */
bool command_path(struct str *args, const char *keyword);

/* "n" or "n LAST"; n has at most 20 digits and fits (threats SMG-09). */
bool command_bdat(struct str args, uint64_t *size, bool *last);

#endif

/*
 * name.h - which texts may be names of something
 *
 * Each says in *err what would be right when it answers false.
 */
#ifndef CONFIG_NAME_H
#define CONFIG_NAME_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Letters, digits, hyphen, underscore in labels of 1..63, 255 in all; the
 * last label has a letter (else it could be an address). A-labels only. */
bool name_domain(struct str, struct err *);
/* A domain, or ".domain". */
bool name_domain_or_suffix(struct str, struct err *);
/* What may become a file: A-Z a-z 0-9 _ . - not starting with . or -
 * (threats ADM-03). */
bool name_file(struct str, struct err *);
/* Printable, no blanks at the ends: listeners, profiles. */
bool name_printable(struct str, struct err *);
bool name_group(struct str, struct err *);  /* A-Z a-z 0-9 _ -, up to 32 */
bool name_policy(struct str, struct err *); /* a group's name after a $ */
/* What may stand before the @ of a pattern: as addresses have it, quoted where
 * it must be, UTF-8 too. No *err: what is right is a matter of the whole. */
bool name_user(struct str);
bool name_mailbox(struct str, struct err *); /* local@domain, simple form */
/* Addresses with commas between them. */
bool name_mailboxes(struct str, struct err *);
/* A host name, an address, or either in brackets. */
bool name_host(struct str, struct err *);
bool name_header(struct str, struct err *); /* of a header field */
bool name_ascii(struct str, struct err *);  /* printable, one line */
bool name_https(struct str, struct err *);  /* https://host/... */
/* Texts for one line of a reply or banner; \n separates lines. */
bool name_reply(struct str, struct err *);

#endif

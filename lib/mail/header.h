/*
 * header.h - fields of a header as they stand, and the addresses in them
 *
 * Works on the bytes of a stored message (mail/wire.h): CRLF lines, folded
 * or not, from the first field on. Nothing is unfolded, decoded or copied
 * that need not be, so that whoever changes an address changes nothing else.
 * A field that is no list of addresses (RFC 5322 3.4, 4.4; 6532) is said to
 * be none: then nobody shall touch it.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct header_field {
	struct str all;   /* with its line end, and the lines it is folded to */
	struct str name;  /* "From" */
	struct str value; /* behind the colon, up to the end */
};
/* The next field; *rest moves behind it. False: what comes is none, or the
 * empty line. A header ends where mail/scan.h says that it ends. */
bool header_next(struct str *rest, struct header_field *);

/* An address in a field's value. */
struct header_addr {
	struct str addr;   /* canonical (mail/addr.h); "joe": without domain */
	struct str local;  /* the bytes of the value that are its local part, */
	struct str domain; /* and its domain; p NULL: it has none */
};
/*
 * Finds them, in order, in memory of mem. Addresses that no canonical form
 * exists for are passed over. False: this is no list of addresses; *v and *n
 * are of no use.
 */
bool header_addrs(
    struct str value, struct header_addr **v, size_t *n, struct arena *mem);

/*
 * Appends to out what the header becomes when that address becomes `to`: all
 * bytes from *done on, which stays behind the last one that was replaced.
 * Local part and domain are replaced only where they differ: comments and
 * quotes between and around them stay.
 */
void header_replace(const struct header_addr *, struct str to,
    const char **done, struct buf *out);

#endif

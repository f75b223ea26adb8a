/*
 * present.h - DNS records as people write them, and names as they ask
 *
 * The text of zone files (RFC 1035 5.1, and the RFCs of the types). Data that
 * have not the form of their type, and types that are not known here, have
 * the form of RFC 3597: \# 4 c0000201. All of it is printable ASCII on one
 * line, whatever the bytes are.
 */
#ifndef LOOKUP_PRESENT_H
#define LOOKUP_PRESENT_H

#include "base/buf.h"
#include "lookup/dnsmsg.h"

#define PRESENT_TYPE 16 /* room for "TYPE65535" */

/* "10 mx1.example.net." */
void present_data(
    const struct dnsmsg *, const struct dnsmsg_record *, struct buf *out);
/* "example.net." */
void present_name(const struct dnsmsg_name *, struct buf *out);

/* "MX"; "TYPE65280" */
const char *present_type(unsigned type, char out[PRESENT_TYPE]);
/* Either of them, in any case; -1: no type. */
int present_type_of(struct str);
/* "NOERROR", "RCODE12" */
const char *present_rcode(unsigned rcode, char out[PRESENT_TYPE]);

/*
 * A name as it is asked for, as wire bytes: labels of printable ASCII
 * without blanks, with or without the last dot, "." is the root. False: there
 * can be no such name.
 */
bool present_ask(struct str text, struct dnsmsg_name *out);

#endif

/*
 * xtext.h - the encoding of DSN parameters (RFC 3461 section 4)
 *
 * ENVID and the address of ORCPT travel as xtext: printable ASCII as it is,
 * "+", "=" and everything else as "+" and two upper case hexadecimal digits.
 * Decoding is strict, because what was decoded is encoded again for the next
 * hop (threats STM-06): a wrong or lower case digit, a bare "=", a byte that
 * is not printable ASCII, inside or after decoding, make it bad.
 */
#ifndef SMTP_XTEXT_H
#define SMTP_XTEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Appends text as xtext; false when out is over its limit. */
bool xtext_encode(struct str text, struct buf *out);
/* Appends what the xtext `in` stands for. False: bad xtext, or out is over
 * its limit; then what was appended is not to be used. */
bool xtext_decode(struct str in, struct buf *out);

#endif

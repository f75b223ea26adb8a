/*
 * utf8addr.h - addresses of the type utf-8 in notices and ORCPT (RFC 6533
 * section 3)
 *
 * They are written as they are, but for "\", "+" and "=", which are \x{5C},
 * \x{2B} and \x{3D}; where only ASCII may stand, so is everything else:
 * \x{7530}.
 */
#ifndef MAIL_UTF8ADDR_H
#define MAIL_UTF8ADDR_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define UTF8ADDR_ASCII   1 /* nothing but ASCII */
#define UTF8ADDR_ESCAPED 2 /* it has come in this form: \x{..} stays */

/* addr: UTF-8. */
void utf8addr_put(struct str addr, unsigned flags, struct buf *out);

#endif

/*
 * form.h - what browsers send in forms, queries and cookies
 *
 * Pure. A value that is not UTF-8, has a NUL in it, or is longer than its
 * place counts as not sent.
 */
#ifndef ADMIN_WEB_FORM_H
#define ADMIN_WEB_FORM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* The value of a name in application/x-www-form-urlencoded, the first one;
 * out is ended with NUL. False: it is not there, or cannot be used; then out
 * is empty. */
bool form_get(struct str form, const char *name, char *out, size_t size);
/* Likewise the next from *form on with that name, which is left behind it. */
bool form_next(struct str *form, const char *name, char *out, size_t size);

/* The value of a cookie, as sent; p NULL: none. */
struct str form_cookie(struct str cookies, const char *name);

/* Authorization: Basic. False: it is another kind, or wrong. */
bool form_basic(
    struct str authorization, char *user, size_t n, char *pass, size_t m);

/* Text for a query or the value of a form, percent-encoded. */
void form_encode(struct buf *, struct str);

#endif

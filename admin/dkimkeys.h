/*
 * dkimkeys.h - the files of DKIM keys below secrets/, for domainkeysconfig
 *
 * They are made and read here, by who runs the tool; keyd sees a new one at
 * once. What is published of a key is made of the private one.
 */
#ifndef ADMIN_DKIMKEYS_H
#define ADMIN_DKIMKEYS_H

#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"

/* A new one, unless there is a file of that name: *made says so. */
int dkimkey_make(
    const char *etc, const struct dkim_key *, bool *made, struct err *err);
/* "v=DKIM1; k=rsa; p=..." -1: the file cannot be used, err says why. */
int dkimkey_record(
    const char *etc, const struct dkim_key *, struct buf *out, struct err *err);
/* The record as it stands in a zone: in strings of at most 255 bytes. */
void dkimkey_zone_line(
    const struct dkim_profile *, struct str record, struct buf *out);
/* Does a published record have that key? Only v=, k= and p= count. NULL: it
 * does; else what is wrong with it. */
const char *dkimkey_compare(struct str published, struct str record);

#endif

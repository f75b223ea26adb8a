/*
 * pack.h - putting the files of a bundle together
 *
 * Used by the files of lib/config only. pack_begin, pack_file..., pack_end;
 * too much shows at the end.
 */
#ifndef CONFIG_PACK_H
#define CONFIG_PACK_H

#include "base/buf.h"
#include "config/bundle.h"

#define BUNDLE_FILES_MAX 1000
#define BUNDLE_MAX       ((size_t)1 << 30)

void pack_begin(struct buf *packed);
void pack_file(struct buf *packed, struct str name, struct str text);
/* Frees packed in any case. */
int pack_end(struct buf *packed, struct bundle *, struct err *err);

#endif

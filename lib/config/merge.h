/*
 * merge.h - two sets of changes to the same files, put together
 *
 * Used by commit.c only. Files that one side changed are taken from it; a
 * file that both changed is merged line by line. What both inserted at the
 * same place stands there one after the other; any other overlap is refused.
 */
#ifndef CONFIG_MERGE_H
#define CONFIG_MERGE_H

#include "base/buf.h"
#include "config/bundle.h"

/* out belongs to the caller. -1, ERR_USAGE: the text says where they meet. */
int merge_bundles(const struct bundle *base, const struct bundle *ours,
    const struct bundle *theirs, struct bundle *out, struct err *err);
/* False: they overlap; *line is where, in base, from 1. */
bool merge_texts(struct str base, struct str ours, struct str theirs,
    struct buf *out, size_t *line);

#endif

/*
 * diff.h - the difference of two texts, for people
 */
#ifndef CONFIG_DIFF_H
#define CONFIG_DIFF_H

#include "base/buf.h"

/* Appends a unified difference with three lines of context, as patch(1)
 * reads it; nothing when the texts are equal. */
void diff_unified(struct str from, struct str to, const char *from_label,
    const char *to_label, struct buf *out);

/* The lines of a text, without their ends; the caller's. */
struct str *diff_lines(struct str text, size_t *n);
/* For each line of from: which line of to it became, counted from 1; 0: it
 * is gone. The caller's. */
size_t *diff_matches(struct str from, struct str to);

#endif

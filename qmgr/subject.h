/*
 * subject.h - the beginning of a subject, as people read it
 */
#ifndef QMGR_SUBJECT_H
#define QMGR_SUBJECT_H

#include "base/str.h"

#define SUBJECT_SHORT 48 /* bytes of UTF-8: 16 kanji */

/* The value of a field, RFC 2047 words decoded; a longer one is cut behind a
 * character, with "..." at its end. Points into out, or into raw. */
struct str subject_short(struct str raw, char out[SUBJECT_SHORT]);

#endif

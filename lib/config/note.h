/*
 * note.h - what is written beside the files of a revision
 *
 * Used by the files of lib/config only.
 */
#ifndef CONFIG_NOTE_H
#define CONFIG_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define NOTE_FILE    "commit.json"
#define NOTE_MAX     (1024 * 1024)
#define NOTE_OBJECTS 1000 /* named at most; more are counted */
#define BASE_FILE    ".base"

struct commit_note;

/* Text of commit.json, the caller's. objects: one name a line. */
char *note_text(
    uint64_t number, const struct commit_note *, struct str objects);
/* The numbers of all folders that may be revisions, the caller's. */
uint64_t *note_numbers(int dir, size_t *n);
/* The working copy is based on that revision from now on; 0: on none. */
int note_base(const char *etc, uint64_t number, struct err *err);

#endif

/*
 * recorder_files.h - the files of one log subscription in its folder
 *
 * Everything is relative to a descriptor of the folder, never follows a
 * symbolic link, and reports failure only as "not possible now".
 */
#ifndef MASTER_RECORDER_FILES_H
#define MASTER_RECORDER_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"

/* name.@20250304T104008.current and its NUL */
#define RECORDER_FILE_MAX (NAME_MAX_LEN + 32)

/* Opens the folder of that name below `logs`, made if need be; -1: no. */
int recorder_files_folder(int logs, const char *name);

/*
 * Opens the file to write: the newest .current that a crash has left (older
 * ones are saved), else a new one. Its name is put into `current`. torn: it
 * ends within a line. -1: no.
 */
int recorder_files_open(int dir, const char *name, int64_t now_ms,
    char current[RECORDER_FILE_MAX], uint64_t *size, bool *torn);

/* Renames a .current file to .s */
void recorder_files_save(int dir, const char *current);

/* The oldest saved file; false: there is none. */
bool recorder_files_oldest(
    int dir, const char *name, char oldest[RECORDER_FILE_MAX]);

/* Removes the oldest saved files until at most `keep` are left. */
void recorder_files_trim(int dir, const char *name, size_t keep);

#endif

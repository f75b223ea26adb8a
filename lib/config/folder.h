/*
 * folder.h - reading files of a configuration folder, never outside of it
 *
 * Used by the files of lib/config only. Names are single components.
 */
#ifndef CONFIG_FOLDER_H
#define CONFIG_FOLDER_H

#include <sys/stat.h>

#include "base/buf.h"
#include "config/bundle.h"

/* As bundle_read_folder; strict_modes: files and folders that others can
 * write are refused, with the mode that would be right. */
int folder_read(
    struct bundle *, const char *folder, bool strict_modes, struct err *err);
/* The compiled tables of a revision's folder alone. */
int folder_read_compiled(struct bundle *, const char *folder, struct err *err);
/* open(2) of one name in dir without following any link; -1 with errno. */
int folder_open(int dir, const char *name, int flags, mode_t mode);
/* The whole of one plain file, appended to out, whose limit is that of the
 * file and FOLDER_BLOCK. */
#define FOLDER_BLOCK 65536
int folder_slurp(
    int dir, const char *name, struct buf *out, struct stat *, struct err *err);
/* Names that may be configuration files of a folder ("tables"). Compiled
 * tables are made of them: those are none. */
bool folder_is_ours(const char *folder, const char *name);
/* The names in a folder that are ours, in order; the caller's, each too. */
int folder_names(int dir, char ***names, size_t *n, struct err *err);

#endif

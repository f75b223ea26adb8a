/*
 * support.h - what those who help need to know of this gateway
 *
 * Files: the configuration in force with its passphrases masked, what the
 * running programs say of themselves, the last lines of the logs. No message,
 * no secret. What cannot be had is said in the text that lists the rest.
 */
#ifndef ADMIN_SUPPORT_H
#define ADMIN_SUPPORT_H

#include "admin/enclose.h"
#include "admin/tool.h"

#define SUPPORT_LINES 10000             /* of each log */
#define SUPPORT_LOG   ((size_t)4 << 20) /* bytes of them at most */
#define SUPPORT_MAX   ((size_t)512 << 20)

/* What a person is told before anything leaves. */
extern const char support_contents[];

/* Adds the files to a message; what cannot be had is a file that says why. */
void support_enclose(struct tool *, struct enclosing *, struct arena *);

/* The file in which a request is kept, STATE/support/NAME; mode 0600. */
int support_save(struct tool *, struct str message, char *path, size_t size,
    struct err *err);

#endif

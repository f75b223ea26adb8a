/*
 * admins.h - connections of admin tools and of webd's pages
 *
 * The master hands them over (ADMIN); commands that come go to on_command of
 * the program, those of pages only if they are among its page_commands. A few
 * at a time: who comes when there are too many finds his connection closed.
 */
#ifndef PROGRAM_ADMINS_H
#define PROGRAM_ADMINS_H

#include "program/program.h"

/* An ADMIN frame of the master; its descriptor is taken. */
int admins_take(struct daemon *, struct ipc_frame *, struct err *err);

#endif

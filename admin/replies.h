/*
 * replies.h - SMTP replies of one's own in dialogues
 */
#ifndef ADMIN_REPLIES_H
#define ADMIN_REPLIES_H

#include "admin/editing.h"

/* Asks whether there shall be one, and for its code (from..to, usual if there
 * was none) and text; reply is "550 text" before and after, or empty. False:
 * the input ended. */
bool replies_ask(struct editing *, uint64_t from, uint64_t to, uint64_t usual,
    char reply[DIALOGUE_LINE]);

#endif

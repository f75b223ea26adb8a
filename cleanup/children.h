/*
 * children.h - the queue files of what came out of a message
 *
 * Written as drafts here; settle.c commits them, and says when they are mail.
 */
#ifndef CLEANUP_CHILDREN_H
#define CLEANUP_CHILDREN_H

#include "cleanup/outcome.h"

/* All of them; those that are not written when this fails have no mail. */
int children_write(struct outcome *, struct err *);

#endif

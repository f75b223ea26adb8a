/*
 * outbreakmanage.h - what outbreak rules hold, released and deleted by rule
 */
#ifndef ADMIN_OUTBREAKMANAGE_H
#define ADMIN_OUTBREAKMANAGE_H

#include "admin/tool.h"

/* word: list, with rule NULL; release or delete. Returns the exit status. */
int outbreakmanage_do(struct tool *, const char *word, const char *rule);
/* Shows what is held and asks. False: the input ended. */
bool outbreakmanage_ask(struct tool *);

#endif

/*
 * policy.h - parameters of mail flow policies in dialogues
 * (spec receiving 4.5)
 */
#ifndef ADMIN_POLICY_H
#define ADMIN_POLICY_H

#include "admin/ask.h"

/* "Default Policy Parameters", as a new listener shows them. */
void policy_show(const struct policy_params *, struct buf *);

/*
 * Asks for the parameters in the order of the manual, and writes to PATH.key
 * those that changed. set NULL: these are the defaults of a listener;
 * otherwise each may follow them. False: the input ended.
 */
bool policy_ask(struct editing *, const struct policy_params *,
    const bool set[MFP_N], const char *path);

#endif

/*
 * hat.h - sender groups and mail flow policies while they are edited
 * (spec receiving 4.9)
 *
 * i is the listener. Groups that its type brings, and policies that are there
 * without being written, are written down before they are changed. Positions
 * of groups are those of the loaded configuration, ALL being the last; names
 * lead to policies.
 */
#ifndef ADMIN_HAT_H
#define ADMIN_HAT_H

#include "admin/ask.h"

const struct hat *hat_now(const struct editing *, size_t i);
/* Position by name, or by number (from 1) for those without; n_groups. */
size_t hat_find_group(const struct editing *, size_t i, const char *name);
/* "BLOCKLIST", or what an unnamed one consists of. */
void hat_group_title(const struct hat_group *, struct buf *);

/* hat_groups.c */
bool hat_new_group(struct editing *, size_t i);
bool hat_edit_group(struct editing *, size_t i);
bool hat_delete_group(struct editing *, size_t i);
bool hat_move_group(struct editing *, size_t i);
int hat_take_group(struct editing *, struct args *, size_t i, const char *verb);

/* hat_policies.c */
bool hat_new_policy(struct editing *, size_t i);
bool hat_edit_policy(struct editing *, size_t i);
bool hat_delete_policy(struct editing *, size_t i);
int hat_take_policy(
    struct editing *, struct args *, size_t i, const char *verb);
/* One of the policies, or a behaviour; now: shown as the default. */
bool hat_ask_policy(
    struct editing *, size_t i, struct str now, char *out, size_t size);

/* What a group may name: a policy of the listener or a behaviour. Else says
 * which there are. */
bool hat_policy_exists(struct editing *, size_t i, const char *name);

#endif

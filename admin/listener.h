/*
 * listener.h - the parts of `listenerconfig` (spec receiving 3.9)
 *
 * Each part has two ways in: a dialogue (listener_X; false: the input ended)
 * and a batch line (listener_X_batch; the exit status). i is the position of
 * the listener in the configuration. What belongs to a listener stands at
 * "listeners[i]." in postern.yaml.
 */
#ifndef ADMIN_LISTENER_H
#define ADMIN_LISTENER_H

#include "admin/ask.h"

#define LISTENER_PATH 300 /* room for a path to one, and more */

const struct listener *listener_at(const struct editing *, size_t i);
/* Position; the number of listeners: none has this name. */
size_t listener_find(const struct editing *, struct str name);
bool listener_name_taken(const struct editing *, struct str name);
/* "Sinkhole Queuing" */
const char *listener_type_name(enum listener_type);
/* Another listener has this address and port, which was said. except: the
 * position of one that may. */
bool listener_port_taken(
    struct editing *, const struct interface *, uint64_t port, size_t except);

/* The name of the file that is the listener's access table; empty: the table
 * stands in postern.yaml. key: "hat", "rat". Such a file is made by somebody
 * for whom commands are too slow: it is shown, exported and imported here, but
 * changed where it comes from. */
struct str listener_file(const struct editing *, size_t i, const char *key);
/* Says that for the dialogue, above the menu; refuses it on a line. */
void listener_file_show(struct editing *, struct str file);
int listener_file_refuse(struct editing *, struct str file);

/* Replaces an access table by an exported one, or says which lines are wrong:
 * key "hat", "rat", and what reads its text. The exit status. */
typedef int listener_text_import(const struct listener *, const char *file,
    struct str text, struct buf *yaml, struct config_problems *);
int listener_import(struct editing *, size_t i, const char *key,
    listener_text_import *, const char *file, struct str text);

/* listener_new.c */
bool listener_new(struct editing *);
int listener_new_batch(struct editing *, struct args *);

/* listener_edit.c */
bool listener_edit(struct editing *, size_t i);
int listener_edit_batch(struct editing *, struct args *);

/* listener_hat.c, listener_rat.c, listener_tables.c */
bool listener_hat(struct editing *, size_t i);
int listener_hat_batch(struct editing *, struct args *, size_t i);
bool listener_rat(struct editing *, size_t i);
int listener_rat_batch(struct editing *, struct args *, size_t i);
bool listener_masquerade(struct editing *, size_t i);
int listener_masquerade_batch(struct editing *, struct args *, size_t i);
bool listener_domain_map(struct editing *, size_t i);
int listener_domain_map_batch(struct editing *, struct args *, size_t i);

/* listener_setup.c: of one listener; of all (`setup` at the top) */
bool listener_setup(struct editing *, size_t i);
int listener_setup_batch(struct editing *, struct args *, size_t i);
bool listener_ldap_accept(struct editing *, size_t i);
int listener_ldap_accept_batch(struct editing *, struct args *, size_t i);
bool listener_global(struct editing *);
int listener_global_batch(struct editing *, struct args *);

#endif

/*
 * interfaces.h - interfaces in dialogues
 */
#ifndef ADMIN_INTERFACES_H
#define ADMIN_INTERFACES_H

#include <net/if.h>

#include "admin/ask.h"

/* "(192.0.2.1/24: mail.example.com)": what stands behind its name. */
void interfaces_show(
    struct buf *, const struct config *, const struct interface *);
/* Asks for one by number; an empty answer: now, or the first. */
bool interfaces_ask(struct editing *, const char *question,
    const struct interface *now, const struct interface **out);
/* "192.0.2.1/24": with the prefix that this machine has for it. */
void interfaces_address(struct buf *, const struct ip *);

/* The network device of this machine that has the address, or for a loopback
 * address the loopback. False: none. */
bool interfaces_device(const struct ip *, char out[IF_NAMESIZE]);
/* Is it this one? NULL: no. */
bool interfaces_is(const struct sockaddr *, const struct ip *);

#endif

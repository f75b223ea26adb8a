/*
 * bounce.h - bounce profiles: `bounceconfig`, and where listeners choose one
 */
#ifndef ADMIN_BOUNCE_H
#define ADMIN_BOUNCE_H

#include "admin/ask.h"

/* Asks for all of a new profile and saves it; name becomes empty when that
 * failed. False: the input ended. */
bool bounce_new(struct editing *, char *name, size_t size);

#endif

/*
 * capture_ask.h - a person changes what is captured (spec delivery-admin 5.4)
 */
#ifndef ADMIN_CAPTURE_ASK_H
#define ADMIN_CAPTURE_ASK_H

#include "admin/settings.h"

#define CAPTURE_MB_MAX (UINT64_C(1) << 20) /* as the schema has it */

/* The settings of packet captures, in the working copy. */
struct settings capture_settings(const struct editing *);
void capture_set_size(struct editing *, uint64_t mb);
/* Whether libpcap can read it, whatever the network is like. */
bool capture_filter_ok(const char *filter, struct err *);
/* Asks for all of them and saves. False: the input ended. */
bool capture_ask(struct editing *);

#endif

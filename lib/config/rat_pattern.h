/*
 * rat_pattern.h - one pattern of a recipient access table, from its text
 *
 * The forms are those of spec receiving 5.2. Literals get one spelling:
 * "[192.0.2.1]", "[ipv6:2001:db8::1]", the address as ip_text writes it.
 */
#ifndef CONFIG_RAT_PATTERN_H
#define CONFIG_RAT_PATTERN_H

#include "base/arena.h"
#include "config/config.h"

/* Fills kind, text and key; -1 with ERR_USAGE: "Invalid recipient: ...". */
int rat_pattern_parse(
    struct rat_entry *, struct str text, struct arena *mem, struct err *err);
/* The literal's one spelling, in mem; n 0: it is none. Bare addresses are
 * literals too when they stand where a domain is meant. */
struct str rat_literal(struct str text, struct arena *mem);

#endif

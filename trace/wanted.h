/*
 * wanted.h - what a message wants of its delivery
 *
 * The parameters of MAIL and RCPT and the header say it: how its next hops
 * must do TLS (RFC 8689), and what they are told in turn.
 */
#ifndef TRACE_WANTED_H
#define TRACE_WANTED_H

#include "trace/commands.h"
#include "trace/trace.h"

enum tls_wish wanted_tls(const struct trace_report *, const struct work *);
const char *wanted_tls_name(enum tls_wish); /* "REQUIRETLS"; none: "" */

/* Is it one of those who are delivered to as mail for that domain? */
bool wanted_here(const struct work *, struct str addr, struct str domain);
/* Why a recipient is not tried; NULL: it is. */
const struct unsubscribed *wanted_not(
    const struct trace_report *, struct str addr);

/* Is a failure told to anybody, by that profile? */
bool wanted_notice(const struct trace_report *, const struct work *,
    const struct work_rcpt *, const struct bounce_profile *);

/* What a next hop would hear of those recipients but those that are not
 * tried. */
struct commands wanted_commands(const struct trace_report *,
    const struct work *, struct str domain, struct arena *mem);

/* What is logged about its DKIM signature (delivery-admin 1.13); NULL: it is
 * not to have one. Whether the file of the key is a good one, keyd will see. */
const char *wanted_dkim(
    const struct trace_report *, const struct work *, struct arena *mem);

#endif

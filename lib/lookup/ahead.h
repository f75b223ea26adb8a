/*
 * ahead.h - FACT_CALLAHEAD as a question to probe.h, and its answer as a fact
 *
 * smtpd asks it of lookupd, trace in its own process; whom to ask, and what
 * an answer means, is said here, once (spec receiving 8.7).
 */
#ifndef LOOKUP_AHEAD_H
#define LOOKUP_AHEAD_H

#include "base/arena.h"
#include "config/config.h"
#include "fact/facts.h"
#include "ipc/messages.h"

/* Questions that one command has under way: they share the connections that
 * its profile allows, and none has more than its time. */
#define AHEAD_TOGETHER 64

/*
 * Asks the servers of the profile, else those that mail to the address would
 * be delivered to. Texts of *out point into what is given, and mem. False:
 * mail to that address goes nowhere, so there is nobody to ask.
 */
bool ahead_probe(const struct config *, const struct callahead_profile *,
    struct str addr, struct str helo, struct probe *out, struct arena *mem);
/* out->key is the caller's; text points into the answer. */
void ahead_fact(const struct probe_done *, struct fact_answer *out);
/* Who is nowhere is as good as known there. */
void ahead_nowhere(struct fact_answer *out);

#endif

/*
 * facts.h - facts as questions to lookup.h, and its answers as facts
 *
 * Of those facts that the domain name system can say: FACT_HOST,
 * FACT_DNSLIST and FACT_SENDER_DOMAIN. smtpd asks them of lookupd, trace in
 * its own process; what an answer means is said here, once.
 */
#ifndef LOOKUP_FACTS_H
#define LOOKUP_FACTS_H

#include "config/config.h"
#include "fact/facts.h"
#include "ipc/messages.h"

/* Room for a name that is asked for. */
#define LOOKUP_NAME (DOMAIN_MAX + 1)

/*
 * The question for the fact of that client, or with that key. name: where
 * the query's name may be put. False: there is none, the fact cannot be had.
 */
bool lookup_query_of(enum fact_id, struct str key, const struct config *,
    const struct ip *client, struct query *, char name[LOOKUP_NAME]);

/* The fact that the answer to it is; out->key is the caller's, text points
 * into the answer. Of FACT_HOST: number is the class, text the name. */
void lookup_fact_of(
    enum fact_id, const struct answer *, struct fact_answer *out);

/* The addresses that a DNS list answered with, blanks between: the text of
 * FACT_DNSLIST for who compares them (spec workqueue 2.8). */
struct str lookup_list_text(const struct answer *, struct arena *mem);

/* FACT_SPAM or FACT_VIRUS: what a scanner said (lookup/scan.h). out->key is
 * the caller's; detail and its texts are in mem. */
void lookup_fact_of_scan(
    const struct scanned *, struct fact_answer *out, struct arena *mem);

#endif

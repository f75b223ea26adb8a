/*
 * listcheck.h - is a DNS list one at all?
 *
 * RFC 5782 5: every list of addresses has 127.0.0.2, and none has 127.0.0.1.
 * One that does otherwise was given up, or sold, and would list everybody or
 * nobody: it is switched off, and asked again after a while (threats DNS-06).
 * A list that cannot be asked is taken to be one.
 *
 * Inside lib/lookup.
 */
#ifndef LOOKUP_LISTCHECK_H
#define LOOKUP_LISTCHECK_H

#include "fact/facts.h"
#include "lookup/resolver.h"

struct listchecks;

/* done is called whenever something new is known of a zone. */
struct listchecks *listchecks_new(struct loop *, struct resolver *,
    void (*done)(void *arg, struct str zone), void *arg);
void listchecks_free(struct listchecks **);
/* What was found out counts no more. */
void listchecks_forget(struct listchecks *);

/*
 * LIST_HAS_NOT: it is a list; LIST_HAS_ALL, LIST_HAS_NO_TEST: it is off.
 * False: that is being found out, and done follows, perhaps before this
 * returns.
 */
bool listcheck(struct listchecks *, struct str zone, enum dns_list *verdict);

#endif

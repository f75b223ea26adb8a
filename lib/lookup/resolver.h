/*
 * resolver.h - questions to the domain name system, over libunbound
 *
 * One question, one answer, as a DNS message that is not taken apart yet
 * (rdata.h does that). The library asks the servers it is given, or, when
 * there are none, starts at the root; it has random ids and ports, retries,
 * falls back to TCP, caches, and validates with a trust anchor. Nothing is
 * read from files, so that it works in a sandbox without any.
 *
 * libunbound has no call to empty its cache. Flushing, and changing servers,
 * make a new context; the old one lives until its questions are answered.
 */
#ifndef LOOKUP_RESOLVER_H
#define LOOKUP_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "lookup/system.h"

struct resolver;
struct question;

struct resolver_settings {
	const struct endpoint *servers; /* none: the system's, else the root */
	size_t n_servers;
	struct str anchor;                  /* empty: no validation */
	const struct lookup_system *system; /* NULL: no such knowledge */
};

/* The settings, and what they point to, must outlive the next set. */
struct resolver *resolver_new(
    struct loop *, const struct resolver_settings *, struct err *);
void resolver_free(struct resolver **);
/* New settings, or the same again: a new and empty cache. On error the old
 * ones stay in force. */
int resolver_set(
    struct resolver *, const struct resolver_settings *, struct err *);

struct resolver_reply {
	const char *failure; /* NULL: packet is an answer */
	struct str packet;   /* valid during the callback only */
	bool secure;         /* DNSSEC validated */
	bool bogus;          /* ... and found to be forged */
};

struct resolver_query {
	const char *name; /* with its last dot */
	int type;
	/* A name that the configuration gives, not mail: it is asked about
	 * whatever it costs (lookup/burden.h). */
	bool trusted;
};

/*
 * Asks. done is called once, perhaps before this returns, and then *slot is
 * NULL again; otherwise *slot is the question under way. There is no time
 * limit here but the library's own, which is minutes.
 */
void resolver_ask(struct resolver *, struct question **slot,
    const struct resolver_query *,
    void (*done)(void *arg, const struct resolver_reply *), void *arg);
/* The answer is not wanted any more. Sets *slot to NULL; NULL is fine. */
void resolver_forget(struct question **slot);

/* A domain costs too much, and is not asked about for BURDEN_PAUSE. */
void resolver_on_costly(
    struct resolver *, void (*cb)(void *arg, struct str domain), void *arg);

/* Each question is one of the first four, as soon as it is asked. */
struct resolver_counts {
	uint64_t hits;       /* answered from the cache, at once */
	uint64_t misses;     /* not in the cache */
	uint64_t exceptions; /* there, but still being fetched */
	uint64_t expired;    /* it was there, and its time is over */
	uint64_t queries;    /* sent to servers, about (lookup/ubloop.h) */
};
struct resolver_counts resolver_counts(const struct resolver *);
/* Answers that the cache has, or had until their time was over; of the last
 * 16,384 questions. */
size_t resolver_cached(const struct resolver *);

#endif

/*
 * asked.h - which questions were asked before, for the counters of the cache
 *
 * libunbound answers from its cache or it does not; why it does not, it does
 * not tell. This remembers the questions: one that is under way already finds
 * an entry that is being fetched, one that was answered before and has to be
 * asked again an entry whose time is over. 16,384 of them are remembered,
 * fewer than the cache holds; a question that another has taken the place of
 * counts as new.
 */
#ifndef LOOKUP_ASKED_H
#define LOOKUP_ASKED_H

#include <stdbool.h>
#include <stddef.h>

struct asked;

enum asked_state {
	ASKED_NEVER,
	ASKED_NOW,   /* it is under way */
	ASKED_BEFORE /* there was an answer */
};

struct asked *asked_new(void);
void asked_free(struct asked **);
void asked_forget(struct asked *); /* all: the cache is empty */

/* How many are known that were answered. */
size_t asked_answered(const struct asked *);

enum asked_state asked_state(const struct asked *, const char *name, int type);
/* It goes to the servers; it is over, with something that a cache keeps. */
void asked_begin(struct asked *, const char *name, int type);
void asked_end(struct asked *, const char *name, int type, bool kept);

#endif

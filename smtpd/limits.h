/*
 * limits.h - what one client may do before we part (threats LIM-09, LIM-14)
 */
#ifndef SMTPD_LIMITS_H
#define SMTPD_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "event/events.h"

#define LIMIT_BAD_COMMANDS 20  /* in a row */
#define LIMIT_JUNK         100 /* NOOP, RSET and the like per message */
#define LIMIT_EVENTS       16  /* of one kind, connection and minute */

/* Kinds of log lines that a client can cause at will. */
enum noisy {
	NOISY_COMMAND, /* unknown command, bad syntax */
	NOISY_ADDRESS, /* invalid sender or recipient */
	NOISY_REFUSED, /* refused recipients */
	NOISY_ABORTED, /* messages begun in vain */
	NOISY_N
};

struct tally {
	uint32_t bad;      /* commands in a row */
	uint32_t junk;     /* since the last message */
	uint32_t messages; /* accepted */
	struct {
		int64_t since; /* start of its minute, monotonic ms */
		uint32_t n;
	} noisy[NOISY_N];
};

/* A command was answered. True: this was one too many. */
bool tally_command(struct tally *, int code, bool junk);
void tally_message(struct tally *);

/* May an event of that kind be logged? When not it is counted, and the count
 * is logged with the first event of a later minute, and by tally_flush. */
bool tally_event(struct tally *, enum noisy, uint64_t icid, int64_t now);
void tally_flush(struct tally *, uint64_t icid);

#endif

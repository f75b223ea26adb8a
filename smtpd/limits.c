/* limits.c - what one client may do before we part */
#include "smtpd/limits.h"

#include <stdio.h>

#include "event/event.h"

#define MINUTE 60000

static const char *const noisy_names[NOISY_N] = {
	[NOISY_COMMAND] = "bad commands",
	[NOISY_ADDRESS] = "invalid addresses",
	[NOISY_REFUSED] = "refused recipients",
	[NOISY_ABORTED] = "aborted messages",
};

static bool is_bad(int code);
static void say_count(uint64_t icid, enum noisy, uint32_t n);

bool
tally_command(struct tally *t, int code, bool junk)
{
	t->bad = is_bad(code) ? t->bad + 1 : 0;
	if (junk)
		t->junk++;
	return t->bad >= LIMIT_BAD_COMMANDS || t->junk > LIMIT_JUNK;
}

void
tally_message(struct tally *t)
{
	t->messages++;
	t->junk = 0;
}

bool
tally_event(struct tally *t, enum noisy kind, uint64_t icid, int64_t now)
{
	uint32_t n = t->noisy[kind].n;

	if (n > 0 && now - t->noisy[kind].since >= MINUTE) {
		say_count(icid, kind, n);
		n = 0;
	}
	if (n == 0)
		t->noisy[kind].since = now;
	t->noisy[kind].n = n + 1;
	return n < LIMIT_EVENTS;
}

void
tally_flush(struct tally *t, uint64_t icid)
{
	for (int kind = 0; kind < NOISY_N; kind++) {
		say_count(icid, (enum noisy)kind, t->noisy[kind].n);
		t->noisy[kind].n = 0;
	}
}

/* Wrong syntax, wrong order, unknown: not a policy's "no". */
static bool
is_bad(int code)
{
	return (code >= 500 && code <= 504) || code == 555;
}

static void
say_count(uint64_t icid, enum noisy kind, uint32_t n)
{
	char text[100];

	if (n <= LIMIT_EVENTS)
		return;
	snprintf(text, sizeof(text), "ICID %llu %u more %s not logged",
	    (unsigned long long)icid, n - LIMIT_EVENTS, noisy_names[kind]);
	EMIT(NOTICE, .text = str_of(text));
}

/* overrun.c - an end for what never comes back */
#include "lookup/overrun.h"

#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/err.h"

#define TICKS 10 /* that make the time of one call */

static volatile sig_atomic_t inside; /* a call */
static volatile sig_atomic_t ticks;  /* that it has taken */

static void on_tick(int sig);

void
overrun_watch(unsigned max_ms)
{
	struct sigaction act = { .sa_handler = on_tick,
		.sa_flags = SA_RESTART };
	struct timeval each = { max_ms / TICKS / 1000,
		max_ms / TICKS % 1000 * 1000 };
	struct itimerval timer = { each, each };

	if (sigaction(SIGPROF, &act, NULL) == -1 ||
	    setitimer(ITIMER_PROF, &timer, NULL) == -1)
		panic("SIGPROF cannot be had");
}

void
overrun_begin(void)
{
	ticks = 0;
	inside = 1;
}

void
overrun_end(void)
{
	inside = 0;
}

static void
on_tick(int sig)
{
	(void)sig;
	if (inside && ++ticks > TICKS)
		_exit(OVERRUN_STATUS);
}

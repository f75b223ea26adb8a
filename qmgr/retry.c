/* retry.c - when to try again, and when to give up */
#include "qmgr/retry.h"

#define SECOND 1000

static int64_t doubled(uint32_t initial, uint32_t max, uint32_t times);

int64_t
retry_interval(
    const struct bounce_profile *p, uint32_t attempts, int32_t jitter)
{
	int64_t ms;

	if (attempts < 2)
		return doubled(p->initial_retry, p->max_retry, 0);
	ms = doubled(p->initial_retry, p->max_retry, attempts - 2);
	return ms + ms * jitter / (20 * RETRY_JITTER);
}

int64_t
retry_host_interval(const struct bounce_profile *p, uint32_t failures)
{
	return doubled(p->initial_host_retry, p->max_host_retry,
	    failures > 0 ? failures - 1 : 0);
}

bool
retry_exhausted(const struct bounce_profile *p, uint32_t attempts)
{
	return attempts > p->max_retries;
}

int64_t
retry_born(int64_t arrival, int64_t wall, int64_t now)
{
	return arrival < wall ? now - (wall - arrival) : now;
}

int64_t
retry_resume(
    const struct bounce_profile *p, int64_t next, int64_t wall, int64_t now)
{
	int64_t longest = (int64_t)p->max_retry * SECOND;

	if (next <= wall)
		return now;
	/* Jitter may have put it a little beyond the maximum. */
	longest += longest / 20;
	return next - wall > longest ? now + longest : now + (next - wall);
}

bool
retry_expired(const struct bounce_profile *p, int64_t born, int64_t loaded,
    int64_t now, uint32_t attempts)
{
	int64_t limit = (int64_t)p->max_queue_time * SECOND;

	if (now - born < limit)
		return false;
	return attempts > 0 || now - loaded >= limit;
}

bool
retry_may_warn(const struct bounce_profile *p, int64_t age, uint32_t attempts,
    uint32_t warned)
{
	if (!p->warn || attempts < 2 || warned >= p->warn_count)
		return false;
	/* The first may go out at once; those after it keep their distance. */
	return age >= (int64_t)warned * p->warn_interval * SECOND;
}

/* initial * 2^times seconds in ms, at most max. */
static int64_t
doubled(uint32_t initial, uint32_t max, uint32_t times)
{
	uint64_t s = initial;

	while (times-- > 0 && s < max)
		s *= 2;
	return (int64_t)(s < max ? s : max) * SECOND;
}

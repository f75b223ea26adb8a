/* disk.c - is there room for more, and telling when something is wrong */
#include "cleanup/disk.h"

#include "event/alert.h"

#define LOOK_EVERY    1000
#define ALERT_EVERY   60000
#define INODES_NEEDED 1000 /* kept free: DUR-10 */

static uint64_t greatest_size(const struct config *);

bool
disk_has_room(struct cleanup *c)
{
	int64_t now = loop_now(c->daemon->loop);
	uint64_t reserve = c->daemon->config->reserve;

	if (c->looked == 0 || now - c->looked >= LOOK_EVERY) {
		c->looked = now;
		if (spool_free(c->spool, &c->free_bytes, &c->free_inodes) == -1)
			c->free_bytes = 0;
	}
	return c->free_inodes > INODES_NEEDED && c->free_bytes > reserve &&
	       c->free_bytes - reserve > c->promised;
}

uint64_t
disk_promise(struct cleanup *c, uint64_t limit)
{
	if (c->promise_max == 0 || c->revision != c->daemon->config->revision) {
		c->revision = c->daemon->config->revision;
		c->promise_max = greatest_size(c->daemon->config);
	}
	if (limit == UNLIMITED)
		return 0; /* nothing can be promised */
	return limit < c->promise_max ? limit : c->promise_max;
}

void
disk_alert(struct cleanup *c, const struct err *why)
{
	int64_t now = loop_now(c->daemon->loop);

	if (c->alerted != 0 && now - c->alerted < ALERT_EVERY)
		return;
	c->alerted = now;
	alert_raise(ALERT_QUEUE_ERROR, STR(""), str_of(why->text));
}

/* Of all policies that have a limit. UINT64_MAX: none has. */
static uint64_t
greatest_size(const struct config *cf)
{
	uint64_t max = 0;

	for (size_t i = 0; i < cf->n_listeners; i++) {
		const struct hat *h = &cf->listeners[i].hat;

		for (size_t j = 0; j < h->n_policies; j++) {
			uint64_t n = h->policies[j].p.max_message_size;

			if (n != UNLIMITED && n > max)
				max = n;
		}
	}
	return max != 0 ? max : UINT64_MAX;
}

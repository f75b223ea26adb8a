/* disk.c - is there room for more, and telling when something is wrong */
#include "cleanup/disk.h"

#include "event/event.h"

#define LOOK_EVERY    1000
#define ALERT_EVERY   60000
#define INODES_NEEDED 1000 /* kept free: DUR-10 */

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

void
disk_alert(struct cleanup *c, const struct err *why)
{
	int64_t now = loop_now(c->daemon->loop);

	if (c->alerted != 0 && now - c->alerted < ALERT_EVERY)
		return;
	c->alerted = now;
	EMIT(ALERT, .text = str_of(why->text));
}

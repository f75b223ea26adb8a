/* load_log.c - log subscriptions: what concerns more than one key */
#include "config/loader.h"

#define EVERY_MIN 60

void
load_log_finish(struct load *ld, const struct at *at, void *object)
{
	struct log_subscription *log = object;

	if (log->rollover_every != 0 && log->rollover_every < EVERY_MIN)
		load_error(ld, at,
		    "rollover_every is %u s; it is 0 (never) or at least %d s",
		    (unsigned)log->rollover_every, EVERY_MIN);
	if (log->type == LOG_DOMAIN_DEBUG && log->domain.n == 0)
		load_error(ld, at, "a domain_debug log needs a domain");
	if (log->type == LOG_INJECTION_DEBUG && log->n_hosts == 0)
		load_error(ld, at, "an injection_debug log needs hosts");
}

void
load_log_note(struct config *c)
{
	for (size_t i = 0; i < c->n_logs; i++) {
		const struct log_subscription *log = &c->logs[i];

		c->log_types |= 1u << log->type;
		if (log->type == LOG_BOUNCES && log->bytes > c->log_bytes)
			c->log_bytes = log->bytes;
	}
}

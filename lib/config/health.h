/*
 * health.h - how much of what is too much (spec delivery-admin 2.16)
 *
 * Part of config.h.
 */
#ifndef CONFIG_HEALTH_H
#define CONFIG_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

enum health_kind {
	HEALTH_WORKQUEUE, /* messages */
	HEALTH_CPU,       /* per cent of the machine */
	HEALTH_SWAP,      /* pages a minute */
	HEALTH_N
};

struct health_config {
	uint64_t limit[HEALTH_N]; /* of a minute; UNLIMITED: not looked at */
	bool alert[HEALTH_N];     /* when it is passed */
};

#endif

/*
 * alerts.h - who is told of what at once (spec delivery-admin 6.1)
 *
 * Part of config.h.
 */
#ifndef CONFIG_ALERTS_H
#define CONFIG_ALERTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum alert_class {
	CLASS_SYSTEM,
	CLASS_HARDWARE,
	CLASS_UPDATER,
	CLASS_OUTBREAK,
	CLASS_VIRUS,
	CLASS_SPAM,
	CLASS_DHAP,
	CLASS_N
};
enum alert_severity {
	SEVERITY_CRITICAL,
	SEVERITY_WARNING,
	SEVERITY_INFORMATION,
	SEVERITY_N
};

struct alert_recipient {
	struct str address;
	uint8_t severities[CLASS_N]; /* bit set of enum alert_severity */
};

struct alerts_config {
	struct str from;           /* empty: alert@hostname */
	uint32_t initial, maximum; /* s before an equal one is sent again */
	bool use_routes;           /* routes count for this mail as well */
	struct alert_recipient *recipients;
	size_t n_recipients;
};

#endif

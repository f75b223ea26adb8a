/*
 * schema_health.c - the keys of postern.yaml: thresholds of healthcheck
 */
#include "config/schema_def.h"

#define THRESHOLD(word, kind, most, dflt, what)                                \
	{                                                                      \
		.name = word, FIELD(config, health.limit[kind]),               \
		.type = &value_count, .flags = KEY_OFF, .min = 1, .max = most, \
		DEFAULT(dflt), .help = what                                    \
	}
#define ALERT(word, kind, what)                                                \
	{                                                                      \
		.name = word, FIELD(config, health.alert[kind]),               \
		.type = &value_bool, DEFAULT("yes"),                           \
		.help = "Whether there is an alert (System, Warning) for each" \
			" minute in which " what                               \
			"; equal ones are suppressed as others are."           \
	}

static const struct schema_key health_keys[] = {
	THRESHOLD("workqueue", HEALTH_WORKQUEUE, 1000000000, "500",
	    "Messages in the work queue, as an average over a minute, that are "
	    "not too many yet."),
	ALERT("workqueue_alert", HEALTH_WORKQUEUE, "there were more"),
	THRESHOLD("cpu", HEALTH_CPU, 100, "85",
	    "Per cent of the processors of the machine, whoever uses them, as "
	    "an average over a minute."),
	ALERT("cpu_alert", HEALTH_CPU, "it was more"),
	THRESHOLD("swap", HEALTH_SWAP, 1000000000, "5000",
	    "Pages that the machine wrote to its swap and read from it in a "
	    "minute."),
	ALERT("swap_alert", HEALTH_SWAP, "there were more"),
};
const struct schema_section schema_health = {
	SECTION(config, "health", health_keys), NO_WHERE
};

/* schema_tracking.c - the keys of postern.yaml: message tracking */
#include "config/schema_def.h"

static const struct schema_key tracking_keys[] = {
	{ .name = "enabled",
	    FIELD(config, tracking.enabled),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether what happens to messages and connections is kept "
		    "for \"postern tracking\"." },
	{ .name = "subject",
	    FIELD(config, tracking.subject),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether subjects are kept, too. Those that are there "
		    "stay until their day is removed." },
	{ .name = "quota",
	    FIELD(config, tracking.quota),
	    .type = &value_size,
	    .min = 0,
	    .max = UINT64_C(1) << 50,
	    DEFAULT("0"),
	    .help = "What all of it may take on disk, beside the quota of "
		    "logs. Near it there is an alert; above it the oldest "
		    "goes. 1M at least; 0: a tenth of the disk." },
};
const struct schema_section schema_tracking = {
	SECTION(config, "tracking", tracking_keys), NO_WHERE
};

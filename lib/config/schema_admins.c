/*
 * schema_admins.c - the keys of postern.yaml: administrators of the gateway
 */
#include "config/schema_def.h"

static const struct schema_key admins_keys[] = {
	{ .name = "login_failures",
	    FIELD(config, admins.failures),
	    .type = &value_count,
	    .min = 1,
	    .max = 1000,
	    DEFAULT("5"),
	    .help = "So many failures in a row of one user at one address, and "
		    "log ins are refused for lock_time, whatever the "
		    "passphrase. Of all users at one address, and of one user "
		    "at all addresses where he has not logged in before: ten "
		    "times as many." },
	{ .name = "lock_time",
	    FIELD(config, admins.hold_time),
	    .type = &value_time,
	    .min = 1,
	    .max = 86400,
	    DEFAULT("15m"),
	    .help = "For how long. \"postern userconfig unlock NAME\" ends it "
		    "at once." },
	{ .name = "passphrase_min",
	    FIELD(config, admins.pass_min),
	    .type = &value_count,
	    .min = 1,
	    .max = 128,
	    DEFAULT("8"),
	    .help = "So many characters a new passphrase must have." },
};
const struct schema_section schema_admins = {
	SECTION(config, "administrators", admins_keys), NO_WHERE
};

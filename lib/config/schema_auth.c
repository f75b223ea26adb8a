/*
 * schema_auth.c - the keys of postern.yaml: profiles of SMTP AUTH
 */
#include "config/schema_def.h"

static const struct choice auth_kinds[] = {
	{ "local", AUTH_LOCAL },
	{ "forward", AUTH_FORWARD },
	{ "outgoing", AUTH_OUTGOING },
	{ NULL, 0 },
};
static const struct choice levels[] = {
	{ "off", 0 },
	{ "preferred", 1 },
	{ "required", 2 },
	{ NULL, 0 },
};

static const struct schema_key auth_keys[] = {
	{ .name = "name",
	    FIELD(auth_profile, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_printable,
	    .help = "What listeners and routes call this profile." },
	{ .name = "type",
	    FIELD(auth_profile, kind),
	    .type = &value_choice,
	    .choices = auth_kinds,
	    DEFAULT("local"),
	    .help = "local: users stand in a file of this system. forward: "
		    "another mail server is asked whether it takes name and "
		    "password. outgoing: as whom we log in at another server, "
		    "for routes with auth=NAME." },
	{ .name = "users",
	    FIELD(auth_profile, users_file),
	    .type = &value_text,
	    .max = FILE_NAME_MAX,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "local: file below secrets/, mode 0600, with lines "
		    "name:secret; \"postern smtpauthconfig\" writes them. "
		    "Empty: the profile's name with .users." },
	{ .name = "user",
	    FIELD(auth_profile, user),
	    .type = &value_text,
	    .max = 255,
	    .text_ok = name_printable,
	    DEFAULT(""),
	    .help = "outgoing: the name we log in with." },
	{ .name = "secret",
	    FIELD(auth_profile, secret_file),
	    .type = &value_text,
	    .max = FILE_NAME_MAX,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "outgoing: file below secrets/, mode 0600, whose first "
		    "line is the passphrase; \"postern smtpauthconfig\" "
		    "writes it. Empty: the profile's name with .secret." },
	{ .name = "servers",
	    CUSTOM(load_auth_servers, print_auth_servers,
		"host, [host] (no MX look-up) or address, each with :port if "
		"that is not 25, several as a list"),
	    .help = "forward: servers that are asked; the first that answers "
		    "decides." },
	{ .name = "tls",
	    FIELD(auth_profile, tls),
	    .type = &value_choice,
	    .choices = levels,
	    DEFAULT("required"),
	    .help = "forward: whether the server is asked under TLS. "
		    "required: with a certificate that the system's "
		    "authorities vouch for; preferred: any, and in clear "
		    "where STARTTLS is not offered. outgoing: the same of the "
		    "server that mail goes to, whose certificate must have "
		    "the name that the route says; preferred and off let the "
		    "passphrase out in the clear where the destination's tls "
		    "does not forbid it." },
	{ .name = "timeout",
	    FIELD(auth_profile, timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 300,
	    DEFAULT("30"),
	    .help = "How long an answer may take; then the client hears "
		    "454." },
};
const struct schema_section schema_auth_profile = {
	SECTION(auth_profile, "authentication profile", auth_keys),
	WHERE(auth_profile), .finish = load_auth_finish
};

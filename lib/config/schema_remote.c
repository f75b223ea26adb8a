/*
 * schema_remote.c - the keys of postern.yaml: this machine from far away, its
 * power and those who help
 */
#include "config/schema_def.h"

static bool bare_host(struct str, struct err *);
static bool account(struct str, struct err *);
static bool host_key(struct str, struct err *);

static const struct choice suites[] = {
	{ "auto", SUITE_AUTO },
	{ "3", SUITE_3 },
	{ "17", SUITE_17 },
	{ NULL, 0 },
};

static const struct schema_key power_keys[] = {
	{ .name = "host",
	    FIELD(config, remote_power.host),
	    .type = &value_text,
	    .max = 255,
	    .text_ok = bare_host,
	    DEFAULT(""),
	    .help = "Name or address of the management controller (BMC) of "
		    "this machine. Empty: none." },
	{ .name = "port",
	    FIELD(config, remote_power.port),
	    .type = &value_count,
	    .min = 1,
	    .max = 65535,
	    DEFAULT("623"),
	    .help = "Its UDP port." },
	{ .name = "cipher_suite",
	    FIELD(config, remote_power.suite),
	    .type = &value_choice,
	    .choices = suites,
	    DEFAULT("auto"),
	    .help = "3 (SHA1), 17 (SHA256), or auto: the best that it says it "
		    "has. Naming it saves seconds with those that do not say "
		    "so." },
	{ .name = "user",
	    FIELD(config, remote_power.user),
	    .type = &value_text,
	    .max = 16,
	    .text_ok = name_group,
	    DEFAULT(""),
	    .help = "The name we log in with there, as an operator." },
	{ .name = "secret",
	    FIELD(config, remote_power.secret_file),
	    .type = &value_text,
	    .max = FILE_NAME_MAX,
	    .text_ok = name_file,
	    DEFAULT("remote_power.secret"),
	    .help = "File below secrets/, mode 0600, whose first line is the "
		    "passphrase; \"postern remotepower secret\" writes it." },
};
const struct schema_section schema_remote_power = {
	SECTION(config, "remote_power", power_keys), NO_WHERE
};

static const struct schema_key access_keys[] = {
	{ .name = "host",
	    FIELD(config, remote_access.host),
	    .type = &value_text,
	    .max = 255,
	    .text_ok = bare_host,
	    DEFAULT(""),
	    .help = "Name or address of the host that tunnels for support "
		    "lead to. Empty: none." },
	{ .name = "port",
	    FIELD(config, remote_access.port),
	    .type = &value_count,
	    .min = 1,
	    .max = 65535,
	    DEFAULT("25"),
	    .help = "The port of its SSH server. Most firewalls let a mail "
		    "gateway out to 25." },
	{ .name = "host_key",
	    FIELD(config, remote_access.host_key),
	    .type = &value_text,
	    .max = 2000,
	    .text_ok = host_key,
	    DEFAULT(""),
	    .help = "The public key of that host: type and key, as in "
		    "\"ssh-ed25519 AAAA...\". No other is trusted." },
	{ .name = "account",
	    FIELD(config, remote_access.account),
	    .type = &value_text,
	    .max = 32,
	    .text_ok = account,
	    DEFAULT("tunnel"),
	    .help = "The account there." },
	{ .name = "key",
	    FIELD(config, remote_access.key_file),
	    .type = &value_text,
	    .max = FILE_NAME_MAX,
	    .text_ok = name_file,
	    DEFAULT("techsupport.key"),
	    .help = "File below secrets/, mode 0600: the private key that we "
		    "log in with there, made by ssh-keygen." },
};
const struct schema_section schema_remote_access = {
	SECTION(config, "remote_access", access_keys), NO_WHERE
};

/* It becomes an argument of a program that knows no brackets. */
static bool
bare_host(struct str s, struct err *err)
{
	if (s.n > 0 && (s.p[0] == '[' || s.p[0] == '-')) {
		err_set(err, ERR_USAGE,
		    "a host name, or an address without brackets");
		return false;
	}
	return name_host(s, err);
}

/* It becomes the front of an argument. */
static bool
account(struct str s, struct err *err)
{
	if (s.n > 0 && s.p[0] == '-') {
		err_set(err, ERR_USAGE, "must not begin with -");
		return false;
	}
	return name_group(s, err);
}

/* It becomes a line of a file of known hosts. */
static bool
host_key(struct str s, struct err *err)
{
	struct str rest = s, type = str_cut(&rest, ' ');

	if (name_ascii(s, NULL) && rest.n > 0 &&
	    str_find(rest, ' ') == rest.n &&
	    (str_starts(type, STR("ssh-")) || str_starts(type, STR("ecdsa-"))))
		return true;
	err_set(err, ERR_USAGE,
	    "type and key, with a blank between them: \"ssh-ed25519 AAAA...\"");
	return false;
}

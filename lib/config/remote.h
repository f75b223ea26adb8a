/*
 * remote.h - this machine from far away: its power, and those who help (spec
 * delivery-admin 6.4, 6.6)
 *
 * Part of config.h.
 */
#ifndef CONFIG_REMOTE_H
#define CONFIG_REMOTE_H

#include <stdint.h>

#include "base/str.h"

enum remote_suite { SUITE_AUTO, SUITE_3, SUITE_17 };
struct remote_power {
	struct str host, user; /* host empty: none */
	uint32_t port;
	enum remote_suite suite;
	struct str secret_file; /* below secrets/ */
};
struct remote_access {
	struct str host; /* empty: none */
	uint32_t port;
	struct str host_key; /* "ssh-ed25519 AAAA..." */
	struct str account;
	struct str key_file; /* below secrets/: ours */
};

#endif

/*
 * admins.h - what holds for the administrators of the gateway
 *
 * Part of config.h. Who they are stands in secrets/administrators
 * (tls/administrators.h), and is no part of the configuration.
 */
#ifndef CONFIG_ADMINS_H
#define CONFIG_ADMINS_H

#include <stdint.h>

#define CONFIG_ADMINS_FILE "administrators" /* below secrets/ */

struct admins_config {
	uint32_t failures;  /* in a row, until a log in is held */
	uint32_t hold_time; /* s */
	uint32_t pass_min;  /* characters of a passphrase */
};

#endif

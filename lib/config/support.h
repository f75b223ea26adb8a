/*
 * support.h - who helps, and how they are reached (spec delivery-admin 6.5)
 *
 * Part of config.h.
 */
#ifndef CONFIG_SUPPORT_H
#define CONFIG_SUPPORT_H

#include "base/str.h"

struct support_config {
	struct str recipients; /* addresses with commas; empty: none */
	struct str user_id, contract_id;
	struct str contact, email, phone;
};

#endif

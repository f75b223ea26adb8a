/*
 * dkim.h - what outgoing mail is signed with (spec delivery-admin 1.13)
 *
 * Part of config.h.
 */
#ifndef CONFIG_DKIM_H
#define CONFIG_DKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "config/place.h"
#include "mail/dkim.h"

/* The file stands below secrets/; only keyd reads it (config_secrets). */
struct dkim_key {
	struct where where;
	struct str name, file;
	enum dkim_algorithm algorithm;
};

struct dkim_profile {
	struct where where;
	struct str name;
	struct str domain, selector;
	struct str key_name;
	const struct dkim_key *key; /* NULL: it signs nothing */
	struct str *sender_texts;   /* as written */
	size_t n_sender_texts;
	struct addr_pattern *senders; /* whose mail; at least one */
	size_t n_senders;
	enum dkim_canon header, body;
	struct str *fields; /* as written */
	size_t n_fields;
	const struct str *signed_fields; /* at least From */
	size_t n_signed_fields;
	bool twice;          /* none of them can be added */
	struct str identity; /* i=; empty: not said */
	bool time;           /* t= */
	uint32_t valid;      /* s from then to x=; 0: not said */
};

#endif

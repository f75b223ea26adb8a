/*
 * place.h - where in the configuration something was written, and the
 * patterns of addresses that many tables have (part of config.h)
 */
#ifndef CONFIG_PLACE_H
#define CONFIG_PLACE_H

#include "base/str.h"

struct where {
	const char *file; /* relative to the configuration folder */
	int line;         /* 0: built in, or a default */
};

enum addr_pattern_kind {
	PATTERN_ADDR,     /* user@example.com, user@[192.0.2.1] */
	PATTERN_USER,     /* user@ */
	PATTERN_DOMAIN,   /* @example.com, @[192.0.2.1] */
	PATTERN_SUBDOMAIN /* @.example.com */
};
struct addr_pattern {
	struct where where;
	enum addr_pattern_kind kind;
	struct str text; /* as written */
	struct str key;  /* lower case, without the @ of domains */
};

#endif

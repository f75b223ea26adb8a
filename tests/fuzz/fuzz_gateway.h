/*
 * fuzz_gateway.h - a configuration, and counters, for targets that talk
 */
#ifndef TESTS_FUZZ_GATEWAY_H
#define TESTS_FUZZ_GATEWAY_H

#include <stdlib.h>
#include <unistd.h>

#include "config/load.h"
#include "stats/stats.h"

static struct config *config;
static struct stats *stats;

static void
prepare(const char *yaml)
{
	struct bundle b;
	int fd;

	bundle_from_text(&b, "postern.yaml", str_of(yaml));
	config = config_load_simple(&b, 1, NULL);
	bundle_free(&b);
	stats = stats_create(&fd, NULL);
	if (config == NULL || stats == NULL)
		abort();
	close(fd);
	stats_use_slot(stats, 1);
}

#endif

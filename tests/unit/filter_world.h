/*
 * filter_world.h - a configuration that filters refer to
 *
 * Everything that the filters of the specification name is there.
 */
#ifndef TESTS_UNIT_FILTER_WORLD_H
#define TESTS_UNIT_FILTER_WORLD_H

#include "base/mem.h"
#include "config/config.h"

static inline const struct config *
filter_world(void)
{
	static struct listener listeners[] = {
		{ .name = { "InboundMail", 11 } },
		{ .name = { "OutboundMail", 12 } },
	};
	static struct interface interfaces[] = {
		{ .name = { "PublicNet", 9 } },
		{ .name = { "PrivateNet", 10 } },
		{ .name = { "outside", 7 } },
		{ .name = { "PoolA", 5 } },
	};
	static struct interface_group groups[] = {
		{ .name = { "PoolB", 5 } },
	};
	static struct bounce_profile profiles[] = {
		{ .name = { "Default", 7 } },
		{ .name = { "quiet", 5 } },
	};
	static struct quarantine quarantines[] = {
		{ .name = { "Policy", 6 } },
		{ .name = { "Forged", 6 } },
		{ .name = { "Compliance", 10 } },
		{ .name = { "Spam", 4 }, .kind = QUARANTINE_SPAM },
	};
	static struct text_resource texts[] = {
		{ .name = { "oversize.notice", 15 },
		    .kind = TEXT_NOTIFICATION },
		{ .name = { "legal", 5 },
		    .kind = TEXT_DISCLAIMER,
		    .text = { "about $Subject", 14 } },
	};
	static struct dictionary dictionaries[] = {
		{ .name = { "project_names", 13 } },
	};
	static struct config config = {
		.listeners = listeners,
		.n_listeners = NELEM(listeners),
		.interfaces = interfaces,
		.n_interfaces = NELEM(interfaces),
		.interface_groups = groups,
		.n_interface_groups = NELEM(groups),
		.bounce_profiles = profiles,
		.n_bounce_profiles = NELEM(profiles),
		.work = {
			.quarantines = quarantines,
			.n_quarantines = NELEM(quarantines),
			.texts = texts,
			.n_texts = NELEM(texts),
			.dictionaries = dictionaries,
			.n_dictionaries = NELEM(dictionaries),
		},
	};

	return &config;
}

#endif

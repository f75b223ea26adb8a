/* events.c - schemas and table of all events, from their declarations */
#include "event/event.h"

CODEC_SCHEMA(ev_rid, REC_EV_RID);
CODEC_SCHEMA(ev_header, REC_EV_HEADER);
CODEC_SCHEMA(ev_rcpt, REC_EV_RCPT);

#define SCHEMA(id, level, text, FIELDS) CODEC_SCHEMA(event_##id, FIELDS);
EVENTS(SCHEMA)
#undef SCHEMA

#define FITS(id, level, text, FIELDS)                                          \
	_Static_assert(sizeof(struct event_##id) <= EVENT_FIELDS_MAX, #id);
EVENTS(FITS)
#undef FITS

static const struct event_spec specs[EVENT_N] = {
#define SPEC(id, level, text, FIELDS)                                          \
	[EVENT_##id] = { #id, LEVEL_##level, &event_##id##_codec, text },
	EVENTS(SPEC)
#undef SPEC
};

const struct event_spec *
event_spec(enum event_id id)
{
	return id > EVENT_NONE && id < EVENT_N ? &specs[id] : NULL;
}

const char *
event_level_name(enum event_level level)
{
	static const char *const names[] = {
		[LEVEL_CRITICAL] = "Critical",
		[LEVEL_WARNING] = "Warning",
		[LEVEL_INFO] = "Info",
		[LEVEL_DEBUG] = "Debug",
		[LEVEL_TRACE] = "Trace",
	};

	return names[level];
}

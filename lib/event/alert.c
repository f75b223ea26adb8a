/* alert.c - events that somebody is to be told of at once */
#include "event/alert.h"

#include "base/mem.h"

static const struct alert_spec specs[ALERT_N] = {
#define ALERT_SPEC(id, name, class, severity)                                  \
	[ALERT_##id] = { name, CLASS_##class, SEVERITY_##severity },
	ALERTS(ALERT_SPEC)
#undef ALERT_SPEC
};
static const char *const classes[CLASS_N] = {
	[CLASS_SYSTEM] = "System",
	[CLASS_HARDWARE] = "Hardware",
	[CLASS_UPDATER] = "Updater",
	[CLASS_OUTBREAK] = "Outbreak Filters",
	[CLASS_VIRUS] = "Anti-Virus",
	[CLASS_SPAM] = "Anti-Spam",
	[CLASS_DHAP] = "Directory Harvest Attack Prevention",
};
static const char *const severities[SEVERITY_N] = {
	[SEVERITY_CRITICAL] = "Critical",
	[SEVERITY_WARNING] = "Warning",
	[SEVERITY_INFORMATION] = "Information",
};
/* The line in the mail log. */
static const enum event_id lines[SEVERITY_N] = {
	[SEVERITY_CRITICAL] = EVENT_ALERT,
	[SEVERITY_WARNING] = EVENT_ALERT_WARNING,
	[SEVERITY_INFORMATION] = EVENT_ALERT_INFORMATION,
};

const struct alert_spec *
alert_spec(enum alert_id id)
{
	return &specs[id];
}

enum alert_id
alert_find(struct str name)
{
	for (size_t i = 0; i < NELEM(specs); i++)
		if (str_is(name, specs[i].name))
			return (enum alert_id)i;
	return ALERT_FAILURE;
}

const char *alert_class_name(enum alert_class class)
{
	return classes[class];
}

const char *
alert_severity_name(enum alert_severity severity)
{
	return severities[severity];
}

void
alert_raise(enum alert_id id, struct str about, struct str text)
{
	struct event_ALERT e = {
		.id = str_of(specs[id].name), .about = about, .text = text
	};

	_Static_assert(
	    sizeof(struct event_ALERT) == sizeof(struct event_ALERT_WARNING) &&
		sizeof(struct event_ALERT) ==
		    sizeof(struct event_ALERT_INFORMATION),
	    "three lines with the same fields");
	event_emit(lines[specs[id].severity], &e);
}

bool
alert_of(enum event_id event, const void *fields, struct alert_seen *seen,
    struct buf *text)
{
	const struct event_PROGRAM_DIED *died = fields;
	const struct event_HARVEST *harvest = fields;
	const struct event_ALERT *a = fields;

	switch (event) {
	case EVENT_ALERT:
	case EVENT_ALERT_WARNING:
	case EVENT_ALERT_INFORMATION:
		*seen = (struct alert_seen){ .id = alert_find(a->id),
			.about = a->about };
		break;
	case EVENT_CORRUPT:
		*seen = (struct alert_seen){ .id = ALERT_QUEUE_CORRUPT,
			.about = STR("") };
		break;
	case EVENT_PROGRAM_DIED:
		*seen = (struct alert_seen){ .id = ALERT_APP_FAILURE,
			.about = died->program };
		break;
	case EVENT_HARVEST:
		*seen = (struct alert_seen){ .id = ALERT_HARVEST };
		seen->about = str_of(ip_text(&harvest->ip, seen->ip));
		break;
	default:
		return false;
	}
	event_text(event, fields, text);
	return true;
}

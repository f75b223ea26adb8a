/*
 * template.h - text forms of events, taken apart; inside lib/event
 */
#ifndef EVENT_TEMPLATE_H
#define EVENT_TEMPLATE_H

#include "event/event.h"

/* Some literal text, then a field. */
struct piece {
	struct str text;
	const struct codec_field *field; /* NULL: the end */
	char form;                       /* one of ?',=.@# or NUL */
};

/* Those of an event, up to the one without a field. */
const struct piece *event_template(enum event_id);

#endif

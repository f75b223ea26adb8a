/*
 * event.h - what happened, as typed records
 *
 * Every event is declared once in events.h: name, level, text form, fields.
 * Programs (through lib/program) send them to the recorder, which renders the
 * mail log; trace collects them and renders its report; tests compare them.
 * Emitting is cheap: the fields are encoded into the channel's buffer.
 *
 * Events are about what was decided and done, never a means of control: if
 * the recorder is slow or gone they are counted and dropped, mail goes on.
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/codec.h"
#include "event/events.h"

enum event_level {
	LEVEL_CRITICAL = 1,
	LEVEL_WARNING,
	LEVEL_INFO,
	LEVEL_DEBUG,
	LEVEL_TRACE
};

const char *event_level_name(enum event_level); /* "Info" */

struct event_spec {
	const char *name; /* "NEW_ICID" */
	enum event_level level;
	const struct codec *codec;
	const char *text; /* template: "{field}" is replaced, see events.h */
};
const struct event_spec *event_spec(enum event_id id); /* NULL: none */

/* Where events of this process go. */
struct event_sink {
	void (*put)(void *arg, enum event_id id, const void *fields);
	void *arg;
};
void event_set_sink(const struct event_sink *); /* copied; NULL: discard */
void event_emit(enum event_id id, const void *fields);

/* EMIT(START_MID, .mid = 7, .icid = 3) */
#define EMIT(id, ...)                                                          \
	event_emit(EVENT_##id, &(struct event_##id){ __VA_ARGS__ })

/* One event as a frame body: id, wall clock in microseconds, fields. The
 * recorder puts the events of a turn in order by that time. Texts and lists
 * longer than declared are cut. */
void event_encode(
    enum event_id id, int64_t when, const void *fields, struct buf *out);
/* Decodes; strings point into `in`. fields must have EVENT_FIELDS_MAX bytes,
 * maximally aligned. */
#define EVENT_FIELDS_MAX 2048
/* The fields in such a body, as they are encoded. */
struct str event_fields(struct str body);
int event_decode(struct str in, enum event_id *id, int64_t *when, void *fields,
    struct arena *mem, struct err *err);

/* The mail log's text without prefix: "Start MID 77 ICID 451". Values are
 * escaped: one event is one line (threats ADM-01). */
void event_text(enum event_id id, const void *fields, struct buf *out);
/*
 * The other way: what a line of the mail log (behind time and level) says, as
 * far as it is about something that has a number. value: of a field that is
 * called addr or text, as it stands there. False: none of those.
 */
struct event_parsed {
	enum event_id id;
	uint64_t mid, other, icid, dcid; /* 0: it has none */
	struct str value;
};
bool event_parse(struct str line, struct event_parsed *);
/* One JSON object, one line: {"time":"2025-03-04T10:40:08.123456Z",
 * "level":"Info","event":"START_MID","mid":77,"icid":451} */
void event_json(
    enum event_id id, int64_t when, const void *fields, struct buf *out);

#endif

/*
 * stage.c - what stages use to say what they decided
 */
#include "pipeline/stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define REPLY_MAX   2048 /* a formatted text; custom ones are not formatted */
#define NOTES_FIRST 64

static void make_room(struct stage_out *);

enum stage_answer
stage_needs(struct stage_out *out, enum fact_id id, struct str key)
{
	fact_need(&out->needs, id, key);
	return STAGE_NEEDS;
}

struct effect *
stage_effect(struct stage_out *out, enum effect_kind kind)
{
	struct effect *e;

	if (out->n_effects == EFFECTS_MAX)
		panic("a stage has more than %d effects", EFFECTS_MAX);
	e = &out->effects[out->n_effects++];
	*e = (struct effect){ .kind = kind };
	return e;
}

void
stage_reply(struct stage_out *out, int code, const char *status, bool close,
    const char *fmt, ...)
{
	struct effect *e = stage_effect(out, EFFECT_REPLY);
	char text[REPLY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	e->reply = (struct reply){ .code = code,
		.status = status,
		.text = arena_str(out->mem, str_of(text)),
		.close = close };
}

/* Nobody reads the note of a run that does not explain. */
struct note *
stage_note(struct stage_out *out, enum note_kind kind)
{
	static _Thread_local struct note unread;
	struct note *note = &unread;

	if (out->explain) {
		make_room(out);
		if (out->n_notes < NOTES_MAX)
			out->n_notes++;
		note = &out->notes[out->n_notes - 1];
	}
	*note = (struct note){ .kind = kind };
	return note;
}

/* For one more: 64, then twice as many each time. */
static void
make_room(struct stage_out *out)
{
	size_t n = out->n_notes;
	struct note *notes;

	if (n == NOTES_MAX || (n > 0 && (n < NOTES_FIRST || (n & (n - 1)))))
		return;
	notes =
	    arena_array(out->mem, n > 0 ? 2 * n : NOTES_FIRST, sizeof(*notes));
	if (n > 0)
		memcpy(notes, out->notes, n * sizeof(*notes));
	out->notes = notes;
}

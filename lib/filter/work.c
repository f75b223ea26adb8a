/* work.c - helpers of all who work on a message */
#include "filter/work.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bounds.h"

struct work_note *
work_note(struct work *w, enum work_note_kind kind)
{
	struct work_note *n = arena_alloc(w->mem, sizeof(*n));

	*n = (struct work_note){ .next = w->notes,
		.kind = kind,
		.name = STR(""),
		.text = STR(""),
		.detail = STR("") };
	w->notes = n;
	return n;
}

void
work_hold(struct work *w, struct work_hold hold)
{
	const struct work_hold *others = NULL;
	struct work_note *note;
	struct work_hold *h;
	size_t n = 1;

	for (const struct work_hold *old = w->holds; old != NULL;
	     old = old->next) {
		if (str_eq(old->quarantine, hold.quarantine) || ++n > HOLDS_MAX)
			continue;
		h = arena_alloc(w->mem, sizeof(*h));
		*h = *old;
		h->next = others;
		others = h;
	}
	h = arena_alloc(w->mem, sizeof(*h));
	*h = hold;
	h->next = others;
	w->holds = h;
	note = work_note(w, WN_HELD);
	note->name = hold.quarantine;
	note->text = hold.reason;
}

void
work_copy(struct work *w, struct work_copy copy)
{
	struct work_copy *c = arena_alloc(w->mem, sizeof(*c));

	*c = copy;
	c->next = w->copies;
	w->copies = c;
	work_note(w, WN_COPY)->text = copy.by;
}

void
work_set_header(struct work *w, struct str header, bool mime)
{
	w->msg.header = header;
	w->msg.header_changed = true;
	if (!mime)
		return;
	w->msg.mime = NULL;
	w->msg.version++;
}

void
work_set_body(struct work *w, struct str body)
{
	w->msg.body = body;
	w->msg.body_changed = true;
	w->msg.mime = NULL;
	w->msg.version++;
}

uint64_t
work_size(const struct work *w)
{
	return (uint64_t)w->msg.header.n + w->msg.body.n;
}

const struct work_note *const *
work_notes(const struct work *w, size_t *n, struct arena *mem)
{
	const struct work_note **v;
	size_t i = 0;

	for (const struct work_note *x = w->notes; x != NULL; x = x->next)
		i++;
	*n = i;
	v = arena_array(mem, i, sizeof(*v));
	for (const struct work_note *x = w->notes; x != NULL; x = x->next)
		v[--i] = x;
	return v;
}

struct str
work_key(const struct work *w, int part)
{
	uint32_t v = w->msg.version;
	bool own = v > w->branch_version && w->branch > 0;
	char branch[16] = "", of[16] = "";

	if (own)
		snprintf(branch, sizeof(branch), ".%" PRIu32, w->branch);
	if (part >= 0)
		snprintf(of, sizeof(of), "/%d", part);
	return str_of(arena_printf(w->mem, "%" PRIu32 "%s%s", v, branch, of));
}

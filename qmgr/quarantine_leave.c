/* quarantine_leave.c - what people, time and want of room do (10.2, 10.3) */
#include <stdlib.h>

#include "base/mem.h"
#include "event/event.h"
#include "qmgr/quarantine_index.h"

static void leave(struct quarantines *, struct entry *, enum held_state);
static void said(const struct quarantines *, const struct entry *,
    enum leave_why, bool released);

static const char *const reasons[] = {
	[LEAVE_MANUAL] = "manual",
	[LEAVE_EXPIRED] = "expired",
	[LEAVE_FULL] = "queue full",
	[LEAVE_RULES] = "rule update",
};

void
quarantine_release(
    struct quarantines *qs, struct entry *e, enum leave_why why, bool more)
{
	struct stored *s = e->stored;

	e->early = why == LEAVE_FULL;
	if (!more)
		said(qs, e, why, true);
	leave(qs, e, HELD_RELEASED);
	if (!more)
		quarantine_step(qs, s);
}

void
quarantine_delete(
    struct quarantines *qs, struct entry *e, enum leave_why why, bool more)
{
	struct stored *s = e->stored;

	if (!more)
		said(qs, e, why, false);
	leave(qs, e, HELD_DELETED);
	if (!more)
		quarantine_step(qs, s);
}

size_t
quarantine_remove(struct quarantines *qs, struct stored *s)
{
	bool spam = s->pool == POOL_SPAM;
	uint32_t left = s->n[HELD_IN];
	size_t n = spam || left == 0 ? left : s->n_rcpts;
	struct entry *next;

	/* it may be gone after the last one */
	for (struct entry *e = s->entries; left > 0; e = next) {
		next = e->next;
		if (e->state != HELD_IN)
			continue;
		left--;
		quarantine_delete(qs, e, LEAVE_MANUAL, spam && left > 0);
	}
	return n;
}

void
quarantine_delay(struct quarantines *qs, struct entry *e, int64_t expires)
{
	struct stored *s = e->stored;

	for (; e != NULL; e = quarantine_entry_after(e)) {
		index_leave(qs, e);
		e->expires = expires;
		index_dirty(e, true);
		if (s->fits)
			index_enter(qs, e);
	}
	quarantine_step(qs, s);
}

void
quarantine_move(struct quarantines *qs, struct entry *e, struct box *to)
{
	struct stored *s = e->stored;
	struct entry *there = index_entry(s, to);
	bool again = there != NULL && there->state == HELD_IN;

	if (there == e)
		return;
	if (there == NULL)
		there = index_add(s, to);
	else if (again)
		index_leave(qs, there);
	free(there->reason);
	there->reason = mem_strdup(e->reason);
	index_state(there, HELD_IN);
	there->entered = e->entered;
	there->expires = quarantine_clock(qs) + index_retention(NULL, to);
	index_dirty(there, true);
	there->told = again;
	if (again)
		EMIT(QUARANTINE_NEW_REASON, .mid = s->mid,
		    .quarantine = to->name, .text = str_of(there->reason));
	if (s->fits)
		index_enter(qs, there);
	leave(qs, e, HELD_MOVED);
	quarantine_step(qs, s);
}

void
quarantine_config(struct quarantines *qs)
{
	struct box *other;
	struct entry *e;

	index_config(qs);
	other = quarantine_box(qs, STR(UNCLASSIFIED));
	/* each move takes one out of the heap that it is found by */
	while ((e = index_homeless(qs)) != NULL)
		quarantine_move(qs, e, other);
}

void
leave_by_default(struct quarantines *qs, struct entry *e, enum leave_why why)
{
	bool release = e->box->config != NULL && e->box->config->release;
	struct entry *next;

	/* all recipients of the spam quarantine at once */
	if (e->rcpt > 0)
		e = quarantine_entry(qs, e->box->name, e->stored->mid);
	for (; e != NULL; e = next) {
		next = quarantine_entry_after(e);
		(release ? quarantine_release : quarantine_delete)(
		    qs, e, why, next != NULL);
	}
}

static void
leave(struct quarantines *qs, struct entry *e, enum held_state state)
{
	struct stored *s = e->stored;

	index_leave(qs, e);
	index_state(e, state);
	index_dirty(e, true);
	if (s->fits && s->n[HELD_IN] == 0)
		index_occupy(qs, s, false);
	room_alert(qs);
}

static void
said(const struct quarantines *qs, const struct entry *e, enum leave_why why,
    bool released)
{
	uint64_t mid = e->stored->mid;
	struct str text = str_of(reasons[why]), name = e->box->name;
	int64_t held = quarantine_clock(qs) - e->entered;
	uint64_t t = held > 0 ? (uint64_t)held / 1000 : 0;

	if (e->rcpt > 0 && released)
		EMIT(SPAM_RELEASED, .mid = mid, .rid = e->rcpt - 1,
		    .text = text);
	else if (e->rcpt > 0)
		EMIT(
		    SPAM_DELETED, .mid = mid, .rid = e->rcpt - 1, .text = text);
	else if (released)
		EMIT(QUARANTINE_RELEASED, .mid = mid, .quarantine = name,
		    .text = text, .seconds = t);
	else
		EMIT(QUARANTINE_DELETED, .mid = mid, .quarantine = name,
		    .text = text, .seconds = t);
}

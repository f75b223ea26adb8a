/* select_kinds.c - what happened to a message, for those who ask for that */
#include "track/inner.h"

static void
entry(struct track_select *s, const struct track_seen *e)
{
	select_kind(s, e, TRACK_FILTER);
}

static void
spam(struct track_select *s, const struct track_seen *e)
{
	const struct event_SPAM_VERDICT *ev = e->fields;

	if (str_is(ev->text, "spam positive") ||
	    str_is(ev->text, "spam suspect"))
		select_kind(s, e, TRACK_SPAM);
}

static void
virus(struct track_select *s, const struct track_seen *e)
{
	const struct event_VIRUS_VERDICT *ev = e->fields;

	if (str_starts(ev->text, STR("positive")) ||
	    str_starts(ev->text, STR("repaired")))
		select_kind(s, e, TRACK_VIRUS);
}

static void
outbreak(struct track_select *s, const struct track_seen *e)
{
	select_kind(s, e, TRACK_OUTBREAK);
}

static void
held(struct track_select *s, const struct track_seen *e)
{
	struct member *m = select_member(s, e->ids.mid);
	const struct event_QUARANTINED *ev = e->fields;

	if (m == NULL)
		return;
	m->held++;
	if (e->id == EVENT_QUARANTINED && track_by_filter(ev->text))
		select_kind(s, e, TRACK_FILTER);
}

static void
let_go(struct track_select *s, const struct track_seen *e)
{
	struct member *m = select_member(s, e->ids.mid);

	if (m != NULL)
		m->held = 0;
}

static void
deleted(struct track_select *s, const struct track_seen *e)
{
	select_kind(s, e, TRACK_DROPPED);
}

static void
deleted_from_all(struct track_select *s, const struct track_seen *e)
{
	let_go(s, e);
	deleted(s, e);
}

static void
aborted(struct track_select *s, const struct track_seen *e)
{
	const struct event_MID_ABORTED *ev = e->fields;
	struct member *m = select_member(s, e->ids.mid);
	bool bounced = str_starts(ev->text, STR("Bounced by"));

	if (str_starts(ev->text, STR("Dropped by")))
		select_kind(s, e, TRACK_DROPPED);
	if (track_by_filter(ev->text))
		select_kind(s, e, TRACK_FILTER);
	if (m != NULL)
		m->over |= !bounced;
}

static void
done(struct track_select *s, const struct track_seen *e)
{
	struct member *m = select_member(s, e->ids.mid);

	if (m != NULL)
		m->over = true;
}

static void
delivered(struct track_select *s, const struct track_seen *e)
{
	select_kind(s, e, TRACK_DELIVERED);
}

static void
delayed(struct track_select *s, const struct track_seen *e)
{
	select_kind(s, e, TRACK_SOFT_BOUNCED);
}

static void
bounced(struct track_select *s, const struct track_seen *e)
{
	select_kind(s, e, TRACK_HARD_BOUNCED);
}

const select_fn select_kinds[EVENT_N] = {
	[EVENT_LOG_ENTRY] = entry,
	[EVENT_SPAM_VERDICT] = spam,
	[EVENT_VIRUS_VERDICT] = virus,
	[EVENT_OUTBREAK_THREAT] = outbreak,
	[EVENT_QUARANTINED] = held,
	[EVENT_SPAM_QUARANTINED] = held,
	[EVENT_RELEASED_FROM_ALL] = let_go,
	[EVENT_DELETED_FROM_ALL] = deleted_from_all,
	[EVENT_SPAM_DELETED] = deleted,
	[EVENT_MID_ABORTED] = aborted,
	[EVENT_MESSAGE_DONE] = delivered,
	[EVENT_POSSIBLE] = delivered,
	[EVENT_DELAYED] = delayed,
	[EVENT_BOUNCED] = bounced,
	[EVENT_DOUBLE_BOUNCE] = bounced,
	[EVENT_DROPPED_BY_ROUTE] = deleted,
	[EVENT_DELETED] = deleted,
	[EVENT_CORRUPT] = done,
	[EVENT_MID_DONE] = done,
};

/* quarantine_room.c - the room that what is held may take (10.1, 10.2) */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "event/alert.h"
#include "qmgr/quarantine_index.h"

#define LEVELS 4

/* Whom people are told of, and how full it must be. What Outbreak holds goes
 * with the next rules, so that much of it at once is news early (8.2). */
static const struct {
	const char *what;
	unsigned levels[LEVELS]; /* per cent, rising; 0: no more */
	unsigned critical;       /* from there on it is worse */
	enum alert_id near, full;
} alarms[ALARMS] = {
	[ALARM_ALL] = { "The quarantines are", { 75, 85, 95 }, 95,
	    ALERT_QUARANTINE, ALERT_QUARANTINE_FULL },
	[ALARM_OUTBREAK] = { "The quarantine Outbreak is", { 5, 50, 75, 95 },
	    95, ALERT_OUTBREAK_SPACE, ALERT_OUTBREAK_FULL },
};

static uint64_t used_by(const struct quarantines *, size_t alarm);
static unsigned level_of(size_t alarm, uint64_t used, uint64_t space);
static void tell(size_t alarm, unsigned level);
static bool make_room(struct quarantines *, const struct stored *);
static struct entry *first_to_go(const struct quarantines *, enum held_pool);
static bool is_open(const struct quarantines *, enum held_pool);
static uint64_t space_of(const struct quarantines *, enum held_pool);
static void warn(struct stored *, bool open);

/* Some may have to be made. */
bool
room_admit(struct quarantines *qs, struct stored *s)
{
	bool open = is_open(qs, (enum held_pool)s->pool);

	if (!open || !make_room(qs, s)) {
		warn(s, open);
		return false;
	}
	s->fits = true;
	index_occupy(qs, s, true);
	for (struct entry *e = s->entries; e != NULL; e = e->next)
		index_enter(qs, e);
	room_alert(qs);
	return true;
}

void
room_alert(struct quarantines *qs)
{
	uint64_t space = space_of(qs, POOL_COMMON);

	for (size_t i = 0; i < ALARMS; i++) {
		unsigned level = level_of(i, used_by(qs, i), space);

		if (level > qs->levels[i])
			tell(i, level);
		qs->levels[i] = level;
	}
}

static uint64_t
used_by(const struct quarantines *qs, size_t alarm)
{
	const struct box *outbreak = map_get(&qs->boxes, STR("Outbreak"));

	if (alarm == ALARM_ALL)
		return qs->bytes[POOL_COMMON];
	return outbreak != NULL ? outbreak->bytes : 0;
}

static unsigned
level_of(size_t alarm, uint64_t used, uint64_t space)
{
	const unsigned *levels = alarms[alarm].levels;
	unsigned level = 0;

	for (size_t i = 0; i < LEVELS && levels[i] != 0; i++)
		if (used > 0 && used >= space / 100 * levels[i])
			level = levels[i];
	return level;
}

static void
tell(size_t alarm, unsigned level)
{
	enum alert_id id = level < alarms[alarm].critical ? alarms[alarm].near
							  : alarms[alarm].full;
	char text[100], about[20];

	snprintf(
	    text, sizeof(text), "%s %u %% full", alarms[alarm].what, level);
	snprintf(about, sizeof(about), "%u %%", level);
	alert_raise(id, str_of(about), str_of(text));
}

static bool
make_room(struct quarantines *qs, const struct stored *s)
{
	uint64_t space = space_of(qs, (enum held_pool)s->pool);
	const uint64_t *used = &qs->bytes[s->pool];
	struct entry *e;

	/* One that is larger than all of it is held when it is alone. */
	while (*used > 0 && (*used > space || s->size > space - *used)) {
		e = first_to_go(qs, (enum held_pool)s->pool);
		if (e == NULL)
			return false;
		leave_by_default(qs, e, LEAVE_FULL);
	}
	return true;
}

/* Of those that may be let go early. */
static struct entry *
first_to_go(const struct quarantines *qs, enum held_pool pool)
{
	struct entry *first = NULL;

	MAP_FOREACH (&qs->boxes, it) {
		struct box *b = it.value;
		struct heap_node *n = heap_top(&b->by_age);
		struct entry *e;

		if (n == NULL || b->config == NULL ||
		    !b->config->may_overflow || index_pool(b) != pool)
			continue;
		e = HEAP_OBJ(n, struct entry, age);
		if (first == NULL || e->entered < first->entered)
			first = e;
	}
	return first;
}

/* The spam quarantine may be switched off while spam is on its way. */
static bool
is_open(const struct quarantines *qs, enum held_pool pool)
{
	return pool != POOL_SPAM || qs->q->config->work.spam_quarantine.enabled;
}

static uint64_t
space_of(const struct quarantines *qs, enum held_pool pool)
{
	const struct work_config *w = &qs->q->config->work;

	return pool == POOL_SPAM ? w->spam_quarantine.max_size
				 : w->quarantine_space;
}

/* Once: it may wait for long. */
static void
warn(struct stored *s, bool open)
{
	const char *why =
	    s->pool == POOL_COMMON
		? "The quarantines are full and may not release or delete "
		  "anything"
	    : open ? "The spam quarantine is full"
		   : "The spam quarantine is switched off";
	char text[200];

	snprintf(text, sizeof(text), "%s: MID %" PRIu64 " waits", why, s->mid);
	if (!s->warned)
		alert_raise(ALERT_QUARANTINE_FULL, STR(""), str_of(text));
	s->warned = true;
}

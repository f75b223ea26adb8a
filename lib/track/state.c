/* state.c - what became of a message, and of each of its recipients */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "track/inner.h"

static void settle_part(struct track_part *);
static bool has_other(const struct track_part *, struct str addr);
static enum track_state state_of(const struct track_part *);
static void join(struct track_message *);
static void say_state(struct track_message *, const size_t *counts, size_t n);
static void say_held(struct track_message *);
static bool not_a_way(const struct track_message *);

static const char *const names[TRACK_N_STATES] = {
	[TRACK_PROCESSING] = "Processing",
	[TRACK_QUEUED] = "Queued for delivery",
	[TRACK_IN_QUARANTINE] = "Quarantined",
	[TRACK_WAS_DELIVERED] = "Delivered",
	[TRACK_WAS_BOUNCED] = "Bounced",
	[TRACK_WAS_DROPPED] = "Dropped",
	[TRACK_WAS_ABORTED] = "Aborted",
};

const char *
track_state_name(enum track_state state)
{
	return names[state];
}

void
track_settle(struct track_message *m)
{
	size_t counts[TRACK_N_STATES] = { 0 }, n = 0;

	for (struct track_part *p = m->parts; p != NULL; p = p->next)
		settle_part(p);
	join(m);
	for (const struct track_rcpt *r = m->rcpts; r != NULL; r = r->next) {
		counts[r->state]++;
		n++;
	}
	if (counts[TRACK_PROCESSING] + counts[TRACK_QUEUED] +
		counts[TRACK_IN_QUARANTINE] >
	    0)
		m->kinds |= 1u << TRACK_HELD;
	if (counts[TRACK_WAS_DROPPED] > 0)
		m->kinds |= 1u << TRACK_DROPPED;
	say_state(m, counts, n);
}

static void
settle_part(struct track_part *p)
{
	for (struct track_rcpt *r = p->rcpts; r != NULL; r = r->next) {
		if (r->state >= TRACK_WAS_DELIVERED)
			continue;
		if (p->passed || has_other(p, r->addr))
			r->passed = true;
		else
			r->state = state_of(p);
	}
}

/* Does a part that was made later have this recipient? */
static bool
has_other(const struct track_part *p, struct str addr)
{
	for (const struct track_part *o = p->next; o != NULL; o = o->next)
		for (const struct track_rcpt *r = o->rcpts; r != NULL;
		     r = r->next)
			if (str_eq_nocase(r->addr, addr))
				return true;
	return false;
}

/* Of one that is not at an end, as far as it is known by itself. */
static enum track_state
state_of(const struct track_part *p)
{
	if (p->dropped)
		return TRACK_WAS_DROPPED;
	if (p->aborted)
		return TRACK_WAS_ABORTED;
	if (p->spam || p->n_held > 0)
		return TRACK_IN_QUARANTINE;
	if (p->over) /* into nothing: a listener or filter wanted it so */
		return TRACK_WAS_DROPPED;
	return p->queued ? TRACK_QUEUED : TRACK_PROCESSING;
}

/* Each recipient once: where it is now. */
static void
join(struct track_message *m)
{
	struct track_rcpt **tail = &m->rcpts, *next;

	for (struct track_part *p = m->parts; p != NULL; p = p->next)
		for (struct track_rcpt *r = p->rcpts; r != NULL; r = next) {
			next = r->next;
			if (r->passed)
				continue;
			r->next = NULL;
			*tail = r;
			tail = &r->next;
		}
}

static void
say_state(struct track_message *m, const size_t *counts, size_t n)
{
	/* what is still to be done comes first */
	static const enum track_state order[] = { TRACK_IN_QUARANTINE,
		TRACK_QUEUED, TRACK_PROCESSING, TRACK_WAS_BOUNCED,
		TRACK_WAS_DROPPED, TRACK_WAS_ABORTED };
	const char *text = names[TRACK_PROCESSING];

	if (m->mid == 0) {
		text = not_a_way(m) ? "Rejected connection" : "Rejected sender";
	} else if (n == 0) {
		if (m->parts != NULL && (m->parts->aborted || m->parts->over))
			text = names[TRACK_WAS_ABORTED];
	} else if (counts[TRACK_WAS_DELIVERED] == n) {
		text = names[TRACK_WAS_DELIVERED];
	} else if (counts[TRACK_WAS_DELIVERED] > 0) {
		text = "Partly delivered";
	} else {
		for (size_t i = NELEM(order); i-- > 0;)
			if (counts[order[i]] > 0)
				text = names[order[i]];
	}
	snprintf(m->state, sizeof(m->state), "%s", text);
	if (text == names[TRACK_IN_QUARANTINE])
		say_held(m);
}

/* The names of the quarantines. */
static void
say_held(struct track_message *m)
{
	size_t n = strlen(m->state);
	bool any = false;

	for (const struct track_part *p = m->parts; p != NULL; p = p->next) {
		if (p->passed || n > sizeof(m->state) - 100)
			continue;
		if (p->spam)
			n +=
			    (size_t)snprintf(m->state + n, sizeof(m->state) - n,
				"%sSpam Quarantine", any ? ", " : " (");
		any |= p->spam;
		for (size_t i = 0; i < p->n_held && n < sizeof(m->state) - 100;
		     i++) {
			n += (size_t)snprintf(m->state + n,
			    sizeof(m->state) - n, "%s%.*s", any ? ", " : " (",
			    (int)(p->held[i].n < 80 ? p->held[i].n : 80),
			    p->held[i].p);
			any = true;
		}
	}
	if (any)
		snprintf(m->state + n, sizeof(m->state) - n, ")");
}

static bool
not_a_way(const struct track_message *m)
{
	return str_is(m->behaviour, "REJECT") ||
	       str_is(m->behaviour, "TCPREFUSE");
}

bool
track_fits(struct str text, struct str wanted, enum track_text how)
{
	if (how == TRACK_IS)
		return str_eq_nocase(text, wanted);
	if (how == TRACK_BEGINS)
		return str_starts_nocase(text, wanted);
	for (size_t i = 0; i + wanted.n <= text.n; i++)
		if (strncasecmp(text.p + i, wanted.p, wanted.n) == 0)
			return true;
	return false;
}

bool
track_by_filter(struct str text)
{
	return str_search(text, STR("filter")) < text.n;
}

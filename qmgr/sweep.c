/* sweep.c - tools that go through the whole queue */
#include "qmgr/sweep.h"

#include "base/mem.h"
#include "qmgr/ordered.h"

/* A slice ends when it has cost so much: a look at a parcel is 1. */
#define SLICE_MAX  10000
#define COST_TOUCH 4  /* of a recipient: events, lists */
#define COST_SHOW  25 /* likewise */

static const enum order_what orders[] = { [SWEEP_DELETE] = ORDER_DELETE,
	[SWEEP_BOUNCE] = ORDER_BOUNCE,
	[SWEEP_REDIRECT] = ORDER_REDIRECT };

static void begin(struct qmgr *, struct sweep *);
static void end(struct qmgr *, struct sweep *);
static unsigned visit(struct qmgr *, struct sweep *, struct mail *);
static bool is_selected(
    const struct sweep *, const struct dest *only, const struct parcel *);
static void touch(struct qmgr *, struct sweep *, struct parcel *);

bool
selection_read(struct selection *s, const struct str *words, size_t n)
{
	static const struct {
		const char *word;
		enum select_by by;
	} ways[] = { { "host", SELECT_HOST }, { "sender", SELECT_SENDER },
		{ "mid", SELECT_MID } };
	struct str what = n > 1 ? words[1] : STR("");

	*s = (struct selection){ .by = SELECT_ALL };
	if (n == 1)
		return str_is_nocase(words[0], "all");
	if (n != 2)
		return false;
	for (size_t i = 0; i < NELEM(ways); i++)
		if (str_is_nocase(words[0], ways[i].word))
			s->by = ways[i].by;
	if (s->by == SELECT_MID)
		return str_u64(what, UINT64_MAX, &s->mid);
	if (s->by == SELECT_SENDER && str_is(what, "<>"))
		return true;
	return s->by != SELECT_ALL && what.n > 0 &&
	       str_copy(s->what, sizeof(s->what), what);
}

bool
sweep_step(struct qmgr *q, struct sweep *s)
{
	unsigned cost = 0;
	struct mail *m;

	if (!s->begun)
		begin(q, s);
	while (!s->ended && cost < SLICE_MAX) {
		m = s->at;
		if (m == NULL) {
			end(q, s);
			break;
		}
		s->at = m == s->end ? NULL : m->newer;
		cost += visit(q, s, m);
	}
	return s->ended;
}

void
sweep_stop(struct qmgr *q, struct sweep *s)
{
	if (s->begun && !s->ended)
		end(q, s);
}

void
sweep_skip(struct qmgr *q, const struct mail *m)
{
	for (struct sweep *s = q->sweeps; s != NULL; s = s->next) {
		bool last = s->end == m;

		if (s->at == m)
			s->at = last ? NULL : m->newer;
		if (last)
			s->end = m->older;
	}
}

static void
begin(struct qmgr *q, struct sweep *s)
{
	s->begun = true;
	s->at = q->oldest;
	s->end = q->newest;
	if (s->selection.by == SELECT_MID)
		s->at = s->end = mail_find(q, s->selection.mid);
	s->next = q->sweeps;
	q->sweeps = s;
}

static void
end(struct qmgr *q, struct sweep *s)
{
	struct sweep **p = &q->sweeps;

	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	s->ended = true;
}

/* What it cost. */
static unsigned
visit(struct qmgr *q, struct sweep *s, struct mail *m)
{
	const struct dest *only = s->selection.by == SELECT_HOST
				      ? dest_find(q, str_of(s->selection.what))
				      : NULL;
	uint64_t before = s->n_rcpts;
	unsigned cost = m->n_parcels;

	if (s->selection.by == SELECT_HOST && only == NULL)
		return cost;
	if (s->selection.by == SELECT_SENDER &&
	    !str_eq_nocase(mail_sender(m), str_of(s->selection.what)))
		return 1;
	for (uint32_t i = 0; i < m->n_parcels; i++)
		if (is_selected(s, only, &m->parcels[i]))
			touch(q, s, &m->parcels[i]);
	if (s->n_rcpts == before)
		return cost;
	s->n_messages++;
	if (s->what == SWEEP_SHOW)
		s->show(s->arg, m, only);
	if (s->what == SWEEP_SHOW)
		return cost + COST_SHOW * (unsigned)(s->n_rcpts - before);
	if (s->what == SWEEP_COUNT)
		return cost;
	ordered_message(q, m, orders[s->what], str_of(s->host));
	return cost + COST_TOUCH * (unsigned)(s->n_rcpts - before);
}

static bool
is_selected(
    const struct sweep *s, const struct dest *only, const struct parcel *p)
{
	if (p->n_open == 0)
		return false;
	if (only != NULL)
		return dest_is_part(p->dest, only);
	return s->selection.by != SELECT_ALL || s->selection.internal ||
	       !p->dest->internal;
}

static void
touch(struct qmgr *q, struct sweep *s, struct parcel *p)
{
	uint16_t n = p->n_open;

	if (s->what > SWEEP_COUNT && p->state == PARCEL_SENT) {
		s->n_sent += n;
		return;
	}
	if (s->what == SWEEP_BOUNCE && p->ordered == ORDER_BOUNCE)
		return; /* somebody has said so already */
	s->n_rcpts += n;
	if (s->what > SWEEP_COUNT)
		ordered_parcel(q, p, orders[s->what], str_of(s->host));
}

/* outcome.c - what is to become of a message, when its stages have run */
#include "cleanup/outcome.h"

#include "base/mem.h"
#include "mail/addr.h"
#include "mail/scan.h"
#include "mail/wire.h"

static size_t count_steps(const struct work_run *);
static size_t n_notes(const struct work *);
static uint64_t walk(struct outcome *, const struct work *, uint64_t mid);
static const struct work_copy **copies_of(
    const struct work *, struct arena *, size_t *n);
static void take_copy(
    struct outcome *, struct outcome_step *, const struct work_copy *);
static bool may_copy(struct outcome *, const struct work_copy *);
static struct child *add_child(struct outcome *, uint64_t mid);
static void end_result(struct outcome *, const struct work *, uint64_t mid);
static bool may_stay(const struct outcome *, const struct work *, uint64_t mid);
static uint64_t rewritten(struct outcome *, const struct work *);
static uint64_t next_mid(struct outcome *);

struct outcome *
outcome_of(struct task *t)
{
	struct outcome *o = arena_alloc(&t->mem, sizeof(*o));
	struct work_run *run = &t->run;
	struct work_result *r = run->results;
	size_t n;

	o->task = t;
	o->steps = arena_array(&t->mem, count_steps(run), sizeof(*o->steps));
	if (!run->split) {
		end_result(o, &r->work, walk(o, &r->work, t->mail->mid));
		return o;
	}
	walk(o, &run->original, t->mail->mid);
	n = o->n_steps;
	/* the steps of the split stand in the order of its results */
	for (size_t i = 0; i < n; i++) {
		const struct outcome_step *s = &o->steps[i];

		if (s->part != NULL)
			end_result(o, s->part, walk(o, s->part, s->other));
	}
	return o;
}

/* With one more for each result: rewritten() may add it. */
static size_t
count_steps(const struct work_run *run)
{
	size_t n = run->split ? n_notes(&run->original) : 0;

	for (const struct work_result *r = run->results; r != NULL; r = r->next)
		n += n_notes(&r->work) + 1;
	return n;
}

static size_t
n_notes(const struct work *w)
{
	size_t n = 0;

	for (const struct work_note *x = w->notes; x != NULL; x = x->next)
		n++;
	return n;
}

/* All that was noted about it; the MID that it has in the end. */
static uint64_t
walk(struct outcome *o, const struct work *w, uint64_t mid)
{
	const struct work_result *part = o->task->run.results;
	const struct work_note *const *notes;
	const struct work_copy **copies;
	size_t n, n_copies, copy = 0;

	notes = work_notes(w, &n, &o->task->mem);
	copies = copies_of(w, &o->task->mem, &n_copies);
	for (size_t i = 0; i < n; i++) {
		struct outcome_step *s = &o->steps[o->n_steps++];

		s->note = notes[i];
		s->mid = mid;
		s->end = w->end;
		if (notes[i]->kind == WN_REWRITTEN) {
			mid = s->other = next_mid(o);
		} else if (notes[i]->kind == WN_SPLIT) {
			s->other = next_mid(o);
			s->part = &part->work;
			part = part->next;
		} else if (notes[i]->kind == WN_COPY) {
			if (copy == n_copies)
				panic("work queue: a note without its copy");
			take_copy(o, s, copies[copy++]);
		}
	}
	return mid;
}

/* In the order of time. */
static const struct work_copy **
copies_of(const struct work *w, struct arena *mem, size_t *n)
{
	const struct work_copy **v;
	size_t i = 0;

	for (const struct work_copy *c = w->copies; c != NULL; c = c->next)
		i++;
	*n = i;
	v = arena_array(mem, i, sizeof(*v));
	for (const struct work_copy *c = w->copies; c != NULL; c = c->next)
		v[--i] = c;
	return v;
}

static void
take_copy(struct outcome *o, struct outcome_step *s, const struct work_copy *c)
{
	if (!may_copy(o, c))
		return;
	s->other = next_mid(o);
	s->copy = c;
	add_child(o, s->other)->copy = c;
	o->n_copies++;
}

/* What it says of addresses comes from mail, by way of variables. */
static bool
may_copy(struct outcome *o, const struct work_copy *c)
{
	bool ok = c->n_rcpts > 0 && c->n_rcpts <= RCPTS_MAX &&
		  (c->sender.n == 0 || addr_is_clean(c->sender));

	if (o->n_copies == COPIES_MAX ||
	    (c->kind == COPY_BCC_SCAN &&
		o->task->origin.generation == GENERATIONS_MAX)) {
		o->too_many = true;
		return false;
	}
	for (size_t i = 0; i < c->n_rcpts && ok; i++)
		ok = c->rcpts[i].n > 0 && addr_is_clean(c->rcpts[i]);
	o->bad_address |= !ok;
	return ok;
}

static struct child *
add_child(struct outcome *o, uint64_t mid)
{
	struct child *c = arena_alloc(&o->task->mem, sizeof(*c)), **at;

	for (at = &o->children; *at != NULL; at = &(*at)->next)
		;
	*at = c;
	c->outcome = o;
	c->mid = mid;
	return c;
}

static void
end_result(struct outcome *o, const struct work *w, uint64_t mid)
{
	switch (w->end) {
	case WORK_DELIVER:
	case WORK_BOUNCE:
		if (may_stay(o, w, mid)) {
			o->kept = w;
			break;
		}
		if (mid == o->task->mail->mid)
			mid = rewritten(o, w);
		add_child(o, mid)->work = w;
		break;
	case WORK_DROP:
		o->n_dropped++;
		break;
	case WORK_GOES_ON:
	case WORK_LATER:
	case WORK_SPLIT:
		panic("work queue: a result that goes on");
	}
}

/* Header lines that differ go into ROUTE, beside our Received line; but what
 * they say of TLS stands in the file, as it was found. */
static bool
may_stay(const struct outcome *o, const struct work *w, uint64_t mid)
{
	const struct mail *m = o->task->mail;
	bool tls_free = (m->found.wire_flags & WIRE_TLS_FREE) != 0;

	if (mid != m->mid || w->msg.body_changed)
		return false;
	return !w->msg.header_changed ||
	       (w->msg.header.n <= HEADER_STAYS_MAX &&
		   scan_header_is_tls_free(w->msg.header) == tls_free);
}

static uint64_t
rewritten(struct outcome *o, const struct work *w)
{
	static const struct work_note note = { .kind = WN_REWRITTEN,
		.text = { "a header edit", 13 } };
	struct outcome_step *s = &o->steps[o->n_steps++];

	s->note = &note;
	s->mid = o->task->mail->mid;
	s->end = w->end;
	s->other = next_mid(o);
	return s->other;
}

static uint64_t
next_mid(struct outcome *o)
{
	return stats_next_id(o->task->cleanup->daemon->stats, STATS_MID);
}

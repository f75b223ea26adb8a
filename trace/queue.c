/*
 * queue.c - the message in the work queue, as cleanup takes it through
 *
 * It has no number, and none is used up. Copies are not made, nor is anything
 * written to an archive: that they would be is in the notes.
 */
#include "base/mem.h"
#include "mail/wire.h"
#include "pipeline/enqueue.h"
#include "trace/message.h"
#include "trace/run.h"

#define RCPTS_SHOWN 100 /* to scanners, as cleanup does */

static void set_origin(struct trace_report *, const struct subject *);
static struct work work_of(
    struct trace_report *, const struct subject *, struct arena *mem);
static void set_rcpts(
    const struct trace_report *, struct work *, struct arena *mem);
static void unstuff(
    struct trace_report *, struct msg *, size_t header_len, struct str stored);
static void masquerade(
    struct trace_report *, struct subject *, struct work *, struct arena *mem);
static bool run_stages(struct trace_report *, struct arena *mem);
static bool is_asked_for(const struct trace_report *, const struct need *);
static void want(struct trace_report *, const struct need *, struct arena *mem);
static void take_outcomes(
    struct trace_report *, struct str header, struct arena *mem);

void
trace_queue(struct trace_report *r, struct subject *s, const struct scan *scan,
    struct str stored, struct arena *mem)
{
	struct str header;
	struct work w;

	set_origin(r, s);
	w = work_of(r, s, mem);
	unstuff(r, &w.msg, scan->header_len, stored);
	header = w.msg.header;
	s->message_id = arena_str(
	    mem, (struct str){ scan->message_id.p, scan->message_id.n });
	s->claims = scan->claims;
	masquerade(r, s, &w, mem);
	work_begin(&r->run, &w, ENTER_WHOLE);
	if (run_stages(r, mem))
		take_outcomes(r, header, mem);
}

const struct trace_outcome *
trace_delivered(const struct trace_report *r)
{
	for (size_t i = 0; i < r->n_outcomes; i++)
		if (r->outcomes[i].work->end == WORK_DELIVER)
			return &r->outcomes[i];
	return NULL;
}

static void
set_origin(struct trace_report *r, const struct subject *s)
{
	const struct listener *l = s->listener;
	const struct facts *f = &r->facts;
	bool inside = s->behaviour == RELAY || f->authenticated;

	r->origin = (struct work_origin){ .config = s->config,
		.feed = s->config->filters != NULL ? s->config->filters->feed
						   : NULL,
		.listener = l,
		.listener_name = l->name,
		.interface_name =
		    l->interface != NULL ? l->interface->name : STR(""),
		.group = s->group != NULL ? s->group->name : STR(""),
		.policy = s->policy != NULL ? s->policy->name : STR(""),
		.behaviour = s->behaviour,
		.direction = inside ? OUTGOING : INCOMING,
		.now = f->now,
		.zone = r->input->zone,
		.hostname = enqueue_hostname(s->config, l, r->gateway),
		.protocol = listener_is_qmqp(l) ? STR("QMQP") : STR("TEST"),
		.helo = f->helo,
		.user = f->user };
}

static struct work
work_of(struct trace_report *r, const struct subject *s, struct arena *mem)
{
	struct work w = { .origin = &r->origin,
		.facts = &r->facts,
		.mem = mem,
		.explain = true,
		.sender = s->sender,
		.skip = work_skips(s->policy),
		.alt_mailhost = STR(""),
		.alt_src_host = STR(""),
		.bounce_profile = STR(""),
		.mail_policy = STR(""),
		.matched = STR(""),
		.end = WORK_GOES_ON };

	set_rcpts(r, &w, mem);
	return w;
}

static void
set_rcpts(const struct trace_report *r, struct work *w, struct arena *mem)
{
	struct work_rcpt *v = arena_array(mem, r->n_results, sizeof(*v));

	w->rcpts = v;
	for (size_t i = 0; i < r->n_rcpts; i++)
		for (size_t k = 0; k < r->rcpts[i].n_results; k++)
			*v++ = (struct work_rcpt){ r->rcpts[i].results[k],
				(uint32_t)w->n_rcpts++ };
}

/* Plain is never longer than stored: the texts stay where they are. */
static void
unstuff(
    struct trace_report *r, struct msg *m, size_t header_len, struct str stored)
{
	size_t n;

	buf_fini(&r->content);
	buf_init(&r->content, stored.n + 1);
	buf_room(&r->content, stored.n + 1);
	wire_unstuff(str_sub(stored, 0, header_len), &r->content);
	n = r->content.len;
	wire_unstuff(str_sub(stored, header_len, SIZE_MAX), &r->content);
	m->header = str_sub(buf_str(&r->content), 0, n);
	m->body = str_sub(buf_str(&r->content), n, SIZE_MAX);
}

static void
masquerade(struct trace_report *r, struct subject *s, struct work *w,
    struct arena *mem)
{
	struct str before = w->msg.header;

	s->header = before;
	s->header_kept = before.n;
	run_point(r, AT_WORK, s, &r->work, mem);
	r->final_sender = s->sender;
	w->sender = s->sender;
	if (s->header.n != before.n || s->header_kept != before.n)
		work_set_header(w, s->header, false);
}

/* False: somebody is to be asked. */
static bool
run_stages(struct trace_report *r, struct arena *mem)
{
	struct needs needs;

	while (work_continue(&r->run, &needs) == WORK_NEEDS) {
		for (size_t i = 0; i < needs.n; i++) {
			if (is_asked_for(r, &needs.v[i]))
				want(r, &needs.v[i], mem);
			else
				run_assume(r, &needs.v[i], mem);
		}
		if (r->n_wants_of_work > 0)
			return false;
	}
	return true;
}

static bool
is_asked_for(const struct trace_report *r, const struct need *need)
{
	static const enum fact_id asked[] = { FACT_DNSLIST, FACT_RANDOM,
		FACT_SPAM, FACT_VIRUS, FACT_PART };
	bool is = false;

	for (size_t i = 0; i < NELEM(asked); i++)
		is |= asked[i] == need->id;
	return is && r->input->asks && !given_has(&r->input->given, need->id);
}

static void
want(struct trace_report *r, const struct need *need, struct arena *mem)
{
	const struct work *w = &r->run.at->work;
	struct trace_want *x;
	struct word *rcpts;

	if (r->wants_of_work == NULL)
		r->wants_of_work =
		    arena_array(mem, TRACE_WANTS_MAX, sizeof(*x));
	if (r->n_wants_of_work == TRACE_WANTS_MAX)
		return; /* the next round asks for it */
	x = &r->wants_of_work[r->n_wants_of_work++];
	*x = (struct trace_want){ .id = need->id,
		.key = need->key,
		.header = STR(""),
		.body = STR(""),
		.sender = w->sender };
	if (!work_fact_content(&r->run, need, &x->header, &x->body, mem) &&
	    need->id == FACT_PART) {
		r->n_wants_of_work--;
		fact_fail(&r->facts, mem, need->id, need->key);
		return;
	}
	x->rcpts.n = w->n_rcpts < RCPTS_SHOWN ? w->n_rcpts : RCPTS_SHOWN;
	rcpts = arena_array(mem, x->rcpts.n, sizeof(*rcpts));
	x->rcpts.v = rcpts;
	for (size_t i = 0; i < x->rcpts.n; i++)
		rcpts[i].text = w->rcpts[i].addr;
}

static void
take_outcomes(struct trace_report *r, struct str header, struct arena *mem)
{
	bool later = work_is_later(&r->run) != NULL;
	const struct work_result *x;
	size_t n = 0;

	for (x = r->run.results; x != NULL; x = x->next)
		n++;
	r->outcomes = arena_array(mem, n, sizeof(*r->outcomes));
	r->end = later ? TRACE_LATER : TRACE_STOPPED;
	if (r->run.split && !later)
		message_copies(r, &r->run.original, header.n > 0, mem);
	for (x = r->run.results; x != NULL; x = x->next) {
		struct trace_outcome *o = &r->outcomes[r->n_outcomes];
		const struct work *w = &x->work;

		/* of one that waits nothing is done, whatever else it says */
		if (later && w->end != WORK_LATER)
			continue;
		r->n_outcomes++;
		o->work = w;
		o->gateway =
		    w->alt_src_host.n > 0 ? w->alt_src_host : r->gateway;
		o->bounce_profile = w->bounce_profile.n > 0 ? w->bounce_profile
							    : r->bounce_profile;
		buf_init(&o->message, SIZE_MAX / 4);
		if (w->end == WORK_DELIVER)
			message_of(r, &w->msg, o->gateway, header.n > 0,
			    &o->message, mem);
		if (!later)
			message_copies(r, w, header.n > 0, mem);
		if (w->end == WORK_DELIVER)
			r->end = TRACE_QUEUED;
		else if (w->end == WORK_BOUNCE && r->end == TRACE_STOPPED)
			r->end = TRACE_RETURNED;
	}
}

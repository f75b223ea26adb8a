/*
 * run.c - one message through all stages, in memory
 */
#include <string.h>

#include "base/mem.h"
#include "mail/addr.h"
#include "mail/scan.h"
#include "mail/wire.h"
#include "trace/run.h"

struct run { /* of one point */
	struct trace_report *report;
	struct trace_point *point;
	struct arena *mem;
	size_t cap;
};

static bool connect_client(struct trace_report *, struct arena *mem);
static void authenticate(struct trace_report *);
static bool take_sender(
    struct trace_report *, struct subject *, struct arena *mem);
static void take_recipients(
    struct trace_report *, const struct subject *sender, struct arena *mem);
static bool take_rcpt_params(
    struct trace_report *, struct trace_rcpt *, bool utf8, struct arena *mem);
static bool is_esmtp(const struct trace_input *);
static void take_message(
    struct trace_report *, struct subject *, struct arena *mem);
static enum trace_end end_of(
    const struct trace_report *, const struct listener *);
static void refuse(struct trace_report *, const struct scan_reply *);
static void applied(void *arg, const struct stage *, const struct stage_out *);
static struct str in_brackets(
    const struct trace_input *, struct str typed, struct arena *mem);
static void store(struct str typed, struct buf *stored);

void
trace_run(
    struct trace_report *r, const struct trace_input *in, struct arena *mem)
{
	struct subject s;

	*r = (struct trace_report){ .input = in, .facts = in->facts };
	buf_init(&r->content, SIZE_MAX / 4);
	r->connected.config = in->config;
	r->connected.listener = in->listener;
	if (!connect_client(r, mem))
		return;
	s = r->connected;
	if (!take_sender(r, &s, mem))
		return;
	take_recipients(r, &s, mem);
	if (r->n_accepted > 0)
		take_message(r, &s, mem);
}

bool
trace_wants(
    const struct trace_input *in, struct needs *wants, struct arena *mem)
{
	struct trace_report r = {
		.input = in, .facts = in->facts, .wants = wants
	};
	struct subject s;

	*wants = (struct needs){ .mem = mem };
	r.connected.config = in->config;
	r.connected.listener = in->listener;
	if (connect_client(&r, mem)) {
		s = r.connected;
		if (take_sender(&r, &s, mem))
			take_recipients(&r, &s, mem);
	}
	return wants->n > 0;
}

void
trace_fini(struct trace_report *r)
{
	for (size_t i = 0; i < r->n_outcomes; i++)
		buf_fini(&r->outcomes[i].message);
	for (struct trace_copy *c = r->copies; c != NULL; c = c->next)
		buf_fini(&c->message);
	buf_fini(&r->content);
}

const char *
trace_end_name(enum trace_end end)
{
	static const char *const names[] = {
		[TRACE_REFUSED] = "connection refused",
		[TRACE_NO_SENDER] = "sender refused",
		[TRACE_NO_RCPT] = "no recipients",
		[TRACE_NO_MESSAGE] = "message refused",
		[TRACE_SINKHOLE] = "dropped by sinkhole",
		[TRACE_DROPPED] = "dropped by alias",
		[TRACE_STOPPED] = "dropped in work queue",
		[TRACE_RETURNED] = "bounced in work queue",
		[TRACE_LATER] = "waits in work queue",
		[TRACE_QUEUED] = "queued",
	};

	return names[end];
}

bool
trace_is_too_large(const struct trace_report *r)
{
	return r->connected.policy != NULL &&
	       r->size > r->connected.policy->p.max_message_size;
}

const struct note *
trace_sdr(const struct trace_point *p)
{
	for (size_t i = 0; i < p->n_notes; i++)
		if (p->notes[i].kind == NOTE_SDR)
			return &p->notes[i];
	return NULL;
}

void
run_point(struct trace_report *r, enum stage_point point, struct subject *s,
    struct trace_point *out, struct arena *mem)
{
	struct run run = { .report = r, .point = out, .mem = mem };
	struct pipeline_run pr;
	struct needs needs;

	pipeline_begin(&pr, point);
	while (pipeline_run(&pr, s, &r->facts, mem, true, applied, &run,
		   &needs) == PIPELINE_NEEDS)
		for (size_t i = 0; i < needs.n; i++)
			run_assume(r, &needs.v[i], mem);
	if (!pr.replied)
		return;
	out->reply = pr.reply;
	out->refused = pr.reply.refuse || pr.reply.code >= 400;
}

/*
 * Counters do not move for a trace: it is the first and only connection, and
 * each recipient the first. The next hop is taken to know everybody, unless
 * it was asked. What nobody could be asked for could not be had.
 */
void
run_assume(struct trace_report *r, const struct need *need, struct arena *mem)
{
	static const struct fact taken = { FACT_KNOWN, FACT_FROM_DEFAULT };
	struct facts *f = &r->facts;

	if (given_fact(&r->input->given, need, f, mem))
		return;
	switch (need->id) {
	case FACT_CONNECTIONS:
		f->connections = f->listener_connections =
		    f->total_connections = 1;
		fact_set(f, FACT_CONNECTIONS, FACT_KNOWN, FACT_FROM_DEFAULT);
		return;
	case FACT_RATE_HOST:
	case FACT_RATE_SENDER:
	case FACT_DHAP:
		fact_put(f, mem, need->id, need->key, taken)->number = 1;
		return;
	case FACT_WORK_QUEUE:
	case FACT_REPEATS:
		fact_put(f, mem, need->id, need->key, taken);
		return;
	case FACT_CALLAHEAD:
		fact_put(f, mem, need->id, need->key, taken)->number =
		    RECIPIENT_OK;
		break;
	default:
		fact_fail(f, mem, need->id, need->key);
	}
	if (need->id >= FACT_KEYED && r->wants != NULL)
		fact_need(r->wants, need->id, need->key);
}

/* False: that was all. A rejection that is put off to the recipients ends
 * here too; what they would hear is asked for (2.6.1). */
static bool
connect_client(struct trace_report *r, struct arena *mem)
{
	struct trace_point later = { .n_notes = 0 };
	struct subject s;

	r->end = TRACE_REFUSED;
	run_point(r, AT_CONNECT, &r->connected, &r->connect, mem);
	if (r->connect.refused)
		return false;
	authenticate(r);
	if (r->connected.behaviour != REJECT)
		return true;
	s = r->connected;
	s.addr_text = STR("<postmaster>");
	run_point(r, AT_RCPT, &s, &later, mem);
	r->delayed = later.reply;
	return false;
}

/* One that is not offered AUTH goes on without. By QMQP nobody could. */
static void
authenticate(struct trace_report *r)
{
	struct str user = r->input->user;

	if (user.n == 0 || listener_is_qmqp(r->input->listener))
		return;
	r->auth = pipeline_auth(&r->connected, &r->facts);
	if (r->auth == AUTH_OFFERED)
		pipeline_authenticated(&r->connected, &r->facts, user);
}

static bool
take_sender(struct trace_report *r, struct subject *s, struct arena *mem)
{
	struct str typed = str_trim(r->input->sender);

	r->end = TRACE_NO_SENDER;
	r->problem = param_mail(&r->mail, r->input->mail_params,
	    params_of_mail(s, &r->facts, is_esmtp(r->input)), mem);
	if (r->problem != PARAM_OK) {
		r->sender.refused = true;
		r->sender.reply = params_reply(r->problem);
		return false;
	}
	s->size = r->mail.size;
	s->addr_text = !r->input->as_said && str_is_nocase(typed, "none")
			   ? STR("<>")
			   : in_brackets(r->input, typed, mem);
	s->sender = typed;
	s->smtputf8 =
	    r->input->smtputf8 || (r->mail.seen & PARAM_SMTPUTF8) != 0;
	run_point(r, AT_MAIL, s, &r->sender, mem);
	r->final_sender = s->sender;
	return !r->sender.refused;
}

static void
take_recipients(
    struct trace_report *r, const struct subject *sender, struct arena *mem)
{
	size_t n = r->input->n_rcpts;
	uint64_t n_limited = 0;

	r->end = TRACE_NO_RCPT;
	r->rcpts = arena_array(mem, n + 1, sizeof(*r->rcpts));
	for (; r->n_rcpts < n; r->n_rcpts++) {
		struct trace_rcpt *rcpt = &r->rcpts[r->n_rcpts];
		struct subject s = *sender;

		s.n_limited = n_limited;
		rcpt->given = str_trim(r->input->rcpts[r->n_rcpts]);
		if (!take_rcpt_params(r, rcpt, s.smtputf8, mem))
			continue;
		s.addr_text = in_brackets(r->input, rcpt->given, mem);
		run_point(r, AT_RCPT, &s, &rcpt->point, mem);
		rcpt->result = s.rcpt;
		r->invalid_bounce |= s.invalid_bounce;
		if (rcpt->point.refused)
			continue;
		r->n_accepted++;
		n_limited += !(s.bypass & BYPASS_CONTROL);
		rcpt->expanded = s.expanded;
		rcpt->results = s.expanded ? s.rcpts : &rcpt->result;
		rcpt->n_results = s.expanded ? s.n_rcpts : 1;
		r->n_results += rcpt->n_results;
	}
	/* of a request of QMQP one refusal is that of all (receiving 9) */
	if (listener_is_qmqp(r->input->listener) && r->n_accepted < n)
		r->n_accepted = r->n_results = 0;
}

static bool
take_rcpt_params(struct trace_report *r, struct trace_rcpt *rcpt, bool utf8,
    struct arena *mem)
{
	const struct trace_input *in = r->input;

	rcpt->params_given = in->rcpt_params != NULL
				 ? in->rcpt_params[rcpt - r->rcpts]
				 : STR("");
	rcpt->problem = param_rcpt(&rcpt->params, rcpt->params_given,
	    params_of_rcpt(is_esmtp(in)), utf8, mem);
	rcpt->point.refused = rcpt->problem != PARAM_OK;
	rcpt->point.reply = params_reply(rcpt->problem);
	return !rcpt->point.refused;
}

static bool
is_esmtp(const struct trace_input *in)
{
	return !in->no_params && !listener_is_qmqp(in->listener);
}

/* A message over the limit is only remarked upon (2.2), so the stages are
 * told nothing of its size. */
static void
take_message(struct trace_report *r, struct subject *s, struct arena *mem)
{
	struct buf stored;
	struct scan scan;

	buf_init(&stored, SIZE_MAX / 4);
	store(r->input->message, &stored);
	r->size = stored.len;
	s->size = 0;
	s->invalid_bounce = r->invalid_bounce;
	scan_begin(&scan);
	scan_feed(&scan, buf_str(&stored));
	scan_end(&scan);
	s->header =
	    arena_str(mem, str_sub(buf_str(&stored), 0, scan.header_len));
	run_point(r, AT_DATA, s, &r->data, mem);
	r->end = r->data.refused ? TRACE_NO_MESSAGE : end_of(r, s->listener);
	/* Who does not store it does not look at it. */
	if (scan.problem != SCAN_OK &&
	    (r->end == TRACE_QUEUED ||
		(r->end == TRACE_SINKHOLE &&
		    s->listener->type == LISTENER_SINKHOLE_QUEUE)))
		refuse(r, scan_reply(scan.problem));
	if (r->end == TRACE_QUEUED)
		trace_queue(r, s, &scan, buf_str(&stored), mem);
	buf_fini(&stored);
}

static enum trace_end
end_of(const struct trace_report *r, const struct listener *l)
{
	if (r->n_results == 0)
		return TRACE_DROPPED;
	if (l->type == LISTENER_SINKHOLE_QUEUE ||
	    l->type == LISTENER_SINKHOLE_NOQUEUE)
		return TRACE_SINKHOLE;
	return TRACE_QUEUED;
}

static void
refuse(struct trace_report *r, const struct scan_reply *why)
{
	r->end = TRACE_NO_MESSAGE;
	r->data.refused = true;
	r->data.reply = (struct reply){ .code = why->code,
		.status = why->status,
		.text = str_of(why->text) };
}

static void
applied(void *arg, const struct stage *stage, const struct stage_out *out)
{
	struct run *run = arg;
	struct trace_point *p = run->point;

	(void)stage;
	if (p->n_notes + out->n_notes > run->cap) {
		struct note *v;

		run->cap = 2 * (p->n_notes + out->n_notes);
		v = arena_array(run->mem, run->cap, sizeof(*v));
		if (p->n_notes > 0)
			memcpy(v, p->notes, p->n_notes * sizeof(*v));
		p->notes = v;
	}
	for (size_t i = 0; i < out->n_notes; i++)
		p->notes[p->n_notes++] = out->notes[i];
	for (size_t i = 0; i < out->n_effects; i++) {
		if (out->effects[i].kind == EFFECT_BOUNCE_PROFILE)
			run->report->bounce_profile = out->effects[i].name;
		if (out->effects[i].kind == EFFECT_GATEWAY)
			run->report->gateway = out->effects[i].name;
	}
}

/* People type addresses without the brackets of the protocol. */
static struct str
in_brackets(const struct trace_input *in, struct str typed, struct arena *mem)
{
	if (in->as_said || (typed.n > 0 && typed.p[0] == '<'))
		return typed;
	return str_of(arena_printf(mem, "<%.*s>", STR_ARG(typed)));
}

/* As SMTP takes it: a line that begins with two dots has one too many. */
static void
store(struct str typed, struct buf *stored)
{
	struct wire w;

	wire_begin(&w, true);
	while (typed.n > 0) {
		size_t n = str_find(typed, '\n');
		size_t skip = str_starts(typed, STR("..")) ? 1 : 0;

		n = n < typed.n ? n + 1 : n;
		wire_write(&w, str_sub(typed, skip, n - skip), stored);
		typed = str_sub(typed, n, typed.n);
	}
	wire_end(&w, stored);
}

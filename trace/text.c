/*
 * text.c - the report as people read it (spec receiving 2.5, 2.6)
 *
 * Headings begin in column 1, details with " - ", second level with "   - ".
 * An empty line between sections. Features that this build does not have
 * print nothing.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "trace/show.h"

static void connection(
    const struct trace_report *, bool explain, struct buf *out);
static void connection_end(const struct trace_report *, struct buf *out);
static void policy(const struct trace_report *, struct buf *out);
static void authentication(const struct trace_report *, struct buf *out);
static void sender(const struct trace_report *, bool explain, struct buf *out);
static void recipients(
    const struct trace_report *, bool explain, struct buf *out);
static void message(const struct trace_report *, bool explain, struct buf *out);
static void gateway(const struct trace_report *, bool explain, struct buf *out);
static void work(const struct trace_report *, bool explain, struct buf *out);
static void facts(const struct trace_report *, struct buf *out);
static void fact(const struct trace_report *, enum fact_id, struct buf *out);
static void keyed_fact(const struct fact_answer *, struct buf *out);
static void result(const struct trace_outcome *, struct buf *out);
static void content(struct str text, struct buf *out);

void
trace_text(const struct trace_report *r, bool explain, struct buf *out)
{
	connection(r, explain, out);
	if (r->end > TRACE_REFUSED)
		sender(r, explain, out);
	if (r->end > TRACE_NO_SENDER)
		recipients(r, explain, out);
	if (r->end > TRACE_NO_RCPT)
		message(r, explain, out);
	if (r->n_outcomes > 0) {
		work(r, explain, out);
		show_work(r, explain, out);
	}
	show_sdr(&r->data, explain, out);
	if (explain)
		facts(r, out);
}

void
trace_text_result(const struct trace_report *r, struct buf *out)
{
	for (size_t i = 0; i < r->n_outcomes; i++) {
		if (r->outcomes[i].work->end != WORK_DELIVER)
			continue;
		if (out->len > 0)
			buf_putc(out, '\n');
		result(&r->outcomes[i], out);
	}
}

/* --- T1 --- */

static void
connection(const struct trace_report *r, bool explain, struct buf *out)
{
	const struct note *match = NULL;
	struct str name = pipeline_group_name(r->connected.group);

	for (size_t i = 0; i < r->connect.n_notes; i++) {
		const struct note *n = &r->connect.notes[i];

		if (n->kind == NOTE_HOST &&
		    r->facts.meta[FACT_HOST].source != FACT_GIVEN) {
			buf_puts(out, " - Reverse DNS: ");
			if (n->from.n > 0 && str_is(n->text, "verified"))
				show_text(n->from, out);
			else
				buf_puts(out, "not verified");
			buf_printf(out, " (%.*s)\n", STR_ARG(n->text));
		} else if (n->kind == NOTE_HAT_PASSED) {
			buf_printf(out,
			    " - Sender group %.*s matched on %.*s, "
			    "behavior CONTINUE\n",
			    STR_ARG(n->group->name), STR_ARG(n->entry->text));
			if (explain)
				show_place("Entry", &n->where, out);
		} else if (n->kind == NOTE_HAT_MATCH) {
			match = n;
		}
	}
	if (name.n > 0)
		buf_printf(out, "HAT matched on sender group %.*s, host %.*s\n",
		    STR_ARG(name), STR_ARG(r->connected.entry->text));
	else
		buf_printf(out,
		    "HAT matched on unnamed sender group, host %.*s\n",
		    STR_ARG(r->connected.entry->text));
	if (explain && match != NULL) {
		show_place("Entry", &match->where, out);
		show_place("Policy",
		    match->policy->name.n > 0 ? &match->policy->where
					      : &match->group->where,
		    out);
	}
	policy(r, out);
	connection_end(r, out);
}

static void
policy(const struct trace_report *r, struct buf *out)
{
	const struct policy *p = r->connected.policy;
	struct trace_param params[TRACE_PARAMS_MAX];
	struct arena mem;
	size_t n;

	buf_printf(out, " - Applying %.*s policy (%s behavior).\n",
	    STR_ARG(p->name.n > 0 ? p->name : STR("unnamed")),
	    behaviour_name(p->behaviour));
	if (r->end == TRACE_REFUSED)
		return;
	arena_init(&mem, 1 << 20);
	n = trace_params(r->connected.listener, p, params, &mem);
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "   - %s: ", params[i].label);
		show_text(params[i].text, out);
		buf_puts(out, params[i].is_default ? " (Default)\n" : "\n");
	}
	arena_free(&mem);
	authentication(r, out);
	if (trace_is_too_large(r))
		buf_printf(out,
		    " - Message size %" PRIu64
		    " exceeds the maximum message size.\n",
		    r->size);
}

/* Only of who wants to. */
static void
authentication(const struct trace_report *r, struct buf *out)
{
	static const char *const chances[] = {
		[AUTH_NOT_OFFERED] = "Not Offered",
		[AUTH_WANTS_TLS] = "Not Offered (without TLS)",
		[AUTH_OFFERED] = "succeeded (RELAY behavior)",
	};

	if (r->input->user.n == 0)
		return;
	buf_puts(out, " - SMTP Authentication: ");
	show_text(r->input->user, out);
	buf_printf(out, ": %s\n", chances[r->auth]);
}

static void
connection_end(const struct trace_report *r, struct buf *out)
{
	if (r->end != TRACE_REFUSED)
		return;
	if (r->connect.reply.refuse) {
		buf_puts(
		    out, " - Connection would be refused at the TCP level.\n");
		return;
	}
	if (r->connect.refused) {
		buf_puts(out, " - Connection would be rejected: ");
		show_reply(&r->connect.reply, out);
	} else {
		buf_puts(out, " - Connection would be accepted; every "
			      "recipient rejected: ");
		show_reply(&r->delayed, out);
	}
	buf_putc(out, '\n');
}

/* --- T2, T3 --- */

static void
sender(const struct trace_report *r, bool explain, struct buf *out)
{
	buf_puts(out, "\nProcessing MAIL FROM:\n");
	show_params(r->input->mail_params, r->problem, out);
	show_notes(&r->sender, explain, out);
	if (r->sender.refused)
		buf_puts(out, " - Message would be rejected.\n");
}

static void
recipients(const struct trace_report *r, bool explain, struct buf *out)
{
	buf_puts(out, "\nProcessing Recipient List:\n");
	for (size_t i = 0; i < r->n_rcpts; i++) {
		buf_puts(out, "Processing ");
		show_text(r->rcpts[i].given, out);
		buf_putc(out, '\n');
		show_params(r->rcpts[i].params_given, r->rcpts[i].problem, out);
		show_notes(&r->rcpts[i].point, explain, out);
		if (r->rcpts[i].point.refused)
			buf_puts(out, " - Recipient would be rejected.\n");
	}
	if (r->n_accepted == 0 && listener_is_qmqp(r->input->listener))
		buf_puts(out, "No recipients remain: by QMQP a refusal of one "
			      "is that of all.\n");
	else if (r->n_accepted == 0)
		buf_puts(out, "No recipients remain.\n");
}

/* --- T4 to T8 --- */

static void
message(const struct trace_report *r, bool explain, struct buf *out)
{
	buf_puts(out, "\nMessage Processing:\n");
	gateway(r, explain, out);
	if (r->bounce_profile.n > 0)
		buf_printf(out, " - Bounce Profile %.*s Assigned (listener)\n",
		    STR_ARG(r->bounce_profile));
	else
		buf_puts(out, " - No Bounce Profile Assigned\n");
	if (r->end == TRACE_NO_MESSAGE) {
		buf_puts(out, " - Message would be rejected: ");
		show_reply(&r->data.reply, out);
		buf_putc(out, '\n');
	} else if (r->end == TRACE_SINKHOLE) {
		buf_puts(out, "Message would be deleted by the sinkhole "
			      "listener.\n");
	} else if (r->end == TRACE_DROPPED) {
		buf_puts(out, "Message would be dropped: all its recipients "
			      "are (/dev/null).\n");
	}
}

static void
gateway(const struct trace_report *r, bool explain, struct buf *out)
{
	const struct note *match = NULL;

	for (size_t i = 0; i < r->data.n_notes; i++) {
		const struct note *n = &r->data.notes[i];

		if (n->kind == NOTE_GATEWAY && n->text.n > 0)
			match = n;
	}
	if (match == NULL) {
		buf_puts(out, " - No Virtual Gateway(tm) Assigned\n");
		return;
	}
	buf_puts(out, " - Virtual Gateway(tm) ");
	show_text(match->text, out);
	buf_puts(out, " Assigned (matched on ");
	show_text(match->from, out);
	buf_puts(out, ")\n");
	if (explain)
		show_place("Entry", &match->where, out);
}

static void
work(const struct trace_report *r, bool explain, struct buf *out)
{
	buf_puts(out, "\nDomain Masquerading/LDAP Processing:\n");
	show_notes(&r->work, explain, out);
	if (r->work.n_notes == 0)
		buf_puts(out, " - No Changes.\n");
}

/* --- --explain --- */

static void
facts(const struct trace_report *r, struct buf *out)
{
	buf_puts(out, "\nFacts:\n");
	for (int id = 0; id < FACT_KEYED; id++)
		fact(r, id, out);
	for (const struct fact_answer *a = r->facts.answers; a != NULL;
	     a = a->next)
		keyed_fact(a, out);
}

static void
fact(const struct trace_report *r, enum fact_id id, struct buf *out)
{
	const struct facts *f = &r->facts;
	const struct fact *meta = &f->meta[id];

	if (meta->state == FACT_UNKNOWN) {
		buf_printf(out, " - %s: not asked for\n", fact_name(id));
		return;
	}
	buf_printf(out, " - %s: ", fact_name(id));
	if (meta->state == FACT_FAILED)
		buf_puts(out, "cannot be said");
	else if (id == FACT_HOST && f->host_class == HOST_VERIFIED)
		show_text(f->host, out);
	else if (id == FACT_HOST)
		buf_puts(out, host_class_name(f->host_class));
	else if (id == FACT_REPUTATION && f->reputation == REPUTATION_NONE)
		buf_puts(out, "none");
	else if (id == FACT_REPUTATION)
		buf_printf(out, "%.1f", (double)f->reputation / 10);
	else if (id == FACT_OWNER)
		buf_printf(out, "%" PRIu64, f->owner);
	else if (id == FACT_COUNTRY)
		buf_puts(out, f->country[0] != '\0' ? f->country : "none");
	else
		buf_printf(out, "%u", f->connections);
	buf_printf(out, " (%s)\n", fact_source_name(meta->source));
}

static void
keyed_fact(const struct fact_answer *a, struct buf *out)
{
	const char *name = fact_value_name(a->id, a->number);

	buf_printf(out, " - %s", fact_name(a->id));
	if (a->key.n > 0) {
		buf_putc(out, ' ');
		show_text(a->key, out);
	}
	if (a->meta.state != FACT_KNOWN)
		buf_puts(out, ": cannot be said");
	else if (name != NULL)
		buf_printf(out, ": %s", name);
	else
		buf_printf(out, ": %" PRIu64, a->number);
	buf_printf(out, " (%s)\n", fact_source_name(a->meta.source));
}

static void
result(const struct trace_outcome *o, struct buf *out)
{
	const struct work *w = o->work;

	buf_puts(out, "Final text for messages matched on policy ");
	show_text(w->mail_policy, out);
	buf_puts(out, "\nFinal Envelope Sender:  ");
	show_text(w->sender, out);
	buf_puts(out, "\nFinal Recipients:\n");
	for (size_t i = 0; i < w->n_rcpts; i++) {
		buf_puts(out, " - ");
		show_text(w->rcpts[i].addr, out);
		buf_putc(out, '\n');
	}
	buf_puts(out, "\nFinal Message Content:\n\n");
	content(buf_str(&o->message), out);
}

/* Lines and tabs stay what they are, the rest is shown. */
static void
content(struct str text, struct buf *out)
{
	while (text.n > 0) {
		struct str line = str_cut(&text, '\n');

		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		for (bool last = false; !last;) {
			last = str_find(line, '\t') == line.n;
			show_text(str_cut(&line, '\t'), out);
			if (!last)
				buf_putc(out, '\t');
		}
		buf_putc(out, '\n');
	}
}

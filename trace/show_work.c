/*
 * show_work.c - what the work queue did, as people read it (workqueue 11)
 *
 * The notes of its stages in the order of time: headings in column 1, details
 * with " - ", content filters and nested ifs further to the right.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "config/unsubscribe.h"
#include "trace/delivery.h"
#include "trace/show.h"
#include "trace/wanted.h"

struct page {
	const struct work *work;
	bool explain;
	bool content;  /* filters are those of the policy: one column more */
	bool outbreak; /* the headings for these stand */
	bool stamping;
	enum work_note_kind before;
	struct buf *out;
};
typedef void show_note(struct page *, const struct work_note *);

static show_note no_filters, filter, rule, otherwise, action, filters_left,
    ended, policy, spam, virus, content_filters, outbreak, bypassed, held_until,
    held, tagged, service, stamped, not_stamped, scan_error, warning;
static void notes(
    const struct work *, bool explain, struct arena *mem, struct buf *out);
static void indent(const struct page *, int level);
static void detail(struct page *, const char *before, struct str text);
static void outbreak_heading(struct page *);
static void footer_heading(struct page *);
static void wish(
    const struct trace_report *, const struct work *, struct buf *out);
static void enqueued(const struct trace_report *, struct buf *);
static void end(const struct trace_report *, struct buf *out);

/* Notes that are not here are for the log. */
static show_note *const shows[] = {
	[WN_NO_FILTERS] = no_filters,
	[WN_FILTER] = filter,
	[WN_RULE] = rule,
	[WN_ELSE] = otherwise,
	[WN_ACTION] = action,
	[WN_FILTERS_LEFT] = filters_left,
	[WN_ENDED] = ended,
	[WN_POLICY] = policy,
	[WN_SPAM] = spam,
	[WN_VIRUS] = virus,
	[WN_CONTENT_FILTERS] = content_filters,
	[WN_OUTBREAK] = outbreak,
	[WN_OUTBREAK_BYPASSED] = bypassed,
	[WN_OUTBREAK_UNTIL] = held_until,
	[WN_HELD] = held,
	[WN_SPAM_TAGGED] = tagged,
	[WN_SERVICE_ACTION] = service,
	[WN_STAMPED] = stamped,
	[WN_NOT_STAMPED] = not_stamped,
	[WN_SCAN_ERROR] = scan_error,
	[WN_WARNING] = warning,
};

void
show_work(const struct trace_report *r, bool explain, struct buf *out)
{
	struct arena mem;

	arena_init(&mem, (size_t)1 << 30);
	if (r->run.split)
		notes(&r->run.original, explain, &mem, out);
	for (size_t i = 0; i < r->n_outcomes; i++)
		notes(r->outcomes[i].work, explain, &mem, out);
	end(r, out);
	for (size_t i = 0; i < r->n_outcomes; i++)
		if (explain || r->input->lookup != NULL)
			show_deliveries(r, &r->outcomes[i], out);
	arena_free(&mem);
}

static void
notes(const struct work *w, bool explain, struct arena *mem, struct buf *out)
{
	struct page p = {
		.work = w, .explain = explain, .before = WN_WARNING, .out = out
	};
	size_t n;
	const struct work_note *const *v = work_notes(w, &n, mem);

	for (size_t i = 0; i < n; i++) {
		if (v[i]->kind >= NELEM(shows) || shows[v[i]->kind] == NULL)
			continue;
		/* none of them ran */
		if (p.before == WN_CONTENT_FILTERS && v[i]->kind != WN_FILTER)
			buf_puts(out, " - Not Performed\n");
		shows[v[i]->kind](&p, v[i]);
		p.before = v[i]->kind;
	}
	if (p.before == WN_CONTENT_FILTERS)
		buf_puts(out, " - Not Performed\n");
}

/* --- filters --- */

static void
no_filters(struct page *p, const struct work_note *n)
{
	(void)n;
	buf_puts(p->out, "\nNo active message filters.\n");
}

static void
filter(struct page *p, const struct work_note *n)
{
	buf_puts(p->out, p->content ? " " : "\n");
	buf_puts(p->out, "Processing filter '");
	show_text(n->name, p->out);
	buf_puts(p->out, "':\n");
	if (p->explain)
		show_place("Filter", &n->where, p->out);
}

static void
rule(struct page *p, const struct work_note *n)
{
	indent(p, n->level);
	buf_puts(p->out, "Evaluating Rule:   ");
	show_text(n->text, p->out);
	buf_putc(p->out, '\n');
	indent(p, n->level + 1);
	buf_printf(p->out, "Result = %s\n", n->result ? "True" : "False");
	if (p->explain && n->detail.n > 0) {
		indent(p, n->level + 1);
		detail(p, "Looked at: ", n->detail);
	}
}

static void
otherwise(struct page *p, const struct work_note *n)
{
	indent(p, n->level);
	buf_puts(p->out, "Executing Else Clause:\n");
}

/* Those of an if stand below its rule. */
static void
action(struct page *p, const struct work_note *n)
{
	indent(p, n->level > 0 ? n->level - 1 : 0);
	buf_puts(p->out, "Executing Action:  ");
	show_text(n->text, p->out);
	buf_putc(p->out, '\n');
}

static void
filters_left(struct page *p, const struct work_note *n)
{
	(void)n;
	buf_puts(p->out, p->content ? " Remaining filters skipped.\n"
				    : "\nRemaining filters skipped.\n");
}

static void
ended(struct page *p, const struct work_note *n)
{
	buf_printf(p->out, "\nMessage %s by ",
	    p->work->end == WORK_BOUNCE ? "bounced" : "dropped");
	show_text(n->text, p->out);
	buf_puts(p->out, ".\n");
}

/* --- policies and their services --- */

static void
policy(struct page *p, const struct work_note *n)
{
	buf_printf(p->out,
	    "\n%s Recipient Policy Processing: (matched on "
	    "policy ",
	    str_is(n->detail, "outbound") ? "Outbound" : "Inbound");
	show_text(n->name, p->out);
	buf_puts(p->out, ")\nMessage going to:  ");
	show_text(n->text, p->out);
	buf_putc(p->out, '\n');
	if (p->explain)
		show_place("Policy", &n->where, p->out);
}

static void
spam(struct page *p, const struct work_note *n)
{
	static const struct {
		const char *text;
		bool score;
	} said[] = {
		[SPAM_NEGATIVE] = { "Not Spam", true },
		[SPAM_SUSPECT] = { "Suspected Spam", true },
		[SPAM_IS_POSITIVE] = { "Positively Identified Spam", true },
		[SPAM_NOT_ENABLED] = { "Scanning Disabled", false },
		[SPAM_SKIPPED_BY_FLOW] = { "Skipped (mail flow policy)",
		    false },
		[SPAM_SKIPPED_BY_FILTER] = { "Skipped (message filter)",
		    false },
		[SPAM_SKIPPED_SIZE] = { "Skipped (message size)", false },
		[SPAM_UNSCANNED] = { "Not Scanned (no answer)", false },
		[SPAM_LATER] = { "Not Scanned (no answer), tried again later",
		    false },
		[SPAM_SAFELISTED] = { "Skipped (recipient's safelist)", false },
		[SPAM_BLOCKLISTED] = { "On the recipient's blocklist", false },
	};

	buf_printf(
	    p->out, "\nAntiSpam Evaluation:\n - %s", said[n->number].text);
	if (said[n->number].score)
		buf_printf(p->out, "  (score %" PRId64 ")", n->score);
	buf_putc(p->out, '\n');
	if (!p->explain || n->text.n == 0)
		return;
	if (n->number < SPAM_SAFELISTED) {
		detail(p, "   - Tests: ", n->text);
	} else {
		detail(p, "   - Item: ", n->text);
		show_place("Entry", &n->where, p->out);
	}
}

static void
virus(struct page *p, const struct work_note *n)
{
	static const struct {
		const char *text;
		bool named, timed;
	} said[] = {
		[VIRUS_IS_CLEAN] = { "Message Clean.", false, true },
		[VIRUS_IS_REPAIRED] = { "Message Repaired.", false, true },
		[VIRUS_IS_ENCRYPTED] = { "Message Encrypted.", false, true },
		[VIRUS_IS_UNSCANNABLE] = { "Message Unscannable: ", true,
		    true },
		[VIRUS_IS_INFECTED] = { "Virus found: ", true, true },
		[VIRUS_NOT_ENABLED] = { "Scanning Disabled", false, false },
		[VIRUS_SKIPPED_BY_FLOW] = { "Skipped (mail flow policy)", false,
		    false },
		[VIRUS_SKIPPED_BY_FILTER] = { "Skipped (message filter)", false,
		    false },
	};

	buf_printf(
	    p->out, "\nAntiVirus Evaluation:\n - %s", said[n->number].text);
	if (said[n->number].named)
		show_text(n->text.n > 0 ? n->text : STR("no answer"), p->out);
	buf_putc(p->out, '\n');
	if (said[n->number].timed)
		buf_printf(p->out,
		    " - Elapsed Time = '%" PRId64 ".%03" PRId64 " sec'\n",
		    n->score / 1000, n->score % 1000);
}

static void
content_filters(struct page *p, const struct work_note *n)
{
	(void)n;
	p->content = true;
	buf_puts(p->out, "\nContent Filter Processing:\n");
}

static void
outbreak(struct page *p, const struct work_note *n)
{
	static const char *const skipped[] = { [OUTBREAK_SKIPPED_BY_FILTER] =
						   "message filter",
		[OUTBREAK_SKIPPED_SIZE] = "message size" };

	outbreak_heading(p);
	if (n->score != OUTBREAK_JUDGED) {
		buf_printf(p->out, " - Skipped (%s)\n", skipped[n->score]);
		return;
	}
	if (n->name.n == 0) {
		buf_puts(p->out, " - No threat detected\n");
		return;
	}
	buf_printf(p->out, " - Threat level %" PRId64 ": ", n->number);
	show_text(n->name, p->out);
	buf_puts(p->out, " (");
	show_text(n->text, p->out);
	buf_puts(p->out, ")\n");
	if (p->explain)
		detail(p, "   - ", n->detail);
}

static void
bypassed(struct page *p, const struct work_note *n)
{
	outbreak_heading(p);
	detail(p, " - Bypassed: ", n->name);
}

static void
held_until(struct page *p, const struct work_note *n)
{
	detail(p, " - Quarantined until ", n->text);
}

static void
outbreak_heading(struct page *p)
{
	if (!p->outbreak)
		buf_puts(p->out, "\nOutbreak Filter Evaluation:\n");
	p->outbreak = true;
	p->content = false;
}

static void
held(struct page *p, const struct work_note *n)
{
	buf_puts(p->out, p->content ? "  - " : " - ");
	buf_puts(p->out, "Flagged for quarantine \"");
	show_text(n->name, p->out);
	buf_puts(p->out, "\"\n");
}

static void
tagged(struct page *p, const struct work_note *n)
{
	(void)n;
	buf_puts(p->out, " - Flagged for quarantine \"Spam Quarantine\"\n");
}

static void
service(struct page *p, const struct work_note *n)
{
	detail(p, " - Action: ", n->text);
}

/* --- headings and footers --- */

/* A filter that stamps has said so: its action. */
static void
stamped(struct page *p, const struct work_note *n)
{
	if (n->detail.n > 0)
		return;
	footer_heading(p);
	buf_printf(p->out, " - Stamped %s '", n->number ? "footer" : "heading");
	show_text(n->name, p->out);
	buf_puts(p->out, "'\n");
}

static void
not_stamped(struct page *p, const struct work_note *n)
{
	(void)n;
	footer_heading(p);
	buf_puts(p->out, " - Not Performed\n");
}

static void
footer_heading(struct page *p)
{
	if (!p->stamping)
		buf_puts(p->out, "\nFooter Stamping:\n");
	p->stamping = true;
}

static void
scan_error(struct page *p, const struct work_note *n)
{
	detail(p, " - Scanning Error: ", n->text);
}

static void
warning(struct page *p, const struct work_note *n)
{
	detail(p, " - Warning: ", n->text);
}

/* --- helpers --- */

static void
indent(const struct page *p, int level)
{
	buf_puts(p->out, p->content ? "  " : " ");
	while (level-- > 0)
		buf_puts(p->out, "  ");
}

static void
detail(struct page *p, const char *before, struct str text)
{
	buf_puts(p->out, before);
	show_text(text, p->out);
	buf_putc(p->out, '\n');
}

/* What the mail itself wants of its way (RFC 8689). */
static void
wish(const struct trace_report *r, const struct work *w, struct buf *out)
{
	static const char *const texts[] = {
		[WISH_REQUIRE] =
		    "verified TLS to every next hop, which must offer "
		    "REQUIRETLS; else returned (5.7.30)",
		[WISH_FREE] = "DANE and MTA-STS do not count, only what our "
			      "settings demand",
	};
	enum tls_wish wanted = wanted_tls(r, w);

	if (wanted != WISH_NONE)
		buf_printf(
		    out, " %s: %s\n", wanted_tls_name(wanted), texts[wanted]);
}

/* Whom delivery will not be tried for. */
static void
enqueued(const struct trace_report *r, struct buf *out)
{
	const struct config *c = r->input->config;

	buf_puts(out, "\nMessage Enqueued for Delivery\n");
	for (size_t i = 0; i < r->n_outcomes; i++) {
		const struct work *w = r->outcomes[i].work;

		if (w->end != WORK_DELIVER || w->holds != NULL)
			continue;
		wish(r, w, out);
		for (size_t k = 0; k < w->n_rcpts; k++) {
			const struct unsubscribed *u =
			    wanted_not(r, w->rcpts[k].addr);

			if (u == NULL)
				continue;
			buf_puts(out, " Global unsubscribe: ");
			show_text(w->rcpts[k].addr, out);
			buf_printf(out, " matches %.*s: %s\n",
			    STR_ARG(u->pattern.text),
			    c->unsubscribe_action == UNSUBSCRIBE_BOUNCE
				? "bounced"
				: "dropped");
		}
	}
}

/* What goes to a quarantine does not go to its recipients. */
static void
end(const struct trace_report *r, struct buf *out)
{
	bool queued = false;

	for (size_t i = 0; i < r->n_outcomes; i++) {
		const struct work *w = r->outcomes[i].work;

		queued |= w->end == WORK_DELIVER && w->holds == NULL;
	}
	if (r->end == TRACE_LATER)
		buf_puts(out, "\nMessage Waits in the Work Queue\n");
	else if (queued)
		enqueued(r, out);
	else if (r->end == TRACE_QUEUED)
		buf_puts(out, "\nMessage Quarantined\n");
}

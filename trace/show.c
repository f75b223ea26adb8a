/*
 * show.c - the lines of the notes (spec receiving 2.6.2, 2.6.3)
 */
#include "trace/show.h"

#include "base/mem.h"

static void declared_size(
    const struct note *, const struct trace_point *, struct buf *);
static void default_domain(
    const struct note *, const struct trace_point *, struct buf *);
static void bad_address(
    const struct note *, const struct trace_point *, struct buf *);
static void tls_required(
    const struct note *, const struct trace_point *, struct buf *);
static void exception(
    const struct note *, const struct trace_point *, struct buf *);
static void sender_verify(
    const struct note *, const struct trace_point *, struct buf *);
static void limit(
    const struct note *, const struct trace_point *, struct buf *);
static void ldap_accept(
    const struct note *, const struct trace_point *, struct buf *);
static void call_ahead(
    const struct note *, const struct trace_point *, struct buf *);
static void forged(
    const struct note *, const struct trace_point *, struct buf *);
static void masquerade(
    const struct note *, const struct trace_point *, struct buf *);
static void domain_map(
    const struct note *, const struct trace_point *, struct buf *);
static void rat_match(
    const struct note *, const struct trace_point *, struct buf *);
static void rat_skipped(
    const struct note *, const struct trace_point *, struct buf *);
static void alias(
    const struct note *, const struct trace_point *, struct buf *);
static void bounce_tag(
    const struct note *, const struct trace_point *, struct buf *);
static void asked(const struct note *, struct buf *out);
static void age(uint32_t days, struct buf *out);
static void changed(const struct note *, const char *between, struct buf *out);

/* Without the " - " before and the line end behind. */
static const struct {
	enum note_kind kind;
	void (*line)(
	    const struct note *, const struct trace_point *, struct buf *);
} lines[] = {
	{ NOTE_SIZE, declared_size },
	{ NOTE_DEFAULT_DOMAIN, default_domain },
	{ NOTE_BAD_ADDRESS, bad_address },
	{ NOTE_TLS_REQUIRED, tls_required },
	{ NOTE_EXCEPTION, exception },
	{ NOTE_SENDER_VERIFY, sender_verify },
	{ NOTE_FORGED, forged },
	{ NOTE_MASQUERADE, masquerade },
	{ NOTE_BOUNCE_TAG, bounce_tag },
	{ NOTE_DOMAIN_MAP, domain_map },
	{ NOTE_RAT_MATCH, rat_match },
	{ NOTE_RAT_SKIPPED, rat_skipped },
	{ NOTE_ALIAS, alias },
	{ NOTE_LIMIT, limit },
	{ NOTE_LDAP_ACCEPT, ldap_accept },
	{ NOTE_CALL_AHEAD, call_ahead },
};

void
show_text(struct str text, struct buf *out)
{
	size_t room = 4 * text.n + 16;
	char *p = buf_room(out, room);

	if (p != NULL)
		buf_grew(out, str_escape(p, room, text, text.n));
}

void
show_reply(const struct reply *r, struct buf *out)
{
	struct str text = r->text;

	buf_printf(out, "%d", r->code);
	if (*r->status != '\0')
		buf_printf(out, " #%s", r->status);
	while (text.n > 0) {
		buf_putc(out, ' ');
		show_text(str_cut(&text, '\n'), out);
	}
}

void
show_params(struct str text, enum param_problem problem, struct buf *out)
{
	struct reply no = params_reply(problem);

	if (text.n == 0)
		return;
	buf_puts(out, " - Parameters: ");
	show_text(text, out);
	if (problem != PARAM_OK) {
		buf_puts(out, ": ");
		show_reply(&no, out);
	}
	buf_putc(out, '\n');
}

void
show_place(const char *what, const struct where *w, struct buf *out)
{
	if (w->line > 0)
		buf_printf(out, "   - %s at %s:%d\n", what, w->file, w->line);
	else
		buf_printf(out, "   - %s is built in\n", what);
}

void
show_notes(const struct trace_point *p, bool explain, struct buf *out)
{
	for (size_t i = 0; i < p->n_notes; i++) {
		const struct note *n = &p->notes[i];

		for (size_t k = 0; k < NELEM(lines); k++) {
			if (lines[k].kind != n->kind)
				continue;
			buf_puts(out, " - ");
			lines[k].line(n, p, out);
			buf_putc(out, '\n');
		}
		if (explain && n->where.file != NULL)
			show_place("Entry", &n->where, out);
	}
}

void
show_sdr(const struct trace_point *p, bool explain, struct buf *out)
{
	const struct note *n = trace_sdr(p);

	if (n == NULL)
		return;
	buf_puts(out, "\nSender Domain Reputation:\n - Reputation: ");
	buf_puts(out,
	    n->number < SDR_N ? fact_value_name(FACT_SDR, n->number) : "N/A");
	buf_puts(out, "\n - Domain Age: ");
	if (n->sdr != NULL && n->sdr->has_age)
		age(n->sdr->days, out);
	else
		buf_puts(out, "N/A");
	buf_puts(out, "\n - Category: ");
	show_text(n->sdr != NULL && n->sdr->category.n > 0 ? n->sdr->category
							   : STR("N/A"),
	    out);
	buf_printf(
	    out, "\n - Action: Message %s", n->allow ? "Accepted" : "Dropped");
	if (n->from.n > 0) {
		buf_puts(out, " (exception ");
		show_text(n->from, out);
		buf_putc(out, ')');
	}
	buf_putc(out, '\n');
	if (explain && n->where.file != NULL)
		show_place("Entry", &n->where, out);
}

static void
declared_size(
    const struct note *n, const struct trace_point *p, struct buf *out)
{
	buf_printf(out, "Declared size %.*s: ", STR_ARG(n->text));
	show_reply(&p->reply, out);
}

static void
default_domain(
    const struct note *n, const struct trace_point *p, struct buf *out)
{
	(void)p;
	buf_puts(out, "Default Domain Processing: ");
	if (n->text.n > 0)
		buf_printf(out, "Not Performed (%.*s)", STR_ARG(n->text));
	else
		changed(n, "changed to", out);
}

static void
bad_address(const struct note *n, const struct trace_point *p, struct buf *out)
{
	buf_printf(out, "Invalid address (%.*s): ", STR_ARG(n->text));
	show_reply(&p->reply, out);
}

static void
tls_required(const struct note *n, const struct trace_point *p, struct buf *out)
{
	buf_printf(out, "TLS: Required of this sender (address list %.*s): ",
	    STR_ARG(n->text));
	show_reply(&p->reply, out);
}

static void
exception(const struct note *n, const struct trace_point *p, struct buf *out)
{
	buf_puts(out, "Domain Exception Table: ");
	if (n->text.n == 0) {
		buf_puts(out, "No Match");
		return;
	}
	buf_puts(out, "matched on ");
	show_text(n->text, out);
	buf_printf(out, ", behavior = %s", n->allow ? "ACCEPT" : "REJECT (");
	if (!n->allow) {
		show_reply(&p->reply, out);
		buf_putc(out, ')');
	}
}

static void
sender_verify(
    const struct note *n, const struct trace_point *p, struct buf *out)
{
	static const char *const classes[] = {
		[DOMAIN_EXISTS] = "Passed",
		[DOMAIN_MISSING] = "domain does not exist (",
		[DOMAIN_UNRESOLVED] = "domain does not resolve (",
		[DOMAIN_MALFORMED] = "malformed sender (",
	};

	buf_puts(out, "Envelope Sender DNS Verification: ");
	if (n->text.n > 0) {
		buf_printf(out, "Not Performed (%.*s)", STR_ARG(n->text));
		return;
	}
	buf_puts(out, classes[n->number]);
	if (n->number != DOMAIN_EXISTS) {
		show_reply(&p->reply, out);
		buf_putc(out, ')');
	}
}

static void
limit(const struct note *n, const struct trace_point *p, struct buf *out)
{
	buf_printf(out, "Receiving Control: limit of %.*s reached (",
	    STR_ARG(n->text));
	show_reply(&p->reply, out);
	buf_putc(out, ')');
}

static void
ldap_accept(const struct note *n, const struct trace_point *p, struct buf *out)
{
	(void)p;
	buf_puts(out, "LDAP Accept: ");
	asked(n, out);
}

static void
call_ahead(const struct note *n, const struct trace_point *p, struct buf *out)
{
	(void)p;
	buf_puts(out, "SMTP Call-Ahead: ");
	asked(n, out);
}

/* Whom, if need be about which address, and what came of it. */
static void
asked(const struct note *n, struct buf *out)
{
	show_text(n->from, out);
	buf_puts(out, ": ");
	if (n->to.n > 0) {
		show_text(n->to, out);
		buf_puts(out, ": ");
	}
	show_text(n->text, out);
}

static void
forged(const struct note *n, const struct trace_point *p, struct buf *out)
{
	(void)p;
	buf_puts(out, "Forged header fields removed: ");
	show_text(n->text, out);
}

static void
masquerade(const struct note *n, const struct trace_point *p, struct buf *out)
{
	(void)p;
	buf_printf(out,
	    "%.*s: ", STR_ARG(n->text.n > 0 ? n->text : STR("Masquerading")));
	changed(n, "masqueraded to", out);
}

static void
bounce_tag(const struct note *n, const struct trace_point *p, struct buf *out)
{
	if (n->text.n == 0) {
		buf_puts(out, "Bounce tag removed: ");
		changed(n, "changed to", out);
		return;
	}
	buf_printf(
	    out, "Bounce Verification: invalid bounce, %.*s", STR_ARG(n->text));
	if (p->refused) {
		buf_puts(out, " (");
		show_reply(&p->reply, out);
		buf_putc(out, ')');
	}
}

static void
domain_map(const struct note *n, const struct trace_point *p, struct buf *out)
{
	(void)p;
	buf_puts(out, "Domain Map: ");
	changed(n, "mapped to", out);
}

static void
rat_match(const struct note *n, const struct trace_point *p, struct buf *out)
{
	const struct rat_entry *e = n->rat;
	const struct {
		bool set;
		const char *text;
	} flags[] = {
		{ e->bypass_control, "bypass receiving control" },
		{ e->bypass_ldap, "bypass LDAP accept" },
		{ e->bypass_callahead, "bypass SMTP call-ahead" },
	};

	(void)p;
	buf_printf(out, "RAT matched on %.*s, behavior = %s", STR_ARG(e->text),
	    e->accept ? "ACCEPT" : "REJECT");
	for (size_t i = 0; i < NELEM(flags); i++) {
		if (flags[i].set)
			buf_printf(out, ", %s", flags[i].text);
	}
	if (e->code != 0 || e->reply.n > 0) {
		buf_printf(out, ", response = \"%u ",
		    e->code != 0 ? e->code
		    : e->accept  ? 250
				 : 550);
		show_text(e->reply, out);
		buf_putc(out, '"');
	}
}

static void
rat_skipped(const struct note *n, const struct trace_point *p, struct buf *out)
{
	(void)n;
	(void)p;
	buf_puts(out, "RAT: Not Applicable");
}

static void
alias(const struct note *n, const struct trace_point *p, struct buf *out)
{
	(void)p;
	buf_puts(out, "Alias expansion: ");
	if (str_eq(n->from, n->to)) {
		buf_puts(out, "No Change");
		if (n->text.n > 0)
			buf_printf(out, " (%.*s)", STR_ARG(n->text));
		return;
	}
	show_text(n->from, out);
	buf_puts(out, n->n_list > 0 ? " expanded to " : " dropped (/dev/null)");
	for (size_t i = 0; i < n->n_list; i++) {
		buf_puts(out, i > 0 ? ", " : "");
		show_text(n->list[i], out);
	}
}

/* 12 years 3 months 4 days: of months that are a twelfth of 365 days. */
static void
age(uint32_t days, struct buf *out)
{
	uint32_t years = days / 365, left = days % 365;
	uint32_t months = left * 12 / 365;
	const struct {
		uint32_t n;
		const char *unit;
	} parts[] = { { years, "year" }, { months, "month" },
		{ left - months * 365 / 12, "day" } };

	for (size_t i = 0; i < NELEM(parts); i++)
		buf_printf(out, "%s%u %s%s", i > 0 ? " " : "", parts[i].n,
		    parts[i].unit, parts[i].n == 1 ? "" : "s");
}

static void
changed(const struct note *n, const char *between, struct buf *out)
{
	if (str_eq(n->from, n->to)) {
		buf_puts(out, "No Change");
		return;
	}
	show_text(n->from, out);
	buf_printf(out, " %s ", between);
	show_text(n->to, out);
}

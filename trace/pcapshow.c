/* pcapshow.c - reports of captured conversations */
#include "trace/pcapshow.h"

#include <inttypes.h>
#include <string.h>

#include "admin/fields.h"
#include "base/mem.h"
#include "trace/json.h"

/* The header that a balancer must begin with. */
static const char *const proxies[PCAP_PROXY_N] = {
	[PCAP_NO_PROXY] = "",
	[PCAP_PROXY_GOOD] = "good",
	[PCAP_PROXY_LOCAL] = "of the balancer itself",
	[PCAP_PROXY_BAD] = "missing or malformed",
	[PCAP_PROXY_LATE] = "too late",
	[PCAP_PROXY_PARTIAL] = "not whole",
};

struct decided { /* before a conversation was left */
	size_t commands, messages;
};

static json_t *proxy_json(const struct pcap_talk *);
static json_t *left_json(const struct pcap_shown *);
static void text_proxy(const struct pcap_talk *, struct buf *);
static void text_end(const struct pcap_shown *, struct buf *);
static const struct pcap_piece *first_gap(const struct codec_list *pieces);
static struct decided decided(const struct pcap_shown *);
static json_t *gaps_json(const struct pcap_talk *);
static void add_gaps(json_t *, const char *side, const struct codec_list *);
static json_t *steps_json(const struct talk_done *);
static json_t *mails_json(const struct pcap_shown *);
static void text_steps(const struct talk_done *, struct buf *);
static void text_lines(const char *lead, struct str text, struct buf *);
static void text_gaps(const struct pcap_talk *, struct buf *);
static void text_mails(const struct pcap_shown *, struct buf *);
static const struct trace_output *report_of(
    const struct pcap_shown *, size_t mail);
static const char *kind_of(const struct pcap_shown *);
static const char *outcome_of(const struct pcap_shown *, size_t mail);
static void clean(struct str text, struct buf *);

/* How it ends, or why it was not replayed. */
static const char *const ends[TALK_N] = {
	[TALK_QUIT] = "quit",
	[TALK_LOST] = "connection lost",
	[TALK_CLOSED] = "closed",
	[TALK_GAP] = "packets missing",
	[TALK_STARTTLS] = "starttls",
	[TALK_ANSWERED] = "answered",
};
static const char *const ends_text[TALK_N] = {
	[TALK_QUIT] = "The client quits.",
	[TALK_LOST] = "The client says no more.",
	[TALK_CLOSED] = "The connection would be closed here.",
	[TALK_GAP] = "Packets are missing here",
	[TALK_STARTTLS] = "What follows is under TLS, and cannot be read",
	[TALK_ANSWERED] = "It is answered, and over.",
};
/* In the middle of what packets are missing. */
static const char *const places[TALK_PLACES] = {
	[TALK_BETWEEN] = "between commands",
	[TALK_COMMAND] = "in a command",
	[TALK_CONTENT] = "in the content of a message",
};

/* --- JSON --- */

json_t *
pcap_json(const struct pcap_shown *s)
{
	const struct pcap_talk *t = s->talk;
	struct endpoint client = { t->client, t->client_port };
	struct endpoint server = { t->server, t->server_port };
	char text[IP_TEXT + 8];
	json_t *o = json_object();

	json_put(o, "number", json_integer((json_int_t)s->number));
	json_put(o, "client", json_string(endpoint_text(&client, text)));
	json_put(o, "server", json_string(endpoint_text(&server, text)));
	json_put(o, "listener", json_of_text(s->listener->name));
	json_put(o, "began", json_integer(t->began / 1000));
	json_put(o, "ended", json_integer(t->ended / 1000));
	json_put(o, "kind", json_string(kind_of(s)));
	json_put(o, "bytes_from_client", json_integer((json_int_t)t->up_bytes));
	json_put(
	    o, "bytes_from_server", json_integer((json_int_t)t->down_bytes));
	json_put(o, "retransmitted", json_integer((json_int_t)t->again));
	json_put(o, "differing", json_integer((json_int_t)t->differing));
	json_put(o, "gaps", gaps_json(t));
	json_put(o, "proxy", proxy_json(t));
	if (s->done.steps.n == 0)
		return o;
	json_put(o, "end", json_string(ends[s->done.end]));
	json_put(o, "left_out", left_json(s));
	json_put(o, "connection_refused", json_boolean(s->done.refused));
	json_put(o, "steps", steps_json(&s->done));
	json_put(o, "messages", mails_json(s));
	return o;
}

json_t *
pcap_json_file(const struct pcap_file *f)
{
	const struct pcap_talk *v = f->talks.v;
	size_t other = 0;

	for (size_t i = 0; i < f->talks.n; i++)
		other += v[i].kind == PCAP_OTHER;
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:b, s:I}", "link",
	    json_of_text(f->link), "packets", (json_int_t)f->packets,
	    "other_packets", (json_int_t)f->other, "fragments",
	    (json_int_t)f->fragments, "bad_packets", (json_int_t)f->bad, "cut",
	    f->cut, "other_connections", (json_int_t)other);
}

/* null: none is wanted of this address. */
static json_t *
proxy_json(const struct pcap_talk *t)
{
	struct endpoint from = { t->from, t->from_port };
	struct endpoint at = { t->at, t->at_port };
	char client[IP_TEXT + 8], server[IP_TEXT + 8];

	if (t->proxy == PCAP_NO_PROXY)
		return json_null();
	return json_pack("{s:s, s:I, s:s, s:s}", "header", proxies[t->proxy],
	    "bytes", (json_int_t)t->proxy_bytes, "client",
	    endpoint_text(&from, client), "server", endpoint_text(&at, server));
}

/* What of the conversation was not replayed; null: nothing. */
static json_t *
left_json(const struct pcap_shown *s)
{
	struct decided d = decided(s);
	const struct pcap_piece *gap = first_gap(&s->talk->up);

	if (s->done.end != TALK_GAP && s->done.end != TALK_STARTTLS)
		return json_null();
	return json_pack("{s:I, s:o, s:s, s:I, s:I}", "bytes_from_client",
	    (json_int_t)s->done.left, "missing",
	    s->done.end == TALK_GAP && gap != NULL
		? json_integer((json_int_t)gap->lost)
		: json_null(),
	    "place", places[s->done.place], "commands_answered_before",
	    (json_int_t)d.commands, "messages_accepted_before",
	    (json_int_t)d.messages);
}

static json_t *
gaps_json(const struct pcap_talk *t)
{
	json_t *list = json_array();

	add_gaps(list, "client", &t->up);
	add_gaps(list, "server", &t->down);
	return list;
}

static void
add_gaps(json_t *list, const char *side, const struct codec_list *pieces)
{
	const struct pcap_piece *p = pieces->v;

	for (size_t i = 0; i < pieces->n; i++)
		if (p[i].lost > 0)
			json_array_append_new(
			    list, json_pack("{s:s, s:I, s:I}", "from", side,
				      "at", (json_int_t)p[i].at, "bytes",
				      (json_int_t)p[i].lost));
}

/* captured null: it is not known. */
static json_t *
steps_json(const struct talk_done *d)
{
	const struct talk_step *v = d->steps.v;
	json_t *list = json_array(), *o;

	for (size_t i = 0; i < d->steps.n; i++) {
		o = json_object();
		json_put(o, "time", json_integer(v[i].time));
		json_put(o, "client", json_of_text(v[i].client));
		json_put(o, "reply",
		    v[i].ours.n > 0 ? json_of_text(v[i].ours) : json_null());
		json_put(o, "captured",
		    v[i].theirs.n > 0 ? json_of_text(v[i].theirs)
				      : json_null());
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
mails_json(const struct pcap_shown *s)
{
	const struct talk_mail *v = s->done.mails.v;
	json_t *list = json_array(), *o, *rcpts, *report;

	for (size_t i = 0; i < s->done.mails.n; i++) {
		const struct talk_rcpt *r = v[i].rcpts.v;
		const struct trace_output *out = report_of(s, i);

		o = json_object();
		rcpts = json_array();
		for (size_t k = 0; k < v[i].rcpts.n; k++)
			json_array_append_new(rcpts, json_of_text(r[k].path));
		json_put(o, "sender", json_of_text(v[i].sender));
		json_put(o, "recipients", rcpts);
		json_put(o, "accepted", json_boolean(v[i].accepted));
		json_put(o, "reply", json_of_text(v[i].reply));
		json_put(o, "outcome", json_string(outcome_of(s, i)));
		report = out != NULL
			     ? json_loadb(out->report.p, out->report.n, 0, NULL)
			     : NULL;
		json_put(o, "trace", report != NULL ? report : json_null());
		json_array_append_new(list, o);
	}
	return list;
}

/* --- text --- */

void
pcap_text(const struct pcap_shown *s, struct buf *out)
{
	const struct pcap_talk *t = s->talk;
	struct endpoint client = { t->client, t->client_port };
	struct endpoint server = { t->server, t->server_port };
	char from[IP_TEXT + 8], to[IP_TEXT + 8];
	json_t *when = json_pack("{s:I}", "t", (json_int_t)(t->began / 1000));

	buf_printf(out, "Session %zu: %s to %s, ", s->number,
	    endpoint_text(&client, from), endpoint_text(&server, to));
	fields_time(out, when, "t", "");
	json_decref(when);
	buf_puts(out, "\n - Listener: ");
	clean(s->listener->name, out);
	buf_putc(out, '\n');
	if (t->differing > 0)
		buf_printf(out,
		    " - %" PRIu64 " bytes were sent twice and are not the "
		    "same\n",
		    t->differing);
	text_proxy(t, out);
	text_gaps(t, out);
	if (s->done.steps.n == 0) {
		buf_printf(out, " - Not replayed: %s\n\n", kind_of(s));
		return;
	}
	text_steps(&s->done, out);
	text_end(s, out);
	text_mails(s, out);
	buf_putc(out, '\n');
}

void
pcap_text_file(const struct pcap_file *f, size_t sessions, struct buf *out)
{
	buf_printf(out, "%zu session%s in %" PRIu64 " packets (", sessions,
	    sessions == 1 ? "" : "s", f->packets);
	clean(f->link, out);
	buf_printf(out,
	    "); of other connections %zu; not TCP: %" PRIu64
	    ", IP fragments: %" PRIu64 ", not understood: %" PRIu64 "\n",
	    f->talks.n - sessions, f->other, f->fragments, f->bad);
	if (f->cut)
		buf_puts(out, "The file ends in the middle of a packet.\n");
}

static void
text_proxy(const struct pcap_talk *t, struct buf *out)
{
	struct endpoint from = { t->from, t->from_port };
	struct endpoint at = { t->at, t->at_port };
	char text[IP_TEXT + 8];

	if (t->proxy == PCAP_NO_PROXY)
		return;
	buf_printf(out, " - PROXY header of %s: ", ip_text(&t->client, text));
	if (t->proxy != PCAP_PROXY_GOOD) {
		buf_printf(out, "%s\n", proxies[t->proxy]);
		return;
	}
	buf_printf(out, "the client is %s", endpoint_text(&from, text));
	buf_printf(out, ", at %s\n", endpoint_text(&at, text));
}

/* And what was not replayed. */
static void
text_end(const struct pcap_shown *s, struct buf *out)
{
	const struct pcap_piece *gap = first_gap(&s->talk->up);
	struct decided d = decided(s);

	buf_printf(out, " - %s", ends_text[s->done.end]);
	if (s->done.end == TALK_GAP && gap != NULL)
		buf_printf(out,
		    ", %s: %" PRIu64 " bytes from the client, after %" PRIu64
		    ".\n - Decided before it: commands answered %zu, "
		    "messages accepted %zu; bytes behind it %" PRIu64
		    ", which were not replayed.",
		    places[s->done.place], gap->lost, gap->at, d.commands,
		    d.messages, s->done.left);
	else if (s->done.end == TALK_STARTTLS)
		buf_printf(
		    out, ": %" PRIu64 " bytes from the client.", s->done.left);
	buf_putc(out, '\n');
}

static void
text_steps(const struct talk_done *d, struct buf *out)
{
	const struct talk_step *v = d->steps.v;

	for (size_t i = 0; i < d->steps.n; i++) {
		if (v[i].client.n > 0)
			text_lines(" C: ", v[i].client, out);
		if (v[i].ours.n > 0)
			text_lines(" S: ", v[i].ours, out);
		if (v[i].theirs.n > 0 && !str_eq(v[i].ours, v[i].theirs))
			text_lines("    captured: ", v[i].theirs, out);
	}
}

static void
text_lines(const char *lead, struct str text, struct buf *out)
{
	while (text.n > 0) {
		buf_puts(out, lead);
		clean(str_cut(&text, '\n'), out);
		buf_putc(out, '\n');
	}
}

static void
text_gaps(const struct pcap_talk *t, struct buf *out)
{
	const struct codec_list *const sides[] = { &t->up, &t->down };

	for (size_t k = 0; k < NELEM(sides); k++) {
		const struct pcap_piece *p = sides[k]->v;

		for (size_t i = 0; i < sides[k]->n; i++)
			if (p[i].lost > 0)
				buf_printf(out,
				    " - Missing: %" PRIu64 " bytes from the "
				    "%s, after %" PRIu64 "%s\n",
				    p[i].lost, k == 0 ? "client" : "server",
				    p[i].at,
				    k == 0 ? ""
					   : "; replies from there on are not "
					     "compared");
	}
}

static void
text_mails(const struct pcap_shown *s, struct buf *out)
{
	const struct talk_mail *v = s->done.mails.v;

	for (size_t i = 0; i < s->n_reports; i++) {
		const struct trace_output *r = report_of(s, i);

		if (i < s->done.mails.n) {
			buf_printf(out, "\nMessage %zu of session %zu: %s",
			    i + 1, s->number, outcome_of(s, i));
			if (!v[i].accepted && v[i].reply.n > 0) {
				buf_puts(out, " (");
				clean(v[i].reply, out);
				buf_putc(out, ')');
			}
			buf_putc(out, '\n');
		}
		if (r != NULL)
			buf_add_str(out, r->report);
	}
}

/* --- both --- */

static const struct pcap_piece *
first_gap(const struct codec_list *pieces)
{
	const struct pcap_piece *p = pieces->v;

	for (size_t i = 0; i < pieces->n; i++)
		if (p[i].lost > 0)
			return &p[i];
	return NULL;
}

static struct decided
decided(const struct pcap_shown *s)
{
	const struct talk_step *steps = s->done.steps.v;
	const struct talk_mail *mails = s->done.mails.v;
	struct decided d = { 0 };

	for (size_t i = 0; i < s->done.steps.n; i++)
		d.commands += steps[i].client.n > 0 && steps[i].ours.n > 0;
	for (size_t i = 0; i < s->done.mails.n; i++)
		d.messages += mails[i].accepted;
	return d;
}

/* NULL: what it says is about a message that is not there. */
static const struct trace_output *
report_of(const struct pcap_shown *s, size_t mail)
{
	const struct talk_mail *v = s->done.mails.v;
	const struct trace_output *r;

	if (mail >= s->n_reports)
		return NULL;
	r = &s->reports[mail];
	if (mail < s->done.mails.n && v[mail].accepted)
		return r;
	return r->end <= TRACE_NO_RCPT ? r : NULL;
}

static const char *
kind_of(const struct pcap_shown *s)
{
	static const char *const kinds[] = {
		[PCAP_SMTP] = "smtp",
		[PCAP_QMQP] = "qmqp",
		[PCAP_TLS] = "under TLS from the beginning",
		[PCAP_MIDDLE] = "its beginning is missing",
		[PCAP_OTHER] = "not SMTP",
	};
	static const char *const closed[PCAP_PROXY_N] = {
		[PCAP_PROXY_BAD] =
		    "the listener wants a PROXY header of this address, and it "
		    "is missing or malformed: closed without a word",
		[PCAP_PROXY_LATE] =
		    "the listener wants a PROXY header of this address, and it "
		    "came too late: closed without a word",
		[PCAP_PROXY_PARTIAL] =
		    "the PROXY header, which the listener wants of this "
		    "address, is not whole",
	};

	return closed[s->talk->proxy] != NULL ? closed[s->talk->proxy]
					      : kinds[s->talk->kind];
}

static const char *
outcome_of(const struct pcap_shown *s, size_t mail)
{
	const struct talk_mail *v = s->done.mails.v;
	const struct trace_output *r = report_of(s, mail);

	if (r != NULL)
		return trace_end_name(r->end);
	if (v[mail].reply.n > 0 && v[mail].reply.p[0] >= '4')
		return trace_end_name(TRACE_NO_MESSAGE);
	return "given up by the client";
}

static void
clean(struct str text, struct buf *out)
{
	fields_show_str(out, text, SIZE_MAX);
}

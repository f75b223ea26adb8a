/* tracking_show.c - what `tracking` found, as text, JSON and CSV */
#include <inttypes.h>
#include <string.h>

#include "admin/fields.h"
#include "admin/tracking.h"
#include "base/clock.h"
#include "base/mem.h"

#define RCPTS_SHOWN 3
#define TEXT_SHOWN  200 /* bytes of an address or a subject */

static const char *const why[TRACK_N_WHY] = {
	[TRACK_STOPPED] = "stopped",
	[TRACK_OFF] = "tracking was off",
	[TRACK_CRASHED] = "the gateway ended without warning",
	[TRACK_UNWRITTEN] = "they could not be written",
	[TRACK_LOST] = "events were lost on the way",
	[TRACK_DAMAGED] = "a file is damaged",
};

static void row(const struct track_message *, struct buf *);
static void put_addr(struct str, struct buf *);
static void put_rcpts(const struct track_message *, struct buf *);
static void put_time(int64_t us, struct buf *);
static void label(struct buf *, const char *name);
static void put_host(const struct track_message *, struct buf *);
static void put_policies(const struct track_message *, struct buf *);
static void put_states(const struct track_message *, struct buf *);
static void put_links(const struct track_message *, struct buf *);
static json_t *message_json(const struct track_message *);
static json_t *rcpts_json(const struct track_message *);
static void cell(struct buf *, struct str);
static void all_rcpts(const struct track_message *, struct buf *);

/* --- lists --- */

void
tracking_list(const struct track_found *f, struct buf *out)
{
	for (size_t i = 0; i < f->n; i++)
		row(&f->v[i], out);
	if (f->total > f->n)
		buf_printf(
		    out, "The newest %zu of %zu messages.\n", f->n, f->total);
	else if (f->n > 0)
		buf_printf(out, "%zu message%s.\n", f->n, f->n == 1 ? "" : "s");
	tracking_gaps(f, out);
}

static void
row(const struct track_message *m, struct buf *out)
{
	put_time(m->when, out);
	if (m->mid != 0)
		buf_printf(out, "  MID %" PRIu64, m->mid);
	else
		buf_printf(out, "  ICID %" PRIu64, m->icid);
	buf_puts(out, "  ");
	fields_show(out, m->state, sizeof(m->state));
	buf_puts(out, "\n  From: ");
	put_addr(m->sender, out);
	buf_puts(out, "  To: ");
	put_rcpts(m, out);
	if (m->subject.n > 0) {
		buf_puts(out, "\n  Subject: ");
		fields_show_str(out, m->subject, TEXT_SHOWN);
	}
	if (m->mid == 0 || m->sender.p == NULL)
		put_host(m, out);
	buf_puts(out, "\n\n");
}

static void
put_addr(struct str addr, struct buf *out)
{
	if (addr.p == NULL) {
		buf_puts(out, "unknown");
		return;
	}
	buf_putc(out, '<');
	fields_show_str(out, addr, TEXT_SHOWN);
	buf_putc(out, '>');
}

static void
put_rcpts(const struct track_message *m, struct buf *out)
{
	size_t n = 0;

	for (const struct track_rcpt *r = m->rcpts; r != NULL; r = r->next) {
		if (n++ >= RCPTS_SHOWN)
			continue;
		if (n > 1)
			buf_puts(out, ", ");
		put_addr(r->addr, out);
	}
	if (n > RCPTS_SHOWN)
		buf_printf(out, " and %zu more", n - RCPTS_SHOWN);
	if (m->rejected.n > 0) {
		buf_puts(out, n > 0 ? "; rejected: " : "rejected: ");
		fields_show_str(out, m->rejected, TEXT_SHOWN);
	} else if (n == 0) {
		buf_puts(out, "nobody");
	}
}

static void
put_time(int64_t us, struct buf *out)
{
	char text[CLOCK_TEXT];

	buf_puts(out, clock_ctime(us / 1000, text));
}

void
tracking_gaps(const struct track_found *f, struct buf *out)
{
	for (size_t i = 0; i < f->n_gaps; i++) {
		const struct track_gap *g = &f->gaps[i];

		buf_puts(out, "Tracking data incomplete from ");
		put_time(g->from, out);
		buf_puts(out, " to ");
		put_time(g->to, out);
		buf_printf(out, ": %s", why[g->why]);
		if (g->n > 0)
			buf_printf(out, " (%" PRIu64 ")", g->n);
		buf_puts(out, ".\n");
	}
}

/* --- one message --- */

void
tracking_details(const struct track_message *m, struct buf *out)
{
	if (m->mid != 0)
		buf_printf(out, "MID %" PRIu64 ": ", m->mid);
	else
		buf_printf(out, "ICID %" PRIu64 ": ", m->icid);
	fields_show(out, m->state, sizeof(m->state));
	buf_puts(out, "\n\nEnvelope and header:\n");
	label(out, "Received");
	put_time(m->when, out);
	label(out, "Sender");
	put_addr(m->sender, out);
	label(out, "Subject");
	fields_show_str(out, m->subject, 1000);
	label(out, "Message-ID");
	fields_show_str(out, m->message_id, 1000);
	label(out, "Size");
	if (m->size > 0)
		buf_printf(out, "%" PRIu64 " bytes", m->size);
	if (m->rejected.n > 0) {
		label(out, "Rejected recipients");
		fields_show_str(out, m->rejected, 4000);
	}
	put_host(m, out);
	put_policies(m, out);
	put_states(m, out);
	put_links(m, out);
}

static void
label(struct buf *out, const char *name)
{
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_putc(out, '\n');
	buf_printf(out, "  %s:%*s", name, (int)(20 - strlen(name)), "");
}

static void
put_host(const struct track_message *m, struct buf *out)
{
	char text[IP_TEXT];

	if (ip_is_unset(&m->ip)) {
		label(out, "Sending host");
		buf_puts(out, m->icid == 0 ? "this gateway" : "unknown");
		return;
	}
	label(out, "Sending host");
	buf_printf(out, "%s, reverse DNS ", ip_text(&m->ip, text));
	if (m->host.n > 0)
		fields_show_str(out, m->host, 255);
	else
		buf_puts(out, "None");
	buf_puts(out, ", verified ");
	fields_show_str(out, m->verified, 10);
	label(out, "Sender group");
	fields_show_str(out, m->group.n > 0 ? m->group : STR("None"), 100);
	buf_puts(out, ", mail flow policy ");
	fields_show_str(out, m->flow_policy, 100);
	buf_puts(out, " (");
	fields_show_str(out, m->behaviour, 20);
	buf_puts(out, ")");
}

static void
put_policies(const struct track_message *m, struct buf *out)
{
	if (m->policies.n == 0)
		return;
	label(out, "Mail policy");
	fields_show_str(out, m->policies, 1000);
	buf_puts(out, " (");
	fields_show_str(out, m->direction, 20);
	buf_puts(out, ")");
}

static void
put_states(const struct track_message *m, struct buf *out)
{
	buf_puts(out, "\n\nRecipients:\n");
	for (const struct track_rcpt *r = m->rcpts; r != NULL; r = r->next) {
		buf_puts(out, "  ");
		put_addr(r->addr, out);
		buf_printf(out, "  %s  ", track_state_name(r->state));
		put_time(r->when, out);
		if (r->mid != m->mid)
			buf_printf(out, "  as MID %" PRIu64, r->mid);
		if (r->host.n > 0) {
			buf_puts(out, "  ");
			fields_show_str(out, r->host, 100);
		}
		if (r->dcid != 0)
			buf_printf(out, " DCID %" PRIu64, r->dcid);
		if (r->response.n > 0) {
			buf_puts(out, "\n    ");
			fields_show_str(out, r->response, 500);
		}
		buf_putc(out, '\n');
	}
	if (m->rcpts == NULL)
		buf_puts(out, "  None\n");
}

static void
put_links(const struct track_message *m, struct buf *out)
{
	if (m->links == NULL)
		return;
	buf_puts(out, "\nRelated messages:\n");
	for (const struct track_link *l = m->links; l != NULL; l = l->next)
		buf_printf(out, "  MID %" PRIu64 "  %s%s\n", l->mid, l->kind,
		    l->parent ? " of that one" : "");
}

void
tracking_line(int64_t when, struct str text, struct buf *out)
{
	buf_puts(out, "  ");
	put_time(when, out);
	buf_puts(out, "  ");
	fields_show_line(out, text);
}

/* --- JSON --- */

json_t *
tracking_json(const struct track_found *f)
{
	json_t *all = json_array(), *gaps = json_array();

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(all, message_json(&f->v[i]));
	for (size_t i = 0; i < f->n_gaps; i++)
		json_array_append_new(
		    gaps, json_pack("{sI sI ss sI}", "from",
			      (json_int_t)f->gaps[i].from / 1000, "to",
			      (json_int_t)f->gaps[i].to / 1000, "why",
			      why[f->gaps[i].why], "events",
			      (json_int_t)f->gaps[i].n));
	return json_pack("{so sI so so}", "messages", all, "found",
	    (json_int_t)f->total, "oldest",
	    f->oldest < INT64_MAX ? json_integer(f->oldest / 1000)
				  : json_null(),
	    "incomplete", gaps);
}

json_t *
tracking_text(struct str s)
{
	json_t *j = json_stringn(s.p != NULL ? s.p : "", s.n);
	struct buf b;

	if (j != NULL)
		return j;
	buf_init(&b, SIZE_MAX);
	fields_show_str(&b, s, s.n);
	j = json_string(b.data);
	buf_fini(&b);
	return j;
}

static json_t *
message_json(const struct track_message *m)
{
	char ip[IP_TEXT] = "";
	json_t *j = json_object();

	if (!ip_is_unset(&m->ip))
		ip_text(&m->ip, ip);
	json_object_set_new(j, "mid",
	    m->mid != 0 ? json_integer((json_int_t)m->mid) : json_null());
	json_object_set_new(j, "icid", json_integer((json_int_t)m->icid));
	json_object_set_new(j, "time", json_integer(m->when / 1000));
	json_object_set_new(j, "state", tracking_text(str_of(m->state)));
	json_object_set_new(j, "sender", tracking_text(m->sender));
	json_object_set_new(j, "recipients", rcpts_json(m));
	json_object_set_new(j, "rejected", tracking_text(m->rejected));
	json_object_set_new(j, "subject", tracking_text(m->subject));
	json_object_set_new(j, "message_id", tracking_text(m->message_id));
	json_object_set_new(j, "size", json_integer((json_int_t)m->size));
	json_object_set_new(j, "sender_ip", json_string(ip));
	json_object_set_new(j, "reverse_dns", tracking_text(m->host));
	json_object_set_new(j, "sender_group", tracking_text(m->group));
	json_object_set_new(
	    j, "mail_flow_policy", tracking_text(m->flow_policy));
	json_object_set_new(j, "mail_policy", tracking_text(m->policies));
	json_object_set_new(j, "direction", tracking_text(m->direction));
	return j;
}

static json_t *
rcpts_json(const struct track_message *m)
{
	json_t *all = json_array();

	for (const struct track_rcpt *r = m->rcpts; r != NULL; r = r->next) {
		json_t *j = json_pack("{sI sI ss sI sI}", "mid",
		    (json_int_t)r->mid, "rid", (json_int_t)r->rid, "state",
		    track_state_name(r->state), "time",
		    (json_int_t)r->when / 1000, "dcid", (json_int_t)r->dcid);

		json_object_set_new(j, "to", tracking_text(r->addr));
		json_object_set_new(j, "host", tracking_text(r->host));
		json_object_set_new(j, "response", tracking_text(r->response));
		json_array_append_new(all, j);
	}
	return all;
}

json_t *
tracking_details_json(const struct track_message *m)
{
	json_t *j = message_json(m), *links = json_array();

	for (const struct track_link *l = m->links; l != NULL; l = l->next)
		json_array_append_new(
		    links, json_pack("{sI ss sb}", "mid", (json_int_t)l->mid,
			       "kind", l->kind, "parent", l->parent));
	json_object_set_new(j, "related", links);
	return j;
}

/* --- CSV --- */

void
tracking_csv(const struct track_found *f, struct buf *out)
{
	buf_puts(out,
	    "time,mid,icid,state,sender,recipients,subject,message_id,size,"
	    "sender_ip,reverse_dns,sender_group,mail_flow_policy,mail_policy,"
	    "direction\r\n");
	for (size_t i = 0; i < f->n; i++) {
		const struct track_message *m = &f->v[i];
		const struct str rest[] = { m->host, m->group, m->flow_policy,
			m->policies, m->direction };
		time_t when = m->when / 1000000;
		char ip[IP_TEXT] = "", text[40];
		struct tm tm;

		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z",
		    localtime_r(&when, &tm));
		if (!ip_is_unset(&m->ip))
			ip_text(&m->ip, ip);
		buf_printf(
		    out, "%s,%" PRIu64 ",%" PRIu64 ",", text, m->mid, m->icid);
		cell(out, str_of(m->state));
		cell(out, m->sender);
		all_rcpts(m, out);
		cell(out, m->subject);
		cell(out, m->message_id);
		buf_printf(out, "%" PRIu64 ",%s,", m->size, ip);
		for (size_t k = 0; k < NELEM(rest); k++)
			cell(out, rest[k]);
		out->len--; /* the last comma */
		buf_puts(out, "\r\n");
	}
}

/* A spreadsheet takes what begins like a formula for one. */
static void
cell(struct buf *out, struct str s)
{
	bool formula = s.n > 0 && strchr("=+-@\t\r", s.p[0]) != NULL;

	buf_puts(out, formula ? "\"'" : "\"");
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_putc(out, '"');
		buf_putc(out, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
	}
	buf_puts(out, "\",");
}

static void
all_rcpts(const struct track_message *m, struct buf *out)
{
	struct buf text;

	buf_init(&text, SIZE_MAX);
	for (const struct track_rcpt *r = m->rcpts; r != NULL; r = r->next) {
		if (text.len > 0)
			buf_puts(&text, " ");
		buf_add_str(&text, r->addr);
	}
	cell(out, buf_str(&text));
	buf_fini(&text);
}

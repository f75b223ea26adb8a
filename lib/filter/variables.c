/*
 * variables.c - action variables: $EnvelopeFrom, $Header['X'] (workqueue 2.11)
 *
 * Names in any case. What is no variable stays as it was typed. A value is one
 * line: what ends lines in it becomes a blank (threats HDR-01), but for
 * $AllHeaders, which is lines.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "filter/civil.h"
#include "filter/eval.h"
#include "mail/header.h"
#include "mail/mime.h"

#define EXPANDED_MAX (1u << 20) /* of one text */
#define LIST_MAX     65536      /* of one value that is a list */

struct context {
	struct work *w;
	struct str filter;
};
typedef struct str value_fn(struct context *);

static value_fn value_all_headers, value_size, value_date, value_time,
    value_stamp, value_gmt, value_from, value_rcpts, value_names, value_sizes,
    value_types, value_dropped, value_all_dropped, value_dropped_types,
    value_filter, value_group, value_policy, value_hostname, value_matched,
    value_mid, value_listener, value_int, value_ip, value_host, value_score,
    value_user, value_subject, value_country, value_category, value_threat,
    value_description, value_level, value_verdict;

static const struct variable {
	const char *name;
	value_fn *value;
	bool lines; /* its line ends stay */
} variables[] = {
	{ "AllHeaders", value_all_headers, true },
	{ "All_Headers", value_all_headers, true },
	{ "BodySize", value_size, false },
	{ "Date", value_date, false },
	{ "Time", value_time, false },
	{ "Timestamp", value_stamp, false },
	{ "GMTimeStamp", value_gmt, false },
	{ "EnvelopeFrom", value_from, false },
	{ "EnvelopeSender", value_from, false },
	{ "EnvelopeRecipients", value_rcpts, false },
	{ "filenames", value_names, false },
	{ "filesizes", value_sizes, false },
	{ "filetypes", value_types, false },
	{ "dropped_filename", value_dropped, false },
	{ "dropped_filenames", value_all_dropped, false },
	{ "dropped_filetypes", value_dropped_types, false },
	{ "FilterName", value_filter, false },
	{ "Group", value_group, false },
	{ "Policy", value_policy, false },
	{ "Hostname", value_hostname, false },
	{ "MatchedContent", value_matched, false },
	{ "MID", value_mid, false },
	{ "RecvListener", value_listener, false },
	{ "RecvInt", value_int, false },
	{ "RemoteIP", value_ip, false },
	{ "remote_ip", value_ip, false },
	{ "remotehost", value_host, false },
	{ "Reputation", value_score, false },
	{ "SMTPAuthID", value_user, false },
	{ "Subject", value_subject, false },
	{ "Geolocation", value_country, false },
	{ "threat_category", value_category, false },
	{ "threat_type", value_threat, false },
	{ "threat_description", value_description, false },
	{ "threat_level", value_level, false },
	{ "threat_verdict", value_verdict, false },
};

static size_t word_length(struct str text);
static const struct variable *variable_find(struct str word);
static size_t header_form(struct str text, struct str *name);
static struct str header_value(struct work *, struct str name);
static void add_value(struct buf *, struct str value, bool lines);

struct str
variables_of(struct work *w, struct str filter, struct str text)
{
	struct context c = { w, filter };
	struct buf out;
	struct str done;

	if (str_find(text, '$') == text.n)
		return text;
	buf_init(&out, EXPANDED_MAX);
	while (text.n > 0) {
		size_t at = str_find(text, '$');
		const struct variable *v;
		struct str name, value;
		bool lines;
		size_t n;

		buf_add(&out, text.p, at);
		text = str_sub(text, at, text.n);
		if (text.n == 0)
			break;
		n = header_form(text, &name);
		if (n > 0) {
			add_value(&out, header_value(w, name), false);
			text = str_sub(text, n, text.n);
			continue;
		}
		n = 1 + word_length(str_sub(text, 1, text.n));
		name = str_sub(text, 1, n - 1);
		v = variable_find(name);
		if (v == NULL && variables_virus(w, name, &value, &lines))
			add_value(&out, value, lines);
		else if (v != NULL)
			add_value(&out, v->value(&c), v->lines);
		else
			buf_add(&out, text.p, n);
		text = str_sub(text, n, text.n);
	}
	done = arena_str(w->mem, buf_str(&out));
	buf_fini(&out);
	return done;
}

static size_t
word_length(struct str text)
{
	size_t n = 0;

	while (n < text.n &&
	       (text.p[n] == '_' || (text.p[n] >= 'A' && text.p[n] <= 'Z') ||
		   (text.p[n] >= 'a' && text.p[n] <= 'z') ||
		   (text.p[n] >= '0' && text.p[n] <= '9')))
		n++;
	return n;
}

static const struct variable *
variable_find(struct str word)
{
	for (size_t i = 0; i < NELEM(variables); i++)
		if (str_is_nocase(word, variables[i].name))
			return &variables[i];
	return NULL;
}

/* $Header['X'] or $Header["X"]: how many bytes it takes; 0: it is not. */
static size_t
header_form(struct str text, struct str *name)
{
	static const struct str head = STR("$Header[");
	size_t end;
	char quote;

	if (!str_starts_nocase(text, head) || text.n < head.n + 3)
		return 0;
	quote = text.p[head.n];
	if (quote != '\'' && quote != '"')
		return 0;
	*name = str_sub(text, head.n + 1, text.n);
	end = str_find(*name, quote);
	if (end + 1 >= name->n || name->p[end + 1] != ']')
		return 0;
	*name = str_sub(*name, 0, end);
	return head.n + 1 + end + 2;
}

static struct str
header_value(struct work *w, struct str name)
{
	struct str text;

	return work_field(w, name, 0, &text) ? text : STR("");
}

static void
add_value(struct buf *out, struct str value, bool lines)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		buf_putc(out, !lines && (c == '\r' || c == '\n') ? ' ' : c);
	}
}

/* --- the values --- */

static struct str
value_all_headers(struct context *c)
{
	struct str rest = c->w->msg.header;
	struct header_field f;

	while (header_next(&rest, &f))
		continue;
	return str_sub(c->w->msg.header, 0, c->w->msg.header.n - rest.n);
}

static struct str
value_size(struct context *c)
{
	return str_of(arena_printf(c->w->mem, "%" PRIu64, work_size(c->w)));
}

static struct str
value_date(struct context *c)
{
	struct civil t = civil_of(c->w->origin->now, c->w->origin->zone);

	return str_of(
	    arena_printf(c->w->mem, "%02d/%02d/%04d", t.month, t.day, t.year));
}

static struct str
value_time(struct context *c)
{
	struct civil t = civil_of(c->w->origin->now, c->w->origin->zone);

	return str_of(arena_printf(
	    c->w->mem, "%02d:%02d:%02d", t.hour, t.minute, t.second));
}

/* As in a Received line. */
static struct str
stamp_of(struct context *c, int32_t zone)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct civil t = civil_of(c->w->origin->now, zone);
	int minutes = (zone < 0 ? -zone : zone) / 60;

	return str_of(
	    arena_printf(c->w->mem, "%02d %s %04d %02d:%02d:%02d %c%02d%02d",
		t.day, months[t.month - 1], t.year, t.hour, t.minute, t.second,
		zone < 0 ? '-' : '+', minutes / 60, minutes % 60));
}

static struct str
value_stamp(struct context *c)
{
	return stamp_of(c, c->w->origin->zone);
}

static struct str
value_gmt(struct context *c)
{
	return stamp_of(c, 0);
}

static struct str
value_from(struct context *c)
{
	return c->w->sender;
}

/* Joined by ", ", as long as there is room. */
static struct str
joined(struct work *w, const struct str *v, size_t n)
{
	struct buf out;
	struct str s;

	buf_init(&out, LIST_MAX);
	for (size_t i = 0; i < n && out.len + v[i].n + 2 < LIST_MAX; i++) {
		buf_puts(&out, i > 0 ? ", " : "");
		buf_add_str(&out, v[i]);
	}
	s = arena_str(w->mem, buf_str(&out));
	buf_fini(&out);
	return s;
}

static struct str
value_rcpts(struct context *c)
{
	struct str *v = arena_array(c->w->mem, c->w->n_rcpts, sizeof(*v));

	for (size_t i = 0; i < c->w->n_rcpts; i++)
		v[i] = c->w->rcpts[i].addr;
	return joined(c->w, v, c->w->n_rcpts);
}

/* Of each attachment what `of` says. */
static struct str
of_attachments(
    struct work *w, struct str (*of)(struct work *, const struct mime_part *))
{
	const struct mime *m = mime_of(&w->msg, w->mem);
	struct str *v = arena_array(w->mem, m->n, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->parts[i].role == MIME_ATTACHMENT)
			v[n++] = of(w, &m->parts[i]);
	return joined(w, v, n);
}

static struct str
part_name(struct work *w, const struct mime_part *p)
{
	(void)w;
	return p->name;
}

static struct str
part_size(struct work *w, const struct mime_part *p)
{
	return str_of(arena_printf(w->mem, "%zu", p->body.n));
}

static struct str
part_type(struct work *w, const struct mime_part *p)
{
	return str_of(arena_printf(w->mem, "%.*s/%.*s", (int)p->type.n,
	    p->type.p, (int)p->subtype.n, p->subtype.p));
}

static struct str
value_names(struct context *c)
{
	return of_attachments(c->w, part_name);
}

static struct str
value_sizes(struct context *c)
{
	return of_attachments(c->w, part_size);
}

static struct str
value_types(struct context *c)
{
	return of_attachments(c->w, part_type);
}

static struct str
value_dropped(struct context *c)
{
	const struct work *w = c->w;

	return w->n_dropped > 0 ? w->dropped[w->n_dropped - 1] : STR("");
}

static struct str
value_all_dropped(struct context *c)
{
	return joined(c->w, c->w->dropped, c->w->n_dropped);
}

static struct str
value_dropped_types(struct context *c)
{
	return joined(c->w, c->w->dropped_types, c->w->n_dropped);
}

static struct str
value_filter(struct context *c)
{
	return c->filter;
}

static struct str
named(struct str name)
{
	return name.n > 0 ? name : STR(">Unknown<");
}

static struct str
value_group(struct context *c)
{
	return named(c->w->origin->group);
}

static struct str
value_policy(struct context *c)
{
	return named(c->w->origin->policy);
}

static struct str
value_hostname(struct context *c)
{
	return c->w->origin->hostname;
}

static struct str
value_matched(struct context *c)
{
	return c->w->matched;
}

static struct str
value_mid(struct context *c)
{
	return str_of(arena_printf(c->w->mem, "%" PRIu64, c->w->origin->mid));
}

static struct str
value_listener(struct context *c)
{
	return c->w->origin->listener_name;
}

static struct str
value_int(struct context *c)
{
	return c->w->origin->interface_name;
}

static struct str
value_ip(struct context *c)
{
	char text[IP_TEXT];

	return str_of(
	    arena_strdup(c->w->mem, ip_text(&c->w->facts->client, text)));
}

static struct str
value_host(struct context *c)
{
	const struct facts *f = c->w->facts;

	return f->meta[FACT_HOST].state == FACT_KNOWN &&
		       f->host_class == HOST_VERIFIED
		   ? f->host
		   : STR("unknown");
}

static struct str
value_score(struct context *c)
{
	const struct facts *f = c->w->facts;
	int64_t n = f->reputation;

	if (f->meta[FACT_REPUTATION].state != FACT_KNOWN ||
	    n == REPUTATION_NONE)
		return STR("None");
	return str_of(arena_printf(c->w->mem, "%s%d.%d", n < 0 ? "-" : "",
	    (int)(n < 0 ? -n : n) / 10, (int)(n < 0 ? -n : n) % 10));
}

static struct str
value_user(struct context *c)
{
	return c->w->origin->user;
}

static struct str
value_subject(struct context *c)
{
	return header_value(c->w, STR("Subject"));
}

static struct str
value_country(struct context *c)
{
	return str_of(c->w->facts->country);
}

static struct str
value_category(struct context *c)
{
	return c->w->threat.category;
}

static struct str
value_threat(struct context *c)
{
	return c->w->threat.type;
}

static struct str
value_description(struct context *c)
{
	return c->w->threat.description;
}

static struct str
value_level(struct context *c)
{
	return str_of(arena_printf(c->w->mem, "%" PRIu32, c->w->threat.level));
}

static struct str
value_verdict(struct context *c)
{
	return c->w->threat.level > 0 ? STR("positive") : STR("negative");
}

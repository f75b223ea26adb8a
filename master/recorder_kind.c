/* recorder_kind.c - which events a log of a type takes, and in what form */
#include "master/recorder_kind.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/value.h"

#define ONLY(type) (1u << (type))

/* Events for logs of certain types alone; 0: they are for mail logs. */
static const uint32_t only[EVENT_N] = {
	[EVENT_DELIVERY_RECORD] = ONLY(LOG_BOUNCES) | ONLY(LOG_DELIVERY),
	[EVENT_SMTP_SENT] = ONLY(LOG_DOMAIN_DEBUG),
	[EVENT_SMTP_RCVD] = ONLY(LOG_DOMAIN_DEBUG),
	[EVENT_CLIENT_SENT] = ONLY(LOG_INJECTION_DEBUG),
	[EVENT_CLIENT_RCVD] = ONLY(LOG_INJECTION_DEBUG),
	[EVENT_STATUS] = ONLY(LOG_STATUS),
	[EVENT_ADMIN_ENTERED] = ONLY(LOG_CLI_AUDIT),
};

/* Events for logs of these types, too. */
static const uint32_t also[EVENT_N] = {
	[EVENT_ADMIN_LOGIN] = ONLY(LOG_AUTHENTICATION),
	[EVENT_ADMIN_LOGIN_FAILED] = ONLY(LOG_AUTHENTICATION),
	[EVENT_ADMIN_HELD] = ONLY(LOG_AUTHENTICATION),
	[EVENT_ADMIN_LOGOUT] = ONLY(LOG_AUTHENTICATION),
	[EVENT_ADMIN_CHANGED] = ONLY(LOG_AUTHENTICATION) | ONLY(LOG_CLI_AUDIT),
	[EVENT_COMMIT] = ONLY(LOG_CLI_AUDIT),
	[EVENT_ADMIN] = ONLY(LOG_CLI_AUDIT),
};

/* What stands first in events for debug logs: which one it is for. */
_Static_assert(offsetof(struct event_SMTP_SENT, log) == 0, "log");
_Static_assert(offsetof(struct event_CLIENT_SENT, log) == 0, "log");

static const struct {
	enum event_id id;
	unsigned left_out;
} can_be_left_out[] = {
	{ EVENT_MESSAGE_ID, RECORDER_NO_MESSAGE_ID },
	{ EVENT_SUBJECT, RECORDER_NO_SUBJECT },
	{ EVENT_RESPONSE, RECORDER_NO_RESPONSE },
};

static bool takes_mail(unsigned left_out, enum event_id);
static void put_bounce(const struct event_DELIVERY_RECORD *, struct buf *);
static void put_fields(const struct codec_list *, struct buf *);
static void put_quoted(struct str, struct buf *);
static void put_notice(
    enum event_id, int64_t when_us, const void *fields, struct buf *);
static void put_record(
    int64_t when_us, const struct event_DELIVERY_RECORD *, struct buf *);
static void put_outcome(const struct event_DELIVERY_RECORD *, struct buf *);
static void put_rcpts(const struct codec_list *, struct buf *);
static void put_headers(const struct codec_list *, struct buf *);
static void attr(const char *name, struct str value, struct buf *);
static void attr_lower(const char *name, struct str value, struct buf *);
static void attr_u64(const char *name, uint64_t value, struct buf *);
static void attr_ip(const char *name, const struct ip *, struct buf *);
static void attr_time(const char *name, int64_t ms, struct buf *);
static void put_xml(struct str, struct buf *);

bool
recorder_kind_takes(
    const struct recorder_kind *k, enum event_id id, const void *fields)
{
	const struct event_DELIVERY_RECORD *e = fields;

	if (k->type == LOG_MAIL)
		return takes_mail(k->left_out, id);
	if (also[id] & ONLY(k->type))
		return true;
	if (!(only[id] & ONLY(k->type)))
		return false;
	if (k->type == LOG_DOMAIN_DEBUG || k->type == LOG_INJECTION_DEBUG)
		return str_is(*(const struct str *)fields, k->name);
	if (k->type == LOG_STATUS || k->type == LOG_CLI_AUDIT)
		return true;
	return !str_is(
	    e->what, k->type == LOG_BOUNCES ? "delivered" : "delayed");
}

void
recorder_kind_text(enum log_type type, enum event_id id, int64_t when_us,
    const void *fields, struct buf *out)
{
	bool record = id == EVENT_DELIVERY_RECORD;

	if (type == LOG_DELIVERY && record)
		put_record(when_us, fields, out);
	else if (type == LOG_DELIVERY)
		put_notice(id, when_us, fields, out);
	else if (type == LOG_BOUNCES && record)
		put_bounce(fields, out);
	else
		event_text(id, fields, out);
}

bool
recorder_kind_is_whole(enum log_type type)
{
	return type == LOG_DELIVERY;
}

static bool
takes_mail(unsigned left_out, enum event_id id)
{
	if (only[id] != 0)
		return false;
	for (size_t i = 0; left_out != 0 && i < NELEM(can_be_left_out); i++)
		if (can_be_left_out[i].id == id)
			return !(left_out & can_be_left_out[i].left_out);
	return true;
}

/* --- bounces: one recipient, one line --- */

static void
put_bounce(const struct event_DELIVERY_RECORD *e, struct buf *out)
{
	const struct ev_rcpt *to = e->rcpts.v;

	buf_puts(out, str_is(e->what, "delayed") ? "Delayed: " : "Bounced: ");
	value_u64(e->mid, out);
	buf_putc(out, ':');
	value_u64(e->rcpts.n > 0 ? to->rid : 0, out);
	buf_puts(out, " From:<");
	value_string(e->from, "", out);
	buf_puts(out, "> To:<");
	value_string(e->rcpts.n > 0 ? to->to : STR(""), "", out);
	buf_puts(out, "> Reason: \"");
	value_string(e->status, "", out);
	buf_puts(out, " - ");
	value_string(e->reason, "", out);
	buf_puts(out, "\" Response: \"('");
	value_string(e->code, "", out);
	buf_puts(out, "', [");
	put_quoted(e->text, out);
	buf_puts(out, "])\"");
	put_fields(&e->headers, out);
	if (e->message.n > 0) {
		buf_puts(out, " Message: ");
		value_octal(e->message, "", out);
	}
}

static void
put_fields(const struct codec_list *list, struct buf *out)
{
	const struct ev_header *v = list->v;
	struct buf b;

	buf_init(&b, 100 + LOG_VALUE_MAX);
	for (size_t i = 0; i < list->n; i++) {
		buf_reset(&b);
		buf_add_str(&b, v[i].name);
		buf_puts(&b, ": ");
		buf_add_str(&b, v[i].value);
		buf_puts(out, i == 0 ? " Headers: [" : ", ");
		put_quoted(buf_str(&b), out);
	}
	if (list->n > 0)
		buf_putc(out, ']');
	buf_fini(&b);
}

/* Single quotes; what would end them has a backslash before it. */
static void
put_quoted(struct str s, struct buf *out)
{
	buf_putc(out, '\'');
	value_string(s, "'", out);
	buf_putc(out, '\'');
}

/* --- delivery: XML --- */

/* "Begin Logfile" and the like: no record, so a comment. */
static void
put_notice(
    enum event_id id, int64_t when_us, const void *fields, struct buf *out)
{
	char stamp[CLOCK_TEXT];
	struct buf text;

	buf_init(&text, 4 * LOG_VALUE_MAX);
	event_text(id, fields, &text);
	buf_printf(out, "<!-- %s %s: ", clock_ctime(when_us / 1000, stamp),
	    event_level_name(event_spec(id)->level));
	for (size_t i = 0; i < text.len; i++) {
		if (i > 0 && text.data[i] == '-' && text.data[i - 1] == '-')
			buf_putc(out, ' '); /* two would end it */
		buf_putc(out, text.data[i]);
	}
	buf_puts(out, " -->");
	buf_fini(&text);
}

static void
put_record(
    int64_t when_us, const struct event_DELIVERY_RECORD *e, struct buf *out)
{
	const char *name = str_is(e->what, "delivered") ? "success" : "bounce";

	buf_printf(out, "<%s", name);
	attr_time("del_time", when_us / 1000, out);
	attr_time("inj_time", e->arrival, out);
	attr_u64("bytes", e->size, out);
	attr_u64("mid", e->mid, out);
	attr_ip("ip", &e->ip, out);
	attr("from", e->from, out);
	attr_ip("source_ip", &e->source_ip, out);
	put_outcome(e, out);
	buf_puts(out, ">\n");
	put_rcpts(&e->rcpts, out);
	put_headers(&e->headers, out);
	buf_printf(out, "</%s>", name);
}

static void
put_outcome(const struct event_DELIVERY_RECORD *e, struct buf *out)
{
	bool good = str_is(e->what, "delivered");

	if (!good) {
		buf_puts(out, " reason=\"");
		put_xml(e->status, out);
		buf_puts(out, " - ");
		put_xml(e->reason, out);
		buf_putc(out, '"');
	}
	attr("code", e->code, out);
	attr(good ? "reply" : "error", e->text, out);
}

static void
put_rcpts(const struct codec_list *list, struct buf *out)
{
	const struct ev_rcpt *v = list->v;

	for (size_t i = 0; i < list->n; i++) {
		buf_puts(out, "<rcpt");
		attr_u64("rid", v[i].rid, out);
		attr("to", v[i].to, out);
		attr_u64("attempts", v[i].attempts, out);
		buf_puts(out, " />\n");
	}
}

static void
put_headers(const struct codec_list *list, struct buf *out)
{
	const struct ev_header *v = list->v;

	if (list->n == 0)
		return;
	buf_puts(out, "<customer_data>");
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(out, "<header");
		attr_lower("name", v[i].name, out);
		attr("value", v[i].value, out);
		buf_puts(out, "/>");
	}
	buf_puts(out, "</customer_data>\n");
}

static void
attr(const char *name, struct str value, struct buf *out)
{
	buf_printf(out, " %s=\"", name);
	put_xml(value, out);
	buf_putc(out, '"');
}

static void
attr_lower(const char *name, struct str value, struct buf *out)
{
	char lower[80];

	str_copy(lower, sizeof(lower), value);
	str_lower(lower);
	attr(name, str_of(lower), out);
}

static void
attr_u64(const char *name, uint64_t value, struct buf *out)
{
	buf_printf(out, " %s=\"%llu\"", name, (unsigned long long)value);
}

static void
attr_ip(const char *name, const struct ip *ip, struct buf *out)
{
	char text[IP_TEXT];

	attr(name, ip_is_unset(ip) ? STR("") : str_of(ip_text(ip, text)), out);
}

/* "Tue Mar 04 10:40:19.234 2025" */
static void
attr_time(const char *name, int64_t ms, struct buf *out)
{
	time_t s = (ms > 0 ? ms : 0) / 1000;
	char day[32];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(day, sizeof(day), "%a %b %d %H:%M:%S", &tm);
	buf_printf(out, " %s=\"%s.%03d %d\"", name, day,
	    (int)((ms > 0 ? ms : 0) % 1000), tm.tm_year + 1900);
}

/* As in all logs, and then so that it stays inside of its quotes. U+FFFE and
 * U+FFFF are characters that XML does not have. */
static void
put_xml(struct str s, struct buf *out)
{
	struct buf b;

	buf_init(&b, 8 * LOG_VALUE_MAX);
	value_string(s, "", &b);
	for (size_t i = 0; i < b.len; i++) {
		struct str rest = str_sub(buf_str(&b), i, 3);

		if (str_starts(rest, STR("\xef\xbf\xbe")) ||
		    str_starts(rest, STR("\xef\xbf\xbf"))) {
			buf_printf(out, "\\uFFF%c", rest.p[2] & 1 ? 'F' : 'E');
			i += 2;
		} else if (b.data[i] == '&') {
			buf_puts(out, "&amp;");
		} else if (b.data[i] == '<') {
			buf_puts(out, "&lt;");
		} else if (b.data[i] == '>') {
			buf_puts(out, "&gt;");
		} else if (b.data[i] == '"') {
			buf_puts(out, "&quot;");
		} else {
			buf_putc(out, b.data[i]);
		}
	}
	buf_fini(&b);
}

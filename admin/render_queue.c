/* render_queue.c - `showrecipients` and `workqueue` (delivery-admin 3.1, 2.14)
 */
#include <stdio.h>
#include <string.h>

#include "admin/fields.h"
#include "admin/render.h"
#include "base/bounds.h"

#define SENDER_W  26
#define SUBJECT_W 35 /* what is left of a line of 80 */

static void message(const json_t *, struct buf *);

void
render_recipients(const json_t *answer, struct buf *out)
{
	const json_t *list = json_object_get(answer, "messages"), *one;
	size_t i;

	if (json_array_size(list) == 0) {
		buf_puts(out, "There are no such messages in the queue.\n");
		return;
	}
	buf_puts(out, "MID/      Bytes/   Sender/                   Subject\n"
		      "[RID]     [Atmps]  Recipient\n");
	json_array_foreach(list, i, one)
	{
		buf_putc(out, '\n');
		message(one, out);
	}
	if (fields_bool(answer, "cut"))
		buf_puts(out, "\nThere are more; the list ends here.\n");
}

void
render_workqueue(const json_t *w, struct buf *out)
{
	buf_puts(out, "Status as of:    ");
	fields_time(out, w, "status_as_of", "Never");
	buf_puts(out, "\nStatus:          ");
	fields_show(out, fields_text(w, "status"), LOG_VALUE_MAX);
	buf_printf(out, "\nMessages:        %lld\n",
	    (long long)fields_num(w, "messages"));
}

void
render_rate(const struct rate_row *r, bool heading, struct buf *out)
{
	if (heading)
		buf_puts(out, "Time        Pending        In       Out\n");
	fields_clock(out, r->when);
	fields_cell(out, (int64_t)r->pending, 11);
	fields_cell(out, (int64_t)r->in, 10);
	fields_cell(out, (int64_t)r->out, 10);
	buf_putc(out, '\n');
}

static void
message(const json_t *m, struct buf *out)
{
	const char *sender = fields_text(m, "sender");
	const char *subject = fields_text(m, "subject");
	const json_t *one;
	size_t i, from;

	buf_printf(out, "%-9lld %-8lld ", (long long)fields_num(m, "mid"),
	    (long long)fields_num(m, "bytes"));
	from = out->len;
	fields_show(out, *sender != '\0' ? sender : "<>", ADDR_MAX);
	if (*subject != '\0') {
		fields_fill(out, from, SENDER_W);
		fields_show_columns(out, subject, SUBJECT_W);
	}
	buf_putc(out, '\n');
	json_array_foreach(json_object_get(m, "recipients"), i, one)
	{
		char rid[32], attempts[32];

		snprintf(rid, sizeof(rid), "[%lld]",
		    (long long)fields_num(one, "rid"));
		snprintf(attempts, sizeof(attempts), "[%lld]",
		    (long long)fields_num(one, "attempts"));
		buf_printf(out, " %-9s %-7s ", rid, attempts);
		fields_show(out, fields_text(one, "recipient"), ADDR_MAX);
		buf_putc(out, '\n');
	}
}

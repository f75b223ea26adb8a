/* render_rates.c - `rate`, `hostrate`, `topin` (delivery-admin 2.7, 2.8, 2.11)
 */
#include <string.h>

#include "admin/fields.h"
#include "admin/render.h"
#include "base/bounds.h"

static void cell(struct buf *, const char *text, size_t width);
static size_t widest(const json_t *list, const char *key, size_t width);

void
render_flow(const struct flow_row *r, bool heading, struct buf *out)
{
	if (heading)
		buf_puts(out, "Time      Connections   Recipients           "
			      "Recipients           Queue\n"
			      "          In    Out     Received     Delta   "
			      "Completed    Delta   K-Used\n");
	fields_clock(out, r->when);
	fields_cell(out, r->conn_in, 4);
	fields_cell(out, r->conn_out, 6);
	fields_cell(out, r->received, 14);
	fields_cell(out, r->received_delta, 10);
	fields_cell(out, r->completed, 12);
	fields_cell(out, r->completed_delta, 9);
	fields_cell(out, r->kilobytes, 9);
	buf_putc(out, '\n');
}

void
render_host_row(const struct host_row *r, bool heading, struct buf *out)
{
	if (heading)
		buf_puts(out,
		    "    Time    Host   CrtCncOut  ActvRcp  ActvRcp   "
		    "DlvRcp  HrdBncRcp  SftBncEvt\n"
		    "            Status                       Delta    "
		    "Delta      Delta      Delta\n");
	fields_clock(out, r->when);
	buf_puts(out, "    ");
	cell(out, r->status, 8);
	fields_cell(out, r->conn_out, 8);
	fields_cell(out, r->active, 9);
	fields_cell(out, r->active_delta, 9);
	fields_cell(out, r->delivered_delta, 9);
	fields_cell(out, r->hard_delta, 11);
	fields_cell(out, r->soft_delta, 11);
	buf_putc(out, '\n');
}

void
render_topin(const json_t *answer, struct buf *out)
{
	const json_t *list = json_object_get(answer, "connections"), *one;
	size_t host_w = widest(list, "host", 27), i;
	size_t ip_w = widest(list, "ip", 18);
	size_t listener_w = widest(list, "listener", 14);

	buf_printf(out, "%-32s", "Status as of:");
	fields_time(out, answer, "status_as_of", "Never");
	buf_printf(out, "\n#  %-*s%-*s%-*s%10s\n", (int)host_w,
	    "Remote hostname", (int)ip_w, "Remote IP addr.", (int)listener_w,
	    "listener", "Conn. In");
	json_array_foreach(list, i, one)
	{
		const char *host = fields_text(one, "host");
		const char *ip = fields_text(one, "ip");
		char rank[32];

		snprintf(rank, sizeof(rank), "%zu", i + 1);
		cell(out, rank, 3);
		cell(out, *host != '\0' ? host : ip, host_w);
		cell(out, ip, ip_w);
		cell(out, fields_text(one, "listener"), listener_w);
		fields_cell(out, fields_num(one, "connections"), 10);
		buf_putc(out, '\n');
	}
}

/* The column of the layout, or what its longest text and a blank need; of
 * hosts without a name the address stands there. */
static size_t
widest(const json_t *list, const char *key, size_t width)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *text = fields_text(one, key);
		size_t n = fields_width(
		    str_of(*text != '\0' ? text : fields_text(one, "ip")));

		if (n + 1 > width)
			width = n + 1;
	}
	return width;
}

/* Text from outside, left-aligned. */
static void
cell(struct buf *out, const char *text, size_t width)
{
	size_t from = out->len;

	fields_show(out, text, LOG_VALUE_MAX);
	fields_fill(out, from, width);
}

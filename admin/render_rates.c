/* render_rates.c - `rate`, `hostrate`, `topin` (delivery-admin 2.7, 2.8, 2.11)
 */
#include <string.h>

#include "admin/fields.h"
#include "admin/render.h"
#include "base/bounds.h"

static void cell(struct buf *, const char *text, size_t max, int width);

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
	cell(out, r->status, LOG_VALUE_MAX, 7);
	fields_cell(out, r->conn_out, 9);
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
	const json_t *one;
	size_t i;

	buf_printf(out, "%-32s", "Status as of:");
	fields_time(out, answer, "status_as_of", "Never");
	buf_puts(out, "\n#  Remote hostname            Remote IP addr.   "
		      "listener        Conn. In\n");
	json_array_foreach(json_object_get(answer, "connections"), i, one)
	{
		const char *host = fields_text(one, "host");
		const char *ip = fields_text(one, "ip");
		char rank[32];

		snprintf(rank, sizeof(rank), "%zu", i + 1);
		cell(out, rank, sizeof(rank), 2);
		buf_putc(out, ' ');
		cell(out, *host != '\0' ? host : ip, DOMAIN_MAX, 26);
		buf_putc(out, ' ');
		cell(out, ip, LOG_VALUE_MAX, 17);
		buf_putc(out, ' ');
		cell(out, fields_text(one, "listener"), LOG_VALUE_MAX, 14);
		fields_cell(out, fields_num(one, "connections"), 10);
		buf_putc(out, '\n');
	}
}

/* Text from outside, left-aligned. */
static void
cell(struct buf *out, const char *text, size_t max, int width)
{
	size_t from = out->len;

	fields_show(out, text, max);
	while (out->len - from < (size_t)width)
		buf_putc(out, ' ');
}

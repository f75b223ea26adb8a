/* quarantines.c - the table of quarantines */
#include "admin/quarantines.h"

#include <stdio.h>

#include "admin/fields.h"

#define MEGABYTE ((int64_t)1 << 20)

static const json_t *find(const json_t *list, struct str name);

void
quarantines_heading(struct buf *out, int width)
{
	buf_printf(out, "%-*s  %9s  %6s  %8s  %-9s  %s\n", width,
	    "Quarantine Name", "Size (MB)", "% full", "Messages", "Retention",
	    "Policy");
}

void
quarantines_row(struct buf *out, int width, const struct quarantine_row *row,
    const json_t *list)
{
	const json_t *held = find(list, row->name);
	int64_t bytes = fields_num(held, "bytes");
	int64_t space = fields_num(held, "space");
	char full[32] = "empty";
	struct buf time;

	buf_printf(out, "%-*.*s  ", width, STR_ARG(row->name));
	if (held == NULL) {
		buf_printf(out, "%9s  %6s  %8s", "-", "-", "-");
	} else {
		if (fields_num(held, "messages") > 0 && space > 0)
			snprintf(full, sizeof(full), "%.1f",
			    100.0 * (double)bytes / (double)space);
		fields_cell(out, (bytes + MEGABYTE - 1) / MEGABYTE, 9);
		buf_printf(out, "  %6s  ", full);
		fields_cell(out, fields_num(held, "messages"), 8);
	}
	buf_init(&time, 64);
	quarantines_time(&time, row->retention);
	buf_printf(out, "  %-9.*s  %s\n", (int)time.len, time.data,
	    row->release ? "Release" : "Delete");
	buf_fini(&time);
}

void
quarantines_time(struct buf *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;

	if (seconds == 0) {
		buf_puts(out, "by policy");
		return;
	}
	while (seconds % units[i].seconds != 0)
		i++;
	buf_printf(out, "%lld%c", (long long)(seconds / units[i].seconds),
	    units[i].unit);
}

static const json_t *
find(const json_t *list, struct str name)
{
	size_t i;
	json_t *q;

	json_array_foreach(json_object_get(list, "quarantines"), i, q)
	{
		if (str_is(name, fields_text(q, "name")))
			return q;
	}
	return NULL;
}

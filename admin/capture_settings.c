/* capture_settings.c - what is captured, as libpcap and as people have it */
#include "admin/capture_settings.h"

#include <inttypes.h>
#include <string.h>

#include "admin/fields.h"
#include "admin/interfaces.h"

static bool add_device(
    struct editing *, const struct interface *, char out[CAPTURE_DEVICE]);
static void show_filter(struct buf *, struct str filter);
static void show_limit(struct buf *, bool stops, uint64_t duration);
static void add_time(struct buf *, uint64_t seconds);

/* "Management=eth0" for each. */
bool
capture_devices(struct editing *ed, char v[][CAPTURE_DEVICE], size_t *n)
{
	const struct config *c = ed->w->config;

	if (c->capture.n_interfaces == 0 && c->n_interfaces > 0)
		return add_device(ed, &c->interfaces[0], v[(*n)++]);
	for (size_t i = 0; i < c->capture.n_interfaces; i++)
		for (size_t k = 0; k < c->n_interfaces; k++) {
			if (*n == CAPTURE_DEVICES ||
			    !str_eq(c->capture.interfaces[i],
				c->interfaces[k].name))
				continue;
			if (!add_device(ed, &c->interfaces[k], v[(*n)++]))
				return false;
		}
	return true;
}

bool
capture_device(struct editing *ed, const char *name, char out[CAPTURE_DEVICE])
{
	const struct interface *in =
	    config_interface(ed->w->config, str_of(name));

	if (in != NULL)
		return add_device(ed, in, out);
	editing_deny(ed, "There is no interface \"%s\".", name);
	return false;
}

void
capture_show_running(const json_t *j, struct buf *out)
{
	const json_t *names = json_object_get(j, "interfaces"), *name;
	size_t i;

	buf_puts(out, "Capture Information:\n  File Name:          ");
	fields_show(out, fields_text(j, "file"), 200);
	buf_printf(out, "\n  File Size:          %" PRIi64 "K\n",
	    fields_num(j, "size") / 1024);
	buf_puts(out, "  Duration:           ");
	add_time(out, (uint64_t)fields_num(j, "elapsed"));
	buf_printf(out,
	    "\n  Packets:            %" PRIi64 " (%" PRIi64 " dropped)\n",
	    fields_num(j, "packets"), fields_num(j, "dropped"));
	show_limit(out, strcmp(fields_text(j, "when_full"), "stop") == 0,
	    (uint64_t)fields_num(j, "duration"));
	buf_puts(out, "  Interface(s):       ");
	json_array_foreach(names, i, name)
	{
		buf_puts(out, i > 0 ? ", " : "");
		fields_show(out, json_string_value(name), 80);
	}
	buf_puts(out, "\n  Filter:             ");
	show_filter(out, str_of(fields_text(j, "filter")));
	buf_putc(out, '\n');
}

void
capture_show_settings(const struct config *c, struct buf *out)
{
	struct buf filter;

	buf_printf(out,
	    "Current Settings:\n  Maximum File Size:  %" PRIu64 " MB\n",
	    c->capture.max_size >> 20);
	show_limit(out, c->capture.stops, c->capture.duration);
	buf_puts(out, "  Interface(s):       ");
	if (c->capture.n_interfaces == 0 && c->n_interfaces > 0)
		fields_show_str(out, c->interfaces[0].name, 80);
	for (size_t i = 0; i < c->capture.n_interfaces; i++) {
		buf_puts(out, i > 0 ? ", " : "");
		fields_show_str(out, c->capture.interfaces[i], 80);
	}
	buf_init(&filter, CAPTURE_FILTER);
	capture_filter(c, &filter);
	buf_puts(out, "\n  Filter:             ");
	show_filter(out, buf_str(&filter));
	buf_putc(out, '\n');
	buf_fini(&filter);
}

static bool
add_device(
    struct editing *ed, const struct interface *in, char out[CAPTURE_DEVICE])
{
	char device[IF_NAMESIZE], ip[IP_TEXT];
	struct err err = ERR_INIT;

	if (interfaces_device(&in->ip, device)) {
		snprintf(
		    out, CAPTURE_DEVICE, "%.*s=%s", STR_ARG(in->name), device);
		return true;
	}
	err_set(&err, ERR_PERM,
	    "Interface %.*s: no network device of this machine has the "
	    "address %s.",
	    STR_ARG(in->name), ip_text(&in->ip, ip));
	tool_fail(ed->t, &err);
	return false;
}

static void
show_filter(struct buf *out, struct str filter)
{
	fields_show_str(
	    out, filter.n > 0 ? filter : STR("None"), CAPTURE_FILTER);
}

static void
show_limit(struct buf *out, bool stops, uint64_t duration)
{
	buf_puts(out, "  Limit:              ");
	if (duration > 0)
		add_time(out, duration);
	if (duration > 0 && stops)
		buf_puts(out, ", ");
	if (stops)
		buf_puts(out, "Stop When File Is Full");
	if (!stops && duration == 0)
		buf_puts(out, "None (Run Indefinitely)");
	buf_putc(out, '\n');
}

static void
add_time(struct buf *out, uint64_t s)
{
	if (s >= 86400)
		buf_printf(out, "%" PRIu64 "d ", s / 86400);
	if (s >= 3600)
		buf_printf(out, "%" PRIu64 "h ", s / 3600 % 24);
	if (s >= 60)
		buf_printf(out, "%" PRIu64 "m ", s / 60 % 60);
	buf_printf(out, "%" PRIu64 "s", s % 60);
}

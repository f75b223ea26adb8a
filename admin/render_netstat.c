/* render_netstat.c - `netstat`, `diagnostic network arpshow` and `ndpshow` */
#include <stdio.h>

#include "admin/fields.h"
#include "admin/render.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"

#define END_WIDTH     22
#define PROCESS_WIDTH 16

static void put_use(const json_t *one, struct buf *);
static void put_moment(const json_t *one, struct buf *);
static void put_process(const json_t *, struct buf *);
static void put_end(const json_t *, int width, struct buf *);
static void put_link(
    const json_t *, const struct netstat_columns *, struct buf *);
static void put_count(
    const json_t *, const char *key, int width, bool wanted, struct buf *);
static void put_family(const json_t *routes, int family, struct buf *);

void
render_sockets(const json_t *list, struct buf *out)
{
	const json_t *one;
	size_t i;

	buf_puts(out,
	    "Active Internet connections (including servers)\n"
	    "Proto Recv-Q Send-Q  Local Address          Foreign Address       "
	    " (state)\n");
	json_array_foreach(list, i, one)
	{
		const char *state = fields_text(one, "state");
		bool listens = str_is(str_of(state), "LISTEN");

		buf_printf(out, "%-5s %6lld %6lld  ", fields_text(one, "proto"),
		    listens ? 0 : (long long)fields_num(one, "recv_q"),
		    listens ? 0 : (long long)fields_num(one, "send_q"));
		put_end(json_object_get(one, "local"), END_WIDTH, out);
		buf_putc(out, ' ');
		put_end(json_object_get(one, "foreign"), END_WIDTH, out);
		buf_printf(out, " %s\n", state);
	}
}

void
render_listens(const json_t *list, struct buf *out)
{
	const json_t *one;
	char queue[64];
	size_t i;

	buf_puts(out, "Current listen queue sizes (current/limit)\n"
		      "Proto Listen           Local Address\n");
	json_array_foreach(list, i, one)
	{
		snprintf(queue, sizeof(queue), "%lld/%lld",
		    (long long)fields_num(one, "recv_q"),
		    (long long)fields_num(one, "send_q"));
		buf_printf(
		    out, "%-5s %-16s ", fields_text(one, "proto"), queue);
		put_end(json_object_get(one, "local"), 0, out);
		buf_putc(out, '\n');
	}
}

void
render_links(
    const json_t *list, const struct netstat_columns *c, struct buf *out)
{
	const json_t *one;
	size_t i;

	buf_printf(out, "%-12s %6s %-28s %12s %6s", "Name", "Mtu", "Address",
	    "Ipkts", "Ierrs");
	if (c->drops)
		buf_printf(out, " %6s", "Idrop");
	if (c->bytes)
		buf_printf(out, " %16s", "Ibytes");
	buf_printf(out, " %12s %6s", "Opkts", "Oerrs");
	if (c->bytes)
		buf_printf(out, " %16s", "Obytes");
	buf_printf(out, " %5s", "Coll");
	if (c->drops)
		buf_printf(out, " %6s", "Odrop");
	buf_putc(out, '\n');
	json_array_foreach(list, i, one) put_link(one, c, out);
}

void
render_routes(const json_t *list, struct buf *out)
{
	buf_puts(out, "Routing tables\n");
	put_family(list, 4, out);
	put_family(list, 6, out);
}

void
render_traffic(const json_t *now, bool heading, struct buf *out)
{
	if (heading)
		buf_printf(out,
		    "            input  %14s           output\n"
		    "   packets  errs drops        bytes    packets  errs "
		    "drops "
		    "       bytes colls\n",
		    fields_text(now, "interface"));
	buf_printf(out,
	    "%10lld %5lld %5lld %12lld %10lld %5lld %5lld %12lld %5lld\n",
	    (long long)fields_num(now, "in_packets"),
	    (long long)fields_num(now, "in_errors"),
	    (long long)fields_num(now, "in_drops"),
	    (long long)fields_num(now, "in_bytes"),
	    (long long)fields_num(now, "out_packets"),
	    (long long)fields_num(now, "out_errors"),
	    (long long)fields_num(now, "out_drops"),
	    (long long)fields_num(now, "out_bytes"),
	    (long long)fields_num(now, "collisions"));
}

void
render_arp(const json_t *list, struct buf *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *name = fields_text(one, "host");

		buf_printf(out, "%s (%s) at %s on %s ",
		    *name != '\0' ? name : "?", fields_text(one, "address"),
		    fields_has(one, "mac") ? fields_text(one, "mac")
					   : "(incomplete)",
		    fields_text(one, "interface"));
		if (!fields_has(one, "expires"))
			buf_puts(out, "permanent");
		else if (fields_num(one, "expires") == 0)
			buf_puts(out, "expired");
		else
			buf_printf(out, "expires in %lld seconds",
			    (long long)fields_num(one, "expires"));
		buf_puts(out, " [ethernet]\n");
	}
}

/* S: the first letter of the state; R: a router. */
void
render_ndp(const json_t *list, struct buf *out)
{
	const json_t *one;
	char expire[32];
	size_t i;

	buf_printf(out, "%-40s %-18s %8s %-10s S Flags\n", "Neighbor",
	    "Linklayer Address", "Netif", "Expire");
	json_array_foreach(list, i, one)
	{
		const char *state = fields_text(one, "state");

		if (!fields_has(one, "expires"))
			str_copy(expire, sizeof(expire), STR("permanent"));
		else if (fields_num(one, "expires") == 0)
			str_copy(expire, sizeof(expire), STR("expired"));
		else
			snprintf(expire, sizeof(expire), "%llds",
			    (long long)fields_num(one, "expires"));
		buf_printf(out, "%-40s %-18s %8s %-10s %c %s\n",
		    fields_text(one, "address"),
		    fields_has(one, "mac") ? fields_text(one, "mac")
					   : "(incomplete)",
		    fields_text(one, "interface"), expire, *state - 'a' + 'A',
		    fields_bool(one, "router") ? "R" : "");
	}
}

void
render_services(const json_t *list, struct buf *out)
{
	const json_t *one;
	size_t i;

	buf_printf(out, "%-16s %8s %-16s %-5s %s\n", "COMMAND", "PID", "USER",
	    "TYPE", "NAME");
	json_array_foreach(list, i, one)
	{
		char pid[24] = "-";

		if (fields_has(one, "pid"))
			snprintf(pid, sizeof(pid), "%lld",
			    (long long)fields_num(one, "pid"));
		put_process(one, out);
		buf_printf(out, " %8s %-16s %-5s ", pid,
		    fields_has(one, "user") ? fields_text(one, "user") : "-",
		    fields_text(one, "proto"));
		put_end(json_object_get(one, "local"), 0, out);
		buf_putc(out, '\n');
	}
}

void
render_programs(const json_t *j, struct buf *out)
{
	const json_t *one;
	size_t i;

	buf_printf(
	    out, "%-12s %6s %8s %s\n", "Program", "Worker", "PID", "State");
	json_array_foreach(json_object_get(j, "programs"), i, one) buf_printf(
	    out, "%-12s %6lld %8lld %s\n", fields_text(one, "program"),
	    (long long)fields_num(one, "worker"),
	    (long long)fields_num(one, "pid"), fields_text(one, "state"));
}

void
render_processes(const json_t *j, struct buf *out)
{
	const json_t *one;
	size_t i;

	buf_printf(out, "%-31s", "Status as of:");
	fields_time(out, j, "status_as_of", "Never");
	buf_printf(out, "\n\n%-10s %7s %-8s %6s %9s %10s %8s %s\n", "Program",
	    "PID", "State", "CPU %", "Memory K", "CPU time", "Restarts",
	    "Started");
	json_array_foreach(json_object_get(j, "programs"), i, one)
	{
		char name[40];

		snprintf(name, sizeof(name), "%s %lld",
		    fields_text(one, "program"),
		    (long long)fields_num(one, "worker"));
		buf_printf(out, "%-10s %7lld %-8s", name,
		    (long long)fields_num(one, "pid"),
		    fields_text(one, "state"));
		put_use(one, out);
		buf_printf(
		    out, " %8lld ", (long long)fields_num(one, "restarts"));
		put_moment(one, out);
		buf_putc(out, '\n');
	}
}

/* --- parts --- */

static void
put_use(const json_t *one, struct buf *out)
{
	int64_t ms = fields_num(one, "cpu_time");
	char time[32];

	if (!fields_has(one, "cpu_time")) {
		buf_printf(out, " %6s %9s %10s", "-", "-", "-");
		return;
	}
	snprintf(time, sizeof(time), "%lld:%02lld.%02lld",
	    (long long)(ms / 60000), (long long)(ms / 1000 % 60),
	    (long long)(ms / 10 % 100));
	buf_printf(
	    out, " %6.1f", json_number_value(json_object_get(one, "cpu")));
	fields_cell(out, (fields_num(one, "memory") + 1023) / 1024, 10);
	buf_printf(out, " %10s", time);
}

/* "Nov 22 14:03:19": there is no room for all of it. */
static void
put_moment(const json_t *one, struct buf *out)
{
	char text[CLOCK_TEXT];

	if (fields_has(one, "started"))
		buf_add(
		    out, clock_ctime(fields_num(one, "started"), text) + 4, 15);
	else
		buf_putc(out, '-');
}

/* A process may call itself anything. */
static void
put_process(const json_t *service, struct buf *out)
{
	size_t before = out->len;

	if (fields_has(service, "process"))
		fields_show(out, fields_text(service, "process"), 64);
	else
		buf_putc(out, '-');
	while (out->len < before + PROCESS_WIDTH)
		buf_putc(out, ' ');
}

/* "192.0.2.10.25", "*.22", or with the names that were found. */
static void
put_end(const json_t *e, int width, struct buf *out)
{
	const char *host = fields_text(e, "host");
	const char *service = fields_text(e, "service");
	char text[DOMAIN_MAX + 40], port[24] = "*";

	if (*host == '\0')
		host =
		    fields_has(e, "address") ? fields_text(e, "address") : "*";
	if (*service != '\0')
		str_copy(port, sizeof(port), str_of(service));
	else if (fields_has(e, "port"))
		snprintf(port, sizeof(port), "%lld",
		    (long long)fields_num(e, "port"));
	snprintf(text, sizeof(text), "%s.%s", host, port);
	buf_printf(out, "%-*s", width, text);
}

/* The card, and then its addresses, a line each. */
static void
put_link(const json_t *link, const struct netstat_columns *c, struct buf *out)
{
	const json_t *one;
	size_t i;

	buf_printf(out, "%-12s %6lld %-28s", fields_text(link, "name"),
	    (long long)fields_num(link, "mtu"),
	    fields_has(link, "mac") ? fields_text(link, "mac") : "-");
	put_count(link, "in_packets", 12, true, out);
	put_count(link, "in_errors", 6, true, out);
	put_count(link, "in_drops", 6, c->drops, out);
	put_count(link, "in_bytes", 16, c->bytes, out);
	put_count(link, "out_packets", 12, true, out);
	put_count(link, "out_errors", 6, true, out);
	put_count(link, "out_bytes", 16, c->bytes, out);
	put_count(link, "collisions", 5, true, out);
	put_count(link, "out_drops", 6, c->drops, out);
	buf_puts(out, fields_bool(link, "up") ? "\n" : " down\n");
	json_array_foreach(json_object_get(link, "addresses"), i, one)
	    buf_printf(out, "%-12s %6s %s\n", fields_text(link, "name"), "-",
		json_string_value(one));
}

static void
put_count(const json_t *link, const char *key, int width, bool wanted,
    struct buf *out)
{
	if (wanted)
		buf_printf(
		    out, " %*lld", width, (long long)fields_num(link, key));
}

static void
put_family(const json_t *routes, int family, struct buf *out)
{
	bool any = false;
	const json_t *one;
	char link[32];
	size_t i;

	json_array_foreach(routes, i, one)
	{
		const char *gateway = fields_text(one, "gateway");

		if (fields_num(one, "family") != family)
			continue;
		if (!any)
			buf_printf(out, "\n%s:\n%-30s %-30s %-6s %s\n",
			    family == 4 ? "Internet" : "Internet6",
			    "Destination", "Gateway", "Flags", "Netif");
		any = true;
		snprintf(link, sizeof(link), "link#%lld",
		    (long long)fields_num(one, "index"));
		if (fields_has(one, "gateway_host"))
			gateway = fields_text(one, "gateway_host");
		buf_printf(out, "%-30s %-30s %-6s %s\n",
		    fields_text(one, "destination"),
		    *gateway != '\0' ? gateway : link,
		    fields_text(one, "flags"), fields_text(one, "interface"));
	}
}

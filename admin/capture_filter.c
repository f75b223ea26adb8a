/* capture_filter.c - what a configuration wants captured, for libpcap */
#include "admin/capture_settings.h"

static void add_ports(const struct config *, struct buf *);
static void add_hosts(const struct config *, struct buf *);

/* Client and server together: both legs of a message's way. */
void
capture_filter(const struct config *c, struct buf *out)
{
	bool hosts = c->capture.n_clients + c->capture.n_servers > 0;

	if (c->capture.n_ports == 0 && !hosts) {
		buf_add_str(out, c->capture.filter);
		return;
	}
	if (c->capture.n_ports > 0)
		add_ports(c, out);
	if (c->capture.n_ports > 0 && hosts)
		buf_puts(out, " and ");
	if (hosts)
		add_hosts(c, out);
}

static void
add_ports(const struct config *c, struct buf *out)
{
	for (size_t i = 0; i < c->capture.n_ports; i++)
		buf_printf(out, "%stcp port %u", i == 0 ? "(" : " or ",
		    c->capture.ports[i]);
	buf_putc(out, ')');
}

static void
add_hosts(const struct config *c, struct buf *out)
{
	size_t n = c->capture.n_clients;
	char ip[IP_TEXT];

	for (size_t i = 0; i < n + c->capture.n_servers; i++)
		buf_printf(out, "%shost %s", i == 0 ? "(" : " or ",
		    ip_text(i < n ? &c->capture.clients[i]
				  : &c->capture.servers[i - n],
			ip));
	buf_putc(out, ')');
}

/* interfaces.c - interfaces in dialogues */
#include "admin/interfaces.h"

#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int prefix_of(const struct ip *);
static int ones(const struct sockaddr *mask);

void
interfaces_show(
    struct buf *out, const struct config *c, const struct interface *in)
{
	buf_putc(out, '(');
	interfaces_address(out, &in->ip);
	buf_printf(out, ": %.*s)",
	    STR_ARG(in->hostname.n > 0 ? in->hostname : c->hostname));
}

bool
interfaces_ask(struct editing *ed, const char *question,
    const struct interface *now, const struct interface **out)
{
	const struct config *c = ed->w->config;
	struct str *names = mem_array(c->n_interfaces, sizeof(*names));
	struct buf *text = mem_array(c->n_interfaces, sizeof(*text));
	size_t dflt = 0, chosen;
	bool answered;

	for (size_t i = 0; i < c->n_interfaces; i++) {
		buf_init(&text[i], 1000);
		buf_printf(&text[i], "%.*s ", STR_ARG(c->interfaces[i].name));
		interfaces_show(&text[i], c, &c->interfaces[i]);
		names[i] = buf_str(&text[i]);
		if (now == &c->interfaces[i])
			dflt = i;
	}
	answered =
	    ask_name(ed, question, names, c->n_interfaces, dflt, &chosen);
	if (answered)
		*out = &c->interfaces[chosen];
	for (size_t i = 0; i < c->n_interfaces; i++)
		buf_fini(&text[i]);
	free(text);
	free(names);
	return answered;
}

void
interfaces_address(struct buf *out, const struct ip *ip)
{
	int prefix = prefix_of(ip);
	char text[IP_TEXT];

	buf_puts(out, ip_text(ip, text));
	if (prefix >= 0)
		buf_printf(out, "/%d", prefix);
}

/* -1: this machine does not have the address. */
static int
prefix_of(const struct ip *ip)
{
	struct ifaddrs *all;
	int prefix = -1;

	if (getifaddrs(&all) == -1)
		return -1;
	for (struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
		if (one->ifa_netmask != NULL &&
		    interfaces_is(one->ifa_addr, ip))
			prefix = ones(one->ifa_netmask);
	}
	freeifaddrs(all);
	return prefix;
}

static int
ones(const struct sockaddr *mask)
{
	unsigned char bytes[16];
	size_t n = mask->sa_family == AF_INET ? 4 : 16;
	int count = 0;

	if (n == 4)
		memcpy(bytes, &((const struct sockaddr_in *)mask)->sin_addr, n);
	else
		memcpy(
		    bytes, &((const struct sockaddr_in6 *)mask)->sin6_addr, n);
	for (size_t i = 0; i < n; i++)
		count += __builtin_popcount(bytes[i]);
	return count;
}

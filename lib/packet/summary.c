/* summary.c - a captured packet as a line of text */
#include "packet/summary.h"

#include <string.h>

#include "base/mem.h"

#define IP_ICMP   1
#define IP_UDP    17
#define IP_ICMP6  58
#define ARP_BYTES 28
#define UDP_BYTES 8
#define FRAGMENT  0x3fff /* offset, and that there is more */

static void segment(const struct segment *, struct buf *);
static void other(uint16_t type, struct str, struct buf *);
static void ip4(struct str, struct buf *);
static void ip6(struct str, struct buf *);
static void payload(const struct ip *, const struct ip *, unsigned protocol,
    struct str, struct buf *);
static void arp(struct str, struct buf *);
static void endpoints(const struct ip *, int from_port, const struct ip *,
    int to_port, struct buf *);
static struct ip address4(struct str, size_t at);
static unsigned get8(struct str, size_t at);
static unsigned get16(struct str, size_t at);

void
packet_summary(enum link link, struct str packet, struct buf *out)
{
	struct segment s;
	struct str rest;
	uint16_t type;

	switch (frame_read(link, packet, &s)) {
	case FRAME_TCP:
		segment(&s, out);
		return;
	case FRAME_OTHER:
	case FRAME_FRAGMENT:
		if (frame_carries(link, packet, &type, &rest)) {
			other(type, rest, out);
			return;
		}
		break;
	case FRAME_BAD:
		break;
	}
	buf_printf(out, "malformed, length %zu", packet.n);
}

static void
segment(const struct segment *s, struct buf *out)
{
	static const struct {
		unsigned flag;
		char sign;
	} flags[] = { { TCP_SYN, 'S' }, { TCP_FIN, 'F' }, { TCP_RST, 'R' },
		{ 0x08, 'P' }, { TCP_ACK, '.' } };

	endpoints(&s->from.ip, s->from.port, &s->to.ip, s->to.port, out);
	buf_puts(out, "Flags [");
	for (size_t i = 0; i < NELEM(flags); i++)
		if (s->flags & flags[i].flag)
			buf_putc(out, flags[i].sign);
	buf_printf(out, "], seq %u, ack %u, length %u", s->seq, s->ack, s->len);
}

static void
other(uint16_t type, struct str p, struct buf *out)
{
	if (type == FRAME_IPV4 && p.n >= 20)
		ip4(p, out);
	else if (type == FRAME_IPV6 && p.n >= 40)
		ip6(p, out);
	else if (type == FRAME_ARP && p.n >= ARP_BYTES)
		arp(p, out);
	else
		buf_printf(out, "ethertype 0x%04x, length %zu", type, p.n);
}

static void
ip4(struct str p, struct buf *out)
{
	struct ip from = address4(p, 12), to = address4(p, 16);
	size_t header = 4 * (size_t)(get8(p, 0) & 15);

	if (get16(p, 6) & FRAGMENT) {
		endpoints(&from, -1, &to, -1, out);
		buf_printf(out, "fragment, length %zu", p.n);
		return;
	}
	payload(&from, &to, get8(p, 9), str_sub(p, header, p.n), out);
}

/* Headers between, if there are some, are not passed over. */
static void
ip6(struct str p, struct buf *out)
{
	struct ip from, to;

	memcpy(from.b, p.p + 8, 16);
	memcpy(to.b, p.p + 24, 16);
	payload(&from, &to, get8(p, 6), str_sub(p, 40, p.n), out);
}

static void
payload(const struct ip *from, const struct ip *to, unsigned protocol,
    struct str p, struct buf *out)
{
	if (protocol == IP_UDP && p.n >= UDP_BYTES) {
		unsigned n = get16(p, 4);

		endpoints(from, (int)get16(p, 0), to, (int)get16(p, 2), out);
		buf_printf(
		    out, "UDP, length %u", n >= UDP_BYTES ? n - UDP_BYTES : 0);
		return;
	}
	endpoints(from, -1, to, -1, out);
	if ((protocol == IP_ICMP || protocol == IP_ICMP6) && p.n >= 4)
		buf_printf(out, "%s type %u code %u, length %zu",
		    protocol == IP_ICMP ? "ICMP" : "ICMP6", get8(p, 0),
		    get8(p, 1), p.n);
	else
		buf_printf(out, "protocol %u, length %zu", protocol, p.n);
}

/* Of IPv4 on Ethernet. */
static void
arp(struct str p, struct buf *out)
{
	struct ip sender = address4(p, 14), target = address4(p, 24);
	char a[IP_TEXT], b[IP_TEXT];

	ip_text(&sender, a);
	ip_text(&target, b);
	if (get16(p, 6) != 2)
		buf_printf(out, "ARP, Request who-has %s tell %s", b, a);
	else
		buf_printf(out,
		    "ARP, Reply %s is-at %02x:%02x:%02x:%02x:%02x:%02x", a,
		    get8(p, 8), get8(p, 9), get8(p, 10), get8(p, 11),
		    get8(p, 12), get8(p, 13));
}

/* "IP 192.0.2.1.4711 > 192.0.2.2.25: " */
static void
endpoints(const struct ip *from, int from_port, const struct ip *to,
    int to_port, struct buf *out)
{
	char a[IP_TEXT], b[IP_TEXT];

	ip_text(from, a);
	ip_text(to, b);
	if (from_port == -1)
		buf_printf(
		    out, "%s %s > %s: ", ip_is_v4(from) ? "IP" : "IP6", a, b);
	else
		buf_printf(out,
		    "%s %s.%d > %s.%d: ", ip_is_v4(from) ? "IP" : "IP6", a,
		    from_port, b, to_port);
}

static struct ip
address4(struct str p, size_t at)
{
	struct ip ip = { .b = { [10] = 0xff, [11] = 0xff } };

	memcpy(ip.b + 12, p.p + at, 4);
	return ip;
}

static unsigned
get8(struct str s, size_t at)
{
	return (unsigned char)s.p[at];
}

static unsigned
get16(struct str s, size_t at)
{
	return get8(s, at) << 8 | get8(s, at + 1);
}

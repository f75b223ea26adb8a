/* frame.c - the TCP segment in a captured packet */
#include "packet/frame.h"

#include <string.h>

#define ETHER_VLAN 0x8100
#define ETHER_QINQ 0x88a8
#define VLAN_TAGS  2

#define IP_TCP        6
#define IP6_HOP       0
#define IP6_ROUTING   43
#define IP6_FRAGMENT  44
#define IP6_OPTIONS   60
#define IP6_HEADERS   8 /* extension headers that are passed over */
#define IP4_MORE_FRAG 0x2000
#define IP4_OFFSET    0x1fff
#define IP6_FRAG      0xfff9 /* offset, and that there is more */

static uint16_t ip_type(struct str);
static enum frame_is read_ip4(struct str, struct segment *);
static enum frame_is read_ip6(struct str, struct segment *);
static enum frame_is pass_headers(
    struct str, size_t left, uint8_t next, struct segment *);
static enum frame_is read_tcp(struct str, size_t len, struct segment *);
static void mapped(struct ip *, const char *v4);
static uint8_t get8(struct str, size_t at);
static uint16_t get16(struct str, size_t at);
static uint32_t get32(struct str, size_t at);

static const struct {
	size_t header; /* bytes */
	size_t type;   /* where the type of what follows stands in it */
} links[LINK_N] = {
	[LINK_ETHERNET] = { 14, 12 },
	[LINK_SLL] = { 16, 14 },
	[LINK_SLL2] = { 20, 0 },
	[LINK_RAW] = { 0, 0 },
	[LINK_NULL] = { 4, 0 },
};

enum frame_is
frame_read(enum link link, struct str packet, struct segment *s)
{
	struct str p;
	uint16_t type;

	memset(s, 0, sizeof(*s));
	if (!frame_carries(link, packet, &type, &p))
		return FRAME_BAD;
	if (type == FRAME_IPV4)
		return read_ip4(p, s);
	return type == FRAME_IPV6 ? read_ip6(p, s) : FRAME_OTHER;
}

bool
frame_carries(
    enum link link, struct str packet, uint16_t *type, struct str *carried)
{
	size_t n = links[link].header;
	struct str p;

	if (packet.n <= n)
		return false;
	p = str_sub(packet, n, packet.n);
	/* The number of an address family depends on the system, and the
	 * first bits of an IP packet say the same. */
	if (link == LINK_RAW || link == LINK_NULL)
		*type = ip_type(p);
	else
		*type = get16(packet, links[link].type);
	for (int tags = 0; *type == ETHER_VLAN || *type == ETHER_QINQ; tags++) {
		if (tags == VLAN_TAGS) {
			*type = 0;
			break;
		}
		if (p.n < 4)
			return false;
		*type = get16(p, 2);
		p = str_sub(p, 4, p.n);
	}
	*carried = p;
	return true;
}

static uint16_t
ip_type(struct str p)
{
	switch (get8(p, 0) >> 4) {
	case 4:
		return FRAME_IPV4;
	case 6:
		return FRAME_IPV6;
	default:
		return 0;
	}
}

/* Total length 0: it is to be cut by the network card (offload). */
static enum frame_is
read_ip4(struct str p, struct segment *s)
{
	size_t header, total;

	if (p.n < 20 || get8(p, 0) >> 4 != 4)
		return FRAME_BAD;
	header = 4 * (size_t)(get8(p, 0) & 15);
	total = get16(p, 2);
	if (total == 0)
		total = p.n;
	if (header < 20 || total < header || p.n < header)
		return FRAME_BAD;
	if (get16(p, 6) & (IP4_MORE_FRAG | IP4_OFFSET))
		return FRAME_FRAGMENT;
	if (get8(p, 9) != IP_TCP)
		return FRAME_OTHER;
	mapped(&s->from.ip, p.p + 12);
	mapped(&s->to.ip, p.p + 16);
	total -= header;
	return read_tcp(str_sub(p, header, total), total, s);
}

static enum frame_is
read_ip6(struct str p, struct segment *s)
{
	size_t left;

	if (p.n < 40 || get8(p, 0) >> 4 != 6)
		return FRAME_BAD;
	left = get16(p, 4);
	if (left == 0)
		left = p.n - 40;
	memcpy(s->from.ip.b, p.p + 8, 16);
	memcpy(s->to.ip.b, p.p + 24, 16);
	return pass_headers(str_sub(p, 40, left), left, get8(p, 6), s);
}

/* A fragment header may be there of a packet that is whole. */
static enum frame_is
pass_headers(struct str p, size_t left, uint8_t next, struct segment *s)
{
	for (int i = 0; i < IP6_HEADERS && next != IP_TCP; i++) {
		size_t n = 8;

		if (next != IP6_HOP && next != IP6_ROUTING &&
		    next != IP6_FRAGMENT && next != IP6_OPTIONS)
			return FRAME_OTHER;
		if (p.n < 8)
			return FRAME_BAD;
		if (next == IP6_FRAGMENT && (get16(p, 2) & IP6_FRAG))
			return FRAME_FRAGMENT;
		if (next != IP6_FRAGMENT)
			n += 8 * (size_t)get8(p, 1);
		if (n > p.n)
			return FRAME_BAD;
		next = get8(p, 0);
		p = str_sub(p, n, p.n);
		left -= n;
	}
	return next == IP_TCP ? read_tcp(p, left, s) : FRAME_OTHER;
}

static enum frame_is
read_tcp(struct str p, size_t len, struct segment *s)
{
	size_t header;

	if (p.n < 20)
		return FRAME_BAD;
	header = 4 * (size_t)(get8(p, 12) >> 4);
	if (header < 20 || header > len)
		return FRAME_BAD;
	s->from.port = get16(p, 0);
	s->to.port = get16(p, 2);
	s->seq = get32(p, 4);
	s->ack = get32(p, 8);
	s->flags = get8(p, 13);
	s->payload = str_sub(p, header, p.n);
	s->len = (uint32_t)(len - header);
	return FRAME_TCP;
}

static void
mapped(struct ip *ip, const char *v4)
{
	ip->b[10] = ip->b[11] = 0xff;
	memcpy(ip->b + 12, v4, 4);
}

static uint8_t
get8(struct str s, size_t at)
{
	return (uint8_t)s.p[at];
}

static uint16_t
get16(struct str s, size_t at)
{
	return (uint16_t)(get8(s, at) << 8 | get8(s, at + 1));
}

static uint32_t
get32(struct str s, size_t at)
{
	return (uint32_t)get16(s, at) << 16 | get16(s, at + 2);
}

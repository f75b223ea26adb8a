/*
 * packet_kit.h - packets as a network card would have seen them
 */
#ifndef TESTS_UNIT_PACKET_KIT_H
#define TESTS_UNIT_PACKET_KIT_H

#include <string.h>

#include "base/buf.h"
#include "packet/frame.h"

static void
put16(struct buf *b, unsigned n)
{
	buf_putc(b, (char)(n >> 8));
	buf_putc(b, (char)n);
}

static void
put32(struct buf *b, uint32_t n)
{
	put16(b, n >> 16);
	put16(b, n & 0xffff);
}

static void
put_link(struct buf *b, enum link link, unsigned type, unsigned vlans)
{
	static const char zeros[32];

	switch (link) {
	case LINK_ETHERNET:
		buf_add(b, zeros, 12);
		for (; vlans > 0; vlans--) {
			put16(b, vlans > 1 ? 0x88a8 : 0x8100);
			put16(b, 7);
		}
		put16(b, type);
		return;
	case LINK_SLL:
		buf_add(b, zeros, 14);
		put16(b, type);
		return;
	case LINK_SLL2:
		put16(b, type);
		buf_add(b, zeros, 18);
		return;
	case LINK_NULL:
		buf_add(b, type == 0x0800 ? "\2\0\0\0" : "\12\0\0\0", 4);
		return;
	case LINK_RAW:
	case LINK_N:
		return;
	}
}

static void
put_tcp(struct buf *b, const struct segment *s)
{
	put16(b, s->from.port);
	put16(b, s->to.port);
	put32(b, s->seq);
	put32(b, s->ack);
	buf_putc(b, 6 << 4); /* one word of options */
	buf_putc(b, (char)s->flags);
	put16(b, 65535);
	put32(b, 0);
	put32(b, 0x01010100);
	buf_add_str(b, s->payload);
}

static void
put_packet(
    struct buf *b, enum link link, unsigned vlans, const struct segment *s)
{
	size_t len = 24 + s->payload.n;

	if (ip_is_v4(&s->from.ip)) {
		put_link(b, link, 0x0800, vlans);
		put16(b, 0x4500);
		put16(b, (unsigned)(20 + len));
		put32(b, 0x00014000); /* do not fragment */
		put32(b, 0x40060000);
		buf_add(b, s->from.ip.b + 12, 4);
		buf_add(b, s->to.ip.b + 12, 4);
	} else {
		put_link(b, link, 0x86dd, vlans);
		put32(b, 0x60000000);
		put16(b, (unsigned)(8 + len));
		put16(b, 0x3c40); /* options follow, of no meaning */
		buf_add(b, s->from.ip.b, 16);
		buf_add(b, s->to.ip.b, 16);
		buf_add(b, "\6\0\1\4\0\0\0\0", 8);
	}
	put_tcp(b, s);
	if (link == LINK_ETHERNET)
		buf_add(b, "\0\0\0\0\0", 5); /* of short frames */
}

#endif

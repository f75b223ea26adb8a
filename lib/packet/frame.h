/*
 * frame.h - the TCP segment in a captured packet
 *
 * Takes the headers off, one layer after the other: link, up to two VLAN
 * tags, IPv4 or IPv6 with its extension headers, TCP. Every length is one
 * that the sender chose, and is checked against what is there. Checksums are
 * not looked at: of packets that this machine sends, the network card fills
 * them in after they were captured.
 */
#ifndef PACKET_FRAME_H
#define PACKET_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/str.h"

enum link { /* what a packet begins with */
	LINK_ETHERNET,
	LINK_SLL,  /* Linux, "any" interface */
	LINK_SLL2, /* likewise, with the interface */
	LINK_RAW,  /* IPv4 or IPv6 */
	LINK_NULL, /* address family of the host that captured; BSD loopback */
	LINK_N
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

struct segment {
	struct endpoint from, to;
	uint32_t seq, ack;
	uint8_t flags;      /* TCP_* */
	struct str payload; /* as far as it was captured */
	uint32_t len;       /* of the payload as it was sent */
};

enum frame_is {
	FRAME_TCP,
	FRAME_OTHER,    /* another protocol */
	FRAME_FRAGMENT, /* a part of an IP packet: not put together */
	FRAME_BAD       /* headers that contradict themselves, or are cut off */
};

#define FRAME_IPV4 0x0800
#define FRAME_IPV6 0x86dd
#define FRAME_ARP  0x0806
/* What the packet carries without link header and VLAN tags: its type as on
 * Ethernet, 0 for one that cannot be told. False: there is nothing. */
bool frame_carries(
    enum link, struct str packet, uint16_t *type, struct str *carried);

/* payload points into packet. */
enum frame_is frame_read(enum link, struct str packet, struct segment *);

#endif

/*
 * summary.h - a captured packet as a line of text
 *
 *	IP 192.0.2.1.4711 > 192.0.2.2.25: Flags [S], seq 1, ack 0, length 0
 *	IP6 2001:db8::1.53 > 2001:db8::2.4000: UDP, length 40
 *	ARP, Request who-has 192.0.2.1 tell 192.0.2.2
 *
 * Nothing of what the packet carries beyond its headers is in it.
 */
#ifndef PACKET_SUMMARY_H
#define PACKET_SUMMARY_H

#include "base/buf.h"
#include "packet/frame.h"

/* Without an end of line. */
void packet_summary(enum link, struct str packet, struct buf *out);

#endif

/*
 * received.h - the Received line that we put before a message
 *
 *	Received: from mta1.example.net (HELO mx.example.net) (192.0.2.55)
 *	  by mail3.example.com with ESMTP; 03 Mar 2025 10:15:02 +0000
 *
 * (spec receiving 2.7; RFC 5321 4.4). Names come from outside: whatever
 * could end the line or the comment becomes a question mark (HDR-01).
 */
#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include <stdint.h>

#include "base/buf.h"
#include "base/ip.h"
#include "base/str.h"

struct received {
	struct str host; /* verified name of the client; empty: unknown */
	struct str helo; /* as the client said it; empty: it does not (QMQP) */
	struct ip client;
	struct str by;       /* our name */
	struct str protocol; /* "ESMTP", "ESMTPS (version=... cipher=...)" */
	struct str date;     /* RFC 5322 date-time, with or without the day */
};

/* Appends the two lines, each with CRLF. */
void received_line(const struct received *, struct buf *out);

#endif

/*
 * qmqp.h - QMQP: one message with many recipients, in one go
 *
 *	client	length ":" message sender recipient ... ","
 *	server	length ":" K|Z|D text ","
 *
 * Message, sender and recipients are netstrings themselves: a length in
 * decimal, ":", so many bytes, ",". Lines of the message end in LF. The one
 * answer is for all recipients, and is the end: K, it is ours (as durable as
 * after 250); Z, not now; D, never (receiving 9, threats QMQ).
 *
 * Addresses are judged as those of MAIL and RCPT are, by the same code. A
 * refusal of one is a refusal of all; then the rest of the request is read
 * and forgotten, because clients write it all before they read. What is no
 * request, or too long, is answered at once.
 *
 * A client that leaves without reading the answer may find its message
 * accepted: that is the protocol (QMQ-05). Bytes behind the request make it
 * malformed when they come before it was acted upon; later nobody reads them.
 */
#ifndef SMTPD_QMQP_H
#define SMTPD_QMQP_H

#include "smtpd/protocol.h"

/* --- the length of a netstring, digit by digit --- */

#define NETLEN_DIGITS 10 /* QMQ-01 */

struct netlen {
	uint64_t n;
	uint8_t digits;
};
enum netlen_end {
	NETLEN_MORE,
	NETLEN_DONE, /* that was the ":" */
	NETLEN_BAD
};
/* No sign, no blank, no leading zero. Begins zeroed. */
enum netlen_end netlen_feed(struct netlen *, char c);

#endif

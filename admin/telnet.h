/*
 * telnet.h - the bytes of a telnet connection (RFC 854)
 *
 * A client that offers nothing: each option that the other side wants or
 * offers is refused. Pure.
 */
#ifndef ADMIN_TELNET_H
#define ADMIN_TELNET_H

#include "base/buf.h"

struct telnet {
	enum {
		TELNET_DATA,
		TELNET_IAC,
		TELNET_WILL, /* WILL, WONT: which option comes next */
		TELNET_DO,   /* DO, DONT */
		TELNET_SUB,  /* up to IAC SE */
		TELNET_SUB_IAC
	} state;
	uint8_t verb;
};

/*
 * Takes what came: *text gets what is for the screen, on which nothing but
 * line ends, tabs and printable ASCII comes (other bytes as \xNN), *answer
 * what is to be sent back.
 */
void telnet_take(
    struct telnet *, struct str in, struct buf *text, struct buf *answer);
/* A line as it is sent: its bytes, 255 twice, and CRLF. */
void telnet_line(struct str line, struct buf *out);

#endif

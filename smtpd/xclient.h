/*
 * xclient.h - XCLIENT: whoever is trusted says who the client is
 *
 *	XCLIENT NAME=mx.example.org ADDR=192.0.2.1 HELO=[UNAVAILABLE]
 *
 * Offered to the addresses that the listener names (xclient), and to the
 * others as unknown as any other word. The session starts over, with a new
 * ICID, a new greeting, and everything decided anew for that client. A name
 * that is not given is looked up, when there is a new address. What it says
 * of HELO and PROTO holds until the next XCLIENT, whatever EHLO says.
 */
#ifndef SMTPD_XCLIENT_H
#define SMTPD_XCLIENT_H

#include "base/arena.h"
#include "smtpd/session.h"

#define XCLIENT_OFFER                                                          \
	"XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"

#define XCLIENT_NAME     (1u << 0)
#define XCLIENT_ADDR     (1u << 1)
#define XCLIENT_PORT     (1u << 2)
#define XCLIENT_PROTO    (1u << 3)
#define XCLIENT_HELO     (1u << 4)
#define XCLIENT_LOGIN    (1u << 5)
#define XCLIENT_DESTADDR (1u << 6)
#define XCLIENT_DESTPORT (1u << 7)

struct xclient {
	unsigned given; /* XCLIENT_* */
	enum host_class host_class;
	struct str name; /* of HOST_VERIFIED */
	struct ip client, local;
	uint16_t port;
	const char *proto; /* "": as the client speaks */
	struct str helo, login;
};

/* False: not what XCLIENT may say. Texts live in mem. */
bool xclient_parse(struct xclient *, struct str args, struct arena *mem);

/* The session as it was before it began, with a client of that kind. The
 * caller of the engine goes on with session_start (session.h). */
void xclient_apply(struct smtp_session *, const struct xclient *);

#endif

/*
 * smtpclient.h - one SMTP conversation of an admin tool, waiting for answers
 */
#ifndef ADMIN_SMTPCLIENT_H
#define ADMIN_SMTPCLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ip.h"
#include "smtp/reply.h"

#define SMTPCLIENT_MS 300000 /* RFC 5321 4.5.3.2: five minutes and more */

struct smtpclient {
	int fd;              /* -1: not connected */
	struct ip source;    /* to connect from; unset: the system's choice */
	int64_t patience_ms; /* for each reply */
	struct buf in;
	struct reply reply;
};

void smtpclient_init(struct smtpclient *);
void smtpclient_fini(struct smtpclient *);

/* "host:port", "[2001:db8::1]:port"; host may be a name. */
int smtpclient_connect(
    struct smtpclient *, const char *server, struct err *err);
/* Sends all of it. */
int smtpclient_send(struct smtpclient *, struct str bytes, struct err *err);
/* Reads one reply into c->reply. */
int smtpclient_read(struct smtpclient *, struct err *err);

#endif

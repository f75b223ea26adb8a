/*
 * talk.h - a captured conversation, said once more
 *
 * What a client said goes to the engine of smtpd, packet by packet, with the
 * time of the capture for a clock; beside each reply stands the one that was
 * captured. Where the two servers part, the bytes of the client say whom it
 * was listening to: content that was sent after a captured 354 is not taken
 * for commands because we would have refused it, and a DATA that was refused
 * then is not taken for one that has content. A request of QMQP goes to the
 * same engine, which has its parser (smtpd/qmqp.h). Runs in a cage.
 */
#ifndef TRACE_TALK_H
#define TRACE_TALK_H

#include "fact/facts.h"
#include "trace/given.h"
#include "trace/pcapfile.h"

enum talk_end {
	TALK_QUIT,
	TALK_LOST,   /* the client said no more */
	TALK_CLOSED, /* we would have closed it before that */
	TALK_GAP,    /* packets are missing */
	TALK_STARTTLS,
	TALK_ANSWERED, /* QMQP: that was the one answer */
	TALK_N
};

/* Where a conversation that is not whole was left. */
enum talk_place {
	TALK_BETWEEN, /* commands */
	TALK_COMMAND, /* in the middle of one, or of a request */
	TALK_CONTENT,
	TALK_PLACES
};

/* A fact that somebody must be asked for. */
#define REC_TALK_NEED(S, F, L) F(S, U8, id, FACT_N - 1) F(S, STR, key, 2000)
CODEC_STRUCT(talk_need, REC_TALK_NEED);

/* What was said; all printable. */
#define REC_TALK_STEP(S, F, L)                                                 \
	F(S, I64, time, 0)                                                     \
	F(S, STR, client, PCAP_BYTES_MAX) /* empty: the greeting */            \
	F(S, STR, ours, PCAP_BYTES_MAX)   /* empty: it was not asked */        \
	F(S, STR, theirs, PCAP_BYTES_MAX) /* empty: it is not known */
CODEC_STRUCT(talk_step, REC_TALK_STEP);

#define REC_TALK_RCPT(S, F, L)                                                 \
	F(S, STR, path, PCAP_BYTES_MAX)                                        \
	F(S, STR, params, PCAP_BYTES_MAX)
CODEC_STRUCT(talk_rcpt, REC_TALK_RCPT);

/* From MAIL to the end of it, as it was sent. */
#define REC_TALK_MAIL(S, F, L)                                                 \
	F(S, I64, time, 0)                                                     \
	F(S, STR, sender, PCAP_BYTES_MAX)                                      \
	L(S, talk_rcpt, rcpts, PCAP_LIST_MAX)                                  \
	F(S, STR, params, PCAP_BYTES_MAX) /* behind the address */             \
	F(S, U8, esmtp, 1)                                                     \
	F(S, U8, accepted, 1)              /* with its content */              \
	F(S, STR, content, PCAP_BYTES_MAX) /* in stored form */                \
	F(S, STR, reply, PCAP_BYTES_MAX)   /* our last */                      \
	F(S, IP, client, 0)                                                    \
	F(S, STR, helo, PCAP_BYTES_MAX)                                        \
	F(S, STR, host, PCAP_BYTES_MAX)                                        \
	F(S, U8, host_class, HOST_NOT_CONFIRMED)                               \
	F(S, STR, user, PCAP_BYTES_MAX)
CODEC_STRUCT(talk_mail, REC_TALK_MAIL);

#define REC_TALK_DONE(S, F, L)                                                 \
	F(S, U8, end, TALK_N - 1)                                              \
	F(S, U8, refused, 1) /* the connection */                              \
	F(S, U8, place, TALK_PLACES - 1)                                       \
	F(S, U64, left,                                                        \
	    0) /* captured bytes of the client that were not said */           \
	L(S, talk_need, needs, 10000)                                          \
	L(S, talk_step, steps, PCAP_LIST_MAX)                                  \
	L(S, talk_mail, mails, PCAP_LIST_MAX)
CODEC_STRUCT(talk_done, REC_TALK_DONE);

struct stats;

struct talk_input {
	struct config *config;
	const struct listener *listener;
	const struct pcap_talk *said;
	const struct facts *known; /* of this client */
	const struct trace_given *given;
	bool call_ahead;     /* the next hop is asked; else it knows all */
	struct stats *stats; /* of this conversation alone */
};

/* arg: a struct talk_input. Encodes a struct talk_done. With needs it is only
 * as right as it can be without them. */
void talk_run(void *arg, struct buf *out);

#endif

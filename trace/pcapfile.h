/*
 * pcapfile.h - the conversations in a file of captured packets
 *
 * libpcap and the packets are dealt with in a caged child (trace/cage.h); the
 * filter, which is the administrator's, is compiled before.
 */
#ifndef TRACE_PCAPFILE_H
#define TRACE_PCAPFILE_H

#include "base/codec.h"
#include "config/config.h"

#define PCAP_BYTES_MAX (1u << 30)
#define PCAP_LIST_MAX  100000000

enum pcap_kind {
	PCAP_SMTP,
	PCAP_QMQP,   /* by the listener that it is for */
	PCAP_TLS,    /* from its first byte on */
	PCAP_MIDDLE, /* its beginning is not there */
	PCAP_OTHER   /* no mail: nothing of it is kept */
};

/* The PROXY header that a listener wants of this address, and of no other. */
enum pcap_proxy {
	PCAP_NO_PROXY,
	PCAP_PROXY_GOOD,
	PCAP_PROXY_LOCAL,   /* of the balancer itself */
	PCAP_PROXY_BAD,     /* malformed, or there is none */
	PCAP_PROXY_LATE,    /* it did not come in time */
	PCAP_PROXY_PARTIAL, /* the connection ends, or a gap begins, in it */
	PCAP_PROXY_N
};

/* Of one direction: bytes that came in one packet, or a gap. */
#define REC_PCAP_PIECE(S, F, L)                                                \
	F(S, STR, bytes, PCAP_BYTES_MAX)                                       \
	F(S, U64, lost, 0)                                                     \
	F(S, U64, at, 0)                                                       \
	F(S, I64, time, 0)  /* microseconds */                                 \
	F(S, U64, heard, 0) /* of the other direction */
CODEC_STRUCT(pcap_piece, REC_PCAP_PIECE);

#define REC_PCAP_TALK(S, F, L)                                                 \
	F(S, U8, kind, PCAP_OTHER)                                             \
	F(S, IP, client, 0)                                                    \
	F(S, U16, client_port, 0)                                              \
	F(S, IP, server, 0)                                                    \
	F(S, U16, server_port, 0)                                              \
	F(S, U32, listener, 0) /* its index; how many: it is not there */      \
	F(S, U8, proxy, PCAP_PROXY_N - 1)                                      \
	F(S, U32, proxy_bytes, 0)                                              \
	F(S, IP, from, 0) /* the client, and where it thinks to be: those */   \
	F(S, U16, from_port, 0) /* above, or those of the header */            \
	F(S, IP, at, 0)                                                        \
	F(S, U16, at_port, 0)                                                  \
	F(S, I64, began, 0)                                                    \
	F(S, I64, ended, 0)                                                    \
	F(S, U64, up_bytes, 0) /* from the client */                           \
	F(S, U64, down_bytes, 0)                                               \
	F(S, U64, again, 0)     /* of both: sent twice, */                     \
	F(S, U64, differing, 0) /* and not the same */                         \
	F(S, U8, reset, 1)                                                     \
	L(S, pcap_piece, up, PCAP_LIST_MAX)                                    \
	L(S, pcap_piece, down, PCAP_LIST_MAX)
CODEC_STRUCT(pcap_talk, REC_PCAP_TALK);

#define REC_PCAP_FILE(S, F, L)                                                 \
	F(S, STR, error, 480)                                                  \
	F(S, STR, link, 100)                                                   \
	F(S, U64, packets, 0) /* that the filter let pass */                   \
	F(S, U64, other, 0)   /* not TCP */                                    \
	F(S, U64, fragments, 0)                                                \
	F(S, U64, bad, 0)                                                      \
	F(S, U8, cut, 1) /* the file ends in the middle of a packet */         \
	L(S, pcap_talk, talks, PCAP_LIST_MAX)
CODEC_STRUCT(pcap_file, REC_PCAP_FILE);

struct pcap_source {
	const char *name;     /* of the file; "-": standard input */
	const char *filter;   /* NULL: all packets */
	const char *listener; /* that all are for; "": by address and port */
};
/* Everything in out points into bytes and mem. -1: err. */
int pcap_file_read(struct pcap_file *out, const struct config *,
    const struct pcap_source *, struct buf *bytes, struct arena *mem,
    struct err *err);

#endif

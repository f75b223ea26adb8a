/*
 * streams.h - what was said on TCP connections, out of captured segments
 *
 * Segments are gathered in the order of the capture; then streams_finish()
 * sorts them by connection and puts each direction together. What was lost,
 * sent twice, overlaps or came in another order makes no difference to what
 * is said, as long as some packet has it: of two that have the same bytes the
 * one that was captured first counts, as it does for the receiver. What no
 * packet has is a gap: the other side's acknowledgments say that it was there.
 *
 * The packets are somebody else's: the work is O(n log n) in their number,
 * and the memory is limited when they are added.
 */
#ifndef PACKET_STREAMS_H
#define PACKET_STREAMS_H

#include "base/arena.h"
#include "packet/frame.h"

#define STREAMS_MEMORY_MAX ((size_t)2 << 30)

/* Bytes of one direction that one segment brought, or a gap. */
struct stream_piece {
	uint64_t at;      /* first byte; the stream begins with 0 */
	uint64_t n;       /* bytes */
	struct str bytes; /* p NULL: nobody has them, it is a gap */
	int64_t time;     /* when, in microseconds; of a gap: of what is next */
	uint64_t heard;   /* of the other direction its sender had, at most */
};

struct stream { /* one direction */
	struct endpoint from;
	bool begun;    /* its first packet (SYN) was captured */
	bool finished; /* it ends with FIN, */
	bool reset;    /* or RST */
	uint64_t segments;
	uint64_t bytes;     /* in pieces that are no gaps */
	uint64_t lost;      /* in gaps */
	uint64_t again;     /* sent twice or more */
	uint64_t differing; /* of them, those that were not the same */
	struct stream_piece *pieces;
	size_t n_pieces;
};

struct connection {
	struct stream client, server; /* the client is who said SYN */
	int64_t began, ended;         /* first and last segment */
};

struct streams {
	struct arena mem;
	struct streams_segment *v;
	size_t n, cap;
	size_t memory; /* that the segments take, and will take */
};

void streams_init(struct streams *);
void streams_fini(struct streams *); /* and with it all connections */
/* Copies it. time: microseconds. False: there are too many. */
bool streams_add(struct streams *, const struct segment *, int64_t time);

/* All connections, oldest first; once, after the last segment. Without a SYN
 * the server is who has the lower port. */
struct connection *streams_finish(struct streams *, size_t *n);

#endif

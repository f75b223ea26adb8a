/*
 * content.h - the bytes of a message on their way to the server
 *
 * A message stands in its queue file as it goes on the wire, so it is handed
 * on without being looked at. What is small is read into the buffer of the
 * session and leaves together with the dot and the commands of the next
 * transaction. What is larger passes through one buffer that all sessions
 * of the process share, so that no message is ever in memory as a whole, and
 * a session that waits for a slow server holds nothing.
 *
 * Why not sendfile(2): measured with 1 MB messages over loopback, sending by
 * sendfile costs 249 us of CPU a message at our end and 210 at the other,
 * read and send in pieces of 64 KiB 224 and 132, in pieces of 256 KiB 199
 * and 80; up to 256 KB all are alike. And TLS needs the bytes in memory.
 */
#ifndef SMTP_CONTENT_H
#define SMTP_CONTENT_H

#include "base/buf.h"
#include "base/err.h"

/* Up to here one copy costs less than the system calls it saves. */
#define CONTENT_SMALL 65536

struct content {
	int fd;           /* not ours */
	struct str given; /* the content itself, when it came with the job */
	off_t at;
	uint64_t left; /* bytes still to be sent; 0: nothing under way */
	uint64_t sent; /* bytes content_send has ever sent */
	size_t piece;  /* size of the next piece: as much as may be taken */
};

void content_begin(struct content *, int fd, uint64_t off, uint64_t len);
/* Of a small message that came with its job; must outlive the sending. */
void content_begin_given(struct content *, struct str given);

/* Reads the whole content into out if it is small, else does nothing. -1: it
 * cannot be read, or is not all there. */
int content_load(struct content *, struct buf *out, struct err *err);

enum content_end {
	CONTENT_SENT,       /* *n bytes went */
	CONTENT_WAIT,       /* the socket takes no more now */
	CONTENT_UNREADABLE, /* the file fails us; err */
	CONTENT_REFUSED     /* the socket does; err.sys */
};
enum content_end content_send(
    struct content *, int sock, size_t *n, struct err *err);

/* The next piece, for who must change it on its way; good until the next
 * call of this or content_send. -1: as CONTENT_UNREADABLE. */
int content_piece(struct content *, struct str *piece, struct err *err);

#endif

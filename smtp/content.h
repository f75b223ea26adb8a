/*
 * content.h - the bytes of a message on their way to the server
 *
 * A message stands in its queue file as it goes on the wire, so it is handed
 * on without being looked at. What is small is read into the buffer of the
 * session and leaves together with the dot and the commands of the next
 * transaction; what is larger goes from the page cache to the socket by
 * sendfile(2), so that no message is ever in memory as a whole.
 *
 * Measured on loopback with 1 MB messages: CPU_FIGURES
 */
#ifndef SMTP_CONTENT_H
#define SMTP_CONTENT_H

#include "base/buf.h"
#include "base/err.h"

/* Up to here one copy costs less than the system calls it saves. */
#define CONTENT_SMALL 65536

struct content {
	int fd; /* not ours */
	off_t at;
	uint64_t left; /* bytes still to be sent; 0: nothing under way */
	uint64_t sent; /* bytes content_send has ever sent */
};

void content_begin(struct content *, int fd, uint64_t off, uint64_t len);

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

#endif

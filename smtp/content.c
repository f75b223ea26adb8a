/* content.c - the bytes of a message on their way to the server */
#include <errno.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "smtp/content.h"

#define SEND_MAX (256 * 1024) /* in one call, for fairness */

void
content_begin(struct content *c, int fd, uint64_t off, uint64_t len)
{
	c->fd = fd;
	c->at = (off_t)off;
	c->left = len;
}

int
content_load(struct content *c, struct buf *out, struct err *err)
{
	ssize_t n;
	char *to;

	if (c->left > CONTENT_SMALL)
		return 0;
	to = buf_room(out, c->left);
	while (c->left > 0) {
		n = pread(c->fd, to, c->left, c->at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(err, ERR_TEMP, "read the message");
		if (n == 0)
			return err_set(err, ERR_TEMP,
			    "the message is shorter than it should be");
		buf_grew(out, (size_t)n);
		to += n;
		c->at += n;
		c->left -= (size_t)n;
	}
	return 0;
}

enum content_end
content_send(struct content *c, int sock, size_t *n, struct err *err)
{
	ssize_t got = sendfile(
	    sock, c->fd, &c->at, c->left < SEND_MAX ? c->left : SEND_MAX);

	if (got > 0) {
		*n = (size_t)got;
		c->left -= *n;
		c->sent += *n;
		return CONTENT_SENT;
	}
	if (got == 0) {
		err_set(
		    err, ERR_TEMP, "the message is shorter than it should be");
		return CONTENT_UNREADABLE;
	}
	if (errno == EAGAIN || errno == EINTR)
		return CONTENT_WAIT;
	err_sys(err, ERR_TEMP, "send the message");
	return errno == EIO || errno == EINVAL || errno == EBADF
		   ? CONTENT_UNREADABLE
		   : CONTENT_REFUSED;
}

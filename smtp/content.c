/* content.c - the bytes of a message on their way to the server */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "smtp/content.h"

#define PIECE_MIN 16384
#define PIECE_MAX (256 * 1024)

static ssize_t read_some(struct content *, char *to, size_t n, struct err *);

void
content_begin(struct content *c, int fd, uint64_t off, uint64_t len)
{
	c->fd = fd;
	c->given = STR("");
	c->at = (off_t)off;
	c->left = len;
	c->piece = PIECE_MAX;
}

void
content_begin_given(struct content *c, struct str given)
{
	content_begin(c, -1, 0, given.n);
	c->given = given;
}

int
content_load(struct content *c, struct buf *out, struct err *err)
{
	if (c->left > CONTENT_SMALL)
		return 0;
	if (c->given.n > 0) {
		buf_add_str(out, c->given);
		c->left = 0;
	}
	while (c->left > 0) {
		ssize_t n = read_some(c, buf_room(out, c->left), c->left, err);

		if (n == -1)
			return -1;
		buf_grew(out, (size_t)n);
		c->at += n;
		c->left -= (size_t)n;
	}
	return 0;
}

/*
 * What the socket does not take is read again next time, so a piece is not
 * much larger than what was taken last.
 */
enum content_end
content_send(struct content *c, int sock, size_t *n, struct err *err)
{
	static char piece[PIECE_MAX];
	size_t want = c->left < c->piece ? c->left : c->piece;
	ssize_t got = read_some(c, piece, want, err), took;

	if (got == -1)
		return CONTENT_UNREADABLE;
	took = send(sock, piece, (size_t)got, MSG_NOSIGNAL);
	if (took == -1 && (errno == EAGAIN || errno == EINTR))
		return CONTENT_WAIT;
	if (took == -1) {
		err_sys(err, ERR_TEMP, "send");
		return CONTENT_REFUSED;
	}
	*n = (size_t)took;
	c->at += took;
	c->left -= *n;
	c->sent += *n;
	c->piece = *n * 2;
	if (c->piece < PIECE_MIN)
		c->piece = PIECE_MIN;
	if (c->piece > PIECE_MAX)
		c->piece = PIECE_MAX;
	return CONTENT_SENT;
}

int
content_piece(struct content *c, struct str *piece, struct err *err)
{
	static char room[CONTENT_SMALL];
	size_t want = c->left < sizeof(room) ? c->left : sizeof(room);
	ssize_t got = read_some(c, room, want, err);

	if (got == -1)
		return -1;
	*piece = (struct str){ room, (size_t)got };
	c->at += got;
	c->left -= (size_t)got;
	c->sent += (size_t)got;
	return 0;
}

static ssize_t
read_some(struct content *c, char *to, size_t n, struct err *err)
{
	ssize_t got;

	do
		got = pread(c->fd, to, n, c->at);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		return err_sys(err, ERR_TEMP, "read the message");
	if (got == 0 && n > 0)
		return err_set(
		    err, ERR_TEMP, "the message is shorter than it should be");
	return got;
}

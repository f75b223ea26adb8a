/* smtpclient.c - one SMTP conversation of an admin tool */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/smtpclient.h"
#include "base/bounds.h"
#include "base/clock.h"

#define READ_SIZE  16384
#define CONNECT_MS 30000

static int split(const char *server, char *host, size_t size, const char **port,
    struct err *err);
static int connect_one(
    const struct smtpclient *, const struct addrinfo *, struct err *err);
static int wait_for(int fd, short what, int64_t until, struct err *err);

void
smtpclient_init(struct smtpclient *c)
{
	*c = (struct smtpclient){ .fd = -1, .patience_ms = SMTPCLIENT_MS };
	buf_init(&c->in, SMTP_REPLY_MAX + 2 * READ_SIZE);
	reply_init(&c->reply);
}

void
smtpclient_fini(struct smtpclient *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	buf_fini(&c->in);
	reply_fini(&c->reply);
}

int
smtpclient_connect(struct smtpclient *c, const char *server, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *a;
	char host[DOMAIN_MAX + 1];
	const char *port;
	int rc;

	if (split(server, host, sizeof(host), &port, err) == -1)
		return -1;
	rc = getaddrinfo(host, port, &hints, &list);
	if (rc != 0)
		return err_set(
		    err, ERR_TEMP, "%s: %s", server, gai_strerror(rc));
	for (a = list; a != NULL && c->fd == -1; a = a->ai_next)
		c->fd = connect_one(c, a, err);
	freeaddrinfo(list);
	return c->fd != -1 ? 0 : err_in(err, "%s", server);
}

int
smtpclient_send(struct smtpclient *c, struct str bytes, struct err *err)
{
	int64_t until = clock_mono_ms() + c->patience_ms;

	while (bytes.n != 0) {
		ssize_t n = send(c->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n >= 0) {
			bytes = str_sub(bytes, (size_t)n, bytes.n);
		} else if (errno == EAGAIN) {
			if (wait_for(c->fd, POLLOUT, until, err) == -1)
				return -1;
		} else if (errno != EINTR) {
			return err_sys(err, ERR_TEMP, "send");
		}
	}
	return 0;
}

int
smtpclient_read(struct smtpclient *c, struct err *err)
{
	int64_t until = clock_mono_ms() + c->patience_ms;

	reply_begin(&c->reply);
	for (;;) {
		struct str in = buf_str(&c->in);
		enum reply_end end = reply_feed(&c->reply, &in);
		ssize_t n;
		char *to;

		buf_consume(&c->in, c->in.len - in.n);
		if (end == REPLY_DONE)
			return 0;
		if (end == REPLY_BAD)
			return err_set(
			    err, ERR_PROTO, "the answer is not SMTP");
		to = buf_room(&c->in, READ_SIZE);
		if (to == NULL)
			return err_set(err, ERR_PROTO, "the reply is too long");
		n = recv(c->fd, to, READ_SIZE, 0);
		if (n > 0)
			buf_grew(&c->in, (size_t)n);
		else if (n == 0)
			return err_set(
			    err, ERR_TEMP, "the server closed the connection");
		else if (errno == EAGAIN) {
			if (wait_for(c->fd, POLLIN, until, err) == -1)
				return -1;
		} else if (errno != EINTR)
			return err_sys(err, ERR_TEMP, "receive");
	}
}

/* The port follows the last colon; without brackets there is only one. */
static int
split(const char *server, char *host, size_t size, const char **port,
    struct err *err)
{
	struct str s = str_of(server), name;
	const char *colon = strrchr(server, ':');
	const char *bracket = strrchr(server, ']');

	*port = "25";
	if (colon != NULL && (bracket == NULL || colon > bracket) &&
	    (bracket != NULL || strchr(server, ':') == colon)) {
		*port = colon + 1;
		s.n = (size_t)(colon - server);
	}
	name = s;
	if (bracket != NULL) {
		if (s.p[0] != '[' || s.p + s.n != bracket + 1)
			return err_set(
			    err, ERR_USAGE, "%s is not HOST:PORT", server);
		name = str_sub(s, 1, s.n - 2);
	}
	if (name.n == 0 || **port == '\0' || !str_copy(host, size, name))
		return err_set(err, ERR_USAGE, "%s is not HOST:PORT", server);
	return 0;
}

static int
connect_one(
    const struct smtpclient *c, const struct addrinfo *a, struct err *err)
{
	struct endpoint source = { c->source, 0 };
	struct sockaddr_storage from;
	socklen_t from_len = ip_to_sockaddr(&source, &from);
	int fd =
	    socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(int);
	int why = 0;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "socket");
	if (!ip_is_unset(&c->source) &&
	    bind(fd, (struct sockaddr *)&from, from_len) == -1) {
		err_sys(err, ERR_TEMP, "bind");
		close(fd);
		return -1;
	}
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return fd;
	if (errno == EINPROGRESS &&
	    wait_for(fd, POLLOUT, clock_mono_ms() + CONNECT_MS, err) == 0) {
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len);
		if (why == 0)
			return fd;
		errno = why;
	}
	err_sys(err, ERR_TEMP, "connect");
	close(fd);
	return -1;
}

static int
wait_for(int fd, short what, int64_t until, struct err *err)
{
	struct pollfd p = { fd, what, 0 };
	int64_t left;
	int n;

	do {
		left = until - clock_mono_ms();
		n = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (n == -1 && errno == EINTR);
	if (n == 0) {
		errno = ETIMEDOUT;
		return err_set(err, ERR_TEMP, "no answer in time");
	}
	return n == -1 ? err_sys(err, ERR_TEMP, "poll") : 0;
}

/* recorder_http.c - the endpoint that Prometheus asks */
#include "master/recorder_http.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "master/recorder_metrics.h"

#define REQUEST_MAX 4096
#define CLIENTS_MAX 16
#define CLIENT_MS   5000

struct client {
	struct recorder_http *http;
	struct client *next, **prev;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *timer;
	struct buf in, out;
	size_t sent;
};

struct recorder_http {
	struct loop *loop;
	int fd;
	struct loop_watch *watch;
	void (*make)(void *arg, struct buf *);
	void *arg;
	struct client *clients;
	size_t n_clients;
};

static void accept_one(void *arg, int ready);
static void client_ready(void *arg, int ready);
static void client_late(void *arg);
static void client_free(struct client *);
static bool read_request(struct client *, unsigned *status);
static void make_answer(struct client *, unsigned status);
static bool write_answer(struct client *);

static const struct {
	unsigned status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
};

struct recorder_http *
recorder_http_open(
    struct loop *loop, int fd, void (*make)(void *arg, struct buf *), void *arg)
{
	struct recorder_http *h = mem_alloc(sizeof(*h));

	h->loop = loop;
	h->fd = fd;
	h->make = make;
	h->arg = arg;
	h->watch = loop_watch(loop, fd, LOOP_READ, accept_one, h);
	return h;
}

void
recorder_http_close(struct recorder_http **hp)
{
	struct recorder_http *h = *hp;

	if (h == NULL)
		return;
	while (h->clients != NULL)
		client_free(h->clients);
	loop_unwatch(&h->watch);
	close(h->fd);
	free(h);
	*hp = NULL;
}

unsigned
recorder_http_status(struct str request)
{
	struct str rest = request, line, method, path;
	bool whole = false;

	for (size_t i = 3; i < request.n && !whole; i++)
		whole = str_eq(str_sub(request, i - 3, 4), STR("\r\n\r\n"));
	if (!whole)
		return request.n < REQUEST_MAX ? 0 : 400;
	line = str_cut(&rest, '\r');
	method = str_cut(&line, ' ');
	path = str_cut(&line, ' ');
	if (!str_is(line, "HTTP/1.0") && !str_is(line, "HTTP/1.1"))
		return 400;
	path = str_cut(&path, '?');
	if (!str_is(path, "/metrics"))
		return 404;
	return str_is(method, "GET") ? 200 : 405;
}

static void
accept_one(void *arg, int ready)
{
	struct recorder_http *h = arg;
	struct client *c;
	int fd = accept4(h->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)ready;
	if (fd == -1)
		return;
	if (h->n_clients >= CLIENTS_MAX) {
		close(fd);
		return;
	}
	c = mem_alloc(sizeof(*c));
	c->http = h;
	c->fd = fd;
	buf_init(&c->in, REQUEST_MAX);
	buf_init(&c->out, RECORDER_METRICS_MAX + 1024);
	c->watch = loop_watch(h->loop, fd, LOOP_READ, client_ready, c);
	c->timer = loop_timer(h->loop, client_late, c);
	loop_timer_in(c->timer, CLIENT_MS);
	c->next = h->clients;
	c->prev = &h->clients;
	if (c->next != NULL)
		c->next->prev = &c->next;
	h->clients = c;
	h->n_clients++;
}

static void
client_ready(void *arg, int ready)
{
	struct client *c = arg;
	unsigned status = 0;

	(void)ready;
	if (c->out.len == 0) {
		if (!read_request(c, &status)) {
			client_free(c);
			return;
		}
		if (status == 0)
			return;
		make_answer(c, status);
		loop_want(c->watch, LOOP_WRITE);
	}
	if (!write_answer(c))
		client_free(c);
}

static void
client_late(void *arg)
{
	client_free(arg);
}

static void
client_free(struct client *c)
{
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->http->n_clients--;
	loop_unwatch(&c->watch);
	loop_timer_free(&c->timer);
	close(c->fd);
	buf_fini(&c->in);
	buf_fini(&c->out);
	free(c);
}

/* False: the client is gone. */
static bool
read_request(struct client *c, unsigned *status)
{
	char piece[REQUEST_MAX];
	ssize_t n = recv(c->fd, piece, REQUEST_MAX - c->in.len, 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	buf_add(&c->in, piece, (size_t)n);
	*status = recorder_http_status(buf_str(&c->in));
	return true;
}

static void
make_answer(struct client *c, unsigned status)
{
	struct buf text;
	size_t i = 0;

	if (status == 200)
		c->http->make(c->http->arg, &text);
	else
		buf_init(&text, 1);
	while (reasons[i].status != status)
		i++;
	buf_printf(&c->out,
	    "HTTP/1.1 %u %s\r\n"
	    "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n",
	    status, reasons[i].reason, text.len);
	buf_add_str(&c->out, buf_str(&text));
	buf_fini(&text);
}

/* False: all is sent, or cannot be. */
static bool
write_answer(struct client *c)
{
	struct str rest = str_sub(buf_str(&c->out), c->sent, c->out.len);
	ssize_t n = send(c->fd, rest.p, rest.n, MSG_NOSIGNAL);

	if (n == -1)
		return errno == EAGAIN || errno == EINTR;
	c->sent += (size_t)n;
	return c->sent < c->out.len;
}

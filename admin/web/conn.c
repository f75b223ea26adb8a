/*
 * conn.c - one connection: TLS, reading, writing, time-outs
 *
 *	handshake <-> key -> reading -> a request is worked on -> answering
 *	                        ^                                     |
 *	                        +---------------- kept open ----------+
 *
 * While a request is worked on nothing is read. Every way in ends with
 * settle(), which is the last touch of the connection. Each state has a time
 * in which it must end as a whole, so who sends a byte now and then gains
 * nothing (threats ADM-09); who takes a file must go on taking it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/web/request.h"
#include "base/mem.h"

#define READ_MAX      16384
#define PLAIN_MAX     (HTTP_HEAD_MAX + HTTP_BODY_MAX + 2 * READ_MAX)
#define OUT_MAX       (64u << 20) /* a page, sealed */
#define OUT_ROOM      65536       /* unsent; then no other request */
#define PIECE         65536       /* of a file */
#define HANDSHAKE_MAX 65536
#define HANDSHAKE_MS  10000
#define IDLE_MS       30000 /* between two requests */
#define REQUEST_MS    20000 /* from its first byte to its last */
#define WORK_MS       90000 /* programs are asked and answer */
#define WRITE_MS      60000 /* without the client taking anything */

struct conn {
	struct loop_deadline deadline; /* first: see expired() */
	struct web *web;
	struct conn *next, **prev;
	struct ip client;
	int fd;
	struct loop_watch *watch;
	struct tls_conn *tls;
	struct buf in;    /* sealed, not opened yet */
	struct buf plain; /* opened, no whole request yet, or one */
	struct buf out;   /* sealed, not sent yet */
	uint32_t key;     /* at keyd; 0: none */
	size_t fed;       /* during the handshake */
	bool up, broken, ending, closed;
	bool running;                   /* request_run is on the stack */
	struct request *request;        /* that is worked on */
	size_t used;                    /* bytes of it in plain */
	struct piece pieces[FILES_MAX]; /* that are being sent */
	size_t piece, n_pieces;
};

static char read_buf[READ_MAX];

static void expired(struct loop_deadline *);
static void ready(void *arg, int what);
static void settle(struct conn *);
static void make_room(struct web *);
static void receive(struct conn *);
static void shake_hands(struct conn *);
static void open_records(struct conn *);
static void take_request(struct conn *);
static bool has_room(const struct conn *);
static void refuse(struct conn *, unsigned status);
static void done(struct conn *);
static void seal(struct conn *, struct str);
static bool sends_file(const struct conn *);
static void feed_file(struct conn *);
static void send_some(struct conn *);
static void wait_for(struct conn *);
static bool is_quiet(const struct conn *);

void
conn_setup(struct web *w)
{
	w->wheel = loop_wheel(w->daemon->loop, expired);
	w->fd = -1;
}

void
conn_new(struct web *w, int fd, const struct ip *client)
{
	struct tls_server *server = keys_server(w);
	struct conn *c;
	size_t same = 0;

	for (c = w->conns; c != NULL; c = c->next)
		same += ip_same_site(&c->client, client);
	if (server == NULL || same >= CONNS_PER_CLIENT) {
		close(fd);
		return;
	}
	if (w->n_conns >= CONNS_MAX)
		make_room(w);
	c = mem_alloc(sizeof(*c));
	*c = (struct conn){ .web = w, .fd = fd, .client = *client };
	c->tls = tls_conn_new(server, TLS_VERIFY_NO);
	buf_init(&c->in, 2 * READ_MAX);
	buf_init(&c->plain, PLAIN_MAX);
	buf_init(&c->out, OUT_MAX);
	c->next = w->conns;
	if (c->next != NULL)
		c->next->prev = &c->next;
	c->prev = &w->conns;
	w->conns = c;
	w->n_conns++;
	c->watch = loop_watch(w->daemon->loop, fd, LOOP_READ, ready, c);
	loop_deadline_in(w->wheel, &c->deadline, HANDSHAKE_MS);
}

void
conn_signed(struct conn *c, struct str signature)
{
	c->key = 0;
	tls_conn_signed(c->tls, signature);
	settle(c);
}

void
conn_answer(struct conn *c, struct str head, struct str body)
{
	seal(c, head);
	seal(c, body);
	done(c);
}

void
conn_answer_files(
    struct conn *c, struct str head, const struct piece *pieces, size_t n)
{
	seal(c, head);
	memcpy(c->pieces, pieces, n * sizeof(*pieces));
	c->n_pieces = n;
	c->piece = 0;
	done(c);
}

void
conn_free(struct conn *c)
{
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->web->n_conns--;
	if (c->request != NULL)
		request_cancel(&c->request);
	if (c->key != 0)
		map_remove_u64(&c->web->signing, c->key);
	loop_deadline_stop(&c->deadline);
	loop_unwatch(&c->watch);
	tls_conn_free(&c->tls);
	close(c->fd);
	while (c->piece < c->n_pieces)
		close(c->pieces[c->piece++].fd);
	if (c->plain.len > 0) /* passphrases come this way */
		explicit_bzero(c->plain.data, c->plain.len);
	buf_fini(&c->in);
	buf_fini(&c->plain);
	buf_fini(&c->out);
	free(c);
}

void
conn_end_all(struct web *w)
{
	for (struct conn *c = w->conns, *next; c != NULL; c = next) {
		next = c->next;
		c->ending = true;
		if (is_quiet(c))
			conn_free(c);
	}
}

/* Whose time would be over first goes, so that a crowd that only holds its
 * connections locks nobody out. */
static void
make_room(struct web *w)
{
	struct conn *first = w->conns;

	for (struct conn *c = w->conns; c != NULL; c = c->next)
		if (c->deadline.at < first->deadline.at)
			first = c;
	conn_free(first);
}

static void
expired(struct loop_deadline *d)
{
	conn_free((struct conn *)d);
}

static void
ready(void *arg, int what)
{
	struct conn *c = arg;

	if (what & LOOP_READ)
		receive(c);
	settle(c);
}

static void
settle(struct conn *c)
{
	size_t held;
	bool full;

	do {
		held = c->in.len + c->plain.len;
		if (!c->broken && !c->up)
			shake_hands(c);
		if (!c->broken && c->up)
			open_records(c);
		if (!c->broken && c->up)
			take_request(c);
		full = !has_room(c);
		feed_file(c);
		send_some(c);
		/* what waits in plain has no event of its own */
	} while (!c->broken &&
		 (c->in.len + c->plain.len < held || (full && has_room(c))));
	if (c->broken || (c->ending && is_quiet(c)))
		conn_free(c);
	else
		wait_for(c);
}

/* --- input --- */

static void
receive(struct conn *c)
{
	ssize_t n = recv(c->fd, read_buf, READ_MAX, 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 ||
	    !buf_add(&c->in, read_buf, (size_t)n)) /* it is ended, or must be */
		c->broken = true;
}

static void
shake_hands(struct conn *c)
{
	struct str in = buf_str(&c->in);
	size_t before = in.n;
	enum tls_result r;
	struct sign what;

	if (c->key != 0)
		return;
	r = tls_handshake(c->tls, &in, &c->out);
	c->fed += before - in.n;
	buf_consume(&c->in, before - in.n);
	if (r == TLS_WANT_KEY) {
		tls_conn_request(c->tls, &what);
		c->key = keys_sign(c->web, c, &what);
		c->broken = c->key == 0;
	} else if (r == TLS_OK) {
		c->up = true;
		loop_deadline_in(c->web->wheel, &c->deadline, REQUEST_MS);
	} else if (r != TLS_WANT_READ || c->fed > HANDSHAKE_MAX) {
		send_some(c); /* the alert */
		c->broken = true;
	}
}

static void
open_records(struct conn *c)
{
	enum tls_result r = TLS_OK;
	size_t n;

	while (r == TLS_OK && c->request == NULL &&
	       c->plain.len + READ_MAX < c->plain.max) {
		struct str in = buf_str(&c->in);
		size_t before = in.n;

		r = tls_read(
		    c->tls, &in, read_buf, sizeof(read_buf), &n, &c->out);
		buf_consume(&c->in, before - in.n);
		if (r == TLS_OK) {
			if (c->plain.len == 0)
				loop_deadline_in(
				    c->web->wheel, &c->deadline, REQUEST_MS);
			buf_add(&c->plain, read_buf, n);
		} else if (r != TLS_WANT_READ) {
			c->broken = true;
		}
	}
	explicit_bzero(read_buf, sizeof(read_buf));
}

/* One at a time, the next when this one is answered. */
static void
take_request(struct conn *c)
{
	enum http_state state = HTTP_WHOLE;
	struct http_request r;

	while (state == HTTP_WHOLE && !c->broken && !c->ending &&
	       c->request == NULL && has_room(c)) {
		state = http_parse(buf_str(&c->plain), &r);
		if (state == HTTP_BAD)
			refuse(c, r.status);
		if (state != HTTP_WHOLE)
			return;
		c->used = r.size;
		c->ending = r.close;
		loop_deadline_in(c->web->wheel, &c->deadline, WORK_MS);
		c->request = request_new(c->web, c, &c->client, &r);
		c->running = true;
		request_run(c->request);
		c->running = false;
	}
}

/* For the answer to another request. */
static bool
has_room(const struct conn *c)
{
	return !sends_file(c) && c->out.len < OUT_ROOM;
}

static void
refuse(struct conn *c, unsigned status)
{
	char text[160];

	snprintf(text, sizeof(text),
	    "HTTP/1.1 %u %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
	    status, http_reason(status));
	seal(c, str_of(text));
	c->ending = true;
	loop_deadline_in(c->web->wheel, &c->deadline, WRITE_MS);
}

/* --- output --- */

/* The request is answered, be it from within request_run or later. */
static void
done(struct conn *c)
{
	c->request = NULL;
	explicit_bzero(c->plain.data, c->used);
	buf_consume(&c->plain, c->used);
	c->used = 0;
	loop_deadline_in(c->web->wheel, &c->deadline, WRITE_MS);
	if (!c->running)
		settle(c);
}

static void
seal(struct conn *c, struct str text)
{
	if (text.n > 0 && !tls_write(c->tls, text, &c->out))
		c->broken = true;
}

static bool
sends_file(const struct conn *c)
{
	return c->piece < c->n_pieces;
}

static void
feed_file(struct conn *c)
{
	static char bytes[PIECE];

	while (!c->broken && sends_file(c) && c->out.len < PIECE) {
		struct piece *p = &c->pieces[c->piece];
		size_t want = p->size < PIECE ? (size_t)p->size : PIECE;
		ssize_t n = want > 0 ? read(p->fd, bytes, want) : 0;

		if (n == -1 && errno == EINTR)
			continue;
		if (n < 0 || (n == 0 && want > 0)) {
			c->broken = true; /* less than was said */
			return;
		}
		seal(c, (struct str){ bytes, (size_t)n });
		p->size -= (uint64_t)n;
		if (p->size == 0) {
			close(p->fd);
			c->piece++;
		}
	}
}

static void
send_some(struct conn *c)
{
	ssize_t n;

	if (c->out.failed)
		c->broken = true;
	while (!c->out.failed && c->out.len > 0) {
		n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
		if (n == -1) {
			c->broken |= errno != EAGAIN && errno != EINTR;
			return;
		}
		buf_consume(&c->out, (size_t)n);
		if (c->up && c->request == NULL && c->plain.len == 0)
			loop_deadline_in(c->web->wheel, &c->deadline,
			    c->out.len > 0 || sends_file(c) ? WRITE_MS
							    : IDLE_MS);
	}
	if (c->out.failed)
		return;
	buf_release(&c->out);
	if (c->ending && c->up && !c->closed && is_quiet(c)) {
		c->closed = true;
		tls_close(c->tls, &c->out);
		send_some(c);
	}
}

static void
wait_for(struct conn *c)
{
	int want = 0;

	if (c->request == NULL && c->key == 0 && !sends_file(c) && !c->ending &&
	    c->in.len < READ_MAX)
		want |= LOOP_READ;
	/* of a file more can go, though all that was read of it has gone */
	if (c->out.len > 0 || sends_file(c))
		want |= LOOP_WRITE;
	loop_want(c->watch, want);
}

/* Nothing is left to be said. */
static bool
is_quiet(const struct conn *c)
{
	return c->request == NULL && c->out.len == 0 && !sends_file(c) &&
	       c->key == 0;
}

/* scan.c - a message to a scanner, its answer back */
#include "lookup/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/alert.h"

#define CHUNK    65536
#define OUT_MAX  (4 * CHUNK)
#define HEAD_MAX (1u << 20)
#define WHY_MAX  200

struct rest {              /* of one kind of scanner */
	unsigned failures; /* in a row */
	int64_t until;     /* monotonic ms: nobody is asked before */
	int64_t contact;   /* wall ms: it answered */
};

struct scans {
	struct loop *loop;
	struct lookups *lookups;
	struct scanning *first;
	size_t n;
	struct rest rest[2]; /* by enum scan_kind */
	int64_t used[2];     /* us of processor time, likewise */
};

struct scanning {
	struct scans *all;
	struct scanning *next, **prev;
	struct config *config; /* a reference */
	const struct scanner *scanner;
	const struct engine *engine;
	enum engine_question question;
	struct arena mem; /* of `what`, and of the answer */
	struct scan_msg what;
	int message; /* its descriptor */
	scan_finished done;
	void *arg;
	size_t server; /* that is being asked */
	struct lookup *lookup;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *limit;
	struct loop_job end;
	bool connected, sent, over;
	uint64_t from; /* bytes of the message that are in out */
	struct buf out, in;
	int64_t began;
	struct scanned result;
	char why[WHY_MAX]; /* what went wrong last */
};

static struct scanning *scanning_new(struct scans *, struct config *,
    const struct scan_msg *, enum engine_question);
static void begin(struct scanning *);
static void next_server(struct scanning *);
static void on_address(void *arg, const struct answer *);
static void dial(struct scanning *, const struct ip *);
static void on_ready(void *arg, int ready);
static void go_on(struct scanning *, int ready);
static void fill(struct scanning *);
static void put_chunk(struct scanning *, const char *p, size_t n);
static void put_end(struct scanning *);
static void send_out(struct scanning *);
static void receive(struct scanning *);
static void try_answer(struct scanning *, bool eof);
static void failed(struct scanning *, const char *why);
static void hang_up(struct scanning *);
static void on_limit(void *arg);
static void finish(struct scanning *);
static void on_end(void *arg);
static void count(struct scanning *);
static void free_scanning(struct scanning *);

struct scans *
scans_new(struct loop *loop, struct lookups *lookups)
{
	struct scans *s = mem_alloc(sizeof(*s));

	s->loop = loop;
	s->lookups = lookups;
	return s;
}

void
scans_free(struct scans **sp)
{
	while ((*sp)->first != NULL)
		free_scanning((*sp)->first);
	free(*sp);
	*sp = NULL;
}

struct scanning *
scan_start(struct scans *all, struct config *config,
    const struct scan_msg *what, int fd, scan_finished done, void *arg)
{
	struct scanning *s = scanning_new(all, config, what, ENGINE_SCAN);
	const struct word *from = what->rcpts.v;
	struct word *rcpts;

	s->message = fd;
	s->done = done;
	s->arg = arg;
	s->what = *what;
	s->what.helo = arena_str(&s->mem, what->helo);
	s->what.host = arena_str(&s->mem, what->host);
	s->what.user = arena_str(&s->mem, what->user);
	s->what.sender = arena_str(&s->mem, what->sender);
	rcpts = arena_array(&s->mem, what->rcpts.n, sizeof(*rcpts));
	for (size_t i = 0; i < what->rcpts.n; i++)
		rcpts[i].text = arena_str(&s->mem, from[i].text);
	s->what.rcpts.v = rcpts;
	if (s->engine != NULL && all->rest[what->kind].until > s->began)
		snprintf(s->why, sizeof(s->why), "it failed before");
	begin(s);
	return s;
}

struct scanning *
scan_ask(struct scans *all, struct config *config, enum scan_kind kind,
    enum engine_question question, scan_finished done, void *arg)
{
	const struct scan_msg nothing = { .kind = (uint8_t)kind };
	struct scanning *s = scanning_new(all, config, &nothing, question);

	s->done = done;
	s->arg = arg;
	begin(s);
	return s;
}

int64_t
scan_contact(const struct scans *all, enum scan_kind kind)
{
	return all->rest[kind].contact;
}

int64_t
scan_used(struct scans *all, enum scan_kind kind)
{
	int64_t us = all->used[kind];

	all->used[kind] = 0;
	return us;
}

void
scan_stop(struct scanning **sp)
{
	struct scanning *s = *sp;

	*sp = NULL;
	if (s != NULL)
		free_scanning(s);
}

static struct scanning *
scanning_new(struct scans *all, struct config *config,
    const struct scan_msg *what, enum engine_question question)
{
	const struct work_config *c = &config->work;
	struct scanning *s = mem_alloc(sizeof(*s));

	arena_init(&s->mem, 8u << 20);
	s->all = all;
	s->config = config_ref(config);
	s->scanner = what->kind == SCAN_SPAM ? &c->spam : &c->virus;
	s->question = question;
	s->engine =
	    engine_asked((enum scan_kind)what->kind, s->scanner, question);
	s->what.kind = what->kind;
	s->message = s->fd = -1;
	s->end = (struct loop_job){ .cb = on_end, .arg = s };
	s->began = loop_now(all->loop);
	buf_init(&s->out, OUT_MAX + HEAD_MAX);
	buf_init(&s->in, ENGINE_ANSWER_MAX);
	s->next = all->first;
	if (s->next != NULL)
		s->next->prev = &s->next;
	s->prev = &all->first;
	all->first = s;
	s->limit = loop_timer(all->loop, on_limit, s);
	loop_timer_in(s->limit, (int64_t)s->scanner->timeout * 1000);
	all->n++;
	return s;
}

static void
begin(struct scanning *s)
{
	if (s->engine == NULL)
		snprintf(s->why, sizeof(s->why), "no scanner is configured");
	else if (s->all->n > SCANS_MAX)
		snprintf(s->why, sizeof(s->why), "busy");
	else if (s->why[0] == '\0')
		next_server(s);
	if (s->why[0] != '\0' && s->fd == -1 && s->lookup == NULL)
		finish(s);
}

/* --- one server after the other --- */

static void
next_server(struct scanning *s)
{
	const struct route_dest *d;
	struct query q = { .kind = LOOKUP_A };

	if (s->server == s->scanner->n_servers) {
		if (s->why[0] == '\0')
			snprintf(s->why, sizeof(s->why), "no server");
		finish(s);
		return;
	}
	d = &s->scanner->servers[s->server++];
	if (!ip_is_unset(&d->ip)) {
		dial(s, &d->ip);
		return;
	}
	q.name = d->host;
	q.timeout_ms = s->scanner->timeout * 1000;
	s->lookup = lookup_ask(s->all->lookups, &q, on_address, s);
}

static void
on_address(void *arg, const struct answer *a)
{
	struct scanning *s = arg;
	const struct dns_rr *rr = a->rrs.v;

	s->lookup = NULL;
	if (a->end == LOOKUP_FOUND && a->rrs.n > 0)
		dial(s, &rr[0].ip);
	else
		failed(s, "its name has no address");
}

static void
dial(struct scanning *s, const struct ip *ip)
{
	const struct route_dest *d = &s->scanner->servers[s->server - 1];
	struct endpoint to = { *ip, d->port != 0 ? d->port : s->engine->port };
	struct sockaddr_storage sa;
	socklen_t len = ip_to_sockaddr(&to, &sa);

	s->fd =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd == -1 || (connect(s->fd, (struct sockaddr *)&sa, len) == -1 &&
			       errno != EINPROGRESS)) {
		failed(s, strerror(errno));
		return;
	}
	s->watch = loop_watch(s->all->loop, s->fd, LOOP_WRITE, on_ready, s);
}

static void
on_ready(void *arg, int ready)
{
	struct scanning *s = arg;
	int64_t began = clock_cpu_us();

	go_on(s, ready); /* it ends later, in on_end */
	s->all->used[s->what.kind] += clock_cpu_us() - began;
}

static void
go_on(struct scanning *s, int ready)
{
	socklen_t len = sizeof(int);
	int sys = 0;

	if (s->over)
		return;
	if (!s->connected) {
		if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &sys, &len) == -1)
			sys = errno;
		if (sys != 0) {
			failed(s, strerror(sys));
			return;
		}
		s->connected = true;
		s->engine->head(&s->what, s->scanner,
		    arena_strz(
			&s->mem, s->scanner->servers[s->server - 1].host),
		    s->what.size, &s->out);
	}
	/* It may answer, and hang up, before it was told all of it. */
	if (ready & LOOP_READ)
		receive(s);
	if (!s->over && s->fd != -1 && (ready & LOOP_WRITE))
		send_out(s);
}

/* --- there --- */

static void
fill(struct scanning *s)
{
	static char piece[CHUNK];
	uint64_t left = s->what.size - s->from;
	size_t want = left < CHUNK ? (size_t)left : CHUNK;
	ssize_t n;

	if (s->sent)
		return;
	if (want > 0) {
		n = pread(s->message, piece, want, (off_t)s->from);
		if (n <= 0) {
			failed(s, "the message cannot be read");
			return;
		}
		put_chunk(s, piece, (size_t)n);
		s->from += (uint64_t)n;
	}
	if (s->from == s->what.size) {
		put_end(s);
		s->sent = true;
	}
}

static void
put_chunk(struct scanning *s, const char *p, size_t n)
{
	uint32_t length = htonl((uint32_t)n);

	if (s->engine->framing == FRAMING_CLAMD)
		buf_add(&s->out, &length, sizeof(length));
	if (s->engine->framing == FRAMING_HTTP)
		buf_printf(&s->out, "%zx\r\n", n);
	buf_add(&s->out, p, n);
	if (s->engine->framing == FRAMING_HTTP)
		buf_puts(&s->out, "\r\n");
}

static void
put_end(struct scanning *s)
{
	static const uint32_t zero = 0;

	if (s->engine->framing == FRAMING_CLAMD)
		buf_add(&s->out, &zero, sizeof(zero));
	if (s->engine->framing == FRAMING_HTTP)
		buf_puts(&s->out, "0\r\n\r\n");
}

static void
send_out(struct scanning *s)
{
	ssize_t n;

	do {
		if (s->out.len < CHUNK)
			fill(s);
		if (s->fd == -1 || s->out.len == 0)
			break;
		n = send(s->fd, s->out.data, s->out.len, MSG_NOSIGNAL);
		if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
			loop_want(s->watch, LOOP_READ | LOOP_WRITE);
			return;
		}
		/* Why it does not listen, it may have said. */
		if (n == -1) {
			receive(s);
			if (!s->over && s->fd != -1)
				failed(s, strerror(errno));
			return;
		}
		buf_consume(&s->out, (size_t)n);
	} while (s->out.len > 0 || !s->sent);
	if (s->fd == -1 || s->over)
		return;
	if (s->engine->half_close)
		shutdown(s->fd, SHUT_WR);
	loop_want(s->watch, LOOP_READ);
}

/* --- and back --- */

static void
receive(struct scanning *s)
{
	char in[16384];
	ssize_t n = recv(s->fd, in, sizeof(in), 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1) {
		failed(s, strerror(errno));
		return;
	}
	if (n > 0 && !buf_add(&s->in, in, (size_t)n)) {
		failed(s, "its answer is too long");
		return;
	}
	try_answer(s, n == 0);
}

static void
try_answer(struct scanning *s, bool eof)
{
	struct scanned r = { .kind = s->what.kind,
		.engine = str_of(s->engine->name),
		.text = STR("") };

	switch (s->engine->answer(buf_str(&s->in), eof, &r, &s->mem)) {
	case ENGINE_MORE:
		if (eof)
			failed(s, "it hung up");
		return;
	case ENGINE_BAD:
		snprintf(s->why, sizeof(s->why), "%.*s", STR_ARG(r.text));
		failed(s, NULL);
		return;
	case ENGINE_DONE:
		break;
	}
	r.engine = arena_str(&s->mem, r.engine);
	r.text = arena_str(&s->mem, r.text);
	s->result = r;
	finish(s);
}

/* why NULL: it stands in s->why. */
static void
failed(struct scanning *s, const char *why)
{
	if (why != NULL)
		snprintf(s->why, sizeof(s->why), "%s", why);
	hang_up(s);
	next_server(s);
}

static void
hang_up(struct scanning *s)
{
	loop_unwatch(&s->watch);
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	s->connected = s->sent = false;
	s->from = 0;
	buf_reset(&s->out);
	buf_reset(&s->in);
}

static void
on_limit(void *arg)
{
	struct scanning *s = arg;

	if (s->over)
		return;
	lookup_cancel(&s->lookup);
	hang_up(s);
	snprintf(s->why, sizeof(s->why), "timeout");
	finish(s);
}

/* --- the end --- */

static void
finish(struct scanning *s)
{
	if (s->over)
		return;
	s->over = true;
	loop_timer_stop(s->limit);
	loop_unwatch(&s->watch);
	loop_defer(s->all->loop, &s->end);
}

static void
on_end(void *arg)
{
	struct scanning *s = arg;

	if (!s->result.known)
		s->result = (struct scanned){ .kind = s->what.kind,
			.engine = s->engine == NULL ? STR("")
						    : str_of(s->engine->name),
			.text = str_of(s->why) };
	s->result.ms = (uint32_t)(loop_now(s->all->loop) - s->began);
	count(s);
	s->done(s->arg, &s->result);
	free_scanning(s);
}

static void
count(struct scanning *s)
{
	struct rest *r = &s->all->rest[s->what.kind];
	int64_t now = loop_now(s->all->loop);

	if (s->result.known) {
		r->failures = 0;
		r->contact = clock_wall_ms();
		return;
	}
	if (s->question != ENGINE_SCAN || s->engine == NULL || r->until > now ||
	    ++r->failures < SCAN_FAILURES)
		return;
	r->failures = 0;
	r->until = now + SCAN_REST;
	alert_raise(
	    s->what.kind == SCAN_SPAM ? ALERT_SPAM_ENGINE : ALERT_VIRUS_ENGINE,
	    str_of(s->engine->name),
	    str_of(arena_printf(&s->mem,
		"%s does not answer (%s); it is not asked for %d s",
		s->engine->name, s->why, SCAN_REST / 1000)));
}

static void
free_scanning(struct scanning *s)
{
	*s->prev = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	s->all->n--;
	lookup_cancel(&s->lookup);
	loop_undefer(&s->end);
	loop_timer_free(&s->limit);
	hang_up(s);
	if (s->message != -1)
		close(s->message);
	buf_fini(&s->out);
	buf_fini(&s->in);
	arena_free(&s->mem);
	config_unref(&s->config);
	free(s);
}

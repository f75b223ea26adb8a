/*
 * balancer.c - connections by way of a load balancer: who is behind it?
 *
 * Until its PROXY header is here such a connection is nobody's: it has no
 * ICID and counts against no client. What goes wrong is told once a minute,
 * however many connections it concerns: all of them are of one machine that
 * somebody set up wrongly.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "event/event.h"
#include "smtpd/proxy.h"
#include "smtpd/smtpd.h"

#define WARN_EVERY 60000 /* ms */

static enum proxy_end take(struct conn *, struct str seen);
static void believe(struct conn *, const struct proxy_header *);
static void complain(const struct conn *, const char *what);

bool
balancer_sent(const struct conn_origin *from)
{
	const struct listener *l = from->listener;

	return ip_ranges_have(l->proxies, l->n_proxies, &from->client);
}

/* Looks before it reads: what the client said behind the header stays where
 * it is, as if it had come by itself. */
enum balancer_end
balancer_read(struct conn *c)
{
	char seen[PROXY_MAX];
	ssize_t n = recv(c->fd, seen, sizeof(seen), MSG_PEEK);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return BALANCER_WAITS;
	if (n <= 0) {
		/* a balancer that looks whether we are there says nothing */
		if (c->in.len > 0)
			complain(c, "ended");
		return BALANCER_GONE;
	}
	switch (take(c, (struct str){ seen, (size_t)n })) {
	case PROXY_MORE:
		return BALANCER_WAITS;
	case PROXY_DONE:
		return BALANCER_DONE;
	default:
		complain(c, "is malformed");
		return BALANCER_GONE;
	}
}

void
balancer_late(const struct conn *c)
{
	complain(c, "did not come in time");
}

static enum proxy_end
take(struct conn *c, struct str seen)
{
	size_t before = c->in.len, used;
	struct proxy_header h;
	enum proxy_end end;

	buf_add_str(&c->in, seen);
	end = proxy_parse(buf_str(&c->in), &h, &used);
	if (end == PROXY_BAD)
		return end;
	if (end == PROXY_DONE) {
		seen.n = used - before;
		buf_release(&c->in);
		believe(c, &h);
	}
	/* what was looked at just now is there */
	if (recv(c->fd, (char *)(uintptr_t)seen.p, seen.n, 0) !=
	    (ssize_t)seen.n)
		return PROXY_BAD;
	return end;
}

static void
believe(struct conn *c, const struct proxy_header *h)
{
	struct facts *f = &c->session.facts;

	if (h->local)
		return;
	f->client = h->client.ip;
	f->client_port = h->client.port;
	f->local = h->server.ip;
}

static void
complain(const struct conn *c, const char *what)
{
	int64_t now = loop_now(c->smtpd->daemon->loop);
	static int64_t warned;
	char ip[IP_TEXT], text[300];

	if (warned != 0 && now - warned < WARN_EVERY)
		return;
	warned = now;
	snprintf(text, sizeof(text),
	    "listener %.*s: the PROXY header of %s %s; connection closed",
	    STR_ARG(c->session.subject.listener->name),
	    ip_text(&c->session.facts.client, ip), what);
	EMIT(WARNING, .text = str_of(text));
}

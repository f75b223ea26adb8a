/*
 * listener.c - sockets that listen: accepting, full tables, the end
 *
 * A port is one listening socket. The workers share it, so each takes only
 * a few connections per turn. It lives on, closed, until the last connection
 * that came in by it is gone.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "event/alert.h"
#include "smtpd/protocol.h"
#include "smtpd/smtpd.h"

#define BURST_MAX   16
#define PATIENCE    8     /* turns in which all of a burst was there */
#define PAUSE       1000  /* ms without accepting when the kernel is short */
#define ALERT_EVERY 60000 /* ms */

struct port {
	struct port *next;
	struct smtpd *smtpd;
	struct config *config; /* owns listener */
	const struct listener *listener;
	uint32_t index; /* of the listener, for the shared counts */
	int fd;         /* -1: closed */
	unsigned burst; /* connections to take in one turn */
	unsigned whole; /* turns since it was too much, or grew */
	size_t n_conns;
	struct loop_watch *watch;
	struct loop_timer *timer; /* pause; when closed: the end of grace */
};

/* Given up for a moment to tell a client that there are no descriptors left
 * (threats LIM-08), so that its connection does not stand at the door and
 * keep the loop busy. */
static int reserve = -1;
static int64_t alerted;

static void port_event(void *arg, int ready);
static void port_timer(void *arg);
static int take(struct port *);
static void welcome(struct port *, int fd, const struct sockaddr_storage *);
static struct ip local_address(const struct port *, int fd);
static int answer_busy(struct port *);
static void alert(struct smtpd *, const char *text);
static void port_config(struct port *, struct config *);
static void port_close(struct port *, uint32_t wait);
static void port_free_if_done(struct port *);

void
listener_setup(struct smtpd *sm)
{
	(void)sm;
	reserve = dup(STDERR_FILENO);
}

void
listener_add(struct smtpd *sm, const char *name, int fd)
{
	struct port *p;
	const struct listener *l =
	    config_listener(sm->daemon->config, str_of(name));
	int on = 1;

	if (l == NULL || sm->daemon->stopping) {
		close(fd);
		return;
	}
	/* Connections inherit it: one call for all of them. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	p = mem_alloc(sizeof(*p));
	p->smtpd = sm;
	p->fd = fd;
	p->burst = 1;
	p->listener = l;
	port_config(p, sm->daemon->config);
	p->watch = loop_watch(sm->daemon->loop, fd, LOOP_READ, port_event, p);
	p->timer = loop_timer(sm->daemon->loop, port_timer, p);
	p->next = sm->ports;
	sm->ports = p;
}

void
listener_remove(struct smtpd *sm, const char *name, uint32_t wait)
{
	for (struct port *p = sm->ports, *next; p != NULL; p = next) {
		next = p->next;
		if (p->fd != -1 && str_is(p->listener->name, name))
			port_close(p, wait);
	}
}

void
listener_remove_all(struct smtpd *sm)
{
	for (struct port *p = sm->ports, *next; p != NULL; p = next) {
		next = p->next;
		if (p->fd != -1)
			port_close(p, UINT32_MAX);
	}
}

void
listener_config(struct smtpd *sm, struct config *next)
{
	for (struct port *p = sm->ports; p != NULL; p = p->next)
		port_config(p, next);
}

void
listener_left(struct smtpd *sm, struct port *p)
{
	(void)sm;
	p->n_conns--;
	port_free_if_done(p);
}

/* --- accepting --- */

/*
 * With one connection per turn the call that finds nothing is saved; under
 * load it is one wait for many connections that pays. So the number grows
 * while there is more to take, slowly, and is at once what there was when
 * there was less.
 */
static void
port_event(void *arg, int ready)
{
	struct port *p = arg;

	(void)ready;
	for (unsigned i = 0; i < p->burst && p->fd != -1; i++) {
		if (take(p) == -1) {
			p->burst = i > 0 ? i : 1;
			p->whole = 0;
			return;
		}
	}
	if (++p->whole < PATIENCE)
		return;
	p->whole = 0;
	if (p->burst < BURST_MAX)
		p->burst++;
}

/* -1: no more for now */
static int
take(struct port *p)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	int fd = accept4(
	    p->fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd != -1) {
		welcome(p, fd, &sa);
		return 0;
	}
	switch (errno) {
	case EAGAIN:
		return -1;
	case EMFILE:
	case ENFILE:
		alert(p->smtpd, "no file descriptors left for connections");
		if (answer_busy(p) == 0)
			return 0;
		if (errno == EAGAIN) /* there was nobody any more */
			return -1;
		break;
	case ENOBUFS:
	case ENOMEM:
		alert(p->smtpd, "no memory left for connections");
		break;
	default: /* of one connection: it is gone already */
		return 0;
	}
	loop_want(p->watch, 0);
	loop_timer_in(p->timer, PAUSE);
	return -1;
}

static void
welcome(struct port *p, int fd, const struct sockaddr_storage *sa)
{
	struct conn_origin from = { .port = p,
		.listener = p->listener,
		.config = p->config,
		.listener_index = p->index,
		.local = local_address(p, fd) };

	ip_from_sockaddr(&from.client, &from.client_port, sa);
	p->n_conns++;
	conn_new(p->smtpd, fd, &from);
}

static struct ip
local_address(const struct port *p, int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	struct ip ip = p->listener->interface->ip;
	static const struct ip v4_any = { { [10] = 0xff, [11] = 0xff } };
	uint16_t port;

	if (!ip_is_unset(&ip) && !ip_equal(&ip, &v4_any))
		return ip;
	if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0)
		ip_from_sockaddr(&ip, &port, &sa);
	return ip;
}

/* Takes a connection with the reserved descriptor, to say that there is no
 * room. -1: see errno. */
static int
answer_busy(struct port *p)
{
	const char *text = protocol_for(p->listener)->busy;
	int fd, why;

	if (reserve == -1) {
		errno = EMFILE;
		return -1;
	}
	close(reserve);
	fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	why = errno;
	if (fd != -1) {
		send(fd, text, strlen(text), MSG_NOSIGNAL);
		close(fd);
	}
	reserve = dup(STDERR_FILENO);
	errno = why;
	return fd != -1 ? 0 : -1;
}

static void
alert(struct smtpd *sm, const char *text)
{
	int64_t now = loop_now(sm->daemon->loop);

	if (alerted != 0 && now - alerted < ALERT_EVERY)
		return;
	alerted = now;
	alert_raise(ALERT_CONNECTIONS, STR(""), str_of(text));
}

/* --- configuration and the end --- */

/* New connections of the port are under this configuration. A listener that
 * is no longer in it is about to be closed, and keeps its last one. */
static void
port_config(struct port *p, struct config *cf)
{
	const struct listener *l = config_listener(cf, p->listener->name);
	struct config *old = p->config;

	if (l == NULL)
		return;
	p->config = config_ref(cf);
	p->listener = l;
	p->index = (uint32_t)(l - cf->listeners);
	if (old != NULL)
		config_unref(&old);
}

/* wait UINT32_MAX: who calls looks after the connections. */
static void
port_close(struct port *p, uint32_t wait)
{
	loop_unwatch(&p->watch);
	loop_timer_stop(p->timer);
	close(p->fd);
	p->fd = -1;
	if (wait != UINT32_MAX)
		loop_timer_in(p->timer, (int64_t)wait * 1000);
	port_free_if_done(p);
}

static void
port_timer(void *arg)
{
	struct port *p = arg;

	if (p->fd != -1) {
		loop_want(p->watch, LOOP_READ);
		return;
	}
	p->n_conns++; /* p must outlive the last of them */
	for (struct conn *c = p->smtpd->conns, *next; c != NULL; c = next) {
		next = c->next;
		if (c->port == p)
			conn_cut(c);
	}
	listener_left(p->smtpd, p);
}

static void
port_free_if_done(struct port *p)
{
	struct port **at = &p->smtpd->ports;

	if (p->fd != -1 || p->n_conns > 0)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	loop_timer_free(&p->timer);
	config_unref(&p->config);
	free(p);
}

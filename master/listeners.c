/*
 * listeners.c - listening sockets: bound here, given to the workers
 *
 * All workers of smtpd (for QMQP: of qmqpd) accept from the same socket. It is
 * bound early, so that a port that is taken stops the start, but listens only
 * when the whole suite is ready. A suspended listener has no socket at all:
 * clients are refused and go to another MX. The state survives a restart.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "event/alert.h"
#include "master/master.h"

#define SUSPENDED_FILE_MAX 65536

static int socket_bind(struct master *, struct socket_entry *, struct err *err);
static int socket_open(struct master *, struct socket_entry *, struct err *err);
static void socket_hand(struct child *, const struct socket_entry *);
static void unlisten(struct master *, struct socket_entry *, uint32_t wait);
static bool is_listener(const struct socket_entry *);
static void plan_metrics(struct socket_entry *, uint32_t port);
static void plan_web(struct socket_entry *, const struct web_config *);
static int plan_one(struct master *, struct socket_entry *, struct err *err);
static int bind_beside(struct master *, int fd, const struct endpoint *);
static bool overlaps(const struct endpoint *, const struct endpoint *);
static bool begins_suspended(struct master *, const struct socket_entry *);
static void set_reuse_port(int fd, int on);
static struct socket_entry *by_name(struct master *, const char *name);
static struct socket_entry *by_endpoint(
    struct master *, const struct endpoint *);
static bool holds(
    const struct socket_entry *, size_t n, const struct socket_entry *);
static void gone(struct master *, struct socket_entry *, uint32_t wait,
    const struct socket_plan *);
static void tell_gone(
    struct master *, const struct socket_entry *, uint32_t wait);
static void hand_to_all(struct master *, const struct socket_entry *);
static bool named(
    const struct socket_entry *, const struct str *names, size_t n);
static int check_names(
    const struct master *, const struct str *names, size_t n, struct err *err);
static void suspended_load(struct master *, struct socket_entry *, size_t n);
static int suspended_save(struct master *, struct err *err);

int
listeners_plan(struct master *m, const struct config *next,
    struct socket_plan *plan, struct err *err)
{
	plan->v = mem_array(next->n_listeners + 3, sizeof(*plan->v));
	for (plan->n = 0; plan->n < next->n_listeners; plan->n++) {
		const struct listener *l = &next->listeners[plan->n];
		struct socket_entry *s = &plan->v[plan->n];

		str_copy(s->name, sizeof(s->name), l->name);
		s->kind = listener_is_qmqp(l) ? PROGRAM_QMQPD : PROGRAM_SMTPD;
		s->ep = (struct endpoint){ l->interface->ip, l->port };
		s->fd = -1;
	}
	if (next->metrics_port != 0)
		plan_metrics(&plan->v[plan->n++], next->metrics_port);
	if (next->web.on)
		plan_web(&plan->v[plan->n++], &next->web);
	if (m->n_sockets == 0)
		suspended_load(m, plan->v, plan->n);
	for (size_t i = 0; i < plan->n; i++) {
		if (plan_one(m, &plan->v[i], err) == 0)
			continue;
		plan->n = i;
		listeners_drop(m, plan);
		return -1;
	}
	return 0;
}

void
listeners_drop(struct master *m, struct socket_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		bool ours = false;

		for (size_t j = 0; j < m->n_sockets; j++)
			ours |= m->sockets[j].fd == plan->v[i].fd;
		if (plan->v[i].fd != -1 && !ours)
			close(plan->v[i].fd);
	}
	free(plan->v);
	*plan = (struct socket_plan){ NULL, 0 };
}

/* First all that ends, then what begins: a name may do both. */
void
listeners_use(struct master *m, struct socket_plan *plan, uint32_t wait)
{
	struct socket_entry *old = m->sockets;
	size_t n = m->n_sockets;
	struct err err = ERR_INIT;
	bool was_some = false;

	for (size_t i = 0; i < n; i++) {
		was_some |= old[i].suspended;
		gone(m, &old[i], wait, plan);
	}
	m->sockets = plan->v;
	m->n_sockets = plan->n;
	*plan = (struct socket_plan){ NULL, 0 };
	for (size_t i = 0; i < m->n_sockets && m->ready; i++) {
		struct socket_entry *s = &m->sockets[i];

		if (s->suspended)
			continue;
		/* what stays may have another backlog */
		if (socket_open(m, s, &err) == -1)
			alert_raise(ALERT_LISTENER, STR(""), str_of(err.text));
		if (!holds(old, n, s))
			hand_to_all(m, s);
	}
	free(old);
	if (was_some && suspended_save(m, &err) == -1)
		alert_raise(ALERT_FAILURE, STR(""), str_of(err.text));
}

void
listeners_open(struct master *m)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < m->n_sockets; i++) {
		if (m->sockets[i].suspended)
			continue;
		if (socket_open(m, &m->sockets[i], &err) == -1)
			alert_raise(ALERT_LISTENER, STR(""), str_of(err.text));
		hand_to_all(m, &m->sockets[i]);
	}
}

void
listeners_hand(struct master *m, struct child *c)
{
	for (size_t i = 0; i < m->n_sockets; i++)
		if (m->sockets[i].fd != -1 && m->sockets[i].kind == c->kind)
			socket_hand(c, &m->sockets[i]);
}

void
listeners_close(struct master *m, uint32_t wait)
{
	for (size_t i = 0; i < m->n_sockets; i++)
		unlisten(m, &m->sockets[i], wait);
}

size_t
listeners_suspend(struct master *m, const struct str *names, size_t n,
    uint32_t wait, struct err *err)
{
	size_t changed = 0;

	if (check_names(m, names, n, err) == -1)
		return 0;
	for (size_t i = 0; i < m->n_sockets; i++) {
		struct socket_entry *s = &m->sockets[i];

		if (s->suspended || !named(s, names, n))
			continue;
		s->suspended = true;
		unlisten(m, s, wait);
		changed++;
	}
	if (changed == 0)
		err_set(err, ERR_USAGE, "%s already suspended",
		    n == 0 ? "All listeners are" : "These listeners are");
	else if (suspended_save(m, err) == -1)
		return 0;
	return changed;
}

size_t
listeners_resume(
    struct master *m, const struct str *names, size_t n, struct err *err)
{
	size_t changed = 0;

	if (check_names(m, names, n, err) == -1)
		return 0;
	for (size_t i = 0; i < m->n_sockets; i++) {
		struct socket_entry *s = &m->sockets[i];

		if (!s->suspended || !named(s, names, n))
			continue;
		if (socket_bind(m, s, err) == -1 ||
		    socket_open(m, s, err) == -1)
			return 0;
		s->suspended = false;
		hand_to_all(m, s);
		changed++;
	}
	if (changed == 0)
		err_set(err, ERR_USAGE, "No listeners are suspended");
	else if (suspended_save(m, err) == -1)
		return 0;
	return changed;
}

/* --- what a configuration asks for --- */

/* No listener: nobody suspends it. */
static void
plan_metrics(struct socket_entry *s, uint32_t port)
{
	str_copy(s->name, sizeof(s->name), STR("(metrics)"));
	s->kind = PROGRAM_RECORDER;
	s->fd = -1;
	s->ep.port = (uint16_t)port;
	ip_parse(&s->ep.ip, STR("127.0.0.1"));
}

static void
plan_web(struct socket_entry *s, const struct web_config *w)
{
	str_copy(s->name, sizeof(s->name), STR("(web)"));
	s->kind = PROGRAM_WEBD;
	s->fd = -1;
	s->ep = (struct endpoint){ w->ip, (uint16_t)w->port };
}

static bool
is_listener(const struct socket_entry *s)
{
	return s->kind == PROGRAM_SMTPD || s->kind == PROGRAM_QMQPD;
}

/* A socket that is there is used again, be it under another name. */
static int
plan_one(struct master *m, struct socket_entry *s, struct err *err)
{
	const struct socket_entry *old = by_endpoint(m, &s->ep);

	s->suspended =
	    is_listener(s) && (s->suspended || begins_suspended(m, s));
	if (s->suspended)
		return 0;
	if (old == NULL || old->fd == -1)
		return socket_bind(m, s, err);
	s->fd = old->fd;
	return 0;
}

/* What was suspended stays so under another address or name; and while all
 * receiving is suspended nothing new begins. */
static bool
begins_suspended(struct master *m, const struct socket_entry *s)
{
	const struct socket_entry *old = by_name(m, s->name);
	bool any = false;

	if (old == NULL)
		old = by_endpoint(m, &s->ep);
	if (old != NULL)
		return old->suspended;
	for (size_t i = 0; i < m->n_sockets; i++) {
		if (!is_listener(&m->sockets[i]))
			continue;
		if (!m->sockets[i].suspended)
			return false;
		any = true;
	}
	return any;
}

static struct socket_entry *
by_name(struct master *m, const char *name)
{
	for (size_t i = 0; i < m->n_sockets; i++)
		if (strcmp(m->sockets[i].name, name) == 0)
			return &m->sockets[i];
	return NULL;
}

static struct socket_entry *
by_endpoint(struct master *m, const struct endpoint *ep)
{
	for (size_t i = 0; i < m->n_sockets; i++) {
		struct socket_entry *s = &m->sockets[i];

		if (s->ep.port == ep->port && ip_equal(&s->ep.ip, &ep->ip))
			return s;
	}
	return NULL;
}

/* The same socket under the same name, with the same program. */
static bool
holds(const struct socket_entry *v, size_t n, const struct socket_entry *s)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].fd == s->fd && v[i].kind == s->kind &&
		    strcmp(v[i].name, s->name) == 0)
			return true;
	return false;
}

static void
gone(struct master *m, struct socket_entry *s, uint32_t wait,
    const struct socket_plan *plan)
{
	bool kept = false;

	if (s->fd == -1 || holds(plan->v, plan->n, s))
		return;
	for (size_t i = 0; i < plan->n; i++)
		kept |= plan->v[i].fd == s->fd;
	if (kept)
		tell_gone(m, s, wait); /* it is somebody else's now */
	else
		unlisten(m, s, wait);
}

/* --- one socket --- */

static int
socket_bind(struct master *m, struct socket_entry *s, struct err *err)
{
	struct sockaddr_storage sa;
	char text[IP_TEXT + 8];
	int on = 1;

	ip_to_sockaddr(&s->ep, &sa);
	s->fd =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd == -1)
		return err_sys(err, ERR_TEMP, "listener %s", s->name);
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (sa.ss_family == AF_INET6)
		setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind_beside(m, s->fd, &s->ep) == 0)
		return 0;
	err_sys(err, ERR_TEMP, "listener %s: bind %s", s->name,
	    endpoint_text(&s->ep, text));
	close(s->fd);
	s->fd = -1;
	return -1;
}

/*
 * From all addresses to one of them, or back, at the same port: the kernel
 * allows both sockets when both say so. The old one still serves, and closes
 * before the new one listens. What belongs to others stays in the way.
 */
static int
bind_beside(struct master *m, int fd, const struct endpoint *ep)
{
	struct sockaddr_storage sa;
	socklen_t len = ip_to_sockaddr(ep, &sa);
	int rc = bind(fd, (const struct sockaddr *)&sa, len), why = errno;

	for (size_t i = 0; rc == -1 && why == EADDRINUSE && i < m->n_sockets;
	     i++) {
		const struct socket_entry *old = &m->sockets[i];

		if (old->fd == -1 || !overlaps(&old->ep, ep))
			continue;
		set_reuse_port(old->fd, 1);
		set_reuse_port(fd, 1);
		rc = bind(fd, (const struct sockaddr *)&sa, len);
		why = errno;
		set_reuse_port(fd, 0);
		set_reuse_port(old->fd, 0);
	}
	errno = why;
	return rc;
}

static bool
overlaps(const struct endpoint *a, const struct endpoint *b)
{
	static const struct ip v4_any = { { [10] = 0xff, [11] = 0xff } };

	return a->port == b->port &&
	       (ip_is_unset(&a->ip) || ip_equal(&a->ip, &v4_any) ||
		   ip_is_unset(&b->ip) || ip_equal(&b->ip, &v4_any));
}

static void
set_reuse_port(int fd, int on)
{
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
}

static int
socket_open(struct master *m, struct socket_entry *s, struct err *err)
{
	const struct listener *l =
	    config_listener(m->self.config, str_of(s->name));
	int backlog = l != NULL ? (int)l->backlog : SOMAXCONN;

	if (listen(s->fd, backlog) == -1)
		return err_sys(err, ERR_TEMP, "listener %s: listen", s->name);
	return 0;
}

static void
socket_hand(struct child *c, const struct socket_entry *s)
{
	struct listen_msg msg = { .listener = str_of(s->name) };
	int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);

	if (fd != -1)
		ipc_send_fds(c->ipc, IPC_LISTEN, 0, &msg, &fd, 1);
}

static void
hand_to_all(struct master *m, const struct socket_entry *s)
{
	for (size_t i = 0; i < m->n_children; i++)
		if (m->children[i].kind == s->kind &&
		    m->children[i].state == CHILD_READY)
			socket_hand(&m->children[i], s);
}

static void
unlisten(struct master *m, struct socket_entry *s, uint32_t wait)
{
	if (s->fd == -1)
		return;
	/* the workers hold duplicates: without this the kernel would go on
	 * taking connections until the last of them has closed its own */
	shutdown(s->fd, SHUT_RDWR);
	close(s->fd);
	s->fd = -1;
	tell_gone(m, s, wait);
}

static void
tell_gone(struct master *m, const struct socket_entry *s, uint32_t wait)
{
	struct unlisten msg = { .listener = str_of(s->name), .wait = wait };

	for (size_t i = 0; i < m->n_children; i++)
		if (m->children[i].kind == s->kind &&
		    m->children[i].state == CHILD_READY)
			ipc_send(m->children[i].ipc, IPC_UNLISTEN, 0, &msg);
}

static bool
named(const struct socket_entry *s, const struct str *names, size_t n)
{
	if (!is_listener(s))
		return false;
	for (size_t i = 0; i < n; i++)
		if (str_is(names[i], s->name))
			return true;
	return n == 0;
}

static int
check_names(
    const struct master *m, const struct str *names, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t j = 0; j < m->n_sockets; j++)
			found |= named(&m->sockets[j], &names[i], 1);
		if (!found)
			return err_set(err, ERR_USAGE,
			    "there is no listener \"%.*s\"", STR_ARG(names[i]));
	}
	return 0;
}

/* --- which are suspended, across restarts: one name a line --- */

static void
suspended_load(struct master *m, struct socket_entry *v, size_t n)
{
	char path[PATH_MAX + 16], text[SUSPENDED_FILE_MAX];
	struct str rest, line;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/suspended", m->paths.state);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return; /* none ever was */
	len = read(fd, text, sizeof(text));
	close(fd);
	rest = (struct str){ text, len > 0 ? (size_t)len : 0 };
	while (rest.n > 0) {
		line = str_cut(&rest, '\n');
		for (size_t i = 0; i < n; i++)
			if (str_is(line, v[i].name))
				v[i].suspended = true;
	}
}

static int
suspended_save(struct master *m, struct err *err)
{
	char path[PATH_MAX + 16], tmp[PATH_MAX + 24];
	struct buf b;
	int fd, rc = 0;

	buf_init(&b, SUSPENDED_FILE_MAX);
	for (size_t i = 0; i < m->n_sockets; i++)
		if (m->sockets[i].suspended)
			buf_printf(&b, "%s\n", m->sockets[i].name);
	snprintf(path, sizeof(path), "%s/suspended", m->paths.state);
	snprintf(tmp, sizeof(tmp), "%s.new", path);
	fd = open(
	    tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1 ||
	    write(fd, b.len > 0 ? b.data : "", b.len) != (ssize_t)b.len ||
	    fsync(fd) == -1 || rename(tmp, path) == -1)
		rc = err_sys(err, ERR_TEMP, "write %s", path);
	if (fd != -1)
		close(fd);
	buf_fini(&b);
	return rc;
}

/*
 * listeners.c - listening sockets: bound here, given to the workers
 *
 * All workers of smtpd accept from the same socket. It is bound early, so
 * that a port that is taken stops the start, but listens only when the whole
 * suite is ready. A suspended listener has no socket at all: clients are
 * refused and go to another MX. The state survives a restart.
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
#include "event/event.h"
#include "master/master.h"

#define SUSPENDED_FILE_MAX 65536

static int socket_bind(struct socket_entry *, struct err *err);
static int socket_open(struct master *, struct socket_entry *, struct err *err);
static void socket_hand(struct child *, const struct socket_entry *);
static void unlisten(
    struct master *, const struct socket_entry *, uint32_t wait);
static struct socket_entry *keep_socket(
    struct master *, const char *name, const struct endpoint *ep);
static bool named(
    const struct socket_entry *, const struct str *names, size_t n);
static int check_names(
    const struct master *, const struct str *names, size_t n, struct err *err);
static void suspended_load(struct master *, struct socket_entry *, size_t n);
static int suspended_save(struct master *, struct err *err);

/*
 * Makes m->sockets what `next` asks for: what stays keeps its socket, what is
 * new is bound, what is gone is closed last, when nothing can fail any more.
 */
int
listeners_bind(struct master *m, const struct config *next, struct err *err)
{
	struct socket_entry *v = mem_array(next->n_listeners + 1, sizeof(*v));
	size_t n = 0;

	for (; n < next->n_listeners; n++) {
		const struct listener *l = &next->listeners[n];
		struct socket_entry *old;

		str_copy(v[n].name, sizeof(v[n].name), l->name);
		v[n].ep = (struct endpoint){ l->interface->ip, l->port };
		v[n].fd = -1;
		old = keep_socket(m, v[n].name, &v[n].ep);
		v[n].suspended = old != NULL && old->suspended;
		if (old != NULL)
			v[n].fd = old->fd;
	}
	if (m->n_sockets == 0)
		suspended_load(m, v, n);
	for (size_t i = 0; i < n; i++) {
		if (v[i].fd != -1 || v[i].suspended ||
		    socket_bind(&v[i], err) == 0)
			continue;
		while (i-- > 0)
			if (v[i].fd != -1 &&
			    keep_socket(m, v[i].name, &v[i].ep) == NULL)
				close(v[i].fd);
		free(v);
		return -1;
	}
	for (size_t i = 0; i < m->n_sockets; i++) {
		struct socket_entry *old = &m->sockets[i];
		bool kept = false;

		for (size_t j = 0; j < n; j++)
			kept |= old->fd != -1 && v[j].fd == old->fd;
		if (!kept)
			unlisten(m, old, 0);
	}
	free(m->sockets);
	m->sockets = v;
	m->n_sockets = n;
	return 0;
}

void
listeners_open(struct master *m)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < m->n_sockets; i++)
		if (!m->sockets[i].suspended &&
		    socket_open(m, &m->sockets[i], &err) == -1)
			EMIT(ALERT, .text = str_of(err.text));
	for (size_t i = 0; i < m->n_children; i++)
		if (m->children[i].kind == PROGRAM_SMTPD &&
		    m->children[i].state == CHILD_READY)
			listeners_hand(m, &m->children[i]);
}

void
listeners_hand(struct master *m, struct child *smtpd)
{
	for (size_t i = 0; i < m->n_sockets; i++)
		if (m->sockets[i].fd != -1)
			socket_hand(smtpd, &m->sockets[i]);
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
		if (socket_bind(s, err) == -1 || socket_open(m, s, err) == -1)
			return 0;
		s->suspended = false;
		for (size_t c = 0; c < m->n_children; c++)
			if (m->children[c].kind == PROGRAM_SMTPD &&
			    m->children[c].state == CHILD_READY)
				socket_hand(&m->children[c], s);
		changed++;
	}
	if (changed == 0)
		err_set(err, ERR_USAGE, "No listeners are suspended");
	else if (suspended_save(m, err) == -1)
		return 0;
	return changed;
}

/* --- one socket --- */

static int
socket_bind(struct socket_entry *s, struct err *err)
{
	struct sockaddr_storage sa;
	socklen_t len = ip_to_sockaddr(&s->ep, &sa);
	char text[IP_TEXT + 8];
	int on = 1;

	s->fd =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd == -1)
		return err_sys(err, ERR_TEMP, "listener %s", s->name);
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (sa.ss_family == AF_INET6)
		setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(s->fd, (const struct sockaddr *)&sa, len) == 0)
		return 0;
	err_sys(err, ERR_TEMP, "listener %s: bind %s", s->name,
	    endpoint_text(&s->ep, text));
	close(s->fd);
	s->fd = -1;
	return -1;
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
unlisten(struct master *m, const struct socket_entry *s, uint32_t wait)
{
	struct unlisten msg = { .listener = str_of(s->name), .wait = wait };
	struct socket_entry *mine = (struct socket_entry *)s;

	if (s->fd == -1)
		return;
	/* the workers hold duplicates: without this the kernel would go on
	 * taking connections until the last of them has closed its own */
	shutdown(s->fd, SHUT_RDWR);
	close(mine->fd);
	mine->fd = -1;
	for (size_t i = 0; i < m->n_children; i++)
		if (m->children[i].kind == PROGRAM_SMTPD &&
		    m->children[i].state == CHILD_READY)
			ipc_send(m->children[i].ipc, IPC_UNLISTEN, 0, &msg);
}

static struct socket_entry *
keep_socket(struct master *m, const char *name, const struct endpoint *ep)
{
	for (size_t i = 0; i < m->n_sockets; i++) {
		struct socket_entry *s = &m->sockets[i];

		if (strcmp(s->name, name) == 0 && s->ep.port == ep->port &&
		    ip_equal(&s->ep.ip, &ep->ip))
			return s;
	}
	return NULL;
}

static bool
named(const struct socket_entry *s, const struct str *names, size_t n)
{
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

/* cmd_telnet.c - `telnet` (delivery-admin 5.8) */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/hosts.h"
#include "admin/netif.h"
#include "admin/telnet.h"
#include "base/mem.h"

#define CONNECT_MS 30000
#define SILENT_MS  60000 /* when there is nothing to say any more */
#define ESCAPE     0x1d  /* Ctrl-] */
#define LINE_BYTES 65536
#define PORT_SMTP  25

struct talking {
	struct tool *t;
	int fd;
	struct telnet telnet;
	struct buf in;  /* what was typed, up to the end of a line */
	bool typed_all; /* the input is at its end */
	bool tty, done;
	struct termios before;
};

static volatile sig_atomic_t interrupted;

static int run(struct tool *, int argc, char **argv);
static bool ask(
    struct tool *, struct netif *, struct ip *from, char *host, uint64_t *port);
static int talk_to(
    struct tool *, const struct ip *from, const char *host, uint16_t port);
static int connect_to(const struct ip *from, const struct endpoint *);
static int finish_connect(int fd);
static int converse(struct talking *);
static void on_input(struct talking *);
static void take_line(struct talking *, struct str line);
static bool on_output(struct talking *);
static bool send_all(struct talking *, const struct buf *);
static void command(struct talking *);
static void on_interrupt(int signo);
static void terminal(struct talking *, bool escapes);

const struct tool_command cmd_telnet = {
	.name = "telnet",
	.usage = "[[INTERFACE|auto] HOST [PORT]]",
	.summary = "Talk to a server, line by line",
	.help = "Connects to a HOST, from the address of an INTERFACE if one "
		"is named, and sends what is typed, line by line; PORT is 25 "
		"if nothing else is said. Ctrl-] opens a prompt: close, quit, "
		"status; an empty line goes back. Works with listeners of "
		"this gateway as well.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	char host[DIALOGUE_LINE];
	uint64_t port = PORT_SMTP;
	struct ip from = { { 0 } };
	struct netif n;
	int status = TOOL_DONE;

	netif_begin(&n, t);
	if (argc == 1 && t->asks) {
		if (!ask(t, &n, &from, host, &port))
			status = tool_abandoned(t);
	} else {
		netif_take(&n, &argc, &argv, &from);
		if (netif_meant(argc, argv))
			status = netif_unknown(&n, t, argv[1]);
		else if (argc < 2 || argc > 3 ||
			 !str_copy(host, sizeof(host), str_of(argv[1])))
			status = tool_usage(t, NULL);
		else if (argc == 3 &&
			 (!str_u64(str_of(argv[2]), 65535, &port) || port == 0))
			status =
			    tool_usage(t, "PORT is a number within 1..65535");
	}
	netif_end(&n);
	if (status == TOOL_DONE)
		status = talk_to(t, &from, host, (uint16_t)port);
	return status;
}

static bool
ask(struct tool *t, struct netif *n, struct ip *from, char *host,
    uint64_t *port)
{
	struct dialogue *d = &t->dialogue;

	return netif_ask(n, t,
		   "\nPlease select which interface you want to telnet from.",
		   from) &&
	       dialogue_needed(d, "\nEnter the remote hostname or IP address.",
		   host, DIALOGUE_LINE) &&
	       dialogue_number(
		   d, "\nEnter the remote port.", 1, 65535, PORT_SMTP, port);
}

/* Each of its addresses, until one answers. */
static int
talk_to(struct tool *t, const struct ip *from, const char *host, uint16_t port)
{
	struct hosts_query q = { host, netif_family(from) };
	struct talking s = { .t = t, .fd = -1 };
	struct ip v[HOSTS_MAX];
	struct err err = ERR_INIT;
	size_t n = hosts_resolve(t, &q, v, &err);
	char ip[IP_TEXT];

	tool_space(t);
	if (n == 0) {
		err_in(&err, "telnet");
		return tool_fail(t, &err);
	}
	for (size_t i = 0; i < n && s.fd == -1; i++) {
		struct endpoint to = { v[i], port };

		fprintf(t->dialogue.out, "Trying %s...\n", ip_text(&v[i], ip));
		fflush(t->dialogue.out);
		s.fd = connect_to(from, &to);
		if (s.fd == -1)
			err_sys(&err, ERR_TEMP,
			    "telnet: Unable to connect to remote host");
	}
	if (s.fd == -1)
		return tool_fail(t, &err);
	fprintf(t->dialogue.out,
	    "Connected to %s.\nEscape character is '^]'.\n", host);
	return converse(&s);
}

/* -1: errno. */
static int
connect_to(const struct ip *from, const struct endpoint *to)
{
	struct endpoint own = { *from, 0 };
	struct sockaddr_storage sa;
	socklen_t n = ip_to_sockaddr(to, &sa);
	int fd =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = 0, saved;

	if (fd == -1)
		return -1;
	if (!ip_is_unset(from)) {
		struct sockaddr_storage bound;
		socklen_t len = ip_to_sockaddr(&own, &bound);

		rc = bind(fd, (struct sockaddr *)&bound, len);
	}
	if (rc == 0)
		rc = connect(fd, (struct sockaddr *)&sa, n);
	if (rc == -1 && errno == EINPROGRESS)
		rc = finish_connect(fd);
	if (rc == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int
finish_connect(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int code = ETIMEDOUT;
	socklen_t n = sizeof(code);

	if (poll(&p, 1, CONNECT_MS) == 1)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &n);
	errno = code;
	return code == 0 ? 0 : -1;
}

/* --- the conversation --- */

static int
converse(struct talking *s)
{
	struct sigaction old, sa = { .sa_handler = on_interrupt };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, &old);
	buf_init(&s->in, LINE_BYTES);
	s->tty = tcgetattr(STDIN_FILENO, &s->before) == 0;
	terminal(s, true);
	while (!s->done && !interrupted) {
		struct pollfd p[] = { { .fd = s->fd, .events = POLLIN },
			{ .fd = s->typed_all ? -1 : STDIN_FILENO,
			    .events = POLLIN } };

		fflush(s->t->dialogue.out);
		if (poll(p, 2, s->typed_all ? SILENT_MS : -1) == 0)
			break;
		if (p[0].revents != 0 && !on_output(s))
			break;
		if (p[1].revents != 0)
			on_input(s);
	}
	terminal(s, false);
	sigaction(SIGINT, &old, NULL);
	if (interrupted || s->done)
		fputs("Connection closed.\n", s->t->dialogue.out);
	else
		fputs(
		    "Connection closed by foreign host.\n", s->t->dialogue.out);
	buf_fini(&s->in);
	close(s->fd);
	return TOOL_DONE;
}

/* The terminal gives lines, and what stands before Ctrl-] at once. */
static void
on_input(struct talking *s)
{
	char *room = buf_room(&s->in, 4096);
	ssize_t n = read(STDIN_FILENO, room, 4096);
	struct str rest;
	size_t end;

	if (n == -1 && errno == EINTR)
		return;
	if (n <= 0) {
		/* the other side may have more to say */
		if (s->in.len > 0)
			take_line(s, buf_str(&s->in));
		s->typed_all = true;
		shutdown(s->fd, SHUT_WR);
		return;
	}
	buf_grew(&s->in, (size_t)n);
	while (!s->done) {
		rest = buf_str(&s->in);
		end = str_find(rest, '\n');
		if (s->tty && str_find(rest, ESCAPE) < end) {
			buf_reset(&s->in);
			command(s);
			return;
		}
		if (end == rest.n)
			break;
		take_line(s, str_sub(rest, 0, end));
		buf_consume(&s->in, end + 1);
	}
	if (s->in.len > LINE_BYTES - 4096) {
		fprintf(stderr, "A line has at most %d bytes.\n",
		    LINE_BYTES - 4096);
		s->done = true;
	}
}

static void
take_line(struct talking *s, struct str line)
{
	struct buf out;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	buf_init(&out, 2 * LINE_BYTES + 2);
	telnet_line(line, &out);
	if (!send_all(s, &out))
		s->done = true;
	buf_fini(&out);
}

/* False: the other side is gone. */
static bool
on_output(struct talking *s)
{
	char bytes[4096];
	ssize_t n = recv(s->fd, bytes, sizeof(bytes), 0);
	struct buf text, answer;
	bool open = true;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	buf_init(&text, 8 * sizeof(bytes));
	buf_init(&answer, 8 * sizeof(bytes));
	telnet_take(
	    &s->telnet, (struct str){ bytes, (size_t)n }, &text, &answer);
	fwrite(buf_str(&text).p, 1, text.len, s->t->dialogue.out);
	if (answer.len > 0)
		open = send_all(s, &answer);
	buf_fini(&text);
	buf_fini(&answer);
	return open;
}

static bool
send_all(struct talking *s, const struct buf *b)
{
	struct str left = buf_str(b);

	while (left.n > 0) {
		struct pollfd p = { .fd = s->fd, .events = POLLOUT };
		ssize_t n = send(s->fd, left.p, left.n, MSG_NOSIGNAL);

		if (n >= 0)
			left = str_sub(left, (size_t)n, left.n);
		else if (errno != EAGAIN || poll(&p, 1, CONNECT_MS) != 1)
			return false;
	}
	return true;
}

/* The prompt behind the escape character. */
static void
command(struct talking *s)
{
	FILE *out = s->t->dialogue.out;
	char line[DIALOGUE_LINE];

	terminal(s, false);
	fputs("\ntelnet> ", out);
	if (!dialogue_line(&s->t->dialogue, line, sizeof(line)) ||
	    str_is_nocase(str_of(line), "close") ||
	    str_is_nocase(str_of(line), "quit") ||
	    str_is_nocase(str_of(line), "q"))
		s->done = true;
	else if (str_is_nocase(str_of(line), "status"))
		fputs("Connected.\nEscape character is '^]'.\n", out);
	else if (*line != '\0')
		fputs("close, quit\tclose the connection\n"
		      "status\t\tshow that it is open\n"
		      "(nothing)\tgo back to it\n",
		    out);
	if (!s->done)
		terminal(s, true);
}

static void
on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

/* Lines as ever, but for the escape character, which ends one as well. */
static void
terminal(struct talking *s, bool escapes)
{
	struct termios now = s->before;

	if (!s->tty)
		return;
	if (escapes)
		now.c_cc[VEOL] = ESCAPE;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
}

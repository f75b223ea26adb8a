/* cmd_ping.c - `ping`, `ping6` (delivery-admin 5.5) */
#include <errno.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/echo.h"
#include "admin/hosts.h"
#include "admin/netif.h"
#include "admin/probe_error.h"
#include "base/clock.h"
#include "base/mem.h"

#define COUNT_BATCH 10
#define COUNT_MAX   600
#define EVERY_US    1000000
#define LAST_US     2000000 /* for the answer to the last one */
#define REMEMBERED  1024    /* packets whose answers can be told */

struct ping {
	struct tool *t;
	const char *host;
	struct ip to, from;
	bool v6, raw;
	int fd;
	uint16_t id;
	uint64_t count; /* 0: until Ctrl-C */
	struct echo_sums sums;
	int64_t sent_at[REMEMBERED]; /* us, by number */
	bool answered[REMEMBERED];
	json_t *replies;
};

static volatile sig_atomic_t interrupted;

static int run(struct tool *, int argc, char **argv);
static bool ask(struct tool *, struct netif *, struct ip *from, char *host);
static int ping(
    struct tool *, const char *host, const struct ip *from, uint64_t count);
static int open_socket(struct ping *, struct err *);
static int prepare(struct ping *, struct err *);
static void go(struct ping *);
static void send_one(struct ping *);
static void take(struct ping *);
static void take_answer(
    struct ping *, struct msghdr *, struct str packet, const char *from);
static void take_errors(struct ping *);
static int ttl_of(const struct msghdr *);
static int finish(struct ping *);
static void on_interrupt(int signo);

#define PING_USAGE "[[INTERFACE|auto] HOST [COUNT]]"
#define PING_HELP                                                              \
	"Sends a packet to a host every second and shows what comes back, "    \
	"from the address of an INTERFACE if one is named; Ctrl-C ends it. "   \
	"On a line it ends after 10 packets, or COUNT."

const struct tool_command cmd_ping = {
	.name = "ping",
	.usage = PING_USAGE,
	.summary = "Ask a host for an echo",
	.help = PING_HELP,
	.run = run,
};

const struct tool_command cmd_ping6 = {
	.name = "ping6",
	.usage = PING_USAGE,
	.summary = "Ask a host for an echo, over IPv6",
	.help = PING_HELP,
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	char host[DIALOGUE_LINE];
	uint64_t count = COUNT_BATCH;
	struct ip from = { { 0 } };
	struct netif n;
	int status = TOOL_DONE;

	netif_begin(&n, t);
	if (argc == 1 && t->asks) {
		count = 0;
		if (!ask(t, &n, &from, host))
			status = tool_abandoned(t);
	} else {
		netif_take(&n, &argc, &argv, &from);
		if (netif_meant(argc, argv))
			status = netif_unknown(&n, t, argv[1]);
		else if (argc < 2 || argc > 3 ||
			 !str_copy(host, sizeof(host), str_of(argv[1])))
			status = tool_usage(t, NULL);
		else if (argc == 3 &&
			 (!str_u64(str_of(argv[2]), COUNT_MAX, &count) ||
			     count == 0))
			status =
			    tool_usage(t, "COUNT is a number within 1..600");
	}
	netif_end(&n);
	if (status == TOOL_DONE)
		status = ping(t, host, &from, count);
	return status;
}

static bool
ask(struct tool *t, struct netif *n, struct ip *from, char *host)
{
	if (!netif_ask(n, t,
		"\nWhich interface do you want to send the pings from?",
		from) ||
	    !dialogue_needed(&t->dialogue,
		"\nPlease enter the host you wish to ping.", host,
		DIALOGUE_LINE))
		return false;
	fputs("\nPress Ctrl-C to stop.\n", t->dialogue.out);
	return true;
}

static int
ping(struct tool *t, const char *host, const struct ip *from, uint64_t count)
{
	bool v6 = t->command == &cmd_ping6;
	struct hosts_query q = { host, v6 ? AF_INET6 : AF_INET };
	struct ip v[HOSTS_MAX];
	struct ping *p;
	struct err err = ERR_INIT;
	int status;

	if (hosts_resolve(t, &q, v, &err) == 0) {
		err_in(&err, "%s", t->command->name);
		return tool_fail(t, &err);
	}
	p = mem_alloc(sizeof(*p));
	*p = (struct ping){ .t = t,
		.host = host,
		.to = v[0],
		.from = *from,
		.v6 = v6,
		.count = count,
		.id = (uint16_t)getpid() };
	if (open_socket(p, &err) == -1 || prepare(p, &err) == -1) {
		err_in(&err, "%s", t->command->name);
		status = tool_fail(t, &err);
	} else {
		p->replies = json_array();
		go(p);
		status = finish(p);
	}
	if (p->fd != -1)
		close(p->fd);
	free(p);
	return status;
}

/* The kind that needs no right, where it is allowed; else the other. */
static int
open_socket(struct ping *p, struct err *err)
{
	int family = p->v6 ? AF_INET6 : AF_INET;
	int protocol = p->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

	p->fd =
	    socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (p->fd != -1)
		return 0;
	p->raw = true;
	p->fd =
	    socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (p->fd != -1)
		return 0;
	if (errno != EPERM && errno != EACCES)
		return err_sys(err, ERR_TEMP, "socket");
	err_set(err, ERR_PERM,
	    "you have no right to send echo requests: be root, or in a group "
	    "of net.ipv4.ping_group_range");
	if (err != NULL)
		err->sys = EPERM;
	return -1;
}

static int
prepare(struct ping *p, struct err *err)
{
	struct endpoint from = { p->from, 0 }, to = { p->to, 0 };
	struct sockaddr_storage sa;
	struct icmp6_filter filter;
	socklen_t n;

	if (p->raw && p->v6) {
		ICMP6_FILTER_SETBLOCKALL(&filter);
		ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
		setsockopt(p->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter,
		    sizeof(filter));
	}
	if (probe_error_wanted(p->fd, p->v6) != 0)
		return err_sys(err, ERR_TEMP, "socket");
	n = ip_to_sockaddr(&from, &sa);
	if (!ip_is_unset(&p->from) &&
	    bind(p->fd, (struct sockaddr *)&sa, n) == -1)
		return err_sys(err, ERR_TEMP, "the interface's address");
	n = ip_to_sockaddr(&to, &sa);
	if (connect(p->fd, (struct sockaddr *)&sa, n) == -1)
		return err_sys(err, ERR_TEMP, "%s", p->host);
	return 0;
}

/* --- packets --- */

static void
go(struct ping *p)
{
	struct sigaction old, sa = { .sa_handler = on_interrupt };
	int64_t next = clock_mono_us(), end = 0;
	char ip[IP_TEXT];

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, &old);
	if (!p->t->json)
		fprintf(p->t->dialogue.out, "PING %s (%s): %d data bytes\n",
		    p->host, ip_text(&p->to, ip), ECHO_DATA);
	while (!interrupted) {
		struct pollfd f = { .fd = p->fd, .events = POLLIN };
		int64_t now = clock_mono_us(), until;

		if (p->count == 0 || p->sums.sent < p->count) {
			if (now >= next) {
				send_one(p);
				next += EVERY_US;
				end = now + LAST_US;
			}
			until = next;
		} else {
			until = end;
		}
		if (p->count != 0 && p->sums.sent == p->count &&
		    (p->sums.received >= p->count || now >= end))
			break;
		fflush(p->t->dialogue.out);
		if (until > now &&
		    poll(&f, 1, (int)((until - now + 999) / 1000)) > 0)
			take(p);
	}
	sigaction(SIGINT, &old, NULL);
}

static void
send_one(struct ping *p)
{
	uint16_t seq = (uint16_t)p->sums.sent;
	uint8_t packet[ECHO_PACKET];

	echo_request(p->v6, p->id, seq, packet);
	p->sent_at[seq % REMEMBERED] = clock_mono_us();
	p->answered[seq % REMEMBERED] = false;
	p->sums.sent++;
	if (send(p->fd, packet, sizeof(packet), 0) == -1 && errno != EAGAIN &&
	    !p->t->json)
		fprintf(
		    p->t->dialogue.out, "ping: sendto: %s\n", strerror(errno));
}

static void
take(struct ping *p)
{
	struct sockaddr_storage sa;
	char data[2048], control[512], ip[IP_TEXT];
	struct endpoint from;
	ssize_t n;

	take_errors(p);
	while (!interrupted) {
		struct iovec iov = { data, sizeof(data) };
		struct msghdr m = { .msg_name = &sa,
			.msg_namelen = sizeof(sa),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control) };

		n = recvmsg(p->fd, &m, MSG_DONTWAIT);
		if (n == -1)
			return;
		ip_from_sockaddr(&from.ip, &from.port, &sa);
		take_answer(p, &m, (struct str){ data, (size_t)n },
		    ip_text(&from.ip, ip));
	}
}

static void
take_answer(
    struct ping *p, struct msghdr *m, struct str packet, const char *from)
{
	struct echo_answer a;
	struct echo_line line = { .from = from, .answer = &a };
	struct buf text;
	size_t i;

	if (!echo_parse(p->v6, p->raw, p->id, packet, &a) ||
	    a.seq >= p->sums.sent)
		return;
	i = a.seq % REMEMBERED;
	line.us = (uint64_t)(clock_mono_us() - p->sent_at[i]);
	line.ttl = ttl_of(m);
	line.again = p->answered[i];
	p->answered[i] = true;
	if (!line.again)
		echo_count(&p->sums, line.us);
	buf_init(&text, 1000);
	echo_text(&line, &text);
	if (!p->t->json)
		fputs(text.data, p->t->dialogue.out);
	else if (!line.again)
		json_array_append_new(p->replies,
		    json_pack("{s:i, s:i, s:I}", "seq", a.seq, "ttl", line.ttl,
			"us", (json_int_t)line.us));
	buf_fini(&text);
}

static void
take_errors(struct ping *p)
{
	struct probe_error e;
	char ip[IP_TEXT];
	const char *mark;

	while (probe_error_take(p->fd, &e)) {
		if (!p->t->json)
			fprintf(p->t->dialogue.out, "From %s: %s\n",
			    ip_text(&e.from, ip), probe_error_text(&e, &mark));
	}
}

static int
ttl_of(const struct msghdr *m)
{
	struct msghdr copy = *m;
	int ttl = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c != NULL;
	     c = CMSG_NXTHDR(&copy, c))
		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
		    (c->cmsg_level == IPPROTO_IPV6 &&
			c->cmsg_type == IPV6_HOPLIMIT))
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
	return ttl;
}

static int
finish(struct ping *p)
{
	const struct echo_sums *s = &p->sums;
	char ip[IP_TEXT];
	struct buf text;
	json_t *j;

	buf_init(&text, 4096);
	echo_sums_text(s, p->host, &text);
	if (!p->t->json)
		fputs(text.data, p->t->dialogue.out);
	buf_fini(&text);
	j = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "host",
	    p->host, "address", ip_text(&p->to, ip), "transmitted",
	    (json_int_t)s->sent, "received", (json_int_t)s->received, "min_us",
	    (json_int_t)s->min, "avg_us", (json_int_t)echo_average(s), "max_us",
	    (json_int_t)s->max, "stddev_us", (json_int_t)echo_deviation(s),
	    "replies", p->replies);
	if (p->t->json)
		tool_print_json(p->t, j);
	json_decref(j);
	return s->received > 0 ? TOOL_DONE : TOOL_NEGATIVE;
}

static void
on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

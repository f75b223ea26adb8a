/* cmd_traceroute.c - `traceroute`, `traceroute6` (delivery-admin 5.5) */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/echo.h"
#include "admin/hosts.h"
#include "admin/netif.h"
#include "admin/probe_error.h"
#include "base/clock.h"
#include "base/mem.h"

#define HOPS_MAX   64
#define PROBES     3
#define WAIT_MS    3000
#define FIRST_PORT 33434 /* where nobody listens */
#define DATA       16
#define PACKET_V4  (20 + 8 + DATA)
#define PACKET_V6  (40 + 8 + DATA)

struct tracing {
	struct tool *t;
	struct ip to, from;
	bool v6, there;
	int fd;
	int sys;       /* errno: nothing can be sent */
	uint16_t port; /* of the last packet */
	json_t *hops;
};

/* What came back for one packet. */
struct came {
	bool any;
	struct probe_error error;
	uint64_t us;
};

static volatile sig_atomic_t interrupted;

static int run(struct tool *, int argc, char **argv);
static bool ask(struct tool *, struct netif *, struct ip *from, char *host);
static int traceroute(struct tool *, const char *host, const struct ip *from);
static int prepare(struct tracing *, struct err *);
static void go(struct tracing *, const char *host);
static void hop(struct tracing *, int ttl);
static struct came probe(struct tracing *, int ttl);
static bool await(struct tracing *, int64_t sent, struct came *);
static void show(struct tracing *, const struct came *, const struct ip *before,
    json_t *probes);
static void on_interrupt(int signo);

#define TRACEROUTE_USAGE "[[INTERFACE|auto] HOST]"
#define TRACEROUTE_HELP                                                        \
	"Shows the routers on the way to a host, from the address of an "      \
	"INTERFACE if one is named: of each its name, its address, and how "   \
	"long three packets took to it and back. No right is needed. Ctrl-C "  \
	"ends it."

const struct tool_command cmd_traceroute = {
	.name = "traceroute",
	.usage = TRACEROUTE_USAGE,
	.summary = "Show the way to a host",
	.help = TRACEROUTE_HELP,
	.run = run,
};

const struct tool_command cmd_traceroute6 = {
	.name = "traceroute6",
	.usage = TRACEROUTE_USAGE,
	.summary = "Show the way to a host, over IPv6",
	.help = TRACEROUTE_HELP,
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	char host[DIALOGUE_LINE];
	struct ip from = { { 0 } };
	struct netif n;
	int status = TOOL_DONE;

	netif_begin(&n, t);
	if (argc == 1 && t->asks) {
		if (!ask(t, &n, &from, host))
			status = tool_abandoned(t);
	} else {
		netif_take(&n, &argc, &argv, &from);
		if (argc == 3)
			status = netif_unknown(&n, t, argv[1]);
		else if (argc != 2 ||
			 !str_copy(host, sizeof(host), str_of(argv[1])))
			status = tool_usage(t, NULL);
	}
	netif_end(&n);
	if (status == TOOL_DONE)
		status = traceroute(t, host, &from);
	return status;
}

static bool
ask(struct tool *t, struct netif *n, struct ip *from, char *host)
{
	if (!netif_ask(
		n, t, "\nWhich interface do you want to trace from?", from) ||
	    !dialogue_needed(&t->dialogue,
		"\nPlease enter the host to which you want to trace the "
		"route.",
		host, DIALOGUE_LINE))
		return false;
	fputs("\nPress Ctrl-C to stop.\n", t->dialogue.out);
	return true;
}

static int
traceroute(struct tool *t, const char *host, const struct ip *from)
{
	bool v6 = t->command == &cmd_traceroute6;
	struct hosts_query q = { host, v6 ? AF_INET6 : AF_INET };
	struct tracing r = { .t = t, .from = *from, .v6 = v6, .fd = -1 };
	struct ip v[HOSTS_MAX];
	struct err err = ERR_INIT;
	char ip[IP_TEXT];
	json_t *j;

	if (hosts_resolve(t, &q, v, &err) == 0) {
		err_in(&err, "%s", t->command->name);
		return tool_fail(t, &err);
	}
	r.to = v[0];
	if (prepare(&r, &err) == -1) {
		err_in(&err, "%s", t->command->name);
		if (r.fd != -1)
			close(r.fd);
		return tool_fail(t, &err);
	}
	r.hops = json_array();
	go(&r, host);
	close(r.fd);
	if (r.sys != 0) {
		errno = r.sys;
		err_sys(&err, ERR_TEMP, "%s: sendto", t->command->name);
		json_decref(r.hops);
		return tool_fail(t, &err);
	}
	j = json_pack("{s:s, s:s, s:b, s:o}", "host", host, "address",
	    ip_text(&r.to, ip), "reached", r.there, "hops", r.hops);
	if (t->json)
		tool_print_json(t, j);
	json_decref(j);
	return r.there ? TOOL_DONE : TOOL_NEGATIVE;
}

static int
prepare(struct tracing *r, struct err *err)
{
	struct endpoint from = { r->from, 0 };
	struct sockaddr_storage sa;
	socklen_t n = ip_to_sockaddr(&from, &sa);

	r->port = FIRST_PORT - 1;
	r->fd = socket(r->v6 ? AF_INET6 : AF_INET,
	    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->fd == -1 || probe_error_wanted(r->fd, r->v6) != 0)
		return err_sys(err, ERR_TEMP, "socket");
	if (!ip_is_unset(&r->from) &&
	    bind(r->fd, (struct sockaddr *)&sa, n) == -1)
		return err_sys(err, ERR_TEMP, "the interface's address");
	return 0;
}

static void
go(struct tracing *r, const char *host)
{
	struct sigaction old, sa = { .sa_handler = on_interrupt };
	char ip[IP_TEXT];

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, &old);
	if (!r->t->json)
		fprintf(r->t->dialogue.out,
		    "%s to %s (%s), %d hops max, %d byte packets\n",
		    r->t->command->name, host, ip_text(&r->to, ip), HOPS_MAX,
		    r->v6 ? PACKET_V6 : PACKET_V4);
	for (int ttl = 1;
	     ttl <= HOPS_MAX && !r->there && !interrupted && r->sys == 0; ttl++)
		hop(r, ttl);
	sigaction(SIGINT, &old, NULL);
}

/* One line. What the last router refuses ends the way as well. */
static void
hop(struct tracing *r, int ttl)
{
	json_t *probes = json_array();
	struct ip before = { { 0 } };
	bool ends = false;

	if (!r->t->json)
		fprintf(r->t->dialogue.out, "%2d", ttl);
	for (int i = 0; i < PROBES && !interrupted; i++) {
		struct came c = probe(r, ttl);

		if (r->sys != 0)
			break;
		show(r, &c, &before, probes);
		if (c.any) {
			before = c.error.from;
			ends |= !probe_error_is_expired(&c.error);
			r->there |= probe_error_is_there(&c.error);
		}
	}
	if (!r->t->json)
		fputc('\n', r->t->dialogue.out);
	json_array_append_new(
	    r->hops, json_pack("{s:i, s:o}", "hop", ttl, "probes", probes));
	if (ends && !r->there)
		interrupted = 1;
}

static struct came
probe(struct tracing *r, int ttl)
{
	static const char data[DATA];
	struct came c = { .any = false };
	struct endpoint to = { r->to, ++r->port };
	struct sockaddr_storage sa;
	socklen_t n = ip_to_sockaddr(&to, &sa);
	int64_t sent;

	if (r->v6)
		setsockopt(
		    r->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl));
	else
		setsockopt(r->fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	fflush(r->t->dialogue.out);
	sent = clock_mono_us();
	/* an error of the packet before may be told first */
	for (int i = 0; i < 4; i++) {
		r->sys = sendto(r->fd, data, sizeof(data), 0,
			     (struct sockaddr *)&sa, n) == -1
			     ? errno
			     : 0;
		if (r->sys == 0)
			break;
	}
	if (r->sys == 0)
		await(r, sent, &c);
	return c;
}

/* The answer to the last packet; what comes late for others is dropped. */
static bool
await(struct tracing *r, int64_t sent, struct came *c)
{
	int64_t until = sent + WAIT_MS * 1000;

	for (;;) {
		struct pollfd p = { .fd = r->fd, .events = 0 };
		int64_t now = clock_mono_us();

		if (probe_error_take(r->fd, &c->error)) {
			c->us = (uint64_t)(clock_mono_us() - sent);
			c->any = c->error.to.port == r->port;
			if (c->any)
				return true;
			continue;
		}
		if (now >= until || interrupted)
			return false;
		if (poll(&p, 1, (int)((until - now + 999) / 1000)) == -1)
			return false;
	}
}

static void
show(struct tracing *r, const struct came *c, const struct ip *before,
    json_t *probes)
{
	FILE *out = r->t->dialogue.out;
	char ip[IP_TEXT], name[DOMAIN_MAX + 1];
	const char *mark = "";
	struct buf ms;

	if (!c->any) {
		if (!r->t->json)
			fputs(" *", out);
		json_array_append_new(probes, json_null());
		return;
	}
	probe_error_text(&c->error, &mark);
	ip_text(&c->error.from, ip);
	*name = '\0';
	if (!ip_equal(&c->error.from, before) &&
	    !hosts_name(r->t, &c->error.from, name))
		str_copy(name, sizeof(name), str_of(ip));
	buf_init(&ms, 100);
	echo_ms(c->us, &ms);
	if (!r->t->json && *name != '\0')
		fprintf(out, " %s (%s)", name, ip);
	if (!r->t->json)
		fprintf(
		    out, " %s ms%s%s", ms.data, *mark != '\0' ? " " : "", mark);
	json_array_append_new(
	    probes, json_pack("{s:s, s:I, s:s}", "address", ip, "us",
			(json_int_t)c->us, "mark", mark));
	buf_fini(&ms);
}

static void
on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

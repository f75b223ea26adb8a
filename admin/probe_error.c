/* probe_error.c - what routers say of a packet that did not arrive */
#include "admin/probe_error.h"

#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/uio.h>

#include "base/mem.h"

#define ANY (-1)

static bool find_error(struct msghdr *, struct probe_error *);

/* The first that fits. */
static const struct {
	bool v6;
	int type, code;
	const char *text, *mark;
} errors[] = {
	{ false, ICMP_DEST_UNREACH, ICMP_NET_UNREACH,
	    "Destination Net Unreachable", "!N" },
	{ false, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH,
	    "Destination Host Unreachable", "!H" },
	{ false, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH,
	    "Destination Protocol Unreachable", "!P" },
	{ false, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH,
	    "Destination Port Unreachable", "" },
	{ false, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, "Frag needed", "!F" },
	{ false, ICMP_DEST_UNREACH, ANY, "Communication prohibited", "!X" },
	{ false, ICMP_TIME_EXCEEDED, ANY, "Time to live exceeded", "" },
	{ true, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE,
	    "Destination Net Unreachable", "!N" },
	{ true, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR,
	    "Destination Host Unreachable", "!H" },
	{ true, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT,
	    "Destination Port Unreachable", "" },
	{ true, ICMP6_DST_UNREACH, ANY, "Communication prohibited", "!X" },
	{ true, ICMP6_PACKET_TOO_BIG, ANY, "Packet too big", "!F" },
	{ true, ICMP6_TIME_EXCEEDED, ANY, "Time to live exceeded", "" },
};

int
probe_error_wanted(int fd, bool v6)
{
	int on = 1;

	if (v6)
		return setsockopt(
			   fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on)) |
		       setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on,
			   sizeof(on));
	return setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) |
	       setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
}

bool
probe_error_take(int fd, struct probe_error *out)
{
	struct sockaddr_storage to = { .ss_family = AF_UNSPEC };
	char control[1024], data[512];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr m = { .msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };

	*out = (struct probe_error){ .type = 0 };
	if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) == -1)
		return false;
	if (to.ss_family == AF_INET || to.ss_family == AF_INET6)
		ip_from_sockaddr(&out->to.ip, &out->to.port, &to);
	return find_error(&m, out);
}

bool
probe_error_is_expired(const struct probe_error *e)
{
	return e->type == (e->v6 ? ICMP6_TIME_EXCEEDED : ICMP_TIME_EXCEEDED);
}

bool
probe_error_is_there(const struct probe_error *e)
{
	return e->v6 ? e->type == ICMP6_DST_UNREACH &&
			   e->code == ICMP6_DST_UNREACH_NOPORT
		     : e->type == ICMP_DEST_UNREACH &&
			   e->code == ICMP_PORT_UNREACH;
}

const char *
probe_error_text(const struct probe_error *e, const char **mark)
{
	*mark = "";
	for (size_t i = 0; i < NELEM(errors); i++)
		if (errors[i].v6 == e->v6 && errors[i].type == e->type &&
		    (errors[i].code == ANY || errors[i].code == e->code)) {
			*mark = errors[i].mark;
			return errors[i].text;
		}
	return "not delivered";
}

static bool
find_error(struct msghdr *m, struct probe_error *out)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	     c = CMSG_NXTHDR(m, c)) {
		const struct sock_extended_err *e = (const void *)CMSG_DATA(c);
		struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
		uint16_t port;

		out->v6 = c->cmsg_level == IPPROTO_IPV6;
		if (!(c->cmsg_level == IPPROTO_IP &&
			c->cmsg_type == IP_RECVERR) &&
		    !(out->v6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		out->type = e->ee_type;
		out->code = e->ee_code;
		memcpy(&from, SO_EE_OFFENDER(e),
		    out->v6 ? sizeof(struct sockaddr_in6)
			    : sizeof(struct sockaddr_in));
		if (from.ss_family == AF_INET || from.ss_family == AF_INET6)
			ip_from_sockaddr(&out->from, &port, &from);
		return true;
	}
	return false;
}

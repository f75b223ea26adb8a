/* netstat_sockets.c - sockets, and how full the queues of listeners are */
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "admin/fields.h"
#include "admin/netstat.h"
#include "base/ip.h"
#include "base/mem.h"

#define STATES_ALL 0xfff
#define STATE_NONE 7 /* of a UDP socket that is not connected, too */

static int dump(json_t *list, int family, int protocol, struct err *);
static struct ip address(int family, const uint32_t *words);
static json_t *end(const struct ip *, unsigned port);

static const char *const states[] = { [1] = "ESTABLISHED",
	[2] = "SYN_SENT",
	[3] = "SYN_RCVD",
	[4] = "FIN_WAIT_1",
	[5] = "FIN_WAIT_2",
	[6] = "TIME_WAIT",
	[STATE_NONE] = "CLOSED",
	[8] = "CLOSE_WAIT",
	[9] = "LAST_ACK",
	[10] = "LISTEN",
	[11] = "CLOSING",
	[12] = "SYN_RCVD" };

json_t *
netstat_all_sockets(int family, struct err *err)
{
	static const struct {
		int family, protocol;
	} kinds[] = { { AF_INET, IPPROTO_TCP }, { AF_INET6, IPPROTO_TCP },
		{ AF_INET, IPPROTO_UDP }, { AF_INET6, IPPROTO_UDP } };
	json_t *list = json_array();

	for (size_t i = 0; i < NELEM(kinds); i++) {
		if (family != AF_UNSPEC && family != kinds[i].family)
			continue;
		if (dump(list, kinds[i].family, kinds[i].protocol, err) == -1) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *
netstat_listening(json_t *sockets)
{
	json_t *list = sockets != NULL ? json_array() : NULL, *one;
	size_t i;

	json_array_foreach(sockets, i, one)
	{
		if (strcmp(fields_text(one, "state"), "LISTEN") == 0)
			json_array_append(list, one);
	}
	json_decref(sockets);
	return list;
}

void
netstat_socket(void *arg, const struct nlmsghdr *h)
{
	struct netstat_sockets *to = arg;
	const struct inet_diag_msg *m = netlink_body(h, sizeof(*m));
	struct ip local, foreign;
	bool udp;

	if (m == NULL || h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return;
	local = address(m->idiag_family, m->id.idiag_src);
	foreign = address(m->idiag_family, m->id.idiag_dst);
	udp = strcmp(to->proto, "udp") == 0;
	json_array_append_new(
	    to->list, json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:s}", "proto",
			  json_sprintf("%s%c", to->proto,
			      m->idiag_family == AF_INET ? '4' : '6'),
			  "recv_q", (json_int_t)m->idiag_rqueue, "send_q",
			  (json_int_t)m->idiag_wqueue, "inode",
			  (json_int_t)m->idiag_inode, "local",
			  end(&local, ntohs(m->id.idiag_sport)), "foreign",
			  end(&foreign, ntohs(m->id.idiag_dport)), "state",
			  udp && m->idiag_state == STATE_NONE ? ""
			  : m->idiag_state < NELEM(states) &&
				  states[m->idiag_state] != NULL
			      ? states[m->idiag_state]
			      : "?"));
}

static int
dump(json_t *list, int family, int protocol, struct err *err)
{
	struct inet_diag_req_v2 body = { .sdiag_family = (uint8_t)family,
		.sdiag_protocol = (uint8_t)protocol,
		.idiag_states = STATES_ALL | 1u << 12 };
	struct netlink q = { NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, &body,
		sizeof(body) };
	struct netstat_sockets to = { list,
		protocol == IPPROTO_TCP ? "tcp" : "udp" };

	return netlink_dump(&q, netstat_socket, &to, err);
}

static struct ip
address(int family, const uint32_t *words)
{
	struct ip ip = { { 0 } };

	if (family == AF_INET6) {
		memcpy(ip.b, words, sizeof(ip.b));
	} else if (words[0] != 0) {
		ip.b[10] = ip.b[11] = 0xff;
		memcpy(ip.b + 12, words, 4);
	}
	return ip;
}

static json_t *
end(const struct ip *ip, unsigned port)
{
	char text[IP_TEXT];

	return json_pack("{s:o, s:o}", "address",
	    ip_is_unset(ip) ? json_null() : json_string(ip_text(ip, text)),
	    "port", port == 0 ? json_null() : json_integer((json_int_t)port));
}

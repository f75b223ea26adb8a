/* test_netstat.c - messages of the kernel, and what `netstat` makes of them */
#include "render_kit.h"

#include <linux/if_link.h>
#include <linux/inet_diag.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>

#include "admin/fields.h"
#include "admin/netstat.h"
#include "base/ip.h"
#include "base/mem.h"

/* A message that is being made. */
struct made {
	union {
		struct nlmsghdr h;
		char room[4096];
	} u;
};

static void
begin(struct made *m, unsigned type, const void *body, size_t n)
{
	memset(m, 0, sizeof(*m));
	m->u.h.nlmsg_type = (uint16_t)type;
	m->u.h.nlmsg_len = (uint32_t)NLMSG_LENGTH(n);
	memcpy(NLMSG_DATA(&m->u.h), body, n);
}

static void
attr(struct made *m, unsigned type, const void *p, size_t n)
{
	size_t at = NLMSG_ALIGN(m->u.h.nlmsg_len);
	struct nlattr a = { (uint16_t)(NLA_HDRLEN + n), (uint16_t)type };

	memcpy(m->u.room + at, &a, sizeof(a));
	memcpy(m->u.room + at + NLA_HDRLEN, p, n);
	m->u.h.nlmsg_len = (uint32_t)(at + NLA_HDRLEN + n);
}

static void
attr_ip(struct made *m, unsigned type, const char *text)
{
	struct ip ip;

	assert_true(ip_parse(&ip, str_of(text)));
	if (ip_is_v4(&ip))
		attr(m, type, ip.b + 12, 4);
	else
		attr(m, type, ip.b, 16);
}

static void
words(uint32_t out[4], const char *text)
{
	struct ip ip;

	assert_true(ip_parse(&ip, str_of(text)));
	if (ip_is_v4(&ip))
		memcpy(out, ip.b + 12, 4);
	else
		memcpy(out, ip.b, 16);
}

static const struct {
	int family, state;
	const char *proto, *local, *foreign;
	unsigned port, remote, recv_q, send_q;
} sockets[] = {
	{ AF_INET, 1, "tcp", "192.0.2.10", "203.0.113.2", 25, 41822, 0, 0 },
	{ AF_INET, 10, "tcp", "0.0.0.0", "0.0.0.0", 22, 0, 3, 128 },
	{ AF_INET6, 10, "tcp", "::", "::", 25, 0, 0, 50 },
	{ AF_INET6, 6, "tcp", "2001:db8::1", "2001:db8::2", 25, 99, 1, 2 },
	{ AF_INET, 7, "udp", "127.0.0.1", "0.0.0.0", 53, 0, 0, 0 },
};

/* The transcript of the specification, and more. */
static void
test_sockets(void **state)
{
	static const char want[] =
	    "Active Internet connections (including servers)\n"
	    "Proto Recv-Q Send-Q  Local Address          Foreign Address       "
	    " (state)\n"
	    "tcp4       0      0  192.0.2.10.25          203.0.113.2.41822     "
	    " ESTABLISHED\n"
	    "tcp4       0      0  *.22                   *.*                   "
	    " LISTEN\n"
	    "tcp6       0      0  *.25                   *.*                   "
	    " LISTEN\n"
	    "tcp6       1      2  2001:db8::1.25         2001:db8::2.99        "
	    " TIME_WAIT\n"
	    "udp4       0      0  127.0.0.1.53           *.*                   "
	    " \n";
	static const char listening[] =
	    "Current listen queue sizes (current/limit)\n"
	    "Proto Listen           Local Address\n"
	    "tcp4  3/128            *.22\n";
	json_t *list = json_array(), *one = json_array();
	struct buf out;

	(void)state;
	for (size_t i = 0; i < NELEM(sockets); i++) {
		struct netstat_sockets to = { list, sockets[i].proto };
		struct inet_diag_msg body = { .idiag_family =
						  (uint8_t)sockets[i].family,
			.idiag_state = (uint8_t)sockets[i].state,
			.idiag_rqueue = sockets[i].recv_q,
			.idiag_wqueue = sockets[i].send_q };
		struct made m;

		body.id.idiag_sport = htons((uint16_t)sockets[i].port);
		body.id.idiag_dport = htons((uint16_t)sockets[i].remote);
		words(body.id.idiag_src, sockets[i].local);
		words(body.id.idiag_dst, sockets[i].foreign);
		begin(&m, SOCK_DIAG_BY_FAMILY, &body, sizeof(body));
		netstat_socket(&to, &m.u.h);
		/* cut short, it says nothing */
		m.u.h.nlmsg_len -= 1;
		netstat_socket(&to, &m.u.h);
	}
	buf_init(&out, 65536);
	render_sockets(list, &out);
	check(&out, want);
	json_array_append(one, json_array_get(list, 1));
	buf_reset(&out);
	render_listens(one, &out);
	check(&out, listening);
	buf_fini(&out);
	json_decref(one);
	json_decref(list);
}

static json_t *
links(void)
{
	static const uint8_t mac[] = { 0x52, 0x54, 0, 0xaa, 0xbb, 1 };
	struct rtnl_link_stats64 s = { .rx_packets = 1,
		.tx_packets = 2,
		.rx_errors = 3,
		.tx_errors = 4,
		.rx_dropped = 5,
		.tx_dropped = 6,
		.rx_bytes = 7,
		.tx_bytes = 8,
		.collisions = 9 };
	struct ifinfomsg link = { .ifi_index = 2, .ifi_flags = IFF_UP };
	struct ifaddrmsg v4 = {
		.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 2
	};
	struct ifaddrmsg v6 = {
		.ifa_family = AF_INET6, .ifa_prefixlen = 64, .ifa_index = 2
	};
	struct ifaddrmsg other = { .ifa_family = AF_INET, .ifa_index = 3 };
	uint32_t mtu = 1500;
	json_t *list = json_array();
	struct made m;

	begin(&m, RTM_NEWLINK, &link, sizeof(link));
	attr(&m, IFLA_IFNAME, "eth0", 5);
	attr(&m, IFLA_MTU, &mtu, sizeof(mtu));
	attr(&m, IFLA_ADDRESS, mac, sizeof(mac));
	attr(&m, IFLA_STATS64, &s, sizeof(s));
	netstat_link(list, &m.u.h);
	begin(&m, RTM_NEWADDR, &v4, sizeof(v4));
	attr_ip(&m, IFA_ADDRESS, "192.0.2.9"); /* the far end */
	attr_ip(&m, IFA_LOCAL, "192.0.2.10");
	netstat_address(list, &m.u.h);
	begin(&m, RTM_NEWADDR, &v6, sizeof(v6));
	attr_ip(&m, IFA_ADDRESS, "2001:db8::1");
	netstat_address(list, &m.u.h);
	begin(&m, RTM_NEWADDR, &other, sizeof(other));
	attr_ip(&m, IFA_LOCAL, "192.0.2.11");
	netstat_address(list, &m.u.h);
	begin(&m, RTM_NEWADDR, &v6, sizeof(v6));
	attr_ip(&m, IFA_ADDRESS, "192.0.2.12"); /* too short for IPv6 */
	netstat_address(list, &m.u.h);
	return list;
}

static void
test_links(void **state)
{
	static const char brief[] =
	    "Name            Mtu Address                             Ipkts "
	    "Ierrs        Opkts  Oerrs  Coll\n";
	static const char want[] =
	    "Name            Mtu Address                             Ipkts "
	    " Ierrs  Idrop           Ibytes        Opkts  Oerrs           "
	    "Obytes  Coll  Odrop\n"
	    "eth0           1500 52:54:00:aa:bb:01                       1 "
	    "     3      5                7            2      4             "
	    "   8     9      6\n"
	    "eth0              - 192.0.2.10/24\n"
	    "eth0              - 2001:db8::1/64\n";
	struct netstat_columns all = { true, true }, none = { false, false };
	json_t *list = links();
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	render_links(list, &all, &out);
	check(&out, want);
	buf_reset(&out);
	render_links(list, &none, &out);
	assert_true(str_starts(buf_str(&out), str_sub(STR(brief), 0, 60)));
	assert_false(str_search(buf_str(&out), STR("bytes")) < out.len);
	buf_fini(&out);
	json_decref(list);
}

static const struct {
	int family, table, type, protocol, len;
	const char *to, *gateway, *want;
} routes[] = {
	{ AF_INET, RT_TABLE_MAIN, RTN_UNICAST, RTPROT_BOOT, 0, NULL,
	    "192.0.2.1", "default 192.0.2.1 UGS" },
	{ AF_INET, RT_TABLE_MAIN, RTN_UNICAST, RTPROT_KERNEL, 24, "192.0.2.0",
	    NULL, "192.0.2.0/24 - U" },
	{ AF_INET, RT_TABLE_MAIN, RTN_UNICAST, RTPROT_STATIC, 32,
	    "198.51.100.7", "192.0.2.2", "198.51.100.7/32 192.0.2.2 UGHS" },
	{ AF_INET, RT_TABLE_MAIN, RTN_BLACKHOLE, RTPROT_STATIC, 8, "10.0.0.0",
	    NULL, "10.0.0.0/8 - URS" },
	{ AF_INET6, RT_TABLE_MAIN, RTN_UNICAST, RTPROT_RA, 0, NULL, "fe80::1",
	    "default fe80::1 UG" },
	{ AF_INET, RT_TABLE_LOCAL, RTN_LOCAL, RTPROT_KERNEL, 32, "192.0.2.10",
	    NULL, NULL },
};

static void
test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(routes); i++) {
		struct rtmsg body = { .rtm_family = (uint8_t)routes[i].family,
			.rtm_table = (uint8_t)routes[i].table,
			.rtm_type = (uint8_t)routes[i].type,
			.rtm_protocol = (uint8_t)routes[i].protocol,
			.rtm_dst_len = (uint8_t)routes[i].len };
		json_t *list = json_array(), *one;
		char got[200] = "";
		struct made m;

		begin(&m, RTM_NEWROUTE, &body, sizeof(body));
		if (routes[i].to != NULL)
			attr_ip(&m, RTA_DST, routes[i].to);
		if (routes[i].gateway != NULL)
			attr_ip(&m, RTA_GATEWAY, routes[i].gateway);
		netstat_route(list, &m.u.h);
		one = json_array_get(list, 0);
		if (one != NULL)
			snprintf(got, sizeof(got), "%s %s %s",
			    fields_text(one, "destination"),
			    fields_has(one, "gateway")
				? fields_text(one, "gateway")
				: "-",
			    fields_text(one, "flags"));
		if (strcmp(got, routes[i].want != NULL ? routes[i].want : "") !=
		    0)
			fail_msg(
			    "%zu: '%s' is not '%s'", i, got, routes[i].want);
		json_decref(list);
	}
}

static void
test_route_text(void **state)
{
	static const char want[] =
	    "Routing tables\n"
	    "\n"
	    "Internet:\n"
	    "Destination                    Gateway                        "
	    "Flags  Netif\n"
	    "default                        gw.example.com                 "
	    "UGS    eth0\n"
	    "192.0.2.0/24                   link#2                         "
	    "U      eth0\n";
	json_t *list =
	    parse("[{\"family\":4,\"destination\":\"default\",\"gateway\":"
		  "\"192.0.2.1\",\"gateway_host\":\"gw.example.com\",\"flags\":"
		  "\"UGS\",\"index\":2,\"interface\":\"eth0\"},{\"family\":4,"
		  "\"destination\":\"192.0.2.0/24\",\"gateway\":null,\"flags\":"
		  "\"U\",\"index\":2,\"interface\":\"eth0\"}]");
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	render_routes(list, &out);
	check(&out, want);
	buf_fini(&out);
	json_decref(list);
}

static void
test_neighbours(void **state)
{
	static const char arp[] =
	    "? (192.0.2.1) at 52:54:00:aa:bb:01 on  expires in 21 seconds "
	    "[ethernet]\n"
	    "? (192.0.2.2) at (incomplete) on  expired [ethernet]\n"
	    "? (192.0.2.3) at 52:54:00:aa:bb:01 on  permanent [ethernet]\n";
	static const struct {
		const char *ip;
		unsigned state;
		bool mac;
	} v[] = { { "192.0.2.1", NUD_REACHABLE, true },
		{ "192.0.2.2", NUD_INCOMPLETE, false },
		{ "192.0.2.3", NUD_PERMANENT, true },
		{ "192.0.2.4", NUD_NOARP, true } };
	static const uint8_t mac[] = { 0x52, 0x54, 0, 0xaa, 0xbb, 1 };
	struct nda_cacheinfo info = { .ndm_confirmed = 900 };
	json_t *list = json_array();
	struct buf out;

	(void)state;
	for (size_t i = 0; i < NELEM(v); i++) {
		struct ndmsg body = { .ndm_family = AF_INET,
			.ndm_state = (uint16_t)v[i].state };
		struct made m;

		begin(&m, RTM_NEWNEIGH, &body, sizeof(body));
		attr_ip(&m, NDA_DST, v[i].ip);
		if (v[i].mac)
			attr(&m, NDA_LLADDR, mac, sizeof(mac));
		attr(&m, NDA_CACHEINFO, &info, sizeof(info));
		netstat_neighbour(list, &m.u.h);
	}
	buf_init(&out, 65536);
	render_arp(list, &out);
	check(&out, arp);
	buf_reset(&out);
	render_ndp(list, &out);
	assert_true(
	    str_search(buf_str(&out),
		STR("52:54:00:aa:bb:01           21s        R ")) < out.len);
	buf_fini(&out);
	json_decref(list);
}

/* Lengths that lie are not followed. */
static void
test_processes(void **state)
{
	static const char want[] =
	    "Status as of:                  Tue Mar 04 10:25:54 2025 GMT\n"
	    "\n"
	    "Program        PID State     CPU %  Memory K   CPU time Restarts "
	    "Started\n"
	    "master 0       411 ready       0.0     1,020    0:00.03        0 "
	    "Mar  4 10:25:50\n"
	    "smtpd 12    999999 ready      99.7 1,048,577   12:05.67       12 "
	    "Mar  4 10:25:54\n"
	    "smtpd 13    999998 starting      -         -          -        1 "
	    "Mar  4 10:25:54\n"
	    "qmgr 0           0 down          -         -          -        3 "
	    "-\n";
	const json_int_t now = AT(10, 25, 54);
	json_t *j = json_pack(
	    "{s:I, s:[{s:s, s:i, s:i, s:s, s:f, s:i, s:i, s:i, s:I},"
	    "{s:s, s:i, s:i, s:s, s:f, s:i, s:i, s:i, s:I},"
	    "{s:s, s:i, s:i, s:s, s:n, s:n, s:n, s:i, s:I},"
	    "{s:s, s:i, s:i, s:s, s:i, s:n}]}",
	    "status_as_of", now, "programs", "program", "master", "worker", 0,
	    "pid", 411, "state", "ready", "cpu", 0.0, "cpu_time", 30, "memory",
	    1020 * 1024, "restarts", 0, "started", now - 4000, "program",
	    "smtpd", "worker", 12, "pid", 999999, "state", "ready", "cpu", 99.7,
	    "cpu_time", 725678, "memory", 1024 * 1024 * 1024 + 1, "restarts",
	    12, "started", now, "program", "smtpd", "worker", 13, "pid", 999998,
	    "state", "starting", "cpu", "cpu_time", "memory", "restarts", 1,
	    "started", now, "program", "qmgr", "worker", 0, "pid", 0, "state",
	    "down", "restarts", 3, "started");
	struct buf out;

	(void)state;
	assert_non_null(j);
	buf_init(&out, 4096);
	render_processes(j, &out);
	check(&out, want);
	buf_fini(&out);
	json_decref(j);
}

static void
test_attributes(void **state)
{
	struct rtmsg body = { .rtm_family = AF_INET };
	struct nlattr *a;
	struct made m;

	(void)state;
	begin(&m, RTM_NEWROUTE, &body, sizeof(body));
	attr(&m, RTA_OIF, "\1\0\0\0", 4);
	assert_non_null(netlink_attr(&m.u.h, sizeof(body), RTA_OIF, 4));
	assert_null(netlink_attr(&m.u.h, sizeof(body), RTA_OIF, 5));
	assert_null(netlink_attr(&m.u.h, sizeof(body), RTA_DST, 0));
	a = (struct nlattr *)(void *)(m.u.room + NLMSG_SPACE(sizeof(body)));
	a->nla_len = 200;
	assert_null(netlink_attr(&m.u.h, sizeof(body), RTA_OIF, 4));
	a->nla_len = 0;
	assert_null(netlink_attr(&m.u.h, sizeof(body), RTA_OIF, 4));
	assert_null(netlink_body(&m.u.h, 4096));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_route_text),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_attributes),
	};

	setenv("TZ", "GMT0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

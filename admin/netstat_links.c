/* netstat_links.c - interfaces, routes and neighbours */
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "admin/fields.h"
#include "admin/netstat.h"
#include "base/ip.h"
#include "base/mem.h"

#define MAC_TEXT  (3 * 32)
#define TICKS     100 /* USER_HZ, in which the kernel tells ages */
#define REACHABLE 30  /* seconds; the kernel's base_reachable_time */

static json_t *dump(uint16_t type, const void *body, size_t n,
    void (*take)(void *, const struct nlmsghdr *), struct err *);
static json_t *mac_json(const void *attr);
static bool ip_of(int family, const void *attr, struct ip *);
static json_t *ip_json(int family, const void *attr);
static void put_flags(const struct rtmsg *, bool gateway, char out[8]);
static json_t *interface_json(unsigned index);
static json_t *expiry(const struct nlmsghdr *, const struct ndmsg *);

static const struct {
	unsigned state;
	const char *name;
} states[] = { { NUD_INCOMPLETE, "incomplete" }, { NUD_REACHABLE, "reachable" },
	{ NUD_STALE, "stale" }, { NUD_DELAY, "delay" }, { NUD_PROBE, "probe" },
	{ NUD_FAILED, "failed" }, { NUD_NOARP, "noarp" },
	{ NUD_PERMANENT, "permanent" } };

/* Flags of routes that are no way to anywhere. */
#define IS_REJECT(type)                                                        \
	((type) == RTN_UNREACHABLE || (type) == RTN_BLACKHOLE ||               \
	    (type) == RTN_PROHIBIT)

json_t *
netstat_all_links(struct err *err)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct ifaddrmsg address = { .ifa_family = AF_UNSPEC };
	struct netlink q = { NETLINK_ROUTE, RTM_GETADDR, &address,
		sizeof(address) };
	json_t *list =
	    dump(RTM_GETLINK, &link, sizeof(link), netstat_link, err);

	if (list != NULL &&
	    netlink_dump(&q, netstat_address, list, err) == -1) {
		json_decref(list);
		return NULL;
	}
	return list;
}

json_t *
netstat_all_routes(int family, struct err *err)
{
	struct rtmsg body = { .rtm_family = (uint8_t)family };

	return dump(RTM_GETROUTE, &body, sizeof(body), netstat_route, err);
}

json_t *
netstat_all_neighbours(int family, struct err *err)
{
	struct ndmsg body = { .ndm_family = (uint8_t)family };

	return dump(RTM_GETNEIGH, &body, sizeof(body), netstat_neighbour, err);
}

int
netstat_forget(const json_t *neighbour, struct err *err)
{
	struct {
		struct ndmsg m;
		struct nlattr a;
		uint8_t address[16];
	} body = { .m = {
		       .ndm_ifindex = (int)fields_num(neighbour, "index") } };
	bool v4 = fields_num(neighbour, "family") == 4;
	size_t n = v4 ? 4 : 16;
	struct netlink q = { NETLINK_ROUTE, RTM_DELNEIGH, &body,
		sizeof(body) - 16 + n };
	struct ip ip;

	if (!ip_parse(&ip, str_of(fields_text(neighbour, "address"))))
		return err_set(err, ERR_PERM, "no address");
	body.m.ndm_family = v4 ? AF_INET : AF_INET6;
	body.a.nla_type = NDA_DST;
	body.a.nla_len = (uint16_t)(NLA_HDRLEN + n);
	memcpy(body.address, ip.b + 16 - n, n);
	return netlink_change(&q, err);
}

void
netstat_link(void *list, const struct nlmsghdr *h)
{
	const struct ifinfomsg *m = netlink_body(h, sizeof(*m));
	const struct rtnl_link_stats64 none = { 0 };
	struct rtnl_link_stats64 s = none;
	const void *stats, *mtu, *name;
	uint32_t size = 0;

	if (h->nlmsg_type != RTM_NEWLINK || m == NULL)
		return;
	name = netlink_attr(h, sizeof(*m), IFLA_IFNAME, 1);
	mtu = netlink_attr(h, sizeof(*m), IFLA_MTU, sizeof(size));
	/* older kernels count less */
	stats = netlink_attr(h, sizeof(*m), IFLA_STATS64,
	    offsetof(struct rtnl_link_stats64, rx_length_errors));
	if (mtu != NULL)
		memcpy(&size, mtu, sizeof(size));
	if (stats != NULL)
		memcpy(&s, stats,
		    offsetof(struct rtnl_link_stats64, rx_length_errors));
	json_array_append_new(list,
	    json_pack("{s:I, s:s, s:I, s:o, s:b, s:I, s:I, s:I, s:I, s:I, s:I, "
		      "s:I, s:I, s:I, s:[]}",
		"index", (json_int_t)m->ifi_index, "name",
		name != NULL ? (const char *)name : "?", "mtu",
		(json_int_t)size, "mac",
		mac_json(netlink_attr(h, sizeof(*m), IFLA_ADDRESS, 1)), "up",
		(m->ifi_flags & IFF_UP) != 0, "in_packets",
		(json_int_t)s.rx_packets, "in_errors", (json_int_t)s.rx_errors,
		"in_drops", (json_int_t)s.rx_dropped, "in_bytes",
		(json_int_t)s.rx_bytes, "out_packets", (json_int_t)s.tx_packets,
		"out_errors", (json_int_t)s.tx_errors, "out_drops",
		(json_int_t)s.tx_dropped, "out_bytes", (json_int_t)s.tx_bytes,
		"collisions", (json_int_t)s.collisions, "addresses"));
}

void
netstat_address(void *links, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *m = netlink_body(h, sizeof(*m));
	const void *attr;
	char text[IP_TEXT];
	json_t *one;
	struct ip ip;
	size_t i;

	if (h->nlmsg_type != RTM_NEWADDR || m == NULL)
		return;
	/* of a line between two, the own end */
	attr = netlink_attr(h, sizeof(*m), IFA_LOCAL, 4);
	if (attr == NULL)
		attr = netlink_attr(h, sizeof(*m), IFA_ADDRESS, 4);
	if (!ip_of(m->ifa_family, attr, &ip))
		return;
	json_array_foreach((json_t *)links, i, one)
	{
		if (fields_num(one, "index") == m->ifa_index)
			json_array_append_new(json_object_get(one, "addresses"),
			    json_sprintf(
				"%s/%u", ip_text(&ip, text), m->ifa_prefixlen));
	}
}

/* Of the main table: the others are the kernel's own. */
void
netstat_route(void *list, const struct nlmsghdr *h)
{
	const struct rtmsg *m = netlink_body(h, sizeof(*m));
	const void *gateway, *out, *to;
	char flags[8], text[IP_TEXT];
	uint32_t index = 0;
	struct ip ip;

	if (h->nlmsg_type != RTM_NEWROUTE || m == NULL ||
	    m->rtm_table != RT_TABLE_MAIN ||
	    (m->rtm_family != AF_INET && m->rtm_family != AF_INET6))
		return;
	to = netlink_attr(h, sizeof(*m), RTA_DST, 4);
	gateway = netlink_attr(h, sizeof(*m), RTA_GATEWAY, 4);
	out = netlink_attr(h, sizeof(*m), RTA_OIF, sizeof(index));
	if (out != NULL)
		memcpy(&index, out, sizeof(index));
	put_flags(m, gateway != NULL, flags);
	json_array_append_new(list,
	    json_pack("{s:i, s:o, s:o, s:s, s:I, s:o}", "family",
		m->rtm_family == AF_INET ? 4 : 6, "destination",
		ip_of(m->rtm_family, to, &ip)
		    ? json_sprintf("%s/%u", ip_text(&ip, text), m->rtm_dst_len)
		    : json_string("default"),
		"gateway", ip_json(m->rtm_family, gateway), "flags", flags,
		"index", (json_int_t)index, "interface",
		interface_json(index)));
}

void
netstat_neighbour(void *list, const struct nlmsghdr *h)
{
	const struct ndmsg *m = netlink_body(h, sizeof(*m));
	const void *to;
	const char *state = "none";
	struct ip ip;

	if (h->nlmsg_type != RTM_NEWNEIGH || m == NULL ||
	    m->ndm_state == NUD_NOARP)
		return;
	to = netlink_attr(h, sizeof(*m), NDA_DST, 4);
	if (!ip_of(m->ndm_family, to, &ip))
		return;
	for (size_t i = 0; i < NELEM(states); i++)
		if (m->ndm_state & states[i].state)
			state = states[i].name;
	json_array_append_new(
	    list, json_pack("{s:i, s:o, s:o, s:I, s:o, s:s, s:o, s:b}",
		      "family", m->ndm_family == AF_INET ? 4 : 6, "address",
		      ip_json(m->ndm_family, to), "mac",
		      mac_json(netlink_attr(h, sizeof(*m), NDA_LLADDR, 1)),
		      "index", (json_int_t)m->ndm_ifindex, "interface",
		      interface_json((unsigned)m->ndm_ifindex), "state", state,
		      "expires", expiry(h, m), "router",
		      (m->ndm_flags & NTF_ROUTER) != 0));
}

/* --- parts --- */

static json_t *
dump(uint16_t type, const void *body, size_t n,
    void (*take)(void *, const struct nlmsghdr *), struct err *err)
{
	struct netlink q = { NETLINK_ROUTE, type, body, n };
	json_t *list = json_array();

	if (netlink_dump(&q, take, list, err) == 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *
mac_json(const void *attr)
{
	const uint8_t *b = attr;
	char text[MAC_TEXT + 1] = "";
	size_t n = attr != NULL ? netlink_attr_len(attr) : 0;

	if (n == 0)
		return json_null();
	for (size_t i = 0; i < n && 3 * i < MAC_TEXT; i++)
		snprintf(text + (i > 0 ? 3 * i - 1 : 0), 4, "%s%02x",
		    i > 0 ? ":" : "", b[i]);
	return json_string(text);
}

static bool
ip_of(int family, const void *attr, struct ip *out)
{
	size_t need = family == AF_INET ? 4 : 16;

	if (attr == NULL || (family != AF_INET && family != AF_INET6) ||
	    netlink_attr_len(attr) < need)
		return false;
	*out = (struct ip){ { 0 } };
	if (need == 4)
		out->b[10] = out->b[11] = 0xff;
	memcpy(out->b + 16 - need, attr, need);
	return true;
}

static json_t *
ip_json(int family, const void *attr)
{
	char text[IP_TEXT];
	struct ip ip;

	return ip_of(family, attr, &ip) ? json_string(ip_text(&ip, text))
					: json_null();
}

/* Up, gateway, host, static, reject. */
static void
put_flags(const struct rtmsg *m, bool gateway, char out[8])
{
	unsigned whole = m->rtm_family == AF_INET ? 32 : 128;
	bool typed =
	    m->rtm_protocol == RTPROT_STATIC || m->rtm_protocol == RTPROT_BOOT;

	snprintf(out, 8, "U%s%s%s%s", gateway ? "G" : "",
	    m->rtm_dst_len == whole ? "H" : "",
	    IS_REJECT(m->rtm_type) ? "R" : "", typed ? "S" : "");
}

static json_t *
interface_json(unsigned index)
{
	char name[IF_NAMESIZE];

	return json_string(if_indextoname(index, name) != NULL ? name : "");
}

/* When it has to be confirmed again, about: the kernel forgets nothing at a
 * time that could be told. */
static json_t *
expiry(const struct nlmsghdr *h, const struct ndmsg *m)
{
	const struct nda_cacheinfo *info =
	    netlink_attr(h, sizeof(*m), NDA_CACHEINFO, sizeof(*info));
	int64_t left;

	if (m->ndm_state & NUD_PERMANENT)
		return json_null();
	if (!(m->ndm_state & NUD_REACHABLE) || info == NULL)
		return json_integer(0);
	left = REACHABLE - info->ndm_confirmed / TICKS;
	return json_integer(left > 0 ? left : 0);
}

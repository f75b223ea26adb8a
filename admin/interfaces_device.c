/* interfaces_device.c - addresses of this machine, and who has them */
#include <ifaddrs.h>
#include <string.h>

#include "admin/interfaces.h"

/* A label ("eth0:1") is not a device. */
bool
interfaces_device(const struct ip *ip, char out[IF_NAMESIZE])
{
	struct ifaddrs *all;
	bool found = false;

	if (getifaddrs(&all) == -1)
		return false;
	for (struct ifaddrs *i = all; i != NULL && !found; i = i->ifa_next) {
		found = interfaces_is(i->ifa_addr, ip) ||
			(ip_is_loopback(ip) && (i->ifa_flags & IFF_LOOPBACK));
		if (found)
			str_copy(out, IF_NAMESIZE,
			    str_sub(str_of(i->ifa_name), 0,
				strcspn(i->ifa_name, ":")));
	}
	freeifaddrs(all);
	return found;
}

bool
interfaces_is(const struct sockaddr *sa, const struct ip *ip)
{
	struct sockaddr_storage whole = { .ss_family = AF_UNSPEC };
	struct ip has;
	uint16_t port;

	if (sa == NULL ||
	    (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return false;
	memcpy(&whole, sa,
	    sa->sa_family == AF_INET ? sizeof(struct sockaddr_in)
				     : sizeof(struct sockaddr_in6));
	ip_from_sockaddr(&has, &port, &whole);
	return ip_equal(&has, ip);
}

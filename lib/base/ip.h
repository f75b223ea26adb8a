/*
 * ip.h - IP addresses, ranges and endpoints
 *
 * An address is 16 bytes; IPv4 is kept IPv4-mapped (::ffff:a.b.c.d), so that
 * a mapped IPv6 peer *is* the IPv4 peer (threats REL-10) and one comparison
 * serves both. Ranges are inclusive pairs.
 */
#ifndef BASE_IP_H
#define BASE_IP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/str.h"

#define IP_TEXT 46 /* room for the longest text form and its NUL */

struct ip {
	uint8_t b[16];
};

struct ip_range {
	struct ip lo, hi; /* both included */
};

struct endpoint {
	struct ip ip;
	uint16_t port;
};

bool ip_is_v4(const struct ip *ip);
bool ip_is_unset(const struct ip *ip); /* all zero: "no address" */
int ip_cmp(const struct ip *a, const struct ip *b);
bool ip_equal(const struct ip *a, const struct ip *b);
/* One address, or of IPv6 one /64: whoever has one of it has all. */
bool ip_same_site(const struct ip *a, const struct ip *b);

/* Dotted quad or IPv6 text (RFC 4291); nothing else: no 127.1, no 0x7f. */
bool ip_parse(struct ip *ip, struct str text);
const char *ip_text(const struct ip *ip, char out[IP_TEXT]); /* RFC 5952 */

void ip_from_sockaddr(
    struct ip *ip, uint16_t *port, const struct sockaddr_storage *sa);
socklen_t ip_to_sockaddr(const struct endpoint *ep, struct sockaddr_storage *);

/* 4.3.2.1.in-addr.arpa, or the ip6.arpa form. out: 80 bytes. */
void ip_reverse_name(const struct ip *ip, char out[80]);
/* The same under the zone of a DNS list: 4.3.2.1.list.example. False: it
 * does not fit into size bytes. */
bool ip_list_name(const struct ip *ip, struct str zone, char *out, size_t size);

bool ip_is_loopback(const struct ip *ip);
bool ip_is_private(const struct ip *ip); /* RFC 1918, RFC 4193, link-local */
/* Loopback, unspecified, multicast, broadcast, link-local: never a next hop
 * unless a route names it (threats LOP-02). */
bool ip_is_unroutable(const struct ip *ip);

/*
 * The address forms of a HAT entry (spec receiving 4.2): a single address,
 * partial IPv4 (10.1, 10.1.), a range in the last octet given (10.1.2-5),
 * IPv4 and IPv6 CIDR with missing octets 0, IPv6 range in one group or of
 * two whole addresses. Host bits below a prefix are masked off. False: not an
 * address form. An IPv4 address is in no IPv6 range: ::/0 means all of IPv6.
 */
bool ip_range_parse(struct ip_range *r, struct str text);
bool ip_range_has(const struct ip_range *r, const struct ip *ip);
bool ip_ranges_have(const struct ip_range *v, size_t n, const struct ip *ip);
/* The shortest of these forms that ip_range_parse takes back. */
#define IP_RANGE_TEXT (2 * IP_TEXT + 16)
const char *ip_range_text(const struct ip_range *r, char out[IP_RANGE_TEXT]);

/* "192.0.2.1:25", "[2001:db8::1]:25", or without port (then dflt). */
bool endpoint_parse(struct endpoint *ep, struct str text, uint16_t dflt);
const char *endpoint_text(const struct endpoint *ep, char out[IP_TEXT + 8]);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

#endif

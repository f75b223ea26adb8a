/* ip.c - IP addresses and endpoints (ranges: iprange.c) */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/ip.h"

#define V4(a, b, c, d)                                                         \
	{                                                                      \
		{                                                              \
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d   \
		}                                                              \
	}
#define V4_BITS(n) (96 + (n))

enum { LOOPBACK = 1, PRIVATE = 2, UNROUTABLE = 4 };

static const struct {
	struct ip net;
	unsigned bits, what;
} special[] = {
	{ V4(0, 0, 0, 0), V4_BITS(8), UNROUTABLE }, /* "this host" */
	{ V4(10, 0, 0, 0), V4_BITS(8), PRIVATE },
	{ V4(127, 0, 0, 0), V4_BITS(8), LOOPBACK | UNROUTABLE },
	{ V4(169, 254, 0, 0), V4_BITS(16), PRIVATE | UNROUTABLE },
	{ V4(172, 16, 0, 0), V4_BITS(12), PRIVATE },
	{ V4(192, 168, 0, 0), V4_BITS(16), PRIVATE },
	{ V4(224, 0, 0, 0), V4_BITS(4), UNROUTABLE }, /* multicast */
	{ V4(255, 255, 255, 255), V4_BITS(32), UNROUTABLE },
	{ { { 0 } }, 128, UNROUTABLE },
	{ { { [15] = 1 } }, 128, LOOPBACK | UNROUTABLE },
	{ { { 0xfc } }, 7, PRIVATE },
	{ { { 0xfe, 0x80 } }, 10, PRIVATE | UNROUTABLE },
	{ { { 0xff } }, 8, UNROUTABLE }, /* multicast */
};

static bool is(const struct ip *, unsigned what);
static bool within(const struct ip *, const struct ip *net, unsigned bits);
static void text_v6(const struct ip *, char out[IP_TEXT]);
static unsigned group(const struct ip *, unsigned i);
static char *put_decimal(char *, unsigned n);
static char *put_nibbles(char *, unsigned n);

bool
ip_is_v4(const struct ip *ip)
{
	static const struct ip mapped = V4(0, 0, 0, 0);

	return within(ip, &mapped, 96);
}

bool
ip_is_unset(const struct ip *ip)
{
	static const struct ip unset;

	return ip_equal(ip, &unset);
}

int
ip_cmp(const struct ip *a, const struct ip *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

bool
ip_equal(const struct ip *a, const struct ip *b)
{
	return ip_cmp(a, b) == 0;
}

bool
ip_same_site(const struct ip *a, const struct ip *b)
{
	return memcmp(a->b, b->b, ip_is_v4(a) || ip_is_v4(b) ? 16 : 8) == 0;
}

bool
ip_parse(struct ip *ip, struct str text)
{
	struct ip v4 = V4(0, 0, 0, 0);
	char z[IP_TEXT];

	/* A NUL inside would hide what follows it from inet_pton. */
	if (str_find(text, '\0') != text.n || !str_copy(z, sizeof(z), text))
		return false;
	if (inet_pton(AF_INET, z, v4.b + 12) == 1) {
		*ip = v4;
		return true;
	}
	return inet_pton(AF_INET6, z, ip->b) == 1;
}

const char *
ip_text(const struct ip *ip, char out[IP_TEXT])
{
	char *p = out;

	if (!ip_is_v4(ip)) {
		text_v6(ip, out);
		return out;
	}
	for (unsigned i = 12; i < 16; i++)
		p = put_decimal(p, ip->b[i]);
	p[-1] = '\0';
	return out;
}

void
ip_from_sockaddr(
    struct ip *ip, uint16_t *port, const struct sockaddr_storage *sa)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
	uint16_t p = 0;

	*ip = (struct ip){ 0 };
	if (sa->ss_family == AF_INET) {
		*ip = (struct ip)V4(0, 0, 0, 0);
		memcpy(ip->b + 12, &in->sin_addr, 4);
		p = ntohs(in->sin_port);
	} else if (sa->ss_family == AF_INET6) {
		memcpy(ip->b, &in6->sin6_addr, 16);
		p = ntohs(in6->sin6_port);
	}
	if (port != NULL)
		*port = p;
}

socklen_t
ip_to_sockaddr(const struct endpoint *ep, struct sockaddr_storage *sa)
{
	struct sockaddr_in *in = (struct sockaddr_in *)sa;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;

	memset(sa, 0, sizeof(*sa));
	if (ip_is_v4(&ep->ip)) {
		in->sin_family = AF_INET;
		in->sin_port = htons(ep->port);
		memcpy(&in->sin_addr, ep->ip.b + 12, 4);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(ep->port);
	memcpy(&in6->sin6_addr, ep->ip.b, 16);
	return sizeof(*in6);
}

void
ip_reverse_name(const struct ip *ip, char out[80])
{
	ip_list_name(
	    ip, str_of(ip_is_v4(ip) ? "in-addr.arpa" : "ip6.arpa"), out, 80);
}

bool
ip_list_name(const struct ip *ip, struct str zone, char *out, size_t size)
{
	char digits[64], *p = digits;
	size_t n;

	for (int i = 15; i >= (ip_is_v4(ip) ? 12 : 0); i--)
		p = ip_is_v4(ip) ? put_decimal(p, ip->b[i])
				 : put_nibbles(p, ip->b[i]);
	n = (size_t)(p - digits);
	if (n + zone.n >= size)
		return false;
	memcpy(out, digits, n);
	if (zone.n > 0)
		memcpy(out + n, zone.p, zone.n);
	out[n + zone.n] = '\0';
	return true;
}

bool
ip_is_loopback(const struct ip *ip)
{
	return is(ip, LOOPBACK);
}

bool
ip_is_private(const struct ip *ip)
{
	return is(ip, PRIVATE);
}

bool
ip_is_unroutable(const struct ip *ip)
{
	return is(ip, UNROUTABLE);
}

bool
endpoint_parse(struct endpoint *ep, struct str text, uint16_t dflt)
{
	struct str host = text, port = { NULL, 0 };
	uint64_t n = dflt;
	size_t at;

	if (text.n != 0 && text.p[0] == '[') {
		at = str_find(text, ']');
		if (at == text.n || str_find(text, ':') > at)
			return false; /* brackets are for IPv6 */
		host = str_sub(text, 1, at - 1);
		port = str_sub(text, at + 1, text.n);
	} else if ((at = str_find(text, ':')) != text.n &&
		   str_find(str_sub(text, at + 1, text.n), ':') ==
		       text.n - at - 1) {
		host = str_sub(text, 0, at); /* one colon: IPv4 and port */
		port = str_sub(text, at, text.n);
	}
	if (port.n != 0 &&
	    (port.p[0] != ':' ||
		!str_u64(str_sub(port, 1, port.n), UINT16_MAX, &n) || n == 0))
		return false;
	if (!ip_parse(&ep->ip, host))
		return false;
	ep->port = (uint16_t)n;
	return true;
}

bool
endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && ip_equal(&a->ip, &b->ip);
}

const char *
endpoint_text(const struct endpoint *ep, char out[IP_TEXT + 8])
{
	char ip[IP_TEXT];

	snprintf(out, IP_TEXT + 8, ip_is_v4(&ep->ip) ? "%s:%u" : "[%s]:%u",
	    ip_text(&ep->ip, ip), ep->port);
	return out;
}

static bool
is(const struct ip *ip, unsigned what)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if ((special[i].what & what) != 0 &&
		    within(ip, &special[i].net, special[i].bits))
			return true;
	return false;
}

static bool
within(const struct ip *ip, const struct ip *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(ip->b, net->b, whole) == 0 &&
	       (rest == 0 || (ip->b[whole] ^ net->b[whole]) >> (8 - rest) == 0);
}

/*
 * RFC 5952: lower case, no leading zeros, the first of the longest runs of
 * two or more zero groups as "::".
 */
static void
text_v6(const struct ip *ip, char out[IP_TEXT])
{
	unsigned from = 8, len = 1;
	int at = 0;

	for (unsigned i = 0, run; i < 8; i += run + 1) {
		for (run = 0; i + run < 8 && group(ip, i + run) == 0; run++)
			continue;
		if (run > len) {
			from = i;
			len = run;
		}
	}
	for (unsigned i = 0; i < 8;) {
		const char *colon = i != 0 && i != from + len ? ":" : "";

		if (i == from) {
			at += snprintf(out + at, IP_TEXT - (size_t)at, "::");
			i += len;
			continue;
		}
		at += snprintf(out + at, IP_TEXT - (size_t)at, "%s%x", colon,
		    group(ip, i++));
	}
}

static unsigned
group(const struct ip *ip, unsigned i)
{
	return (unsigned)ip->b[2 * i] << 8 | ip->b[2 * i + 1];
}

static char *
put_decimal(char *p, unsigned n)
{
	if (n >= 100)
		*p++ = (char)('0' + n / 100);
	if (n >= 10)
		*p++ = (char)('0' + n / 10 % 10);
	*p++ = (char)('0' + n % 10);
	*p++ = '.';
	return p;
}

/* The lower half first. */
static char *
put_nibbles(char *p, unsigned n)
{
	static const char hex[] = "0123456789abcdef";

	*p++ = hex[n & 0xf];
	*p++ = '.';
	*p++ = hex[n >> 4];
	*p++ = '.';
	return p;
}

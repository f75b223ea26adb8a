/*
 * proxy.c - the PROXY header of load balancers
 *
 *	1	PROXY TCP4 192.0.2.1 198.51.100.1 56324 25 CR LF
 *	2	signature (12), version and command, family, length (2),
 *		addresses, ports, then type-length-values
 *
 * Of the values only a checksum is looked at; the others must fit.
 */
#include "smtpd/proxy.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

#define V1_MAX   107 /* CR LF included */
#define V2_HEAD  16
#define TLV_HEAD 3
#define TLV_CRC  3

static const struct str v1_sign = { "PROXY ", 6 };
static const struct str v2_sign = { "\r\n\r\n\0\r\nQUIT\n", 12 };

/* What the byte of family and protocol stands for. */
static const struct {
	uint8_t byte;
	uint8_t addr; /* bytes of one address; 0: nothing is said */
	uint8_t both; /* bytes of both, with ports */
} families[] = {
	{ 0x00, 0, 0 },   /* not specified */
	{ 0x11, 4, 12 },  /* TCP over IPv4 */
	{ 0x21, 16, 36 }, /* TCP over IPv6 */
	{ 0x31, 0, 216 }, /* a local socket */
};

static bool may_become(struct str in, struct str sign);
static enum proxy_end parse_v1(struct str in, struct proxy_header *, size_t *);
static bool read_v1(struct str line, struct proxy_header *);
static bool read_endpoints(struct str line, bool v4, struct proxy_header *);
static bool read_ip(struct str word, bool v4, struct ip *);
static bool read_port(struct str word, uint16_t *);
static enum proxy_end parse_v2(struct str in, struct proxy_header *, size_t *);
static bool read_v2(struct str all, struct proxy_header *);
static void take_endpoints(const char *p, size_t addr, struct proxy_header *);
static struct ip take_ip(const char *p, size_t addr);
static uint16_t take16(const char *p);
static bool values_fit(struct str all, size_t at);
static bool checksum_fits(struct str all, size_t at);

enum proxy_end
proxy_parse(struct str in, struct proxy_header *h, size_t *used)
{
	*h = (struct proxy_header){ 0 };
	*used = 0;
	if (may_become(in, v1_sign))
		return parse_v1(in, h, used);
	if (may_become(in, v2_sign))
		return parse_v2(in, h, used);
	return PROXY_BAD;
}

/* Equal as far as both go. */
static bool
may_become(struct str in, struct str sign)
{
	size_t n = in.n < sign.n ? in.n : sign.n;

	return n == 0 || memcmp(in.p, sign.p, n) == 0;
}

/* --- version 1 --- */

static enum proxy_end
parse_v1(struct str in, struct proxy_header *h, size_t *used)
{
	struct str head = str_sub(in, 0, V1_MAX);
	size_t end = str_find(head, '\r');

	if (str_find(head, '\n') < end)
		return PROXY_BAD;
	if (end + 1 < head.n) {
		*used = end + 2;
		return head.p[end + 1] == '\n' &&
			       read_v1(str_sub(head, 0, end), h)
			   ? PROXY_DONE
			   : PROXY_BAD;
	}
	return head.n == V1_MAX ? PROXY_BAD : PROXY_MORE;
}

static bool
read_v1(struct str line, struct proxy_header *h)
{
	struct str family;

	line = str_sub(line, v1_sign.n, line.n);
	family = str_cut(&line, ' ');
	if (str_is(family, "UNKNOWN")) {
		h->local = true;
		return true;
	}
	if (str_is(family, "TCP4"))
		return read_endpoints(line, true, h);
	return str_is(family, "TCP6") && read_endpoints(line, false, h);
}

/* One blank between the words, nothing before and after. */
static bool
read_endpoints(struct str line, bool v4, struct proxy_header *h)
{
	struct str client = str_cut(&line, ' '), server = str_cut(&line, ' ');
	struct str from = str_cut(&line, ' ');

	return read_ip(client, v4, &h->client.ip) &&
	       !ip_is_unset(&h->client.ip) &&
	       read_ip(server, v4, &h->server.ip) &&
	       read_port(from, &h->client.port) &&
	       read_port(line, &h->server.port);
}

static bool
read_ip(struct str word, bool v4, struct ip *ip)
{
	return (str_find(word, ':') == word.n) == v4 && ip_parse(ip, word);
}

static bool
read_port(struct str word, uint16_t *port)
{
	uint64_t n;

	if ((word.n > 1 && word.p[0] == '0') || !str_u64(word, UINT16_MAX, &n))
		return false;
	*port = (uint16_t)n;
	return true;
}

/* --- version 2 --- */

static enum proxy_end
parse_v2(struct str in, struct proxy_header *h, size_t *used)
{
	size_t n;

	if (in.n < V2_HEAD)
		return PROXY_MORE;
	n = V2_HEAD + take16(in.p + 14);
	if (n > PROXY_MAX)
		return PROXY_BAD;
	if (in.n < n)
		return PROXY_MORE;
	*used = n;
	return read_v2(str_sub(in, 0, n), h) ? PROXY_DONE : PROXY_BAD;
}

static bool
read_v2(struct str all, struct proxy_header *h)
{
	uint8_t command = (uint8_t)all.p[12], family = (uint8_t)all.p[13];
	size_t i = 0;

	if (command == 0x20) { /* LOCAL: whatever follows is nothing to us */
		h->local = true;
		return true;
	}
	while (i < NELEM(families) && families[i].byte != family)
		i++;
	if (command != 0x21 || i == NELEM(families) ||
	    all.n < V2_HEAD + (size_t)families[i].both ||
	    !values_fit(all, V2_HEAD + families[i].both))
		return false;
	h->local = families[i].addr == 0;
	if (h->local)
		return true;
	take_endpoints(all.p + V2_HEAD, families[i].addr, h);
	return !ip_is_unset(&h->client.ip);
}

static void
take_endpoints(const char *p, size_t addr, struct proxy_header *h)
{
	h->client.ip = take_ip(p, addr);
	h->server.ip = take_ip(p + addr, addr);
	h->client.port = take16(p + 2 * addr);
	h->server.port = take16(p + 2 * addr + 2);
}

static struct ip
take_ip(const char *p, size_t addr)
{
	static const struct ip mapped = { { [10] = 0xff, [11] = 0xff } };
	struct ip ip = mapped;

	memcpy(ip.b + sizeof(ip.b) - addr, p, addr);
	return ip;
}

static uint16_t
take16(const char *p)
{
	return (uint16_t)((uint8_t)p[0] << 8 | (uint8_t)p[1]);
}

static bool
values_fit(struct str all, size_t at)
{
	while (at < all.n) {
		size_t left = all.n - at, n;

		if (left < TLV_HEAD)
			return false;
		n = take16(all.p + at + 1);
		if (n > left - TLV_HEAD)
			return false;
		if (all.p[at] == TLV_CRC &&
		    (n != 4 || !checksum_fits(all, at + TLV_HEAD)))
			return false;
		at += TLV_HEAD + n;
	}
	return true;
}

/* Taken over the whole header, with zeros where it stands itself. */
static bool
checksum_fits(struct str all, size_t at)
{
	uint32_t want =
	    (uint32_t)take16(all.p + at) << 16 | take16(all.p + at + 2);
	char copy[PROXY_MAX];

	memcpy(copy, all.p, all.n);
	memset(copy + at, 0, 4);
	return hash_crc32c(0, copy, all.n) == want;
}

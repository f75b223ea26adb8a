/* iprange.c - the address forms of host access tables, as ranges (ip.h) */
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/str.h"

/* What is written of an IPv4 address: 10.1.2-5 has n 3, last from 2 to 5. */
struct quad {
	unsigned n;
	uint8_t lo[4], hi[4];
	bool ranged, dotted; /* "2-5"; ends with a dot */
};

static bool parse_v4(struct ip_range *, struct str);
static bool parse_v6(struct ip_range *, struct str);
static bool parse_v6_group(struct ip_range *, struct str, size_t dash);
static bool quad_parse(struct quad *, struct str);
static bool octets(struct str, uint8_t *lo, uint8_t *hi, bool *ranged);
static bool octet(struct str, uint8_t *);
static bool parse_joined(struct ip *, struct str a, struct str b);
static void mask(struct ip_range *, unsigned bits);
static bool print_cidr(const struct ip_range *, char out[IP_RANGE_TEXT]);
static bool print_octets(const struct ip_range *, char out[IP_RANGE_TEXT]);

bool
ip_range_parse(struct ip_range *r, struct str text)
{
	if (str_find(text, ':') != text.n)
		return parse_v6(r, text);
	return parse_v4(r, text);
}

bool
ip_range_has(const struct ip_range *r, const struct ip *ip)
{
	/* IPv4 lives inside ::/0, yet who writes ::/0 means IPv6. */
	return ip_is_v4(ip) == ip_is_v4(&r->lo) && ip_cmp(&r->lo, ip) <= 0 &&
	       ip_cmp(ip, &r->hi) <= 0;
}

bool
ip_ranges_have(const struct ip_range *v, size_t n, const struct ip *ip)
{
	for (size_t i = 0; i < n; i++)
		if (ip_range_has(&v[i], ip))
			return true;
	return false;
}

const char *
ip_range_text(const struct ip_range *r, char out[IP_RANGE_TEXT])
{
	const char *mapped = ip_is_v4(&r->lo) ? "::ffff:" : "";
	char lo[IP_TEXT], hi[IP_TEXT];

	if (ip_equal(&r->lo, &r->hi))
		return ip_text(&r->lo, out);
	if (print_cidr(r, out) || (ip_is_v4(&r->lo) && print_octets(r, out)))
		return out;
	snprintf(out, IP_RANGE_TEXT, "%s%s-%s%s", mapped, ip_text(&r->lo, lo),
	    mapped, ip_text(&r->hi, hi));
	return out;
}

static bool
parse_v4(struct ip_range *r, struct str text)
{
	static const struct ip first = { { [10] = 0xff, 0xff } };
	struct str addr = str_cut(&text, '/');
	bool cidr = addr.p + addr.n != text.p; /* there was a slash */
	uint64_t bits;
	struct quad q;

	if (!quad_parse(&q, addr))
		return false;
	r->lo = r->hi = first;
	memcpy(r->lo.b + 12, q.lo, 4);
	memcpy(r->hi.b + 12, q.hi, 4);
	if (!cidr) {
		memset(r->hi.b + 12 + q.n, 0xff, 4 - q.n);
		return true;
	}
	if (q.ranged || q.dotted || !str_u64(text, 32, &bits))
		return false;
	mask(r, 96 + (unsigned)bits);
	return true;
}

static bool
quad_parse(struct quad *q, struct str text)
{
	*q = (struct quad){ 0 };
	if (text.n == 0)
		return false;
	if (text.p[text.n - 1] == '.') {
		q->dotted = true;
		text.n--;
	}
	do {
		bool more = str_find(text, '.') != text.n;

		if (q->n == 4 || q->ranged ||
		    !octets(str_cut(&text, '.'), &q->lo[q->n], &q->hi[q->n],
			&q->ranged))
			return false;
		q->n++;
		if (!more)
			break;
	} while (true);
	return !(q->dotted && q->n == 4);
}

/* "7" or "2-5" */
static bool
octets(struct str text, uint8_t *lo, uint8_t *hi, bool *ranged)
{
	size_t dash = str_find(text, '-');

	*ranged = dash != text.n;
	if (!*ranged)
		return octet(text, lo) && octet(text, hi);
	return octet(str_sub(text, 0, dash), lo) &&
	       octet(str_sub(text, dash + 1, text.n), hi) && *lo <= *hi;
}

static bool
octet(struct str text, uint8_t *out)
{
	uint64_t n;

	/* 010 is eight to some and ten to others: nobody's address. */
	if (text.n > 1 && text.p[0] == '0')
		return false;
	if (!str_u64(text, UINT8_MAX, &n))
		return false;
	*out = (uint8_t)n;
	return true;
}

static bool
parse_v6(struct ip_range *r, struct str text)
{
	size_t slash = str_find(text, '/'), dash = str_find(text, '-');
	uint64_t bits = 128;

	if (slash == text.n && dash != text.n)
		return parse_v6_group(r, text, dash);
	if (slash != text.n &&
	    !str_u64(str_sub(text, slash + 1, text.n), 128, &bits))
		return false;
	if (!ip_parse(&r->lo, str_sub(text, 0, slash)))
		return false;
	mask(r, (unsigned)bits);
	return true;
}

/*
 * 2001:db8::1-5, 2001:db8:1-5:0:0:0:0:0: the address with the first number
 * up to the address with the second; or two whole addresses.
 */
static bool
parse_v6_group(struct ip_range *r, struct str text, size_t dash)
{
	struct str left = str_sub(text, 0, dash);
	struct str right = str_sub(text, dash + 1, text.n);
	size_t from = dash, to = str_find(right, ':');

	if (!ip_parse(&r->lo, left) || !ip_parse(&r->hi, right)) {
		while (from > 0 && text.p[from - 1] != ':')
			from--;
		if (!parse_joined(&r->lo, left, str_sub(right, to, text.n)) ||
		    !parse_joined(&r->hi, str_sub(left, 0, from), right))
			return false;
	}
	return ip_is_v4(&r->lo) == ip_is_v4(&r->hi) &&
	       ip_cmp(&r->lo, &r->hi) <= 0;
}

static bool
parse_joined(struct ip *ip, struct str a, struct str b)
{
	char text[IP_TEXT];

	if (a.n + b.n >= sizeof(text))
		return false;
	memcpy(text, a.p, a.n);
	memcpy(text + a.n, b.p, b.n);
	return ip_parse(ip, (struct str){ text, a.n + b.n });
}

/* From lo: the whole network that its first bits name. */
static void
mask(struct ip_range *r, unsigned bits)
{
	r->hi = r->lo;
	for (unsigned i = 0; i < 16; i++) {
		unsigned keep = bits >= (i + 1) * 8 ? 8
				: bits <= i * 8     ? 0
						    : bits - i * 8;
		uint8_t host = (uint8_t)(0xff >> keep);

		r->lo.b[i] &= (uint8_t)~host;
		r->hi.b[i] |= host;
	}
}

static bool
print_cidr(const struct ip_range *r, char out[IP_RANGE_TEXT])
{
	bool v4 = ip_is_v4(&r->lo);
	char lo[IP_TEXT];

	for (unsigned bits = v4 ? 96 : 0; bits < 128; bits++) {
		struct ip_range net = *r;

		mask(&net, bits);
		if (!ip_equal(&net.lo, &r->lo) || !ip_equal(&net.hi, &r->hi))
			continue;
		snprintf(out, IP_RANGE_TEXT, "%s/%u", ip_text(&r->lo, lo),
		    v4 ? bits - 96 : bits);
		return true;
	}
	return false;
}

/* 10.1.2-5: one octet has a range, all before it are alike, and behind it
 * everything is in. */
static bool
print_octets(const struct ip_range *r, char out[IP_RANGE_TEXT])
{
	const uint8_t *lo = r->lo.b + 12, *hi = r->hi.b + 12;
	size_t at = 0, n = 0;

	for (; lo[at] == hi[at]; at++)
		n += (size_t)snprintf(out + n, 5, "%u.", lo[at]);
	for (size_t i = at + 1; i < 4; i++)
		if (lo[i] != 0 || hi[i] != 0xff)
			return false;
	snprintf(out + n, 8, "%u-%u", lo[at], hi[at]);
	return true;
}

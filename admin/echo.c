/* echo.c - the packets and the sums of `ping` */
#include "admin/echo.h"

#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <string.h>

#define HEADER 8

static uint16_t checksum(const uint8_t *p, size_t n);
static uint64_t root_of(uint64_t n);

void
echo_request(bool v6, uint16_t id, uint16_t seq, uint8_t packet[ECHO_PACKET])
{
	uint16_t sum;

	memset(packet, 0, ECHO_PACKET);
	packet[0] = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	packet[4] = (uint8_t)(id >> 8);
	packet[5] = (uint8_t)id;
	packet[6] = (uint8_t)(seq >> 8);
	packet[7] = (uint8_t)seq;
	for (size_t i = HEADER; i < ECHO_PACKET; i++)
		packet[i] = (uint8_t)i;
	if (v6)
		return;
	sum = checksum(packet, ECHO_PACKET);
	packet[2] = (uint8_t)(sum >> 8);
	packet[3] = (uint8_t)sum;
}

bool
echo_parse(
    bool v6, bool raw, uint16_t id, struct str packet, struct echo_answer *out)
{
	const uint8_t *p = (const uint8_t *)packet.p;
	size_t before = 0;

	if (raw && !v6) {
		if (packet.n < 20)
			return false;
		before = (size_t)(p[0] & 15) * 4;
	}
	if (packet.n < before + HEADER)
		return false;
	p += before;
	out->n = packet.n - before;
	out->seq = (uint16_t)(p[6] << 8 | p[7]);
	/* of another program, or the question itself on the loopback */
	return p[0] == (v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) &&
	       (!raw || (p[4] << 8 | p[5]) == id);
}

void
echo_count(struct echo_sums *s, uint64_t us)
{
	if (s->received == 0 || us < s->min)
		s->min = us;
	if (us > s->max)
		s->max = us;
	s->received++;
	s->sum += us;
	s->squares += us * us;
}

uint64_t
echo_average(const struct echo_sums *s)
{
	return s->received > 0 ? (s->sum + s->received / 2) / s->received : 0;
}

uint64_t
echo_deviation(const struct echo_sums *s)
{
	double n = (double)s->received, mean, variance;

	if (s->received == 0)
		return 0;
	mean = (double)s->sum / n;
	variance = (double)s->squares / n - mean * mean;
	/* of four times as much: half of its root is rounded to the nearest */
	return variance > 0 ? (root_of((uint64_t)(4 * variance)) + 1) / 2 : 0;
}

void
echo_text(const struct echo_line *l, struct buf *out)
{
	buf_printf(out, "%zu bytes from %s: icmp_seq=%u", l->answer->n, l->from,
	    l->answer->seq);
	if (l->ttl >= 0)
		buf_printf(out, " ttl=%d", l->ttl);
	buf_puts(out, " time=");
	echo_ms(l->us, out);
	buf_puts(out, l->again ? " ms (DUP!)\n" : " ms\n");
}

void
echo_sums_text(const struct echo_sums *s, const char *host, struct buf *out)
{
	const uint64_t values[] = { s->min, echo_average(s), s->max,
		echo_deviation(s) };
	uint64_t lost = s->sent > s->received ? s->sent - s->received : 0;

	buf_printf(out,
	    "\n--- %s ping statistics ---\n%llu packets transmitted, %llu "
	    "packets received, %llu%% packet loss\n",
	    host, (unsigned long long)s->sent, (unsigned long long)s->received,
	    (unsigned long long)(s->sent > 0 ? lost * 100 / s->sent : 0));
	if (s->received == 0)
		return;
	buf_puts(out, "round-trip min/avg/max/stddev = ");
	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			buf_putc(out, '/');
		echo_ms(values[i], out);
	}
	buf_puts(out, " ms\n");
}

void
echo_ms(uint64_t us, struct buf *out)
{
	buf_printf(out, "%llu.%03llu", (unsigned long long)(us / 1000),
	    (unsigned long long)(us % 1000));
}

/* RFC 1071, of an even number of bytes. */
static uint16_t
checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return (uint16_t)~sum;
}

/* The largest whole number whose square is not over n. */
static uint64_t
root_of(uint64_t n)
{
	uint64_t r = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1)
		if ((r + bit) * (r + bit) <= n)
			r += bit;
	return r;
}

/*
 * fuzz_pcap.c - packet: captured packets of anybody
 *
 * The first byte is the link, then come packets: two bytes of length, a byte
 * of flags, and the packet; with the flag it is not a frame but a segment of
 * few numbers, so that streams are met as often as headers. What comes out
 * must be in order and add up.
 */
#include <stdlib.h>
#include <string.h>

#include "packet/streams.h"
#include "packet/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct stream *);
static bool take(struct str *in, enum link, struct segment *);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	struct connection *c;
	struct segment g;
	struct streams s;
	enum link link;
	int64_t time = 0;
	size_t found;

	if (n == 0)
		return 0;
	link = data[0] % LINK_N;
	in = str_sub(in, 1, n);
	streams_init(&s);
	while (in.n >= 3)
		if (take(&in, link, &g) && !streams_add(&s, &g, time++))
			abort();
	c = streams_finish(&s, &found);
	for (size_t i = 0; i < found; i++) {
		if (i > 0 && c[i].began < c[i - 1].began)
			abort();
		check(&c[i].client);
		check(&c[i].server);
	}
	streams_fini(&s);
	return 0;
}

static bool
take(struct str *in, enum link link, struct segment *g)
{
	const uint8_t *p = (const uint8_t *)in->p;
	struct str packet = str_sub(*in, 3, p[0] | p[1] << 8);
	bool simple = p[2] & 1;
	struct buf line;

	buf_init(&line, 4096);
	packet_summary(link, packet, &line);
	if (line.len == 0 || line.failed)
		abort();
	buf_fini(&line);
	*in = str_sub(*in, 3 + packet.n, in->n);
	if (!simple)
		return frame_read(link, packet, g) == FRAME_TCP;
	if (packet.n < 4)
		return false;
	p = (const uint8_t *)packet.p;
	*g = (struct segment){ .from.port = p[0] % 3,
		.to.port = p[0] / 3 % 3,
		.flags = p[1],
		.seq = (uint32_t)(int8_t)p[2],
		.ack = (uint32_t)(int8_t)p[3],
		.payload = str_sub(packet, 4, packet.n) };
	g->len = (uint32_t)g->payload.n + p[0] / 9;
	return true;
}

static void
check(const struct stream *s)
{
	uint64_t at = 0, bytes = 0, lost = 0, heard = 0;

	for (size_t i = 0; i < s->n_pieces; i++) {
		const struct stream_piece *p = &s->pieces[i];

		if (p->at != at || p->n == 0 ||
		    p->heard < (p->bytes.p != NULL ? heard : 0))
			abort();
		at += p->n;
		if (p->bytes.p == NULL) {
			lost += p->n;
			continue;
		}
		if (p->bytes.n != p->n ||
		    memchr(p->bytes.p, '\377', p->n) == p->bytes.p + p->n)
			abort(); /* the sanitizer sees that they are there */
		bytes += p->n;
		heard = p->heard;
	}
	if (bytes != s->bytes || lost != s->lost || s->differing > s->again)
		abort();
}

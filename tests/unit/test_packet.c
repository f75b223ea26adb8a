/*
 * test_packet.c - captured packets to what was said: every link, every cut,
 * every order; losses are named where they are
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "packet/streams.h"
#include "packet_kit.h"

#define TEXT_MAX 4000

static uint64_t dice = 7;

static unsigned
roll(unsigned n)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(dice >> 33) % n;
}

static struct segment
segment(bool client, uint32_t seq, uint8_t flags, struct str payload)
{
	struct endpoint a = { .port = 40000 }, b = { .port = 25 };

	assert_true(ip_parse(&a.ip, STR("192.0.2.1")));
	assert_true(ip_parse(&b.ip, STR("192.0.2.2")));
	return (struct segment){ .from = client ? a : b,
		.to = client ? b : a,
		.seq = seq,
		.flags = flags,
		.payload = payload,
		.len = (uint32_t)payload.n };
}

/* --- frames --- */

static void
test_links(void **state)
{
	static const char *const ends[][2] = { { "192.0.2.1", "198.51.100.7" },
		{ "2001:db8::1", "2001:db8::2" } };

	(void)state;
	for (unsigned i = 0; i < 2 * LINK_N * 3; i++) {
		enum link link = i / 2 % LINK_N;
		unsigned vlans = i / 2 / LINK_N;
		struct segment in = { .seq = 0xfffffff0,
			.ack = 77,
			.flags = TCP_ACK,
			.payload = STR("EHLO x\r\n") },
			       out;
		struct buf b;

		ip_parse(&in.from.ip, str_of(ends[i % 2][0]));
		ip_parse(&in.to.ip, str_of(ends[i % 2][1]));
		in.from.port = 40000;
		in.to.port = 25;
		buf_init(&b, 1000);
		put_packet(&b, link, vlans, &in);
		assert_int_equal(
		    frame_read(link, buf_str(&b), &out), FRAME_TCP);
		assert_true(ip_equal(&in.from.ip, &out.from.ip));
		assert_true(ip_equal(&in.to.ip, &out.to.ip));
		assert_int_equal(out.from.port, 40000);
		assert_int_equal(out.to.port, 25);
		assert_int_equal(out.seq, in.seq);
		assert_int_equal(out.ack, 77);
		assert_int_equal(out.len, 8);
		assert_true(str_eq(out.payload, in.payload));
		/* cut anywhere it is still a part of that, or bad */
		for (size_t n = 0; n < b.len; n++) {
			struct str cut = str_sub(buf_str(&b), 0, n);

			if (frame_read(link, cut, &out) != FRAME_TCP)
				continue;
			assert_int_equal(out.len, 8);
			assert_true(str_starts(in.payload, out.payload));
		}
		buf_fini(&b);
	}
}

static void
test_other_frames(void **state)
{
	static const struct {
		const char *why;
		size_t at; /* in an IPv4 packet */
		unsigned char byte;
		enum frame_is is;
	} cases[] = {
		{ "UDP", 9, 17, FRAME_OTHER },
		{ "more fragments", 6, 0x20, FRAME_FRAGMENT },
		{ "a later fragment", 7, 1, FRAME_FRAGMENT },
		{ "version 5", 0, 0x55, FRAME_OTHER },
		{ "header of 16 bytes", 0, 0x44, FRAME_BAD },
		{ "header longer than all", 0, 0x4f, FRAME_BAD },
		{ "total less than header", 3, 19, FRAME_BAD },
		{ "TCP header of 16 bytes", 32, 0x40, FRAME_BAD },
		{ "TCP header longer than all", 32, 0xf0, FRAME_BAD },
		{ "to be cut by the card", 3, 0, FRAME_TCP },
	};
	struct segment in = segment(true, 1, TCP_ACK, STR("12345678")), out;
	struct buf b;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		buf_init(&b, 1000);
		put_packet(&b, LINK_RAW, 0, &in);
		b.data[cases[i].at] = (char)cases[i].byte;
		if (frame_read(LINK_RAW, buf_str(&b), &out) != cases[i].is)
			fail_msg("%s", cases[i].why);
		buf_fini(&b);
	}
}

/* --- streams --- */

struct sent { /* one direction, in packets */
	char text[TEXT_MAX];
	size_t n;
	struct segment v[4 * TEXT_MAX];
	size_t n_v;
	uint32_t isn;
};

static struct sent client, server;

/* Segments of at most step bytes; now and then twice, or overlapping. */
static void
cut(struct sent *s, bool is_client, uint32_t isn, size_t step)
{
	s->n_v = 0;
	s->isn = isn;
	for (size_t i = 0; i < s->n; i++)
		s->text[i] = (char)(' ' + roll(90));
	s->v[s->n_v++] = segment(
	    is_client, isn, TCP_SYN | (is_client ? 0 : TCP_ACK), STR(""));
	for (size_t at = 0; at < s->n; at += step) {
		size_t from = at > 3 && roll(4) == 0 ? at - roll(4) : at;
		struct str piece = str_sub(
		    (struct str){ s->text, s->n }, from, at + step - from);

		for (unsigned i = 0; i <= (roll(5) == 0); i++)
			s->v[s->n_v++] = segment(is_client,
			    isn + 1 + (uint32_t)from, TCP_ACK, piece);
	}
	s->v[s->n_v++] = segment(
	    is_client, isn + 1 + (uint32_t)s->n, TCP_FIN | TCP_ACK, STR(""));
}

static void
shuffle(struct sent *s)
{
	for (size_t i = s->n_v; i > 1; i--) {
		size_t j = roll((unsigned)i);
		struct segment tmp = s->v[j];

		s->v[j] = s->v[i - 1];
		s->v[i - 1] = tmp;
	}
}

static void
add(struct streams *s, struct sent *sent, size_t i, uint32_t heard)
{
	if (i >= sent->n_v)
		return;
	sent->v[i].ack = heard + 1;
	assert_true(streams_add(s, &sent->v[i], (int64_t)i));
}

static void
is_text(const struct stream *s, const struct sent *sent)
{
	uint64_t at = 0;

	assert_true(s->begun && s->finished && !s->reset);
	assert_int_equal(s->bytes, sent->n);
	assert_int_equal(s->lost, 0);
	assert_int_equal(s->differing, 0);
	for (size_t i = 0; i < s->n_pieces; i++) {
		assert_int_equal(s->pieces[i].at, at);
		assert_memory_equal(
		    s->pieces[i].bytes.p, sent->text + at, s->pieces[i].n);
		at += s->pieces[i].n;
	}
	assert_int_equal(at, sent->n);
}

/* Every size of packets, in order and in any, across the end of the sequence
 * numbers. */
static void
test_every_cut(void **state)
{
	(void)state;
	for (size_t step = 1; step < 80; step++) {
		struct connection *c;
		struct streams s;
		size_t n;

		client.n = 1 + roll(TEXT_MAX - 1);
		server.n = roll(TEXT_MAX);
		cut(&client, true, 0xffffffff - roll(TEXT_MAX), step);
		cut(&server, false, roll(UINT32_MAX / 2), step);
		if (step % 2 == 0) {
			shuffle(&client);
			shuffle(&server);
		}
		streams_init(&s);
		for (size_t i = 0; i < client.n_v || i < server.n_v; i++) {
			add(&s, &client, i, server.isn);
			add(&s, &server, i, client.isn);
		}
		c = streams_finish(&s, &n);
		assert_int_equal(n, 1);
		assert_int_equal(c->client.from.port, 40000);
		is_text(&c->client, &client);
		is_text(&c->server, &server);
		streams_fini(&s);
	}
}

/* One packet of each stream is lost: that, and no more, is a gap. */
static void
test_every_loss(void **state)
{
	static const char text[] = "0123456789abcdefghij";

	(void)state;
	for (size_t lost = 0; lost < 20; lost += 2) {
		struct connection *c;
		struct streams s;
		struct segment g;
		size_t n;

		streams_init(&s);
		g = segment(true, 99, TCP_SYN, STR(""));
		assert_true(streams_add(&s, &g, 0));
		for (size_t at = 0; at < 20; at += 2) {
			g = segment(true, 100 + (uint32_t)at, TCP_ACK,
			    (struct str){ text + at, 2 });
			if (at != lost)
				assert_true(streams_add(&s, &g, (int64_t)at));
		}
		g = segment(false, 500, TCP_ACK, STR(""));
		g.ack = 120;
		assert_true(streams_add(&s, &g, 50));
		c = streams_finish(&s, &n);
		assert_int_equal(n, 1);
		assert_int_equal(c->client.bytes, 18);
		assert_int_equal(c->client.lost, 2);
		for (size_t i = 0; i < c->client.n_pieces; i++) {
			const struct stream_piece *p = &c->client.pieces[i];

			if (p->at == lost)
				assert_null(p->bytes.p);
			else
				assert_memory_equal(
				    p->bytes.p, text + p->at, p->n);
		}
		streams_fini(&s);
	}
}

/* What was captured first counts, and that the other differs is said. */
static void
test_differing(void **state)
{
	static const struct {
		uint32_t at;
		const char *text;
	} sent[] = { { 100, "aaaa" }, { 102, "bbbb" }, { 110, "dddd" },
		{ 104, "cccccccc" } };
	struct connection *c;
	struct streams s;
	char text[15] = "";
	size_t n;

	(void)state;
	streams_init(&s);
	for (size_t i = 0; i < NELEM(sent); i++) {
		struct segment g =
		    segment(true, sent[i].at, TCP_ACK, str_of(sent[i].text));

		assert_true(streams_add(&s, &g, (int64_t)i));
	}
	c = streams_finish(&s, &n);
	for (size_t i = 0; i < c->client.n_pieces; i++)
		memcpy(text + c->client.pieces[i].at,
		    c->client.pieces[i].bytes.p, c->client.pieces[i].n);
	assert_string_equal(text, "aaaabbccccdddd");
	assert_int_equal(c->client.bytes, 14);
	assert_int_equal(c->client.again, 6);
	assert_int_equal(c->client.differing, 6);
	assert_false(c->client.begun);
	streams_fini(&s);
}

/* The same port again is another connection. */
static void
test_port_again(void **state)
{
	struct connection *c;
	struct streams s;
	size_t n;

	(void)state;
	streams_init(&s);
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t isn = 1000 * (i + 1);
		struct segment v[] = {
			segment(true, isn, TCP_SYN, STR("")),
			segment(true, isn, TCP_SYN, STR("")),
			segment(false, isn + 7, TCP_SYN | TCP_ACK, STR("")),
			segment(false, isn + 8, TCP_ACK, STR("220 x\r\n")),
			segment(true, isn + 1, TCP_ACK, STR("QUIT\r\n")),
			segment(true, isn + 7, TCP_RST, STR("")),
		};

		v[4].ack = isn + 15;
		for (size_t j = 0; j < NELEM(v); j++)
			assert_true(streams_add(&s, &v[j], 10 * i + (int)j));
	}
	c = streams_finish(&s, &n);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(c[i].began, 10 * i);
		assert_int_equal(c[i].client.bytes, 6);
		assert_int_equal(c[i].client.pieces[0].heard, 7);
		assert_int_equal(c[i].server.pieces[0].heard, 0);
		assert_true(c[i].client.reset);
	}
	streams_fini(&s);
}

/* As much was sent as the packet says, whatever was captured of it. */
static void
test_short_capture(void **state)
{
	struct segment v[] = { segment(true, 99, TCP_SYN, STR("")),
		segment(true, 100, TCP_ACK, STR("EHLO")),
		segment(true, 120, TCP_ACK, STR("DATA")) };
	struct connection *c;
	struct streams s;
	size_t n;

	(void)state;
	v[1].len = 20;
	v[2].len = 1000;
	streams_init(&s);
	for (size_t i = 0; i < NELEM(v); i++)
		assert_true(streams_add(&s, &v[i], (int64_t)i));
	c = streams_finish(&s, &n);
	assert_int_equal(c->client.bytes, 8);
	assert_int_equal(c->client.lost, 16 + 996);
	assert_int_equal(c->client.n_pieces, 4);
	streams_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_other_frames),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_loss),
		cmocka_unit_test(test_differing),
		cmocka_unit_test(test_port_again),
		cmocka_unit_test(test_short_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

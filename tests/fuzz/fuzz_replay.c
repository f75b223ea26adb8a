/*
 * fuzz_replay.c - a captured conversation of anybody with anybody
 *
 * The first byte is the listener; then come pieces of what the two said: a
 * byte of flags (whose it is, whether the client has heard what came before,
 * whether something is missing), one of length, bytes. What comes out must be
 * what its declaration says. Listener E trusts the client to be a balancer.
 */
#include <stdlib.h>

#include "fuzz_gateway.h"
#include "trace/pcapkind.h"
#include "trace/talk.h"

#define PIECES_MAX 200

#define FROM_SERVER 1
#define HEARD       2
#define LOST        4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char yaml[] =
    "hostname: mx.example.org\n"
    "certificates: [{name: mx}]\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "auth_profiles: [{name: House}]\n"
    "listeners:\n"
    "- {name: A, type: public, interface: Net, rat: [example.org],\n"
    "   auth_profile: House, hat: {defaults: {max_message_size: 1K,\n"
    "   smtp_auth: on, auth_require_tls: no}}}\n"
    "- {name: B, type: sinkhole-noqueue, interface: Net, port: 27,\n"
    "   certificate: mx, hat: {defaults: {tls: preferred}}}\n"
    "- {name: C, type: private, interface: Net, port: 28,\n"
    "   xclient: [192.0.2.1]}\n"
    "- {name: D, type: private, protocol: QMQP, interface: Net, port: 29,\n"
    "   hat: {defaults: {max_message_size: 1K}}}\n"
    "- {name: E, type: public, interface: Net, port: 30,\n"
    "   rat: [example.org], proxy_protocol: [192.0.2.1]}\n";

static void add(struct codec_list *, struct pcap_piece);
static void identify(struct pcap_talk *, uint16_t port);
static void look(const struct talk_done *);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct pcap_piece up[PIECES_MAX], down[PIECES_MAX];
	struct str in = { (const char *)data, n };
	struct facts known = { .host_class = HOST_NX };
	struct trace_given given = { .has_sdr = false };
	struct pcap_talk talk = { .up = { 0, up }, .down = { 0, down } };
	struct talk_input ti = {
		.said = &talk, .known = &known, .given = &given
	};
	const struct listener *listener;
	struct talk_done done;
	struct err err = ERR_INIT;
	struct arena mem;
	struct buf out;
	uint64_t heard = 0;

	if (n == 0)
		return 0;
	if (config == NULL)
		prepare(yaml);
	ip_parse(&talk.client, STR("192.0.2.1"));
	ti.config = config;
	ti.stats = stats;
	listener = &config->listeners[data[0] % config->n_listeners];
	in = str_sub(in, 1, n);
	while (in.n >= 2) {
		uint8_t flags = (uint8_t)in.p[0];
		struct pcap_piece p = { .bytes =
					    str_sub(in, 2, (uint8_t)in.p[1]) };

		in = str_sub(in, 2 + p.bytes.n, in.n);
		heard += (flags & HEARD) != 0;
		p.heard = heard;
		p.time = (int64_t)heard * 1000000;
		p.lost = flags & LOST ? p.bytes.n + 1 : 0;
		if (p.lost > 0)
			p.bytes = STR("");
		add(flags & FROM_SERVER ? &talk.down : &talk.up, p);
	}
	identify(&talk, listener->port);
	if (talk.proxy > PCAP_PROXY_LOCAL)
		return 0;
	ti.listener = &config->listeners[talk.listener];
	buf_init(&out, 1 << 30);
	arena_init(&mem, 1 << 30);
	talk_run(&ti, &out);
	if (codec_decode(&talk_done_codec, &done, buf_str(&out), &mem, &err) ==
	    -1)
		abort();
	look(&done);
	buf_fini(&out);
	arena_free(&mem);
	return 0;
}

static void
add(struct codec_list *to, struct pcap_piece p)
{
	if (to->n < PIECES_MAX && (p.bytes.n > 0 || p.lost > 0))
		((struct pcap_piece *)to->v)[to->n++] = p;
}

/* As it is in a file of packets. */
static void
identify(struct pcap_talk *talk, uint16_t port)
{
	static struct stream_piece pieces[PIECES_MAX];
	const struct pcap_piece *up = talk->up.v;
	struct connection c = { .client = { .begun = true, .pieces = pieces } };

	for (size_t i = 0; i < talk->up.n; i++) {
		pieces[c.client.n_pieces++] =
		    (struct stream_piece){ .n = up[i].bytes.n,
			    .bytes = up[i].lost > 0 ? (struct str){ NULL, 0 }
						    : up[i].bytes,
			    .time = up[i].time,
			    .heard = up[i].heard };
		talk->up_bytes += up[i].bytes.n;
	}
	c.client.from.ip = talk->client;
	c.server.from.port = port;
	pcap_identify(config, "", &c, talk);
}

/* Whoever shows it relies on this. */
static void
look(const struct talk_done *done)
{
	const struct talk_step *steps = done->steps.v;

	if (done->steps.n == 0)
		abort();
	for (size_t i = 0; i < done->steps.n; i++)
		if (!str_valid_utf8(steps[i].client) ||
		    !str_valid_utf8(steps[i].ours) ||
		    !str_valid_utf8(steps[i].theirs))
			abort();
}

/* pcapfile.c - the conversations in a file of captured packets */
#include "trace/pcapfile.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "packet/streams.h"
#include "trace/cage.h"
#include "trace/pcapkind.h"

CODEC_SCHEMA(pcap_piece, REC_PCAP_PIECE);
CODEC_SCHEMA(pcap_talk, REC_PCAP_TALK);
CODEC_SCHEMA(pcap_file, REC_PCAP_FILE);

#define SNAPLEN     262144
#define READ_MEMORY ((size_t)4 << 30)
#define YEAR_9999   INT64_C(253402300799)

/* Kinds of networks that are understood, as libpcap calls them. */
static const struct {
	int dlt;
	enum link link;
} kinds[] = {
	{ DLT_EN10MB, LINK_ETHERNET },
	{ DLT_LINUX_SLL, LINK_SLL },
	{ DLT_LINUX_SLL2, LINK_SLL2 },
	{ DLT_RAW, LINK_RAW },
	{ DLT_IPV4, LINK_RAW },
	{ DLT_IPV6, LINK_RAW },
	{ DLT_NULL, LINK_NULL },
	{ DLT_LOOP, LINK_NULL },
};

struct filter { /* for one kind */
	bool right;
	struct bpf_program program;
	char why[256];
};

struct reading {
	const struct config *config;
	const char *listener;
	bool filtered;
	struct filter filters[NELEM(kinds)];
	struct arena mem;
	struct pcap_file file;
	struct streams streams;
};

static int compile(struct reading *, const char *expression, struct err *);
static void read_file(void *reading, struct buf *out);
static bool read_packets(struct reading *, pcap_t *, size_t kind);
static bool take_packet(struct reading *, const struct pcap_pkthdr *,
    const unsigned char *bytes, enum link);
static void gather(struct reading *, const struct connection *, size_t n);
static struct codec_list pieces_of(const struct stream *, struct arena *);

int
pcap_file_read(struct pcap_file *out, const struct config *config,
    const struct pcap_source *source, struct buf *bytes, struct arena *mem,
    struct err *err)
{
	struct reading *r = mem_alloc(sizeof(*r));
	const char *name = source->name;
	int rc = 0, fd = -1;

	r->config = config;
	r->listener = source->listener;
	r->filtered = source->filter != NULL;
	if (r->filtered)
		rc = compile(r, source->filter, err);
	if (rc == 0)
		fd = strcmp(name, "-") == 0
			 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
			 : open(name, O_RDONLY | O_CLOEXEC);
	if (rc == 0 && fd == -1)
		rc = err_sys(err, ERR_PERM, "%s", name);
	if (rc == 0)
		rc = cage_run(read_file, r, fd, bytes, err);
	if (rc == 0)
		rc = codec_decode(
		    &pcap_file_codec, out, buf_str(bytes), mem, err);
	if (rc == 0 && out->error.n > 0)
		rc = err_set(
		    err, ERR_PERM, "%s: %.*s", name, STR_ARG(out->error));
	for (size_t i = 0; i < NELEM(kinds); i++)
		if (r->filters[i].right)
			pcap_freecode(&r->filters[i].program);
	free(r);
	if (fd != -1)
		close(fd);
	return rc;
}

/* What the file is is not known yet; an expression may be right for some kinds
 * of networks only. */
static int
compile(struct reading *r, const char *expression, struct err *err)
{
	size_t right = 0;

	for (size_t i = 0; i < NELEM(kinds); i++) {
		struct filter *f = &r->filters[i];
		pcap_t *p = pcap_open_dead(kinds[i].dlt, SNAPLEN);

		if (p == NULL)
			return err_set(err, ERR_TEMP, "no memory for a filter");
		f->right = pcap_compile(p, &f->program, expression, 1,
			       PCAP_NETMASK_UNKNOWN) == 0;
		if (!f->right)
			str_copy(
			    f->why, sizeof(f->why), str_of(pcap_geterr(p)));
		right += f->right;
		pcap_close(p);
	}
	return right > 0
		   ? 0
		   : err_set(err, ERR_USAGE, "The filter \"%s\" is wrong: %s",
			 expression, r->filters[0].why);
}

/* --- in the cage --- */

static void
read_file(void *arg, struct buf *out)
{
	struct reading *r = arg;
	char why[PCAP_ERRBUF_SIZE] = "cannot be read";
	FILE *f = fdopen(CAGE_FD, "r");
	pcap_t *p = f != NULL ? pcap_fopen_offline(f, why) : NULL;
	struct connection *c;
	size_t kind = 0, n;

	arena_init(&r->mem, READ_MEMORY);
	streams_init(&r->streams);
	r->file.error = p == NULL ? str_of(why) : STR("");
	r->file.link = STR("");
	while (p != NULL && kind < NELEM(kinds) &&
	       kinds[kind].dlt != pcap_datalink(p))
		kind++;
	if (p != NULL && kind == NELEM(kinds))
		r->file.error = str_of(arena_printf(&r->mem,
		    "packets of this kind of network (%s) are not understood",
		    pcap_datalink_val_to_name(pcap_datalink(p))));
	else if (p != NULL && r->filtered && !r->filters[kind].right)
		r->file.error = str_of(arena_printf(&r->mem,
		    "the filter is wrong for this kind of network: %s",
		    r->filters[kind].why));
	else if (p != NULL && read_packets(r, p, kind)) {
		c = streams_finish(&r->streams, &n);
		gather(r, c, n);
	}
	codec_encode(&pcap_file_codec, &r->file, out);
}

static bool
read_packets(struct reading *r, pcap_t *p, size_t kind)
{
	const unsigned char *bytes;
	struct pcap_pkthdr *h;
	int rc;

	r->file.link = arena_str(
	    &r->mem, str_of(pcap_datalink_val_to_name(kinds[kind].dlt)));
	while ((rc = pcap_next_ex(p, &h, &bytes)) == 1) {
		if (r->filtered &&
		    pcap_offline_filter(&r->filters[kind].program, h, bytes) ==
			0)
			continue;
		if (take_packet(r, h, bytes, kinds[kind].link))
			continue;
		r->file.error = STR("there are too many packets in it; with "
				    "--filter they would be fewer");
		return false;
	}
	/* a capture that was killed: all before that is good */
	r->file.cut = rc == PCAP_ERROR;
	return true;
}

/* False: there is no room for more. */
static bool
take_packet(struct reading *r, const struct pcap_pkthdr *h,
    const unsigned char *bytes, enum link link)
{
	struct str packet = { (const char *)bytes, h->caplen };
	int64_t sec = h->ts.tv_sec, time;
	struct segment s;

	/* a file may say anything */
	sec = sec < 0 ? 0 : sec > YEAR_9999 ? YEAR_9999 : sec;
	time = sec * 1000000 + h->ts.tv_usec % 1000000;
	r->file.packets++;
	switch (frame_read(link, packet, &s)) {
	case FRAME_OTHER:
		r->file.other++;
		return true;
	case FRAME_FRAGMENT:
		r->file.fragments++;
		return true;
	case FRAME_BAD:
		r->file.bad++;
		return true;
	case FRAME_TCP:
		break;
	}
	return streams_add(&r->streams, &s, time);
}

static void
gather(struct reading *r, const struct connection *c, size_t n)
{
	struct pcap_talk *v = arena_array(&r->mem, n + 1, sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		v[i] = (struct pcap_talk){
			.client = c[i].client.from.ip,
			.client_port = c[i].client.from.port,
			.server = c[i].server.from.ip,
			.server_port = c[i].server.from.port,
			.began = c[i].began,
			.ended = c[i].ended,
			.up_bytes = c[i].client.bytes,
			.down_bytes = c[i].server.bytes,
			.again = c[i].client.again + c[i].server.again,
			.differing =
			    c[i].client.differing + c[i].server.differing,
			.reset = c[i].client.reset || c[i].server.reset,
		};
		pcap_identify(r->config, r->listener, &c[i], &v[i]);
		if (v[i].kind != PCAP_SMTP && v[i].kind != PCAP_QMQP)
			continue;
		v[i].up = pieces_of(&c[i].client, &r->mem);
		v[i].down = pieces_of(&c[i].server, &r->mem);
	}
	r->file.talks = (struct codec_list){ n, v };
}

static struct codec_list
pieces_of(const struct stream *s, struct arena *mem)
{
	struct pcap_piece *v = arena_array(mem, s->n_pieces + 1, sizeof(*v));

	for (size_t i = 0; i < s->n_pieces; i++) {
		const struct stream_piece *p = &s->pieces[i];
		bool gap = p->bytes.p == NULL;

		v[i] = (struct pcap_piece){ .bytes = gap ? STR("") : p->bytes,
			.lost = gap ? p->n : 0,
			.at = p->at,
			.time = p->time,
			.heard = p->heard };
	}
	return (struct codec_list){ s->n_pieces, v };
}

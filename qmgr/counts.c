/* counts.c - the file of what is counted of each destination */
#include "qmgr/counts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/worker.h"
#include "event/event.h"
#include "qmgr/dest.h"
#include "qmgr/state.h"

#define FILE_NAME ".hosts"
#define MAGIC     "POSTERNC"
#define VERSION   2  /* of what follows, the order of counters included */
#define UNWISHED  1  /* ... before there were wishes */
#define HEAD      16 /* magic, version, crc32c of the rest */
#define HOSTS_MAX 1000000
#define IMAGE_MAX ((size_t)512 * 1024 * 1024)

#define REC_COUNTED(S, F, L) F(S, U64, n, 0)
CODEC_STRUCT(counted, REC_COUNTED);
CODEC_SCHEMA(counted, REC_COUNTED);
#define REC_COUNTED_HOST(S, F, L)                                              \
	F(S, STR, name, DOMAIN_MAX)                                            \
	F(S, STR, gateway, NAME_MAX_LEN)                                       \
	L(S, counted, counts, DEST_COUNTERS)
CODEC_STRUCT(counted_host, REC_COUNTED_HOST);
CODEC_SCHEMA(counted_host, REC_COUNTED_HOST);
#define REC_COUNTED_HOSTS(S, F, L) L(S, counted_host, hosts, HOSTS_MAX)
CODEC_STRUCT(counted_hosts, REC_COUNTED_HOSTS);
CODEC_SCHEMA(counted_hosts, REC_COUNTED_HOSTS);
#define REC_COUNTED_WISH(S, F, L)                                              \
	REC_COUNTED_HOST(S, F, L) F(S, U8, wish, WISH_FREE)
CODEC_STRUCT(counted_wish, REC_COUNTED_WISH);
CODEC_SCHEMA(counted_wish, REC_COUNTED_WISH);
#define REC_COUNTED_WISHES(S, F, L) L(S, counted_wish, hosts, HOSTS_MAX)
CODEC_STRUCT(counted_wishes, REC_COUNTED_WISHES);
CODEC_SCHEMA(counted_wishes, REC_COUNTED_WISHES);

struct counts {
	struct qmgr *q;
	int folder;
	struct worker *worker;
	uint64_t saved;   /* q->n_counted of what was rendered last */
	int64_t saved_at; /* monotonic */
	int64_t due;      /* 0: not planned */

	/* the job's, while it runs */
	struct worker_job job;
	bool busy;
	struct buf image;
	struct err err;
};

static int load(struct counts *, struct err *);
static void render(struct counts *);
static void write_image(struct worker_job *);
static void written(struct worker_job *);
static bool is_counted(const struct dest *);
static int take_all(
    struct qmgr *, struct str, uint32_t version, struct arena *, struct err *);
static int take(
    struct qmgr *, const struct counted_host *, uint8_t wish, struct err *);

int
counts_open(struct counts **out, struct qmgr *q, struct loop *loop, int folder,
    struct err *err)
{
	struct counts *c = mem_alloc(sizeof(*c));
	int rc;

	c->q = q;
	c->folder = folder;
	c->worker = worker_new(loop, 1);
	buf_init(&c->image, IMAGE_MAX);
	c->job.run = write_image;
	c->job.done = written;
	c->saved_at = q->now - COUNTS_EVERY_MS;
	rc = load(c, err);
	c->saved = q->n_counted;
	*out = c;
	return rc;
}

int64_t
counts_next(struct counts *c)
{
	int64_t soon;

	if (c == NULL || c->busy || c->q->n_counted == c->saved)
		return 0;
	soon = c->q->now + COUNTS_SOON_MS;
	if (c->due == 0 && c->saved_at + COUNTS_EVERY_MS > soon)
		c->due = c->saved_at + COUNTS_EVERY_MS;
	else if (c->due == 0)
		c->due = soon;
	return c->due;
}

void
counts_tick(struct counts *c)
{
	if (c == NULL || c->busy || c->due == 0 || c->due > c->q->now)
		return;
	render(c);
	c->busy = true;
	worker_do(c->worker, &c->job);
}

void
counts_hurry(struct counts *c)
{
	if (c != NULL)
		c->due = c->q->now;
}

void
counts_close(struct counts **cp)
{
	struct counts *c = *cp;

	if (c == NULL)
		return;
	*cp = NULL;
	worker_free(&c->worker);
	if (c->q->n_counted != c->saved || c->busy) {
		render(c);
		write_image(&c->job);
		written(&c->job);
	}
	buf_fini(&c->image);
	free(c);
}

void
counts_render(const struct qmgr *q, struct buf *out)
{
	struct counted_wish *v = mem_array(q->dests.n + 1, sizeof(*v));
	struct counted_wishes all = { { 0, v } };
	const uint32_t version = VERSION;
	size_t at = out->len;
	uint32_t crc;

	MAP_FOREACH (&q->dests, it) {
		struct dest *d = it.value;

		if (!is_counted(d) || all.hosts.n == HOSTS_MAX)
			continue;
		v[all.hosts.n++] = (struct counted_wish){ str_of(d->name),
			d->gateway != NULL ? str_of(d->gateway) : STR(""),
			{ DEST_COUNTERS, d->count }, (uint8_t)d->wish };
	}
	buf_add(out, MAGIC, 8);
	buf_add(out, &version, sizeof(version));
	buf_add(out, "\0\0\0\0", sizeof(crc));
	codec_encode(&counted_wishes_codec, &all, out);
	free(v);
	if (out->failed)
		return;
	crc = hash_crc32c(0, out->data + at + HEAD, out->len - at - HEAD);
	memcpy(out->data + at + 12, &crc, sizeof(crc));
}

int
counts_parse(struct qmgr *q, struct str in, struct err *err)
{
	uint32_t version, crc;
	struct arena mem;
	int rc;

	if (in.n < HEAD || memcmp(in.p, MAGIC, 8) != 0)
		return err_set(err, ERR_PERM, "not a file of counters");
	memcpy(&version, in.p + 8, sizeof(version));
	memcpy(&crc, in.p + 12, sizeof(crc));
	in = str_sub(in, HEAD, in.n);
	if (version != VERSION && version != UNWISHED)
		return err_set(
		    err, ERR_PERM, "counters of version %u", version);
	if (hash_crc32c(0, in.p, in.n) != crc)
		return err_set(err, ERR_PERM, "the file is damaged");
	arena_init(&mem, IMAGE_MAX);
	rc = take_all(q, in, version, &mem, err);
	arena_free(&mem);
	return rc;
}

/* --- the file --- */

static int
load(struct counts *c, struct err *err)
{
	int rc = state_read(c->folder, FILE_NAME, &c->image, err);

	if (rc == 0 && c->image.len > 0)
		rc = counts_parse(c->q, buf_str(&c->image), err);
	buf_release(&c->image);
	return rc;
}

static void
render(struct counts *c)
{
	c->due = 0;
	c->saved = c->q->n_counted;
	c->saved_at = c->q->now;
	c->err = (struct err)ERR_INIT;
	buf_reset(&c->image);
	counts_render(c->q, &c->image);
}

/* On the thread, or at the end. */
static void
write_image(struct worker_job *job)
{
	struct counts *c =
	    (struct counts *)((char *)job - offsetof(struct counts, job));

	state_replace(c->folder, FILE_NAME, buf_str(&c->image), &c->err);
}

static void
written(struct worker_job *job)
{
	struct counts *c =
	    (struct counts *)((char *)job - offsetof(struct counts, job));

	c->busy = false;
	buf_release(&c->image);
	if (c->err.kind != ERR_NONE)
		EMIT(WARNING, .text = str_of(c->err.text));
}

/* --- destinations --- */

static bool
is_counted(const struct dest *d)
{
	for (int i = 0; i < DEST_COUNTERS; i++)
		if (d->count[i] != 0)
			return true;
	return false;
}

static int
take_all(struct qmgr *q, struct str in, uint32_t version, struct arena *mem,
    struct err *err)
{
	struct counted_wishes all;
	struct counted_hosts old;
	int rc;

	if (version == UNWISHED) {
		const struct counted_host *v;

		rc = codec_decode(&counted_hosts_codec, &old, in, mem, err);
		v = old.hosts.v;
		for (size_t i = 0; rc == 0 && i < old.hosts.n; i++)
			rc = take(q, &v[i], WISH_NONE, err);
		return rc;
	}
	rc = codec_decode(&counted_wishes_codec, &all, in, mem, err);
	for (size_t i = 0; rc == 0 && i < all.hosts.n; i++) {
		const struct counted_wish *w =
		    (struct counted_wish *)all.hosts.v + i;

		rc = take(q,
		    &(struct counted_host){ w->name, w->gateway, w->counts },
		    w->wish, err);
	}
	return rc;
}

/* Names are C strings, and domains are found by them. */
static int
take(
    struct qmgr *q, const struct counted_host *h, uint8_t wish, struct err *err)
{
	const struct counted *counts = h->counts.v;
	struct dest *d;

	if (h->name.n == 0 || h->counts.n != DEST_COUNTERS ||
	    str_find(h->name, '\0') != h->name.n ||
	    str_find(h->gateway, '\0') != h->gateway.n)
		return err_set(err, ERR_PERM, "counters of no host");
	d = dest_get(q, h->name, h->gateway, (enum tls_wish)wish);
	for (int i = 0; i < DEST_COUNTERS; i++)
		d->count[i] = counts[i].n;
	dest_touch(q, d);
	return 0;
}

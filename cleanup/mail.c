/* mail.c - a message that is ours */
#include "mail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/slots.h"

/* Recipients beyond this many bytes stay in the file, for qmgr to read. */
#define LIST_MAX      (IPC_FRAME_MAX / 2)
#define SUBJECT_SHOWN 1000
#define COPY_MAX      (128u << 20) /* RCPTS_MAX recipients */

static enum qread read_file(
    struct mail *, struct spool *, struct qmessage *, struct err *err);
static enum qread read_slot(
    struct mail *, struct spool *, struct qmessage *, struct err *err);
static void copy(
    struct arena *, const struct codec *, const void *from, void *to);
static size_t list_bytes(const struct codec_list *);

struct mail *
mail_new(uint64_t mid)
{
	struct mail *m = mem_alloc(sizeof(*m));

	m->mid = mid;
	m->slot = -1;
	m->loaded = true;
	arena_init(&m->mem, QUEUE_READ_MEM);
	return m;
}

void
mail_free(struct mail **mp)
{
	struct mail *m = *mp;

	if (m == NULL)
		return;
	qfile_free(&m->file);
	arena_free(&m->mem);
	free(m);
	*mp = NULL;
}

void
mail_unload(struct mail *m)
{
	if (m->file != NULL)
		m->slot = qfile_slot(m->file);
	qfile_free(&m->file);
	arena_free(&m->mem);
	m->loaded = false;
}

int
mail_load(struct mail *m, struct spool *spool, struct err *err)
{
	struct qmessage q;
	enum qread what;

	if (m->loaded)
		return 0;
	what = m->slot != -1 ? read_slot(m, spool, &q, err)
			     : read_file(m, spool, &q, err);
	if (what != QREAD_MAIL) {
		arena_free(&m->mem);
		return what == QREAD_DRAFT
			   ? err_set(err, ERR_PERM, "its COMMIT is gone")
			   : -1;
	}
	m->envelope = q.envelope;
	m->found = q.content;
	m->route = q.route;
	m->attempts = q.attempts;
	m->routed = m->decided = q.routed;
	m->file = qfile_adopt(spool, &q, m->slot);
	m->loaded = true;
	return 0;
}

void
mail_set_envelope(struct mail *m, const struct envelope *e)
{
	copy(&m->mem, &envelope_codec, e, &m->envelope);
}

void
mail_set_route(struct mail *m, const struct route_rec *r)
{
	copy(&m->mem, &route_rec_codec, r, &m->route);
	m->decided = true;
}

/* Its header stays as it came: released, it runs as if it had just come. */
void
mail_give_up(struct mail *m)
{
	struct hold_rec hold = { .quarantine = STR("Unprocessable"),
		.reason = STR("it ended cleanup three times"),
		.rule = STR(""),
		.matched = STR("") };
	struct route_rec r = { .prepend = STR(""),
		.sender = STR(""),
		.bounce_profile = m->envelope.bounce_profile,
		.gateway = m->envelope.gateway,
		.alt_mailhost = STR(""),
		.mail_policy = STR(""),
		.holds = { 1, &hold } };

	mail_set_route(m, &r);
}

void
mail_message(const struct mail *m, struct message *out)
{
	const struct envelope *e = &m->envelope;
	const struct route_rec *r = &m->route;
	const struct codec_list *rcpts = r->whole ? &r->rcpts : &e->rcpts;

	*out = (struct message){
		.mid = e->mid,
		.icid = e->icid,
		.arrival = e->arrival,
		.sender = r->sender.n > 0 ? r->sender : e->sender,
		.listener = e->listener,
		.bounce_profile = r->bounce_profile,
		.gateway = r->gateway,
		.subject = str_sub(m->found.subject, 0, SUBJECT_SHOWN),
		.flags = r->marks & ROUTE_NO_DKIM
			     ? e->flags & ~(uint32_t)ENV_DKIM
			     : e->flags,
		.ret = e->ret,
		.envid = e->envid,
		.content_off = qfile_content_off(m->file),
		.content_len = m->found.size - r->skip,
		.wire_flags = m->found.wire_flags,
		.prepend = r->prepend,
		.alt_mailhost = r->alt_mailhost,
		.mail_policy = r->mail_policy,
		.spam_tagged = r->spam_tagged,
		.refused = r->marks & ROUTE_REFUSED,
		.holds = r->holds,
		.n_rcpts = (uint32_t)rcpts->n,
		.rcpts = *rcpts,
	};
	if (list_bytes(rcpts) > LIST_MAX)
		out->rcpts = (struct codec_list){ 0, NULL };
}

static enum qread
read_file(
    struct mail *m, struct spool *spool, struct qmessage *q, struct err *err)
{
	int fd = spool_open_mid(spool, QUEUE_INCOMING, m->mid, O_RDONLY, err);
	enum qread what;

	if (fd == -1)
		return QREAD_CORRUPT;
	what = qmessage_read(q, fd, false, &m->mem, err);
	close(fd);
	return what;
}

static enum qread
read_slot(
    struct mail *m, struct spool *spool, struct qmessage *q, struct err *err)
{
	struct buf image;
	enum qread what;

	buf_init(&image, SLOT_SIZE + 1);
	what = slots_message(
	    spool_slots(spool), m->slot, m->mid, &image, q, &m->mem, err);
	buf_fini(&image);
	return what;
}

/* Our own data: it was decoded, and is within its limits. */
static void
copy(struct arena *mem, const struct codec *codec, const void *from, void *to)
{
	struct err err = ERR_INIT;
	struct buf bytes;

	buf_init(&bytes, COPY_MAX);
	codec_encode(codec, from, &bytes);
	if (bytes.failed ||
	    codec_decode(
		codec, to, arena_str(mem, buf_str(&bytes)), mem, &err) == -1)
		panic("copy of %s: %s", codec->name, err.text);
	buf_fini(&bytes);
}

/* An upper bound of the list's encoding. */
static size_t
list_bytes(const struct codec_list *list)
{
	const struct rcpt *r = list->v;
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += r[i].addr.n + r[i].orig.n + r[i].orcpt.n + 16;
	return n;
}

/* mail.c - a message that is ours */
#include "mail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mail/received.h"
#include "queue/slots.h"

/* Recipients beyond this many bytes stay in the file, for qmgr to read. */
#define LIST_MAX      (IPC_FRAME_MAX / 2)
#define SUBJECT_SHOWN 200

static enum qread read_file(
    struct mail *, struct spool *, struct qmessage *, struct err *err);
static enum qread read_slot(
    struct mail *, struct spool *, struct qmessage *, struct err *err);
static struct str received(struct mail *, const struct config *);
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
	m->routed = q.routed;
	m->file = qfile_adopt(spool, &q, m->slot);
	m->loaded = true;
	return 0;
}

void
mail_route(struct mail *m, const struct config *cf)
{
	const struct listener *l = config_listener(cf, m->envelope.listener);
	bool notice = m->envelope.flags & ENV_NOTICE;

	m->route = (struct route_rec){
		.prepend = STR(""),
		.bounce_profile = m->envelope.bounce_profile,
		.gateway = m->envelope.gateway,
		.rcpts = { 0, NULL },
	};
	/* A notice comes from nowhere: there is nobody to name. */
	if (!notice && (l == NULL || l->received_header))
		m->route.prepend = received(m, cf);
}

void
mail_message(const struct mail *m, struct message *out)
{
	const struct envelope *e = &m->envelope;

	*out = (struct message){
		.mid = e->mid,
		.icid = e->icid,
		.arrival = e->arrival,
		.sender = e->sender,
		.listener = e->listener,
		.bounce_profile = m->route.bounce_profile,
		.gateway = m->route.gateway,
		.subject = str_sub(m->found.subject, 0, SUBJECT_SHOWN),
		.flags = e->flags,
		.ret = e->ret,
		.envid = e->envid,
		.content_off = qfile_content_off(m->file),
		.content_len = m->found.size,
		.wire_flags = m->found.wire_flags,
		.prepend = m->route.prepend,
		.n_rcpts = (uint32_t)e->rcpts.n,
		.rcpts = e->rcpts,
	};
	if (list_bytes(&e->rcpts) > LIST_MAX)
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

static struct str
received(struct mail *m, const struct config *cf)
{
	const struct listener *l = config_listener(cf, m->envelope.listener);
	const struct envelope *e = &m->envelope;
	char date[CLOCK_TEXT];
	struct received r = {
		.host = e->host,
		.helo = e->helo,
		.client = e->client,
		.by = cf->hostname,
		.protocol = e->protocol,
	};
	struct str line, day;
	struct buf out;

	if (l != NULL && l->interface != NULL && l->interface->hostname.n > 0)
		r.by = l->interface->hostname;
	r.date = str_of(clock_rfc5322(e->arrival, date));
	day = str_cut(&r.date, ','); /* the layout has no day of the week */
	if (r.date.n == 0)
		r.date = day;
	r.date = str_trim(r.date);
	buf_init(&out, 16384);
	received_line(&r, &out);
	/* all body: without this its first line would join our header */
	if (m->found.header_len == 0)
		buf_puts(&out, "\r\n");
	line = arena_str(&m->mem, buf_str(&out));
	buf_fini(&out);
	return line;
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

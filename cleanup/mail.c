/* mail.c - a message that is ours */
#include "mail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/enqueue.h"
#include "pipeline/pipeline.h"
#include "queue/slots.h"

/* Recipients beyond this many bytes stay in the file, for qmgr to read. */
#define LIST_MAX      (IPC_FRAME_MAX / 2)
#define SUBJECT_SHOWN 200

static enum qread read_file(
    struct mail *, struct spool *, struct qmessage *, struct err *err);
static enum qread read_slot(
    struct mail *, struct spool *, struct qmessage *, struct err *err);
static struct subject subject_of(const struct mail *, const struct config *);
static void decide(struct mail *, struct subject *);
static struct received received(const struct mail *, char date[CLOCK_TEXT]);
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

size_t
mail_wants_header(const struct mail *m, const struct config *cf)
{
	struct subject s = subject_of(m, cf);

	return s.listener != NULL && pipeline_reads_header(&s)
		   ? m->found.header_len
		   : 0;
}

bool
mail_route(struct mail *m, const struct config *cf, struct str header)
{
	struct subject s = subject_of(m, cf);
	bool notice = m->envelope.flags & ENV_NOTICE;
	char date[CLOCK_TEXT];
	struct received line = received(m, date);
	struct enqueued out = { .prepend = STR("") };

	s.header = header;
	s.header_kept = header.n;
	/* A listener that is gone has nothing to change any more. */
	if (s.listener != NULL)
		decide(m, &s);
	/* A notice comes from nowhere: there is nobody to name. */
	if (!notice)
		enqueue_message(&s,
		    s.listener == NULL || s.listener->received_header ? &line
								      : NULL,
		    m->envelope.gateway, m->found.header_len, &m->mem, &out);
	m->route = (struct route_rec){
		.prepend = out.prepend,
		.skip = (uint32_t)out.skip,
		.sender = str_eq(s.sender, m->envelope.sender)
			      ? STR("")
			      : arena_str(&m->mem, s.sender),
		.bounce_profile = m->envelope.bounce_profile,
		.gateway = m->envelope.gateway,
		.rcpts = { 0, NULL },
	};
	return !out.cut;
}

void
mail_message(const struct mail *m, struct message *out)
{
	const struct envelope *e = &m->envelope;

	*out = (struct message){
		.mid = e->mid,
		.icid = e->icid,
		.arrival = e->arrival,
		.sender = m->route.sender.n > 0 ? m->route.sender : e->sender,
		.listener = e->listener,
		.bounce_profile = m->route.bounce_profile,
		.gateway = m->route.gateway,
		.subject = str_sub(m->found.subject, 0, SUBJECT_SHOWN),
		.flags = e->flags,
		.ret = e->ret,
		.envid = e->envid,
		.content_off = qfile_content_off(m->file),
		.content_len = m->found.size - m->route.skip,
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

static struct subject
subject_of(const struct mail *m, const struct config *cf)
{
	const struct envelope *e = &m->envelope;

	return (struct subject){ .config = cf,
		.listener = config_listener(cf, e->listener),
		.behaviour = e->behaviour,
		.sender = e->sender,
		.smtputf8 = (e->flags & ENV_SMTPUTF8) != 0,
		.mid = m->mid,
		.message_id = m->found.message_id,
		.header = STR("") };
}

/* The stages of the work queue. A fact that is not known cannot be had. */
static void
decide(struct mail *m, struct subject *s)
{
	struct facts facts = { .client = m->envelope.client,
		.now = m->envelope.arrival };
	struct pipeline_run run;
	struct needs needs;

	pipeline_begin(&run, AT_WORK);
	while (pipeline_run(&run, s, &facts, &m->mem, false, NULL, NULL,
		   &needs) == PIPELINE_NEEDS) {
		for (size_t i = 0; i < needs.n; i++)
			fact_fail(
			    &facts, &m->mem, needs.v[i].id, needs.v[i].key);
	}
}

static struct received
received(const struct mail *m, char date[CLOCK_TEXT])
{
	const struct envelope *e = &m->envelope;
	struct received r = { .host = e->host,
		.helo = e->helo,
		.client = e->client,
		.protocol = e->protocol };
	struct str day;

	r.date = str_of(clock_rfc5322(e->arrival, date));
	day = str_cut(&r.date, ','); /* the layout has no day of the week */
	if (r.date.n == 0)
		r.date = day;
	r.date = str_trim(r.date);
	return r;
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

/* held.c - which messages are open, and what is known of them beyond mail.h */
#include "qmgr/held.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

#define MEM_MAX ((size_t)64 * 1024 * 1024)
#define PIECE   ((size_t)64 * 1024)

static int read_message(struct helds *, struct mail *, struct qmessage *,
    struct arena *, int *fd, struct err *);
static int read_image(struct helds *, const struct mail *, struct err *);
static struct held *held_new(struct helds *, struct mail *, int fd);
static void make_room(struct helds *);
static void take_orcpts(struct held *, const struct rcpt *, size_t n);
static void held_free(struct helds *, struct held *);

void
held_from_message(
    struct helds *hs, struct mail *m, const struct message *in, int fd)
{
	struct held *h = held_new(hs, m, fd);

	h->wire_flags = in->wire_flags;
	h->prepend = arena_str(&h->mem, in->prepend);
	h->envid = arena_str(&h->mem, in->envid);
	if (in->content.n > 0)
		h->content = arena_str(&h->mem, in->content);
	take_orcpts(h, in->rcpts.v, in->rcpts.n);
}

struct held *
held_get(struct helds *hs, struct mail *m, struct err *err)
{
	struct qmessage qm;
	struct arena mem;
	struct held *h;
	int fd = -1;

	if (m->active != NULL && m->active->held != NULL)
		return m->active->held;
	arena_init(&mem, QUEUE_READ_MEM);
	if (read_message(hs, m, &qm, &mem, &fd, err) == -1) {
		arena_free(&mem);
		return NULL;
	}
	h = held_new(hs, m, fd);
	h->wire_flags = qm.content.wire_flags;
	h->prepend = arena_str(&h->mem, qm.route.prepend);
	h->envid = arena_str(&h->mem, qm.envelope.envid);
	if (fd == -1)
		h->content =
		    arena_str(&h->mem, str_sub(buf_str(&hs->image),
					   qm.content_off, qm.content_len));
	take_orcpts(h, qm.rcpt_v, qm.n_rcpts);
	arena_free(&mem);
	return h;
}

int
held_fd(struct helds *hs, struct held *h, struct err *err)
{
	struct mail *m = h->mail;
	int fd = h->fd;

	if (fd == -1)
		fd = held_open(hs, m, err);
	if (fd == -1)
		return -1;
	h->fd = -1;
	if (m->n_parcels > 1) {
		/* The others will want it, too. */
		h->fd = dup(fd);
		if (h->fd == -1 && errno != EMFILE)
			panic("dup of a queue file");
	}
	return fd;
}

void
held_forget(struct helds *hs, struct mail *m)
{
	if (m->active != NULL && m->active->held != NULL)
		held_free(hs, m->active->held);
}

int
held_read(struct helds *hs, struct mail *m, struct qmessage *qm,
    struct arena *mem, struct err *err)
{
	int fd;

	if (read_message(hs, m, qm, mem, &fd, err) == -1)
		return -1;
	if (fd != -1)
		close(fd);
	return 0;
}

int
held_content(struct helds *hs, struct mail *m, const struct qmessage *qm,
    uint64_t n, struct buf *out, struct err *err)
{
	uint64_t at = 0;
	ssize_t got = 1;
	int fd;

	if (m->place == QUEUE_SLOT) {
		if (read_image(hs, m, err) == -1)
			return -1;
		buf_add_str(
		    out, str_sub(buf_str(&hs->image), qm->content_off, n));
		return 0;
	}
	fd = held_open(hs, m, err);
	if (fd == -1)
		return -1;
	while (at < n && got > 0) {
		size_t want = n - at < PIECE ? n - at : PIECE;
		char *room = buf_room(out, want);

		got = room == NULL ? -1
				   : pread(fd, room, want,
					 (off_t)(qm->content_off + at));
		if (got > 0)
			buf_grew(out, (size_t)got);
		at += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (at < n)
		return err_set(err, ERR_TEMP, "content cannot be read");
	return 0;
}

int
held_open(struct helds *hs, struct mail *m, struct err *err)
{
	if (mail_is_moving(m))
		return err_set(err, ERR_TEMP, "it is being moved");
	if (m->place == QUEUE_SLOT) {
		if (store_slot_leave(hs->store, m->slot, m->mid, err) == -1)
			return -1;
		m->place = QUEUE_INCOMING;
	}
	return store_reader(hs->store, (enum queue_place)m->place, m->mid, err);
}

/* *fd: of its file, the caller's; -1: it is in a slot, and hs->image is what
 * stands there. */
static int
read_message(struct helds *hs, struct mail *m, struct qmessage *qm,
    struct arena *mem, int *fd, struct err *err)
{
	struct err why = ERR_INIT;
	enum qread what = QREAD_CORRUPT;

	*fd = -1;
	if (m->place == QUEUE_SLOT) {
		if (read_image(hs, m, &why) == 0)
			what = qmessage_parse(qm,
			    arena_str(mem, buf_str(&hs->image)), true, mem,
			    &why);
	} else {
		*fd = held_open(hs, m, &why);
		if (*fd != -1)
			what = qmessage_read(qm, *fd, false, mem, &why);
	}
	if (what == QREAD_MAIL && qm->mid == m->mid)
		return 0;
	if (why.kind == ERR_NONE)
		err_set(&why, ERR_PERM, "it is not this message");
	if (*fd != -1)
		close(*fd);
	*fd = -1;
	if (err != NULL)
		*err = why;
	return -1;
}

static int
read_image(struct helds *hs, const struct mail *m, struct err *err)
{
	struct slots *slots = store_slots(hs->store, m->slot / SLOTS_N, err);

	if (slots == NULL)
		return -1;
	if (hs->image.max == 0)
		buf_init(&hs->image, SLOT_SIZE);
	buf_reset(&hs->image);
	return slots_read(slots, (int)(m->slot % SLOTS_N), &hs->image, err);
}

static struct held *
held_new(struct helds *hs, struct mail *m, int fd)
{
	struct held *h;

	if (hs->n >= HELD_MAX)
		make_room(hs);
	h = mem_alloc(sizeof(*h));
	h->mail = m;
	h->fd = fd;
	arena_init(&h->mem, MEM_MAX);
	h->prev = hs->last;
	*(hs->last != NULL ? &hs->last->next : &hs->first) = h;
	hs->last = h;
	hs->n++;
	mail_activate(m)->held = h;
	return h;
}

static void
make_room(struct helds *hs)
{
	struct mail *m = hs->first->mail;

	held_free(hs, hs->first);
	mail_calm(hs->q, m);
}

static void
take_orcpts(struct held *h, const struct rcpt *v, size_t n)
{
	size_t last = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].orcpt.n > 0)
			last = i + 1;
	if (last == 0)
		return;
	h->orcpts = arena_array(&h->mem, last, sizeof(*h->orcpts));
	h->n_orcpts = last;
	for (size_t i = 0; i < last; i++)
		h->orcpts[i] = arena_str(&h->mem, v[i].orcpt);
}

static void
held_free(struct helds *hs, struct held *h)
{
	h->mail->active->held = NULL;
	*(h->prev != NULL ? &h->prev->next : &hs->first) = h->next;
	*(h->next != NULL ? &h->next->prev : &hs->last) = h->prev;
	hs->n--;
	if (h->fd != -1)
		close(h->fd);
	arena_free(&h->mem);
	free(h);
}
